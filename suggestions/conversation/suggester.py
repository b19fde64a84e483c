"""`Suggester`: the state that a view binds to, the counterpart of the hook `useAiSuggestions`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction, signature
from typing import Any

from .._sources.answer import State
from .._sources.suggestions_event_source import SuggestionsEventSource as Source
from .._util import fork
from .._util.arguments import refuse_unknown
from .._util.secret import hide_arguments
from ..dialects.question import Question
from ..errors import AbortedError, SuggestionsError
from ..events import Event
from .round import Round
from .running import TIMEOUT, Approve, check_approve
from .tool import Tool
from .tool_set import tool_set

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
    as a modal dialog does. Call a command from any thread; it takes effect at once: the attributes
    show it, and no callback about what was before begins any more. In a forked child the request is
    closed without a callback; make another one there.

    `tools`, `max_steps`, `tool_timeout` and `approve` are as for `run_tools`: if an answer calls
    tools, they run on threads, and the next answer is asked for. All of that is one request: the
    state is "suggesting", `suggestion` is the text of the newest answer, and `on_done` gets the
    last one's.
    A `ToolsError` is reported if the model calls tools after `max_steps` answers, or if `approve`
    raises.

    Raises `TypeError` for an argument that no request could take, and what `run_tools` does for
    wrong tools.
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
        tools: Iterable[Callable[..., Any] | Tool] = (),
        max_steps: int = 5,
        tool_timeout: float | None = TIMEOUT,
        approve: Approve | None = None,
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
        check_approve(approve)
        self._tools = tool_set(tools, max_steps, tool_timeout, approve, defaults.get("dispatch"))
        self._round: Round | None = None  # of the newest request
        self._were_calls_stopped = False
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
        """The newest answer's, None before the first request and after `reset()`."""
        fork.register(self)

    @property
    def state(self) -> State:
        """ "init", "requesting", "suggesting", "done", "error" or "aborted"."""
        with self._lock:
            return "aborted" if self._closed else self._state

    @property
    def suggestion(self) -> str:
        """The text so far of the newest answer."""
        with self._lock:
            return self._closed.full_message if self._closed else self._suggestion

    def request(self, question: Question, **options: Any) -> None:
        """Asks, and closes the request before it. `options` take the place of `defaults`.

        Raises what `SuggestionsEventSource` does, and then leaves everything as it was.
        """
        begun = Round(question, self._tools, {**self._defaults, **options})
        self._ask(begun.source, "requesting", begun)

    def stop(self) -> None:
        """Closes the request; the text that has arrived stays."""
        if (begun := self._round) is not None:
            begun.close()
            self._end_calls(begun)

    def reset(self) -> None:
        """Closes the request without `on_stop`, and goes back to the beginning."""
        before = self._begin(None, "init", None)
        if before is not None:
            self._wake(before)

    def _ask(self, source: Source, state: State, begun: Round) -> None:
        # Without a host there is no such loop.
        source._delivery.nests = source._delivery.host is not None
        for name in _STATES:
            source.connect(name, self._receive)
        for name in ("asked", "end"):
            source.connect(name, self._deliver)
        self._begin(source, state, begun)
        begun.watch(source)  # not before: the `abort` of any but the newest source is ignored
        source._delivery.append(Event("asked"))  # so the new state is reported at once
        source.start()

    def _begin(self, source: Source | None, state: State, begun: Round | None) -> Source | None:
        """Returns the source before it, closed or at its end."""
        with self._lock:
            before, self.source = self.source, source
            round_before, self._round = self._round, begun
            self._state, self._suggestion, self.error = state, "", None
            self._were_calls_stopped = False
            if source is not None:
                self._newest = source
            if source is not before:
                self._queue.append((source, state, Event(state)))
        if round_before is not None and round_before is not begun:
            round_before.close()
        return before

    # Calls of tools

    def _call_tools(self, source: Source, begun: Round) -> None:
        def ask_again(following: Source) -> None:
            with self._lock:  # no command comes in between
                if self._is_current(source):
                    try:
                        self._ask(following, "suggesting", begun)
                    except RuntimeError:  # the program ends, or there are too many threads
                        following.close()

        def fail(error: SuggestionsError) -> None:
            if isinstance(error, AbortedError):  # perhaps by `suggestions.shutdown()`
                self._end_calls(begun)
            elif self._is_current(source):
                self._queue.append((source, "error", Event("error", error)))
                self._wake(source)

        self._queue.append((source, "suggesting", Event("suggesting")))
        begun.call_tools(source, ask_again, fail)

    def _end_calls(self, begun: Round) -> None:
        """Reports that a round was closed, if its newest answer has ended and cannot do so."""
        with self._lock:
            source = self.source
            is_over = self._state in ("done", "error") or self._closed is not None
            if is_over or begun is not self._round or source is None or not begun.calls(source):
                return
            self._were_calls_stopped = True
            self._queue.append((source, "aborted", Event("abort", source.full_message)))
        self._wake(source)

    def _is_current(self, source: Source | None) -> bool:
        return source is self.source and self._closed is None

    @property
    def _closed(self) -> Source | None:
        """The source, if it was closed: its `abort` may be delivered only later."""
        source = self.source
        # Not by its `state`: reading that makes an end final, and stop() would do nothing more.
        if source is None or not (self._were_calls_stopped or source.controller.aborted):
            return None
        return source

    # Calling the callbacks, on the thread of a source's handlers

    def _receive(self, source: Source, event: Event[Any]) -> None:
        begun = self._round
        if source is not self.source or begun is None:
            return
        if event.type == "done" and begun.calls(source):
            if self._is_current(source):
                self._call_tools(source, begun)
        else:
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
            # Even if the exception of a callback goes on to the host.
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
        return self._is_current(source) or (source is self.source and state == "aborted")

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
        self._were_calls_stopped = self._state in ("requesting", "suggesting")
        self._state, self._suggestion, self.error = "init", "", None  # `_closed` overrides both
        self._baton = threading.RLock()
