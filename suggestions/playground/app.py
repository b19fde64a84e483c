"""The Flask application: the routes of all wire formats, and who may use them."""

from __future__ import annotations

import secrets
import uuid
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, HTTPException

from ..relay.stores import MemoryStore, Store
from .anthropic import anthropic
from .chatbot import chatbot
from .jetpack import jetpack
from .ollama import ollama
from .openai import openai
from .page import ask, page
from .plain_streams import plain
from .relay import relay
from .request_body import MAX_BODY
from .responses import responses
from .streaming import Fault, openai_body
from .wire_format import json_response

_EXPECTED = "expected localhost, 127.0.0.1 or [::1]"


def create_app(
    *,
    token: str | None = None,
    pace: float = 0.03,
    local: bool = True,
    store: Store | None = None,
) -> Flask:
    """The playground as a WSGI application.

    `token`: if given, requests must carry it as a bearer token. Without it, any token or none will
    do.
    `pace`: the mean time between two tokens, in seconds.
    `local`: whether to refuse requests that come from web pages of other hosts.
    `store`: keeps the answers of the page; a `MemoryStore` of its own without it.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY + 1
    app.config["PLAYGROUND_TOKEN"] = token
    app.config["PLAYGROUND_SECRET"] = secrets.token_bytes(32)
    app.config["PLAYGROUND_PACE"] = pace
    app.config["PLAYGROUND_STORE"] = MemoryStore() if store is None else store
    if local:
        app.before_request(_refuse_other_hosts)
    for wire in (jetpack, openai, responses, anthropic, ollama, chatbot, relay, plain, ask, page):
        app.register_blueprint(wire)
    app.register_error_handler(HTTPException, _no_route)
    app.after_request(_with_request_id)
    return app


def _no_route(error: HTTPException) -> Response:
    """Unknown paths and wrong methods, and also a bug in the playground, are reported in JSON."""
    fault = Fault(error.code or 500, error.description or error.name)
    return json_response(openai_body(fault), fault.status)


def _with_request_id(response: Response) -> Response:
    response.headers["x-request-id"] = f"req_{uuid.uuid4().hex}"
    return response


def is_local(name: str) -> bool:
    """Whether a host's name or IP address always means the machine that it is used on."""
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _refuse_other_hosts() -> None:
    """Raises `Forbidden` for a request that only a web page of another host can have sent.

    Such a page can reach a port of this machine in two ways. It posts to an address of this
    machine: then the `Origin` is another one. Or its DNS name is bound to this machine after it was
    loaded: then the `Host` is another one.
    """
    if not is_local(_name_in(f"//{request.host}")):
        raise Forbidden(f"The Host {request.host!r} is not this machine: {_EXPECTED}.")
    origin = request.headers.get("Origin")
    if (
        request.method in ("POST", "DELETE")
        and origin is not None
        and not is_local(_name_in(origin))
    ):
        raise Forbidden(f"The Origin {origin!r} is not this machine: {_EXPECTED}.")


def _name_in(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # a bracket without the other one
        return ""
