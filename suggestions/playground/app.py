"""The Flask application: the routes of all wire formats, joined."""

from __future__ import annotations

import secrets
import uuid

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from .anthropic import anthropic
from .ask import ask
from .chatbot import chatbot
from .faults import Fault, openai_body
from .jetpack import jetpack
from .local_only import refuse_other_hosts
from .ollama import ollama
from .openai import openai
from .page import page
from .plain import plain
from .relay import relay
from .responses import responses
from .wire_format import json_response


def create_app(*, token: str | None = None, pace: float = 0.03, local: bool = True) -> Flask:
    """The playground as a WSGI application.

    `token`: when given, requests must carry it as a bearer token; else any token, or none, will do.
    `pace`: the mean time between two tokens, in seconds.
    `local`: whether it answers this machine alone, see `refuse_other_hosts`.
    """
    app = Flask(__name__, static_folder=None)
    app.config["PLAYGROUND_TOKEN"] = token
    app.config["PLAYGROUND_SECRET"] = secrets.token_bytes(32)
    app.config["PLAYGROUND_PACE"] = pace
    if local:
        app.before_request(refuse_other_hosts)
    for wire in (jetpack, openai, responses, anthropic, ollama, chatbot, relay, plain, ask, page):
        app.register_blueprint(wire)
    app.register_error_handler(HTTPException, _no_route)
    app.after_request(_with_request_id)
    return app


def _no_route(error: HTTPException) -> Response:
    """Unknown paths and wrong methods; a bug in the playground, too, is told in JSON."""
    fault = Fault(error.code or 500, error.description or error.name)
    return json_response(openai_body(fault), fault.status)


def _with_request_id(response: Response) -> Response:
    response.headers["x-request-id"] = f"req_{uuid.uuid4().hex}"
    return response
