"""One answer: deltas in, events out, and exactly one end. No I/O, no thread, no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from ..dialects.delta import (
    Attached,
    Delta,
    Done,
    Failure,
    Finish,
    FunctionCallPiece,
    OpaquePiece,
    OtherChoice,
    Reasoning,
    Source,
    ToolCallPiece,
    WholeReasoning,
    WholeText,
)
from ..dialects.opening import Opening, Verdict
from ..dialects.think_tags import ThinkTags
from ..errors import (
    AnswerTooLargeError,
    SuggestionsError,
    UnclearPromptError,
    from_reason,
    nothing_understood,
)
from ..events import Citation, Event, FunctionCall, Later, ServerSentEvent, ToolCall, Usage
from .assistant_message import OpaqueParts, is_cut
from .attachments import Attachments
from .calls import Call, ToolCalls
from .closed_parts import ClosedParts
from .text_so_far import TextSoFar

if TYPE_CHECKING:
    from .object_so_far import ObjectSoFar

State = Literal["init", "requesting", "suggesting", "done", "error", "aborted"]
"""Not started; asked; text has come; and how it ended."""
Entry = str | Event[Any] | Later

MESSAGE_SIZE = 250
"""Bytes, about, that each message takes besides its data: its entries in the log, and its text."""
_DELTA_SIZE = 250
_CALL_SIZE = 1000
_MOST_COUNTS = 32
"""Names in the `details` of usage up to which those of several messages are put together."""


class Answer:
    """Assembles an answer and emits what happens to it.

    `emit` gets each entry in order: a `str` for a piece of text, from which a `chunk` and a
    `suggestion` are made; an `Event`; or an event to be made `Later`. After one terminal event
    (`done`, `abort`, or the three of a failure) nothing more is emitted, and what is fed is
    ignored. `ending` is that event, the first of a failure's three. `redact` takes secrets out of
    an error before it is emitted. With `think_tags`, reasoning in the text is taken out of it. With
    `object_so_far`, the text is an object; an answer that `is_over` ends when it is checked.
    """

    LARGEST = 128 * 1024 * 1024
    """Bytes, about, of all that is kept. The longest answers that models write have a tenth."""

    def __init__(
        self,
        emit: Callable[[Entry], object],
        redact: Callable[[SuggestionsError], object] = lambda error: None,
        *,
        think_tags: bool = False,
        object_so_far: ObjectSoFar | None = None,
    ) -> None:
        self.state: State = "init"
        self.is_prompt_clear = False
        self.pieces: list[str] = []
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.request_id: str | None = None
        self.response_id: str | None = None  # of the answer itself, as its messages have it
        self.error: SuggestionsError | None = None
        self.ending: Event[Any] | None = None
        self.is_final = False
        """A handler or a caller has seen the end, so that nothing can abort it any more."""
        self.is_understood = False
        """The dialect understood a message."""
        self.is_over = False
        """Nothing more is read: it has ended, or only its object is still to be checked."""
        self.is_writing = False
        """A piece is text, and nothing else any more: it is added to `pieces` and emitted."""
        self.size = 0
        """Bytes, about, of all that is kept."""
        self._unread: ServerSentEvent | None = None
        self.tool_calls: tuple[ToolCall, ...] = ()
        self._attached = Attachments()
        self.citations, self.files = self._attached.citations, self._attached.files
        self.object: Any = None
        self._emit = emit
        self._redact = redact
        self._think_tags = ThinkTags() if think_tags else None
        self._opening = Opening()
        self._text = TextSoFar(self.pieces)
        self.object_so_far = object_so_far
        self._reasoning: list[str] = []
        self._reasoning_so_far = TextSoFar(self._reasoning)
        self._text_fed = TextSoFar(self._think_tags.fed if self._think_tags else ())
        self._text_parts = ClosedParts()
        self._reasoning_parts = ClosedParts()
        self._function_call: Call | None = None
        self._tool_calls = ToolCalls()
        self._opaque_parts = OpaqueParts()
        self._other_choices: list[OtherChoice] = []
        self._has_first_choice = False

    @property
    def full_message(self) -> str:
        """All the text that has arrived, also what is held back while it may be something else."""
        text = self._text.whole()
        if self.is_prompt_clear:
            return text
        maybe_tag = self._think_tags.held if self._think_tags else ""
        return text + "".join(self._opening.held) + maybe_tag

    @property
    def reasoning(self) -> str:
        held = self._think_tags.held_reasoning if self._think_tags else ""
        return self._reasoning_so_far.whole() + held

    @property
    def full_function_call(self) -> FunctionCall | None:
        return self._function_call.whole() if self._function_call else None

    @property
    def message(self) -> dict[str, Any]:
        call = self.full_function_call if self.state == "done" else None
        calls = list(self.tool_calls)
        if self.finish_reason == "length" and calls and is_cut(calls[-1]):
            calls.pop()  # services refuse it with the next question
        return self._opaque_parts.message(self.full_message, calls, call)

    @property
    def ended(self) -> bool:
        return self.state in ("done", "error", "aborted")

    def feed(self, delta: Delta) -> None:
        if type(delta) is str:
            if self.is_writing and delta:
                self.pieces.append(delta)
                self._emit(delta)
            else:
                self.is_understood = self._has_first_choice = True
                self._open(delta)
        elif isinstance(delta, str):
            self.feed(str.__str__(delta))  # handlers get a plain `str`
        elif type(delta) not in _FEED:
            raise TypeError(
                "a dialect's decode() must give str and the types of suggestions.dialects.delta, "
                f"not {type(delta).__name__}"
            )
        elif not self.is_over:
            kind = type(delta)
            self.size += _SIZES.get(kind, _DELTA_SIZE)
            self.is_understood |= kind is not Done
            self._has_first_choice |= kind not in _OF_NO_CHOICE
            _FEED[kind](self, delta)
            self.check_size()

    def check_size(self) -> None:
        """The answer fails if `size` is too large now."""
        if self.size > self.LARGEST and not self.ended:
            bound = f"{self.LARGEST // 2**20} MiB, the bound of all that is kept of one"
            self.fail(AnswerTooLargeError(f"The answer has more than {bound}."))

    def note_unread(self, message: ServerSentEvent) -> None:
        """Notes a message that says nothing to the dialect; the first one counts."""
        if self._unread is None and message.data.strip():
            self._unread = message

    def has_reason_to_stop(self) -> bool:
        """Whether the answer is complete if the stream ends cleanly here, without a terminator."""
        self._take_other_choice()
        return self.finish_reason is not None or self._is_unread

    @property
    def _is_unread(self) -> bool:
        return self._unread is not None and not self.is_understood

    def done(self) -> None:
        """The answer is complete."""
        self._take_other_choice()
        if self.ended:
            return
        if self._unread is not None and self._is_unread:
            self.fail(nothing_understood(self._unread.type, self._unread.data))
            return
        if self._think_tags:
            self._feed_separated(self._think_tags.finish())
        self._clear_opening()
        self.is_over = True
        if self.object_so_far is None:
            self.conclude()

    @property
    def has_calls(self) -> bool:
        return bool(self._tool_calls or self._function_call)

    def conclude(self, found: Any = None) -> None:
        """Ends an answer that is over, with the object in its text or the error that it is none."""
        if isinstance(found, SuggestionsError):
            self.fail(found)
        elif not self.ended:
            self.object = found
            self._complete_calls()
            self._end("done", Event("done", self.full_message))

    def fail(self, error: SuggestionsError) -> None:
        self._take_other_choice()
        if self.ended:
            return
        error.request_id = error.request_id or self.request_id
        self._redact(error)
        self.error = error
        error.partial_text = self.full_message
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
        if self.object_so_far and state != "aborted":
            self.object_so_far.show(self.pieces)
        if self.usage and state != "aborted":
            self._emit(Event("usage", self.usage))
        self.state, self.is_over, self.is_writing = state, True, False
        self.ending = events[0]
        for event in events:
            self._emit(event)

    def _open(self, piece: str) -> None:
        if self.is_over or not piece:
            return
        if self.is_prompt_clear:
            self._write(piece)
            return
        if self._think_tags and not self._think_tags.is_over:
            self._feed_separated(self._think_tags.feed(piece))
            return
        verdict = self._opening.feed(piece)
        if verdict is Verdict.MARKER:
            self.fail(UnclearPromptError("Your request was unclear. Mind trying again?"))
        elif verdict is Verdict.CLEAR:
            self._clear_opening()

    def _feed_separated(self, found: list[str | Reasoning]) -> None:
        """Feeds the text and the reasoning that `ThinkTags` has found."""
        for delta in found:
            self.feed(delta)

    def _clear_opening(self) -> None:
        if self.is_prompt_clear:
            return
        self.is_prompt_clear, self.is_writing = True, self.object_so_far is None
        self.state = "suggesting"
        for piece in self._opening.held:
            self._write(piece)

    def _write(self, piece: str) -> None:
        self.pieces.append(piece)
        self._emit(piece)
        if self.object_so_far:
            self.object_so_far.add(self.pieces)

    def _reason(self, delta: Reasoning) -> None:
        if delta.text:
            self._reasoning.append(delta.text)
            self._emit(Event("reasoning", delta.text))

    def _add_whole_text(self, delta: WholeText) -> None:
        tags, fed = self._think_tags, self._text_fed
        if tags and not tags.is_over:
            length, sent_from = tags.length_fed, lambda start: fed.whole()[start:]
        else:
            before, text = tags.before if tags else "", self.full_message
            length = len(before) + len(text)

            def sent_from(start: int) -> str:
                return before[start:] + text[max(0, start - len(before)) :]

        self.feed(self._text_parts.rest_of(delta, length, sent_from))

    def _add_whole_reasoning(self, delta: WholeReasoning) -> None:
        so_far = self.reasoning
        rest = self._reasoning_parts.rest_of(delta, len(so_far), lambda start: so_far[start:])
        self._reason(Reasoning(rest))

    def _function(self, piece: FunctionCallPiece) -> None:
        call = self._function_call = self._function_call or Call()
        call.add(piece)
        self._emit(Later("function_call_chunk", call.snapshot()))

    def _tool(self, piece: ToolCallPiece) -> None:
        if (call := self._tool_calls.add(piece)) is not None:
            self._emit(Later("tool_call_chunk", call.tool_snapshot()))

    def _keep_opaque(self, piece: OpaquePiece) -> None:
        at_end = piece.from_end is None
        place = len(self.full_message) if at_end else self._shown(self._text_parts.end)
        self._opaque_parts.add(piece, place - (piece.from_end or 0))

    def _shown(self, place: int) -> int:
        """A place in the text as it was sent, in the text without the tags before it."""
        tags = self._think_tags
        before = 0 if tags is None else len(tags.before) if tags.is_over else place
        return max(0, place - before)

    def _attach(self, delta: Attached) -> None:
        detail = delta.detail
        if isinstance(detail, Citation) and detail.start is not None and detail.end is not None:
            begin = self._text_parts.begin_of(delta.part, delta.from_end)
            start, end = self._shown(begin + detail.start), self._shown(begin + detail.end)
            detail = detail._replace(start=start, end=end)
        event = self._attached.add(detail)
        if event is not None:
            self.size += len(event.detail.url)
            self._emit(event)

    def _keep_other_choice(self, delta: OtherChoice) -> None:
        if not self._has_first_choice:
            self._other_choices.append(delta)

    def _take_other_choice(self) -> None:
        """The stream is over: if there was no first choice, another one is the answer."""
        others, self._other_choices = self._other_choices, []
        if not self._has_first_choice:
            deltas = [d for other in others if other.index == others[0].index for d in other.deltas]
            for delta in deltas:
                self.feed(delta)

    def _count(self, usage: Usage) -> None:
        known = self.usage
        if known and not usage.prompt_tokens:
            # Some services count the question at the start and the answer at the end.
            details = usage.details
            if len(known.details) <= _MOST_COUNTS:
                details = {**known.details, **details}
            prompt, completion = known.prompt_tokens, usage.completion_tokens
            cached, reasoning = known.cached_tokens, usage.reasoning_tokens
            usage = Usage(prompt, completion, prompt + completion, details, cached, reasoning)
        self.usage = usage

    def _finish(self, delta: Finish) -> None:
        self.finish_reason = delta.reason or ("tool_calls" if self._tool_calls else "stop")
        failure = from_reason(delta.reason)
        if failure is not None:
            self.fail(failure)

    def _learn(self, delta: Source) -> None:
        self.model = self.model or delta.model
        self.request_id = self.request_id or delta.request_id
        self.response_id = self.response_id or delta.request_id

    def _complete_calls(self) -> None:
        if self._function_call:
            self._emit(Event("function_done", self._function_call.whole()))
        self.tool_calls = self._tool_calls.whole()
        for call in self.tool_calls:
            self._emit(Event("tool_call", call))


_OF_NO_CHOICE = (Source, Usage, Attached, Failure, OtherChoice, Done)
"""Deltas that say nothing of the first choice."""
_SIZES: dict[type, int] = {ToolCallPiece: _CALL_SIZE, Usage: _CALL_SIZE}
_FEED: dict[type, Callable[..., None]] = {
    Reasoning: Answer._reason,
    WholeText: Answer._add_whole_text,
    WholeReasoning: Answer._add_whole_reasoning,
    OtherChoice: Answer._keep_other_choice,
    FunctionCallPiece: Answer._function,
    ToolCallPiece: Answer._tool,
    OpaquePiece: Answer._keep_opaque,
    Attached: Answer._attach,
    Usage: Answer._count,
    Finish: Answer._finish,
    Source: Answer._learn,
    Failure: lambda answer, delta: answer.fail(delta.error),
    Done: lambda answer, _: answer.done(),
}
