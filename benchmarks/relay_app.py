"""What the web servers of the relay's benchmarks serve: a relay of the service at `UPSTREAM`.

The path of a request says what the service is to do.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from benchmarks.serve import allow_many_files
from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, follow, relay
from suggestions.relay.stores import MemoryStore, RedisStore

allow_many_files()


def _answer(path: str) -> RelayResponse:
    return relay("Why?", dialect=OpenAI(os.environ["UPSTREAM"] + path, "key", "m"))


@cache
def _store() -> MemoryStore | RedisStore:
    """In memory, or in the Redis at `STORE`."""
    address = os.environ["STORE"]
    return RedisStore(address) if address.startswith("redis:") else MemoryStore()


def wsgi(environ: Any, start_response: Any) -> Any:
    return _answer(environ["PATH_INFO"])(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await _answer(scope["path"])(scope, receive, send)


async def stored(scope: Any, receive: Any, send: Any) -> None:
    """The query is the id of the answer."""
    path, id = scope["path"], scope["query_string"].decode()
    if path == "/follow":
        response = follow(id, store=_store())
    else:
        dialect = OpenAI(os.environ["UPSTREAM"] + path, "key", "m")
        response = relay("Why?", dialect=dialect, store=_store(), id=id)
    await response(scope, receive, send)
