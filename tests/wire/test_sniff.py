"""How a body is framed: what its header says, checked against its first bytes."""

from __future__ import annotations

import json

import pytest

from suggestions._wire.sniff import Sniffer
from suggestions.dialects import find

SSE, NDJSON, TEXT, JSON = (
    "text/event-stream",
    "application/x-ndjson",
    "text/plain",
    "application/json",
)
EVENT = b"data: Hi\n\n"
LINES = b'{"message": "Hi"}\n{"message": "you"}\n'
PRETTY = json.dumps({"message": "Hi"}, indent=1).encode()
PAGE = b"<!DOCTYPE html>\n<title>Log in</title>"


@pytest.mark.parametrize(
    ("dialect", "content_type", "body", "framing"),
    [
        ("openai", SSE, EVENT, "events"),
        ("openai", SSE, b"Hi", "events"),
        ("openai", JSON, EVENT, "events"),
        ("openai", TEXT, EVENT, "events"),
        ("openai", "", EVENT, "events"),
        ("openai", "application/octet-stream", b"\xef\xbb\xbf" + EVENT, "events"),
        ("openai", JSON, b"\r\n\r\n: waiting\r\n\r\n" + EVENT, "events"),
        ("openai", JSON, b"event: ping\ndata: 1\n\n", "events"),
        ("openai", JSON, LINES, "whole"),
        ("openai", JSON, PRETTY, "whole"),
        ("openai", JSON, b"\n\n" + PRETTY, "whole"),
        ("openai", "text/html", PAGE, "whole"),
        ("openai", JSON, b"", "whole"),
        ("openai", JSON, b"da", "whole"),
        ("text", SSE, EVENT, "events"),
        ("text", SSE, b"Hi", "text"),
        ("text", SSE, b"data", "text"),
        ("text", SSE, b"identity", "text"),
        ("text", SSE, b"<b>Hi</b> is bold", "text"),
        ("text", SSE, PAGE, "events"),
        ("text", SSE, b'{"error": "No"}', "events"),
        ("text", SSE, b"", "events"),
        ("text", TEXT, EVENT, "events"),
        ("text", TEXT, b"id: 5\nname: x\n", "text"),
        ("text", TEXT, b": a colon", "text"),
        ("text", TEXT, b"\n\nHi", "text"),
        ("text", JSON, b'"Hi"', "whole"),
        ("json_lines", NDJSON, LINES, "lines"),
        ("json_lines", NDJSON, EVENT, "events"),
        ("json_lines", JSON, LINES, "lines"),
        ("json_lines", JSON, LINES[: LINES.index(b"\n") + 1], "whole"),
        ("json_lines", JSON, PRETTY, "whole"),
        ("ollama", JSON, LINES, "lines"),
        ("ollama", "", LINES, "lines"),
        ("ollama", SSE, EVENT, "events"),
        ("auto", SSE, b"Hi", "text"),
        ("auto", TEXT, EVENT, "events"),
        ("auto", JSON, LINES, "lines"),
    ],
)
def test_the_framing(dialect: str, content_type: str, body: bytes, framing: str) -> None:
    for pieces in ([body], [body[place : place + 1] for place in range(len(body))]):
        sniffer = Sniffer(content_type, find(dialect).framings)
        for piece in pieces:
            sniffer.feed(piece)
        if sniffer.framing is None:
            sniffer.finish()
        assert sniffer.framing == framing


@pytest.mark.parametrize("body", [b"Hi\n", b"\n\nid", b"da", b"\n", b"<b", b"data: Hi"])
def test_no_text_is_lost(body: bytes) -> None:
    for pieces in ([body], [body[place : place + 1] for place in range(len(body))]):
        sniffer = Sniffer(TEXT, {TEXT: "text"})
        said = [message.data for piece in pieces for message in sniffer.feed(piece)]
        said += [message.data for message in sniffer.finish()]
        assert "".join(said) == body.decode()


@pytest.mark.parametrize("start", [b"\n", b'{"a": "', b"\r\n"])
def test_a_beginning_that_does_not_end_is_not_held_for_ever(start: bytes) -> None:
    sniffer = Sniffer(JSON, find("ollama").framings)
    sniffer.feed(start)
    for _ in range(20):
        sniffer.feed(b"\n" * 8192 if start.isspace() else b"x" * 8192)
    assert sniffer.framing == "whole"
    assert len(sniffer.held) <= 200_000
