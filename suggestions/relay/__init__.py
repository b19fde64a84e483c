"""The server side: a conversation in, server-sent events for a browser out.

    from suggestions.relay import build_messages, relay

    @app.post("/ask")
    def ask():
        return relay(build_messages(request.json["prompt"]), error_context="ask")

What `relay` returns is a WSGI and an ASGI application and an iterable of bytes. Importing this
imports no framework.
"""

from __future__ import annotations

from .ag_ui_input import AgUiRun, messages_from_ag_ui, tools_from_ag_ui
from .asking import build_messages, relay
from .bad_request import BadRequest, bad_request, json_object
from .openai_endpoint import OpenAIEndpoint, openai_endpoint
from .response import RelayResponse, preflight
from .server_stop import end_all, end_all_at
from .stored import follow, stop
from .ui_messages import messages_from_ui

__all__ = [
    "AgUiRun",
    "BadRequest",
    "OpenAIEndpoint",
    "RelayResponse",
    "bad_request",
    "build_messages",
    "end_all",
    "end_all_at",
    "follow",
    "handle_openai_stream",
    "json_object",
    "messages_from_ag_ui",
    "messages_from_ui",
    "openai_endpoint",
    "preflight",
    "relay",
    "stop",
    "tools_from_ag_ui",
]

handle_openai_stream = relay
