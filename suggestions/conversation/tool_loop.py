"""`run_tools`: asks, runs the tools that the model calls, and asks again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._sources.assistant_message import is_cut
from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util.arguments import check_count, check_options
from .._util.secret import hide_arguments
from ..dialects import find
from ..errors import AbortedError
from .running import TIMEOUT, Approve, Cancellation, run_calls
from .tool import Tool, check_not_on_loop, tools_by_name


def run_tools(
    messages: list[dict[str, Any]],
    tools: Iterable[Callable[..., Any] | Tool],
    *,
    max_steps: int = 5,
    timeout: float | None = TIMEOUT,
    approve: Approve | None = None,
    cancellation: Cancellation | None = None,
    **arguments: Any,
) -> str:
    """Asks until the model answers without calling a tool, and returns that answer's text.

    `messages` is the history, and grows: each answer and each result of a tool is appended to it as
    soon as it is there. So after an error, too, it says what the tools have done, and another call
    goes on from there.

    - `tools`: functions, or `Tool`s. `timeout`, `approve`: see `run_calls`.
    - `max_steps`: how many answers there may be, the last one among them.
    - `cancellation`: its `cancel()` closes the answer that is being written, and cancels the calls.
    - `arguments` are those of `SuggestionsEventSource`, for each of the questions: `dialect`, `on`
      and so on. The tools are described to the service after those in `options`. Async tools run
      on the loop of `dispatch`, so this is called on another thread:
      `await asyncio.to_thread(run_tools, ..., dispatch=suggestions.toolkits.aio())`.

    Raises what `SuggestionsEventSource`, `result()` and `run_calls` raise: the `SuggestionsError`
    of an answer that failed, `AbortedError` after `cancel()`, `ValueError` if the dialect takes no
    tools. Raises `RuntimeError` if the model calls tools after `max_steps` answers; those calls
    have run.
    """
    arguments = hide_arguments(arguments)  # so that no traceback shows a token
    if not isinstance(messages, list):
        raise TypeError(f"messages must be a list, which grows, not {type(messages).__name__}")
    if check_count("max_steps", max_steps) < 1:
        raise ValueError("max_steps must be 1 or more")
    dispatch = arguments.get("dispatch")
    named = list(tools_by_name(tools, dispatch).values())
    check_not_on_loop(named, dispatch)
    arguments["dialect"] = dialect = find(arguments.get("dialect", "jetpack"))
    arguments["options"] = dialect.with_tools(check_options(arguments.get("options")), named)
    cancellation = cancellation or Cancellation()
    for _ in range(max_steps):
        if cancellation.is_cancelled:
            raise AbortedError("The tools were cancelled before the model had answered.")
        source = SuggestionsEventSource(list(messages), **arguments)
        cancellation.watch(source)
        text = source.result()
        messages.append(_sendable(source))
        if not source.tool_calls:
            return text
        results = run_calls(
            source.tool_calls,
            named,
            timeout=timeout,
            approve=approve,
            cancellation=cancellation,
            dispatch=dispatch,
        )
        messages += [result.message for result in results]
    raise RuntimeError(
        f"the model still calls tools after max_steps={max_steps} answers: messages has them, and "
        "the results"
    )


def _sendable(source: SuggestionsEventSource) -> dict[str, Any]:
    """The answer's message. Arguments that are no JSON object, which services refuse in a history,
    are left out of it; the result of the call says what was wrong with them."""
    message = source.message
    for called, call in zip(message.get("tool_calls", ()), source.tool_calls, strict=False):
        if is_cut(call):
            called["function"]["arguments"] = "{}"
    return message
