"""`messages_from_ag_ui` and `tools_from_ag_ui`: what a client of AG-UI posts, for each service."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from script import Script, data

from suggestions.dialects import find
from suggestions.dialects.base import checked
from suggestions.relay import messages_from_ag_ui, relay, tools_from_ag_ui

PNG, PDF, WAV = "iVBORw0KGgo=", "JVBERi0xLjQK", "UklGRg=="


def posted(*messages: Any, **fields: Any) -> dict[str, Any]:
    run = {"threadId": "t", "runId": "r", "state": {}, "tools": [], "context": []}
    return {**run, "forwardedProps": {}, "messages": list(messages), **fields}


def user(content: Any) -> dict[str, Any]:
    return {"id": "u1", "role": "user", "content": content}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def media(kind: str, source: Any, value: str, media_type: str | None = None, **more: Any) -> Any:
    typed = {"mimeType": media_type} if media_type else {}
    return {"type": kind, "source": {"type": source, "value": value, **typed}, **more}


def called(id: str = "c1", name: str = "weather", arguments: str = '{"city": "Oslo"}') -> Any:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def assistant(content: str | None = None, *calls: Any) -> dict[str, Any]:
    said = {} if content is None else {"content": content}
    return {"id": "a1", "role": "assistant", **said, **({"toolCalls": [*calls]} if calls else {})}


def result(content: Any, id: str = "c1", **more: Any) -> dict[str, Any]:
    return {"id": f"r-{id}", "role": "tool", "toolCallId": id, "content": content, **more}


def given_back(content: str, id: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


WHY, ASKED = user("Why?"), {"role": "user", "content": "Why?"}
TAKEN: dict[str, tuple[list[Any], list[Any]]] = {
    "a text": ([WHY], [ASKED]),
    "texts": (
        [user([text("This:"), text("Why?")])],
        [ASKED | {"content": [text("This:"), text("Why?")]}],
    ),
    "instructions": (
        [
            {"id": "1", "role": "developer", "content": "Be kind."},
            {"id": "2", "role": "system", "content": "Be brief."},
            WHY,
        ],
        [
            {"role": "developer", "content": "Be kind."},
            {"role": "system", "content": "Be brief."},
            ASKED,
        ],
    ),
    "images": (
        [
            user(
                [
                    media("image", "data", PNG, "image/png"),
                    media("image", "url", "https://a.example/b.png"),
                    media("image", "url", f"data:image/png;base64,{PNG}"),
                    {"type": "binary", "mimeType": "image/png", "data": PNG},
                    text("What?"),
                ]
            )
        ],
        [
            ASKED
            | {
                "content": [
                    *(
                        {"type": "image_url", "image_url": {"url": url}}
                        for url in (
                            f"data:image/png;base64,{PNG}",
                            "https://a.example/b.png",
                            f"data:image/png;base64,{PNG}",
                            f"data:image/png;base64,{PNG}",
                        )
                    ),
                    text("What?"),
                ]
            }
        ],
    ),
    "other files": (
        [
            user(
                [
                    media("audio", "data", WAV, "audio/wav"),
                    media("document", "data", PDF, "application/pdf"),
                    media("document", "file", "file-1"),
                    {
                        "type": "binary",
                        "mimeType": "application/pdf",
                        "data": PDF,
                        "filename": "a.pdf",
                    },
                    media(
                        "document", "data", PDF, "application/pdf", metadata={"filename": "b.pdf"}
                    ),
                ]
            )
        ],
        [
            ASKED
            | {
                "content": [
                    {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}},
                    *(
                        {
                            "type": "file",
                            "file": {
                                "filename": name,
                                "file_data": f"data:application/pdf;base64,{PDF}",
                            },
                        }
                        if name
                        else {"type": "file", "file": {"file_id": "file-1"}}
                        for name in ("file", "", "a.pdf", "b.pdf")
                    ),
                ]
            }
        ],
    ),
    "what is for the page alone": (
        [
            WHY,
            {"id": "1", "role": "reasoning", "content": "Hm.", "encryptedValue": "x"},
            {"id": "2", "role": "activity", "activityType": "plan", "content": {"a": 1}},
            assistant("So."),
            WHY,
        ],
        [ASKED, {"role": "assistant", "content": "So."}, ASKED],
    ),
    "an answer that was stopped before its text": ([WHY, assistant(""), WHY], [ASKED, ASKED]),
    "calls in the message of their text": (
        [
            WHY,
            assistant("Wait.", called(), called("c2")),
            result("3 degrees"),
            result([text("co"), text("ld")], "c2"),
            assistant("It is cold."),
        ],
        [
            ASKED,
            {"role": "assistant", "content": "Wait.", "tool_calls": [called(), called("c2")]},
            given_back("3 degrees"),
            given_back("cold", "c2"),
            {"role": "assistant", "content": "It is cold."},
        ],
    ),
    "calls in messages of their own": (
        [
            WHY,
            assistant("Wait."),
            assistant(None, called()),
            assistant(None, called("c2", arguments="")),
            result("cold", "c2"),
            result("3"),
            WHY,
        ],
        [
            ASKED,
            {
                "role": "assistant",
                "content": "Wait.",
                "tool_calls": [called(), called("c2", arguments="{}")],
            },
            given_back("3"),
            given_back("cold", "c2"),
            ASKED,
        ],
    ),
    "two rounds of tools": (
        [
            WHY,
            assistant(None, called()),
            result("3"),
            assistant(None, called("c2")),
            result("4", "c2"),
        ],
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called()]},
            given_back("3"),
            {"role": "assistant", "content": None, "tool_calls": [called("c2")]},
            given_back("4", "c2"),
        ],
    ),
    "a text after a call, in a message of its own": (
        [WHY, assistant(None, called()), assistant("Cold."), result("3")],
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called()]},
            given_back("3"),
            {"role": "assistant", "content": "Cold."},
        ],
    ),
    "a tool that failed": (
        [WHY, assistant(None, called()), result("", error="no such city")],
        [
            ASKED,
            {"role": "assistant", "content": None, "tool_calls": [called()]},
            given_back("no such city"),
        ],
    ),
    "calls without a result, and one that is there twice": (
        [
            WHY,
            assistant("Wait.", called(), called("c2")),
            result("3"),
            assistant("", called()),
            WHY,
        ],
        [
            ASKED,
            {"role": "assistant", "content": "Wait.", "tool_calls": [called()]},
            given_back("3"),
            ASKED,
        ],
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken(name: str) -> None:
    messages, expected = TAKEN[name]
    assert messages_from_ag_ui(posted(*messages)) == expected


NOT_TAKEN = {
    ("other files", "anthropic"),  # no speech
    ("other files", "ollama"),
    ("images", "ollama"),  # no address of an image
}


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "responses", "ollama", "ag-ui"])
@pytest.mark.parametrize("name", TAKEN)
def test_each_service_takes_it(name: str, dialect: str) -> None:
    service = find(dialect)
    question = checked(messages_from_ag_ui(posted(*TAKEN[name][0])), service)
    if (name, dialect) in NOT_TAKEN:
        with pytest.raises(ValueError, match=dialect):
            service.request(question, {"model": "m"})
    else:
        service.request(question, {"model": "m"})


@pytest.mark.parametrize("name", TAKEN)
def test_the_dialect_posts_it_so_that_it_comes_back(name: str) -> None:
    service, messages = find("ag-ui"), messages_from_ag_ui(posted(*TAKEN[name][0]))
    body = service.request(checked(messages, service), {}).json
    assert messages_from_ag_ui(json.loads(json.dumps(body))) == messages


REFUSED: dict[str, tuple[Any, str]] = {
    "no body": (None, "the body must be an object with 'messages', not NoneType"),
    "no messages": ({}, "messages must be a list, not NoneType"),
    "messages that are none": (posted() | {"messages": "Why?"}, "messages must be a list, not str"),
    "nothing": (posted(), "messages has no question: expected a message of the role 'user'"),
    "no question": (posted(assistant("Hi")), "messages has no question"),
    "no object": (posted(WHY, 3), "messages[1] must be an object, not int"),
    "no role": (posted({"content": "Why?"}), "messages[0].role is None: expected one of 'develop"),
    "a role that is none": (posted({"role": ["user"]}), "messages[0].role is ['user']: expected"),
    "a blank question": (posted(user(" \n")), "messages[0].content is empty: expected a text"),
    "blank parts": (posted(user([text(" ")])), "messages[0].content is empty: expected a text or"),
    "no content": (posted({"role": "user"}), "messages[0].content must be a list, not NoneType"),
    "no instructions": (
        posted({"role": "system"}),
        "messages[0].content must be a text, not NoneType",
    ),
    "a part that is none": (posted(user([3])), "messages[0].content[0] must be an object, not int"),
    "a part without a type": (
        posted(user([{}])),
        "messages[0].content[0].type is None: expected 'text', 'image', 'audio' or 'document'",
    ),
    "a video": (
        posted(user([media("video", "data", PNG, "video/mp4")])),
        "messages[0].content[0].type is 'video': expected 'text', 'image', 'audio' or",
    ),
    "no source": (
        posted(user([{"type": "image"}])),
        "messages[0].content[0].source must be an object, not NoneType",
    ),
    "a source that is not known": (
        posted(user([media("image", "disk", "a.png")])),
        "messages[0].content[0].source.type is 'disk': expected 'data', 'url' or 'file'",
    ),
    "an empty old part": (
        posted(user([{"type": "binary", "mimeType": "image/png"}])),
        "messages[0].content[0].source.type is None",
    ),
    "data without a type": (
        posted(user([media("image", "data", PNG)])),
        "messages[0].content[0].source has no mimeType",
    ),
    "a source without data": (
        posted(user([media("image", "data", "", "image/png")])),
        "messages[0].content[0].source has no value",
    ),
    "an image that the service has": (
        posted(user([media("image", "file", "file-1")])),
        "messages[0].content[0].source.type is 'file': for 'image', expected 'data' or 'url'",
    ),
    "an image of the browser's own": (
        posted(user([media("image", "url", "blob:http://a/1")])),
        "messages[0].content[0].source.value is 'blob:http://a/1': for 'image', expected an addr",
    ),
    "a document by its address": (
        posted(user([media("document", "url", "https://a.example/a.pdf")])),
        "messages[0].content[0].source.value is 'https://a.example/a.pdf': for 'document', expect",
    ),
    "speech of another format": (
        posted(user([media("audio", "data", WAV, "audio/ogg")])),
        "messages[0].content[0].source is of the type 'audio/ogg': expected any of audio/wav,",
    ),
    "calls that are none": (
        posted(WHY, {"role": "assistant", "toolCalls": {"id": "c1"}}),
        "messages[1].toolCalls must be a list, not dict",
    ),
    "a call that is none": (
        posted(WHY, assistant(None, "c1")),
        "messages[1].toolCalls[0] must be an object, not str",
    ),
    "a call without an id": (
        posted(WHY, assistant(None, called(""))),
        "messages[1].toolCalls[0] ha",
    ),
    "a call without a function": (
        posted(WHY, assistant(None, {"id": "c1"})),
        "messages[1].toolCalls[0].function must be an object, not NoneType",
    ),
    "arguments that are no text": (
        posted(WHY, assistant(None, {"id": "c1", "function": {"name": "a", "arguments": {}}})),
        "messages[1].toolCalls[0].function.arguments must be a text, not dict",
    ),
    "a result of no call": (
        posted(WHY, assistant(None, called()), result("3", "c9")),
        "messages[2].toolCallId is 'c9': expected the id of a call in a message before it",
    ),
    "a result before its call": (
        posted(WHY, result("3"), assistant(None, called())),
        "messages[1].toolCallId is 'c1': expected the id of a call in a message before it",
    ),
    "a result without its call": (
        posted(WHY, {"role": "tool", "content": "3"}),
        "messages[1].toolCallId must be a text, not NoneType",
    ),
    "an image as a result": (
        posted(WHY, assistant(None, called()), result([media("image", "data", PNG, "image/png")])),
        "messages[2].content[0].type is 'image': expected 'text'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    body, sentence = REFUSED[name]
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        messages_from_ag_ui(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
SOURCE = st.fixed_dictionaries(
    {"type": st.sampled_from(["data", "url", "file"]) | JSON},
    optional={
        "value": st.sampled_from([PNG, "data:,", "https://a"]) | JSON,
        "mimeType": st.sampled_from(["image/png", "audio/wav", "a"]) | JSON,
    },
)
PART = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image", "audio", "document", "binary"]) | JSON},
    optional={"source": SOURCE | JSON, **dict.fromkeys(("text", "data", "id", "mimeType"), JSON)},
)
CALL = st.fixed_dictionaries(
    {"id": st.sampled_from(["c1", "c2"]) | JSON},
    optional={"function": st.just({"name": "a", "arguments": "{}"}) | JSON},
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", "reasoning"]) | JSON},
    optional={
        "content": st.just("Why?") | st.lists(PART | JSON, max_size=3) | JSON,
        "toolCalls": st.lists(CALL | JSON, max_size=2) | JSON,
        "toolCallId": st.sampled_from(["c1", "c2"]) | JSON,
        "error": JSON,
    },
)


@given(st.lists(MESSAGE | JSON, max_size=4) | JSON)
def test_whatever_comes_is_taken_or_refused(messages: Any) -> None:
    sentence, converted = "", []
    try:
        converted = messages_from_ag_ui(posted() | {"messages": messages})
    except ValueError as refused:
        sentence = str(refused)
    assert sentence.startswith("messages") != bool(converted)
    for dialect in ("openai", "jetpack", "relay") if converted else ():
        assert checked(converted, find(dialect)) == converted


# Tools

WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}


def test_the_tools_of_the_client() -> None:
    tools = [
        {"name": "weather", "description": "How it is.", "parameters": WEATHER, "metadata": {}},
        {"name": "time", "description": ""},
    ]
    nothing = {"type": "object", "properties": {}}
    weather = {"name": "weather", "description": "How it is.", "parameters": WEATHER}
    described = [
        {"type": "function", "function": weather},
        {"type": "function", "function": {"name": "time", "parameters": nothing}},
    ]
    assert tools_from_ag_ui(posted(WHY, tools=tools)) == described
    assert tools_from_ag_ui(posted(WHY)) == tools_from_ag_ui({}) == []


@pytest.mark.parametrize(
    ("tools", "sentence"),
    [
        ("weather", "tools must be a list, not str"),
        (["weather"], "tools[0] must be an object, not str"),
        ([{}], "tools[0].name must be a text, not NoneType"),
        ([{"name": ""}], "tools[0].name is empty"),
        ([{"name": "a", "description": 3}], "tools[0].description must be a text, not int"),
        ([{"name": "a", "parameters": [1]}], "tools[0].parameters must be an object, not list"),
    ],
)
def test_tools_that_are_refused(tools: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(sentence)):
        tools_from_ag_ui(posted(WHY, tools=tools))
    with pytest.raises(ValueError, match=r"^the body must be an object with 'tools', not list$"):
        tools_from_ag_ui([])


def get_time() -> str:
    """The time of day."""
    return "noon"


def test_a_service_gets_the_tools_of_the_client_and_those_that_run_here() -> None:
    body = posted(WHY, tools=[{"name": "weather", "description": "", "parameters": WEATHER}])
    script = Script([data("[DONE]")])
    messages, tools = messages_from_ag_ui(body), [*tools_from_ag_ui(body), get_time]
    url = "https://service.example/v1"
    session = script.session()
    b"".join(
        relay(messages, tools=tools, frames="ag-ui", dialect="openai", url=url, session=session)
    )
    sent = json.loads(script.requests[0].body or "")
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["weather", "get_time"]
    assert sent["messages"] == [ASKED]
