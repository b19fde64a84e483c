"""As `app`. With `END`, answers end when the server stops; `PATIENCE` is for how many seconds a
browser may read nothing."""

from __future__ import annotations

import os
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, end_all_at, relay

if os.environ.get("END"):
    end_all_at()


def answer() -> RelayResponse:
    dialect = OpenAI(os.environ["UPSTREAM"], "key", "m1")
    patience = float(os.environ.get("PATIENCE", "60"))
    return relay("Why?", dialect=dialect, heartbeat=60, send_timeout=patience)


def wsgi(environ: Any, start_response: Any) -> Any:
    return answer()(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await answer()(scope, receive, send)


async def streamed(request: Request) -> StreamingResponse:
    response = answer()
    return StreamingResponse(response, headers=response.headers)


framework = Starlette(routes=[Route("/", streamed)])
