"""`Announcer`: has handlers called for what a conversation looks like now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._delivery.delivery import NOTHING, Delivery
from .._delivery.dispatch import Dispatcher
from .._util import arguments
from .._util.waiting import Waiters
from ..events import Event
from .changes import Changes, ConversationStatus
from .chat_message import ChatMessage
from .entries import ConversationEntries

Look = Callable[[], tuple[Sequence[ChatMessage], ConversationStatus]]
_WAIT_BLOCKS = (
    "wait() would block the thread that has to run the handlers: connect to 'done' and 'error' "
    "instead"
)


class Announcer:
    """Makes the delivery of a conversation, and puts into its log that there are changes.

    `look()` returns the messages and the status, and `is_idle()` whether nothing is under way.
    `throttle`: seconds between two changes of an answer that is being written, None for no bound.
    """

    def __init__(
        self,
        target: Any,
        look: Look,
        is_idle: Callable[[], bool],
        throttle: float | None,
        dispatch: Dispatcher | None,
    ) -> None:
        self._look = look
        self._is_idle = is_idle
        self._changes = Changes(arguments.check_throttle(throttle), self._on_alarm)
        self._is_announced = False  # an entry of the log says so
        self._is_settled = True  # nothing is under way, and all handlers have run
        self._waiters = Waiters()
        entries = ConversationEntries(self._next_change, self._changes.begin_interval)
        self.delivery = Delivery(target, entries, dispatch, target.close)
        # A dialog that a handler opens goes on showing the answer.
        self.delivery.nests = self.delivery.host is not None

    def announce(self, ending: Event[ChatMessage] | None = None, *, here: bool = False) -> None:
        """There may be changes; after them comes the end of an answer."""
        delivery = self.delivery
        with delivery.lock:
            if delivery.audible is NOTHING or (self._is_announced and ending is None):
                return
            if delivery.host is not None:
                delivery.host.watch_end()  # first of all: under Tk, it raises on another thread
            if not self._is_announced:
                delivery.log.append(None)
            self._is_announced = True
            if ending is not None:
                delivery.log.append(ending)
            self._is_settled = False
            delivery.call_after_all(self._after_handlers)
        delivery.wake(here=here)

    def announce_text(self) -> None:
        """As `announce`, on the thread that reads."""
        with self.delivery.lock:
            if self._changes.is_held_back:
                return
        self.announce(here=True)

    def begin_turn(self) -> None:
        """Raises `RuntimeError` under Tk on another thread than Tk's."""
        if self.delivery.host is not None:
            self.delivery.host.watch_end()
        # shutdown() may have stopped the clock since.
        self._changes.cancel_alarm()

    def begin(self) -> None:
        """No handler is called for what there is now."""
        self._changes.begin_with(*self._look())

    def close(self) -> None:
        """No handler is called any more."""
        self._changes.cancel_alarm()
        self.delivery.call_after_all(self._after_handlers)

    def in_child(self) -> None:
        """After a fork, in the child: the parent calls the handlers, and nothing is waited for."""
        self.delivery.in_child()
        self._is_settled = True

    def _next_change(self) -> Event[Any] | None:
        """The next event for what has changed; it counts as reported from now on."""
        with self.delivery.lock:
            event = self._changes.next_event(*self._look())
            self._is_announced = event is not None
            return event

    def _on_alarm(self) -> None:
        with self.delivery.lock:
            self._changes.is_held_back = False
            if self._is_settled:  # the end of the answer has shown what was held back
                return
        self.announce()

    def _after_handlers(self) -> None:
        """Handlers have been called for all that there was."""
        delivery = self.delivery
        with delivery.lock:
            is_idle = self._is_idle() and delivery.live.position == len(delivery.log)
            self._is_settled = is_idle or delivery.audible is NOTHING
            if delivery.host is not None and self._is_settled:
                delivery.host.unwatch_end()
        self._waiters.wake()

    def wait(self, timeout: float | None) -> bool:
        """See `Conversation.wait`."""
        delivery, host = self.delivery, self.delivery.host
        if timeout is not None:
            arguments.check_seconds("timeout", timeout, may_be_0=True)
        if not self._is_over():
            runs_here = host is not None and host.runs_here()
            if runs_here or delivery.is_delivering_here() or delivery.async_calls.runs_here():
                raise RuntimeError(_WAIT_BLOCKS)
            self._waiters.block_until(self._is_over, timeout, often=host is not None)
        return self._is_over()

    def _is_over(self) -> bool:
        if self.delivery.host is not None:
            self.delivery.host.check()  # a host may end without calling back
        return self._is_settled or self.delivery.is_host_gone
