"""`Suggester`: the state that a view binds to, the counterpart of the hook `useAiSuggestions`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from inspect import iscoroutinefunction, signature
from typing import Any

from .._sources.answer import State
from .._sources.suggestions_event_source import SuggestionsEventSource as Source
from .._util import fork
from .._util.arguments import refuse_unknown
from .._util.secret import hide_arguments
from ..dialects.question import Question
from ..errors import SuggestionsError
from ..events import Event

_STATES: dict[str, State] = {
    "suggestion": "suggesting",
    "done": "done",
    "abort": "aborted",
    "error": "error",
}


class Suggester:
    """Asks one question at a time, and keeps what a view shows of its answer.

    `on_suggestion(text)` gets the text so far, `on_done(text)` and `on_stop(text)` what there is at
    the end, `on_error(error)` a `SuggestionsError`, `on_state(state)` each new `state`. `defaults`
    are arguments of `SuggestionsEventSource` for every request. Callbacks run on the thread of that
    source's handlers, one at a time; with `dispatch`, also in a loop that a callback itself runs,
    as a modal dialog does. A command may come from any thread and counts at once: the attributes
    show it, and no callback begins any more about what was before. In a forked child the request
    is closed without a callback; make another one there.
    Raises `TypeError` for an argument that no request could take.
    """

    __module__ = __name__.rpartition(".conversation.")[0]

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
        defaults = hide_arguments(defaults)
        bound = signature(Source).bind("", start=False, **defaults)
        refuse_unknown("Suggester()", bound.arguments.get("unknown", {}))
        callbacks = (on_suggestion, on_done, on_stop, on_error, on_state)
        for callback in filter(None, callbacks):
            if not callable(callback) or iscoroutinefunction(callback):
                raise TypeError(f"a callback must be a plain callable, not {callback!r}")
        self._callbacks: dict[str, Any] = dict(zip((*_STATES, "state"), callbacks, strict=True))
        self._defaults = defaults
        self._lock = threading.RLock()
        # Its holder calls the callbacks for `_queue`, also in a loop that one of them runs.
        self._baton = threading.RLock()
        self._newest: Source | None = None  # runs the callbacks, also after `reset()`
        self._queue: deque[tuple[Source | None, State, Event[Any]]] = deque()
        self._state: State = "init"
        self._reported: State = "init"
        self._suggestion = ""
        self.error: SuggestionsError | None = None
        """What failed, if the newest request did."""
        self.source: Source | None = None
        """The newest request's, None before the first and after `reset()`."""
        fork.register(self)

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
        # Without a host there is no such loop.
        source._delivery.nests = source._delivery.host is not None
        for name in _STATES:
            source.connect(name, self._receive)
        for name in ("asked", "end"):
            source.connect(name, self._deliver)
        self._begin(source, "requesting")
        source._delivery.append(Event("asked"))  # so the new state is reported at once
        source.start()

    def stop(self) -> None:
        """Closes the request; the text that has arrived stays."""
        source = self.source
        if source is not None:
            source.close()

    def reset(self) -> None:
        """Closes the request without `on_stop`, and goes back to the beginning."""
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
                self._queue.append((source, state, Event(state)))
        if before is not None:
            before.close()
        return before

    @property
    def _closed(self) -> Source | None:
        """The source, if it was closed: its `abort` may be delivered only later."""
        source = self.source
        # Not by its `state`: to read that makes an end final, and stop() would do nothing more.
        return source if source is not None and source.controller.aborted else None

    # Calling the callbacks, on the thread of a source's handlers

    def _receive(self, source: Source, event: Event[Any]) -> None:
        if source is self.source:
            self._queue.append((source, _STATES[event.type], event))
            self._deliver(source, event)

    def _deliver(self, runner: Source, event: Event[Any]) -> None:
        """Calls the callbacks for what is in the queue, as a handler of `runner`.

        Only the newest source does, so that they run on the thread of its handlers. If another
        thread has the baton, in a callback for an older one, this leaves the work: the thread that
        gives the baton back, and finds work left, wakes the newest source.
        """
        baton = self._baton
        if runner is not self._newest or not baton.acquire(blocking=False):
            return
        try:
            while self._queue and runner is self._newest:
                self._deliver_next(runner)
        finally:
            baton.release()  # in a child that a callback forked, `_baton` is new
            # Also if the exception of a callback goes on to the host.
            if self._queue and self._newest is not None:
                self._wake(self._newest)

    def _wake(self, source: Source) -> None:
        """Has a source call `_deliver`: a handler that is connected late is called at once."""
        # A closed source calls handlers for its end only; each other one has had "asked".
        name = "end" if source.controller.aborted else "asked"
        source.once(name, lambda source, event: self._deliver(source, event))

    def _deliver_next(self, runner: Source) -> None:
        """Calls one callback: for the state that the first in the queue brings, or for itself."""
        source, state, event = self._queue[0]
        with self._lock:
            is_news = self._is_news(source, state)
            if is_news:
                self._state = state
                if isinstance(event.detail, str):
                    self._suggestion = event.detail
                elif source is not None and state == "error":
                    self._suggestion, self.error = source.full_message, event.detail
        if is_news and state != self._reported:
            # The event stays in the queue: a loop that this callback runs comes to it first.
            self._reported = state
            self._call(runner, "state", Event("state", state))
            return
        self._queue.popleft()
        if is_news:
            self._call(runner, event.type, event)

    def _is_news(self, source: Source | None, state: State) -> bool:
        return source is self.source and (state == "aborted" or self._closed is None)

    def _call(self, runner: Source, name: str, event: Event[Any]) -> None:
        callback = self._callbacks.get(name)
        if callback is not None:
            try:
                callback(event.detail)
            except Exception as exception:
                runner._delivery.handler_errors.report(event, callback, exception)

    def _in_child(self) -> None:
        """In a forked child: the request is the parent's, and so are the callbacks."""
        self._lock = threading.RLock()
        self._queue = deque()
        self._state, self._suggestion, self.error = "init", "", None  # `_closed` overrides both
        self._baton = threading.RLock()
