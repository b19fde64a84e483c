"""Signed thinking: the packages of the services send back what the reasoner wrote, and what is
missing or changed is refused in the words of the service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import anthropic
import openai
import pytest
import requests

from suggestions.playground import Playground

SOON = 30.0  # seconds; a bound for what ends at once, never a measure
REASONER = "playground-reasoner"
CALLING = "Call get_weather for Paris"
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ENCRYPTED: Any = ["reasoning.encrypted_content"]


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


# Anthropic

ASKED: dict[str, Any] = {
    "model": REASONER,
    "max_tokens": 10_000,
    "tools": [{"name": "get_weather", "input_schema": WEATHER}],
}
USER: Any = {"role": "user", "content": CALLING}


@pytest.fixture(scope="module")
def claude(playground: Playground) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        api_key="any", base_url=playground.anthropic_url, max_retries=0
    ) as client:
        yield client


@pytest.fixture(scope="module")
def called(claude: anthropic.Anthropic) -> list[dict[str, Any]]:
    """The blocks of an answer that thinks and then calls a tool."""
    message = claude.messages.create(messages=[USER], **ASKED)
    return [block.model_dump(mode="json", exclude_none=True) for block in message.content]


def round_of(blocks: object) -> list[Any]:
    result = {"type": "tool_result", "tool_use_id": "", "content": "18 degrees"}
    if isinstance(blocks, list):
        result["tool_use_id"] = blocks[-1]["id"]
    return [USER, {"role": "assistant", "content": blocks}, {"role": "user", "content": [result]}]


def test_anthropic_has_a_signed_block_before_the_call(
    claude: anthropic.Anthropic, called: list[dict[str, Any]]
) -> None:
    assert [block["type"] for block in called] == ["thinking", "tool_use"]
    assert len(called[0]["signature"]) == 44
    with claude.messages.stream(messages=[USER], **ASKED) as stream:
        events = [event.type for event in stream]
        message = stream.get_final_message()
    streamed = [block.model_dump(mode="json", exclude_none=True) for block in message.content]
    assert streamed == called
    assert "".join(events).count("signature") == 1
    assert events.index("signature") > events.index("thinking")
    assert events[events.index("signature") + 1 :].count("content_block_stop") == 2


def test_the_anthropic_package_sends_the_thinking_back(
    claude: anthropic.Anthropic, called: list[dict[str, Any]]
) -> None:
    answer: Any = claude.messages.create(messages=round_of(called), **ASKED)
    assert [block.type for block in answer.content] == ["thinking", "text"]
    assert answer.content[1].text.startswith('The tool answered: "18 degrees".')
    with claude.messages.stream(messages=[USER], **ASKED) as stream:
        said: Any = stream.get_final_message().content
    used = {"type": "tool_result", "tool_use_id": said[-1].id, "content": "18 degrees"}
    turns: Any = [USER, {"role": "assistant", "content": said}, {"role": "user", "content": [used]}]
    assert claude.messages.create(messages=turns, **ASKED).content == answer.content


def refused_by_anthropic(claude: anthropic.Anthropic, messages: list[Any], **options: Any) -> str:
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.messages.create(messages=messages, **{**ASKED, **options})
    body: Any = caught.value.body
    assert body["error"]["type"] == "invalid_request_error"
    return str(body["error"]["message"])


def test_a_round_without_its_thinking_is_refused(
    claude: anthropic.Anthropic, called: list[dict[str, Any]]
) -> None:
    thought, used = called
    text = {"type": "text", "text": "I look."}
    for blocks, found in (([used], "tool_use"), ([text, used], "text"), ([text, *called], "text")):
        message = refused_by_anthropic(claude, round_of(blocks))
        assert message.startswith(
            "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
            f"`{found}`. When `thinking` is enabled, a final `assistant` message must start with "
        )
    answer = claude.messages.create(messages=round_of([thought, text, used]), **ASKED)
    assert answer.stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"thinking": "Something else."},
            "messages.1.content.0: Invalid `signature` in `thinking`",
        ),
        (
            {"signature": "c2lnbmVk"},
            "messages.1.content.0: Invalid `signature` in `thinking` block",
        ),
        ({"signature": ""}, "messages.1.content.0: Invalid `signature` in `thinking` block"),
        ({"signature": None}, "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ],
)
def test_thinking_that_was_changed_is_refused(
    claude: anthropic.Anthropic, called: list[dict[str, Any]], change: Any, words: str
) -> None:
    thought, used = called
    assert words in refused_by_anthropic(claude, round_of([{**thought, **change}, used]))


def test_thinking_without_a_signature_is_refused(
    claude: anthropic.Anthropic, called: list[dict[str, Any]]
) -> None:
    unsigned = {"type": "thinking", "thinking": called[0]["thinking"]}
    message = refused_by_anthropic(claude, round_of([unsigned, called[1]]))
    assert message == "messages.1.content.0.thinking.signature: Field required"


def test_thinking_may_be_asked_for_and_left_out(
    claude: anthropic.Anthropic, called: list[dict[str, Any]]
) -> None:
    enabled: Any = {"type": "enabled", "budget_tokens": 1024}
    options: dict[str, Any] = {**ASKED, "model": "playground"}
    asked = claude.messages.create(messages=[USER], thinking=enabled, **options)
    assert [block.type for block in asked.content] == ["thinking", "tool_use"]
    assert "but found `tool_use`" in refused_by_anthropic(
        claude, round_of(called[1:]), model="playground", thinking=enabled
    )
    disabled: Any = {"type": "disabled"}
    answer = claude.messages.create(messages=round_of(called[1:]), thinking=disabled, **ASKED)
    assert [block.type for block in answer.content] == ["text"]
    assert "'adaptive', 'disabled', 'enabled'" in refused_by_anthropic(
        claude, [USER], thinking={"type": "on"}
    )


def test_a_round_that_is_over_needs_no_thinking(
    claude: anthropic.Anthropic, called: list[dict[str, Any]]
) -> None:
    turns = [
        *round_of(called[1:]),
        {"role": "assistant", "content": "18 degrees."},
        {"role": "user", "content": "Write a haiku"},
    ]
    answer: Any = claude.messages.create(messages=turns, **ASKED)
    assert answer.content[1].text.startswith("Small words")


# OpenAI's Responses

TOOLS: Any = [{"type": "function", "name": "get_weather", "parameters": WEATHER, "strict": False}]


@pytest.fixture(scope="module")
def gpt(playground: Playground) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        api_key="any", base_url=playground.responses_url, max_retries=0, timeout=SOON
    ) as client:
        yield client


@pytest.fixture(scope="module")
def output(gpt: openai.OpenAI) -> list[dict[str, Any]]:
    """The items of an answer that thinks and then calls a tool."""
    response = gpt.responses.create(model=REASONER, input=CALLING, tools=TOOLS, include=ENCRYPTED)
    return [item.model_dump(mode="json", exclude_none=True) for item in response.output]


def asked_with(items: list[Any]) -> list[Any]:
    """The input of the next round, with these items of the answer before."""
    calls = [item["call_id"] for item in items if item["type"] == "function_call"]
    results = [{"type": "function_call_output", "call_id": each, "output": "18"} for each in calls]
    return [{"role": "user", "content": CALLING}, *items, *results]


def test_the_items_have_ids_and_the_reasoning_is_encrypted_if_asked(
    gpt: openai.OpenAI, output: list[dict[str, Any]]
) -> None:
    assert [item["type"] for item in output] == ["reasoning", "function_call"]
    assert re.fullmatch("rs_[0-9a-f]{40}", output[0]["id"])
    assert re.fullmatch("fc_[0-9a-f]{42}", output[1]["id"])
    assert output[0]["encrypted_content"].startswith("gAAAA")
    with gpt.responses.stream(
        model=REASONER, input=CALLING, tools=TOOLS, include=ENCRYPTED
    ) as stream:
        streamed = stream.get_final_response().output
    items = [item.model_dump(mode="json", exclude_none=True) for item in streamed]
    assert [{**item, "parsed_arguments": None} for item in items] == [
        {**item, "parsed_arguments": None} for item in output
    ]
    plain = gpt.responses.create(model=REASONER, input="Hello").output
    assert [item.id[:3] for item in plain if item.id] == ["rs_", "msg"]
    assert "encrypted_content" not in plain[0].model_fields_set


@pytest.mark.parametrize("stored", [True, False])
def test_the_openai_package_sends_the_items_back(gpt: openai.OpenAI, *, stored: bool) -> None:
    asked: list[Any] = [{"role": "user", "content": CALLING}]
    with gpt.responses.stream(
        model=REASONER,
        input=asked,
        tools=TOOLS,
        include=[] if stored else ENCRYPTED,
        store=stored,
    ) as stream:
        called: Any = stream.get_final_response().output
    result = {"type": "function_call_output", "call_id": called[-1].call_id, "output": "18"}
    answer = gpt.responses.create(
        model=REASONER, input=[*asked, *called, result], tools=TOOLS, store=stored
    )
    assert answer.output_text.startswith('The tool answered: "18".')
    then: Any = [*asked, *called, result, *answer.output, {"role": "user", "content": "A haiku"}]
    if not stored:  # this answer's reasoning was not asked for
        then = [item for item in then if item not in answer.output]
    assert "stream finds" in gpt.responses.create(model=REASONER, input=then).output_text


def refused_by_openai(gpt: openai.OpenAI, items: list[Any], status: int = 400) -> Any:
    with pytest.raises(openai.APIStatusError) as caught:
        gpt.responses.create(model=REASONER, input=asked_with(items), tools=TOOLS)
    assert caught.value.status_code == status
    return caught.value.body


def test_a_call_without_its_reasoning_is_refused(
    gpt: openai.OpenAI, output: list[dict[str, Any]]
) -> None:
    reasoning, call = output
    error = refused_by_openai(gpt, [call])
    assert error["message"] == (
        f"Item '{call['id']}' of type 'function_call' was provided without its required "
        f"'reasoning' item: '{reasoning['id']}'."
    )
    assert (error["param"], error["code"]) == ("input", None)
    assert (
        "without its required 'reasoning' item"
        in refused_by_openai(gpt, [call, *output])["message"]
    )
    no_id = {name: value for name, value in call.items() if name != "id"}
    answer = gpt.responses.create(model=REASONER, input=asked_with([no_id]), tools=TOOLS)
    assert answer.status == "completed"


def test_reasoning_without_what_follows_it_is_refused(
    gpt: openai.OpenAI, output: list[dict[str, Any]]
) -> None:
    reasoning, call = output
    words = f"Item '{reasoning['id']}' of type 'reasoning' was provided without its required foll"
    user: Any = {"type": "message", "role": "user", "content": "Hi"}
    for items in ([reasoning], [reasoning, user], [reasoning, reasoning, call]):
        assert words in refused_by_openai(gpt, items)["message"]
    kept = {name: value for name, value in reasoning.items() if name != "encrypted_content"}
    no_id = {name: value for name, value in call.items() if name != "id"}
    assert words in refused_by_openai(gpt, [kept, no_id])["message"]
    for items in ([kept, call], [reasoning, no_id]):
        answer = gpt.responses.create(model=REASONER, input=asked_with(items), tools=TOOLS)
        assert answer.status == "completed"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"encrypted_content": "ZW5j"}, "could not be decrypted or parsed."),
        ({"encrypted_content": "gAAAA\ud83d"}, "could not be decrypted or parsed."),
        ({"encrypted_content": 5}, "could not be decrypted or parsed."),
        ({"id": "rs_1"}, "item_id did not match the target item id."),
        (
            {"content": [{"type": "reasoning_text", "text": "Something else."}]},
            "could not be decrypted or parsed.",
        ),
    ],
)
def test_reasoning_that_was_changed_is_refused(
    playground: Playground, output: list[dict[str, Any]], change: Mapping[str, Any], reason: str
) -> None:
    changed = {**output[0], **change}
    body = {"model": REASONER, "input": asked_with([changed, output[1]])}
    response = requests.post(f"{playground.responses_url}/responses", json=body, timeout=SOON)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "invalid_encrypted_content")
    assert error["message"] == (
        f"The encrypted content for item {changed['id']} could not be verified. "
        f"Reason: Encrypted content {reason}"
    )


def test_reasoning_that_nothing_keeps_is_not_found(
    gpt: openai.OpenAI, output: list[dict[str, Any]]
) -> None:
    kept = {name: value for name, value in output[0].items() if name != "encrypted_content"}
    error = refused_by_openai(gpt, [{**kept, "id": "rs_1"}, output[1]], 404)
    assert error["message"] == "Item with id 'rs_1' not found."
    with pytest.raises(openai.NotFoundError, match="not persisted when `store` is set to false"):
        gpt.responses.create(model=REASONER, input=asked_with([kept, output[1]]), store=False)
    nameless = {name: value for name, value in kept.items() if name != "id"}
    error = refused_by_openai(gpt, [nameless, output[1]])
    assert error["message"] == "Missing required parameter: 'input[1].encrypted_content'."


@pytest.mark.parametrize(("place", "prefix"), [(0, "rs"), (1, "fc")])
def test_an_id_of_another_kind_is_refused(
    gpt: openai.OpenAI, output: list[dict[str, Any]], place: int, prefix: str
) -> None:
    items = [dict(item) for item in output]
    items[place]["id"] = "call_1"
    message = refused_by_openai(gpt, items)["message"]
    path = f"input[{place + 1}].id"
    assert message == (f"Invalid '{path}': 'call_1'. Expected an ID that begins with '{prefix}'.")


def test_the_service_runs_its_own_tools(gpt: openai.OpenAI) -> None:
    tools: Any = [{"type": "image_generation"}, {"type": "web_search"}, *TOOLS]
    response = gpt.responses.create(model="playground", input=CALLING, tools=tools)
    assert [item.type for item in response.output] == ["function_call"]


def test_the_result_of_a_tool_with_a_text_is_read(gpt: openai.OpenAI) -> None:
    items: Any = [
        {"role": "user", "content": "Write"},
        {"type": "custom_tool_call", "call_id": "call_1", "name": "write", "input": "Hi"},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "written"},
    ]
    answer = gpt.responses.create(model="playground", input=items)
    assert answer.output_text.startswith('The tool answered: "written".')
