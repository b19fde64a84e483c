"""A session for one login: it follows no redirect, and no log gets to see its query.

urllib3 writes each address into its log and its errors, so that a password in one would stand
there. Here the pool sees the address without its query, and the connection adds that.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection


class LoginSession(requests.Session):
    """`query` is what goes behind the "?" of the address, if anything does."""

    def __init__(self, query: str = "") -> None:
        super().__init__()
        if query:
            for scheme in ("http://", "https://"):
                self.mount(scheme, _QueryAdapter(query))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: another host is not to be told the password."""


class _QueryAdapter(HTTPAdapter):
    def __init__(self, query: str) -> None:
        super().__init__()
        self._query = query

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        ours = _OURS.get(pool.ConnectionCls)
        if ours is not None:
            pool.ConnectionCls = partial(ours, self._query)
        return pool


class _WithQuery:
    def __init__(self, query: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._query = query

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        super().putrequest(method, f"{url}?{self._query}", *args, **kwargs)  # type: ignore[misc]


class _HTTPConnection(_WithQuery, HTTPConnection):
    pass


class _HTTPSConnection(_WithQuery, HTTPSConnection):
    pass


_OURS: dict[type, type] = {HTTPConnection: _HTTPConnection, HTTPSConnection: _HTTPSConnection}
