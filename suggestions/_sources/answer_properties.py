"""What can be read of an answer, at any moment."""

from __future__ import annotations

from typing import Any

from .._delivery.delivery import Delivery
from ..events import AnswerFile, Citation, FunctionCall, ToolCall, Usage
from .answer import Answer, State


class AnswerProperties:
    """Each may be read from any thread."""

    _answer: Answer
    _delivery: Delivery

    @property
    def state(self) -> State:
        """ "init", "requesting", "suggesting", "done", "error" or "aborted"."""
        with self._delivery.lock:
            self._answer.make_final()
            return self._answer.state

    @property
    def full_message(self) -> str:
        """All the text that has arrived."""
        with self._delivery.lock:
            return self._answer.full_message

    @property
    def is_prompt_clear(self) -> bool:
        """True once the text cannot be the marker of an unclear prompt any more."""
        return self._answer.is_prompt_clear

    @property
    def full_function_call(self) -> FunctionCall | None:
        """The function call so far."""
        with self._delivery.lock:
            return self._answer.full_function_call

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls that are complete."""
        return self._answer.tool_calls

    @property
    def message(self) -> dict[str, Any]:
        """The answer as the assistant's message, ready to be appended to the conversation.

        Once the answer is done, the message has the text as `content`, the calls of tools, and what
        must go back to the service as it came: signed thinking and encrypted reasoning, then parts
        of `content`, which no other service gets. Before that, or if the answer failed, it has what
        had come, and of calls only complete ones.
        """
        with self._delivery.lock:
            return self._answer.message

    @property
    def object(self) -> Any:
        """With `output=`: the checked object, once the answer is done; None before that, and if the
        answer calls tools instead.

        It is an instance of the type, or for a schema the value in JSON.
        """
        with self._delivery.lock:
            self._answer.make_final()
            return self._answer.object if self._answer.state == "done" else None

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sources that the service has named so far."""
        with self._delivery.lock:
            return tuple(self._answer.citations)

    @property
    def files(self) -> tuple[AnswerFile, ...]:
        """The images and files that have come so far; no previews."""
        with self._delivery.lock:
            return tuple(self._answer.files)

    @property
    def reasoning(self) -> str:
        """What the model has thought aloud so far."""
        with self._delivery.lock:
            return self._answer.reasoning

    @property
    def usage(self) -> Usage | None:
        """Token counts, once the service has sent them."""
        return self._answer.usage

    @property
    def finish_reason(self) -> str | None:
        """The model's reason to stop: "stop", "length", "tool_calls" and so on."""
        return self._answer.finish_reason

    @property
    def model(self) -> str | None:
        """The model that answers, as the service names it."""
        return self._answer.model

    @property
    def request_id(self) -> str | None:
        """The service's id of the request, to quote in a report."""
        return self._answer.request_id
