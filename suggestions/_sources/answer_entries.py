"""How handlers are called for an answer's log: text, suggestions, one end, nothing after it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from .._delivery.delivery import Delivery
from .._delivery.handler_errors import forget_failures
from .._delivery.handlers import Cursor
from .._util.clock import Alarm, clock
from .._util.elapsed import monotonic
from ..events import NAMES, Event, Later, ServerSentEvent
from ..signals import BY_NAME, WATCHED
from .answer import Answer
from .text_so_far import TextSoFar

if TYPE_CHECKING:
    from blinker import Signal

    from .pace import Pace


_new: Callable[[type[Event[Any]]], Event[Any]] = object.__new__


class TextCursor(Cursor):
    """A cursor that knows the text up to its position."""

    __slots__ = (
        *("is_halfway", "is_owed", "next_object", "next_suggestion", "owed_object", "text"),
        "texts",
    )

    def __init__(self, pieces: list[str], next_one: float) -> None:
        super().__init__()
        self.texts = 0
        self.text = TextSoFar(pieces)
        self.is_owed = False  # a suggestion is still to be delivered
        self.is_halfway = False  # only the first of the entry's two events is delivered
        self.next_suggestion: float | None = next_one  # when, by monotonic()
        self.owed_object: Later | None = None  # one that is still to be delivered
        self.next_object: float | None = next_one

    def stop_halfway(self) -> None:
        """The second event of the entry waits for the async handlers of the first."""
        self.is_halfway = True
        self.position -= 1


class AnswerEntries:
    """The log has events, and what events are made from if a handler listens to them.

    From a `str`, a `chunk` and the `suggestion` that follows it. From a tuple, the fields of a
    `ServerSentEvent`: `message`, and the event of the name that the server gave it. The garbage
    collector does not look through either: with a thousand streams in a process, that would take
    longer than all the rest. None is not an event: a suggestion may be due.

    `throttle`: at most one `suggestion` and one `object` in so many seconds; None for no bound.
    `pace`, which needs a throttle: a suggestion shows only so much of the text.
    """

    names: Collection[str] = NAMES
    signals: Mapping[str, Signal] = BY_NAME

    def __init__(
        self, answer: Answer, log: list[Any], throttle: float | None, pace: Pace | None = None
    ) -> None:
        self.log = log
        self._answer = answer
        self._throttle = throttle
        self._pace = pace  # of the live handlers
        self._alarm: Alarm | None = None
        self._alarm_at = inf

    def cursor(self) -> TextCursor:
        # With a throttle, a late handler cannot get every earlier suggestion: all at once they
        # would break the throttle, and one in each interval would take as long as the answer took.
        # So while it catches up, none is ever due (`inf`), and then it gets the newest one alone.
        waits = bool(self.log) and self._throttle is not None
        return TextCursor(self._answer.pieces, inf if waits else 0.0)

    def forget_failures(self) -> None:
        forget_failures(self.log)

    def deliver(self, delivery: Delivery, entry: Any, cursor: TextCursor) -> None:
        kind, receivers = type(entry), cursor.receivers
        if kind is tuple and not cursor.is_halfway:
            if "message" in receivers or "message" in WATCHED:
                delivery.call(Event("message", ServerSentEvent(*entry)), cursor)
                if delivery.async_calls.pending:
                    cursor.stop_halfway()
                    return
            elif entry[0] == "message" and cursor is delivery.live:
                # Nearly always: no handler gets the message, and the text in it comes next.
                position = cursor.position
                if position == len(self.log):
                    return
                cursor.position = position + 1
                entry = self.log[position]
                kind = type(entry)
        if kind is str:
            if not cursor.is_halfway:
                cursor.texts += 1
                cursor.is_owed = "suggestion" in receivers or "suggestion" in WATCHED
                if "chunk" in receivers or "chunk" in WATCHED:
                    event = _new(Event)  # without a call of its `__init__`, because it is frequent
                    event.type, event.detail = "chunk", entry
                    delivery.call(event, cursor)
                    if delivery.async_calls.pending:
                        cursor.stop_halfway()
                        return
            cursor.is_halfway = False
            if cursor.is_owed:
                self._suggest(delivery, cursor)
        elif kind is tuple:
            cursor.is_halfway = False
            if entry[0] != "message" and entry[0] not in NAMES:
                delivery.call(Event(entry[0], ServerSentEvent(*entry)), cursor)
        elif kind is Event:
            if entry is not self._answer.ending or self._begin_ending(delivery, entry, cursor):
                delivery.call(entry, cursor)
        elif kind is Later:
            if entry.type in receivers or entry.type in WATCHED:
                if entry.type == "object" and self._throttle is not None:
                    cursor.owed_object = entry
                    self._show_object(delivery, cursor)
                else:
                    delivery.call(Event(entry.type, entry.make_detail()), cursor)
        else:
            self._deliver_owed(delivery, cursor)

    # What `throttle` holds back

    def _deliver_owed(self, delivery: Delivery, cursor: TextCursor) -> None:
        """Delivers what is due now; and all of it, if the cursor has just caught up."""
        has_caught_up = cursor is not delivery.live
        if has_caught_up and cursor.position < delivery.live.position:
            return  # it has not: here, something was due for the live handlers
        if cursor.is_owed:
            (self._suggest_newest if has_caught_up else self._suggest)(delivery, cursor)
        if cursor.owed_object is None:
            return
        if has_caught_up:
            self._show_object_now(delivery, cursor)  # after this, it is no cursor of its own
        elif not delivery.async_calls.pending:
            self._show_object(delivery, cursor)
        else:
            cursor.position -= 1  # the async handlers of the suggestion come first

    def _suggest(self, delivery: Delivery, cursor: TextCursor) -> None:
        if self._throttle is not None:
            if cursor.next_suggestion is None:
                cursor.next_suggestion = monotonic() + self._throttle
            if monotonic() < cursor.next_suggestion:
                self._set_alarm(delivery, cursor.next_suggestion)
                return
            if self._pace is not None:
                self._suggest_part(delivery, cursor, self._pace, self._throttle)
                return
        self._suggest_now(delivery, cursor)

    def _suggest_now(self, delivery: Delivery, cursor: TextCursor) -> None:
        if not cursor.is_owed:
            return
        cursor.is_owed = False
        delivery.call(Event("suggestion", cursor.text.upto(cursor.texts)), cursor)
        if self._throttle is not None:
            self._begin_interval(delivery, cursor, self._throttle)

    def _begin_interval(self, delivery: Delivery, cursor: TextCursor, throttle: float) -> None:
        # The interval begins when the handlers have returned, so that one that is slower than
        # the throttle also gets the newest text. None: when the async ones have ended.
        has_run = not delivery.async_calls.pending
        cursor.next_suggestion = monotonic() + throttle if has_run else None

    def _suggest_part(
        self, delivery: Delivery, cursor: TextCursor, pace: Pace, throttle: float
    ) -> None:
        """Shows the next part of the backlog; the part after it comes by the alarm."""
        text = cursor.text.upto(cursor.texts)
        if pace.show_part(text, monotonic(), throttle):
            cursor.is_owed = pace.shown < len(text)
            delivery.call(Event("suggestion", text[: pace.shown]), cursor)
            self._begin_interval(delivery, cursor, throttle)
        if pace.has_more:
            self._set_alarm(delivery, cursor.next_suggestion or monotonic() + throttle)

    def _suggest_newest(self, delivery: Delivery, cursor: TextCursor) -> None:
        """For late handlers, before they become live: never more than live ones see, or their text
        would become shorter once they are live."""
        pace = self._pace
        if pace is None or not delivery.live.is_owed:
            self._suggest_now(delivery, cursor)
            if pace is not None:
                pace.show_all(cursor.text.upto(cursor.texts))
        elif pace.shown:
            cursor.is_owed = False
            text = cursor.text.upto(cursor.texts)
            delivery.call(Event("suggestion", text[: pace.shown]), cursor)

    def _show_object(self, delivery: Delivery, cursor: TextCursor) -> None:
        if cursor.next_object is None:
            cursor.next_object = monotonic() + (self._throttle or 0.0)
        if monotonic() < cursor.next_object:
            self._set_alarm(delivery, cursor.next_object)
        else:
            self._show_object_now(delivery, cursor)

    def _show_object_now(self, delivery: Delivery, cursor: TextCursor) -> None:
        owed, cursor.owed_object = cursor.owed_object, None
        if owed is not None:
            delivery.call(Event("object", owed.make_detail()), cursor)
            has_run = not delivery.async_calls.pending  # as for suggestions
            cursor.next_object = monotonic() + (self._throttle or 0.0) if has_run else None

    def _set_alarm(self, delivery: Delivery, moment: float) -> None:
        """Has what was held back delivered at that moment, even if nothing comes."""
        if moment < self._alarm_at:
            self.cancel_alarm()
            # If no thread can be started for it, it is delivered with the next entry.
            with contextlib.suppress(RuntimeError), delivery.lock:
                self._alarm = clock.call_at(moment, lambda: self._on_alarm(delivery))
                self._alarm_at = moment

    def _on_alarm(self, delivery: Delivery) -> None:
        with delivery.lock:
            self._alarm, self._alarm_at = None, inf
            if delivery.is_over or delivery.is_host_gone:
                return
            if not (delivery.live.is_owed or delivery.live.owed_object):
                return
            self.log.append(None)
        delivery.wake()

    def cancel_alarm(self) -> None:
        """Nothing that was held back is delivered by itself any more."""
        alarm, self._alarm, self._alarm_at = self._alarm, None, inf
        if alarm is not None:
            clock.cancel(alarm)

    # The end

    def _begin_ending(self, delivery: Delivery, ending: Any, cursor: TextCursor) -> bool:
        """Returns True if the answer's end may be delivered now."""
        if cursor.is_owed or cursor.owed_object is not None:
            cursor.position -= 1  # this comes first; then the ending is looked at again
            (self._suggest_now if cursor.is_owed else self._show_object_now)(delivery, cursor)
            return False
        with delivery.lock:
            if ending is not self._answer.ending:
                return False  # it was closed at the last moment
            if cursor is delivery.live:
                self._answer.make_final()
                if not delivery.is_over:  # a program may send the same event again
                    delivery.call_after_all(lambda: self._finish(delivery))
        return True

    def _finish(self, delivery: Delivery) -> None:
        self.cancel_alarm()
        with delivery.lock:
            delivery.is_over = True
            self.log.append(Event("end"))
