"""The services that the documents name, on this machine.

A reader's program asks `https://chatbot.example`; here, the playground answers. Whatever is not in
the table is not asked: no test of a document reaches the network.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import requests

from suggestions.playground import Playground
from suggestions.testing import SuggestionsServer

WORDS = (b'data: {"word": "Hello"}\n\n', b'data: {"last": true}\n\n')
UI = (
    b'data: {"type": "text-delta", "id": "1", "delta": "Hello"}\n\n',
    b'data: {"type": "finish", "finishReason": "stop"}\n\n',
    b"data: [DONE]\n\n",
)
AG_UI = (
    b'data: {"type": "RUN_STARTED", "threadId": "t", "runId": "r"}\n\n',
    b'data: {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "Hello"}\n\n',
    b'data: {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}\n\n',
)
NEWS = (b'event: new-message\ndata: {"message": "Hello"}\n\n',)
WORDPRESS_TOKEN = (b'{"token": "of.the.site"}',)


@contextmanager
def standing_in() -> Iterator[None]:
    """Within it, every request of `requests` goes to this machine, or fails."""
    with ExitStack() as stack:
        # The playground writes at the pace of a model, which a reader likes and a test does not.
        stack.enter_context(mock.patch.dict(Playground.__init__.__kwdefaults__, pace=0.01))
        playground = stack.enter_context(Playground(pace=0.001))
        table = {
            "https://public-api.wordpress.com/wpcom/v2/jetpack-ai-query": playground.jetpack_url,
            "https://api.openai.com/v1": playground.openai_url,
            "https://models.example/v1": playground.openai_url,
            "https://api.anthropic.com": playground.anthropic_url,
            "http://localhost:11434": playground.ollama_url,
            "https://chatbot.example": playground.chatbot_url,
            "https://backend.example/ask": playground.relay_url,
            "https://app.example/api/chat": _server(stack, *UI),
            "https://app.example/agent": _server(stack, *AG_UI),
            "https://text.example/ask": playground.text_url,
            "https://lines.example/ask": playground.json_lines_url,
            "https://unknown.example/ask": playground.openai_url + "/chat/completions",
            "https://words.example/ask": _server(stack, *WORDS),
            "https://service.example/events": _server(stack, *NEWS),
            "https://site.example/wp-json/jetpack/v4/jetpack-ai-jwt": _server(
                stack, *WORDPRESS_TOKEN, content_type="application/json"
            ),
        }
        send = requests.Session.send

        def send_here(
            session: requests.Session, request: requests.PreparedRequest, **options: Any
        ) -> requests.Response:
            request.url = _here(request.url or "", table)
            return send(session, request, **options)

        stack.enter_context(mock.patch.object(requests.Session, "send", send_here))
        stack.enter_context(mock.patch.dict(os.environ, _environment(playground)))
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                del os.environ[name]
        yield


def _environment(playground: Playground) -> dict[str, str]:
    return {
        "PLAYGROUND_URL": playground.url,
        "OPENAI_BASE_URL": playground.openai_url,
        "OPENAI_API_KEY": "your_key_here",
        "ANTHROPIC_API_KEY": "your_key_here",
        "AI_MODEL_NAME": "playground",
        "MY_TOKEN": "your_token_here",
    }


def _server(stack: ExitStack, *parts: bytes, **options: Any) -> str:
    server = stack.enter_context(SuggestionsServer())
    server.sends(*parts, **options)
    return server.url


def _here(url: str, table: dict[str, str]) -> str:
    host = urlsplit(url).hostname or ""
    if host == "127.0.0.1" or host.endswith(".localhost"):  # the latter is a dump, told again
        return url
    for begin, here in table.items():
        if url.startswith(begin):
            return here + url[len(begin) :]
    raise requests.ConnectionError(f"{__name__} has no service for {url}")
