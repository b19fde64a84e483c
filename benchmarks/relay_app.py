"""What the web servers of the relay's benchmarks serve: a relay of the service at `UPSTREAM`.

The path of a request says what the service is to do.
"""

from __future__ import annotations

import os
from typing import Any

from benchmarks.serve import allow_many_files
from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, relay

allow_many_files()


def _answer(path: str) -> RelayResponse:
    return relay("Why?", dialect=OpenAI(os.environ["UPSTREAM"] + path, "key", "m"))


def wsgi(environ: Any, start_response: Any) -> Any:
    return _answer(environ["PATH_INFO"])(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await _answer(scope["path"])(scope, receive, send)
