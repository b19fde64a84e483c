"""`Suggester`: the state that a view binds to, the counterpart of the hook `useAiSuggestions`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from inspect import iscoroutinefunction, signature
from typing import Any

from suggestions._sources.answer import State
from suggestions._sources.suggestions_event_source import SuggestionsEventSource as Source
from suggestions._util import fork
from suggestions._util.arguments import refuse_unknown
from suggestions.dialects.question import Question
from suggestions.errors import SuggestionsError
from suggestions.events import Event

_HEARD: dict[str, State] = {
    "suggestion": "suggesting",
    "done": "done",
    "abort": "aborted",
    "error": "error",
}


class Suggester:
    """Asks one question at a time, and keeps what a view shows of its answer.

    `on_suggestion(text)` gets the text so far, `on_done(text)` and `on_stop(text)` what there is at
    the end, `on_error(error)` a `SuggestionsError`, `on_state(state)` each new `state`. `defaults`
    are arguments of `SuggestionsEventSource` for every request. Callbacks run where that source's
    handlers do, one at a time. A command may come from any thread and counts at once: the
    attributes tell of it, and no callback begins any more about what was before. In a forked child
    the request is closed without a word; make another one there.
    Raises `TypeError` for an argument that no request could take.
    """

    __module__ = "suggestions"

    def __init__(
        self,
        *,
        on_suggestion: Callable[[str], object] | None = None,
        on_done: Callable[[str], object] | None = None,
        on_stop: Callable[[str], object] | None = None,
        on_error: Callable[[SuggestionsError], object] | None = None,
        on_state: Callable[[State], object] | None = None,
        **defaults: Any,
    ) -> None:
        bound = signature(Source).bind("", start=False, **defaults)
        refuse_unknown("Suggester()", bound.arguments.get("unknown", {}))
        callbacks = (on_suggestion, on_done, on_stop, on_error, on_state)
        for callback in filter(None, callbacks):
            if not callable(callback) or iscoroutinefunction(callback):
                raise TypeError(f"a callback must be a plain callable, not {callback!r}")
        self._callbacks: dict[str, Any] = dict(zip((*_HEARD, "state"), callbacks, strict=True))
        self._defaults = defaults
        self._lock = threading.RLock()
        self._baton = threading.Lock()  # its holder tells what is in `_heard`
        self._newest: Source | None = None  # whose turn it is to tell, also after `reset()`
        self._heard: deque[tuple[Source | None, State, Event[Any]]] = deque()
        self._state: State = "init"
        self._told: State = "init"
        self._suggestion = ""
        self.error: SuggestionsError | None = None
        """What failed, where the newest request did."""
        self.source: Source | None = None
        """The newest request's, None before the first and after `reset()`."""
        fork.mind(self)

    @property
    def state(self) -> State:
        """ "init", "requesting", "suggesting", "done", "error" or "aborted"."""
        with self._lock:
            return "aborted" if self._closed else self._state

    @property
    def suggestion(self) -> str:
        """The text so far of the newest request's answer."""
        with self._lock:
            return self._closed.full_message if self._closed else self._suggestion

    def request(self, question: Question, **options: Any) -> None:
        """Asks, and closes the request before it. `options` take the place of `defaults`.

        Raises what `SuggestionsEventSource` does, and then leaves everything as it was.
        """
        source = Source(question, start=False, **{**self._defaults, **options})
        for name in _HEARD:
            source.connect(name, self._hear)
        for name in ("asked", "end"):
            source.connect(name, self._tell)
        self._begin(source, "requesting")
        source._delivery.append(Event("asked"))  # the new state is told before anything has arrived
        source.start()

    def stop(self) -> None:
        """Closes the request; the text that has arrived stays."""
        source = self.source
        if source is not None:
            source.close()

    def reset(self) -> None:
        """Closes the request without a word of it, and goes back to the beginning."""
        before = self._begin(None, "init")
        if before is not None:
            self._wake(before)

    def _begin(self, source: Source | None, state: State) -> Source | None:
        """Returns the source before it, closed."""
        with self._lock:
            before, self.source = self.source, source
            self._state, self._suggestion, self.error = state, "", None
            if source is not None:
                self._newest = source
            if source is not before:
                self._heard.append((source, state, Event(state)))
        if before is not None:
            before.close()
        return before

    @property
    def _closed(self) -> Source | None:
        """The source, where it was closed: its handlers may be told of that only later."""
        source = self.source
        # Not by its `state`: who has read of an end there could not stop it any more.
        return source if source is not None and source.controller.aborted else None

    # Telling, where a source calls its handlers

    def _hear(self, source: Source, event: Event[Any]) -> None:
        if source is self.source:
            self._heard.append((source, _HEARD[event.type], event))
            self._tell(source, event)

    def _tell(self, teller: Source, event: Event[Any]) -> None:
        """Only the newest source tells, so that it is told where that one calls its handlers.

        Where the baton is still with one before it, in a callback, it leaves the work for now:
        whoever gives the baton back and sees work left wakes the newest.
        """
        baton = self._baton
        if teller is not self._newest or not baton.acquire(blocking=False):
            return
        try:
            while self._heard and teller is self._newest:
                self._tell_of(teller, *self._heard.popleft())
        finally:
            baton.release()  # in a child that a callback has forked, there is another
            # Also after an exception of a callback that is for the host.
            if self._heard and self._newest is not None:
                self._wake(self._newest)

    def _wake(self, source: Source) -> None:
        """Has a source tell what there is: a handler that is connected late is called at once."""
        # One that was closed calls handlers for its end only; all others have begun with "asked".
        name = "end" if source.controller.aborted else "asked"
        source.once(name, lambda source, event: self._tell(source, event))

    def _tell_of(
        self, teller: Source, source: Source | None, state: State, event: Event[Any]
    ) -> None:
        with self._lock:
            if not self._is_news(source, state):
                return
            self._state = state
            if isinstance(event.detail, str):
                self._suggestion = event.detail
            elif source is not None and state == "error":
                self._suggestion, self.error = source.full_message, event.detail
        if state != self._told:
            self._told = state
            self._call(teller, "state", Event("state", state))
        if self._is_news(source, state):
            self._call(teller, event.type, event)

    def _is_news(self, source: Source | None, state: State) -> bool:
        return source is self.source and (state == "aborted" or self._closed is None)

    def _call(self, teller: Source, name: str, event: Event[Any]) -> None:
        callback = self._callbacks.get(name)
        if callback is not None:
            try:
                callback(event.detail)
            except Exception as exception:
                teller._delivery.report(event, callback, exception)

    def _in_child(self) -> None:
        """In a forked child: the request is the parent's, and so is telling of it."""
        self._lock = threading.RLock()
        self._heard = deque()
        self._state, self._suggestion, self.error = "init", "", None  # `_closed` tells the rest
        self._baton = threading.Lock()
