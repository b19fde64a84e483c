"""What is wrong with a request, and the response that says so: bad input is the caller's fault."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from .._util.one_line import printable
from .servers import Head, send_by_asgi, send_by_wsgi

_LONGEST = 500  # characters: the sentence may quote a word of the request


class BadRequest(TypeError, ValueError):
    """What came from the browser cannot be asked: `str(error)` is a sentence for its program.

    `json_object`, `build_messages` and `relay` raise it for the body, the prompt, the history, the
    messages and the `id`, and for nothing else: a mistake in another argument is the program's own,
    and is another `TypeError` or `ValueError`.
    """

    __module__ = __name__.rpartition(".")[0]


def json_object(body: str | bytes) -> dict[str, Any]:
    """The fields of a request whose body is a JSON object (RFC 8259). Raises `BadRequest`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the body of the request is no JSON: expected a JSON object") from None
    if not isinstance(value, dict):
        raise BadRequest("the body of the request must be a JSON object")
    return value


class _Refusal:
    """A WSGI and an ASGI application that answers with status 400."""

    def __init__(self, sentence: str) -> None:
        self._body = json.dumps({"error": printable(sentence)[:_LONGEST]}).encode()

    def __call__(self, *args: Any) -> Any:
        return send_by_wsgi(self, *args) if len(args) == 2 else send_by_asgi(self, *args)

    def begin(self, method: str, last_event_id: str | None) -> None:
        """There is nothing to look up."""

    async def begin_task(self, method: str, last_event_id: str | None) -> None:
        """There is nothing to look up."""

    def head(self, method: str, origin: str | None, asked: str | None) -> Head:
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(self._body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Head(400, "Bad Request", headers, method != "HEAD")

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        yield self._body

    def disconnect(self) -> None:
        """There is nothing to close."""

    def close(self) -> None:
        """There is nothing to close."""


def bad_request(*args: Any) -> Any:
    """`{"error": sentence}` with status 400: a WSGI and an ASGI application.

    It is a handler of errors as it is: Flask calls it with the error, Starlette and FastAPI with
    the request and the error. Raises `TypeError` for anything but a `BadRequest`.
    """
    error = args[-1] if args else None
    if not isinstance(error, BadRequest):
        raise TypeError(f"bad_request takes a BadRequest, not {type(error).__name__}")
    return _Refusal(str(error))
