"""Dumps of questions and answers that are more than text."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from script import DONE, Script, chunk, data
from test_dump import Compared, ask

from suggestions import SuggestionsEventSource, image
from suggestions.testing import replay

PNG = "data:image/png;base64,iVBORw0KGgo="
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
HISTORY = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is the weather here?"},
            image(b"\x89PNG\r\n\x1a\n"),
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:x/pdf;base64,AAAA"}},
        ],
    },
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "The key of the API is tokensecret1."},
]


def frame(kind: str, said: Any = None) -> bytes:
    return data(json.dumps({"type": kind, **({} if said is None else {"data": said})}))


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\n".encode() + data(json.dumps({"type": kind, **fields}))


RELAYED = [
    frame("reasoning", "Hm."),
    frame("content", "It is "),
    frame("citation", {"url": "https://a.example", "start": 1, "end": 4, "quote": "Said."}),
    frame("file", {"media_type": "image/png", "url": PNG[:-4], "partial": True, "id": "i1"}),
    frame("tool_call_chunk", {"index": 0, "id": "c1", "name": "time", "arguments": '{"zone"'}),
    frame("tool_call_chunk", {"index": 0, "arguments": ': "CET"}'}),
    frame("content", "cold."),
    frame("file", {"media_type": "image/png", "url": PNG, "id": "i1"}),
    frame("usage", {"prompt_tokens": 3, "completion_tokens": 4, "reasoning_tokens": 2}),
    frame("done"),
]
THOUGHT = [
    event("message_start", message={"id": "m", "model": "m", "usage": {"input_tokens": 3}}),
    event("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}),
    event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm."}),
    event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2ln"}),
    event("content_block_stop", index=0),
    event("content_block_start", index=1, content_block={"type": "redacted_thinking", "data": "x"}),
    event("content_block_stop", index=1),
    event("content_block_start", index=2, content_block={"type": "text", "text": ""}),
    event("content_block_delta", index=2, delta={"type": "text_delta", "text": "Hi"}),
    event("content_block_stop", index=2),
    event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 3}),
    event("message_stop"),
]


@pytest.mark.parametrize(
    ("dialect", "steps"), [("relay", RELAYED), ("anthropic", THOUGHT)], ids=["all", "signed"]
)
def test_a_dump_is_replayed_with_all_that_the_answer_has(
    dialect: str, steps: list[bytes], tmp_path: Path
) -> None:
    received, again = Compared(), Compared()
    source = ask([*steps], received, dialect=dialect)
    assert source.wait(10)
    assert source.state == "done"
    source.debug_dump(tmp_path / "dump.json")
    replayed = replay(tmp_path / "dump.json", on=again.on)
    assert replayed.wait(10)
    assert again.events == received.events
    for name in ("message", "citations", "files", "tool_calls", "reasoning", "usage"):
        assert getattr(replayed, name) == getattr(source, name), name


def test_the_table_has_something_to_replay() -> None:
    received = Compared()
    source = ask([*RELAYED], received, dialect="relay")
    assert source.wait(10)
    names = {name for name, _ in received.events}
    assert names >= {"reasoning", "tool_call_chunk", "tool_call", "citation", "file", "usage"}


def test_images_and_results_stay_in_the_question_and_secrets_do_not(tmp_path: Path) -> None:
    session = Script([chunk("Hi"), DONE]).session()
    source = SuggestionsEventSource(
        HISTORY, "tokensecret1", url="https://service.example/", dialect="openai", session=session
    )
    assert source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    text = (tmp_path / "dump.json").read_text("utf-8")
    assert "secret" not in text
    question, called, result = json.loads(text)["request"]["json"]["messages"]
    assert question["content"] == HISTORY[0]["content"]
    assert called["tool_calls"] == [CALL]
    assert result["content"] == "The key of the API is [token]."
    assert replay(tmp_path / "dump.json").result(10) == "Hi"


@pytest.mark.parametrize("token", ["sk-proj-abcDEF123456789_xyz", "/+AbCdEfGh/iJkL=="])
def test_ten_megabytes_of_an_image_take_no_time_to_look_through(token: str, tmp_path: Path) -> None:
    url = "data:image/png;base64," + b64encode(os.urandom(7_500_000)).decode()
    steps = [frame("file", {"media_type": "image/png", "url": url}), frame("done")]
    shown = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
    source = SuggestionsEventSource(
        [shown],
        lambda: token,
        dialect="relay",
        url="https://service.example/",
        session=Script(steps).session(),
        headers={"X-Key": "/another+key/"},
    )
    assert source.wait(20)
    began = time.perf_counter()
    source.debug_dump(tmp_path / "dump.json")
    assert time.perf_counter() - began < 10
    assert (tmp_path / "dump.json").stat().st_size > 20_000_000
    replayed = replay(tmp_path / "dump.json")
    assert replayed.wait(30)
    assert [file.url for file in replayed.files] == [url]
