"""What the tests of the dialects `ui` and `ag-ui` have in common."""

from __future__ import annotations

import json
from typing import Any

from contract import Record, check_contract
from script import Script, data
from waiting import SOON

from suggestions import SuggestionsEventSource

PNG = "data:image/png;base64,iVBORw0KGgo="
CALLED = {
    "id": "c1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
}
PARTS: list[dict[str, Any]] = [
    {"type": "text", "text": "How is Oslo?"},
    {"type": "image_url", "image_url": {"url": PNG}},
    {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
    {
        "type": "file",
        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
    },
]
HISTORY: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": PARTS},
    {"role": "assistant", "content": "Wait.", "tool_calls": [CALLED]},
    {"role": "tool", "tool_call_id": "c1", "content": "3 degrees"},
    {"role": "assistant", "content": "Cold."},
    {"role": "user", "content": "And now?"},
]


def said(kind: str, **fields: Any) -> bytes:
    return data(json.dumps({"type": kind, **fields}))


def listen(
    url: str, steps: list[Any], question: Any, dialect: Any, **options: Any
) -> tuple[SuggestionsEventSource, Record, Script]:
    """An answer that has ended, all its events, and the service."""
    record, script = Record(), Script(steps)
    source = SuggestionsEventSource(
        question,
        dialect=dialect,
        url=url,
        session=script.session(),
        on=record.handlers(),
        **options,
    )
    assert source.wait(SOON)
    check_contract(source, record)
    return source, record, script


def failed(dialect: Any, url: str, *steps: bytes) -> Any:
    """The error of an answer."""
    session = Script(steps).session()
    source = SuggestionsEventSource("Why?", dialect=dialect, url=url, session=session)
    assert source.wait(SOON)
    return source.error
