"""Answers are recorded in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from suggestions import signals

try:
    from telemetry import Recorded

    from suggestions import otel
except ImportError:
    collect_ignore_glob = ["test_*.py"]  # the extra `test` has it


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    monkeypatch.delenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", raising=False)
    monkeypatch.delenv("OTEL_SEMCONV_STABILITY_OPT_IN", raising=False)
    recorded = Recorded()
    with otel.instrument(**recorded.providers):
        yield recorded
    otel.uninstrument()
    assert not signals.started.receivers
    assert not signals.finished.receivers
