"""One history for every service: what each dialect makes of it, and what it refuses by name."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from script import Script

from suggestions import SuggestionsEventSource, image
from suggestions.testing.answer_bytes import DONE

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
PDF = "data:application/pdf;base64,JVBERi0xLjQ="
THOUGHT = {"type": "thinking", "thinking": "Two cities.", "signature": "c2lnbmVk"}
HIDDEN = {"type": "redacted_thinking", "data": "aGlkZGVu"}
REASONED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "ZW5j"}


def call(call_id: str, city: str) -> dict[str, Any]:
    arguments = json.dumps({"city": city})
    function = {"name": "weather", "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


LOOK = {"type": "text", "text": "Which cities are these?"}
SHOWN = {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}}
SYSTEM = {"role": "system", "content": "Be brief."}
CALLED = {
    "role": "assistant",
    "content": [THOUGHT, HIDDEN, REASONED, {"type": "text", "text": "I look."}],
    "tool_calls": [call("a", "Paris"), call("b", "Rom")],
}
RESULTS = [
    {"role": "tool", "tool_call_id": "a", "content": "18 degrees"},
    {"role": "tool", "tool_call_id": "b", "content": "23 degrees"},
]
THEN = {"role": "user", "content": "And tomorrow?"}
HISTORY = [SYSTEM, {"role": "user", "content": [LOOK, SHOWN]}, CALLED, *RESULTS, THEN]


def body(question: Iterable[Any], dialect: str) -> Any:
    """What is sent for the question. Raises what the call raises."""
    script = Script([DONE])
    source = SuggestionsEventSource(
        list(question),
        "t",
        dialect=dialect,
        url="http://localhost/",
        session=script.session(),
        on={"error": lambda source, event: None},
    )
    source.wait()
    return json.loads(script.requests[0].body)


def asked(content: list[Any]) -> list[Any]:
    return [{"role": "user", "content": content}]


# What each service takes


def test_openai() -> None:
    from openai.types.chat import ChatCompletionMessageParam

    messages = body(HISTORY, "openai")["messages"]
    expected = {"role": "assistant", "content": "I look.", "tool_calls": CALLED["tool_calls"]}
    assert messages == [HISTORY[0], HISTORY[1], expected, *RESULTS, THEN]
    TypeAdapter(list[ChatCompletionMessageParam]).validate_python(messages)


def test_anthropic() -> None:
    from anthropic.types import MessageParam

    sent = body(HISTORY, "anthropic")
    base64_image = {"type": "base64", "media_type": "image/png", "data": DATA_URL.partition(",")[2]}
    paris = {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Paris"}}
    rome = {"type": "tool_use", "id": "b", "name": "weather", "input": {"city": "Rom"}}
    results = [
        {"type": "tool_result", "tool_use_id": "a", "content": "18 degrees"},
        {"type": "tool_result", "tool_use_id": "b", "content": "23 degrees"},
    ]
    said = {"type": "text", "text": "I look."}
    assert sent["system"] == "Be brief."
    assert sent["messages"] == [
        {"role": "user", "content": [LOOK, {"type": "image", "source": base64_image}]},
        {"role": "assistant", "content": [THOUGHT, HIDDEN, said, paris, rome]},
        {"role": "user", "content": results},
        THEN,
    ]
    TypeAdapter(list[MessageParam]).validate_python(sent["messages"])


def test_responses() -> None:
    from openai.types.responses import ResponseInputParam

    items = body(HISTORY, "responses")["input"]
    look = {"type": "input_text", "text": LOOK["text"]}
    shown = {"type": "input_image", "image_url": DATA_URL, "detail": "low"}
    called = {"type": "function_call", "name": "weather"}
    result = {"type": "function_call_output"}
    assert items == [
        SYSTEM,
        {"role": "user", "content": [look, shown]},
        REASONED,
        {"role": "assistant", "content": "I look."},
        {**called, "call_id": "a", "arguments": '{"city": "Paris"}'},
        {**called, "call_id": "b", "arguments": '{"city": "Rom"}'},
        {**result, "call_id": "a", "output": "18 degrees"},
        {**result, "call_id": "b", "output": "23 degrees"},
        THEN,
    ]
    TypeAdapter(ResponseInputParam).validate_python(items)


def test_ollama() -> None:
    messages = body(HISTORY, "ollama")["messages"]
    calls = [
        {**given, "function": {"name": "weather", "arguments": {"city": city}}}
        for given, city in zip(CALLED["tool_calls"], ("Paris", "Rom"), strict=True)
    ]
    assert messages == [
        SYSTEM,
        {"role": "user", "content": LOOK["text"], "images": [DATA_URL.partition(",")[2]]},
        {"role": "assistant", "content": "I look.", "tool_calls": calls},
        *({**result, "tool_name": "weather"} for result in RESULTS),
        THEN,
    ]


def test_jetpack() -> None:
    messages = body([SYSTEM, *asked([LOOK]), CALLED, *RESULTS, THEN], "jetpack")["messages"]
    called = 'weather({"city": "Paris"})\nweather({"city": "Rom"})'
    assert messages == [
        SYSTEM,
        {"role": "user", "content": LOOK["text"]},
        {"role": "assistant", "content": f"I look.\n{called}"},
        {"role": "user", "content": "The result of weather: 18 degrees"},
        {"role": "user", "content": "The result of weather: 23 degrees"},
        THEN,
    ]


def test_the_auto_dialect_and_small_services_get_it_as_it_is() -> None:
    plain = [HISTORY[0], HISTORY[1], {**CALLED, "content": "I look."}, *RESULTS, THEN]
    for dialect in ("auto", "relay", "text", "json_lines"):
        assert body(HISTORY, dialect)["messages"] == plain


def test_instructions_of_a_developer() -> None:
    question = [{"role": "developer", "content": "Be brief."}, THEN]
    assert body(question, "openai")["messages"] == question
    assert body(question, "responses")["input"] == question
    assert body(question, "anthropic")["system"] == "Be brief."
    for dialect in ("ollama", "jetpack"):
        assert body(question, dialect)["messages"] == [SYSTEM, THEN]


def test_instructions_with_a_mark_for_the_cache() -> None:
    marked = {"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}
    sent = body([SYSTEM, {"role": "system", "content": [marked]}, THEN], "anthropic")
    assert sent["system"] == [{"type": "text", "text": "Be brief."}, marked]


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "responses"])
def test_a_file(dialect: str) -> None:
    part = {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}
    sent = body(asked([LOOK, part]), dialect)
    data = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQ="}
    (message,) = sent.get("messages") or sent["input"]
    assert (
        message["content"][1]
        == {
            "openai": part,
            "anthropic": {"type": "document", "title": "a.pdf", "source": data},
            "responses": {"type": "input_file", "filename": "a.pdf", "file_data": PDF},
        }[dialect]
    )


def test_a_text_file_and_an_uploaded_one_at_anthropic() -> None:
    text = {"type": "file", "file": {"file_data": "data:text/csv;base64,YTti"}}
    there = {"type": "file", "file": {"file_id": "file_1", "filename": "b"}}
    plain = {"type": "text", "media_type": "text/plain", "data": "a;b"}
    (message,) = body(asked([text, there]), "anthropic")["messages"]
    assert message["content"] == [
        {"type": "document", "source": plain},
        {"type": "document", "title": "b", "source": {"type": "file", "file_id": "file_1"}},
    ]


def test_an_image_by_its_address() -> None:
    part = image("https://pictures.example/cat.png")
    (message,) = body(asked([part]), "anthropic")["messages"]
    source = {"type": "url", "url": "https://pictures.example/cat.png"}
    assert message["content"] == [{"type": "image", "source": source}]
    (message,) = body(asked([part]), "responses")["input"]
    assert message["content"][0]["detail"] == "auto"


def test_a_tools_result_may_be_an_image() -> None:
    result = [{"role": "tool", "tool_call_id": "a", "content": [SHOWN]}]
    sent = body([THEN, CALLED, *result], "anthropic")["messages"][-1]
    assert sent["content"][0]["content"][0]["type"] == "image"
    sent = body([THEN, CALLED, *result], "responses")["input"][-1]
    assert sent["output"] == [{"type": "input_image", "image_url": DATA_URL, "detail": "low"}]


def test_what_is_a_services_own_goes_there_as_it_is() -> None:
    search = {"type": "search_result", "source": "s", "title": "t", "content": []}
    (message,) = body(asked([search, LOOK]), "anthropic")["messages"]
    assert message["content"] == [search, LOOK]
    video = {"type": "video_url", "video_url": {"url": "https://pictures.example/cat.mp4"}}
    (message,) = body(asked([video]), "openai")["messages"]
    assert message["content"] == [video]
    item = {"type": "item_reference", "id": "msg_1"}
    assert body([item, THEN], "responses")["input"] == [item, THEN]


def test_arguments_may_be_a_dict() -> None:
    native = {"function": {"name": "f", "arguments": {"a": 1}}}
    message = {"role": "assistant", "content": "", "tool_calls": [native]}
    assert body([message, THEN], "ollama")["messages"][0] == message
    sent = body([message, THEN], "openai")["messages"][0]
    assert sent["tool_calls"] == [{"function": {"name": "f", "arguments": '{"a": 1}'}}]


def test_a_call_without_arguments() -> None:
    bare = {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}
    message = {"role": "assistant", "content": None, "tool_calls": [bare]}
    (sent,) = body([message], "anthropic")["messages"]
    assert sent["content"] == [{"type": "tool_use", "id": "a", "name": "f", "input": {}}]


# What a service does not take


SPEECH = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
LINK = {"type": "image_url", "image_url": {"url": "https://pictures.example/cat.png"}}
BROKEN = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}}


@pytest.mark.parametrize(
    ("dialect", "item", "words"),
    [
        ("jetpack", asked([LOOK, SHOWN])[0], "['content'][1] is of the type 'image_url'"),
        ("chatbot", asked([SHOWN])[0], "['content'][0] is of the type 'image_url'"),
        ("anthropic", asked([SPEECH])[0], "['content'][0] is of the type 'input_audio'"),
        ("ollama", asked([SPEECH])[0], "['content'][0] is of the type 'input_audio'"),
        ("ollama", asked([LINK])[0], "['content'][0] is an image at a web address"),
        ("anthropic", {"role": "tool", "content": "18"}, " has no 'tool_call_id'"),
        ("responses", {"role": "tool", "content": "18"}, " has no 'tool_call_id'"),
        (
            "anthropic",
            {"role": "assistant", "tool_calls": [BROKEN]},
            "['tool_calls'][0]['function']['arguments'] is not the JSON text of an object",
        ),
        (
            "anthropic",
            asked([{"type": "file", "file": {"file_data": "JVBERi0xLjQ="}}])[0],
            "['content'][0]['file']['file_data'] must be a data URL",
        ),
    ],
)
def test_it_is_refused_at_the_call_by_name(dialect: str, item: Any, words: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(f"question[1]{words}")) as caught:
        body([THEN, item], dialect)
    assert dialect in str(caught.value) or "type" not in words


def test_a_part_alone_is_no_message_of_a_services_own() -> None:
    with pytest.raises(ValueError, match=r"^question\[0\]\['role'\] is None: expected one of"):
        body([LOOK], "responses")


def test_messages_of_a_front_end_name_what_reads_them() -> None:
    message: Any = {"role": "user", "parts": [{"type": "text", "text": "Why?"}]}
    with pytest.raises(TypeError, match=r"not NoneType; .* are for messages_from_ui\(\)"):
        body([message], "openai")


# image()


def test_an_image_from_a_file_and_from_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "cat.of.any.name"
    path.write_bytes(PNG)
    for source in (PNG, path, str(path)):
        assert image(source) == {"type": "image_url", "image_url": {"url": DATA_URL}}
    assert image(PNG, detail="high")["image_url"] == {"url": DATA_URL, "detail": "high"}


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89arest", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPrest", "image/webp"),
    ],
)
def test_its_media_type_is_found(data: bytes, media_type: str) -> None:
    assert image(data)["image_url"]["url"].startswith(f"data:{media_type};base64,")


def test_what_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^image is no PNG, JPEG, GIF or WebP file$"):
        image(b"<svg/>")
    with pytest.raises(ValueError, match=r"^image is empty: it has no bytes$"):
        image(b"")
    with pytest.raises(ValueError, match=r"^image: expected an address that begins with"):
        image("file:///tmp/cat.png")
    with pytest.raises(TypeError, match=r"^image is a path, bytes or an address, not int$"):
        image(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^detail is 'best': expected one of auto, low, high$"):
        image(PNG, detail="best")
    with pytest.raises(FileNotFoundError):
        image(tmp_path / "missing.png")
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(20 * 1024 * 1024 + 1)
    with pytest.raises(ValueError, match=r"^image has 20971521 bytes: expected at most 20971520$"):
        image(large)
