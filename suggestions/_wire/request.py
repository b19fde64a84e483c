"""The request of a stream, and its check, which raises at the call and names the argument."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._util.arguments import check_headers, check_json, check_url
from .._util.secret import Secret, reveal

_WITHOUT_BODY = ("GET", "HEAD")
# The cache mode of an EventSource is "no-store" (WHATWG HTML, section 9.2.2), for which a browser
# sends this header (WHATWG Fetch, section 4.6).
_NO_CACHE = {"Cache-Control": "no-cache"}


class StreamRequest(NamedTuple):
    """What each connection sends, without the token and the last event's id."""

    method: str
    url: str
    headers: Mapping[str, Any]
    body: Secret[bytes] | None

    def headers_with(self, last_event_id: str, token: Secret[str] | None) -> dict[str, Any]:
        headers = dict(self.headers)
        if last_event_id:
            # The standard wants UTF-8 (WHATWG HTML, section 9.2.4) and http.client writes Latin-1:
            # this makes the bytes right. Blanks at the start are not part of a header's value.
            headers["Last-Event-ID"] = last_event_id.encode().decode("latin-1").lstrip()
        if token is not None:
            headers["Authorization"] = Secret(f"Bearer {token()}")
        return headers


def check_request(
    url: object, method: object, headers: object, body: Secret[Any], session: object = None
) -> StreamRequest:
    """Raises `TypeError`, `ValueError`."""
    if not isinstance(method, str):
        raise TypeError(f"method must be a str, not {type(method).__name__}")
    if not (method.isascii() and method.isalpha()):
        raise ValueError(f"method must be letters alone, such as GET or POST, not {method!r}")
    method = method.upper()
    if body() is not None and method in _WITHOUT_BODY:
        raise ValueError(f'body cannot go with {method}: expected method="POST"')
    checked = check_headers(headers)
    names = set(map(str.lower, checked))
    if "last-event-id" in names:
        raise ValueError("headers has a Last-Event-ID: pass last_event_id instead")
    if not isinstance(body(), (bytes, str, type(None))):
        check_json("body", body)
        body = Secret(json.dumps(body(), default=reveal))
        if "content-type" not in names:
            checked["Content-Type"] = "application/json"
    if isinstance(body(), str):
        body = Secret(body().encode())
    if "cache-control" not in names:
        checked = {**_NO_CACHE, **checked}
    url = check_url(url, session)
    return StreamRequest(method, url, checked, None if body() is None else body)
