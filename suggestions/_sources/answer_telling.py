"""How the entries of an answer's log are told: text, suggestions, its one end, nothing after it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from suggestions._delivery.delivery import Delivery, forget_failures
from suggestions._delivery.handlers import Cursor
from suggestions._sources.answer import Answer, TextSoFar
from suggestions.events import NAMES, Event, Later, ServerSentEvent
from suggestions.signals import BY_NAME, WATCHED

if TYPE_CHECKING:
    from blinker import Signal


class TextCursor(Cursor):
    """A cursor that knows the text of the entries before it."""

    __slots__ = ("is_owed", "is_within", "next_suggestion", "text", "texts")

    def __init__(self, pieces: list[str], next_suggestion: float) -> None:
        super().__init__()
        self.texts = 0
        self.text = TextSoFar(pieces)
        self.is_owed = False  # a suggestion is still to be told
        self.is_within = False  # the first of the entry's two events was told
        self.next_suggestion: float | None = next_suggestion  # the time to wait for

    def stay_within(self) -> None:
        """The second event of the entry waits for the async handlers of the first."""
        self.is_within = True
        self.position -= 1


class TellAnswer:
    """The log has events, and what events are made of when a handler listens to them.

    A `str` stands for a `chunk` and the `suggestion` that follows it; a tuple, the fields of a
    `ServerSentEvent`, for `message` and the event of the name that the server gave it. Neither is
    an object that the garbage collector looks through: in a process of a thousand streams, that
    would take longer than all the rest. None is no event: a suggestion may be due.

    `throttle`: at most one suggestion in so many seconds; None for no bound.
    """

    names: Collection[str] = NAMES
    signals: Mapping[str, Signal] = BY_NAME

    def __init__(self, answer: Answer, log: list[Any], throttle: float | None) -> None:
        self.log = log
        self._answer = answer
        self._throttle = throttle
        self._alarm: threading.Timer | None = None

    def cursor(self) -> TextCursor:
        # With a throttle, a late handler gets the newest of the suggestions that it has missed.
        waits = bool(self.log) and self._throttle is not None
        return TextCursor(self._answer.pieces, inf if waits else 0.0)

    def forget_failures(self) -> None:
        forget_failures(self.log)

    def tell(self, delivery: Delivery, entry: Any, cursor: TextCursor) -> None:
        kind, receivers = type(entry), cursor.receivers
        if kind is str:
            if not cursor.is_within:
                cursor.texts += 1
                cursor.is_owed = "suggestion" in receivers or "suggestion" in WATCHED
                if "chunk" in receivers or "chunk" in WATCHED:
                    delivery.call(Event("chunk", entry), cursor)
                    if delivery.async_calls.pending:
                        cursor.stay_within()
                        return
            cursor.is_within = False
            if cursor.is_owed:
                self._suggest(delivery, cursor)
        elif kind is tuple:
            if not cursor.is_within and ("message" in receivers or "message" in WATCHED):
                delivery.call(Event("message", ServerSentEvent(*entry)), cursor)
                if delivery.async_calls.pending:
                    cursor.stay_within()
                    return
            cursor.is_within = False
            if entry[0] != "message" and entry[0] not in NAMES:
                delivery.call(Event(entry[0], ServerSentEvent(*entry)), cursor)
        elif kind is Event:
            if entry is not self._answer.ending or self._begin_ending(delivery, entry, cursor):
                delivery.call(entry, cursor)
        elif kind is Later:
            if entry.type in receivers or entry.type in WATCHED:
                delivery.call(Event(entry.type, entry.make_detail()), cursor)
        elif cursor is not delivery.live:
            self._suggest_now(delivery, cursor)  # it has caught up
        elif cursor.is_owed:
            self._suggest(delivery, cursor)

    # Suggestions

    def _suggest(self, delivery: Delivery, cursor: TextCursor) -> None:
        if self._throttle is not None:
            if cursor.next_suggestion is None:
                cursor.next_suggestion = monotonic() + self._throttle
            if monotonic() < cursor.next_suggestion:
                self._set_alarm(delivery, cursor.next_suggestion)
                return
        self._suggest_now(delivery, cursor)

    def _suggest_now(self, delivery: Delivery, cursor: TextCursor) -> None:
        if not cursor.is_owed:
            return
        cursor.is_owed = False
        delivery.call(Event("suggestion", cursor.text.upto(cursor.texts)), cursor)
        if self._throttle is not None:
            # It counts from when the handlers have heard this one: one that is slower than the
            # throttle gets the newest text as well. Async handlers still run; None is after them.
            is_heard = not delivery.async_calls.pending
            cursor.next_suggestion = monotonic() + self._throttle if is_heard else None

    def _set_alarm(self, delivery: Delivery, moment: float) -> None:
        """Has a suggestion that was held back told at that moment, also if nothing comes."""
        if self._alarm is None and moment != inf:
            seconds = max(0.0, moment - monotonic())
            alarm = threading.Timer(seconds, self._ring, args=(delivery,))
            alarm.daemon = True
            self._alarm = alarm
            try:
                alarm.start()
            except RuntimeError:
                self._alarm = None  # no thread can be had: it is told with what comes next

    def _ring(self, delivery: Delivery) -> None:
        self._alarm = None
        with delivery.lock:
            if delivery.is_over or delivery.is_host_gone or not delivery.live.is_owed:
                return
            self.log.append(None)
        delivery.wake(here=True)

    # The end

    def _begin_ending(self, delivery: Delivery, ending: Any, cursor: TextCursor) -> bool:
        """Returns True if the answer's end may be told now."""
        if cursor.is_owed:
            cursor.position -= 1  # the ending is told after those who hear this
            self._suggest_now(delivery, cursor)
            return False
        with delivery.lock:
            if ending is not self._answer.ending:
                return False  # it was closed at the last moment
            if cursor is delivery.live:
                self._answer.stand()
                if not delivery.is_over:  # a program may send the same event again
                    delivery.call_after_all(lambda: self._finish(delivery))
        return True

    def _finish(self, delivery: Delivery) -> None:
        alarm, self._alarm = self._alarm, None
        if alarm is not None:
            alarm.cancel()
        with delivery.lock:
            delivery.is_over = True
            self.log.append(Event("end"))
