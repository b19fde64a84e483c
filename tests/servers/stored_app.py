"""What the servers serve: answers that a store keeps, of the service at `UPSTREAM`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, follow, relay, stop
from suggestions.relay.stores import MemoryStore, RedisStore, Store

STORE: Store
if "REDIS" in os.environ:
    STORE = RedisStore(os.environ["REDIS"], lease=float(os.environ["LEASE"]))
else:
    STORE = MemoryStore()


def respond(path: str) -> RelayResponse | None:
    """`/ask/ID` asks, `/answers/ID` follows, `/stop/ID` stops."""
    _, what, id = path.split("/")
    heartbeat = float(os.environ["HEARTBEAT"])
    if what == "ask":
        dialect = OpenAI(os.environ["UPSTREAM"], "key", "m1")
        return relay(
            "Why?",
            dialect=dialect,
            heartbeat=heartbeat,
            store=STORE,
            id=id,
            address="/answers/{id}",
            abandon_after=float(os.environ.get("ABANDON_AFTER", "60")),
        )
    if what == "answers":
        return follow(id, store=STORE, heartbeat=heartbeat)
    stop(id, store=STORE)
    return None


def wsgi(environ: Any, start_response: Any) -> Any:
    response = respond(environ["PATH_INFO"])
    if response is None:
        start_response("204 No Content", [])
        return []
    return response(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"].startswith("/stop/") and STORE.blocks:
        response = await asyncio.to_thread(respond, scope["path"])
    else:
        response = respond(scope["path"])
    if response is None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})
    else:
        await response(scope, receive, send)
