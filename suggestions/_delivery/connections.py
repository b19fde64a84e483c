"""Finds the connections of a handler among thousands, without a look at each of them."""

from __future__ import annotations

from collections.abc import Iterator

from .handlers import Connection, Handler

_SOONEST = 16


class Connections:
    """All connections of one target. A thread that uses it holds the delivery's lock."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], list[Connection]] = {}
        self._count = 0
        self._until_sweep = _SOONEST

    def of(self, name: str, handler: Handler) -> list[Connection]:
        """Those that a handler has for a name."""
        known = self._known.get((name, _hash_of(handler)), ())
        return [connection for connection in known if connection.is_for(name, handler)]

    def add(self, connection: Connection, handler: Handler) -> None:
        connection.key = connection.name, _hash_of(handler)
        self._known.setdefault(connection.key, []).append(connection)
        self._count += 1
        self._until_sweep -= 1

    def remove(self, connection: Connection) -> None:
        """If it is not known, nothing happens."""
        known = self._known.get(connection.key, [])
        if connection in known:
            known.remove(connection)
            self._count -= 1
            if not known:
                del self._known[connection.key]

    def clear(self) -> None:
        self._known.clear()
        self._count = 0

    def lost(self) -> Iterator[Connection]:
        """The weak ones that have lost their handler. None if it has looked lately, so that
        thousands of handlers take no more time each."""
        if self._until_sweep > 0:
            return
        self._until_sweep = max(_SOONEST, self._count)
        for known in list(self._known.values()):
            for connection in tuple(known):
                if connection.handler is None:
                    yield connection


def _hash_of(handler: Handler) -> int:
    try:
        return hash(handler)
    except TypeError:  # those without a hash are compared one by one
        return 0
