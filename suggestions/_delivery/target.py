"""`EventTarget`: something that handlers listen to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..events import Event
from ..signals import BY_NAME
from . import handlers
from .async_handlers import is_async
from .delivery import Delivery
from .dispatch import Dispatcher
from .handler_errors import forget_failures
from .handlers import Abortable, Connection, Cursor, Handler, Way

if TYPE_CHECKING:
    from blinker import Signal


class EventEntries:
    """The entries are events, and handlers are called for each."""

    names: Collection[str] = ()
    signals: Mapping[str, Signal] = BY_NAME

    def __init__(self) -> None:
        self.log: list[Event[Any] | None] = []

    def cursor(self) -> Cursor:
        return Cursor()

    def deliver(self, delivery: Delivery, entry: Event[Any] | None, cursor: Cursor) -> None:
        if entry is not None:
            delivery.call(entry, cursor)

    def forget_failures(self) -> None:
        forget_failures(self.log)


class EventTarget:
    """Something that handlers listen to, like the browser's class of that name (DOM, section 2).

    A handler is called with `(target, event)`, the event by position or by its name, and an
    EventTarget listener with `(event)`. Those of one target run on one thread at a time, in the
    order of their connection. If one is async, the next event waits until its coroutine has ended.
    It does not matter when a handler is connected: it first gets every earlier event of its name.
    The same handler is connected to a name only once.

    `dispatch`: a callable that queues a function for the handlers' thread. Raises `TypeError` if it
    cannot be called.
    """

    __module__ = __name__.rpartition("._")[0]
    _delivery: Delivery  # a source makes its own, with the entries of its log

    def __init__(self, *, dispatch: Dispatcher | None = None) -> None:
        self._delivery = Delivery(self, EventEntries(), dispatch)

    def connect(self, name: str, handler: Handler, *, weak: bool = False) -> Handler:
        """Calls `handler(target, event)` for each event `name`. Returns the handler.

        With `weak`, the handler is disconnected when nothing else refers to it.
        Raises `TypeError` if the name is not a text or the handler cannot be called so.
        """
        handlers.check_name(name)
        self._connect(name, handler, handlers.way_to_call(name, handler), weak=weak)
        return handler

    def disconnect(self, name: str, handler: Handler) -> None:
        """The handler is no longer called for `name`. If it is not connected, nothing happens."""
        self._delivery.disconnect_handler(name, handler)

    def on(self, name: str) -> Callable[[Handler], Handler]:
        """`@target.on("done")` connects the function below it. Raises as `connect` does."""
        handlers.check_name(name)
        return partial(self.connect, name)

    def once(self, name: str, handler: Handler) -> Handler:
        """Like `connect`, for the first event of that name only. Raises as `connect` does."""
        handlers.check_name(name)
        self._connect(name, handler, handlers.way_to_call(name, handler), once=True)
        return handler

    def add_event_listener(
        self,
        type: str,
        listener: Callable[[Event[Any]], object],
        once: bool = False,
        signal: Abortable | None = None,
    ) -> None:
        """Calls `listener(event)` for each event `type`, until `signal.aborted`.

        With `once`, for the first of them only. Raises `TypeError` as `connect` does.
        """
        handlers.check_name(type)
        handlers.check_listener(type, listener)
        with self._delivery.lock:
            for known in self._delivery.known.of(type, listener):
                # A listener whose signal was aborted goes with the next event: it must not block
                # this one.
                if known.signal is not None and known.signal.aborted:
                    self._delivery.disconnect(known)
        self._connect(type, listener, handlers.event_alone, once=once, signal=signal)

    def remove_event_listener(self, type: str, listener: Callable[[Event[Any]], object]) -> None:
        """Undoes `add_event_listener`."""
        self.disconnect(type, listener)

    def dispatch_event(self, event: Event[Any]) -> None:
        """Sends an event of your own to the handlers of its name.

        Raises `TypeError` if it is not an `Event`.
        """
        if not isinstance(event, Event):
            raise TypeError(f"dispatch_event takes an Event, not {type(event).__name__}")
        self._delivery.append(event, here=True)

    def _connect(
        self,
        name: str,
        handler: Handler,
        way: Way,
        *,
        weak: bool = False,
        once: bool = False,
        signal: Abortable | None = None,
    ) -> None:
        delivery = self._delivery
        handlers.warn_of_close_name(name, delivery.entries.names, stacklevel=3)
        is_awaited = is_async(handler)
        if is_awaited:
            delivery.async_calls.check(name)
        refer = handlers.reference_to(handler, weak)
        connection = Connection(name, refer, signal)

        def call(source: Any, event: Event[Any]) -> None:
            handler = refer()
            is_aborted = signal is not None and signal.aborted
            if once or is_aborted or handler is None:
                delivery.disconnect(connection)
            if handler is None or is_aborted:
                return
            if is_awaited:
                delivery.async_calls.add(connection, event, handler, way)
            else:
                way(handler, source, event)

        is_plain = not (weak or once or signal or is_awaited) and way is handlers.by_position
        connection.call = handler if is_plain else call
        delivery.connect(connection, handler)
