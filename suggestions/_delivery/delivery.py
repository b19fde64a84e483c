"""Delivering: a log of what happened, cursors that say how far the handlers are, and one loop.

Any thread appends entries to the log. Handlers that were called for all of it so far share one
cursor; a handler that is connected late has a cursor of its own until it has caught up.

Two threads that call handlers at once would mix up the order of events, and a lock that is held
while a handler runs is a deadlock as soon as the handler waits for a thread that appends. So one
thread at a time has the baton. A thread that reads or appends does not wait for it: if it is taken,
that thread goes on, and the holder, after giving it back, looks for entries once more.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .._util.arguments import check_dispatch
from .._util.elapsed import monotonic
from .._util.waiting import Waiters
from ..events import Event, HandlerFailure
from ..signals import WATCHED, is_watched
from .async_handlers import AsyncCalls
from .connections import Connections
from .dispatch import Dispatcher, Host, OwnThread
from .handler_errors import HandlerErrors
from .handler_errors import logger as logger
from .handlers import Connection, Handler, watching

if TYPE_CHECKING:
    from blinker import Signal

NOTHING: frozenset[str] = frozenset()


class Entries(Protocol):
    """What the entries of a log are, and how handlers are called for them.

    `log` is a list of entries, or counts like one. `signals` call those that watch all sources
    of this kind, by the name of the event. `names` are all that it sends: none if they are not
    known, because a server or the program chooses them.
    """

    log: Any
    names: Collection[str]
    signals: Mapping[str, Signal]

    def cursor(self) -> Any:
        """A `Cursor` for a handler that is connected now, at the first entry that it gets."""

    def deliver(self, delivery: Delivery, entry: Any, cursor: Any) -> None:
        """Calls the cursor's handlers, by `delivery.call`, for the entry before its position.

        None is no entry: what was held back from these handlers is due.
        """

    def forget_failures(self) -> None:
        """Makes None of each `handler_error` in the log."""


class Delivery:
    """Delivers the entries of one log to the handlers of one target.

    `on_gone()` is called when the host's loop is over, before everything is dropped.
    Raises `TypeError` if `dispatch` cannot be called.
    """

    def __init__(
        self,
        target: Any,
        entries: Entries,
        dispatch: Dispatcher | None = None,
        on_gone: Callable[[], object] = lambda: None,
    ) -> None:
        self.target = target
        self.entries = entries
        self.log = entries.log
        self.lock = threading.RLock()
        self.live = entries.cursor()
        self.late: list[Any] = []
        """The cursors of handlers that still get what had come before they were connected."""
        self.known = Connections()
        self.audible: frozenset[str] | None = None
        """The names that handlers may still be called for; None for all."""
        self.claimed: Any = None
        """An event whose handlers are all called, even if the target is closed meanwhile."""
        self.is_over = False
        """The target itself sends nothing more."""
        self.is_host_gone = False
        self.end_waiters = Waiters()
        """Threads and tasks that wait until the target is over and all handlers have run."""
        self.host: Host | None = None
        self.reader: int | None = None
        """The thread that reads and delivers at once, if no host runs the handlers."""
        self.is_fed_by_loop = False
        """A loop takes a step of reading. After it, the loop delivers what the step brought."""
        self.is_due = False
        """After that step, something is to be delivered even if no handler is connected."""
        self.nests = False
        """Handlers are also called in a loop of the host that a handler itself runs."""
        self._own_thread = OwnThread(self)
        self._runner: Host | OwnThread = self._own_thread
        self.handler_errors = HandlerErrors(self._send_failure)
        self.async_calls = AsyncCalls(
            self.may_call, self.handler_errors.report, self.wake, lambda: self.lock
        )
        self._on_gone = on_gone
        self._after_all: Callable[[], object] | None = None
        self._baton = threading.Lock()
        self._holder: int | None = None
        self._escaped: BaseException | None = None  # from a handler, for the host or the caller
        self._forgotten: set[str] = set()  # the names of handlers that were forgotten
        if dispatch is not None:
            self.run_on(dispatch)

    def run_on(self, dispatch: Dispatcher) -> Host:
        """Handlers run there from now on. To be called before anything happens. Raises `TypeError`
        if it cannot be called."""
        check_dispatch(dispatch)
        self._runner = self.host = host = Host(self, dispatch)
        self.async_calls.spawn = host.spawn
        return host

    # Listening

    def connect(self, connection: Connection, handler: Handler) -> None:
        """Adds a connection for `handler`, unless it has one for that name."""
        if sys.is_finalizing():
            return  # a thread that will never go on may hold the lock
        with self.lock:
            if self.known.of(connection.name, handler):
                return
            for lost in self.known.lost():
                self.disconnect(lost)
            self.known.add(connection, handler)
            is_late = bool(self.log)
            (self._late_cursor() if is_late else self.live).add(connection)
        if is_late:
            self.wake(late=True)

    def _late_cursor(self) -> Any:
        """Handlers that are connected one after the other, before any is called, share it."""
        cursor = self.entries.cursor()
        if self.late and not self.late[-1].has_begun and self.late[-1].position == cursor.position:
            return self.late[-1]
        self.late.append(cursor)
        return cursor

    def disconnect_handler(self, name: str, handler: Handler) -> None:
        """No call of that handler for that name begins any more."""
        with self.lock:
            for connection in self.known.of(name, handler):
                self.disconnect(connection)
            if self.async_calls.pending:
                self.async_calls.drop(lambda connection: connection.is_for(name, handler))

    def disconnect(self, connection: Connection) -> None:
        """No call of its handler begins any more."""
        with self.lock:
            connection.is_active = False
            self.known.remove(connection)
            cursor = connection.cursor
            if cursor is not None:
                cursor.remove(connection)
                if not (cursor.receivers or cursor is self.live):
                    self._leave_late(cursor)

    def _leave_late(self, cursor: Any) -> bool:
        """Returns False if it is not late, or was left without handlers meanwhile."""
        is_late = cursor in self.late
        # A new list for each change: the loop may be looking at the old one.
        self.late = [each for each in self.late if each is not cursor]
        return is_late

    def has_handler(self, *names: str) -> bool:
        """Whether a handler of one of these names, or of its signal, is connected, or was connected
        until all handlers were forgotten."""
        signals, receivers = self.entries.signals, self.live.receivers
        return any(
            name in self._forgotten
            or (name in signals and signals[name].receivers)
            or any(each.handler is not None for each in tuple(receivers.get(name, ())))
            for name in names
        )

    def has_listeners(self) -> bool:
        """Whether any handler may be called for what comes next."""
        is_any_watched = WATCHED and is_watched(self.entries.signals)
        return bool(self.live.receivers or self.late or is_any_watched)

    # What happens

    def append(self, entry: Any, *, here: bool = False) -> None:
        """Adds an entry to the log, and wakes the thread that delivers it. Drops it if no handler
        may be called: a stream that is opened again begins with what comes then."""
        with self.lock:
            if self.audible is NOTHING:
                return
            self.log.append(entry)
        self.wake(here=here)

    def wake(self, *, here: bool = False, late: bool = False) -> None:
        """Has the log delivered: with `here` on this thread, with `late` to late handlers too."""
        if threading.get_ident() == self.reader and not late:
            # This thread has to go on reading: late handlers get a thread of their own.
            self.drain(live_only=True)
        elif self.is_fed_by_loop:
            self.is_due = True
        else:
            self._runner.wake(here=here, late=late)

    def call_after_all(self, fn: Callable[[], object]) -> None:
        """Calls `fn()` on the handlers' thread, once all but late ones have got everything."""
        self._after_all = fn

    def may_call(self, name: str) -> bool:
        """Whether handlers of that name may still be called."""
        return self.audible is None or name in self.audible

    def is_settled(self) -> bool:
        """Whether the target is over and every handler has run."""
        is_idle = not (self.async_calls.pending or self._baton.locked())
        return self.is_over and is_idle and not self._has_work()

    def is_delivering_here(self) -> bool:
        """Whether the caller is a handler of this target, or is called by one."""
        return self._holder == threading.get_ident()

    # Delivering

    def drain(
        self, deadline: float | None = None, *, wait: bool = False, live_only: bool = False
    ) -> bool:
        """Delivers the entries that are due, if it gets the baton, for which it waits with `wait`.

        `live_only` leaves late handlers to another thread. Returns True if `deadline` came first.
        """
        log, live, deliver = self.log, self.live, self.entries.deliver
        pending, out_of_time = self.async_calls.pending, False
        baton, is_nested = self._baton, self.nests and self.is_delivering_here()
        try:
            while not pending and (is_nested or (baton := self._baton).acquire(blocking=wait)):
                self._holder = threading.get_ident()
                try:
                    while not (pending or out_of_time) and self._escaped is None:
                        # Live handlers come first, so that a program that keeps connecting others
                        # does not delay them.
                        position = live.position
                        if position < len(log) and self.audible is not NOTHING:
                            live.position = position + 1
                            deliver(self, log[position], live)
                        elif self._after_all is not None:
                            after_all, self._after_all = self._after_all, None
                            after_all()
                        elif (late := self.late) and not (live_only or self.audible is NOTHING):
                            self._catch_up(late[0])
                        else:
                            break
                        out_of_time = deadline is not None and monotonic() > deadline
                    if self._escaped is not None:
                        self._raise_escaped()
                finally:
                    if not is_nested:
                        self._holder = None
                        baton.release()  # in a child that a handler forked, `_baton` is new
                # A thread that did not get the baton meanwhile relies on this one.
                is_idle = live.position == len(log) and not (self._after_all or self.late)
                if is_idle or out_of_time or not self._has_work(live_only):
                    break
        finally:
            if self.is_over:
                self.end_waiters.wake()
        if self.is_over and not (out_of_time or pending or self._has_work()):
            self._release_host()
        return out_of_time

    def _has_work(self, live_only: bool = False) -> bool:
        """Whether there is something to deliver."""
        if self._after_all is not None:
            return True
        if self.audible is NOTHING:
            return False
        return self.live.position < len(self.log) or (not live_only and bool(self.late))

    def _catch_up(self, cursor: Any) -> None:
        """Delivers one entry to late handlers, or makes them live if they have caught up."""
        with self.lock:
            cursor.has_begun, position = True, cursor.position
            if is_behind := position < self.live.position:
                cursor.position = position + 1
        if is_behind:
            self.entries.deliver(self, self.log[position], cursor)
            return
        if cursor.receivers:
            self.entries.deliver(self, None, cursor)
        with self.lock:
            if self._leave_late(cursor):
                for connection in cursor.remove_all():
                    self.live.add(connection)

    def call(self, event: Event[Any], cursor: Any, name: str = "") -> None:
        """Calls the cursor's handlers of the event's name, or of the given one."""
        name = name or event.type
        event.target = target = self.target
        # A copy: what they are called for may connect and disconnect handlers.
        connections: tuple[Connection, ...] = tuple(cursor.receivers.get(name, ()))
        if name in WATCHED and cursor is self.live:
            connections = (*connections, *self._watchers(name))
        connection: Connection | None = None
        try:
            for connection in connections:
                audible = self.audible
                if audible is not None and name not in audible and event is not self.claimed:
                    return
                if connection.is_active:
                    try:
                        connection.call(target, event)
                    except BaseException as exception:
                        self._handle(event, connection, exception)
        finally:
            # A program may keep the exception of a handler, as loggers do. Its traceback keeps this
            # frame, and that would keep all handlers of the name, with the windows that they know.
            connections, connection = (), None

    def _watchers(self, name: str) -> list[Connection]:
        signal = self.entries.signals.get(name)
        return [watching(name, h) for h in signal.receivers_for(self.target)] if signal else []

    # What handlers raise

    def _handle(self, event: Event[Any], connection: Connection, exception: BaseException) -> None:
        if self._runner.catches(exception):
            self.handler_errors.report(event, connection.handler or connection.call, exception)
        elif self._escaped is None:
            self._escaped = exception  # raised once the other handlers were called

    def _send_failure(self, event: Event[HandlerFailure]) -> None:
        # A report that no handler may get any more would only keep the failed handler alive.
        if not self.is_over and self.may_call("handler_error"):
            with self.lock:
                self.log.append(event)

    def _raise_escaped(self) -> None:
        escaped, self._escaped = self._escaped, None
        assert escaped is not None
        try:
            raise escaped
        finally:
            escaped = None  # its traceback has this frame: see `call`

    # At the end

    def _release_host(self) -> None:
        """All is over and delivered. If a host runs the handlers, this drops them, on its thread:
        a handler may hold the last reference to a widget, which no other thread may free."""
        if self.host is not None:
            self.host.unwatch_end()
            with self.lock:
                if not self._has_work():
                    self._forget_handlers()

    def _forget_handlers(self) -> None:
        self._forgotten |= {name for name in self.live.receivers if self.has_handler(name)}
        self.live.remove_all()
        self._forget_late()
        self.known.clear()
        self.handler_errors.forget()
        self.entries.forget_failures()

    def host_gone(self, *, forget: bool = True) -> None:
        """The host's loop is over: closes the target, and drops what it can deliver no more."""
        self.is_host_gone = True
        with self.lock:
            if forget:
                self._forget_handlers()
        self._on_gone()
        self._drop_all()
        self.end_waiters.wake()

    def in_child(self) -> None:
        """After a fork, in the child: drops everything, because the parent delivers it."""
        self.lock = threading.RLock()
        self._baton = threading.Lock()
        self._own_thread.in_child()
        self._drop_all()

    def _drop_all(self) -> None:
        with self.lock:
            self.audible = NOTHING
            self._after_all = None
            self.live.position = len(self.log)
            self._forget_late()
            self.async_calls.pending.clear()

    def _forget_late(self) -> None:
        for cursor in self.late:
            for connection in cursor.remove_all():
                self.known.remove(connection)
        self.late = []
