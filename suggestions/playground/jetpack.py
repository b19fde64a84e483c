"""Jetpack AI: one address that takes a question or messages. It streams by default."""

from __future__ import annotations

import re

from flask import Response
from werkzeug.http import HTTP_STATUS_CODES

from .model import Message
from .openai import respond_as_openai
from .request_body import Body, checked, optional, read_body, read_messages
from .streaming import Fault
from .wire_format import wire_format

PATH = "/wpcom/v2/jetpack-ai-query"

_RESULT = re.compile("The result of [a-zA-Z0-9_-]+: ")
_ROLES = ("system", "user", "assistant", "jetpack-ai", "tool", "function")

# WordPress's names for codes of the OpenAI API.
_CODES = {
    "invalid_api_key": "rest_forbidden",
    "invalid_json": "rest_invalid_json",
    "missing_required_parameter": "rest_missing_callback_param",
    "invalid_type": "rest_invalid_param",
    "invalid_value": "rest_invalid_param",
    "empty_array": "rest_invalid_param",
    "integer_below_min_value": "rest_invalid_param",
}


def _error_body(fault: Fault) -> dict[str, object]:
    """The error object of the WordPress REST API."""
    status = 500 if fault.status == 200 else fault.status
    phrase = HTTP_STATUS_CODES.get(status, "Unknown error")
    code = fault.code or phrase.lower().replace(" ", "_")
    data: dict[str, object] = {"status": fault.status}
    if fault.param:
        data["params"] = {fault.param: fault.message}
    return {"code": _CODES.get(code, code), "message": fault.message, "data": data}


jetpack = wire_format("jetpack", _error_body)


@jetpack.post(PATH)
def jetpack_ai_query() -> Response:
    body = read_body()
    optional(body, "post_id", 0)
    return respond_as_openai(body, _messages(body), stream=True)


def _messages(body: Body) -> tuple[Message, ...]:
    if body.get("messages") is not None:
        return tuple(map(_as_result, read_messages(body, _ROLES)))
    return (Message("user", checked(body.get("question") or None, str, "question")),)


def _as_result(message: Message) -> Message:
    """The dialect sends the result of a function so, as a text; a model knows what it means."""
    said = _RESULT.match(message.text) if message.role == "user" else None
    return Message("tool", message.text[said.end() :]) if said else message
