"""The adapters of a session, each with one in its place for one request.

A plain adapter is replaced: all that it does is done over connections of ours. An adapter of the
user's own does its own work, over its own connections: these are only noted, so that `close()`
ends one before the headers, and so that it is known whether it was ever made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from requests import PreparedRequest
from requests.adapters import BaseAdapter, HTTPAdapter

from .connection import ConnectionState, cancellable

_OF_THE_POOL = ("maxsize", "block")


def for_one_request(
    adapters: Mapping[str, BaseAdapter], state: ConnectionState
) -> dict[str, BaseAdapter]:
    """What to mount instead of `adapters`, by the same prefixes."""
    made: dict[int, BaseAdapter] = {}
    for adapter in adapters.values():
        if id(adapter) not in made:
            made[id(adapter)] = _for_one_request(adapter, state)
    return {prefix: made[id(adapter)] for prefix, adapter in adapters.items()}


def _for_one_request(adapter: BaseAdapter, state: ConnectionState) -> BaseAdapter:
    if type(adapter) is HTTPAdapter:
        return CancellableAdapter(state, adapter)
    return _noting(adapter, state) if isinstance(adapter, HTTPAdapter) else adapter


class CancellableAdapter(HTTPAdapter):
    """Takes the place, for one request, of the plain adapter of a session, with its settings."""

    def __init__(self, state: ConnectionState, plain: HTTPAdapter) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=plain.max_retries)
        self.config = plain.config
        # Such as an `ssl_context`. Each request has a connection of its own, and so a pool of one.
        settings = plain.poolmanager.connection_pool_kw
        self.poolmanager.connection_pool_kw.update(
            {name: value for name, value in settings.items() if name not in _OF_THE_POOL}
        )
        self._state = state

    def send(self, *args: Any, **kwargs: Any) -> Any:
        # Without retries, which is the default, `total` is 0 or False.
        self._state.urllib3_retries = self.max_retries.total is None or self.max_retries.total > 0
        return super().send(*args, **kwargs)

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        return self._with_our_connections(
            super().get_connection_with_tls_context(request, verify, proxies, cert)
        )

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        """What requests calls instead before 2.32, which programs may bring along."""
        return self._with_our_connections(super().get_connection(url, proxies))

    def _with_our_connections(self, pool: Any) -> Any:
        ours = cancellable(pool.ConnectionCls, self._state)
        if ours is None:  # such as those for a SOCKS proxy, which connect in their own way
            return _noting_pool(pool, self._state)
        pool.ConnectionCls = ours
        return pool


def _noting(adapter: HTTPAdapter, state: ConnectionState) -> HTTPAdapter:
    """An adapter of the user's own, which notes its connections for one request.

    It shares all attributes with that adapter, of which nothing is changed.
    """
    kind = type(adapter)

    def get_connection_with_tls_context(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _noting_pool(kind.get_connection_with_tls_context(self, *args, **kwargs), state)

    def get_connection(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _noting_pool(kind.get_connection(self, *args, **kwargs), state)

    noting: HTTPAdapter = _sharing(
        adapter,
        get_connection_with_tls_context=get_connection_with_tls_context,
        get_connection=get_connection,
    )
    return noting


def _noting_pool(pool: Any, state: ConnectionState) -> Any:
    """A pool that shares its connections with the given one, and notes which of them it takes."""
    kind = type(pool)

    def take(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = kind._get_conn(self, *args, **kwargs)
        # Stand-ins, such as those of VCR.py, may pass on to another object what is set on them.
        setter: Any = type(connection).__setattr__
        if setter is object.__setattr__:
            _note(connection, state)
        return connection

    def give_back(self: Any, connection: Any) -> None:
        if connection is not None:
            vars(connection).pop("connect", None)
        kind._put_conn(self, connection)

    return _sharing(pool, _get_conn=take, _put_conn=give_back)


def _note(connection: Any, state: ConnectionState) -> None:
    def connected() -> None:
        state.connected = True
        state.cancellation.add_borrowed(connection.sock)
        state.deadlines.sent()

    def connect() -> None:
        del connection.connect
        state.cancellation.check()
        connection.connect()
        connected()

    state.attempted = True
    if getattr(connection, "sock", None) is None:
        connection.connect = connect
    else:
        connected()


def _sharing(original: Any, **methods: Any) -> Any:
    """An object of the same class but for these methods, with the very same attributes."""
    kind = type(original)
    try:
        copy: Any = object.__new__(type(kind.__name__, (kind,), methods))
        copy.__dict__ = original.__dict__
    except (AttributeError, TypeError):  # a class that cannot be derived from, or has slots
        return original
    return copy
