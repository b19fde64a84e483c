"""A backend that relays a model's answer in frames with a `type`."""

from __future__ import annotations

from flask import Response

from ..errors import SuggestionsError, from_report, from_status
from .failures import FILTER
from .model import Chat, Reply
from .request_body import read_body, read_question
from .streaming import Fault, openai_body, sse, to_json
from .wire_format import respond, text_format, wire_format

PATH = "/relay"


def _frame(kind: str, **fields: object) -> bytes:
    return sse(to_json({"type": kind, **fields}))


def _error_frame(error: SuggestionsError) -> bytes:
    return _frame("error", error=error.message, code=error.code)


def _error_body(fault: Fault) -> dict[str, object]:
    error = from_status(fault.status, to_json(openai_body(fault)).decode())
    return {"error": fault.message, "code": error.code}


def _end(reply: Reply) -> bytes:
    if reply.finish_reason == "content_filter":
        return _error_frame(from_report(openai_body(FILTER)))
    return _frame("done")


relay = wire_format("relay", _error_body)
_FORMAT = text_format(
    token=lambda token: _frame("content", data=token),
    fault=lambda fault: _error_frame(from_report(openai_body(fault))),
    end=_end,
)


@relay.post(PATH)
def frames() -> Response:
    return respond(_FORMAT, Chat(read_question(read_body())), stream=True)
