"""Takes the steps of a reader: on a thread, and then on a loop that watches the socket.

A thread opens the request. Once the headers are here, the host's loop reads, parses and calls the
handlers itself, without a hand-over for each event; so many streams need no thread for each. A
thread does what blocks (another attempt, an answer in one piece) and what no loop can watch.
"""

from __future__ import annotations

import itertools
import math
import sys
import threading
import weakref
from collections.abc import Callable, Generator
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Protocol

from .._delivery.delivery import Delivery
from .._util import threads
from .._util.clock import Alarm, clock
from .._util.elapsed import monotonic
from .._wire import Watch
from ..signals import WATCHED
from .wait import Wait

if TYPE_CHECKING:
    from .._wire.transport import Transport
    from .answer_following import EventFollower
    from .reader import Reader

_numbers = itertools.count(1)


class Loop(Protocol):
    """A loop that can read."""

    @property
    def watch(self) -> Watch: ...

    def post(self, fn: Callable[[], None]) -> bool:
        """Has `fn()` called on the loop's thread. Returns False if the loop is gone."""
        ...

    def deliver(self) -> None:
        """Delivers what a step has brought. On the loop's thread."""

    def runs_here(self) -> bool:
        """Whether the caller is on the loop's thread."""
        ...

    def is_running(self) -> bool:
        """Whether the loop runs, and is not only created, or stopped."""
        ...

    def gone(self) -> None:
        """The loop has ended without a word."""


class Reading:
    """The steps of one reader, on one thread at a time.

    `loop()` returns the loop that is to read once the headers are here, None for none.
    `ended(error)` is called after the last step, with what it has raised, None for nothing.
    """

    def __init__(
        self,
        reader: Reader,
        steps: Generator[Wait, None, None],
        delivery: Delivery,
        loop: Callable[[], Loop | None],
        ended: Callable[[BaseException | None], object],
    ) -> None:
        self._reader = reader
        self._steps = steps
        self._delivery = delivery
        self._find_loop = loop
        self._ended = ended
        self.follower: EventFollower | None = None
        """While it is behind, nothing is read: a loop stops until `resume()`, a thread waits."""
        self.context: Context | None = None
        """The one that the threads run in; None for an empty one."""
        self._loop: Loop | None = None  # while it reads
        self._transport: Transport | None = None  # while a loop watches it
        self._dropped: object = None
        self._is_paused = False
        self._paused_at = 0.0  # by monotonic()
        self._is_posted = False  # the next step, which does not wait for the socket
        self._alarm: Alarm | None = None
        self._alarm_at = math.inf
        self._is_over = False

    def start(self) -> None:
        """Takes the next steps on a thread. Raises `RuntimeError` if none can be started."""
        run: Callable[[], object] = self._run
        if self.context is not None:
            # A copy, as the thread before it may not have left the context yet.
            run = partial(self.context.copy().run, run)
        threads.start(run, str(next(_numbers)), self._delivery)

    def let_block(self) -> None:
        """The caller is about to block. If the loop needs its thread to read, a thread reads."""
        with self._delivery.lock:
            loop = self._loop or self._find_loop()
            if loop is None or (loop.is_running() and not loop.runs_here()):
                return
            self._find_loop = lambda: None  # the thread that opens the request goes on
        self._go_on_on_thread()

    def leave_loop(self) -> None:
        """Takes the next steps on a thread, also after another attempt; none if it was closed."""
        self._find_loop = lambda: None
        if self._reader.cancellation.is_cancelled:
            self.abandon()
        else:
            self._go_on_on_thread()

    def abandon(self) -> None:
        """The loop is over: takes no more steps. The answer has been closed before."""
        if self._loop is not None:
            self._end(None)

    def in_child(self) -> None:
        """After a fork, in the child: the loop's selector and the socket are the parent's, and so
        is the clock, of which another thread may have held the lock."""
        self._alarm = None
        transport = self._leave()
        if transport is not None:
            transport.disown()

    def wait_for_room(self) -> None:
        """Blocks the thread that reads while the follower is behind. On a loop, does nothing."""
        follower, transport = self.follower, self._reader.transport
        if follower is None or self._loop is not None or not follower.is_behind():
            return
        since, cancellation = monotonic(), self._reader.cancellation
        follower.room.block_until(lambda: cancellation.is_cancelled or not follower.is_behind())
        if transport is not None:
            transport.deadlines.waited(monotonic() - since)

    def notice_end(self) -> None:
        """The answer was closed, which a loop that watches the socket notices by itself."""
        if self.follower is not None:
            self.follower.room.wake()
        loop = self._loop
        if loop is not None and self._is_paused:
            loop.post(self.resume)

    def _run(self) -> None:
        if self._delivery.host is None:
            self._delivery.reader = threading.get_ident()
        try:
            for wait in self._steps:
                with self._delivery.lock:
                    loop = self._loop = self._find_loop() if wait is Wait.SOCKET else None
                if loop is not None:
                    self._delivery.reader = None
                    if not loop.post(self._enter):
                        self._end(None)
                    return
        except BaseException as error:
            self._end(error)
        else:
            self._end(None)

    # On the loop's thread

    def _enter(self) -> None:
        loop, transport = self._loop, self._reader.transport
        if loop is None or transport is None:
            return
        # Only the loop refers to it. A loop that ends without a word drops it.
        readable = self._step
        try:
            transport.watch(loop.watch, readable)
        except Exception:
            self.leave_loop()  # such a loop, or such a socket, cannot be watched
        else:
            self._transport = transport
            self._dropped = weakref.ref(readable, self._on_dropped)
            self._step()  # what came along with the headers

    def _on_dropped(self, _: object) -> None:
        loop, transport = self._loop, self._transport
        if loop is None or transport is None or sys.is_finalizing():
            return
        if transport.is_watched:
            loop.gone()

    def _go_on_on_thread(self) -> None:
        if self._loop is None:
            return
        transport = self._leave()
        if transport is not None:
            transport.unwatch()
        try:
            self.start()
        except RuntimeError as error:  # there are too many, or the interpreter exits
            self._end(error)

    def _step(self) -> None:
        """Reads what is here, delivers it, and waits for more."""
        loop, transport, delivery = self._loop, self._transport, self._delivery
        if loop is None or transport is None or self._is_posted or self._is_paused:
            return
        delivery.is_fed_by_loop = True
        try:
            wait = next(self._steps, None)
            if wait is None:
                self._end(None)
            elif wait is Wait.THREAD:
                self._go_on_on_thread()
            elif transport.has_more:
                # The socket may be readable as well. That step waits for this one: otherwise each
                # round of the loop would post one more.
                self._is_posted = loop.post(self._on_posted)
            elif self._alarm is None or not transport.deadlines.is_steady:
                self._set_alarm(loop, transport)
        except Exception as error:
            self._end(error)
        except BaseException as error:
            self._end(error)
            raise  # Ctrl-C and sys.exit() are for the host
        finally:
            delivery.is_fed_by_loop = False
            # As `delivery.has_listeners()`, nearly always without a call.
            has_handlers = delivery.live.receivers or delivery.late
            if has_handlers or delivery.is_due or (WATCHED and delivery.has_listeners()):
                delivery.is_due = False
                loop.deliver()
            follower = self.follower
            if follower is not None and self._transport is not None and follower.is_behind():
                self._pause(self._transport)

    def _on_posted(self) -> None:
        self._is_posted = False
        self._step()

    def _pause(self, transport: Transport) -> None:
        self._is_paused, self._dropped = True, None
        if self.follower is not None:
            self.follower.has_stopped_reading = True
        self._paused_at = monotonic()
        self._cancel_alarm()
        transport.stop_watching()

    def resume(self) -> None:
        """Goes on, if the loop had stopped because it was behind. On the loop's thread."""
        if self._is_paused:
            self._is_paused = False
            if self.follower is not None:
                self.follower.has_stopped_reading = False
            if self._reader.transport is not None:
                self._reader.transport.deadlines.waited(monotonic() - self._paused_at)
            self._enter()

    def _set_alarm(self, loop: Loop, transport: Transport) -> None:
        """Takes a step when the next deadline passes. No alarm for each read: steady deadlines only
        move away, and the next alarm looks again."""
        due = transport.reader.due() if transport.reader is not None else None
        if due is not None and due < self._alarm_at:
            self._cancel_alarm()
            self._alarm_at = due
            self._alarm = clock.call_at(due, lambda: loop.post(self._on_alarm))

    def _on_alarm(self) -> None:
        self._alarm, self._alarm_at = None, math.inf
        self._step()

    def _leave(self) -> Transport | None:
        self._loop = None
        transport, self._transport, self._dropped = self._transport, None, None
        self._is_paused = False
        self._cancel_alarm()
        return transport

    def _cancel_alarm(self) -> None:
        if self._alarm is not None:
            clock.cancel(self._alarm)
            self._alarm, self._alarm_at = None, math.inf

    def _end(self, error: BaseException | None) -> None:
        if not self._is_over:
            self._is_over = True
            self._leave()
            self._steps.close()  # in mid-answer, if the loop is over
            self._ended(error)
