"""Several answers of a service that are one to the browser: tools run here between them."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from .._delivery.async_handlers import is_async
from .._delivery.dispatch import Dispatcher
from .._sources import ending
from .._sources.answer_following import TOOL_CALL_PIECE, EventFollower
from .._sources.assistant_message import calls_of
from .._sources.suggestions_event_source import SuggestionsEventSource as Source
from .._util import threads
from .._util.waiting import Waiters
from ..conversation.running import Cancellation, ToolResult
from ..conversation.tool_loop import Steps, ToolsError, sendable
from ..conversation.tool_set import ToolSet
from ..dialects.question import Question
from ..errors import SuggestionsError
from ..events import Event, ToolCall, Usage
from ..toolkits import aio
from .frames import ENDINGS
from .tool_result import result_of

logger = logging.getLogger("suggestions")

_PIECES = frozenset(("tool_call_chunk", TOOL_CALL_PIECE))
_WHOLE = ("tool_call", "function_done")
_STATES = {"done": "done", "error": "error", "abort": "aborted"}


class Rounds:
    """Asks, runs the tools that the model calls, and asks again, for a driver of an answer.

    To the driver this is both the source and its follower (`asked.py`): one text, one end. The
    driver's thread or loop starts each answer. The tools run while the driver waits as it does for
    a service, and the thread on which they are called leaves what came of them in `_news`.

    With `has_others`, the browser runs tools, too: an answer that calls one of them is the last.
    Raises what `SuggestionsEventSource` does.
    """

    def __init__(
        self,
        question: Question,
        tools: ToolSet,
        has_others: bool,
        expose_errors: bool,
        arguments: dict[str, Any],
    ) -> None:
        self.waiters = Waiters()
        self._tools = {tool.name: tool for tool in tools.tools}
        self._has_others = has_others
        self._expose_errors = expose_errors
        self._cancellation = Cancellation()
        self._steps = Steps(tools, arguments, self._cancellation)
        self._messages: list[Any] = (
            [{"role": "user", "content": question}] if isinstance(question, str) else [*question]
        )
        self._context = contextvars.copy_context()  # of the view, which knows who asks
        self._dispatch: Dispatcher | None = None
        self._forgets = False
        self._news: deque[Event[Any] | Source] = deque()
        self._is_calling = False
        self._is_closed = False
        self._end: str | None = None  # the name of the last event
        self._said = ""  # by the answers before this one
        self._spent: Usage | None = None
        self.answer = self._steps.ask(question, start=False)
        """The source of the newest answer."""
        self._delivery = self.answer._delivery
        self._cancellation.watch(self.answer)
        self._follow(ENDINGS)

    def __repr__(self) -> str:
        return repr(self.answer)

    # As a source

    @property
    def state(self) -> str:
        if self._end is not None:
            return _STATES[self._end]
        return "aborted" if self._is_closed else self.answer.state

    @property
    def full_message(self) -> str:
        """The text of all answers so far."""
        return self._said + self.answer.full_message

    @property
    def usage(self) -> Usage | None:
        """The tokens of all answers so far."""
        return _sum(self._spent, self.answer.usage)

    @property
    def finish_reason(self) -> str | None:
        return self.answer.finish_reason

    @property
    def model(self) -> str | None:
        return self.answer.model

    def start(self) -> None:
        self.answer.start()

    def close(self) -> None:
        """Closes the answer, and cancels the calls, from any thread. Nothing more is asked."""
        if sys.is_finalizing() or self._end is not None:
            return
        self._is_closed = True
        self._cancellation.cancel()
        self.waiters.wake()

    def _run_on(self, dispatch: Dispatcher) -> None:
        self._dispatch = dispatch
        self.answer._run_on(dispatch)

    def _resume(self) -> None:
        self.answer._resume()

    def _follow(self, names: Iterable[str]) -> Rounds:
        self._names = frozenset(names)
        # A client that does not get the results would take a call for one that it is to run. The
        # name of a call may come in pieces, so those of the browser's tools are sent whole.
        self._hides_calls = "tool_result" not in self._names
        self._follower = self._followed()
        return self

    def _followed(self) -> EventFollower:
        follower = self.answer._follow(self._names - _PIECES if self._hides_calls else self._names)
        follower.forgets = self._forgets
        follower.waiters.wakers.append(self.waiters.wake)
        return follower

    # As its follower

    @property
    def forgets(self) -> bool:
        return self._forgets

    @forgets.setter
    def forgets(self, forgets: bool) -> None:
        self._forgets = self._follower.forgets = forgets

    @property
    def has_stopped_reading(self) -> bool:
        return self._follower.has_stopped_reading

    def has_more(self) -> bool:
        if self._is_calling:
            return bool(self._news) or self._is_closed
        return self._follower.has_more()

    def take(self) -> list[Event[Any]]:
        """The events that have come since the last call, on the driver's thread."""
        events: list[Event[Any]] = []
        while self._is_calling and self._news:
            self._take_news(self._news.popleft(), events)
        if self._is_calling and self._is_closed:
            self._finish("abort", None, events)
        if not self._is_calling and self._end is None:
            for event in self._follower.take():
                if event.type in ENDINGS:
                    self._end_answer(event, events)
                elif not self._is_hidden(event):
                    events.append(event)
        return events

    def _is_hidden(self, event: Event[Any]) -> bool:
        if not (self._hides_calls and event.type in _WHOLE):
            return False
        # Without tools of the browser, a call of a tool that there is not is answered here, too.
        return event.detail.name in self._tools or not self._has_others

    def _take_news(self, news: Event[Any] | Source, events: list[Event[Any]]) -> None:
        if isinstance(news, Source):
            self._go_on(news, events)
        elif news.type in ENDINGS:
            # `close()` may be why the calls failed.
            self._finish("abort" if self._is_closed else news.type, news.detail, events)
        else:
            events.append(news)

    def _end_answer(self, event: Event[Any], events: list[Event[Any]]) -> None:
        calls = calls_of(self.answer.tool_calls, self.answer.full_function_call)
        own = [call for call in calls if not self._has_others or call.name in self._tools]
        if event.type != "done" or self._is_closed or not own:
            self._finish(event.type, event.detail, events)
            return
        context, is_last = self._context.copy(), len(own) < len(calls)
        self._is_calling = True
        try:
            ending.add(self)
            work = partial(self._work, own, is_last)
            threads.start(lambda: context.run(work), "tools", self._delivery)
        except RuntimeError as error:  # the program ends, or there are too many threads
            self._finish("error", ToolsError(f"The tools cannot be called: {error}"), events)

    def _go_on(self, following: Source, events: list[Event[Any]]) -> None:
        """Starts the next answer."""
        self._said, self._spent = self.full_message, self.usage
        self.answer, self._delivery = following, following._delivery
        self._is_calling = False
        self._cancellation.watch(following)
        self._follower = self._followed()
        if self._is_closed:
            self._finish("abort", None, events)
            return
        try:
            if self._dispatch is not None:
                following._run_on(self._dispatch)
            following.start()
        except RuntimeError as error:  # as above
            self._finish("error", ToolsError(f"The model cannot be asked again: {error}"), events)
            return
        if "step" in self._names:
            events.append(Event("step"))

    def _finish(self, kind: str, detail: Any, events: list[Event[Any]]) -> None:
        """Adds the one end of all. After `close()` it is no success."""
        self._end = kind = "abort" if kind == "done" and self._is_closed else kind
        self._is_calling = False
        if kind != "error":
            events.append(Event(kind, self.full_message))
            return
        detail.partial_text = self.full_message
        events.append(Event(kind, detail))

    # On the thread that calls the tools

    def _work(self, calls: Sequence[ToolCall], is_last: bool) -> None:
        news: Event[Any] | Source
        try:
            results = self._run(calls)
            # The browser has calls to run, too, and then asks again with all the results.
            news = Event("done") if is_last else self._next(calls, results)
        except SuggestionsError as error:
            news = Event("error", error)
        except BaseException as error:  # from `approve`; also `sys.exit()`
            logger.exception("the tools could not be called")
            news = Event("error", ToolsError(f"{type(error).__name__}: {error}"))
        self._tell(news)

    def _run(self, calls: Sequence[ToolCall]) -> list[ToolResult]:
        run = partial(self._steps.run, calls, self._report)
        needs_loop = any(is_async(tool.function) for tool in self._tools.values())
        if self._dispatch is None and needs_loop:
            return asyncio.run(_on_loop_here(run))
        return run(dispatch=self._dispatch)

    def _next(self, calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> Source:
        self._messages.append(sendable(self.answer.message, calls))
        self._messages += [result.message for result in results]
        return self._steps.ask(self._messages, start=False)

    def _report(self, result: ToolResult) -> None:
        if "tool_result" in self._names and not self._is_closed:
            self._tell(Event("tool_result", result_of(result, self._expose_errors)))

    def _tell(self, news: Event[Any] | Source) -> None:
        self._news.append(news)
        self.waiters.wake()


async def _on_loop_here(run: partial[list[ToolResult]]) -> list[ToolResult]:
    """For async tools under WSGI: the server has no loop."""
    return await asyncio.to_thread(run, dispatch=aio())


def _sum(one: Usage | None, other: Usage | None) -> Usage | None:
    """The details are those of the newest."""
    if one is None or other is None:
        return one or other
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.completion_tokens + other.completion_tokens,
        one.total_tokens + other.total_tokens,
        other.details,
        one.cached_tokens + other.cached_tokens,
        one.reasoning_tokens + other.reasoning_tokens,
    )
