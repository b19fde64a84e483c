"""What the servers serve: a relay of the service at `UPSTREAM`, as both kinds of application."""

from __future__ import annotations

import os
from typing import Any

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, relay


def answer() -> RelayResponse:
    dialect = OpenAI(os.environ["UPSTREAM"], "key", "m1")
    timeout = float(os.environ["TIMEOUT"])
    return relay(
        "Why?",
        dialect=dialect,
        heartbeat=float(os.environ["HEARTBEAT"]),
        timeouts={"idle": timeout, "content": timeout, "total": timeout},
    )


def wsgi(environ: Any, start_response: Any) -> Any:
    return answer()(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await answer()(scope, receive, send)
