"""`RelayResponse`: one object that every framework can send."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions.relay import asgi, wsgi
from suggestions.relay.body import Body
from suggestions.relay.cors import Cors

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx passes it on as it comes
}


class Head(NamedTuple):
    """How a response begins; `has_body` is false where nothing but this is sent."""

    status: int
    reason: str
    headers: dict[str, str]
    has_body: bool


class RelayResponse:
    """A WSGI application, an ASGI application, and an iterable of bytes, async as well.

    Sent once: it asks when its first bytes are wanted, and iterating or calling it again raises
    `RuntimeError`. A request with `HEAD` or `OPTIONS` asks nothing.
    """

    def __init__(self, body: Body | None, cors: Cors) -> None:
        self._body = body
        self._cors = cors
        self._sent = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._body.source if self._body else 'to a preflight'}>"

    @property
    def source(self) -> SuggestionsEventSource | None:
        """Where the answer comes from; None for that to a preflight."""
        return None if self._body is None else self._body.source

    @property
    def headers(self) -> dict[str, str]:
        """For frameworks that are given the bytes and the headers one by one."""
        return self.headers_for(None)

    def headers_for(self, origin: str | None) -> dict[str, str]:
        """As `headers`, where `cors` is a list: for a request whose `Origin` is this one."""
        if self._body is None:
            return self._cors.preflight(origin, None)
        return {**HEADERS, **self._cors.headers(origin)}

    def head(self, method: str, origin: str | None, asked: str | None) -> Head:
        """For a request; `asked` is its `Access-Control-Request-Headers`."""
        if method == "OPTIONS" or self._body is None:
            return Head(204, "No Content", self._cors.preflight(origin, asked), False)
        return Head(200, "OK", self.headers_for(origin), method != "HEAD")

    def __call__(self, *args: Any) -> Any:
        """`(environ, start_response)`: WSGI (PEP 3333). `(scope, receive, send)`: ASGI 3."""
        if len(args) == 2:
            return wsgi.respond(self, *args)
        if len(args) == 3:
            return asgi.respond(self, *args)
        raise TypeError(
            "a RelayResponse is called with (environ, start_response) by WSGI "
            "or with (scope, receive, send) by ASGI"
        )

    def __iter__(self) -> Iterator[bytes]:
        return self._take().chunks() if self._body else iter(())

    def __aiter__(self) -> AsyncGenerator[bytes, None]:
        return self._take().achunks() if self._body else _nothing()

    def close(self) -> None:
        """Closes the request to the service, from any thread. After the end it does nothing."""
        if self._body is not None:
            self._body.close()

    def _take(self) -> Body:
        assert self._body is not None
        if self._sent:
            raise RuntimeError("this response was sent already: relay() makes one for each request")
        self._sent = True
        return self._body


def preflight(cors: str | Sequence[str] = "*") -> RelayResponse:
    """The answer to a browser that asks with `OPTIONS` whether it may ask from another site.

    Raises `TypeError`, `ValueError`.
    """
    return RelayResponse(None, Cors(cors))


async def _nothing() -> AsyncGenerator[bytes, None]:
    nothing: Iterable[bytes] = ()
    for data in nothing:
        yield data
