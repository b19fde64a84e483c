"""How a response goes out through a WSGI server (PEP 3333) and through an ASGI server (ASGI's HTTP
specification, 2.4)."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from typing import Any, NamedTuple, Protocol

from . import on_trio
from .send_timeout import LET_GO

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Head(NamedTuple):
    """How a response begins; `has_body` is false if nothing follows it."""

    status: int
    reason: str
    headers: dict[str, str]
    has_body: bool


class Sendable(Protocol):
    """What a server can send."""

    def begin(self, method: str, last_event_id: str | None) -> None:
        """Called before `head`, on a thread that may block, with the header `Last-Event-ID`."""
        ...

    async def begin_task(self, method: str, last_event_id: str | None) -> None:
        """As `begin`, in a task."""
        ...

    def head(self, method: str, origin: str | None, asked: str | None) -> Head:
        """For a request with this method and these headers: `Origin`, and
        `Access-Control-Request-Headers`."""
        ...

    def __iter__(self) -> Iterator[bytes]: ...

    def __aiter__(self) -> AsyncGenerator[bytes, None]: ...

    def disconnect(self) -> None:
        """Called if the server says that the browser has left; it may be the server that stops."""
        ...

    def close(self) -> None: ...


def send_by_wsgi(
    response: Sendable, environ: Mapping[str, Any], start_response: Callable[..., object]
) -> Iterable[bytes]:
    """Returns the body. The server calls its `close()` when the browser has left.

    The server finds that out when it writes, so at the next heartbeat at the latest.
    """
    response.begin(environ["REQUEST_METHOD"], environ.get("HTTP_LAST_EVENT_ID"))
    head = response.head(
        environ["REQUEST_METHOD"],
        environ.get("HTTP_ORIGIN"),
        environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    )
    start_response(f"{head.status} {head.reason}", list(head.headers.items()))
    # A generator: its close() ends the request to the service. If the server never iterates it,
    # no request was sent.
    return iter(response) if head.has_body else ()


async def send_by_asgi(
    response: Sendable, scope: Mapping[str, Any], receive: Receive, send: Send
) -> None:
    """Sends it all. When the browser leaves, the request to the service is closed at once.

    Raises `RuntimeError` for what is no HTTP request.
    """
    if scope["type"] != "http":
        raise RuntimeError(
            f"a RelayResponse answers HTTP requests, not {scope['type']!r}: "
            "return it for a request, do not mount it as an application of its own"
        )
    asked = {
        bytes(name).lower(): bytes(value).decode("latin-1") for name, value in scope["headers"]
    }
    await response.begin_task(scope["method"], asked.get(b"last-event-id"))
    head = response.head(
        scope["method"], asked.get(b"origin"), asked.get(b"access-control-request-headers")
    )
    async with _closed_on_disconnect(response, receive):
        await _send_all(response, head, send)


async def send_closed_on_disconnect(
    response: Sendable, scope: Mapping[str, Any], receive: Receive, send: Send
) -> None:
    """As `send_by_asgi`, for a response that asks the service in `begin_task`, and so has to be
    closed if the client leaves before its head."""
    async with _closed_on_disconnect(response, receive):
        await response.begin_task(scope["method"], None)
        await _send_all(response, response.head(scope["method"], None, None), send)


@asynccontextmanager
async def _closed_on_disconnect(response: Sendable, receive: Receive) -> AsyncIterator[None]:
    beside = on_trio.beside if on_trio.is_here() else _beside
    try:
        async with beside(partial(_close_on_disconnect, response, receive)):
            # Some servers raise this when something is sent to a browser that has left.
            with suppress(OSError):
                yield
    except asyncio.CancelledError as cancelled:
        if cancelled.args != (LET_GO,):
            raise
        # The server closes the connection, since the response is not complete.
    finally:
        response.close()


@asynccontextmanager
async def _beside(work: Callable[[], Coroutine[Any, Any, object]]) -> AsyncIterator[None]:
    """Runs `work()` in a task of asyncio, which is cancelled at the end."""
    task = asyncio.ensure_future(work())
    try:
        yield
    finally:
        task.cancel()


async def _send_all(response: Sendable, head: Head, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in head.headers.items()]
    await send({"type": "http.response.start", "status": head.status, "headers": headers})
    if head.has_body:
        async with aclosing(aiter(response)) as chunks:
            async for data in chunks:
                await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _close_on_disconnect(response: Sendable, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # the rest of the request's body
    response.disconnect()
