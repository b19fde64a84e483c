"""One request for a token, over the transport that answers come over."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, cast
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter

from .._util.redaction import redact
from .._util.secret import Secret, revealed
from .._wire.abort import Cancellation
from .._wire.timeouts import Deadlines
from .._wire.transport import Transport
from ..errors import LONGEST_BODY, AuthenticationError, RedirectError, SuggestionsError
from .token import check_token

TIMEOUTS: dict[str, float | None] = {
    "connect": 10.0,
    "first_byte": 30.0,
    "idle": 30.0,
    "total": 60.0,
}
"""Seconds. A question that needs a token waits for the login at most this long."""


def fetch_token(
    url: str,
    field: str,
    *,
    query: Mapping[str, Any] = {},
    headers: Mapping[str, Any] = {},
    body: Secret[bytes] | None = None,
    session: requests.Session | None = None,
    secrets: Collection[str | Secret[str]] = (),
) -> Secret[str]:
    """Posts, and returns the text in `field` of the JSON object that comes back.

    Pass secrets among them as `Secret`s. `query` is sent in the address, but is in no log (see
    `_HidesQuery`); it takes no `session`.

    Raises `SuggestionsError`, which has neither the `secrets` nor anything else that was sent.
    """
    if query:
        session = _HidesQuery(query)
    try:
        answer = _post(url, {"Accept": "application/json", **headers}, body, session)
        token = _token_in(answer, field)
    except SuggestionsError as error:
        redact(error, secrets)
        # The exceptions below it hold the request, with all that is in it.
        error.__cause__ = error.__context__ = None
        raise
    if token is None:
        # The answer is not quoted: it may have the token under another name.
        raise AuthenticationError(
            f"The login was answered without a token: expected JSON with {field!r}. "
            "Is the address right?"
        )
    return token


def _post(
    url: str,
    headers: Mapping[str, Any],
    body: Secret[bytes] | None,
    session: requests.Session | None,
) -> Secret[str]:
    # No redirect is followed: neither another host nor another address of this one may see the
    # password.
    transport = Transport(Deadlines(TIMEOUTS), Cancellation(), session, follow=False)
    try:
        transport.open("POST", url, headers, body)
        status = transport.status
        if status in (301, 302, 303, 307, 308):
            raise RedirectError(_redirected(url, transport.headers.get("Location", "")))
        if not 200 <= status < 300:
            raise transport.refusal()
        return Secret(transport.read_all(LONGEST_BODY).decode("utf-8-sig", "replace"))
    finally:
        transport.close()


def _token_in(answer: Secret[str], field: str) -> Secret[str] | None:
    try:
        token = Secret(json.loads(answer())[field])
        check_token(token)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return token


def _redirected(url: str, location: str) -> str:
    try:
        place = urlsplit(urljoin(url, location))
    except ValueError:
        place = urlsplit("")
    host = place.netloc.rpartition("@")[2]
    return (
        f"{urlsplit(url).hostname} redirects the login, which is not followed with a password. "
        f"If you trust it, use the address {place.scheme}://{host}{place.path} instead."
    )


class _HidesQuery(requests.Session):
    """Sends a query that no log and no error shows.

    urllib3 writes each address into its log and its errors, and a password in the query would be
    there. Here the connection pool sees the address without its query, and the connection adds it.
    The pool's and the connection's classes may be anybody's, such as a proxy's: so the objects are
    changed, and not the classes.
    """

    def __init__(self, query: Mapping[str, Any]) -> None:
        super().__init__()
        self.query = Secret(urlencode(revealed(query)))

    def get_adapter(self, url: str) -> BaseAdapter:
        """The adapter of the one request; the transport uses it for no other."""
        adapter: Any = super().get_adapter(url)
        find_pool = adapter.get_connection_with_tls_context

        def pool_with_query(*args: Any, **kwargs: Any) -> Any:
            pool = find_pool(*args, **kwargs)
            connect = pool.ConnectionCls
            pool.ConnectionCls = lambda *args, **kwargs: self._add_query(connect(*args, **kwargs))
            return pool

        adapter.get_connection_with_tls_context = pool_with_query
        return cast(BaseAdapter, adapter)

    def _add_query(self, connection: Any) -> Any:
        put_request = connection.putrequest

        def put_with_query(method: str, url: str, *args: Any, **kwargs: Any) -> None:
            put_request(method, f"{url}?{self.query()}", *args, **kwargs)

        connection.putrequest = put_with_query
        return connection
