"""The chatbot backend: a login, and answers for those who have a token of it."""

from __future__ import annotations

from flask import Response, current_app, request

from .chat import Message, Reply
from .chat_body import checked, read_json, read_messages
from .faults import Fault, Refused
from .json_web_token import is_valid, issue
from .shape import Shape, respond
from .stream import sse, sse_text, to_json
from .wire_format import json_response, wire_format

USERS = {"demo": 3600, "expired": -60}
"""By user name, the seconds until their tokens expire. The password of each is its name."""

_ROLES = ("system", "user", "assistant")
_NOT_FOUND = "Authentication failed: cannot find username/password in request body."
_WRONG = "Authentication failed: cannot authenticate with provided username and password."
_NO_TOKEN = "Invalid token: empty or not starts with 'Bearer '"
_BAD_TOKEN = "Invalid token: expired or fake token."


def _error_body(fault: Fault) -> dict[str, object]:
    message = fault.message
    if fault.status == 401 and not message.startswith(("Authentication", "Invalid token")):
        message = _BAD_TOKEN
    elif fault.status == 500:
        message = f"Failed with chatbot.ChatCompletion: {message}"
    return {"errorMessage": message}


def _check_token() -> None:
    if request.path == "/auth":
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        raise Refused(Fault(401, _NO_TOKEN))
    fixed = current_app.config["PLAYGROUND_TOKEN"]
    if token != fixed and not is_valid(token, current_app.config["PLAYGROUND_SECRET"]):
        raise Refused(Fault(401, _BAD_TOKEN))


chatbot = wire_format("chatbot", _error_body, _check_token)


@chatbot.post("/auth")
def log_in() -> Response:
    fields = request.form or request.args
    name, password = fields.get("username"), fields.get("password")
    if not name or not password:
        raise Refused(Fault(401, _NOT_FOUND))
    if name not in USERS or password != name:
        raise Refused(Fault(401, _WRONG))
    token = issue(name, USERS[name], current_app.config["PLAYGROUND_SECRET"])
    return json_response({"accessToken": token})


@chatbot.post("/chatCompletionStream")
def chat_completion_stream() -> Response:
    return respond(_SHAPE, _messages())


@chatbot.post("/chatCompletion")
def chat_completion() -> Response:
    return respond(_SHAPE, _messages(), stream=False)


def _messages() -> tuple[Message, ...]:
    """The body is an array; its items spell `Content` with a capital letter."""
    items = [checked(item, dict, "body") for item in checked(read_json(), list, "body")]
    messages = [{"role": item.get("role"), "content": item.get("Content")} for item in items]
    return read_messages({"messages": messages}, _ROLES)


def _whole(reply: Reply) -> object:
    message = {"role": "assistant", "content": reply.text}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason}
    return {"object": "chat.completion", "model": "playground", "choices": [choice]}


_EMPTY = sse_text("", event="message")
_SHAPE = Shape(
    token=lambda token: sse_text(token, event="message"),
    fault=lambda fault: sse(to_json(_error_body(fault)), event="error"),
    start=_EMPTY,
    end=lambda reply: _EMPTY,
    whole=_whole,
)
