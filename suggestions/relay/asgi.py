"""The face that an ASGI server sees (ASGI's HTTP specification, 2.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suggestions.relay.response import Head, RelayResponse

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Message], Awaitable[None]]


async def respond(
    response: RelayResponse, scope: Mapping[str, Any], receive: Receive, send: Send
) -> None:
    """Sends it all. When the browser leaves, the request to the service is closed at once.

    Raises `RuntimeError` for what is no HTTP request.
    """
    if scope["type"] != "http":
        raise RuntimeError(
            f"a RelayResponse answers HTTP requests, not {scope['type']!r}: "
            "it is returned for a request, and no application by itself"
        )
    asked = {
        bytes(name).lower(): bytes(value).decode("latin-1") for name, value in scope["headers"]
    }
    head = response.head(
        scope["method"], asked.get(b"origin"), asked.get(b"access-control-request-headers")
    )
    leaving = asyncio.ensure_future(_close_on_leave(response, receive))
    try:
        # Some servers tell it by raising this where something is sent to a browser that has left.
        with suppress(OSError):
            await _send_all(response, head, send)
    finally:
        leaving.cancel()
        response.close()


async def _send_all(response: RelayResponse, head: Head, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in head.headers.items()]
    await send({"type": "http.response.start", "status": head.status, "headers": headers})
    if head.has_body:
        async with aclosing(aiter(response)) as chunks:
            async for data in chunks:
                await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _close_on_leave(response: RelayResponse, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # what is left of the request's body
    response.close()
