"""What an answer of the Responses API leaves for the next question, and what is sent of it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from openai.types.responses import ResponseInputParam, ResponseOutputItem
from outcomes import JSON, named, source_of
from pydantic import TypeAdapter
from responses_wire.shapes import added, completed, created, item_done, on, response, text
from script import Script

from suggestions import SuggestionsEventSource
from suggestions.dialects.responses import Responses
from suggestions.events import Usage
from suggestions.testing.answer_bytes import DONE

Item = dict[str, Any]


def reasoning(number: int = 1, **fields: Any) -> Item:
    summary = [{"type": "summary_text", "text": "Hm"}]
    sealed = {"summary": summary, "encrypted_content": f"gAAA{number}="}
    return {"id": f"rs_{number}", "type": "reasoning", **sealed, **fields}


def said(text: str, name: str = "msg_1", **fields: Any) -> Item:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    kind = {"id": name, "type": "message", "status": "completed", "role": "assistant"}
    return {**kind, "content": [part], **fields}


def weather(number: int = 1, city: str = "Paris", **fields: Any) -> Item:
    ids = {"id": f"fc_{number}", "type": "function_call", "call_id": f"call_{number}"}
    call = {"name": "weather", "arguments": f'{{"city": "{city}"}}'}
    return {**ids, "status": "completed", **call, **fields}


SEARCH = {
    "id": "ws_1",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "weather", "queries": ["weather"]},
}
SHELL = {
    "id": "ctc_1",
    "type": "custom_tool_call",
    "status": "completed",
    "call_id": "call_9",
    "name": "shell",
    "input": "echo {",
}
ANSWERS: dict[str, list[Item]] = {
    "a text": [reasoning(), said("Hi")],
    "two calls": [reasoning(), weather(), weather(2, "Rome")],
    "reasoning before each call": [reasoning(), weather(), reasoning(2), weather(2, "Rome")],
    "commentary, a call, and the answer": [
        reasoning(),
        said("I look.", phase="commentary"),
        weather(),
        reasoning(2, content=[], status="completed"),
        said("Done.", "msg_2", phase="final_answer"),
    ],
    "a search of the service's own": [reasoning(), SEARCH, reasoning(2), said("It rains.")],
    "a custom tool": [reasoning(), SHELL],
    "a call of a tool that was searched for": [reasoning(), weather(namespace="meteo")],
    "texts alone, before and after": [said("Well. "), reasoning(), said("Hi", "msg_2")],
}
answers = pytest.mark.parametrize("output", ANSWERS.values(), ids=ANSWERS)


def begun(item: Item) -> Item:
    """An item as it is when it is added."""
    empty = {"content": [], "arguments": "", "input": "", "encrypted_content": "incomplete"}
    own = {name: value for name, value in empty.items() if name in item}
    return {**item, "status": "in_progress", **own}


def streamed(output: list[Item]) -> bytes:
    """The events of an answer, as OpenAI sends them."""
    wire = created()
    for index, item in enumerate(output):
        wire += added(begun(item), index)
        if item["type"] == "message":
            whole = item["content"][0]["text"]
            wire += b"".join(text(character, index) for character in whole)
            wire += on("output_text.done", index, text=whole)
            wire += on("content_part.done", index, part=item["content"][0])
        wire += item_done(item, index)
    return wire + completed(*output)


def answered(*wire: bytes, **options: Any) -> dict[str, Any]:
    source = source_of("responses", *wire, **options)
    assert source.wait(9)
    return source.message


def sent(*messages: dict[str, Any], dialect: Any = "responses") -> Any:
    """What is sent for a conversation: its messages or items."""
    script = Script([DONE])
    source = SuggestionsEventSource(
        list(messages),
        "t",
        dialect=dialect,
        url="http://localhost/",
        session=script.session(),
        on={"error": lambda source, event: None},
    )
    source.wait()
    body = json.loads(script.requests[0].body)
    return body.get("input") or body["messages"]


def goes_back(message: dict[str, Any]) -> list[Item]:
    """The items of a message that is appended to a conversation, as the service's types allow."""
    history = json.loads(json.dumps([{"role": "user", "content": "Why?"}, message]))
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "18 degrees"}
        for call in message.get("tool_calls", ())
    ]
    items = sent(*history, *results)
    TypeAdapter(ResponseInputParam).validate_python(copy.deepcopy(items))
    kinds = [item["type"] for item in items[len(items) - len(results) :]]
    assert all(kind.endswith("_call_output") for kind in kinds)
    answer: list[Item] = items[1 : len(items) - len(results)]
    return answer


def as_came(output: list[Item]) -> list[Item]:
    """The items without the probabilities of their tokens, which no model reads."""
    items = copy.deepcopy(output)
    for part in [part for item in items for part in item.get("content") or ()]:
        part.pop("logprobs", None)
    return items


# What goes back


@answers
def test_the_items_go_back_in_their_order_as_they_came(output: list[Item]) -> None:
    assert goes_back(answered(streamed(output))) == as_came(output)


@answers
def test_so_do_those_of_an_answer_in_one_piece(output: list[Item]) -> None:
    body = json.dumps(response("completed", *output)).encode()
    assert goes_back(answered(body, content_type=JSON, whole=True)) == as_came(output)


@answers
def test_so_do_those_that_came_in_the_last_event_alone(output: list[Item]) -> None:
    assert goes_back(answered(created(), completed(*output))) == as_came(output)
    pieces = [
        text(item["content"][0]["text"], i) for i, item in enumerate(output) if "role" in item
    ]
    assert goes_back(answered(created(), *pieces, completed(*output))) == as_came(output)


@answers
def test_so_do_those_that_came_when_they_were_done(output: list[Item]) -> None:
    wire = created()
    for index, item in enumerate(output):
        if item["type"] == "message":
            wire += text(item["content"][0]["text"], index)
        wire += item_done(item, index)
    assert goes_back(answered(wire, completed())) == as_came(output)
    assert goes_back(answered(wire, completed(*output))) == as_came(output)


@answers
def test_other_ids_in_the_last_event_double_nothing(output: list[Item]) -> None:
    # Copilot has another id in each event; the index of an item stays.
    others = [{**item, "id": "other"} for item in output]
    message = answered(streamed(output).replace(completed(*output), completed(*others)))
    assert goes_back(message) == as_came(output)


@answers
def test_they_are_what_the_openai_package_would_send_back(output: list[Item]) -> None:
    # Its documents say: input += response.output
    items: list[ResponseOutputItem] = TypeAdapter(list[ResponseOutputItem]).validate_python(output)
    theirs = [item.model_dump(exclude_unset=True, by_alias=True) for item in items]
    assert as_came(theirs) == goes_back(answered(streamed(output)))


def test_the_message_names_the_items() -> None:
    assert answered(streamed(ANSWERS["commentary, a call, and the answer"])) == {
        "role": "assistant",
        "content": [
            reasoning(),
            {
                "type": "item",
                "item": "message",
                "id": "msg_1",
                "status": "completed",
                "phase": "commentary",
            },
            {"type": "text", "text": "I look."},
            {
                "type": "item",
                "item": "function_call",
                "id": "fc_1",
                "call_id": "call_1",
                "status": "completed",
            },
            reasoning(2, content=[], status="completed"),
            {
                "type": "item",
                "item": "message",
                "id": "msg_2",
                "status": "completed",
                "phase": "final_answer",
            },
            {"type": "text", "text": "Done."},
        ],
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"city": "Paris"}'},
            }
        ],
    }


def test_the_result_of_a_custom_tool_is_one_of_its_own() -> None:
    message = answered(streamed([reasoning(), SHELL]))
    items = sent(message, {"role": "tool", "tool_call_id": "call_9", "content": "{"})
    assert items[-1] == {"type": "custom_tool_call_output", "call_id": "call_9", "output": "{"}


# What does not


def test_texts_and_calls_alone_have_no_items() -> None:
    message = answered(streamed([said("Hi "), weather(), said("there", "msg_2")]))
    assert message["content"] == "Hi there"
    assert [call["id"] for call in message["tool_calls"]] == ["call_1"]


def test_what_text_and_calls_do_not_say_goes_back_without_reasoning_too() -> None:
    for output in ([SEARCH, said("Hi")], [SHELL], [said("Well.", phase="commentary")]):
        items = goes_back(answered(streamed(output)))[: len(output)]
        assert [(item["type"], item["id"]) for item in items] == [
            (item["type"], item["id"]) for item in output
        ]


def test_an_empty_message_is_none() -> None:
    assert answered(streamed([said("")])) == {"role": "assistant", "content": ""}


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "ollama", "jetpack", "relay"])
def test_other_services_get_neither_reasoning_nor_items(dialect: str) -> None:
    user = {"role": "user", "content": "Why?"}
    answer = sent(user, answered(streamed([reasoning(), said("Hi")])), user, dialect=dialect)[1]
    assert answer == {"role": "assistant", "content": "Hi"}


def test_of_an_answer_that_was_stopped_no_reasoning_is_left_alone() -> None:
    # The service refuses a reasoning "without its required following item".
    message = answered(created(), item_done(reasoning()), added(begun(weather()), 1))
    assert message == {"role": "assistant", "content": [reasoning()]}
    assert goes_back(message) == []
    message = answered(created(), item_done(reasoning()), added(begun(said("")), 1), text("Hi", 1))
    assert goes_back(message) == [reasoning(), {"role": "assistant", "content": "Hi"}]


def test_reasoning_that_is_not_done_is_left_out() -> None:
    # OpenAI: what is encrypted may be incomplete until the item is done.
    message = answered(created(), added(begun(reasoning())), text("Hi", 1), completed(said("Hi")))
    assert message == {"role": "assistant", "content": "Hi"}


def test_a_history_that_was_edited() -> None:
    message = answered(streamed(ANSWERS["commentary, a call, and the answer"]))
    content = [part for part in message["content"] if part["type"] != "text"]
    edited = {**message, "content": [{"type": "text", "text": "First."}, *content]}
    del edited["tool_calls"]
    items = sent(edited)
    assert items[0] == {"role": "assistant", "content": "First."}
    assert [item.get("id") for item in items[1:]] == ["rs_1", "msg_1", "rs_2", "msg_2"]
    assert items[2]["content"] == []


# Besides


def test_reasoning_and_the_place_of_a_citation_if_the_text_has_tags() -> None:
    page = {"type": "url_citation", "url": "https://a.example", "start_index": 20, "end_index": 22}
    part = {"type": "output_text", "text": "<think>Well.</think>Hi you", "annotations": [page]}
    item = {**said(""), "content": [part]}
    for wire in ([text(part["text"]), item_done(item)], []):
        source = source_of(
            Responses("http://x", think_tags=True), created(), *wire, completed(item)
        )
        assert (source.result(9), source.reasoning) == ("Hi you", "Well.")
        assert [(found.start, found.end) for found in source.citations] == [(0, 2)]


def test_cached_and_reasoning_tokens() -> None:
    counts = {
        "input_tokens": 75,
        "input_tokens_details": {"cached_tokens": 60},
        "output_tokens": 1186,
        "output_tokens_details": {"reasoning_tokens": 1024},
        "total_tokens": 1261,
    }
    source = source_of("responses", created(), completed(said("Hi"), usage=counts))
    assert source.result(9) == "Hi"
    assert source.usage == Usage(75, 1186, 1261, counts, 60, 1024)


def test_a_refusal_beside_reasoning_is_text() -> None:
    refused = {**said(""), "content": [{"type": "refusal", "refusal": "I cannot"}]}
    wire = [added(begun(refused), 1), named("response.refusal.delta", output_index=1, delta="I ")]
    message = answered(created(), item_done(reasoning()), *wire, item_done(refused, 1), completed())
    assert goes_back(message) == as_came([reasoning(), said("I cannot")])
