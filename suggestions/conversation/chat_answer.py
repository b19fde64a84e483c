"""`ChatAnswer`: one answer of the model, and the message that is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._sources.assistant_message import calls_of
from .._sources.text_so_far import TextSoFar
from ..events import ToolCall
from .chat_message import UNDER_WAY, ChatMessage, MessageStatus, error_of, new_id, text_part

if TYPE_CHECKING:
    from .._sources.answer import State
    from .._sources.suggestions_event_source import SuggestionsEventSource as Source

_STATUS: dict[State, MessageStatus] = {
    "init": "submitted",
    "requesting": "submitted",
    "suggesting": "streaming",
    "done": "done",
    "error": "error",
    "aborted": "stopped",
}


class ChatAnswer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.id = new_id()
        self._pieces: list[str] = []
        self._text = TextSoFar(self._pieces)
        self._calls: tuple[ToolCall, ...] | None = None

    def add_text(self, piece: str) -> None:
        self._pieces.append(piece)

    @property
    def status(self) -> MessageStatus:
        status = _STATUS[self.source.state]
        return "streaming" if status == "submitted" and self.source.reasoning else status

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Those so far."""
        if self.source.state != "done":
            return self.source.tool_calls
        if self._calls is None:
            self._calls = calls_of(self.source.tool_calls, self.source.full_function_call)
        return self._calls

    def message(self) -> ChatMessage:
        """The answer so far; all of it, once it has ended."""
        # First of all: after an end, nothing else changes.
        status, source = self.status, self.source
        # Not the source's: its text has also what may turn out to be no text.
        text = self._text.whole()
        parts = text_part(text)
        if status not in UNDER_WAY and source.is_prompt_clear:
            text, content = source.full_message, source.message["content"]
            parts = tuple(content) if isinstance(content, list) else text_part(text)
        return ChatMessage(
            self.id,
            "assistant",
            text,
            parts,
            status,
            error_of(source.error) if status == "error" else None,
            source.model,
            source.reasoning,
            self.calls,
            source.usage,
            source.citations,
            source.files,
        )

    def in_child(self) -> ChatMessage:
        """After a fork, in the child: what had come. The answer itself is the parent's."""
        text = "".join(self._pieces)
        return ChatMessage(self.id, "assistant", text, text_part(text), "stopped")
