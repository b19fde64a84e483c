"""`run_tools`: one and the same code at each service that has tools."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from suggestions import Conversation, Dialect, run_tools
from suggestions.conversation import Cancellation
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.errors import AbortedError, SuggestionsError
from suggestions.playground import Playground
from suggestions.testing import SuggestionsServer

SOON = 30  # seconds
KINDS = {"anthropic": Anthropic, "responses": Responses, "openai": OpenAI, "ollama": Ollama}
TIMEOUTS = {"total": SOON}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


@pytest.fixture(params=KINDS)
def dialect(request: pytest.FixtureRequest, playground: Playground) -> Dialect:
    kind: Any = KINDS[request.param]
    dialect: Dialect = kind(getattr(playground, f"{request.param}_url"), "key", "playground")
    return dialect


def asking(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def get_weather(city: str, days: int = 1) -> dict[str, Any]:
    """The weather in a city."""
    return {"city": city, "degrees": 18}


def calculate(first: int, operator: Literal["+", "*"], second: int) -> int:
    """The result of a calculation."""
    return first + second if operator == "+" else first * second


def results_in(messages: list[dict[str, Any]]) -> list[str]:
    return [message["content"] for message in messages if message["role"] == "tool"]


def test_the_model_answers_with_what_two_tools_return(dialect: Dialect) -> None:
    messages = asking('Get weather for "Paris", and calculate 3 + 4')
    chunks: list[str] = []
    on = {"chunk": lambda source, event: chunks.append(event.detail)}
    text = run_tools(messages, [get_weather, calculate], dialect=dialect, on=on, timeouts=TIMEOUTS)
    roles = [message["role"] for message in messages]
    assert roles == ["user", "assistant", "tool", "tool", "assistant"]
    weather, number = results_in(messages)
    assert json.loads(weather) == {"city": "Paris", "degrees": 18}
    assert number.isdigit()
    assert text == messages[-1]["content"]
    assert text.startswith(f'The tool answered: "{number}".')
    assert json.loads(json.dumps(messages)) == messages
    messages += asking("Thanks. Write a haiku.")
    assert "the stream finds the sea" in run_tools(messages, [get_weather], dialect=dialect)


def test_a_tool_that_fails_hangs_or_is_refused_ends_in_an_answer(dialect: Dialect) -> None:
    is_over = threading.Event()

    def fail_now() -> None:
        raise LookupError("no such thing")

    def hang_now() -> None:
        is_over.wait(SOON)

    def refuse_now() -> None:
        raise AssertionError

    messages = asking("fail now, hang now, refuse now")
    text = run_tools(
        messages,
        [fail_now, hang_now, refuse_now],
        dialect=dialect,
        tool_timeout=0.2,
        approve=lambda call, arguments: call.name != "refuse_now",
        timeouts=TIMEOUTS,
    )
    is_over.set()
    assert results_in(messages) == [
        "fail_now failed: LookupError: no such thing",
        "hang_now did not answer within 0.2 seconds.",
        "The user has refused this call of refuse_now.",
    ]
    assert text.startswith('The tool answered: "The user has refused this call')


@dataclass
class Range:
    first: int
    last: int

    def __post_init__(self) -> None:
        if self.last <= self.first:
            raise ValueError("last must be more than first")


def test_arguments_that_do_not_fit_end_in_an_answer(dialect: Dialect) -> None:
    def count(numbers: Range) -> int:
        raise AssertionError

    messages = asking("count from 3 to 5")  # the model of the playground gives the 3 twice
    text = run_tools(messages, [count], dialect=dialect, timeouts=TIMEOUTS)
    said = "count was not called: numbers is no Range: last must be more than first"
    assert results_in(messages) == [said]
    assert text.startswith(f'The tool answered: "{said}".')


def test_an_answer_that_needs_no_tool_is_one_step(dialect: Dialect) -> None:
    messages = asking("Write a haiku.")
    text = run_tools(messages, [get_weather], dialect=dialect, max_steps=1)
    assert "the stream finds the sea" in text
    assert [message["role"] for message in messages] == ["user", "assistant"]


def test_a_cancel_while_a_tool_runs_closes_the_round(dialect: Dialect) -> None:
    cancellation = Cancellation()

    def stop_now() -> None:
        cancellation.cancel()
        threading.Event().wait(SOON)

    messages = asking("stop now")
    with pytest.raises(AbortedError):
        run_tools(messages, [stop_now], dialect=dialect, cancellation=cancellation)
    assert results_in(messages) == ["This call was cancelled."]
    assert len(messages) == 3


def test_a_cancel_while_the_model_writes_closes_the_answer() -> None:
    cancellation = Cancellation()
    on = {"chunk": lambda source, event: cancellation.cancel()}
    messages = asking("Write a haiku.")
    with Playground(pace=0.05) as slow:
        dialect = OpenAI(slow.openai_url, "key", "playground")
        with pytest.raises(AbortedError) as raised:
            run_tools(messages, [], dialect=dialect, cancellation=cancellation, on=on)
    assert raised.value.partial_text
    assert messages == asking("Write a haiku.")


# What a model writes that does not fit


def calling(arguments: str) -> str:
    function = {"name": "get_weather", "arguments": arguments}
    call = {"index": 0, "id": "call_1", "type": "function", "function": function}
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    return "".join(f"data: {json.dumps(each)}\n\n" for each in (delta, end)) + "data: [DONE]\n\n"


@pytest.fixture
def server() -> Iterator[SuggestionsServer]:
    with SuggestionsServer() as server:
        yield server


def run_at(server: SuggestionsServer, messages: list[dict[str, Any]], **options: Any) -> str:
    dialect = OpenAI(server.url, "key", "m")
    return run_tools(messages, [get_weather], dialect=dialect, timeouts=TIMEOUTS, **options)


def sent_in(server: SuggestionsServer, number: int) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = server.requests[number].json["messages"]
    return messages


def test_the_model_can_correct_its_arguments(server: SuggestionsServer) -> None:
    server.sends(calling('{"town": "Paris"}').encode())
    server.sends(calling('{"city": "Paris"').encode())
    server.sends(calling('{"city": "Paris"}').encode())
    server.answer("18 degrees")
    messages = asking("?")
    assert run_at(server, messages) == "18 degrees"
    wrong, broken, right = results_in(sent_in(server, 3))
    assert 'city is missing: expected a text; "town" is unknown' in wrong
    assert "the arguments are no JSON" in broken
    assert json.loads(right)["degrees"] == 18
    # Services refuse a history in which arguments are no JSON.
    calls = [message["tool_calls"][0] for message in messages if "tool_calls" in message]
    assert [call["function"]["arguments"] for call in calls][1] == "{}"


def test_the_tools_are_described_in_each_question(server: SuggestionsServer) -> None:
    server.sends(calling('{"city": "Paris"}').encode())
    server.answer("18 degrees")
    own = {"type": "web_search"}
    run_at(server, asking("?"), options={"tools": [own]})
    for request in server.requests:
        assert [tool["type"] for tool in request.json["tools"]] == ["web_search", "function"]


def test_a_model_that_goes_on_calling_is_stopped(server: SuggestionsServer) -> None:
    server.sends(calling('{"city": "Paris"}').encode())
    messages = asking("?")
    with pytest.raises(RuntimeError, match="max_steps=3"):
        run_at(server, messages, max_steps=3)
    assert len(server.requests) == 3
    assert len(results_in(messages)) == 3
    server.answer("18 degrees")
    assert run_at(server, messages) == "18 degrees"  # goes on from there


def test_an_answer_that_fails_leaves_what_was_done(server: SuggestionsServer) -> None:
    server.sends(calling('{"city": "Paris"}').encode())
    server.fails(503)
    messages = asking("?")
    with pytest.raises(SuggestionsError):
        run_at(server, messages)
    assert [message["role"] for message in messages] == ["user", "assistant", "tool"]


@pytest.mark.parametrize("loop", ["run_tools", "Conversation"])
def test_the_one_function_of_jetpack_is_called(server: SuggestionsServer, loop: str) -> None:
    function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    pieces = ({"function_call": function}, {"content": ""})
    server.sends(
        "".join(
            f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\n" for delta in pieces
        ).encode()
        + b"data: [DONE]\n\n"
    )
    server.answer("18 degrees")
    given: dict[str, Any] = {"url": server.url, "token": "t", "timeouts": TIMEOUTS}
    if loop == "run_tools":
        assert run_tools(asking("How warm?"), [get_weather], **given) == "18 degrees"
    else:
        chat = Conversation(tools=[get_weather], **given)
        chat.send("How warm?")
        assert chat.wait(SOON)
        assert [message.text for message in chat.messages[2:]] == [
            '{"city": "Paris", "degrees": 18}',
            "18 degrees",
        ]
    first, second = (request.json for request in server.requests)
    assert [each["name"] for each in first["functions"]] == ["get_weather"]
    assert [message["content"] for message in second["messages"]] == [
        "How warm?",
        'get_weather({"city": "Paris"})',
        'The result of get_weather: {"city": "Paris", "degrees": 18}',
    ]


def test_no_traceback_shows_a_secret(server: SuggestionsServer) -> None:
    server.fails(401)
    secret = "sk-plain-0123456789"
    given: dict[str, Any] = {
        "token": secret,
        "headers": {"X-Key": secret},
        "options": {"api_key": secret},
    }
    with pytest.raises(SuggestionsError) as raised:
        run_tools(asking("?"), [get_weather], dialect="auto", url=server.url, **given)
    frames = [frame for frame, _ in traceback.walk_tb(raised.tb)]
    ours = [frame for frame in frames if frame.f_globals["__name__"].startswith("suggestions.")]
    assert len(ours) > 1
    for frame in ours:
        assert secret not in repr(frame.f_locals)


def test_the_example_runs() -> None:
    example = Path(__file__).parents[2] / "examples" / "tools.py"
    code = example.read_text("utf-8").split('"""', 2)[2]
    assert len(code.strip().splitlines()) <= 25
    child = subprocess.run(
        [sys.executable, str(example)], capture_output=True, text=True, timeout=SOON
    )
    assert (child.returncode, child.stderr) == (0, "")
    assert 'tool: {"city": "Paris", "degrees": 18}\ntool: 42' in child.stdout
    assert 'assistant: The tool answered: "42' in child.stdout


def test_wrong_arguments_are_named(server: SuggestionsServer) -> None:
    with pytest.raises(TypeError, match="messages must be a list, which grows, not str"):
        run_at(server, "Hi")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_steps must be 1 or more"):
        run_at(server, asking("?"), max_steps=0)
    with pytest.raises(ValueError, match="tools are not for the dialect 'text'"):
        run_tools(asking("?"), [get_weather], dialect="text", url=server.url)
    assert server.requests == []


def test_a_conversation_is_the_same_loop(dialect: Dialect) -> None:
    def fail_now() -> None:
        raise LookupError("no such thing")

    chat = Conversation(
        dialect=dialect, tools=[get_weather, calculate, fail_now], timeouts=TIMEOUTS, throttle=None
    )
    for question in (
        'Get weather for "Paris", and calculate 3 + 4',
        "Thanks. Write a haiku.",
        "Now fail now, please",
    ):
        ended = threading.Event()
        for name in ("done", "error"):
            chat.once(name, lambda *_, ended=ended: ended.set())
        chat.send(question)
        assert ended.wait(SOON)
    chat = Conversation.from_json(chat.to_json())
    assert [(message.role, message.status) for message in chat.messages] == [
        *(("user", "done"), ("assistant", "done"), ("tool", "done"), ("tool", "done")),
        *(("assistant", "done"), ("user", "done"), ("assistant", "done")),
        *(("user", "done"), ("assistant", "done"), ("tool", "error"), ("assistant", "done")),
    ]
    assert json.loads(chat.messages[2].text) == {"city": "Paris", "degrees": 18}
    assert chat.messages[4].text.startswith(f'The tool answered: "{chat.messages[3].text}".')
    assert "the stream finds the sea" in chat.messages[6].text
    assert chat.messages[9].text == "fail_now failed: LookupError: no such thing"
    assert "no such thing" in chat.messages[10].text
