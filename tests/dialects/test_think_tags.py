"""Reasoning between `<think>` and `</think>`, which open models write into their text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from contract import Record
from hypothesis import example, given
from hypothesis import strategies as st
from outcomes import JSON, URL, check_every_cut, line, named, outcome, source_of
from script import DONE as DONE_EVENT
from script import HOLD, Script, chunk, data

from suggestions import Dialect, SuggestionsEventSource, ask_question_sync
from suggestions.dialects import Request
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.chatbot import Chatbot
from suggestions.dialects.delta import Reasoning
from suggestions.dialects.json_lines import JsonLines
from suggestions.dialects.json_lines import json as json_dialect
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.relay import Relay
from suggestions.dialects.responses import Responses
from suggestions.dialects.text import Text
from suggestions.dialects.think_tags import ThinkTags
from suggestions.errors import IncompleteStreamError, UnclearPromptError

# The steps without I/O


def read(*pieces: str) -> tuple[str, str]:
    """Reasoning and text of a whole answer."""
    tags = ThinkTags()
    found = [each for piece in pieces for each in tags.feed(piece)] + tags.finish()
    assert all(each != "" and each != Reasoning("") for each in found)
    assert (tags.held, tags.held_reasoning) == ("", "")
    reasoning = "".join(each.text for each in found if isinstance(each, Reasoning))
    return reasoning, "".join(each for each in found if isinstance(each, str))


# The oracle, on the whole text at once.
BLOCK = re.compile(r"\s*<think>[\r\n]*(.*?)(?:</think>[\r\n]*|\Z)", re.DOTALL)


def expected(text: str) -> tuple[str, str]:
    reasoning = ""
    while block := BLOCK.match(text):
        reasoning += block[1]
        text = text[block.end() :]
    return reasoning, text


BLOCKS = [
    ("<think>Hm.</think>Yes.", "Hm.", "Yes."),
    ("<think>\nHm.\n</think>\n\nYes.\n", "Hm.\n", "Yes.\n"),
    ("<think>\r\nHm.</think>\r\n\r\nYes.", "Hm.", "Yes."),
    ("\n\n<think>Hm.</think>Yes.", "Hm.", "Yes."),
    (" \t\n<think>Hm.</think>Yes.", "Hm.", "Yes."),
    ("<think>a</think><think>b</think>Yes.", "ab", "Yes."),
    ("<think>a\n</think>\n\n  \n<think>b</think>\nYes.", "a\nb", "Yes."),
    # What thinking that is turned off looks like.
    ("<think>\n\n</think>\n\nYes.", "", "Yes."),
    ("<think></think>", "", ""),
    # Code keeps its indent.
    ("<think>Hm.</think>\n\n    x = 1\n", "Hm.", "    x = 1\n"),
    ("<think>Hm.</think> Yes.", "Hm.", " Yes."),
    # Never closed.
    ("<think>Hm.", "Hm.", ""),
    ("<think>Hm.</thin", "Hm.</thin", ""),
    ("<think>", "", ""),
    # In a block, only the closing tag counts.
    ("<think>Is <think> or </thinking> a tag? a < b </ think> </think>Yes.",
     "Is <think> or </thinking> a tag? a < b </ think> ", "Yes."),
    ("<think><</think>Yes.", "<", "Yes."),
    ("<think></</think>Yes.", "</", "Yes."),
]  # fmt: skip

TEXTS = [
    "",
    "Yes.",
    " Yes.",
    "\n",
    "\n\n  Yes.\n",
    "<",
    "<think",
    "  <thin",
    "<thinking>Hm.</thinking>Yes.",
    "< think>Hm.</think>Yes.",
    "<think >Hm.</think>Yes.",
    "<Think>Hm.</Think>Yes.",
    "<<think>Hm.</think>Yes.",
    "</think>Yes.",
    "Hm.</think>Yes.",
    "Yes: <think>Hm.</think>",
    "Yes:\n\n<think>\nHm.\n</think>\n",
    "`<think>Hm.</think>` is a tag.",
    "```\n<think>Hm.</think>\n```",
    "List<int> and <thread>",
]
"""Text that only looks like it, or not at all: it stays as it is."""


@pytest.mark.parametrize(("whole", "reasoning", "text"), BLOCKS)
def test_a_block_at_the_beginning_is_reasoning(whole: str, reasoning: str, text: str) -> None:
    assert read(whole) == expected(whole) == (reasoning, text)
    for place in range(1, len(whole)):
        assert read(whole[:place], whole[place:]) == (reasoning, text)
    assert read(*whole) == (reasoning, text)


@pytest.mark.parametrize("text", TEXTS)
def test_text_that_only_looks_like_it_is_left_alone(text: str) -> None:
    assert read(text) == expected(text) == ("", text)
    for place in range(1, len(text)):
        assert read(text[:place], text[place:]) == ("", text)
    assert read(*text) == ("", text)


@pytest.mark.parametrize("text", TEXTS)
def test_after_a_block_as_well(text: str) -> None:
    read_text = text.lstrip("\n")
    assert read(*f"<think>Hm.</think>{text}") == ("Hm.", read_text)


fragments = st.sampled_from(
    ["<think>", "</think>", "<thi", "nk>", "</th", "ink>", "<", "/", ">", " ", "\n", "\r\n", "a",
     "<thinking>", "`", "```\n", "é", "JETPACK"]
)  # fmt: skip
texts = st.lists(fragments, max_size=12).map("".join)


@given(texts, st.lists(st.integers(0, 80)))
@example("<think>\na</think>\n\n\n<think>b</think>\nc", [3, 8, 20, 22])
def test_any_cuts_give_the_same_reasoning_and_text(whole: str, places: list[int]) -> None:
    ends = sorted(min(place, len(whole)) for place in places)
    pieces = [whole[a:b] for a, b in zip([0, *ends], [*ends, len(whole)], strict=True)]
    assert read(*pieces) == expected(whole)


@given(texts)
def test_nothing_is_lost_while_it_is_held_back(whole: str) -> None:
    """At every moment, what was found and what is held back is what ends there."""
    for end in range(len(whole) + 1):
        tags = ThinkTags()
        found = [each for char in whole[:end] for each in tags.feed(char)]
        reasoning = "".join(each.text for each in found if isinstance(each, Reasoning))
        text = "".join(each for each in found if isinstance(each, str))
        assert (reasoning + tags.held_reasoning, text + tags.held) == expected(whole[:end])


@given(texts)
def test_only_what_may_still_be_a_tag_is_held_back(whole: str) -> None:
    tags = ThinkTags()
    found = tags.feed(whole)
    text = "".join(each for each in found if isinstance(each, str))
    assert tags.before + text + tags.held == whole
    assert "<think>".startswith(tags.held.lstrip())
    assert "</think>".startswith(tags.held_reasoning)
    assert not (tags.is_over and (tags.held or tags.held_reasoning))


def test_each_piece_is_reported_when_it_comes() -> None:
    tags = ThinkTags()
    assert tags.feed("\n<th") == []
    assert tags.held == "\n<th"
    assert tags.feed("ink>") == []
    assert tags.feed("\nOne") == [Reasoning("One")]
    assert tags.feed(" two <") == [Reasoning(" two ")]
    assert (tags.held, tags.held_reasoning) == ("", "<")
    assert tags.feed("three") == [Reasoning("<three")]
    assert tags.feed(".</think>\n") == [Reasoning(".")]
    assert not tags.is_over
    assert tags.feed("\n") == []
    assert tags.feed("Yes") == ["Yes"]
    assert tags.is_over
    assert tags.feed(" <think>") == [" <think>"]


def test_white_space_without_end_is_read_in_linear_time() -> None:
    tags = ThinkTags()
    for _ in range(200_000):
        assert tags.feed(" ") == []
    assert tags.feed("Yes") == [" " * 200_000 + "Yes"]


# The option of each dialect


def frames(*pieces: str) -> bytes:
    contents = (data(json.dumps({"type": "content", "data": piece})) for piece in pieces)
    return b"".join((*contents, data('{"type": "done"}')))


def anthropic_stream(*pieces: str) -> bytes:
    blocks = (
        named("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        for piece in pieces
    )
    end = named("message_delta", delta={"stop_reason": "end_turn"})
    return b"".join((*blocks, end, named("message_stop")))


def responses_stream(*pieces: str) -> bytes:
    deltas = (named("response.output_text.delta", delta=piece) for piece in pieces)
    return b"".join((*deltas, named("response.completed", response={"status": "completed"})))


def ollama_stream(*pieces: str) -> bytes:
    lines = (line(message={"content": piece}, done=False) for piece in pieces)
    return b"".join((*lines, line(message={"content": ""}, done=True, done_reason="stop")))


def chat_stream(*pieces: str) -> bytes:
    return b"".join((*map(chunk, pieces), chunk(finish="stop"), DONE_EVENT))


def text_stream(*pieces: str) -> bytes:
    return b"".join(map(data, pieces))


def json_stream(*pieces: str) -> bytes:
    return b"".join(data(json.dumps({"message": piece})) for piece in pieces)


NDJSON = "application/x-ndjson"
SSE = "text/event-stream"
Wire = Callable[..., bytes]
SERVICES: list[tuple[Callable[..., Dialect], Wire, str]] = [
    (OpenAI, chat_stream, SSE),
    (Responses, responses_stream, SSE),
    (Anthropic, anthropic_stream, SSE),
    (Ollama, ollama_stream, NDJSON),
    (Chatbot, text_stream, SSE),
    (Text, text_stream, SSE),
    (JsonLines, json_stream, SSE),
    (json_dialect, json_stream, SSE),
    (Relay, frames, SSE),
]
PIECES = ("\n<thi", "nk>\nHm", ", so.\n<", "/think", ">\n", "\nIt is ", "<think>", " not.")
with_the_option = pytest.mark.parametrize(("kind", "wire", "content_type"), SERVICES)


@with_the_option
def test_every_dialect_with_the_option_reports_it(
    kind: Callable[..., Dialect], wire: Wire, content_type: str
) -> None:
    received = outcome(kind(think_tags=True), wire(*PIECES), content_type=content_type)
    assert (received.reasoning, received.text) == ("Hm, so.\n", "It is <think> not.")
    assert received.error is None


@with_the_option
def test_without_the_option_it_is_text(
    kind: Callable[..., Dialect], wire: Wire, content_type: str
) -> None:
    for dialect in (kind(), kind(think_tags=False)):
        received = outcome(dialect, wire(*PIECES), content_type=content_type)
        assert (received.reasoning, received.text) == ("", "".join(PIECES))


@with_the_option
@pytest.mark.parametrize("wrong", [1, "yes", None])
def test_a_wrong_option_is_refused(
    kind: Callable[..., Dialect], wire: Wire, content_type: str, wrong: Any
) -> None:
    with pytest.raises(TypeError, match=r"^think_tags must be a bool, not "):
        kind(think_tags=wrong)


@with_the_option
def test_the_option_is_no_field_of_the_request(
    kind: Callable[..., Dialect], wire: Wire, content_type: str
) -> None:
    body = kind(think_tags=True).request("Why?", {}).json
    assert body == kind().request("Why?", {}).json
    with pytest.raises(ValueError, match=r"^options\['think_tags'\] is not for "):
        kind().request("Why?", {"think_tags": True})


def test_a_dialect_of_ones_own_may_have_it() -> None:
    class Words(Dialect):
        think_tags = True
        ends_at_eof = True

        def request(self, question: Any, options: Any, *, stream: bool = True) -> Request:
            return Request(URL)

        def decode(self, message: Any) -> Any:
            yield message.data

    received = outcome(Words(), text_stream("<think>Hm.</think>", "Yes."))
    assert (received.reasoning, received.text) == ("Hm.", "Yes.")


def test_the_wire_may_be_cut_anywhere() -> None:
    check_every_cut(Text(think_tags=True), b"data: <think>Hm</think>\n\ndata: \ndata: Yes\n\n")


@pytest.mark.parametrize("whole", [*(block[0] for block in BLOCKS), *TEXTS])
def test_a_whole_answer_says_the_same(whole: str) -> None:
    reasoning, text = expected(whole)
    message = {"role": "assistant", "content": whole}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()
    dialect = OpenAI(think_tags=True)
    received = outcome(dialect, body, content_type=JSON, whole=True)
    assert (received.reasoning, received.text, received.error) == (reasoning, text, None)
    session = Script([body], content_type=JSON).session()
    assert ask_question_sync("Why?", url=URL, dialect=dialect, session=session) == text


# What a user gets


def answer_of(*steps: Any) -> tuple[SuggestionsEventSource, Record]:
    record = Record()
    return source_of(OpenAI(think_tags=True), *steps, record=record), record


def test_reasoning_and_text_come_piece_by_piece() -> None:
    source, record = answer_of(chat_stream("<think>", "Hm", ", so.", "</think>\n\n", "It ", "is."))
    names = [name for name in record.names if name in ("reasoning", "chunk", "done")]
    assert names == ["reasoning", "reasoning", "chunk", "chunk", "done"]
    assert record.by_name["reasoning"] == ["Hm", ", so."]
    assert record.by_name["suggestion"] == ["It ", "It is."]
    assert source.reasoning == "Hm, so."


def test_reasoning_of_a_field_of_its_own_is_reported_as_well() -> None:
    wire = chunk(reasoning_content="First. ") + chat_stream("<think>Hm.</think>Yes.")
    source, _ = answer_of(wire)
    assert (source.reasoning, source.full_message) == ("First. Hm.", "Yes.")


@pytest.mark.parametrize(
    ("text", "held"), [("\n<thi", "\n<thi"), ("<think>Hm.</think>\n <", " <"), ("  ", "  ")]
)
def test_held_back_text_is_sent_at_the_end(text: str, held: str) -> None:
    _, record = answer_of(chat_stream(*text))
    assert record.by_name["done"] == [held]
    assert "".join(record.by_name["chunk"]) == held


def test_a_block_that_is_cut_off_in_its_closing_tag_is_reasoning() -> None:
    source, record = answer_of(chat_stream("<think>Hm.", "</thi"))
    assert record.by_name["reasoning"] == ["Hm.", "</thi"]
    assert (source.reasoning, source.full_message, source.state) == ("Hm.</thi", "", "done")


@pytest.mark.parametrize(
    ("pieces", "reasoning", "text"),
    [
        ((" <thi",), "", " <thi"),
        (("<think>Hm.</thi",), "Hm.</thi", ""),
        (("<think>Hm.</think>\n", " <"), "Hm.", " <"),
        (("<think>Hm.</think>\n", "JET"), "Hm.", "JET"),
    ],
)
def test_nothing_is_lost_if_it_stops_in_mid_tag(
    pieces: tuple[str, ...], reasoning: str, text: str
) -> None:
    wire = b"".join(map(chunk, pieces))
    failed, _ = answer_of(wire)
    assert type(failed.error) is IncompleteStreamError
    assert (failed.reasoning, failed.full_message) == (reasoning, text)
    assert failed.error.partial_text == text

    closing: list[Callable[[], None]] = []
    script = Script([wire, lambda: closing[0](), HOLD])
    source = SuggestionsEventSource(
        "Why?",
        url=URL,
        dialect=OpenAI(think_tags=True),
        session=script.session(),
        start=False,
    )
    closing.append(source.close)
    aborted: list[str] = []
    source.connect("abort", lambda source, event: aborted.append(event.detail))
    source.start()
    assert source.wait(10)
    assert source.state == "aborted"
    assert aborted == [text]
    assert (source.reasoning, source.full_message) == (reasoning, text)


def test_the_marker_of_an_unclear_prompt_is_found_after_a_block() -> None:
    source, record = answer_of(chat_stream("<think>Hm.</think>\n\n", "**JETPACK_", "AI_ERROR**"))
    assert type(source.error) is UnclearPromptError
    assert record.by_name["chunk"] == []
    assert source.reasoning == "Hm."


def test_the_marker_in_the_reasoning_is_reasoning() -> None:
    source, _ = answer_of(chat_stream("<think>JETPACK_AI_ERROR</think>", "Yes."))
    assert (source.reasoning, source.full_message) == ("JETPACK_AI_ERROR", "Yes.")


# Events that repeat the whole answer


WHOLES = [
    "<think>Hm.</think>\n\nYes.",
    "\n<think>\nHm.\n</think>\n",
    "<think>Hm.",
    "<think>Hm.</th",
    "Yes.",
    " <thi",
]


@pytest.mark.parametrize("whole", WHOLES)
def test_a_whole_that_repeats_the_pieces_says_nothing_twice(whole: str) -> None:
    said = expected(whole)
    choice = {"message": {"content": whole}, "finish_reason": "stop"}
    repeated = data(json.dumps({"object": "chat.completion", "choices": [choice]}))
    closing = named("response.output_text.done", output_index=0, content_index=0, text=whole)
    for end in range(len(whole) + 1):
        pieces = [whole[:end]] if end else []
        chat = b"".join((*map(chunk, pieces), repeated, DONE_EVENT))
        received = outcome(OpenAI(think_tags=True), chat)
        assert (received.reasoning, received.text, received.error) == (*said, None), whole[:end]
        deltas = (
            named("response.output_text.delta", output_index=0, content_index=0, delta=piece)
            for piece in pieces
        )
        completed = named("response.completed", response={"status": "completed"})
        received = outcome(Responses(think_tags=True), b"".join((*deltas, closing, completed)))
        assert (received.reasoning, received.text, received.error) == (*said, None), whole[:end]
