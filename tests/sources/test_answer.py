"""One answer, from deltas to events: no socket, no thread, no clock."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from script import Script, data

from suggestions import Dialect, Event, SuggestionsError, SuggestionsEventSource
from suggestions._sources.answer import Answer, Entry
from suggestions._sources.text_so_far import TextSoFar
from suggestions.dialects import Request
from suggestions.dialects.delta import (
    DONE,
    Delta,
    Failure,
    Finish,
    FunctionCallPiece,
    Reasoning,
    Source,
    ToolCallPiece,
)
from suggestions.errors import (
    ConnectionLostError,
    IncompleteStreamError,
    ModerationError,
    ServiceUnavailableError,
    UnclearPromptError,
)
from suggestions.events import FunctionCall, Later, ToolCall, Usage

ARTIFACT = "<|start_header_id|>assistant<|end_header_id|>"
COUNTS = Usage(3, 4, 7, {"prompt_tokens": 3})


class Log:
    """An answer, and what it has emitted."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.answer = Answer(self.entries.append)
        self.answer.state = "requesting"

    def feed(self, *deltas: Delta) -> Log:
        for delta in deltas:
            self.answer.feed(delta)
        return self

    @property
    def chunks(self) -> list[str]:
        return [entry for entry in self.entries if isinstance(entry, str)]

    @property
    def events(self) -> list[tuple[str, Any]]:
        """All but the text, with their details."""
        return [
            (entry.type, entry.make_detail() if isinstance(entry, Later) else entry.detail)
            for entry in self.entries
            if not isinstance(entry, str)
        ]

    @property
    def names(self) -> list[str]:
        return [entry if isinstance(entry, str) else entry.type for entry in self.entries]

    def details(self, name: str) -> list[Any]:
        return [detail for told, detail in self.events if told == name]


# Text


@given(st.lists(st.text(max_size=6)))
def test_chunks_joined_are_the_message_and_the_detail_of_done(pieces: list[str]) -> None:
    log = Log().feed(*pieces)
    answer = log.answer
    assert answer.full_message == "".join(pieces)
    log.feed(DONE)
    assert log.chunks == [piece for piece in pieces if piece]
    assert answer.full_message == "".join(pieces)
    assert log.events == [("done", "".join(pieces))]
    assert (answer.state, answer.is_prompt_clear) == ("done", True)


def test_held_back_text_is_sent_as_chunks_of_its_own_as_soon_as_it_is_clear() -> None:
    log = Log().feed("**", "JET", "PACK_")
    answer = log.answer
    assert log.entries == []
    assert answer.full_message == "**JETPACK_"
    assert (answer.state, answer.is_prompt_clear) == ("requesting", False)
    log.feed("AI is", " new")
    assert log.entries == ["**", "JET", "PACK_", "AI is", " new"]
    assert (answer.state, answer.is_prompt_clear) == ("suggesting", True)


@pytest.mark.parametrize("text", ["JETPACK_AI", "*", ARTIFACT[:20]])
def test_held_back_text_is_sent_at_the_end(text: str) -> None:
    log = Log().feed(*text)
    assert log.entries == []
    log.feed(DONE)
    assert log.names == [*text, "done"]
    assert log.details("done") == [text]
    assert log.answer.is_prompt_clear


@given(st.lists(st.integers(0, 60)), st.integers(0, 3), st.text(max_size=8))
def test_the_artifact_and_its_newlines_are_dropped(
    places: list[int], newlines: int, text: str
) -> None:
    whole = f"{ARTIFACT}{chr(10) * newlines}{text}"
    ends = sorted(place % (len(whole) + 1) for place in places)
    pieces = [whole[a:b] for a, b in zip([0, *ends], [*ends, len(whole)], strict=True)]
    log = Log().feed(*pieces, DONE)
    assert "".join(log.chunks) == log.answer.full_message == text.lstrip("\n")
    assert log.details("done") == [text.lstrip("\n")]


def test_the_marker_is_one_failure_with_what_had_come() -> None:
    log = Log().feed("**JET", "PACK_AI", "_ERROR: unclear", "more", DONE)
    [error] = log.details("error_unclear_prompt")
    assert isinstance(error, UnclearPromptError)
    assert error.message == "Your request was unclear. Mind trying again?"
    assert log.names == ["error_unclear_prompt", "error_response", "error"]
    assert log.details("error_response") == log.details("error") == [error]
    assert error.partial_text == log.answer.full_message == "**JETPACK_AI_ERROR: unclear"
    assert (log.answer.state, log.answer.is_prompt_clear) == ("error", False)


def test_a_marker_later_on_is_text() -> None:
    log = Log().feed("See ", "JETPACK_AI_ERROR", DONE)
    assert log.names == ["See ", "JETPACK_AI_ERROR", "done"]


def test_an_answer_may_be_empty() -> None:
    log = Log().feed("", DONE)
    assert log.events == [("done", "")]
    assert log.entries[:-1] == []


def test_a_text_of_another_class_is_a_text() -> None:
    class Shouted(str):
        def __str__(self) -> str:
            return self.upper()

    log = Log().feed(Shouted("JET"), Shouted("ski"), Shouted("s"), DONE)
    assert log.chunks == ["JET", "ski", "s"]
    assert {type(chunk) for chunk in log.chunks} == {str}


@pytest.mark.parametrize("delta", [None, b"text", 5, ["text"], ("a",), {}, Event("chunk", "a")])
def test_what_is_no_delta_is_a_type_error_that_names_its_type(delta: Any) -> None:
    log = Log()
    with pytest.raises(
        TypeError, match=rf"^a dialect's decode\(\) must give str .*not {type(delta).__name__}$"
    ):
        log.feed(delta)
    assert log.entries == []


def test_no_delta_is_a_tuple() -> None:
    """`return DONE`, where `yield DONE` was meant, must not pass as a dialect that says nothing."""
    for delta in (DONE, Finish("stop"), Reasoning("a"), Source("m"), ToolCallPiece(), Failure):
        with pytest.raises(TypeError):
            iter(delta)  # type: ignore[call-overload]


# Function and tool calls


def test_a_function_call_grows_in_snapshots_that_stay_what_they_are() -> None:
    log = Log().feed(FunctionCallPiece("get_", ""), FunctionCallPiece("time", '{"a'))
    first, second = (entry for entry in log.entries if isinstance(entry, Later))
    assert second.make_detail() == FunctionCall("get_time", '{"a')
    log.feed(FunctionCallPiece("", '": 1}'))
    assert log.answer.full_function_call == FunctionCall("get_time", '{"a": 1}')
    assert first.make_detail() == FunctionCall("get_", "")
    assert second.make_detail() == FunctionCall("get_time", '{"a')
    with pytest.raises(AttributeError):
        second.make_detail().name = "another"  # type: ignore[attr-defined]


def test_function_done_comes_once_and_before_done() -> None:
    log = Log().feed(FunctionCallPiece("f", "{}"), Finish("function_call"), COUNTS, DONE)
    assert log.names == ["function_call_chunk", "function_done", "usage", "done"]
    assert log.details("function_done") == [FunctionCall("f", "{}")]
    assert log.answer.finish_reason == "function_call"


def test_function_done_comes_without_a_reason_to_finish_too() -> None:
    log = Log().feed(FunctionCallPiece("f", "{}"), DONE)
    assert log.names == ["function_call_chunk", "function_done", "done"]


def test_held_back_text_comes_before_the_call_is_told() -> None:
    log = Log().feed("JET", FunctionCallPiece("f", "{}"), DONE)
    assert log.names == ["function_call_chunk", "JET", "function_done", "done"]


def test_a_call_goes_on_after_a_reason_to_stop() -> None:
    # Some gateways send one with each piece.
    log = Log().feed(
        FunctionCallPiece("f", '{"a": '),
        ToolCallPiece(0, "a", "g", '{"b": '),
        Finish("tool_calls"),
        FunctionCallPiece("", "1}"),
        ToolCallPiece(0, "", "", "2}"),
        ToolCallPiece(1, "b", "h", "{}"),
        DONE,
    )
    pieces = [*["function_call_chunk", "tool_call_chunk"] * 2, "tool_call_chunk"]
    assert log.names == [*pieces, "function_done", "tool_call", "tool_call", "done"]
    assert log.answer.full_function_call == FunctionCall("f", '{"a": 1}')
    assert log.answer.tool_calls == (ToolCall("a", "g", '{"b": 2}'), ToolCall("b", "h", "{}"))


PARIS, ROME = (
    ToolCall("a", "weather", '{"in": "Paris"}'),
    ToolCall("b", "weather", '{"in": "Rome"}'),
)


@pytest.mark.parametrize(
    ("pieces", "calls"),
    [
        pytest.param([ToolCallPiece(0, *PARIS)], [PARIS], id="whole"),
        pytest.param([ToolCallPiece(None, *PARIS)], [PARIS], id="whole, without an index"),
        pytest.param([ToolCallPiece(0, *PARIS), ToolCallPiece(1, *ROME)], [PARIS, ROME], id="two"),
        pytest.param(
            [
                ToolCallPiece(0, "a", "weather"),
                ToolCallPiece(0, "", "", '{"in": '),
                ToolCallPiece(0, "", "", '"Paris"}'),
            ],
            [PARIS],
            id="in pieces",
        ),
        pytest.param(
            [
                ToolCallPiece(0, "a", "weather"),
                ToolCallPiece(1, "b", "weather"),
                ToolCallPiece(0, "", "", '{"in": '),
                ToolCallPiece(1, "", "", '{"in": "Ro'),
                ToolCallPiece(0, "", "", '"Paris"}'),
                ToolCallPiece(1, "", "", 'me"}'),
            ],
            [PARIS, ROME],
            id="interleaved by index",
        ),
        pytest.param(
            [
                ToolCallPiece(0, "a", "weather", '{"in": '),
                ToolCallPiece(0, "x", "", '"Par'),
                ToolCallPiece(0, "y", "", 'is"}'),
            ],
            [PARIS],
            id="an index counts for more than an id that changes",
        ),
        pytest.param(
            [ToolCallPiece(0, *PARIS), ToolCallPiece(0, *ROME)],
            [PARIS, ROME],
            id="two at one index",
        ),
        pytest.param(
            [
                ToolCallPiece(0, "a", "weather"),
                ToolCallPiece(0, "a", "", '{"in": '),
                ToolCallPiece(0, "", "", '"Paris"}'),
                ToolCallPiece(0, "b", "weather"),
                ToolCallPiece(0, "b", "", '{"in": '),
                ToolCallPiece(0, "", "", '"Rome"}'),
            ],
            [PARIS, ROME],
            id="two at one index, in pieces",
        ),
        pytest.param(
            [
                ToolCallPiece(0, "a", "weather", '{"in": '),
                ToolCallPiece(0, "b", "weather", '{"in": '),
                ToolCallPiece(0, "a", "", '"Paris"'),
                ToolCallPiece(0, "", "", "}"),
                ToolCallPiece(0, "b", "", '"Rome"}'),
            ],
            [PARIS, ROME],
            id="two at one index, interleaved by id",
        ),
        pytest.param(
            [ToolCallPiece(0, "", "weather"), ToolCallPiece(0, *PARIS._replace(name=""))],
            [PARIS],
            id="an id that comes late",
        ),
        pytest.param(
            [ToolCallPiece(0, *PARIS), ToolCallPiece(1, *PARIS)],
            [PARIS, PARIS],
            id="one id at two indexes",
        ),
        pytest.param(
            [ToolCallPiece(0, "a", "now"), ToolCallPiece(1, "b", "now"), ToolCallPiece(1)],
            [ToolCall("a", "now", "{}"), ToolCall("b", "now", "{}")],
            id="without arguments",
        ),
        pytest.param(
            [
                ToolCallPiece(None, "a", "weather", '{"in": '),
                ToolCallPiece(None, "", "", '"Paris"}'),
                ToolCallPiece(None, "b", "weather"),
                ToolCallPiece(None, "", "", '{"in": "Rome"}'),
            ],
            [PARIS, ROME],
            id="an id opens, arguments alone continue the last",
        ),
        pytest.param(
            [
                ToolCallPiece(None, "a", "weather", '{"in": '),
                ToolCallPiece(None, "b", "weather", '{"in": '),
                ToolCallPiece(None, "a", "", '"Paris"'),
                ToolCallPiece(None, "", "", "}"),
                ToolCallPiece(None, "b", "", '"Rome"}'),
            ],
            [PARIS, ROME],
            id="interleaved by id",
        ),
        pytest.param(
            [
                ToolCallPiece(0, "a", "weather", '{"in": '),
                ToolCallPiece(None, "b", "weather", '{"in": "Rome"'),
                ToolCallPiece(None, "a", "", '"Paris"}'),
                ToolCallPiece(1, "c", "f", "{}"),
                ToolCallPiece(None, "b", "", "}"),
            ],
            [PARIS, ROME, ToolCall("c", "f", "{}")],
            id="some with an index, some without",
        ),
        pytest.param(
            [ToolCallPiece(7, *ROME), ToolCallPiece(3, *PARIS)],
            [ROME, PARIS],
            id="an index is a name, not a place",
        ),
    ],
)
@pytest.mark.parametrize("finish", [[Finish("tool_calls")], []], ids=["finished", "unfinished"])
def test_tool_calls(pieces: list[Delta], calls: list[ToolCall], finish: list[Delta]) -> None:
    log = Log().feed(*pieces, *finish, COUNTS, DONE)
    assert log.details("tool_call") == calls
    assert log.answer.tool_calls == tuple(calls)
    assert log.names.index("tool_call") < log.names.index("done")


# The rest of an answer


def test_reasoning_is_no_part_of_the_text() -> None:
    log = Log().feed(Reasoning("I "), Reasoning(""), "Hi", Reasoning("think"), DONE)
    assert log.events == [("reasoning", "I "), ("reasoning", "think"), ("done", "Hi")]
    assert log.answer.reasoning == "I think"


def test_reasoning_before_the_text_does_not_clear_the_prompt() -> None:
    log = Log().feed(Reasoning("I think"), "JETPACK_AI_ERROR")
    assert log.names == ["reasoning", "error_unclear_prompt", "error_response", "error"]


def test_what_no_delta_has_said_is_none() -> None:
    answer = Log().feed("Hi", DONE).answer
    told = (answer.usage, answer.finish_reason, answer.model, answer.request_id, answer.error)
    assert told == (None,) * 5


def test_usage_may_come_after_the_finish() -> None:
    log = Log().feed("Hi", Finish("stop"), COUNTS, DONE)
    assert log.names == ["Hi", "usage", "done"]
    assert log.answer.usage == COUNTS
    assert log.answer.finish_reason == "stop"


def test_usage_is_reported_once_with_the_last_counts() -> None:
    later = Usage(3, 9, 12, {"prompt_tokens": 3})
    log = Log().feed(COUNTS, later)
    assert log.answer.usage == later
    assert log.names == []
    assert log.feed(DONE).events == [("usage", later), ("done", "")]


def test_usage_is_reported_before_an_error_too() -> None:
    log = Log().feed(COUNTS, Failure(ModerationError("No.")))
    assert log.names == ["usage", "error_moderation", "error_response", "error"]


def test_a_later_count_of_the_answer_alone_keeps_that_of_the_question() -> None:
    log = Log().feed(
        Usage(103, 1, 104, {"input_tokens": 3, "output_tokens": 1}, 100),
        Usage(0, 5, 5, {"output_tokens": 5}, 0, 2),
        DONE,
    )
    both = Usage(103, 5, 108, {"input_tokens": 3, "output_tokens": 5}, 100, 2)
    assert log.details("usage") == [log.answer.usage] == [both]


def test_a_count_of_the_answer_alone_is_reported_as_it_is() -> None:
    log = Log().feed(alone := Usage(0, 5, 5, {"output_tokens": 5}), DONE)
    assert log.details("usage") == [log.answer.usage] == [alone]


def test_the_first_to_name_the_model_and_the_request_counts() -> None:
    log = Log().feed(Source(), Source("m", None), Source("other", "r"), Source(None, "s"), DONE)
    assert (log.answer.model, log.answer.request_id) == ("m", "r")
    assert log.names == ["done"]


def test_a_content_filter_is_moderation_however_much_had_come() -> None:
    log = Log().feed("Some", " text", Finish("content_filter"), COUNTS, DONE)
    [error] = log.details("error")
    assert isinstance(error, ModerationError)
    assert error.partial_text == "Some text"
    assert error.message == "The answer was stopped by the service's content filter."
    assert log.names[2:] == ["error_moderation", "error_response", "error"]
    assert (log.answer.finish_reason, log.answer.usage) == ("content_filter", None)


# The end

ENDINGS: list[Delta] = [
    DONE,
    Failure(ServiceUnavailableError("busy")),
    Finish("content_filter"),
]
AFTER_THE_END: list[Delta] = [
    "text",
    Reasoning("thought"),
    FunctionCallPiece("f", "{}"),
    ToolCallPiece(0, "a", "f", "{}"),
    COUNTS,
    Finish("stop"),
    Finish("content_filter"),
    Source("m", "r"),
    Failure(ModerationError("no")),
    DONE,
]


@pytest.mark.parametrize("ending", ENDINGS, ids=repr)
@pytest.mark.parametrize("text", ["", "Hi", "JETPACK_AI"])
def test_nothing_follows_the_end(ending: Delta, text: str) -> None:
    log = Log().feed(text, ending)
    answer = log.answer
    told = list(log.entries)
    before = (answer.state, answer.full_message, answer.error, answer.ending, answer.finish_reason)
    assert answer.ended
    log.feed(*AFTER_THE_END)
    answer.done()
    answer.fail(ConnectionLostError("reset"))
    assert log.entries == told
    assert before == (
        answer.state,
        answer.full_message,
        answer.error,
        answer.ending,
        answer.finish_reason,
    )
    assert (answer.usage, answer.model, answer.tool_calls) == (None, None, ())


@given(
    st.lists(st.one_of(st.sampled_from([*AFTER_THE_END, *ENDINGS]), st.text(max_size=3))),
    st.integers(0, 10),
)
def test_there_is_one_end_whatever_comes(deltas: list[Delta], place: int) -> None:
    log = Log().feed(*deltas)
    log.answer.done() if place % 2 else log.answer.fail(IncompleteStreamError("early"))
    assert sum(name in ("done", "error") for name, _ in log.events) == 1
    assert log.events[-1][0] in ("done", "error")
    assert log.answer.ending in log.entries
    assert log.answer.full_message.startswith("".join(log.chunks))
    calls = log.details("tool_call")
    assert calls == list(log.answer.tool_calls)


def test_a_failure_knows_the_text_and_the_request() -> None:
    log = Log().feed("Hi", Source("m", "r-1"))
    log.answer.fail(error := ConnectionLostError("reset"))
    assert (error.partial_text, error.request_id) == ("Hi", "r-1")
    assert log.answer.error is error
    other = Log().feed(Source("m", "r-1"), Failure(ServiceUnavailableError("", request_id="r-2")))
    assert other.details("error")[0].request_id == "r-2"


def test_a_failure_is_redacted_before_anybody_sees_it() -> None:
    seen: list[str] = []

    def redact(error: SuggestionsError) -> None:
        error.message = "redacted"

    answer = Answer(lambda entry: seen.append(entry.detail.message), redact)  # type: ignore[union-attr]
    answer.feed(Failure(ServiceUnavailableError("secret")))
    assert seen == ["redacted"] * 3


@pytest.mark.parametrize("ending", ENDINGS, ids=repr)
def test_a_late_abort_replaces_an_end_that_no_handler_got(ending: Delta) -> None:
    log = Log().feed("Hi", ending)
    answer = log.answer
    answer.abort()
    assert answer.state == "aborted"
    assert answer.error is None
    assert answer.ending is log.entries[-1]
    assert log.events[-1] == ("abort", "Hi")
    log.feed(*AFTER_THE_END)
    assert log.events[-1] == ("abort", "Hi")


class OneMessage(Dialect):
    """The text and the end of an answer in one message."""

    def request(self, question: Any, options: Any, *, stream: bool = True) -> Request:
        return Request("https://service.example/ask")

    def decode(self, message: Any) -> list[Delta]:
        return [*message.data.split(), DONE]


def test_a_handler_that_closes_before_the_end_is_told_gets_an_abort() -> None:
    told: list[tuple[str, Any]] = []
    source = SuggestionsEventSource(
        "Why?", dialect=OneMessage(), session=Script([data("one two")]).session(), start=False
    )
    source.connect("chunk", lambda source, event: source.close())
    for name in ("chunk", "done", "abort", "error", "end"):
        source.connect(name, lambda source, event: told.append((event.type, event.detail)))
    source.start()
    assert source.wait(10)
    assert told == [("abort", "onetwo"), ("end", None)]
    assert source.state == "aborted"
    assert source.error is None


# Cost


def cost(work: Callable[[int], object], count: int) -> float:
    """The least CPU time of three runs, in seconds; what others left to collect is not in it."""
    times = []
    gc.disable()
    try:
        for _ in range(3):
            began = time.thread_time()
            work(count)
            times.append(time.thread_time() - began)
    finally:
        gc.enable()
    return min(times)


def read_text(count: int) -> None:
    """An answer of so many chunks whose text is asked for after each."""
    log = Log()
    text = TextSoFar(log.answer.pieces)
    for number in range(1, count + 1):
        log.answer.feed("word ")
        text.upto(number)
        assert log.answer.full_message.endswith(" ")
    log.feed(DONE)
    assert len(log.answer.full_message) == 5 * count


def read_call(count: int) -> None:
    """A function call of so many pieces, without a handler."""
    Log().feed(*[FunctionCallPiece("", "word ")] * count, DONE)


def read_named_pieces(count: int) -> None:
    """A tool call of so many pieces, each of which has the name."""
    pieces = [ToolCallPiece(0, "", "f", "word ")] * count
    Log().feed(ToolCallPiece(0, "", "f", '{"a": "'), *pieces, DONE)


def read_calls(count: int) -> None:
    """So many tool calls."""
    Log().feed(*(ToolCallPiece(n, f"call_{n}", "f", "{}") for n in range(count)), DONE)


@pytest.mark.parametrize("work", [read_text, read_call, read_named_pieces, read_calls])
def test_an_answer_is_linear_in_its_pieces(work: Callable[[int], object]) -> None:
    # Were it quadratic, it would be sixteen times as much.
    assert cost(work, 100_000) < 10 * cost(work, 25_000)
