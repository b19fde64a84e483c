"""What the web servers of the relay's benchmark serve: a relay of the service at `UPSTREAM`."""

from __future__ import annotations

import os
from typing import Any

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, relay


def _answer() -> RelayResponse:
    return relay("Why?", dialect=OpenAI(os.environ["UPSTREAM"], "key", "m"))


def wsgi(environ: Any, start_response: Any) -> Any:
    return _answer()(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await _answer()(scope, receive, send)
