"""`instrument()`: what it changes, what it keeps to itself, how it is undone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from process import run
from telemetry import Recorded
from waiting import SOON
from wire_server import CHUNKED, framed, staying

import suggestions
from suggestions import SuggestionsEventSource, otel, signals
from suggestions.dialects.openai import OpenAI
from suggestions.testing import SuggestionsServer

BEGUN = framed(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n')


def test_importing_the_package_imports_no_telemetry() -> None:
    script = (
        "import sys, suggestions; suggestions.SuggestionsEventSource; print(sorted(sys.modules))"
    )
    assert "opentelemetry" not in run(script)
    assert "'suggestions.otel" not in run(script)


def test_what_is_missing_is_named() -> None:
    script = """
import sys
sys.modules["opentelemetry"] = None
try:
    import suggestions.otel
except ImportError as error:
    print(error)
"""
    assert "install `suggestions-sdk[otel]`" in run(script)


def test_it_works_without_an_sdk() -> None:
    """All that opentelemetry-api does by itself is nothing."""
    script = """
import sys
sys.modules["opentelemetry.sdk"] = None
from suggestions import SuggestionsEventSource, otel
from suggestions.testing import SuggestionsServer
otel.instrument(content=True)
with SuggestionsServer() as server:
    server.answer("Three words here.")
    print(SuggestionsEventSource("Hello", url=server.url, dialect="openai").result())
"""
    assert run(script) == "Three words here.\n"


def test_a_program_that_ends_at_once_still_reports_its_answer() -> None:
    script = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from suggestions import SuggestionsEventSource, otel
from suggestions.testing import SuggestionsServer
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
otel.instrument()
server = SuggestionsServer()
server.answer("Three words here.")
SuggestionsEventSource("Hello", url=server.url, dialect="openai").result()
SuggestionsEventSource("Hello", url=server.url, dialect="openai", retries=0)  # under way
"""
    printed = run(script)
    assert printed.count('"name": "chat"') == 2


def test_it_is_undone_and_done_again(recorded: Recorded) -> None:
    with SuggestionsServer() as server:
        server.answer("Three words here.")

        def ask() -> None:
            source = SuggestionsEventSource("Hello", url=server.url, dialect="openai")
            assert source.wait(SOON)
            assert source.join(SOON)

        ask()
        otel.uninstrument()
        ask()
        assert len(recorded.spans()) == 1
        first = otel.instrument(**recorded.providers)
        second = otel.instrument(**recorded.providers)  # in place of the first
        ask()
        assert len(recorded.spans()) == 2
        first.uninstrument()
        ask()
        assert len(recorded.spans()) == 3
        second.uninstrument()
        second.uninstrument()
        ask()
        assert len(recorded.spans()) == 3


def test_what_is_under_way_ends_when_it_is_undone(recorded: Recorded) -> None:
    with (
        staying(CHUNKED, BEGUN) as url,
        SuggestionsEventSource("Hello", url=url, dialect="openai") as source,
    ):
        assert next(iter(source)) == "a"
        otel.uninstrument()
        assert len(recorded.spans()) == 1
    source.join(SOON)
    assert len(recorded.spans()) == 1


def test_a_wrong_argument_is_named() -> None:
    content: Any = "yes"
    with pytest.raises(TypeError, match="content must be a bool or None, not str"):
        otel.instrument(content=content)


def test_it_changes_nothing_for_the_program(
    recorded: Recorded, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that is left closes its source, and a failure that no handler gets is logged."""
    monkeypatch.setattr(signals, "WATCHED", set())  # other tests of this process fill it
    otel.instrument(**recorded.providers)
    assert signals.started.receivers
    assert signals.finished.receivers
    with staying(CHUNKED, BEGUN) as url:
        source = SuggestionsEventSource("Hello", url=url, dialect="openai")
        for _ in source:
            break
        assert source.wait(SOON)
        assert source.state == "aborted"
    with SuggestionsServer() as server:
        server.fails(500)
        SuggestionsEventSource("Hello", url=server.url, dialect="openai").join(SOON)
    assert "No handler was called for it" in caplog.text
    assert not signals.WATCHED.intersection(("end", "done", "error"))


@pytest.mark.parametrize("content", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_no_secret_is_recorded(recorded: Recorded, content: bool, fails: bool) -> None:
    token, query, header = "token-of-the-tests", "key-in-a-query", "header-of-the-tests"
    in_body, password = "apikey-in-a-body", "password-in-an-address"
    signature = "signature-in-an-address"
    otel.instrument(content=content, **recorded.providers)
    with SuggestionsServer() as server:
        if fails:
            server.fails(401, json.dumps({"error": {"message": f"{token} is wrong"}}))
        else:
            server.answer(f"You are {token}, {query}, {header}, {in_body}.")
        picture = f"https://me:{password}@pictures.example/1.png?signature={signature}"
        said = {"type": "text", "text": f"Who am I? {token} {in_body}"}
        question = [
            {
                "role": "user",
                "content": [said, {"type": "image_url", "image_url": {"url": picture}}],
            }
        ]
        source = SuggestionsEventSource(
            question,
            token,
            url=f"{server.url}?api_key={query}",
            dialect=OpenAI(model="m"),
            headers={"X-My-Key": header},
            options={"apikey": in_body, "user": "me"},
            retries=0,
        )
        source.connect("error", lambda source, event: None)
        assert source.wait(SOON)
    span = recorded.span()
    otel.uninstrument()
    told = span.to_json() + recorded.reader.get_metrics_data().to_json()
    for secret in (token, query, header, in_body, password, signature):
        assert secret not in told
    assert ("gen_ai.input.messages" in told) is content
    assert ("Who am I?" in told) is content
    assert ("pictures.example/1.png" in told) is content


def test_the_version_is_that_of_the_package(recorded: Recorded) -> None:
    with SuggestionsServer() as server:
        server.answer("Hello.")
        SuggestionsEventSource("Hello", url=server.url, dialect="openai").result(SOON)
    scope = recorded.span().instrumentation_scope
    assert scope is not None
    assert scope.version == suggestions.__version__
