"""`Turn`: one turn of the assistant, from the question to the end of its last answer.

If an answer calls tools, they are called on a thread of their own, and the model is asked again
with the results. Each answer is a message, and so is each call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NamedTuple

from .._sources import ending
from .._util import threads
from ..events import ERROR_NAMES, NAMES, Event, ToolCall
from .chat_answer import ChatAnswer
from .chat_message import (
    ChatDetail,
    ChatError,
    ChatMessage,
    MessageStatus,
    as_stopped,
    new_id,
    text_part,
)
from .running import Cancellation, ToolResult, refusal, run_calls

if TYPE_CHECKING:
    from .._delivery.delivery import Delivery
    from .._sources.suggestions_event_source import SuggestionsEventSource as Source
    from .tool_set import ToolSet

logger = logging.getLogger(__name__.partition(".conversation.")[0])

_ENDINGS = {"done", "abort", *ERROR_NAMES, "error_response", "error", "end"}
PASSED_ON = NAMES - _ENDINGS - {"handler_error", "tool_call"}
"""The events of an answer's source that the conversation sends on, with their message."""


class Turn:
    """Asks, calls tools, and asks again.

    `ask(messages)` makes the source of the next answer, after those messages of this turn. With the
    lock of the delivery, `changed()` is called after a change of the messages, and `ended(turn)`
    once, at the end; without it, `grown()` after more text.

    Once it is over, nothing of it changes, and none of these is called: so a source or a tool of an
    older turn may still report, at any time, but changes no message.
    """

    def __init__(
        self,
        delivery: Delivery,
        tools: ToolSet,
        ask: Callable[[Sequence[ChatMessage]], Source],
        *,
        changed: Callable[[], object],
        grown: Callable[[], object],
        ended: Callable[[Turn], object],
    ) -> None:
        """Raises what `ask` does."""
        self._delivery = delivery
        self._tools = tools
        self._ask = ask
        self._changed = changed
        self._grown = grown
        self._ended = ended
        self._context = copy_context()
        self._cancellation = Cancellation()
        self._complete: list[ChatMessage] = []
        self._calls: list[ChatMessage] = []  # of the answer before, until all have a result
        self._answer: ChatAnswer | None = ChatAnswer(ask(()))  # None while tools are called
        self._groups = 0  # of calls that run together, until all of them have their results
        self._steps = 1
        self.is_over = False
        self.was_stopped = False

    @property
    def status(self) -> MessageStatus:
        """That of the newest answer, or "calling"."""
        if self._answer is None or self._calls_tools(self._answer):
            return "calling"
        return self._answer.status

    def _calls_tools(self, answer: ChatAnswer) -> bool:
        return bool(self._tools.tools) and answer.status == "done" and bool(answer.calls)

    def messages(self) -> tuple[ChatMessage, ...]:
        newest = self._calls if self._answer is None else [self._answer.message()]
        return (*self._complete, *newest)

    def newest_answer(self) -> ChatMessage:
        answers = [message for message in self.messages() if message.role == "assistant"]
        return answers[-1]

    # All of this is called with the lock

    def start(self) -> None:
        """Starts the newest source. Raises `RuntimeError` as it does."""
        assert self._answer is not None
        self._listen(self._answer)
        self._cancellation.watch(self._answer.source)
        self._answer.source.start()

    def end(self) -> None:
        """Stops what is under way."""
        if self.is_over:
            return
        self.is_over = True
        self._cancellation.cancel()
        if self._answer is not None and self._calls_tools(self._answer):
            self._take_calls(self._answer)  # its end has not been reported yet
        if self._answer is not None:
            self._complete.append(self._answer.message())
        elif self._calls:
            self._complete[-1] = self._complete[-1]._replace(status="stopped")
            self._complete += as_stopped(self._calls)
        self._answer, self._calls = None, []
        self.was_stopped = self.newest_answer().status == "stopped"
        self._ended(self)

    def decide(self, message_id: str, is_allowed: bool) -> None:
        """Lets a call that waits be run, or not."""
        for place, message in enumerate(self._calls):
            if message.id == message_id and message.status == "waiting":
                said = refusal(message.tool_calls[0])
                self._calls[place] = (
                    message._replace(status="calling")
                    if is_allowed
                    else _with_result(message, ToolResult(message.tool_calls[0], said, "refused"))
                )
                self._cancellation.wake()
                self._changed()

    def close(self) -> None:
        """For `suggestions.shutdown()`, while tools are called."""
        with self._delivery.lock:
            self.end()

    # An answer

    def _listen(self, answer: ChatAnswer) -> None:
        """Its handlers are called on the thread that reads."""
        source = answer.source
        source.connect("chunk", lambda _, event: self._add_text(answer, event.detail))
        source.connect("reasoning", lambda _, event: self._add_text(answer, ""))
        for name in ("done", "abort", "error"):
            source.connect(name, lambda *_: self._on_end(answer))
        for name in PASSED_ON:
            if self._delivery.has_handler(name):
                source.connect(name, lambda _, event: self._pass_on(answer, event))

    def _send(self, event: Event[Any]) -> None:
        self._delivery.log.append(OfTurn(self, event))

    def _add_text(self, answer: ChatAnswer, text: str) -> None:
        answer.add_text(text)
        if not self.is_over:
            self._grown()

    def _pass_on(self, answer: ChatAnswer, event: Event[Any]) -> None:
        with self._delivery.lock:
            if self.is_over:
                return
            self._send(Event(event.type, ChatDetail(answer.id, event.detail)))
        self._delivery.wake(here=True)

    def _on_end(self, answer: ChatAnswer) -> None:
        with self._delivery.lock:
            if self.is_over:
                return
            if self._calls_tools(answer):
                self._take_calls(answer)
                self._begin_calls(answer.calls)
            else:
                self.end()

    # Calls of tools

    def _take_calls(self, answer: ChatAnswer) -> None:
        """The answer is complete, and each of its calls is a message."""
        self._complete.append(answer.message())
        self._answer = None
        self._calls = [
            ChatMessage(
                new_id(),
                "tool",
                status="waiting" if call.name in self._tools.waiting else "calling",
                tool_calls=(call,),
            )
            for call in answer.calls
        ]

    def _begin_calls(self, calls: Sequence[ToolCall]) -> None:
        self._changed()
        for message in self._calls:
            self._send(Event("tool_call", message))
        self._delivery.wake()
        # A call that waits for the user keeps no other one waiting.
        waiting = [(call,) for call in calls if call.name in self._tools.waiting]
        at_once = tuple(call for call in calls if call.name not in self._tools.waiting)
        groups = [*filter(None, (at_once, *waiting))]
        self._groups = len(groups)
        for group in groups:
            self._start_calls(group)

    def _start_calls(self, calls: Sequence[ToolCall]) -> None:
        # A copy: another thread may be in the context.
        context = self._context.copy()
        try:
            ending.add(self)
            threads.start(lambda: context.run(self._run_calls, calls), "tools", self._delivery)
        except RuntimeError as error:  # the program ends, or there are too many threads
            self._fail(f"The tools cannot be called: {error}.")

    def _run_calls(self, calls: Sequence[ToolCall]) -> None:
        """Runs on a thread of its own."""
        tools = self._tools
        try:
            run_calls(
                calls,
                tools.tools,
                timeout=tools.timeout,
                approve=self._may_run,
                on_result=self._on_result,
                cancellation=self._cancellation,
                dispatch=tools.dispatch,
            )
        except BaseException as error:  # from `approve`; also `sys.exit()`
            logger.exception("approve raised an exception; no tool was called")
            with self._delivery.lock:
                self._fail(f"approve raised {type(error).__name__}: {error}")
        with self._delivery.lock:
            self._groups -= 1
            if self._groups:
                return
        self._ask_again()

    def _may_run(self, call: ToolCall, arguments: dict[str, Any]) -> bool:
        if call.name in self._tools.waiting:
            self._cancellation.block_until(lambda: self._status_of(call) != "waiting")
            return self._status_of(call) == "calling"
        return self._tools.approve is None or self._tools.approve(call, arguments)

    def _status_of(self, call: ToolCall) -> MessageStatus:
        """That of its message; "stopped" once the turn is over."""
        for message in tuple(self._calls):
            if message.tool_calls[0] is call:
                return message.status
        return "stopped"

    def _on_result(self, result: ToolResult) -> None:
        with self._delivery.lock:
            if not self.is_over:
                place = self._place(result.call)
                self._calls[place] = message = _with_result(self._calls[place], result)
                self._changed()
                self._send(Event("tool_result", message))
                self._delivery.wake()

    def _place(self, call: ToolCall) -> int:
        # Services may give two calls the same id.
        return next(n for n, m in enumerate(self._calls) if m.tool_calls[0] is call)

    def _ask_again(self) -> None:
        with self._delivery.lock:
            if not self.is_over and self._steps >= self._tools.max_steps:
                self._fail(f"The model still calls tools after max_steps={self._steps} answers.")
            if self.is_over:
                return
            messages = (*self._complete, *self._calls)
        try:
            # Without the lock: `history` may take its time, or wait for a thread that wants it.
            answer = ChatAnswer(self._ask(messages))
        except BaseException as error:  # from `history`; also `sys.exit()`
            logger.exception("the results of tools could not be sent")
            with self._delivery.lock:
                self._fail(f"{type(error).__name__}: {error}")
            return
        with self._delivery.lock:
            if self.is_over:
                return
            self._complete += self._calls
            self._calls, self._answer = [], answer
            self._steps += 1
            self._changed()
            try:
                self.start()
            except RuntimeError:  # the program ends
                self.end()

    def _fail(self, said: str) -> None:
        """Ends with a message that has failed; that and nothing else is what `retry` asks for."""
        if not self.is_over:
            failed = ChatMessage(
                new_id(), "assistant", status="error", error=ChatError("error_tools", said)
            )
            self._complete += (*as_stopped(self._calls), failed)
            self._calls = []
            self.end()

    def in_child(self) -> tuple[ChatMessage, ...]:
        """After a fork, in the child: what had come."""
        newest = self._calls if self._answer is None else [self._answer.in_child()]
        return tuple(as_stopped((*self._complete, *newest)))


class OfTurn(NamedTuple):
    """An entry of the log: an event of a turn, which is not sent any more once it was stopped."""

    turn: Turn
    event: Event[Any]


def _with_result(message: ChatMessage, result: ToolResult) -> ChatMessage:
    if result.outcome == "returned":
        return message._replace(text=result.text, parts=text_part(result.text), status="done")
    return message._replace(
        text=result.text,
        parts=text_part(result.text),
        status="stopped" if result.outcome == "cancelled" else "error",
        error=None if result.outcome == "cancelled" else ChatError(result.outcome, result.text),
    )
