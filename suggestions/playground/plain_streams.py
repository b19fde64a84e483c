"""Simple streams of text or JSON, as server-sent events and without any framing."""

from __future__ import annotations

from flask import Response

from .model import Chat, Reply
from .request_body import read_body, read_question
from .streaming import Fault, openai_body, sse, sse_text, to_json
from .wire_format import respond, text_format, wire_format

TEXT_PATH = "/text"
RAW_PATH = "/text/raw"
JSON_PATH = "/json"
LINES_PATH = "/json/lines"
_SENDER = "playground"

plain = wire_format("plain", openai_body)


def _message(text: str) -> dict[str, str]:
    return {"sender": _SENDER, "message": text}


def _sorry(fault: Fault) -> bytes:
    """Without any framing, an error can only be reported in the text itself."""
    return b"\n\nThe server is too busy, please try again."


def _line(value: object) -> bytes:
    return to_json(value) + b"\n"


def _whole(reply: Reply) -> object:
    return _message(reply.text)


_TEXT = text_format(
    token=sse_text,
    fault=lambda fault: sse(to_json(openai_body(fault)), event="error"),
    whole=lambda reply: reply.text,
)
_RAW = text_format(
    token=lambda token: token.encode("utf-8", "replace"), fault=_sorry, mimetype="text/plain"
)
_JSON = text_format(
    token=lambda token: sse(to_json(_message(token))),
    fault=lambda fault: sse(to_json(openai_body(fault))),
    whole=_whole,
)
_LINES = text_format(
    token=lambda token: _line(_message(token)),
    fault=lambda fault: _line(openai_body(fault)),
    mimetype="application/x-ndjson",
    whole=_whole,
)


@plain.post(TEXT_PATH)
def text() -> Response:
    return respond(_TEXT, Chat(read_question(read_body())), stream=True)


@plain.post(RAW_PATH)
def raw() -> Response:
    return respond(_RAW, Chat(read_question(read_body())), stream=True)


@plain.post(JSON_PATH)
def json() -> Response:
    return respond(_JSON, Chat(read_question(read_body())), stream=True)


@plain.post(LINES_PATH)
def lines() -> Response:
    return respond(_LINES, Chat(read_question(read_body())), stream=True)
