"""A session for one login: no log gets to see its query.

urllib3 writes each address into its log and its errors, so that a password in one would stand
there. Here the pool sees the address without its query, and the connection adds that.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import BaseAdapter


class LoginSession(requests.Session):
    """`query` is what goes behind the "?" of the address, if anything does."""

    def __init__(self, query: str = "") -> None:
        super().__init__()
        self.query = query

    def get_adapter(self, url: str) -> BaseAdapter:
        """The adapter of the one request; with our transport, one that is used for no other."""
        adapter = super().get_adapter(url)
        if self.query:
            _add_query(adapter, self.query)
        return adapter


# Each of the two has its class from somebody else, a proxy's perhaps, so that it is the objects
# that are changed.


def _add_query(adapter: Any, query: str) -> None:
    find_pool = adapter.get_connection_with_tls_context

    def pool_with_query(*args: Any, **kwargs: Any) -> Any:
        pool = find_pool(*args, **kwargs)
        connection = pool.ConnectionCls
        pool.ConnectionCls = lambda *args, **kwargs: _with_query(connection(*args, **kwargs), query)
        return pool

    adapter.get_connection_with_tls_context = pool_with_query


def _with_query(connection: Any, query: str) -> Any:
    putrequest = connection.putrequest

    def put_with_query(method: str, url: str, *args: Any, **kwargs: Any) -> None:
        putrequest(method, f"{url}?{query}", *args, **kwargs)

    connection.putrequest = put_with_query
    return connection
