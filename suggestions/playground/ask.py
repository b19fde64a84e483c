"""What the page asks: the playground's own wires, each relayed to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

import requests
from flask import request

from suggestions.relay import RelayResponse
from suggestions.relay import relay as relayed

from .chat_body import checked, optional, read_body
from .faults import Fault, Refused, openai_body
from .jetpack import PATH as JETPACK_PATH
from .model import MODELS
from .plain import JSON_PATH, TEXT_PATH
from .relay import PATH as RELAY_PATH
from .wire_format import wire_format

PATH = "/ask"
WIRES: Mapping[str, str] = MappingProxyType(
    {
        "openai": "/v1/chat/completions",
        "jetpack": JETPACK_PATH,
        "responses": "/v1/responses",
        "anthropic": "/v1/messages",
        "ollama": "/api/chat",
        "relay": RELAY_PATH,
        "text": TEXT_PATH,
        "json_lines": JSON_PATH,
    }
)
"""The dialects that the page can ask in, and the path of each."""

_TOKENS = 12  # told before a failure in mid-stream, so that there is something to see
_HEARTBEAT = 1.0  # seconds, at most until the model sees that the browser has left
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # where it listens everywhere
_SESSION = requests.Session()
_SESSION.trust_env = False  # no proxy stands between the playground and itself

ask = wire_format("ask", openai_body)


@ask.post(PATH)
def answer() -> RelayResponse:
    """`{"prompt": text, "wire": name, "fail": name}`; the last two may be missing, or empty."""
    body = read_body()
    prompt = checked(body.get("prompt") or None, str, "prompt")
    wire = optional(body, "wire", "") or "openai"
    if wire not in WIRES:
        message = f"Invalid value for 'wire': expected one of {', '.join(WIRES)}."
        raise Refused(Fault(400, message, "invalid_value", param="wire"))
    fail = optional(body, "fail", "")
    query = f"?{urlencode({'fail': fail, 'after': _TOKENS})}" if fail else ""
    return relayed(
        prompt,
        dialect=wire,
        url=f"{_own_url()}{WIRES[wire]}{query}",
        token=request.headers.get("Authorization", "").partition(" ")[2].strip() or "any",
        model=MODELS[0],
        error_context="the playground's page",
        expose_errors=True,
        heartbeat=_HEARTBEAT,
        session=_SESSION,
    )


def _own_url() -> str:
    """Where this server listens, by the server's word; `Host` is anybody's."""
    listens_at: str = request.environ["SERVER_NAME"]
    name = _REACHED_AT.get(listens_at, listens_at)
    return f"http://{f'[{name}]' if ':' in name else name}:{request.environ['SERVER_PORT']}"
