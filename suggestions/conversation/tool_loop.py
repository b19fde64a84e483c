"""`run_tools`: asks, runs the tools that the model calls, and asks again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .._delivery.dispatch import Dispatcher
from .._sources.assistant_message import calls_of
from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util.secret import hide_arguments
from ..dialects.question import Question
from ..errors import AbortedError, SuggestionsError
from ..events import ToolCall
from .history import sent_call
from .running import TIMEOUT, Approve, Cancellation, ToolResult, check_approve, run_calls
from .tool import Tool, check_not_on_loop
from .tool_set import ToolSet, tool_set


class ToolsError(SuggestionsError, RuntimeError):
    """The model still calls tools after `max_steps` answers. The `on_error` of a `Suggester` gets
    it too, also for what `approve` raises."""

    code = "error_tools"


def run_tools(
    messages: list[dict[str, Any]],
    tools: Iterable[Callable[..., Any] | Tool],
    *,
    max_steps: int = 5,
    tool_timeout: float | None = TIMEOUT,
    approve: Approve | None = None,
    cancellation: Cancellation | None = None,
    **arguments: Any,
) -> str:
    """Asks until the model answers without calling a tool, and returns that answer's text.

    `messages` is the history, and grows: each answer and each result of a tool is appended to it as
    soon as it is there. So after an error, too, it says what the tools have done, and another call
    goes on from there.

    - `tools`: functions, or `Tool`s. `approve`: see `run_calls`, whose `timeout` is `tool_timeout`
      here.
    - `max_steps`: how many answers there may be, the last one among them.
    - `cancellation`: its `cancel()` closes the answer that is being written, and cancels the calls.
    - `arguments` are those of `SuggestionsEventSource`, for each of the questions: `dialect`, `on`
      and so on. The tools are described to the service after those in `options`. Async tools run
      on the loop of `dispatch`, so this is called on another thread:
      `await asyncio.to_thread(run_tools, ..., dispatch=suggestions.toolkits.aio())`.

    Raises what `SuggestionsEventSource`, `result()` and `run_calls` raise: the `SuggestionsError`
    of an answer that failed, `AbortedError` after `cancel()`, `ValueError` if the dialect takes no
    tools. Raises `ToolsError`, a `RuntimeError`, if the model calls tools after `max_steps`
    answers; those calls have run.
    """
    arguments = hide_arguments(arguments)  # so that no traceback shows a token
    if not isinstance(messages, list):
        raise TypeError(f"messages must be a list, which grows, not {type(messages).__name__}")
    check_approve(approve)
    if not isinstance(cancellation, (Cancellation, type(None))):
        kind = type(cancellation).__name__
        raise TypeError(f"cancellation must be a Cancellation, not {kind}")
    known = tool_set(tools, max_steps, tool_timeout, approve, arguments.get("dispatch"))
    check_not_on_loop(known.tools, known.dispatch)
    cancellation = cancellation or Cancellation()
    steps = Steps(known, arguments, cancellation)
    while True:
        source = steps.ask(list(messages))
        cancellation.watch(source)
        text = source.result()
        if not steps.take(source, messages):
            return text


class Steps:
    """The answers to one question, until one calls no tool. `arguments` are those of a source."""

    def __init__(
        self, tools: ToolSet, arguments: dict[str, Any], cancellation: Cancellation
    ) -> None:
        self._cancellation = cancellation
        self._tools = tools
        self._arguments = tools.describe(arguments)
        self._count = 0

    def ask(self, question: Question, *, start: bool = True) -> SuggestionsEventSource:
        """The source of the next answer. Raises `ToolsError` after `max_steps` answers."""
        if self._cancellation.is_cancelled:
            raise AbortedError("The tools were cancelled before the model had answered.")
        if self._count == self._tools.max_steps:
            said = f"The model still calls tools after max_steps={self._count} answers."
            raise ToolsError(said)
        source = SuggestionsEventSource(question, start=start, **self._arguments)
        self._count += 1
        return source

    def take(self, source: SuggestionsEventSource, messages: list[Any]) -> bool:
        """Appends the answer, runs the calls that it has, and appends their results. Returns if it
        has any."""
        calls = calls_of(source.tool_calls, source.full_function_call)
        messages.append(sendable(source.message, calls))
        if calls:
            results = self.run(calls, dispatch=self._tools.dispatch)
            messages += [result.message for result in results]
        return bool(calls)

    def run(
        self,
        calls: Sequence[ToolCall],
        on_result: Callable[[ToolResult], object] = lambda result: None,
        *,
        dispatch: Dispatcher | None,
    ) -> list[ToolResult]:
        """The results of those calls; async tools run on the loop of `dispatch`."""
        return run_calls(
            calls,
            self._tools.tools,
            timeout=self._tools.timeout,
            approve=self._tools.approve,
            on_result=on_result,
            cancellation=self._cancellation,
            dispatch=dispatch,
        )


def has_calls(source: SuggestionsEventSource) -> bool:
    return bool(source.tool_calls or source.full_function_call)


def sendable(message: dict[str, Any], calls: Sequence[ToolCall]) -> dict[str, Any]:
    """The answer's message, with its calls as services take them in a history."""
    message.pop("function_call", None)
    return {**message, "tool_calls": [sent_call(call) for call in calls]} if calls else message
