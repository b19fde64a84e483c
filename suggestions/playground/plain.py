"""The plain streams that people write in a morning: text and JSON, with SSE and without."""

from __future__ import annotations

from flask import Response

from .chat import Reply
from .chat_body import read_body
from .faults import Fault, openai_body
from .shape import Shape, read_question, respond
from .stream import sse, sse_text, to_json
from .wire_format import wire_format

TEXT_PATH = "/text"
RAW_PATH = "/text/raw"
JSON_PATH = "/json"
LINES_PATH = "/json/lines"
_SENDER = "playground"

plain = wire_format("plain", openai_body)


def _message(text: str) -> dict[str, str]:
    return {"sender": _SENDER, "message": text}


def _sorry(fault: Fault) -> bytes:
    """Without any framing there is no way to report an error but in the text itself."""
    return b"\n\nThe server is too busy, please try again."


def _line(value: object) -> bytes:
    return to_json(value) + b"\n"


def _whole(reply: Reply) -> object:
    return _message(reply.text)


_TEXT = Shape(
    token=sse_text,
    fault=lambda fault: sse(to_json(openai_body(fault)), event="error"),
    whole=lambda reply: reply.text,
)
_RAW = Shape(
    token=lambda token: token.encode("utf-8", "replace"), fault=_sorry, mimetype="text/plain"
)
_JSON = Shape(
    token=lambda token: sse(to_json(_message(token))),
    fault=lambda fault: sse(to_json(openai_body(fault))),
    whole=_whole,
)
_LINES = Shape(
    token=lambda token: _line(_message(token)),
    fault=lambda fault: _line(openai_body(fault)),
    mimetype="application/x-ndjson",
    whole=_whole,
)


@plain.post(TEXT_PATH)
def text() -> Response:
    return respond(_TEXT, read_question(read_body()))


@plain.post(RAW_PATH)
def raw() -> Response:
    return respond(_RAW, read_question(read_body()))


@plain.post(JSON_PATH)
def json() -> Response:
    return respond(_JSON, read_question(read_body()))


@plain.post(LINES_PATH)
def lines() -> Response:
    return respond(_LINES, read_question(read_body()))
