"""One answer: deltas in, events out, and exactly one end. No I/O, no thread, no clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from suggestions.dialects.delta import (
    Delta,
    Done,
    Failure,
    Finish,
    FunctionCallPiece,
    Reasoning,
    Source,
    ToolCallPiece,
)
from suggestions.dialects.opening import Opening, Verdict
from suggestions.dialects.think_tags import ThinkTags
from suggestions.errors import ModerationError, SuggestionsError, UnclearPromptError
from suggestions.events import Event, FunctionCall, Later, ToolCall, Usage

State = Literal["init", "requesting", "suggesting", "done", "error", "aborted"]
"""Not started; asked; text has come; and how it ended."""
Entry = str | Event[Any] | Later


class TextSoFar:
    """The text of the first `count` pieces, in linear time if the counts grow. Not thread-safe."""

    __slots__ = ("_count", "_pieces", "_text")

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces
        self._count = 0
        self._text = ""

    def upto(self, count: int) -> str:
        text = self._text
        if count > self._count:
            # CPython extends a string in place only while one variable refers to it, so the
            # attribute drops it first. With `self._text += piece`, each piece would copy it all.
            self._text = ""
            if count == self._count + 1:
                text += self._pieces[self._count]
            else:
                text += "".join(self._pieces[self._count : count])
            self._text = text
            self._count = count
        elif count < self._count:
            text = "".join(self._pieces[:count])
        return text


class Answer:
    """Assembles an answer and emits what happens to it.

    `emit` gets each entry in order: a `str` for a piece of text, from which a `chunk` and a
    `suggestion` are made; an `Event`; or an event to be made `Later`. After one terminal event
    (`done`, `abort`, or the three of a failure) nothing more is emitted, and what is fed is
    ignored. `ending` is that event, the first of a failure's three. `redact` takes secrets out of
    an error before it is emitted. With `think_tags`, reasoning in the text is taken out of it.
    """

    def __init__(
        self,
        emit: Callable[[Entry], object],
        redact: Callable[[SuggestionsError], object] = lambda error: None,
        *,
        think_tags: bool = False,
    ) -> None:
        self.state: State = "init"
        self.is_prompt_clear = False
        self.pieces: list[str] = []
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.request_id: str | None = None
        self.error: SuggestionsError | None = None
        self.ending: Event[Any] | None = None
        self.is_final = False
        """A handler or a caller has seen the end, so that nothing can abort it any more."""
        self.tool_calls: tuple[ToolCall, ...] = ()
        self._emit = emit
        self._redact = redact
        self._think_tags = ThinkTags() if think_tags else None
        self._opening = Opening()
        self._text = TextSoFar(self.pieces)
        self._reasoning: list[str] = []
        self._function_call: _Call | None = None
        self._tool_calls: list[_Call] = []
        # The call of the last piece, by that piece's position; under None, of the last at all.
        self._last_tool_calls: dict[int | None, _Call] = {}

    @property
    def full_message(self) -> str:
        """All the text that has arrived, also what is held back while it may be something else."""
        text = self._text.upto(len(self.pieces))
        if self.is_prompt_clear:
            return text
        maybe_tag = self._think_tags.held if self._think_tags else ""
        return text + "".join(self._opening.held) + maybe_tag

    @property
    def reasoning(self) -> str:
        held = self._think_tags.held_reasoning if self._think_tags else ""
        return "".join(self._reasoning) + held

    @property
    def full_function_call(self) -> FunctionCall | None:
        call = self._function_call
        return None if call is None else call.whole()

    @property
    def ended(self) -> bool:
        return self.state in ("done", "error", "aborted")

    def feed(self, delta: Delta) -> None:
        if type(delta) is str:
            if self.is_prompt_clear and delta and self.state == "suggesting":
                self.pieces.append(delta)
                self._emit(delta)
            else:
                self._open(delta)
        elif isinstance(delta, str):
            self.feed(str.__str__(delta))  # handlers get a plain `str`
        elif type(delta) not in _FEED:
            raise TypeError(
                "a dialect's decode() must give str and the types of suggestions.dialects.delta, "
                f"not {type(delta).__name__}"
            )
        elif not self.ended:
            _FEED[type(delta)](self, delta)

    def done(self) -> None:
        """The answer is complete."""
        if self.ended:
            return
        if self._think_tags:
            self._feed_apart(self._think_tags.finish())
        self._clear_opening()
        self._complete_calls()
        self._end("done", Event("done", self.full_message))

    def fail(self, error: SuggestionsError) -> None:
        if self.ended:
            return
        self._redact(error)
        self.error = error
        error.partial_text = self.full_message
        error.request_id = error.request_id or self.request_id
        self._end(
            "error", *(Event(name, error) for name in (error.code, "error_response", "error"))
        )

    def make_final(self) -> None:
        """A handler or a caller is about to see the end, if there is one: it cannot change now."""
        self.is_final |= self.ended

    def abort(self) -> None:
        """The user closed it, and no other end `is_final`."""
        self.error = None
        self._end("aborted", Event("abort", self.full_message))

    def _end(self, state: State, *events: Event[Any]) -> None:
        self.state = state
        self.ending = events[0]
        for event in events:
            self._emit(event)

    def _open(self, piece: str) -> None:
        if self.ended or not piece:
            return
        if self._think_tags and not self._think_tags.is_over:
            self._feed_apart(self._think_tags.feed(piece))
            return
        verdict = self._opening.feed(piece)
        if verdict is Verdict.MARKER:
            self.fail(UnclearPromptError("Your request was unclear. Mind trying again?"))
        elif verdict is Verdict.CLEAR:
            self._clear_opening()

    def _feed_apart(self, found: list[str | Reasoning]) -> None:
        """Feeds what the text was found to be; its own tags are behind it."""
        for delta in found:
            self.feed(delta)

    def _clear_opening(self) -> None:
        if self.is_prompt_clear:
            return
        self.is_prompt_clear = True
        self.state = "suggesting"
        for piece in self._opening.held:
            self.pieces.append(piece)
            self._emit(piece)

    def _reason(self, delta: Reasoning) -> None:
        if delta.text:
            self._reasoning.append(delta.text)
            self._emit(Event("reasoning", delta.text))

    def _function(self, piece: FunctionCallPiece) -> None:
        call = self._function_call = self._function_call or _Call()
        if call.is_complete:
            return
        call.name += piece.name
        call.arguments.append(piece.arguments)
        snapshot = partial(call.snapshot, call.name, len(call.arguments))
        self._emit(Later("function_call_chunk", snapshot))

    def _tool(self, piece: ToolCallPiece) -> None:
        call = self._call_of(piece)
        if call is None:
            if not (piece.id or piece.name):
                return  # of a tool that the service runs itself: no piece has named it
            call = _Call(piece.position)
            self._tool_calls.append(call)
        self._last_tool_calls[piece.position] = self._last_tool_calls[None] = call
        if call.is_complete:
            return
        call.id = call.id or piece.id
        call.name += piece.name
        call.arguments.append(piece.arguments)

    def _call_of(self, piece: ToolCallPiece) -> _Call | None:
        """The call that a piece continues, None if it opens another."""
        last = self._last_tool_calls.get(piece.position)
        if last is None or not piece.id or last.id == piece.id:
            return last
        for call in self._tool_calls:
            if call.id == piece.id and piece.position in (None, call.position):
                return call
        # Some services have one index for all calls, and others a new id for each piece of a
        # call; only the first piece has a name.
        opens = piece.position is None or (last.id and piece.name)
        return None if opens else last

    def _count(self, usage: Usage) -> None:
        known = self.usage
        if known and not usage.prompt_tokens:
            # Some services count the question at the start and the answer at the end.
            prompt, completion = known.prompt_tokens, usage.completion_tokens
            details = {**known.details, **usage.details}
            usage = Usage(prompt, completion, prompt + completion, details)
        self.usage = usage
        self._emit(Event("usage", usage))

    def _finish(self, delta: Finish) -> None:
        self.finish_reason = delta.reason
        if delta.reason == "content_filter":
            self.fail(ModerationError("The answer was stopped by the service's content filter."))
        else:
            self._complete_calls()

    def _learn(self, delta: Source) -> None:
        self.model = self.model or delta.model
        self.request_id = self.request_id or delta.request_id

    def _complete_calls(self) -> None:
        call = self._function_call
        if call and not call.is_complete:
            call.is_complete = True
            self._emit(Event("function_done", call.whole()))
        for call in self._tool_calls:
            if not call.is_complete:
                call.is_complete = True
                # Some services send nothing if a tool is called without arguments.
                tool_call = ToolCall(call.id, call.name, "".join(call.arguments) or "{}")
                self.tool_calls += (tool_call,)
                self._emit(Event("tool_call", tool_call))


class _Call:
    """A call while it is assembled."""

    def __init__(self, position: int | None = None) -> None:
        self.position = position
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.is_complete = False
        self._arguments = TextSoFar(self.arguments)

    def whole(self) -> FunctionCall:
        return FunctionCall(self.name, "".join(self.arguments))

    def snapshot(self, name: str, count: int) -> FunctionCall:
        """The call as it was after `count` pieces."""
        return FunctionCall(name, self._arguments.upto(count))


_FEED: dict[type, Callable[..., None]] = {
    Reasoning: Answer._reason,
    FunctionCallPiece: Answer._function,
    ToolCallPiece: Answer._tool,
    Usage: Answer._count,
    Finish: Answer._finish,
    Source: Answer._learn,
    Failure: lambda answer, delta: answer.fail(delta.error),
    Done: lambda answer, _: answer.done(),
}
