"""Handlers as they are connected: who is called for which name, and how."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Collection
from inspect import BoundArguments, Signature, signature
from typing import Any, Protocol


class Abortable(Protocol):
    """What `add_event_listener(signal=...)` takes: anything that says if it was aborted."""

    @property
    def aborted(self) -> bool: ...


_ELSEWHERE = {
    **dict.fromkeys(("token", "delta", "text", "content", "data"), "chunk"),
    **dict.fromkeys(("complete", "completed", "finish", "finished", "success"), "done"),
    **dict.fromkeys(("close", "closed", "stop", "stopped", "cancel", "cancelled"), "abort"),
    "end": "done",  # of a conversation
}
"""Names of such events in other libraries."""
_CLOSE = 0.85  # of difflib's ratio: "sugestion" and "chunks" are, "new-message" is not

Handler = Callable[..., object]
Way = Callable[[Handler, Any, Any], Any]
"""How a handler is called with the source and the event: one of the three functions below."""


def by_position(handler: Handler, source: Any, event: Any) -> Any:
    return handler(source, event)


def by_name(handler: Handler, source: Any, event: Any) -> Any:
    return handler(source, event=event)


def event_alone(handler: Handler, _source: Any, event: Any) -> Any:
    return handler(event)


class Connection:
    """A handler that is connected to a name.

    `call(source, event)` calls it; `is_active` is False once it is disconnected. `handler` is what
    the user connected: None if it was connected weakly and is gone. `cursor` is the one that has
    it, `key` what `Connections` knows it by.
    """

    __slots__ = ("_refer", "call", "cursor", "is_active", "key", "name", "signal")

    def __init__(
        self, name: str, refer: Callable[[], Handler | None], signal: Abortable | None = None
    ) -> None:
        self.name = name
        self.signal = signal
        self.is_active = True
        self.call: Callable[[Any, Any], object]
        self.cursor: Cursor | None = None
        self.key: tuple[str, int] = name, 0
        self._refer = refer

    @property
    def handler(self) -> Handler | None:
        return self._refer()

    def is_for(self, name: str, handler: Handler) -> bool:
        connected = self.handler
        return self.name == name and (connected is handler or connected == handler)


def watching(name: str, handler: Handler) -> Connection:
    """A receiver of one of the signals that watch every source, called as blinker does."""
    connection = Connection(name, lambda: handler)
    connection.call = lambda source, event: handler(source, event=event)
    return connection


Receivers = dict[str, dict[Connection, None]]
"""By name, the connections in the order in which they were made."""


class Cursor:
    """A position in the log, and the handlers that were called for all entries before it.

    A thread that changes the handlers holds the delivery's lock.
    """

    __slots__ = ("has_begun", "position", "receivers")

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self.has_begun = False
        """An entry was delivered to its handlers: no other can join them."""
        self.receivers: Receivers = {}

    def add(self, connection: Connection) -> None:
        self.receivers.setdefault(connection.name, {})[connection] = None
        connection.cursor = self

    def remove(self, connection: Connection) -> None:
        named = self.receivers[connection.name]
        del named[connection]
        if not named:
            del self.receivers[connection.name]
        connection.cursor = None

    def remove_all(self) -> list[Connection]:
        """What still refers to the cursor keeps no handler alive. Returns those that it had."""
        removed = [connection for named in self.receivers.values() for connection in named]
        self.receivers = {}
        for connection in removed:
            connection.cursor = None
        return removed


def reference_to(handler: Handler, weak: bool) -> Callable[[], Handler | None]:
    """Returns the handler, or None once it is gone."""
    if not weak:
        return lambda: handler
    return weakref.WeakMethod(handler) if hasattr(handler, "__self__") else weakref.ref(handler)


def check_name(name: object) -> None:
    """Raises `TypeError` if it is not the name of an event."""
    if not isinstance(name, str) or not name:
        raise TypeError(f"the name of an event must be a text, not {name!r}")


def warn_of_close_name(name: str, names: Collection[str], *, stacklevel: int) -> None:
    """Warns if `name` is none of `names`, the ones that are sent, but is close to one of them."""
    if names and name not in names:
        from difflib import get_close_matches

        meant = _ELSEWHERE.get(name.lower())
        closest = get_close_matches(name.lower(), names, 1, _CLOSE)
        for close in [meant] if meant in names else closest:
            warnings.warn(
                f"a handler is connected to {name!r}, an event that the library does not send: "
                f"did you mean {close!r}?",
                stacklevel=stacklevel + 1,
            )


def way_to_call(name: str, handler: object) -> Way:
    """How a handler is called with the source and the event.

    It gets the event by the name `event`, as blinker's receivers do, or else as its second
    argument. Raises `TypeError` if it takes neither.
    """
    takes = _signature_of(f"the handler of {name!r}", handler)
    if takes is None:
        return by_position
    positional, named = _bound(takes, None, None), _bound(takes, None, event=None)
    if positional and (named is None or named.arguments == positional.arguments):
        return by_position  # which is the faster, if both mean the same
    if named is not None:
        return by_name
    raise TypeError(
        f"the handler of {name!r} is called with (source, event), and {handler!r} takes {takes}; "
        "a function of the event alone is for add_event_listener()"
    )


def check_listener(name: str, listener: object) -> None:
    """Raises `TypeError` if it cannot be called with the event alone."""
    takes = _signature_of(f"the listener of {name!r}", listener)
    if takes is not None and _bound(takes, None) is None:
        raise TypeError(
            f"the listener of {name!r} is called with (event), and {listener!r} takes {takes}; "
            "a function of the source and the event is for connect()"
        )


def _signature_of(what: str, handler: object) -> Signature | None:
    if not callable(handler):
        raise TypeError(f"{what} must be callable, not {handler!r}")
    try:
        return signature(handler)
    except ValueError:
        return None  # some builtin functions have none, and only a call can show what they take


def _bound(takes: Signature, *args: object, **kwargs: object) -> BoundArguments | None:
    try:
        return takes.bind(*args, **kwargs)
    except TypeError:
        return None
