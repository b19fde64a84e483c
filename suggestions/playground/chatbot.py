"""The chatbot backend: a login, and answers for requests that carry a token of that login."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from flask import Response, current_app, request

from .model import Chat, Message, Reply
from .request_body import checked, read_json, read_messages
from .streaming import Fault, Refused, sse, sse_text, to_json
from .wire_format import json_response, respond, text_format, wire_format

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
    return respond(_FORMAT, Chat(_messages()), stream=True)


@chatbot.post("/chatCompletion")
def chat_completion() -> Response:
    return respond(_FORMAT, Chat(_messages()), stream=False)


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
_FORMAT = text_format(
    token=lambda token: sse_text(token, event="message"),
    fault=lambda fault: sse(to_json(_error_body(fault)), event="error"),
    start=_EMPTY,
    end=lambda reply: _EMPTY,
    whole=_whole,
)


# JSON Web Tokens (RFC 7519) with HMAC and SHA-256, as far as a login needs them.


def issue(identity: str, lifetime: float, secret: bytes) -> str:
    """A token that expires in `lifetime` seconds; below 0 it has expired already."""
    now = time.time()
    begin = int(min(now, now + lifetime - 1))
    claims = {"identity": identity, "iat": begin, "nbf": begin, "exp": int(now + lifetime)}
    head = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{head}.{_signature(head, secret)}"


def is_valid(token: str, secret: bytes) -> bool:
    """Whether `issue` made the token, with this secret, and it has not expired."""
    head, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(head, secret).encode()):
        return False
    claims = json.loads(_decoded(head.partition(".")[2]))
    return bool(time.time() < claims["exp"])


def _signature(head: str, secret: bytes) -> str:
    return _text(hmac.new(secret, head.encode(), hashlib.sha256).digest())


def _encoded(value: object) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
