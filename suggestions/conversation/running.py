"""Runs the calls of one answer, side by side, and makes the results that go back to the model.

A call always has a result, as services refuse a history in which one has none: what the tool
returned, or what went wrong in a sentence for the model. A thread cannot be killed, so a tool that
has run out of time, or that was cancelled, goes on by itself, and what it returns is dropped. The
task of an async tool is cancelled.
"""

from __future__ import annotations

import contextvars
import dataclasses
import inspect
import json
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, NamedTuple, Protocol

from .._delivery.async_handlers import is_async
from .._delivery.dispatch import Dispatcher
from .._util import threads
from .._util.arguments import check_seconds
from .._util.elapsed import monotonic
from .._util.waiting import Waiters
from ..events import ToolCall
from .tool import Tool, check_not_on_loop, tools_by_name
from .tool_tasks import ToolTasks

TIMEOUT = 60.0
"""Seconds that a call may take, if the caller sets no other bound."""
LONGEST = 100_000
"""Characters of the longest result that goes back to the model."""
CANCELLED = "This call was cancelled."
_LONGEST_PROBLEM = 2_000
_MOST_AT_ONCE = 16

Outcome = Literal["returned", "failed", "wrong", "refused", "timeout", "cancelled"]
Approve = Callable[[ToolCall, dict[str, Any]], bool]


class ToolResult(NamedTuple):
    """The result of one call.

    `text` is what the model gets. `outcome` is "returned"; "failed" if the tool raised an
    exception, which is `error`; "wrong" if there is no such tool, or if the arguments do not fit;
    "refused" if `approve` said no; "timeout"; or "cancelled".
    """

    call: ToolCall
    text: str
    outcome: Outcome = "returned"
    error: BaseException | None = None

    @property
    def message(self) -> dict[str, Any]:
        """The message of the history that answers the call."""
        return {"role": "tool", "tool_call_id": self.call.id, "content": self.text}


class Closable(Protocol):
    def close(self) -> None: ...


class Cancellation:
    """Cancels, from any thread and for good, what it was passed to: the calls that run, and the
    answer that is being written."""

    def __init__(self) -> None:
        self.is_cancelled = False
        self._waiters = Waiters()
        self._answer: Closable | None = None

    def cancel(self) -> None:
        """Returns at once."""
        self.is_cancelled = True
        self._waiters.wake()
        if self._answer is not None:
            self._answer.close()

    def watch(self, answer: Closable) -> None:
        """Closes that answer, too, and not the one before it."""
        # The order matters: a cancel() at the same time sees the answer, or this sees the cancel.
        self._answer = answer
        if self.is_cancelled:
            answer.close()

    def block_until(self, condition: Callable[[], bool]) -> None:
        """Blocks until the condition holds or it is cancelled. Checks at each `wake()`."""
        self._waiters.block_until(lambda: self.is_cancelled or condition())

    def wake(self) -> None:
        self._waiters.wake()


def run_calls(
    calls: Iterable[ToolCall],
    tools: Iterable[Callable[..., Any] | Tool],
    *,
    timeout: float | None = TIMEOUT,
    approve: Approve | None = None,
    on_result: Callable[[ToolResult], object] = lambda result: None,
    cancellation: Cancellation | None = None,
    dispatch: Dispatcher | None = None,
) -> list[ToolResult]:
    """Runs the calls of one answer, such as `source.tool_calls`, and returns a result for each.

    They run side by side, each on a thread of its own with the caller's context variables, at most
    16 at a time. Blocks until all of them have ended, or cannot go on. Async tools need `dispatch`,
    such as `suggestions.toolkits.aio()`, and run on its loop, so this is called on another thread:
    `await asyncio.to_thread(run_calls, ...)`.

    - `timeout`: seconds that each may take, None for no bound.
    - `approve(call, arguments)` is asked before a call runs, one after the other, on the thread of
      the caller: True lets it run. What it raises is raised here, and then none has run.
    - `on_result(result)` is called for each result as soon as it is there, on the caller's thread.
    - `cancellation`: its `cancel()` makes this return at once.

    If a tool raises, or its arguments are wrong, this does not raise: the text of the result says
    so, and the model can do better. What a tool returns becomes a text too: a str as it is, and
    anything else as JSON. Beyond 100 000 characters it is cut off.

    Raises what `tool_of` raises, `TypeError` and `ValueError` for wrong arguments, `TypeError` for
    async tools without such a `dispatch`, and `RuntimeError` for them on the loop's own thread.
    """
    if timeout is not None:
        check_seconds("timeout", timeout, or_none=True)
    check_approve(approve)
    cancellation = cancellation or Cancellation()
    named = tools_by_name(tools, dispatch)
    check_not_on_loop(named.values(), dispatch)
    jobs = [_Job(call, cancellation._waiters) for call in calls]
    for job in jobs:
        if not cancellation.is_cancelled:
            job.prepare(named, approve)
    with ToolTasks(dispatch) as tasks:
        for result in _run(jobs, timeout, cancellation, tasks):
            on_result(result)
    return [job.result for job in jobs if job.result is not None]


def check_approve(approve: object) -> None:
    if not callable(approve) and approve is not None:
        raise TypeError(f"approve must be a callable, not {type(approve).__name__}")


def _run(
    jobs: Sequence[_Job], timeout: float | None, cancellation: Cancellation, tasks: ToolTasks
) -> Iterator[ToolResult]:
    """Runs those that have no result yet, and gives each result as soon as it is there."""
    yield from (job.result for job in jobs if job.result is not None)
    waiting, running = deque(job for job in jobs if job.result is None), list[_Job]()

    def has_news() -> bool:
        tasks.check()
        return cancellation.is_cancelled or any(job.has_ended for job in running)

    while (waiting or running) and not cancellation.is_cancelled:
        while waiting and len(running) < _MOST_AT_ONCE:
            running.append(waiting.popleft())
            running[-1].start(timeout, tasks)
        deadline = min(job.deadline for job in running)
        left = None if deadline == math.inf else max(0.0, deadline - monotonic())
        cancellation._waiters.block_until(has_news, left, often=bool(tasks))
        for job in running:
            job.settle(timeout)
        yield from (job.result for job in running if job.result is not None)
        running = [job for job in running if job.result is None]
    for job in (*running, *waiting):
        job.result = job.cancelled()
        yield job.result


class _Job:
    """One call. `result` is the thread's that called `run_calls`, and `_found` that of the tool."""

    def __init__(self, call: ToolCall, waiters: Waiters) -> None:
        self.result: ToolResult | None = None
        self.deadline = math.inf
        self._call = call
        self._waiters = waiters
        self._found: ToolResult | None = None
        self._cancel_task: Callable[[], object] = lambda: None

    def prepare(self, tools: Mapping[str, Tool], approve: Approve | None) -> None:
        """Sets the result at once if the call is not to run."""
        tool = tools.get(self._call.name)
        if tool is None:
            known = ", ".join(tools) or "none"
            said = f"There is no tool {self._call.name[:80]!r}: expected {known}."
            self.result = self._with(said, "wrong")
            return
        try:
            self._arguments = tool.arguments(self._call.arguments)
        except ValueError as error:
            # It may quote what the model wrote, which may be long.
            said = f"{tool.name} was not called: {error}"
            self.result = self._with(said[:_LONGEST_PROBLEM], "wrong", error)
            return
        self._tool = tool
        if approve is not None and not self._is_approved(approve):
            self.result = self._with(refusal(self._call), "refused")

    def _is_approved(self, approve: Approve) -> bool:
        said: object = approve(self._call, self._arguments)
        if not isinstance(said, bool):  # such as the coroutine of an async function
            raise TypeError(f"approve must return a bool, not {type(said).__name__}")
        return said

    @property
    def has_ended(self) -> bool:
        return self._found is not None

    def start(self, timeout: float | None, tasks: ToolTasks) -> None:
        if timeout is not None:
            self.deadline = monotonic() + timeout
        try:
            if is_async(self._tool.function):
                self._cancel_task = tasks.start(self._work_async, self._end)
            else:
                context = contextvars.copy_context()
                threads.start(lambda: context.run(self._work), f"tool-{self._tool.name}")
        except Exception as error:  # there are too many threads; the loop has ended
            self._end(error)

    def _work(self) -> None:
        try:
            value = self._tool.function(**self._arguments)
            if inspect.iscoroutine(value):  # from a plain function around an async one
                value.close()
                raise TypeError("it returned a coroutine: expected a function made by async def")
            self._found = self._with(text_of_result(value))
            self._end(None)
        except BaseException as error:  # also `sys.exit()`, which would end this thread alone
            self._end(error)

    async def _work_async(self) -> None:
        self._found = self._with(text_of_result(await self._tool.function(**self._arguments)))

    def _end(self, error: BaseException | None) -> None:
        if self._found is None:
            self._found = self._failed(error or RuntimeError("its task was cancelled"))
        self._waiters.wake()

    def settle(self, timeout: float | None) -> None:
        """Sets the result if the call has ended, or has run out of time."""
        self.result = self._found
        if self.result is None and monotonic() >= self.deadline:
            self._cancel_task()
            said = f"{self._tool.name} did not answer within {timeout:g} seconds."
            self.result = self._with(said, "timeout")

    def cancelled(self) -> ToolResult:
        return self._with(CANCELLED, "cancelled")

    def _failed(self, error: BaseException) -> ToolResult:
        try:
            said = f"{type(error).__name__}: {error}"
        except Exception:  # from the `__str__` of an error of the user's own
            said = type(error).__name__
        return self._with(f"{self._tool.name} failed: {said}", "failed", error)

    def _with(
        self, text: str, outcome: Outcome = "returned", error: BaseException | None = None
    ) -> ToolResult:
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]}… (cut off: it has {len(text)} characters)"
        # Half of a surrogate pair cannot be sent.
        text = text.encode("utf-8", "replace").decode()
        return ToolResult(self._call, text, outcome, error)


def refusal(call: ToolCall) -> str:
    return f"The user has refused this call of {call.name[:80]}."


def text_of_result(value: object) -> str:
    """A str as it is; the JSON of anything else; `str(value)` if it has none."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError, RecursionError):  # keys that are no texts, a circle
        return str(value)


def _plain(value: Any) -> object:
    """What JSON has for a value that it does not know."""
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset, deque)):
        return list(value)
    dump = getattr(value, "model_dump", None)  # of a pydantic model
    return dump() if callable(dump) and not isinstance(value, type) else str(value)
