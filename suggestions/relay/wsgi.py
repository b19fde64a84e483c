"""The face that a WSGI server sees (PEP 3333)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from suggestions.relay.response import RelayResponse


def respond(
    response: RelayResponse, environ: Mapping[str, Any], start_response: Callable[..., object]
) -> Iterable[bytes]:
    """The body, whose `close()` the server calls when the browser has left.

    It finds that out when it writes, so at the next heartbeat at the latest.
    """
    head = response.head(
        environ["REQUEST_METHOD"],
        environ.get("HTTP_ORIGIN"),
        environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
    )
    start_response(f"{head.status} {head.reason}", list(head.headers.items()))
    # A generator: its close() ends the request to the service, and one that nobody has begun to
    # iterate has sent none.
    return iter(response) if head.has_body else ()
