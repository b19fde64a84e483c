"""`RelayResponse`: one object that every framework can send."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from .._sources.suggestions_event_source import SuggestionsEventSource
from .answer_stream import AnswerStream
from .fields import EventsOfAnswer
from .send_timeout import let_go_after
from .servers import Head, send_by_asgi, send_by_wsgi
from .stored_stream import StoredStream

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # nginx passes it on as it comes
}
# An origin as a browser sends it (WHATWG HTML, section 7.1.1): a scheme, a host in ASCII and lower
# case, and a port unless it is the scheme's usual one.
_HOST = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]"
_ORIGIN = rf"[a-z][a-z0-9+.-]*://(?:{_HOST})(?::[1-9][0-9]{{0,4}})?|null"
_USUAL_PORT = r"http://.*:80|https://.*:443"
_REASONS = {200: "OK", 204: "No Content", 404: "Not Found", 503: "Service Unavailable"}
_PREFLIGHT_LIFETIME = "600"  # seconds for which a browser need not ask again


class Cors:
    """Cross-origin requests: who may read a response from another site (WHATWG Fetch, section 3.2).

    `allowed`: "*", an origin like "https://app.example", or a list of them; None for no other site.
    Raises `TypeError`, `ValueError`.
    """

    def __init__(self, allowed: str | Sequence[str] | None) -> None:
        origins = [allowed] if isinstance(allowed, str) else allowed or []
        if not isinstance(origins, Sequence) or isinstance(origins, bytes):
            raise TypeError(f"cors must be '*' or a list of origins, not {type(allowed).__name__}")
        for origin in origins:
            if not isinstance(origin, str):
                raise TypeError(f"cors must hold texts, not {type(origin).__name__}")
            if origin != "*" and not _can_match(origin):
                raise ValueError(
                    f"cors: {origin!r} is no origin that a browser sends: expected "
                    "scheme://host[:port] in lower case, without a path and without the scheme's "
                    "usual port, or 'null', or '*'"
                )
        self._origins = frozenset(origins)

    def headers(self, origin: str | None) -> dict[str, str]:
        """For a response to a request with this `Origin`."""
        if "*" in self._origins:
            return {"Access-Control-Allow-Origin": "*"}
        vary = {"Vary": "Origin"} if self._origins else {}
        if origin in self._origins:
            return {"Access-Control-Allow-Origin": str(origin), **vary}
        return vary

    def preflight(self, origin: str | None, asked: str | None) -> dict[str, str]:
        """For the answer to a preflight; `asked` is its `Access-Control-Request-Headers`."""
        return {
            **self.headers(origin),
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Allow-Headers": asked or "Content-Type",
            "Access-Control-Max-Age": _PREFLIGHT_LIFETIME,
        }


def _can_match(origin: str) -> bool:
    return bool(re.fullmatch(_ORIGIN, origin)) and not re.fullmatch(_USUAL_PORT, origin)


class RelayResponse:
    """A WSGI application, an ASGI application, and an iterable of bytes, also an async one.

    It is sent once: the request goes out when the first bytes are wanted, and iterating or calling
    it again raises `RuntimeError`. A request with `HEAD` or `OPTIONS` asks no service.
    """

    __module__ = __name__.rpartition(".")[0]

    def __init__(
        self,
        stream: AnswerStream | StoredStream | None,
        cors: Cors,
        address: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        send_timeout: float | None = None,
    ) -> None:
        self._stream = stream
        self._cors = cors
        self._address = address
        self._of_format = headers
        self._send_timeout = send_timeout
        self._sent = False

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self._stream.source if self._stream else 'to a preflight'}>"
        )

    @property
    def source(self) -> SuggestionsEventSource | None:
        """The source of the answer; None for the answer to a preflight. With tools that run here,
        that of the newest answer.

        Use it before the response is sent: what was sent is not kept for its handlers.
        """
        if self._stream is None:
            return None
        self._stream.keep_log()
        source = self._stream.source
        if source is None or isinstance(source, SuggestionsEventSource):
            return source
        return source.answer

    @property
    def headers(self) -> dict[str, str]:
        """For frameworks that take the headers and the bytes one by one."""
        return self.headers_for(None)

    def headers_for(self, origin: str | None) -> dict[str, str]:
        """As `headers`, for a request with this `Origin`: needed if `cors` is a list."""
        if self._stream is None:
            return self._cors.preflight(origin, None)
        return {**HEADERS, **self._of_format, **self._cors.headers(origin), **self._named(origin)}

    @property
    def answer_id(self) -> str | None:
        """The id under which a store keeps the answer; None without a store."""
        return self._stream.id if isinstance(self._stream, StoredStream) else None

    @property
    def status(self) -> int:
        """200; from `follow`, 404 if there is no such answer, and 204 if nothing is left to send;
        with `frames="ui"`, 204 in both cases.

        Looks the answer up in its store, which may block: in an async view, call this on a thread.
        """
        if self._stream is None:
            return 204
        is_asking = self._stream.source is not None
        return 200 if is_asking or isinstance(self._stream, AnswerStream) else self._stream.begin()

    def _named(self, origin: str | None) -> dict[str, str]:
        """Where the answer is, if a store keeps it (RFC 9110, section 8.7)."""
        if not isinstance(self._stream, StoredStream):
            return {}
        named = {"X-Answer-Id": self._stream.id}
        if self._address is not None:
            named["Content-Location"] = self._address
        if "Access-Control-Allow-Origin" in self._cors.headers(origin):
            named["Access-Control-Expose-Headers"] = "X-Answer-Id, Content-Location"
        return named

    def begin(self, method: str, last_event_id: str | None) -> None:
        """Looks up an answer in a store. To be called before `head`, on a thread that may block."""
        if isinstance(self._stream, StoredStream) and _looks_up(self._stream, method):
            self._stream.begin(last_event_id)

    async def begin_task(self, method: str, last_event_id: str | None) -> None:
        """As `begin`, in a task."""
        if isinstance(self._stream, StoredStream) and _looks_up(self._stream, method):
            await self._stream.begin_task(last_event_id)

    def head(self, method: str, origin: str | None, asked: str | None) -> Head:
        """For a request; `asked` is its `Access-Control-Request-Headers`."""
        if method == "OPTIONS" or self._stream is None:
            return Head(204, "No Content", self._cors.preflight(origin, asked), False)
        headers = self.headers_for(origin)
        status = 200
        if isinstance(self._stream, StoredStream):
            status = self._stream.status or 200
            self._stream.is_told_by_status = True
            if status >= 400:
                headers["Content-Type"] = "text/plain; charset=utf-8"
                headers["Content-Length"] = str(len(self._stream.instead()))
        return Head(status, _REASONS[status], headers, method != "HEAD" and status != 204)

    def __call__(self, *args: Any) -> Any:
        """`(environ, start_response)`: WSGI (PEP 3333). `(scope, receive, send)`: ASGI 3."""
        if len(args) == 2:
            return send_by_wsgi(self, *args)
        if len(args) == 3:
            return send_by_asgi(self, *args)
        raise TypeError(
            "a RelayResponse is called with (environ, start_response) by WSGI "
            "or with (scope, receive, send) by ASGI"
        )

    def __iter__(self) -> Iterator[bytes]:
        return self._stream_once().chunks() if self._stream else iter(())

    def __aiter__(self) -> AsyncGenerator[bytes, None]:
        if self._stream is None:
            return _nothing()
        chunks = self._stream_once().achunks()
        if self._send_timeout is None:
            return chunks
        return let_go_after(self._send_timeout, chunks, self._stream.close)

    def events(self) -> EventsOfAnswer:
        """An iterable, also an async one, of the fields `data` (JSON as text), `event`, `id` and
        `retry` (milliseconds) of each frame, for a framework that writes the frames itself.

        Use it instead of iterating the response: an answer is sent once. There are no heartbeats.
        """
        return EventsOfAnswer(self.__iter__, self.__aiter__)

    def close(self) -> None:
        """Closes the request to the service, from any thread. After the end it does nothing.

        An answer that a store keeps goes on: `stop` ends it.
        """
        if self._stream is not None:
            self._stream.close()

    def disconnect(self) -> None:
        """As `close`, if the server says that the browser has left."""
        if self._stream is not None:
            self._stream.disconnect()

    def _stream_once(self) -> AnswerStream | StoredStream:
        assert self._stream is not None
        if self._sent:
            raise RuntimeError("this response was sent already: relay() makes one for each request")
        self._sent = True
        return self._stream


def _looks_up(stream: StoredStream, method: str) -> bool:
    """`HEAD` has the status of `GET`, but must not ask the service."""
    return method != "OPTIONS" and (method != "HEAD" or stream.source is None)


def preflight(cors: str | Sequence[str] = "*") -> RelayResponse:
    """The answer to a browser that asks with `OPTIONS` whether it may ask from another site.

    Raises `TypeError`, `ValueError`.
    """
    return RelayResponse(None, Cors(cors))


async def _nothing() -> AsyncGenerator[bytes, None]:
    nothing: Iterable[bytes] = ()
    for data in nothing:
        yield data
