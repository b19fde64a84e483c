"""The page at `/`, and what it asks: the playground's own wire formats, relayed to the browser. The
page shows the answer, its events and every failure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

import requests
from flask import Blueprint, Response, current_app, render_template, request, send_from_directory

from ..relay import RelayResponse, follow, stop
from ..relay import relay as relayed
from ..relay.stores import Store
from .failures import FAILURES
from .jetpack import PATH as JETPACK_PATH
from .model import MODELS
from .plain_streams import JSON_PATH, TEXT_PATH
from .relay import PATH as RELAY_PATH
from .request_body import checked, optional, read_body
from .streaming import Fault, Refused, openai_body
from .wire_format import wire_format

_FOLDER = "page"
_HEADERS = {
    # Nothing but the page's own files, whatever an answer has in it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

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

_ASK_PATH = "/ask"
_TOKENS = 12  # before a failure in mid-stream, so that there is something to see
_HEARTBEAT = 1.0  # seconds
_ABANDON_AFTER = 10.0  # seconds; a reload takes less
_EVENTS = ("reasoning", "tool_call_chunk", "tool_call", "citation", "file", "usage")
_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # if it listens on every address
_SESSION = requests.Session()
_SESSION.trust_env = False  # no proxy between the playground and itself

page = Blueprint("page", __name__, template_folder=_FOLDER)
ask = wire_format("ask", openai_body)


@page.get("/")
def index() -> str:
    return render_template(
        "index.html",
        failures=FAILURES,
        wires=WIRES,
        ask=_ASK_PATH.lstrip("/"),
        has_token=current_app.config["PLAYGROUND_TOKEN"] is not None,
    )


@page.get("/page/<any('page.css', 'page.js'):name>")
def asset(name: str) -> Response:
    return send_from_directory(f"{page.root_path}/{_FOLDER}", name)


@page.after_request
def _with_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response


@ask.post(_ASK_PATH)
def answer() -> RelayResponse:
    """`{"prompt": text, "wire": name, "fail": name}`; the last two may be missing, or empty."""
    body = read_body()
    prompt = checked(body.get("prompt") or None, str, "prompt")
    wire = optional(body, "wire", "") or "openai"
    if wire not in WIRES:
        message = f"Invalid value for 'wire': expected one of {', '.join(WIRES)}."
        raise Refused(Fault(400, message, "invalid_value", param="wire"))
    fail = optional(body, "fail", "")
    query = urlencode({"fail": fail, "after": _TOKENS}, errors="replace")
    try:
        return relayed(
            prompt,
            dialect=wire,
            url=f"{_own_url()}{WIRES[wire]}{f'?{query}' if fail else ''}",
            token=request.headers.get("Authorization", "").partition(" ")[2].strip() or "any",
            model=MODELS[0],
            error_context="the playground's page",
            expose_errors=True,
            events=_EVENTS,
            heartbeat=_HEARTBEAT,
            session=_SESSION,
            store=_store(),
            abandon_after=_ABANDON_AFTER,
            address=f"{request.script_root}{_ASK_PATH}/{{id}}",
        )
    except ValueError as error:  # a blank prompt, or a token that no header can carry
        raise Refused(Fault(400, f"{error}.", "invalid_value")) from None


@ask.get(f"{_ASK_PATH}/<id>")
def rest(id: str) -> RelayResponse:
    """The answer, for a page that was reloaded, or a second one."""
    return follow(id, store=_store(), heartbeat=_HEARTBEAT)


@ask.delete(f"{_ASK_PATH}/<id>")
def stop_answer(id: str) -> Response:
    return Response(status=204 if stop(id, store=_store()) else 404)


def _store() -> Store:
    store: Store = current_app.config["PLAYGROUND_STORE"]
    return store


def _own_url() -> str:
    """The address of this server, as the server knows it: any client can write any `Host`."""
    listens_at: str = request.environ["SERVER_NAME"]
    name = _REACHED_AT.get(listens_at, listens_at)
    return f"http://{f'[{name}]' if ':' in name else name}:{request.environ['SERVER_PORT']}"
