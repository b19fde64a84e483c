"""`EventTarget` over blinker: handlers, the log of what happened, and its delivery.

What happens is appended to a log. Handlers that have heard all of it so far are plain blinker
connections and share one cursor; one that was connected late has a cursor of its own until it
has caught up. Delivering is one loop, and one thread at a time holds the baton for it. No lock is
held while a handler runs.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from blinker import ANY, Signal

from suggestions._delivery.async_handlers import Awaited, is_async
from suggestions._delivery.dispatch import Dispatcher, Inline, Posted
from suggestions._delivery.handlers import (
    Adapter,
    Cursor,
    Handler,
    Late,
    Living,
    OrderedSignal,
    is_aborted,
    is_same,
    original,
    reference_to,
)
from suggestions.events import Event, HandlerFailure, Later
from suggestions.signals import BY_NAME, WATCHED

if TYPE_CHECKING:
    from suggestions._delivery.handlers import Abortable

logger = logging.getLogger("suggestions")

Receivers = dict[str, Iterable[Handler]]


class EventTarget:
    """Something that handlers listen to, like the browser's class of that name (DOM, section 2).

    A handler is called `handler(target, event=event)`, an EventTarget listener
    `listener(event)`; all of one target on one thread at a time, in the order of their
    connection. One that is async has run when what it awaits has come; the next event waits for
    it. It does not matter when one is connected: it first gets every earlier event of its name.
    The same handler is connected to a name only once.

    `dispatch`: a callable that queues a function for the thread the handlers are to run on.
    Raises `TypeError` where it is none.
    """

    def __init__(self, *, dispatch: Dispatcher | None = None) -> None:
        if dispatch is not None and not callable(dispatch):
            raise TypeError(f"dispatch must be callable, not {type(dispatch).__name__}")
        self._lock = threading.RLock()
        self._log: Any = []  # a list, or what counts like one
        self._live: Any = Cursor()
        self._late: list[Late] = []
        self._signals: dict[str, OrderedSignal] = {}
        self._receivers: Receivers = {}
        self._only: frozenset[str] | None = None  # the names that may still be heard
        self._claimed: Event[Any] | None = None  # every handler of it is called, whatever comes
        self._to_conclude = False
        self._over = False  # nothing of the target's own follows
        self._baton = threading.Lock()
        self._holder: int | None = None
        self._escaped: BaseException | None = None  # out of a handler, and meant for the host
        self._delivery: Inline | Posted = (
            Inline(self) if dispatch is None else Posted(self, dispatch)
        )
        self._awaited = Awaited(
            self._delivery.spawn, self._may_hear, self._report, self._go_on_behind_async
        )

    # Listening

    def connect(self, name: str, handler: Handler, *, weak: bool = False) -> Handler:
        """Calls `handler(target, event=event)` for each event `name`. Returns the handler.

        With `weak`, the handler is disconnected when nothing else refers to it.
        Raises `TypeError` where the name is no text or the handler cannot be called here.
        """
        if not isinstance(name, str) or not name:
            raise TypeError(f"the name of an event must be a text, not {name!r}")
        called = self._as_called(name, handler)
        if weak and called is not handler:
            called, weak = self._weakly(name, handler), False  # nobody else knows the adapter
        with self._lock:
            if any(True for _ in self._connected(name, handler)):
                return handler
            is_late = bool(self._log)
            if is_late:
                self._late.append(Late(name, called, weak, self._new_cursor()))
            else:
                self._join(name, called, weak)
        if is_late:
            self._delivery.wake(late=True)
        return handler

    def disconnect(self, name: str, handler: Handler) -> None:
        """No further call of that handler for `name`. Not connected: nothing happens."""
        with self._lock:
            for late in tuple(self._late):
                if late.name == name and is_same(late.handler, handler):
                    late.removed = True
                    self._late.remove(late)
            for connected in self._connected(name, handler):
                self._signals[name].disconnect(connected)
            self._refresh(name)
            self._awaited.drop(name, handler)

    def on(self, name: str) -> Callable[[Handler], Handler]:
        """`@target.on("done")` connects the function below it. Raises as `connect` does."""
        return lambda handler: self.connect(name, handler)

    def once(self, name: str, handler: Handler) -> Handler:
        """Like `connect`, for the first event of that name only. Raises as `connect` does."""
        called = self._as_called(name, handler)

        def call(target: EventTarget, event: Event[Any]) -> None:
            self.disconnect(name, adapter)
            called(target, event=event)

        adapter = Adapter(handler, call)
        self.connect(name, adapter)
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
        if not callable(listener):
            raise TypeError(f"the listener of {type!r} must be callable, not {listener!r}")

        heard = self._as_called_listener(type, listener, signal)

        def call(target: EventTarget, event: Event[Any]) -> None:
            aborted = signal is not None and signal.aborted
            if once or aborted:
                self.disconnect(type, adapter)
            if not aborted:
                heard(target, event=event)

        adapter = Adapter(listener, call, signal)
        with self._lock:
            # One that was aborted would go with the next event, and must not stand for this.
            if any(is_aborted(known) for known in self._connected(type, listener)):
                self.disconnect(type, listener)
        self.connect(type, adapter)

    def remove_event_listener(self, type: str, listener: Callable[[Event[Any]], object]) -> None:
        """Takes back `add_event_listener`."""
        self.disconnect(type, listener)

    def dispatch_event(self, event: Event[Any]) -> None:
        """Sends an event of your own to the handlers of its name.

        Raises `TypeError` where it is no `Event`.
        """
        if not isinstance(event, Event):
            raise TypeError(f"dispatch_event takes an Event, not {type(event).__name__}")
        with self._lock:
            self._log.append(event)
        self._delivery.wake(here=True)

    # Delivering

    def drain(
        self, deadline: float | None = None, *, wait: bool = False, live_only: bool = False
    ) -> bool:
        """Delivers what is owed to whom; called by whoever has news, not by users.

        Whoever finds the baton taken leaves the work to its holder, who looks again after giving
        it back; with `wait`, it waits for the baton. `live_only` leaves those who were connected
        late to another thread. Returns True where it stopped at `deadline` (of
        `time.monotonic()`) with more to do.
        """
        try:
            while (
                not self._awaited.calls
                and self._is_owing(live_only)
                and (baton := self._baton).acquire(blocking=wait)
            ):
                self._holder = threading.get_ident()
                try:
                    out_of_time = self._deliver(deadline, live_only)
                    if self._escaped is not None:
                        self._raise_escaped()
                finally:
                    self._holder = None
                    baton.release()  # in a child that a handler has forked, there is another
                if out_of_time:
                    return True
        finally:
            if self._over:
                self._rest()
        if self._over and not self._awaited.calls and not self._is_owing():
            self._settle()
            self._delivery.let_go(self._let_go)
        return False

    def forsake(self, *, let_go: bool = True) -> None:
        """The host's loop is gone."""

    def _deliver(self, deadline: float | None, live_only: bool) -> bool:
        log, live, awaited = self._log, self._live, self._awaited.calls
        while not awaited and self._escaped is None:
            # Those who have caught up come first: somebody who keeps connecting cannot hold
            # the others up.
            position = live.position
            if position < len(log):
                entry = log[position]  # which is kept only for as long as nobody is beyond it
                live.position = position + 1
                self._tell(entry, live, self._receivers)
                entry = None  # which may be a failure; see _call
            elif self._to_conclude:
                self._to_conclude = False
                self._conclude()
            elif not live_only and (late := self._next_late()):
                self._catch_up(late)
            else:
                return False
            if deadline is not None and monotonic() > deadline:
                return True
        return False

    def _raise_escaped(self) -> None:
        escaped, self._escaped = self._escaped, None
        assert escaped is not None
        try:
            raise escaped
        finally:
            escaped = None  # as in _call

    def _is_owing(self, live_only: bool = False) -> bool:
        """Whether there is something to deliver."""
        return (
            self._live.position < len(self._log)
            or self._to_conclude  # behind an async handler
            or (not live_only and self._next_late() is not None)
        )

    def _next_late(self) -> Late | None:
        """Who is to catch up; nobody while no name may be heard."""
        return None if self._only == frozenset() else next(iter(self._late), None)

    def _settle(self) -> None:
        """Called when every handler has run, also one that was connected late."""

    def _conclude(self) -> None:
        """Called once, after it was wished for, when those who have caught up have heard all."""

    def _catch_up(self, late: Late) -> None:
        """Delivers one entry to a late handler, or makes it one of the others."""
        cursor = late.cursor
        if cursor.position < self._live.position and not late.removed:
            entry = self._log[cursor.position]
            cursor.position += 1
            self._tell(entry, cursor, {late.name: late.receivers()})
            return
        if not late.removed:
            self._flush(cursor, {late.name: late.receivers()})
        with self._lock:
            if late not in self._late:
                return  # let go of by the handler that was just called
            self._late.remove(late)
            handler = late.handler
            if not late.removed and handler is not None:
                self._join(late.name, handler, late.weak)

    def _flush(self, cursor: Cursor, receivers: Receivers) -> None:
        """Delivers what was held back for those with this cursor."""

    def _new_cursor(self) -> Cursor:
        return Cursor()

    def _tell(self, entry: Any, cursor: Cursor, receivers: Receivers) -> None:
        """Calls whoever of `receivers` listens to what an entry stands for."""
        if type(entry) is not Later:
            self._call(entry, receivers)
        elif entry.type in receivers or entry.type in WATCHED:
            self._call(Event(entry.type, entry.make_detail()), receivers)

    def _call(
        self, event: Event[Any], receivers: Receivers, connected_to: str | None = None
    ) -> None:
        """Calls those of `receivers` that are connected to the event's name, or to another."""
        name = connected_to or event.type
        event.target = self
        called = receivers.get(name, ())
        live = receivers is self._receivers
        handler: Handler | None
        try:
            for handler in called:
                if self._only is not None and name not in self._only and event is not self._claimed:
                    return
                if (
                    live
                    and self._receivers.get(name) is not called
                    and not self._is_on(name, handler)
                ):
                    continue  # disconnected by a handler before it
                try:
                    handler(self, event=event)
                except BaseException as exception:
                    self._survive(event, handler, exception)
        finally:
            # An exception that is kept keeps this frame, which must keep no handler.
            called, handler = (), None
        if live and name in WATCHED:
            self._call_watchers(BY_NAME[name], event)

    def _call_watchers(self, signal: Signal, event: Event[Any]) -> None:
        handler: Handler | None
        try:
            for handler in list(signal.receivers_for(self)):
                if self._only is not None and event.type not in self._only:
                    return
                try:
                    handler(self, event=event)
                except BaseException as exception:
                    self._survive(event, handler, exception)
        finally:
            handler = None  # as in _call

    def _survive(self, event: Event[Any], handler: Handler, exception: BaseException) -> None:
        """What a handler raises is logged, or goes to the host once all of them were called."""
        if self._delivery.catches(exception):
            self._report(event, handler, exception)
        elif self._escaped is None:
            self._escaped = exception

    def _report(self, event: Event[Any], handler: Handler, exception: BaseException) -> None:
        logger.error("a handler of %r raised", event.type, exc_info=exception)
        # A failing listener of failures would have no end.
        # One that nobody may hear any more would keep the handler, which was to be let go of.
        if event.type != "handler_error" and not self._over and self._may_hear("handler_error"):
            failure = HandlerFailure(event, original(handler) or handler, exception)
            with self._lock:
                self._log.append(Event("handler_error", failure))

    def _may_hear(self, name: str) -> bool:
        return self._only is None or name in self._only

    def _go_on_behind_async(self) -> None:
        """The last of the async handlers has ended, which the next event has waited for."""
        self._delivery.wake()

    def _rest(self) -> None:
        """Called when the baton is given back after the target's own end."""

    def _as_called(self, name: str, handler: Handler) -> Handler:
        """The handler as it is called here. Raises `TypeError` where it cannot be."""
        if not callable(handler):
            raise TypeError(f"the handler of {name!r} must be callable, not {handler!r}")
        return self._awaited.adapt(name, handler) if is_async(handler) else handler

    def _as_called_listener(
        self, name: str, listener: Callable[[Event[Any]], Any], signal: Abortable | None
    ) -> Handler:
        if not is_async(listener):
            return self._as_called(name, lambda target, event: listener(event))

        async def hear(target: EventTarget, event: Event[Any]) -> None:
            if signal is None or not signal.aborted:  # before its turn came
                await listener(event)

        return self._awaited.adapt(name, hear, known_as=listener)

    def _weakly(self, name: str, handler: Handler) -> Adapter:
        """An async handler that is called for as long as something else refers to it."""
        refer = reference_to(handler, weak=True)

        def call(target: EventTarget, event: Event[Any]) -> None:
            handler = refer()
            if handler is None:
                self.disconnect(name, adapter)
            else:
                self._as_called(name, handler)(target, event=event)

        adapter = Adapter(handler, call, weak=True)
        return adapter

    def _let_go(self) -> None:
        """Forgets the handlers that have heard it all, here, where handlers run: a widget that one
        knows must not be freed by the thread that reads, nor by a garbage collection on it."""
        with self._lock:
            if not self._is_owing():
                self._forget_handlers()

    def _forget_handlers(self) -> None:
        self._signals, self._receivers = {}, {}
        self._late.clear()
        self._forget_failures()

    def _forget_failures(self) -> None:
        """A failure knows its handler, and by its traceback what that has known."""

    def _in_child(self) -> None:
        """After a fork, in the child: what is told is told in the parent."""
        self._lock = threading.RLock()
        self._baton = threading.Lock()
        self._delivery.in_child()
        self._only = frozenset()
        self._late.clear()
        self._awaited.calls.clear()
        self._live.position = len(self._log)

    def _has_receivers(self, name: str) -> bool:
        """Whether one that is connected to that name is still there."""
        return any(original(handler) is not None for handler in self._receivers.get(name, ()))

    # Who is connected; under the lock

    def _join(self, name: str, handler: Handler, weak: bool) -> None:
        signal = self._signals.get(name)
        if signal is None:
            signal = self._signals[name] = OrderedSignal()
        signal.has_weak |= weak
        signal.connect(handler, weak=weak)
        self._refresh(name)

    def _refresh(self, name: str) -> None:
        """Makes the list of receivers that delivering goes by; a new one for each change."""
        signal = self._signals.get(name)
        if signal is None or not signal.receivers:
            self._receivers.pop(name, None)
        elif signal.has_weak:
            self._receivers[name] = Living(signal)
        else:
            self._receivers[name] = tuple(signal.receivers_for(ANY))

    def _connected(self, name: str, handler: Handler) -> Iterator[Handler]:
        """What stands for that handler among the connected ones."""
        signal = self._signals.get(name)
        for connected in list(signal.receivers_for(ANY)) if signal else ():
            if is_same(connected, handler):
                yield connected
        for late in self._late:
            known = late.handler if late.name == name and not late.removed else None
            if known is not None and is_same(known, handler):
                yield known

    def _is_on(self, name: str, handler: Handler) -> bool:
        with self._lock:
            signal = self._signals.get(name)
            return signal is not None and any(
                connected is handler or connected == handler
                for connected in signal.receivers_for(ANY)
            )
