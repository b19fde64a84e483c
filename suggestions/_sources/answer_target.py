"""An `EventTarget` that tells of one answer: its text, its one end, and nothing after that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from math import inf
from time import monotonic
from typing import Any

from suggestions._delivery.handlers import Cursor
from suggestions._delivery.target import EventTarget, Receivers
from suggestions._delivery.waiting import Followers
from suggestions._sources.answer import Answer
from suggestions._sources.text_so_far import TextSoFar
from suggestions.dialects.delta import Delta
from suggestions.errors import SuggestionsError
from suggestions.events import NAMES, Event, Later, ServerSentEvent
from suggestions.signals import WATCHED

_FLUSH = object()
"""An entry of the log: a suggestion that was held back is due."""


class AnswerTarget(EventTarget):
    """The log's entries are, beside events, what they are made of when somebody listens: a
    tuple, the fields of a `ServerSentEvent` (`message`, and the name it has of its own), and a
    `str` (`chunk`, and the `suggestion` that follows it). Neither is an object that the garbage
    collector has to look through again and again: a thousand streams would wait for it."""

    def _tell_of(self, answer: Answer, throttle: float | None) -> None:
        self._answer = answer
        self._throttle = throttle
        self._live = TextCursor(answer.pieces, 0.0)
        self._ending_told = False
        self._text_followers = Followers()
        self._end_followers = Followers()
        self._alarm: threading.Timer | None = None
        self._hearing: TextCursor | None = None  # those with this have been told a suggestion

    # Taking what was read, on the reader's thread

    def _take(
        self,
        messages: Iterable[ServerSentEvent],
        decode: Callable[[ServerSentEvent], Iterable[Delta]],
    ) -> bool:
        answer, log = self._answer, self._log
        try:
            with self._lock:
                for message in messages:
                    if answer.ending is not None:
                        break
                    log.append(tuple(message))
                    for delta in decode(message):
                        answer.feed(delta)
        finally:
            self._news()
        return answer.ending is not None

    def _say(self, deltas: Iterable[Delta]) -> bool:
        with self._lock:
            for delta in deltas:
                self._answer.feed(delta)
        self._news()
        return self._answer.ending is not None

    def _fail(self, error: SuggestionsError) -> None:
        with self._lock:
            self._answer.fail(error)
        self._news()

    def _record(self, event: Event[Any]) -> None:
        with self._lock:
            if self._answer.ending is None:
                self._log.append(event)
        self._news()

    def _news(self) -> None:
        if self._text_followers:
            self._text_followers.tell()
        if self._answer.ending is not None:
            self._end_followers.tell()
        self._delivery.wake()

    # Delivering, on whatever thread holds the baton

    def _new_cursor(self) -> TextCursor:
        # Of the suggestions that a late handler has missed, a throttled one gets the newest.
        return TextCursor(self._answer.pieces, 0.0 if self._throttle is None else inf)

    def _tell(self, entry: Any, cursor: Any, receivers: Receivers) -> None:
        kind = type(entry)
        if kind is str:
            if not cursor.is_within:
                cursor.texts += 1
                cursor.owed = "suggestion" in receivers or "suggestion" in WATCHED
                if "chunk" in receivers or "chunk" in WATCHED:
                    self._call(Event("chunk", entry), receivers)
                    if self._awaited.calls:
                        cursor.stay_within()
                        return
            cursor.is_within = False
            if cursor.owed:
                self._suggest(cursor, receivers)
        elif kind is tuple:
            if not cursor.is_within and ("message" in receivers or "message" in WATCHED):
                self._call(Event("message", ServerSentEvent(*entry)), receivers)
                if self._awaited.calls:
                    cursor.stay_within()
                    return
            cursor.is_within = False
            if entry[0] != "message" and entry[0] not in NAMES:
                self._call(Event(entry[0], ServerSentEvent(*entry)), receivers)
        elif kind is Event:
            if entry is not self._answer.ending or self._begin_ending(entry, cursor, receivers):
                self._call(entry, receivers)
        elif kind is Later:
            super()._tell(entry, cursor, receivers)
        elif cursor is self._live and cursor.owed:
            self._suggest(cursor, receivers)  # it is _FLUSH

    def _suggest(self, cursor: Any, receivers: Receivers) -> None:
        if self._throttle is None or monotonic() >= cursor.next_suggestion:
            self._flush(cursor, receivers)
        else:
            self._ring_at(cursor.next_suggestion)

    def _flush(self, cursor: Any, receivers: Receivers) -> None:
        if cursor.owed:
            cursor.owed = False
            self._call(Event("suggestion", cursor.text.upto(cursor.texts)), receivers)
            if self._throttle is not None:
                # From when it was heard: who is slower than that gets the newest text as well.
                cursor.next_suggestion = monotonic() + self._throttle
                self._hearing = cursor if self._awaited.calls else None

    def _ring_at(self, moment: float) -> None:
        """Sees to it that a suggestion held back is told though nothing comes."""
        if self._alarm is None and moment != inf:
            alarm = threading.Timer(max(0.0, moment - monotonic()), self._ring)
            alarm.daemon = True
            self._alarm = alarm
            try:
                alarm.start()
            except RuntimeError:
                self._alarm = None  # no thread can be had: it is told with what comes next

    def _stop_alarm(self) -> None:
        alarm, self._alarm = self._alarm, None
        if alarm is not None:
            alarm.cancel()

    def _ring(self) -> None:
        self._alarm = None
        with self._lock:
            if self._over or not self._live.owed:
                return
            self._log.append(_FLUSH)
        self._delivery.wake(here=True)

    def _begin_ending(self, ending: Any, cursor: Any, receivers: Receivers) -> bool:
        """True where the answer's end may be told: it was not closed at the last moment."""
        if cursor.owed:
            cursor.position -= 1  # the end is told behind those who hear this
            self._flush(cursor, receivers)
            return False
        with self._lock:
            if ending is not self._answer.ending:
                return False
            if cursor is self._live:
                self._ending_told = True
                self._to_conclude = not self._over  # anybody may send the same event again
        return True

    def _conclude(self) -> None:
        self._stop_alarm()
        with self._lock:
            self._over = True
            self._log.append(Event("end"))

    def _settle(self) -> None:
        self._delivery.close()

    def _forget_failures(self) -> None:
        for place, entry in enumerate(self._log):
            if type(entry) is Event and entry.type == "handler_error":
                self._log[place] = _FLUSH

    def _go_on_behind_async(self) -> None:
        cursor, self._hearing = self._hearing, None
        if cursor is not None and self._throttle is not None:
            cursor.next_suggestion = monotonic() + self._throttle
        super()._go_on_behind_async()

    def _rest(self) -> None:
        self._end_followers.tell()

    def _is_settled(self) -> bool:
        """Whether every handler has run."""
        return (
            self._over
            and not self._is_owing()
            and not self._awaited.calls
            and not self._baton.locked()
        )


class TextCursor(Cursor):
    """A cursor that knows the text of the entries before it."""

    __slots__ = ("is_within", "next_suggestion", "owed", "text", "texts")

    def __init__(self, pieces: list[str], next_suggestion: float) -> None:
        super().__init__()
        self.texts = 0
        self.text = TextSoFar(pieces)
        self.owed = False  # a suggestion
        self.is_within = False  # an entry, of whose two events the first was told
        self.next_suggestion = next_suggestion  # not before this time

    def stay_within(self) -> None:
        """The second event of the entry waits for the async handlers of the first."""
        self.is_within = True
        self.position -= 1
