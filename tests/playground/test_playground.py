"""The playground, on a real port, as `requests` and the real OpenAI client see it."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from wire_server import free_port

from suggestions.playground import FAILURES, Playground
from suggestions.playground.model import tokenize
from suggestions.playground.streaming import pauses

QUESTION = "Who won the world cup in 2022?"
AFTER = 4  # tokens told before a failure in mid-stream
SOON = 30.0  # seconds; a bound for what ends at once, never a measure

WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
    },
}
CLOCK: dict[str, Any] = {"name": "get_time", "parameters": {}}
TOOLS = [{"type": "function", "function": function} for function in (WEATHER, CLOCK)]
CALLING = "Call get_weather for 3 days in Paris, in Fahrenheit"


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


@pytest.fixture(scope="module")
def client(playground: Playground) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=playground.openai_url, max_retries=0) as client:
        yield client


def send(url: str, body: object, **options: Any) -> requests.Response:
    options = {"timeout": SOON, "stream": True, **options}
    return requests.post(url, json=body, **options)


def events(response: requests.Response) -> list[str]:
    """The blocks of the event stream, each with its lines; closes the response."""
    with response:
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        text = response.content.decode()
    assert text.endswith("\n\n") or not text
    return text.split("\n\n")[:-1]


def chunks(response: requests.Response) -> list[dict[str, Any]]:
    """The JSON of each message, when the stream ends well."""
    *blocks, done = events(response)
    assert done == "data: [DONE]"
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def content(blocks: list[str]) -> str:
    found = [json.loads(block.removeprefix("data: ")) for block in blocks if "choices" in block]
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in found)


def port_of(playground: Playground) -> int:
    return int(playground.url.rpartition(":")[2])


def request_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("playground-")]


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SOON
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


# Answers


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (QUESTION, "**Argentina** won"),
        ("Write a haiku", "\n"),
        ("What is 17 + 25?", "17 + 25 = 42"),
        ("and 7.5 * 2 or 1 / 0", "7.5 * 2 = 15"),
        ("1 / 0", "no answer"),
        ("Some python code, please", "```python"),
        ("A list of ideas", "1. **"),
        ("Hello there", "你好"),
        ("Was 2022-12-18 a Sunday?", 'You asked: "Was 2022-12-18 a Sunday?"'),
    ],
)
def test_an_answer_is_the_same_streamed_and_whole_on_both_services(
    playground: Playground, question: str, expected: str
) -> None:
    url = playground.jetpack_url
    whole = send(url, {"question": question, "stream": False}).json()
    text = whole["choices"][0]["message"]["content"]
    assert expected in text
    assert content(events(send(url, {"question": question}))[:-1]) == text
    messages = [{"role": "user", "content": question}]
    url = f"{playground.openai_url}/chat/completions"
    assert send(url, {"messages": messages}).json()["choices"][0]["message"]["content"] == text
    assert content(events(send(url, {"messages": messages, "stream": True}))[:-1]) == text


def test_the_openai_client_reads_both_ways(client: openai.OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    whole = client.chat.completions.create(model="gpt-4o", messages=messages)
    assert whole.model == "gpt-4o"
    assert whole.choices[0].finish_reason == "stop"
    with client.chat.completions.create(
        model="gpt-4o", messages=messages, stream=True, stream_options={"include_usage": True}
    ) as stream:
        *told, finish, usage = list(stream)
    pieces = [chunk.choices[0].delta.content or "" for chunk in told]
    assert "".join(pieces) == whole.choices[0].message.content
    assert len(pieces) > 40
    assert finish.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage == whole.usage
    assert usage.usage is not None
    assert usage.usage.completion_tokens == len(pieces) - 1


def test_without_being_asked_there_is_no_usage(playground: Playground) -> None:
    told = chunks(send(playground.jetpack_url, {"question": "Hi"}))
    assert all("usage" not in chunk for chunk in told)
    assert told[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}


def test_the_conversation_is_remembered(playground: Playground) -> None:
    messages = [
        {"role": "system", "content": "Speak like a pirate"},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Ahoy"},
        {"role": "user", "content": [{"type": "text", "text": "A haiku"}]},
    ]
    text = content(events(send(playground.jetpack_url, {"messages": messages}))[:-1])
    assert 'in mind: "Speak like a pirate"' in text
    assert 'you asked: "Hello"' in text
    item = {"role": "jetpack-ai", "context": {"type": "x", "content": "Some text of mine"}}
    text = content(events(send(playground.jetpack_url, {"messages": [item]}))[:-1])
    assert "Some text of mine" in text


def test_a_reasoner_thinks_first(playground: Playground) -> None:
    told = chunks(send(playground.jetpack_url, {"question": "Hi", "model": "deepseek-reasoner"}))
    deltas = [chunk["choices"][0]["delta"] for chunk in told]
    kinds = ["reasoning" if "reasoning_content" in delta else "text" for delta in deltas[1:-1]]
    assert kinds == sorted(kinds)
    assert set(kinds) == {"reasoning", "text"}
    assert {chunk["model"] for chunk in told} == {"deepseek-reasoner"}


def test_max_tokens_ends_the_answer_for_its_length(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(
        model="x", messages=[{"role": "user", "content": "Hi"}], max_tokens=2
    )
    assert whole.choices[0].finish_reason == "length"
    assert whole.choices[0].message.content == "Hello!"


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    assert "playground" in [model.id for model in client.models.list()]


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokenize(text)) == text


def test_tokens_look_like_tokens() -> None:
    assert tokenize("A pleasant walk") == ("A", " plea", "sant", " walk")
    rhythm = pauses(0.5)
    first, *others = [next(rhythm) for _ in range(61)]
    assert first > max(others)
    assert sum(others) / len(others) == pytest.approx(0.5)


# Calls


def test_tools_are_called_in_pieces(client: openai.OpenAI) -> None:
    request: Any = {
        "model": "x",
        "messages": [{"role": "user", "content": f"{CALLING}, then get time"}],
        "tools": TOOLS,
    }
    whole: Any = client.chat.completions.create(**request).choices[0]
    assert whole.finish_reason == "tool_calls"
    assert whole.message.content is None
    calls = [
        (call.id, call.function.name, call.function.arguments) for call in whole.message.tool_calls
    ]
    assert [(name, json.loads(arguments)) for _, name, arguments in calls] == [
        ("get_weather", {"city": "Paris", "days": 3, "unit": "fahrenheit"}),
        ("get_time", {}),
    ]
    with client.chat.completions.stream(**request) as stream:
        joined: Any = stream.get_final_completion().choices[0]
    assert joined.finish_reason == "tool_calls"
    assert calls == [
        (call.id, call.function.name, call.function.arguments) for call in joined.message.tool_calls
    ]


def test_the_result_of_a_tool_is_answered_in_words(client: openai.OpenAI) -> None:
    messages: Any = [
        {"role": "user", "content": CALLING},
        {"role": "assistant", "content": None},
        {"role": "tool", "tool_call_id": "call_1", "content": "22 degrees"},
    ]
    tools: Any = TOOLS
    whole = client.chat.completions.create(model="x", messages=messages, tools=tools)
    answer = str(whole.choices[0].message.content)
    assert "22 degrees" in answer
    assert "Before this, you asked" not in answer  # that is this question


@pytest.mark.parametrize("service", ["jetpack", "openai"])
def test_functions_are_called_in_pieces(playground: Playground, service: str) -> None:
    url = {"jetpack": playground.jetpack_url, "openai": f"{playground.openai_url}/chat/completions"}
    body = {
        "messages": [{"role": "user", "content": CALLING}],
        "functions": [WEATHER, CLOCK],
        "stream": True,
    }
    told = [chunk["choices"][0] for chunk in chunks(send(url[service], body))]
    pieces = [choice["delta"]["function_call"] for choice in told[1:-1]]
    assert pieces[0] == {"name": "get_weather", "arguments": ""}
    assert len(pieces) > 3
    assert told[-1]["finish_reason"] == "function_call"
    whole = send(url[service], {**body, "stream": False}).json()["choices"][0]
    assert whole["message"]["function_call"] == {
        "name": "get_weather",
        "arguments": "".join(piece["arguments"] for piece in pieces),
    }


# What is refused


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (b"{not json", None, "invalid_json"),
        (b"[]", "body", "invalid_type"),
        (b"{}", "messages", "missing_required_parameter"),
        (b'{"messages": []}', "messages", "empty_array"),
        (b'{"messages": "Hi"}', "messages", "invalid_type"),
        (b'{"messages": [{"content": "Hi"}]}', "messages[0].role", "missing_required_parameter"),
        (b'{"messages": [{"role": "robot", "content": ""}]}', "messages[0].role", "invalid_value"),
        (b'{"messages": [{"role": "user"}]}', "messages[0].content", "missing_required_parameter"),
        (b'{"messages": [{"role": "user", "content": 1}]}', "messages[0].content", "invalid_type"),
    ],
)
def test_a_wrong_request_is_refused_in_the_words_of_openai(
    playground: Playground, body: bytes, param: str | None, code: str
) -> None:
    response = requests.post(f"{playground.openai_url}/chat/completions", data=body, timeout=SOON)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["param"], error["code"]) == (param, code)
    assert error["type"] == "invalid_request_error"
    assert error["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{not json", "rest_invalid_json"),
        (b"{}", "rest_missing_callback_param"),
        (b'{"question": ""}', "rest_missing_callback_param"),
        (b'{"question": 1}', "rest_invalid_param"),
        (b'{"question": "Hi", "post_id": "1"}', "rest_invalid_param"),
        (b'{"messages": [{"role": "robot", "content": "Hi"}]}', "rest_invalid_param"),
    ],
)
def test_a_wrong_request_is_refused_in_the_words_of_wordpress(
    playground: Playground, body: bytes, code: str
) -> None:
    response = requests.post(playground.jetpack_url, data=body, timeout=SOON)
    assert response.status_code == 400
    error = response.json()
    assert error["code"] == code
    assert error["message"]
    assert error["data"]["status"] == 400


def test_a_token_is_checked_when_there_is_one() -> None:
    with Playground(token="right", pace=0) as playground:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic right"}):
            refused = send(playground.jetpack_url, {"question": "Hi"}, headers=headers)
            assert refused.status_code == 401
            assert refused.json()["data"] == {"status": 401}
            assert "right" not in refused.text
        right = {"Authorization": "bearer right"}
        assert chunks(send(playground.jetpack_url, {"question": "Hi"}, headers=right))
        with (
            openai.OpenAI(api_key="wrong", base_url=playground.openai_url, max_retries=0) as client,
            pytest.raises(openai.AuthenticationError) as caught,
        ):
            client.models.list()
        assert caught.value.code == "invalid_api_key"


def test_an_unknown_path_is_told_in_json(playground: Playground) -> None:
    response = requests.get(f"{playground.url}/nothing", timeout=SOON)
    assert response.status_code == 404
    assert response.json()["error"]["message"]


# Failures on demand

Ask = Callable[..., requests.Response]


def partial(ask: Ask) -> tuple[str, list[str]]:
    """The text of the whole answer, and the blocks of the stream that fails."""
    text = content(events(ask(fail=None))[:-1])
    blocks = events(ask())
    return text, blocks


def receive(response: requests.Response, received: bytearray) -> None:
    for part in response.iter_content(None):
        received += part


def check_error(ask: Ask, **expected: object) -> None:
    text, (*blocks, error) = partial(ask)
    assert content(blocks) == "".join(tokenize(text)[:AFTER])
    found = json.loads(error.removeprefix("data: "))["error"]
    assert {name: found[name] for name in expected} == expected
    assert found["message"]


def check_stream_error_text(ask: Ask) -> None:
    *_, error = events(ask())
    assert isinstance(json.loads(error.removeprefix("data: "))["error"], str)


def check_stream_error_event(ask: Ask) -> None:
    *_, error = events(ask())
    name, data = error.split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["type"] == "server_error"


def check_finish_content_filter(ask: Ask) -> None:
    told = chunks(ask())
    assert told[-1]["choices"][0]["finish_reason"] == "content_filter"
    assert len(told) == AFTER + 2


def check_marker(ask: Ask) -> None:
    assert content(events(ask())[:-1]).startswith("JETPACK_AI_ERROR")


def check_marker_cut(ask: Ask) -> None:
    told = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks(ask())]
    bare = "".join(told).replace("_", "").replace("*", "")
    assert bare.startswith("JETPACKAIERROR")
    assert all(len(piece) <= 4 for piece in told[:15])
    assert "".join(told).startswith("__J")
    assert "**" in "".join(told)


def check_cut(ask: Ask) -> None:
    received = bytearray()
    with ask() as response, pytest.raises(requests.exceptions.ChunkedEncodingError):
        receive(response, received)
    assert received.count(b"data: ") == AFTER + 1


def check_end_early(ask: Ask) -> None:
    text, blocks = partial(ask)
    assert content(blocks) == "".join(tokenize(text)[:AFTER])


def check_no_done(ask: Ask) -> None:
    text, blocks = partial(ask)
    assert content(blocks) == text
    assert '"finish_reason":"stop"' in blocks[-1]


def check_silence(ask: Ask) -> None:
    errors = (requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout)
    for timeout in (1.5, 15):
        received = bytearray()
        with pytest.raises(errors), ask(timeout=timeout) as response:
            receive(response, received)
        if received.count(b"data: ") > AFTER:
            break  # else a slow machine has missed a short time, and is given more
    assert received.count(b"data: ") == AFTER + 1


def check_slow_headers(ask: Ask) -> None:
    with pytest.raises(requests.exceptions.ReadTimeout):
        ask(timeout=0.5)


def check_html(ask: Ask) -> None:
    response = ask()
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert "<p>" in response.text


def check_json_error(ask: Ask) -> None:
    response = ask()
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert "error" in response.text


def check_empty(ask: Ask) -> None:
    assert events(ask()) == []


def check_empty_answer(ask: Ask) -> None:
    assert events(ask()) == ["data: [DONE]"]


def check_malformed(ask: Ask) -> None:
    text, blocks = partial(ask)
    broken = blocks.pop(AFTER + 1)
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken.removeprefix("data: "))
    assert content(blocks[:-1]) == text


def check_whole(ask: Ask) -> None:
    response = ask()
    assert response.headers["Content-Type"] == "application/json"
    assert response.json()["object"] == "chat.completion"


def check_refused(status: int, code: str | None = None) -> Callable[[Ask], None]:
    def check(ask: Ask) -> None:
        response = ask()
        assert response.status_code == status
        body = response.json()
        error = body.get("error", body)
        assert error["message"]
        assert code is None or error["code"] == code
        assert ("Retry-After" in response.headers) == (status == 429 and code is None)

    return check


CHECKS: dict[str, Callable[[Ask], None]] = {
    **{name: check_refused(int(name)) for name in FAILURES if name.isdigit()},
    "418": check_refused(418),
    "context": check_refused(400, "context_length_exceeded"),
    "content_filter": check_refused(400, "content_filter"),
    "insufficient_quota": check_refused(429, "insufficient_quota"),
    "stream-error": lambda ask: check_error(ask, type="server_error"),
    "stream-overloaded": lambda ask: check_error(ask, code="overloaded"),
    "stream-rate-limit": lambda ask: check_error(ask, code="rate_limit_exceeded"),
    "stream-quota": lambda ask: check_error(ask, code="insufficient_quota"),
    "stream-content-filter": lambda ask: check_error(ask, code="content_filter"),
    "stream-error-text": check_stream_error_text,
    "stream-error-event": check_stream_error_event,
    "finish-content-filter": check_finish_content_filter,
    "marker": check_marker,
    "marker-cut": check_marker_cut,
    "cut": check_cut,
    "end-early": check_end_early,
    "no-done": check_no_done,
    "silence": check_silence,
    "slow-headers": check_slow_headers,
    "html": check_html,
    "json-error": check_json_error,
    "empty": check_empty,
    "empty-answer": check_empty_answer,
    "malformed": check_malformed,
    "whole": check_whole,
}


@pytest.mark.parametrize("service", ["jetpack", "openai"])
@pytest.mark.parametrize("name", [*FAILURES, "418"])
def test_each_failure_shows_what_it_says(playground: Playground, name: str, service: str) -> None:
    url = {"jetpack": playground.jetpack_url, "openai": f"{playground.openai_url}/chat/completions"}
    body = {"messages": [{"role": "user", "content": QUESTION}], "stream": True}

    def ask(fail: str | None = name, **options: Any) -> requests.Response:
        return send(url[service], body, params={"fail": fail, "after": AFTER}, **options)

    CHECKS[name](ask)


def test_every_failure_is_told_in_a_line() -> None:
    assert all(line and "\n" not in line for line in FAILURES.values())


@pytest.mark.parametrize("query", [{"fail": "nonsense"}, {"fail": "200"}, {"fail": "99"}])
def test_an_unknown_failure_lists_the_known(playground: Playground, query: dict[str, str]) -> None:
    response = send(playground.jetpack_url, {"question": "Hi"}, params=query)
    assert response.status_code == 400
    assert all(name in response.json()["message"] for name in FAILURES)


@pytest.mark.parametrize("query", [{"after": "-1"}, {"after": "x"}, {"pace": "nan"}, {"pace": "x"}])
def test_a_wrong_number_is_refused(playground: Playground, query: dict[str, str]) -> None:
    response = send(playground.jetpack_url, {"question": "Hi"}, params=query)
    assert response.status_code == 400
    assert next(iter(query)) in response.json()["data"]["params"]


def test_a_failure_may_be_demanded_by_a_header(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        client.models.list(extra_headers={"X-Playground-Fail": "429"})
    assert caught.value.response.headers["Retry-After"] == "1"


def test_a_failure_of_the_stream_needs_one(playground: Playground) -> None:
    body = {"question": "Hi", "stream": False}
    assert send(playground.jetpack_url, body, params={"fail": "cut"}).status_code == 400
    assert send(playground.jetpack_url, body, params={"fail": "marker"}).status_code == 200


@pytest.mark.parametrize("after", [0, 1_000_000])
def test_a_failure_comes_at_the_ends_too(playground: Playground, after: int) -> None:
    query = {"fail": "end-early", "after": str(after)}
    blocks = events(send(playground.jetpack_url, {"question": QUESTION}, params=query))
    whole = content(events(send(playground.jetpack_url, {"question": QUESTION}))[:-1])
    assert content(blocks) == (whole if after else "")
    assert '"stop"' not in blocks[-1]


def test_half_a_surrogate_pair_breaks_nothing(playground: Playground) -> None:
    body = {"question": "What is \ud83d?", "model": "\ud83d"}
    assert "What is ??" in content(events(send(playground.jetpack_url, body))[:-1])


# Coming and going


def open_stream(playground: Playground, query: dict[str, str]) -> requests.Response:
    """A stream that has begun: its headers are there, and it waits for more."""
    return send(playground.jetpack_url, {"question": QUESTION}, params=query)


@pytest.mark.parametrize("query", [{"fail": "silence"}, {"pace": "60"}])
def test_the_thread_of_a_client_that_leaves_ends(query: dict[str, str]) -> None:
    with Playground(pace=0) as playground:
        response = open_stream(playground, query)
        assert request_threads()
        response.close()
        assert eventually(lambda: not request_threads())


def test_stop_hangs_up_on_open_streams() -> None:
    before = set(threading.enumerate())
    port = free_port()  # which no other server is given after the stop
    playground = Playground(pace=0, port=port).start()
    queries: list[dict[str, str]] = [{"fail": "silence"}, {"pace": "60"}, {"fail": "silence"}]
    responses = [open_stream(playground, query) for query in queries]
    with socket.create_connection(("127.0.0.1", port)) as idle:
        assert eventually(lambda: len(request_threads()) == 4)
        started = time.monotonic()
        playground.stop()
        assert time.monotonic() - started < SOON
        assert set(threading.enumerate()) <= before
        assert idle.recv(1) == b""
    for response in responses:
        with response, pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(response.iter_content(None))
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port)).close()


def test_it_starts_again_after_a_stop_and_only_once() -> None:
    playground = Playground()
    with pytest.raises(RuntimeError, match="not running"):
        _ = playground.url
    for _ in range(2):
        with playground:
            assert requests.get(f"{playground.openai_url}/models", timeout=SOON).ok
            with pytest.raises(RuntimeError, match="already"):
                playground.start()
    playground.stop()


def test_a_port_that_is_taken_is_an_error_of_the_system(playground: Playground) -> None:
    port = port_of(playground)
    with pytest.raises(OSError, match=r"in use|one usage"):
        Playground(port=port).start()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with Playground(pace=0) as playground:
        for fail in ("", "500", "cut", "nonsense"):
            send(playground.jetpack_url, {"question": "Hi"}, params={"fail": fail}).close()
        with socket.create_connection(("127.0.0.1", port_of(playground))) as rude:
            rude.sendall(b"nonsense\r\n\r\n")
            rude.recv(1000)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for a child there")
def test_ctrl_c_ends_serve_forever_cleanly() -> None:
    code = (
        "from suggestions.playground import serve_forever\n"
        "serve_forever(port=0, ready=lambda playground: print(playground.url, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert send(f"{url}/v1/chat/completions", {}, params={"fail": "429"}).status_code == 429
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SOON)
    assert (process.returncode, out, err) == (0, "", "")


def test_without_flask_the_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("suggestions.playground")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "flask", None)
    with pytest.raises(ImportError, match=r"install `suggestions-sdk\[playground\]`"):
        importlib.import_module("suggestions.playground")
