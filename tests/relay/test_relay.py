"""The relay: frames, callbacks, what a browser gets, configuration, and its faces by hand."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import openai
import pytest
from script import DONE, HOLD, Script, Step, chunk, data
from wire_server import DONE as END
from wire_server import (
    SOON,
    UNTIL_CLOSE,
    Peer,
    Server,
    answering,
    eventually,
    free_port,
    said,
    sized,
)

from suggestions import SuggestionsEventSource
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.openai import OpenAI
from suggestions.errors import SuggestionsError
from suggestions.playground import Playground
from suggestions.relay import (
    RelayResponse,
    build_messages,
    handle_openai_stream,
    preflight,
    relay,
)

SERVICE = OpenAI("https://service.example/v1", "secret-key", "m1")
VARIABLES = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "AI_MODEL_NAME",
    "DASHSCOPE_API_KEY",
    "QWEN_MODEL_NAME",
)


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def response_of(*steps: Step, status: int = 200, **options: Any) -> RelayResponse:
    session = Script(steps, status=status).session()
    return relay("Why?", **{"dialect": SERVICE, "session": session, **options})


def frames_in(wire: bytes) -> list[Any]:
    """The JSON of each event; comments are none."""
    blocks = wire.decode().split("\n\n")
    datas = [
        line.removeprefix("data: ")
        for block in blocks
        for line in block.split("\n")
        if not line.startswith(":") and line
    ]
    return [item if item == "[DONE]" else json.loads(item) for item in datas]


def frames_of(*steps: Step, **options: Any) -> list[Any]:
    return frames_in(b"".join(response_of(*steps, **options)))


def content(text: str) -> dict[str, str]:
    return {"type": "content", "data": text}


# Frames


def test_an_answer_is_frames_and_done_comes_last() -> None:
    steps = [chunk(role="assistant", content=""), chunk("Grü"), chunk("ße\n"), DONE]
    assert frames_of(*steps) == [content("Grü"), content("ße\n"), {"type": "done"}]


def test_half_a_surrogate_pair_reaches_the_browser() -> None:
    assert frames_of(chunk("a\ud800b"), DONE)[0] == content("a\ud800b")


def test_it_asks_with_the_parameters() -> None:
    script = Script([DONE])
    response = relay(
        build_messages("Why?", "Be brief."),
        dialect=SERVICE,
        model="m2",
        temperature=0.2,
        max_tokens=5,
        session=script.session(),
    )
    assert not script.requests  # a response that is never sent costs nothing
    assert frames_in(b"".join(response)) == [{"type": "done"}]
    [request] = script.requests
    assert request.headers["Authorization"] == "Bearer secret-key"
    assert json.loads(request.body or "") == {
        "model": "m2",
        "temperature": 0.2,
        "max_tokens": 5,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Why?"},
        ],
        "stream": True,
    }


def test_it_is_sent_once() -> None:
    response = response_of(DONE)
    assert list(response)
    with pytest.raises(RuntimeError, match="was sent already"):
        iter(response)
    with pytest.raises(RuntimeError, match="was sent already"):
        aiter(response)


@pytest.mark.parametrize("frames", ["relay", "openai"])
def test_each_piece_is_sent_before_the_next_has_come(frames: Any) -> None:
    seen = threading.Event()

    def wait_until_seen() -> None:
        assert seen.wait(SOON)

    response = response_of(chunk("first"), wait_until_seen, chunk("second"), DONE, frames=frames)
    wire = b""
    for piece in response:
        wire += piece
        if b"first" in wire:
            seen.set()
    assert b"second" in wire


def test_heartbeats_are_comments_while_the_service_is_silent() -> None:
    beats = 0
    response = response_of(chunk("Hi"), HOLD, heartbeat=0.01)
    for piece in response:
        beats += piece == b"\n"
        assert not piece.strip(b":\n") or b"Hi" in piece
        if beats == 2:
            break
    assert beats == 2
    response.close()


def test_another_dialect_says_the_same() -> None:
    with Playground(pace=0) as playground:
        dialects = [
            OpenAI(playground.openai_url, "key", "playground"),
            Anthropic(playground.anthropic_url, "key", "playground"),
        ]
        one, other = (list(relay("A haiku", dialect=dialect)) for dialect in dialects)
        *pieces, last = frames_in(b"".join(one))
        *others, other_last = frames_in(b"".join(other))
        assert pieces == others
        assert last["finish_reason"] == other_last["finish_reason"] == "stop"


# Frames of OpenAI


def test_chunks_of_a_chat_completion() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    call = {"index": 0, "id": "t1", "function": {"name": "go", "arguments": '{"a": 1}'}}
    frames = frames_of(
        chunk(reasoning_content="Hm."),
        chunk("Hi"),
        chunk(tool_calls=[call]),
        chunk(finish="tool_calls"),
        data(json.dumps({"choices": [], "usage": usage})),
        DONE,
        frames="openai",
        stream_options={"include_usage": True},
    )
    deltas = [frame["choices"][0]["delta"] for frame in frames[:4]]
    assert deltas == [
        {"role": "assistant", "reasoning_content": "Hm."},
        {"content": "Hi"},
        {"tool_calls": [{**call, "type": "function"}]},
        {},
    ]
    assert frames[3]["choices"][0]["finish_reason"] == "tool_calls"
    assert frames[4]["choices"] == []
    assert frames[4]["usage"] == usage
    assert frames[5:] == ["[DONE]"]
    assert {frame["model"] for frame in frames[:5]} == {"m1"}
    assert {frame["object"] for frame in frames[:5]} == {"chat.completion.chunk"}
    assert len({frame["id"] for frame in frames[:5]}) == 1


@pytest.mark.parametrize(
    ("status", "kind", "words", "code"),
    [
        (401, "invalid_request_error", "invalid_api_key", "error_network"),
        (402, "insufficient_quota", "insufficient_quota", "error_quota_exceeded"),
        (404, "invalid_request_error", "model_not_found", "error_network"),
        (429, "requests", "rate_limit_exceeded", "error_quota_exceeded"),
        (422, "invalid_request_error", "content_filter", "error_moderation"),
        (503, "server_error", "service_unavailable", "error_service_unavailable"),
        (413, "invalid_request_error", "context_length_exceeded", "error_context_too_large"),
        (500, "server_error", "server_error", "error_network"),
    ],
)
def test_an_error_among_chunks_is_the_same_event_again(
    status: int, kind: str, words: str, code: str
) -> None:
    wire = b"".join(response_of(b"{}", status=status, frames="openai"))
    [frame] = frames_in(wire)
    error = frame["error"]
    assert (error["type"], error["code"], error["suggestions_code"]) == (kind, words, code)
    again = SuggestionsEventSource("Why?", dialect=SERVICE, session=Script([wire]).session())
    assert again.wait(SOON)
    assert again.error is not None
    assert again.error.code == code


def test_the_openai_package_reads_them() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    ended = data(json.dumps({"choices": [], "usage": usage}))
    wanted = {"frames": "openai", "stream_options": {"include_usage": True}}
    wire = b"".join(response_of(chunk("Hi"), chunk(" you"), ended, DONE, **wanted))
    messages: Any = [{"role": "user", "content": "Why?"}]
    with (
        Server(answering(sized("200 OK", wire))) as server,
        openai.OpenAI(api_key="key", base_url=server.url) as client,
        client.chat.completions.create(model="m", messages=messages, stream=True) as stream,
    ):
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "Hi you"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 5


# Failures


def upstream_failures() -> Iterator[Any]:
    """Each row of the table of errors, as a script of a real server, and its code."""
    hi = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + chunk("Hi")
    for status, code in {
        429: "error_quota_exceeded",
        402: "error_quota_exceeded",
        422: "error_moderation",
        503: "error_service_unavailable",
        529: "error_service_unavailable",
        413: "error_context_too_large",
        401: "error_network",
        404: "error_network",
        500: "error_network",
        204: "error_network",
    }.items():
        yield pytest.param(answering(sized(f"{status} No", b"")), code, id=str(status))
    for name, error, code in (
        ("rate limit", {"code": "rate_limit_exceeded"}, "error_quota_exceeded"),
        ("quota", {"code": "insufficient_quota"}, "error_quota_exceeded"),
        ("filter", {"code": "content_filter"}, "error_moderation"),
        ("overloaded", {"type": "overloaded_error"}, "error_service_unavailable"),
        ("too long", {"code": "context_length_exceeded"}, "error_context_too_large"),
        ("of the server", {"type": "server_error"}, "error_network"),
    ):
        message = json.dumps({"error": {"message": "secret words", **error}})
        yield pytest.param(answering(hi, data(message)), code, id=f"{name} in the stream")
        refused = sized("400 Bad Request", message.encode(), "application/json")
        yield pytest.param(answering(refused), code, id=f"{name} as a status")
    finish = chunk(finish="content_filter")
    yield pytest.param(answering(hi, finish, DONE), "error_moderation", id="finish_reason")
    marker = hi.replace(b"Hi", b"__JETPACK_**AI_ERROR**")
    yield pytest.param(answering(marker, DONE), "error_unclear_prompt", id="marker")
    yield pytest.param(answering(hi), "error_network", id="early end")
    yield pytest.param(answering(hi, data("{")), "error_network", id="malformed")
    html = sized("200 OK", b"<p>Sign in</p>", "text/html")
    yield pytest.param(answering(html), "error_network", id="html")

    def reset(peer: Peer) -> None:
        peer.request()
        peer.send(hi)
        peer.pause()
        peer.reset()

    def silence(peer: Peer) -> None:
        peer.request()
        peer.send(hi)
        peer.wait_for_end()

    yield pytest.param(reset, "error_network", id="reset")
    yield pytest.param(silence, "error_network", id="idle")


@pytest.mark.parametrize(("script", "code"), [*upstream_failures()])
def test_a_failure_is_one_frame_and_the_same_event_behind_it(script: Any, code: str) -> None:
    with Server(script) as server:
        dialect = OpenAI(server.url, "secret-key", "m1")
        wire = b"".join(relay("Why?", dialect=dialect, timeouts={"idle": 1.5}))
    *before, last = frames_in(wire)
    assert {frame["type"] for frame in before} <= {"content"}
    assert (last["type"], last["code"]) == ("error", code)
    assert "secret" not in last["error"]
    again = SuggestionsEventSource(
        "Why?", dialect="relay", url="https://relay.example", session=Script([wire]).session()
    )
    told: list[str] = []
    again.connect(code, lambda source, event: told.append(event.type))
    assert again.wait(SOON)
    assert told == [code]
    assert again.full_message == "".join(frame["data"] for frame in before)


def test_no_server_at_the_address() -> None:
    dialect = OpenAI(f"http://127.0.0.1:{free_port()}/v1", "secret-key", "m1")
    [frame] = frames_in(b"".join(relay("Why?", dialect=dialect)))
    assert frame["code"] == "error_network"


def test_every_failure_of_the_playground_ends_in_one_frame() -> None:
    from suggestions.playground import FAILURES

    with Playground(pace=0) as playground:
        for name in FAILURES:
            url = f"{playground.openai_url}/chat/completions?fail={name}"
            timeouts = {"first_byte": 0.3, "idle": 0.3}
            response = relay("Hello", url=url, model="playground", timeouts=timeouts)
            *before, last = frames_in(b"".join(response))
            assert {frame["type"] for frame in before} <= {"content"}, name
            assert response.source is not None
            error = response.source.error
            assert last["type"] == ("done" if error is None else "error"), name
            assert last.get("code") == (None if error is None else error.code), name


MESSAGE = b'{"error": {"message": "Key secret-key of org-7 is out of credit"}}'


def test_the_browser_gets_a_sentence_and_not_the_services_words() -> None:
    [frame] = frames_of(MESSAGE, status=429)
    assert frame == {
        "type": "error",
        "error": "Too many requests, or the quota is used up. Try again later.",
        "code": "error_quota_exceeded",
    }
    [frame] = frames_of(MESSAGE, status=500)
    assert "Sorry" in frame["error"]
    [frame] = frames_of(MESSAGE, status=500, error_message="Later, please.")
    assert (frame["error"], frame["code"]) == ("Later, please.", "error_network")


def test_exposed_errors_are_the_services_words_without_the_key() -> None:
    [frame] = frames_of(MESSAGE, status=429, expose_errors=True, error_message="unused")
    assert "org-7 is out of credit" in frame["error"]
    assert "secret-key" not in frame["error"]


def test_closing_it_from_elsewhere_ends_in_an_error_frame() -> None:
    response = response_of(chunk("Hi"), HOLD)
    wire = b""
    for piece in response:
        wire += piece
        if b"Hi" in wire:
            response.close()
    assert [frame["type"] for frame in frames_in(wire)] == ["content", "error"]
    assert frames_in(wire)[-1]["code"] == "error_network"


# Callbacks


def both_ways(response: RelayResponse, way: str) -> list[Any]:
    async def collect() -> bytes:
        return b"".join([piece async for piece in response])

    return frames_in(b"".join(response) if way == "sync" else asyncio.run(collect()))


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.parametrize("kind", ["plain", "async"])
def test_callbacks_hear_of_the_answer(way: str, kind: str) -> None:
    told: list[Any] = []

    def callback(name: str) -> Any:
        async def later(value: Any) -> None:
            await asyncio.sleep(0)
            told.append((name, value))

        return later if kind == "async" else lambda value: told.append((name, value))

    named = {name: callback(name) for name in ("on_content", "on_complete", "on_error")}
    response = response_of(chunk("Argen"), chunk("tina"), DONE, **named)
    assert both_ways(response, way)[-1] == {"type": "done"}
    assert told == [
        ("on_content", "Argen"),
        ("on_content", "tina"),
        ("on_complete", "Argentina"),
    ]
    told.clear()
    both_ways(response_of(chunk("Argen"), **named), way)
    [_, (name, error)] = told
    assert name == "on_error"
    assert isinstance(error, SuggestionsError)
    assert error.partial_text == "Argen"


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.parametrize("name", ["on_content", "on_complete", "on_error"])
def test_what_a_callback_raises_is_logged_alone(
    way: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(value: object) -> None:
        raise ValueError("the database is gone")

    async def fail_later(value: object) -> None:
        fail(value)

    end = b"" if name == "on_error" else DONE
    for callback in (fail, fail_later):
        options = {name: callback, "error_context": "POST /ask"}
        expected = both_ways(response_of(chunk("Hi"), end), way)
        caplog.clear()
        assert both_ways(response_of(chunk("Hi"), end, **options), way) == expected
        lines = [record for record in caplog.records if record.name == "suggestions"]
        assert all(line.getMessage().startswith("POST /ask: ") for line in lines)
        assert "the database is gone" in caplog.text


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.parametrize("kind", ["plain", "async", "its own task", "a future"])
def test_a_callback_that_is_cancelled_is_logged_alone(
    way: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    def plain(value: object) -> None:
        raise asyncio.CancelledError

    async def later(value: object) -> None:
        raise asyncio.CancelledError

    async def own_task(value: object) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(SOON)

    async def future(value: object) -> None:
        waited = asyncio.get_running_loop().create_future()
        waited.cancel()
        await waited

    callbacks = {"plain": plain, "async": later, "its own task": own_task, "a future": future}
    response = response_of(chunk("a"), chunk("b"), DONE, on_content=callbacks[kind])
    assert both_ways(response, way) == [content("a"), content("b"), {"type": "done"}]
    told = [record.getMessage() for record in caplog.records if record.name == "suggestions"]
    assert told == ["relay: the callback for 'chunk' raised"] * 2


def test_an_error_is_logged_once_behind_its_context(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "suggestions"):
        frames_of(MESSAGE, status=429, error_context="POST /ask")
    [record] = caplog.records
    assert record.getMessage().startswith("POST /ask: the answer failed: QuotaExceededError(")
    assert "org-7" in record.getMessage()
    assert "secret-key" not in caplog.text


# Arguments and configuration


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"messages": ""}, ValueError, "messages is empty"),
        ({"messages": []}, ValueError, "messages is empty"),
        ({"frame": "ui"}, TypeError, r"relay\(\) got frame=: did you mean frames="),
        (
            {"expose_error": True},
            TypeError,
            r"relay\(\) got expose_error=: did you mean expose_errors=",
        ),
        ({"api_key": "key"}, TypeError, r"relay\(\) got api_key=: the key is token="),
        ({"retries": 2}, TypeError, r"relay\(\) got retries=: a relay asks once"),
        ({"messages": 5}, TypeError, "messages must be a str or a sequence"),
        ({"messages": [{"role": "cook", "content": "x"}]}, ValueError, r"messages\[0\]\['role'\]"),
        ({"model": 5}, TypeError, "model must be a str"),
        ({"dialect": "morse"}, ValueError, "dialect 'morse' is not known"),
        ({"temperature": object()}, TypeError, "temperature"),
        ({"error_context": 5}, TypeError, "error_context must be a str"),
        ({"on_content": 5}, TypeError, "on_content must be callable"),
        ({"on_complete": "save"}, TypeError, "on_complete must be callable"),
        ({"on_error": []}, TypeError, "on_error must be callable"),
        ({"error_message": 5}, TypeError, "error_message must be a str"),
        ({"error_message": " "}, ValueError, "error_message is empty"),
        ({"heartbeat": 0}, ValueError, "heartbeat must be more than 0 seconds, not 0"),
        ({"heartbeat": "15"}, TypeError, "heartbeat must be a number"),
        ({"heartbeat": None}, TypeError, "heartbeat must be a number"),
        ({"frames": "morse"}, ValueError, "frames is 'morse': expected 'relay' or 'openai'"),
        ({"cors": 5}, TypeError, "cors must be"),
        ({"cors": [5]}, TypeError, "cors must hold texts"),
        ({"cors": "app.example"}, ValueError, "cors: 'app.example' is no origin that a browser"),
        *(
            (
                {"cors": ["null", cors]},
                ValueError,
                "expected scheme://host\\[:port\\] in lower case",
            )
            for cors in (
                "",
                "https://app.example/",
                "https://app.example/page",
                "https://app.example?a",
                "https://App.Example",
                "https://user@app.example",
                "https://*.example",
                "https://app.example:443",
                "http://app.example:80",
                "https://app.example:port",
                "https://m\u00fcnchen.example",
                "https://a.example, https://b.example",
                "https://app.example\n",
                "//app.example",
                "Null",
            )
        ),
        ({"session": 5}, TypeError, "session must be"),
        ({"stream": False}, ValueError, "stream"),
    ],
)
def test_wrong_arguments_raise_at_the_call(options: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        relay(**{"messages": "Why?", "dialect": SERVICE, **options})


def asked(**options: Any) -> Any:
    """The address, the key and the model that a relay asks with."""
    script = Script([DONE])
    list(relay("Why?", session=script.session(), **options))
    [request] = script.requests
    model = json.loads(request.body or "").get("model")
    return request.url, request.headers.get("Authorization"), model


def test_the_environment_says_whom_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match=r"set OPENAI_API_KEY and AI_MODEL_NAME .*DASHSCOPE_API"):
        relay("Why?")
    dashscope = "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
    monkeypatch.setenv("DASHSCOPE_API_KEY", "dash-key")
    assert asked() == (dashscope, "Bearer dash-key", "qwen-plus")
    assert asked(model="qwen-max") == (dashscope, "Bearer dash-key", "qwen-max")
    monkeypatch.setenv("QWEN_MODEL_NAME", "qwen-turbo")
    assert asked() == (dashscope, "Bearer dash-key", "qwen-turbo")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://own.example/v1")
    monkeypatch.setenv("AI_MODEL_NAME", "own-model")
    assert asked() == ("https://own.example/v1/chat/completions", None, "own-model")
    monkeypatch.setenv("OPENAI_API_KEY", "own-key")
    assert asked() == ("https://own.example/v1/chat/completions", "Bearer own-key", "own-model")
    assert asked(dialect=SERVICE) == (
        "https://service.example/v1/chat/completions",
        "Bearer secret-key",
        "m1",
    )


def test_an_address_of_its_own() -> None:
    url = "https://other.example/chat"
    assert asked(url=url, token="t", model="m") == (url, "Bearer t", "m")


def test_build_messages() -> None:
    assert build_messages("Why?") == [{"role": "user", "content": "Why?"}]
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    assert build_messages("Why?", "Be brief.", history) == [
        {"role": "system", "content": "Be brief."},
        *history,
        {"role": "user", "content": "Why?"},
    ]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((5,), TypeError, "prompt must be a str"),
        ((" ",), ValueError, "prompt is empty"),
        (("Why?", 5), TypeError, "system must be a str"),
        (("Why?", None, "Hi"), TypeError, "history must be a list"),
        (("Why?", None, {"role": "user"}), TypeError, "history must be a list"),
        (("Why?", None, ["Hi"]), TypeError, r"history\[0\] must be a mapping"),
    ],
)
def test_build_messages_names_what_is_wrong(arguments: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        build_messages(*arguments)


def test_it_has_the_name_that_it_replaces() -> None:
    assert handle_openai_stream is relay


def test_importing_it_imports_no_framework() -> None:
    code = (
        "import sys, suggestions.relay; "
        "found = {'flask', 'starlette', 'fastapi', 'django', 'requests'} & set(sys.modules); "
        "sys.exit(str(found) if found else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# WSGI


def serve(response: RelayResponse, method: str = "POST", **environ: str) -> Any:
    started: list[Any] = []
    body = response(
        {"REQUEST_METHOD": method, **environ},
        lambda status, headers: started.append((status, headers)),
    )
    [(status, headers)] = started
    return status, dict(headers), body


def test_a_wsgi_server_is_given_the_status_the_headers_and_the_body() -> None:
    status, headers, body = serve(response_of(chunk("Hi"), DONE))
    assert status == "200 OK"
    assert headers == {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",
    }
    assert frames_in(b"".join(body)) == [content("Hi"), {"type": "done"}]


def test_it_is_a_wsgi_application_to_the_letter() -> None:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    for method, expected in (("GET", [content("Hi"), {"type": "done"}]), ("HEAD", [])):
        started: list[Any] = []
        body = validator(response_of(chunk("Hi"), DONE))(
            {**environ, "REQUEST_METHOD": method, "QUERY_STRING": ""},
            lambda *args, started=started: started.append(args) or print,
        )
        assert frames_in(b"".join(body)) == expected
        body.close()  # type: ignore[attr-defined]
        assert started[0][0] == "200 OK"


def test_closing_what_wsgi_was_given_ends_the_request_to_the_service() -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", chunk("Hi"))
        peer.wait_for_end()
        left.set()

    with Server(script) as server:
        _, _, body = serve(relay("Why?", dialect=OpenAI(server.url, "key", "m1")))
        while b"Hi" not in next(body):
            pass
        assert not left.is_set()
        body.close()
        assert left.wait(SOON)


def test_what_is_closed_before_it_is_sent_asks_nothing() -> None:
    script = Script([DONE])
    _, _, body = serve(relay("Why?", dialect=SERVICE, session=script.session()))
    body.close()
    assert not script.requests


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_what_asks_nothing_costs_nothing(method: str) -> None:
    script = Script([DONE])
    status, _, body = serve(relay("Why?", dialect=SERVICE, session=script.session()), method)
    assert list(body) == []
    assert status == {"HEAD": "200 OK", "OPTIONS": "204 No Content"}[method]
    assert not script.requests


# Cross-origin requests

APP = "https://app.example"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.mark.parametrize(
    ("cors", "origin", "expected"),
    [
        (None, APP, {}),
        ("*", APP, {ALLOWED: "*"}),
        ("*", None, {ALLOWED: "*"}),
        (APP, APP, {ALLOWED: APP, "Vary": "Origin"}),
        ([APP, "https://b.example"], APP, {ALLOWED: APP, "Vary": "Origin"}),
        ([APP], "https://evil.example", {"Vary": "Origin"}),
        *(
            ([origin], origin, {ALLOWED: origin, "Vary": "Origin"})
            for origin in (
                "null",
                "http://localhost:8000",
                "http://127.0.0.1:5173",
                "http://[::1]:3000",
                "https://a-b.xn--mnchen-3ya.example:8443",
                "chrome-extension://abcdefghij",
                "tauri://localhost",
            )
        ),
        ([APP], None, {"Vary": "Origin"}),
    ],
)
def test_who_may_read_it(cors: Any, origin: str | None, expected: dict[str, str]) -> None:
    response = response_of(DONE, cors=cors)
    environ = {} if origin is None else {"HTTP_ORIGIN": origin}
    _, headers, _ = serve(response, **environ)
    assert {name: headers[name] for name in (ALLOWED, "Vary") if name in headers} == expected
    assert response.headers_for(origin) == headers


def test_a_preflight_is_answered() -> None:
    request = {"HTTP_ORIGIN": APP, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type,x-user"}
    for response in (response_of(DONE, cors=[APP]), preflight([APP])):
        status, headers, body = serve(response, "OPTIONS", **request)
        assert status == "204 No Content"
        assert headers == {
            ALLOWED: APP,
            "Vary": "Origin",
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Allow-Headers": "content-type,x-user",
            "Access-Control-Max-Age": "600",
        }
        assert list(body) == []
    assert list(preflight()) == []


def test_what_a_framework_is_given_one_by_one() -> None:
    response = response_of(DONE, cors="*")
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers[ALLOWED] == "*"
    assert response.source is not None
    assert repr(response) == f"<RelayResponse {response.source!r}>"
    assert preflight().source is None
    assert preflight().headers[ALLOWED] == "*"
    assert repr(preflight()) == "<RelayResponse to a preflight>"


def test_a_preflight_has_no_bytes_under_asyncio_either() -> None:
    async def read() -> list[bytes]:
        return [data async for data in preflight()]

    assert asyncio.run(read()) == []


# ASGI


class Client:
    """What an ASGI server is to an application, played by hand."""

    def __init__(self, method: str = "POST", **headers: str) -> None:
        names = ((name.replace("_", "-").encode(), value) for name, value in headers.items())
        headers_sent = [(name, value.encode()) for name, value in names]
        self.scope = {"type": "http", "method": method, "headers": headers_sent}
        self.sent: list[dict[str, Any]] = []
        self.gone = False
        self.received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.received.put_nowait({"type": "http.request", "body": b"{}", "more_body": False})

    async def send(self, message: dict[str, Any]) -> None:
        if self.gone:
            raise OSError("the browser has left")  # as ASGI's HTTP 2.4 wants it
        self.sent.append(message)

    @property
    def wire(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    async def call(self, response: RelayResponse) -> None:
        await response(self.scope, self.received.get, self.send)

    async def until(self, words: bytes) -> None:
        async def look() -> None:
            while words not in self.wire:
                await asyncio.sleep(0.005)

        await asyncio.wait_for(look(), SOON)


def test_an_asgi_server_is_sent_it_all() -> None:
    async def main() -> None:
        client = Client(origin=APP)
        await client.call(response_of(chunk("Hi"), DONE, cors="*"))
        start, *bodies, last = client.sent
        assert (start["type"], start["status"]) == ("http.response.start", 200)
        assert (b"content-type", b"text/event-stream; charset=utf-8") in start["headers"]
        assert (b"access-control-allow-origin", b"*") in start["headers"]
        assert all(body["more_body"] for body in bodies)
        assert last == {"type": "http.response.body", "body": b"", "more_body": False}
        assert frames_in(client.wire) == [content("Hi"), {"type": "done"}]

    asyncio.run(main())


def test_a_preflight_under_asgi() -> None:
    async def main() -> None:
        client = Client("OPTIONS", origin=APP)
        await client.call(preflight([APP]))
        assert [message["type"] for message in client.sent] == [
            "http.response.start",
            "http.response.body",
        ]
        assert client.sent[0]["status"] == 204
        assert client.wire == b""

    asyncio.run(main())


@pytest.mark.parametrize("how", ["disconnect", "cancel", "send"])
def test_a_browser_that_leaves_ends_the_request_to_the_service(how: str) -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", chunk("Hi"))
        peer.wait_for_end()
        left.set()

    async def main(url: str) -> None:
        client = Client()
        response = relay(
            "Why?", dialect=OpenAI(url, "key", "m1"), heartbeat=60 if how != "send" else 0.1
        )
        task = asyncio.ensure_future(client.call(response))
        await client.until(b"Hi")
        if how == "disconnect":
            client.received.put_nowait({"type": "http.disconnect"})
        elif how == "cancel":
            task.cancel()
        else:
            client.gone = True
        await asyncio.to_thread(left.wait, SOON)
        assert left.is_set()
        await asyncio.wait([task])
        assert task.cancelled() == (how == "cancel")
        if how != "cancel":
            await task

    with Server(script) as server:
        asyncio.run(main(server.url))


async def cancel(task: asyncio.Future[Any], steps: int) -> None:
    """So many steps of the loop later; the task has to end with that."""
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=SOON)
    assert task.cancelled()


@pytest.mark.parametrize("steps", range(5))
def test_a_browser_that_leaves_as_a_piece_arrives_ends_the_request_too(steps: int) -> None:
    go, told = threading.Event(), threading.Event()
    # The service goes on after each piece before has been delivered.
    script = (chunk("Hi"), lambda: go.wait(SOON), chunk("again"), told.set, HOLD)
    response = response_of(*script, heartbeat=60)

    async def main() -> None:
        client = Client()
        task = asyncio.ensure_future(client.call(response))
        await client.until(b"Hi")
        go.set()
        # This blocks the loop, which so gets the piece now, and of the cancellation always
        # the same number of its steps later: before Python 3.12, `wait_for` would lose some.
        assert told.wait(SOON)
        await cancel(task, steps)

    asyncio.run(main())
    assert response.source is not None
    assert eventually(lambda: response.source and response.source.state == "aborted")


@pytest.mark.parametrize("patience", [2, None], ids=["ends meanwhile", "goes on"])
@pytest.mark.parametrize("steps", range(7))
def test_a_browser_that_leaves_in_a_callback_ends_the_request_too(
    steps: int, patience: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Event()
    ends: list[str] = []

    async def work(_: object) -> None:
        begun.set()
        try:
            if patience is None:
                await asyncio.Event().wait()
            for _ in range(patience or 0):
                await asyncio.sleep(0)
            ends.append("done")
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    response = response_of(chunk("Hi"), HOLD, heartbeat=60, on_content=work)

    async def main() -> None:
        task = asyncio.ensure_future(Client().call(response))
        await asyncio.wait_for(begun.wait(), SOON)
        # One of the steps is the end of the callback.
        await cancel(task, steps)

    asyncio.run(main())
    assert len(ends) == 1
    assert patience or ends == ["cancelled"]
    assert response.source is not None
    assert eventually(lambda: response.source and response.source.state == "aborted")
    assert not caplog.records


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_it_is_no_application_by_itself(kind: str) -> None:
    script = Script([DONE])
    response = relay("Why?", dialect=SERVICE, session=script.session())
    client = Client()
    client.scope["type"] = kind
    with pytest.raises(RuntimeError, match=f"answers HTTP requests, not '{kind}'"):
        asyncio.run(client.call(response))
    assert not script.requests
    with pytest.raises(TypeError, match="by WSGI or with"):
        response("environ")


def test_an_async_iterator_that_is_left_ends_the_request() -> None:
    response = response_of(chunk("Hi"), HOLD)

    async def main() -> None:
        pieces = aiter(response)
        async for piece in pieces:
            if b"Hi" in piece:
                break
        await pieces.aclose()

    asyncio.run(main())
    assert response.source is not None
    assert eventually(lambda: response.source and response.source.state == "aborted")


# Memory


def asked_of(server: Server) -> RelayResponse:
    return relay("Why?", dialect=OpenAI(server.url, "secret-key", "m1"))


def with_ballast(peer: Peer) -> None:
    """An answer among 40 MB that say nothing."""
    peer.request()
    peer.send(UNTIL_CLOSE, said("a"))
    for _ in range(400):
        peer.send(data(json.dumps({"ballast": "x" * 100_000})))
    peer.send(said("b"), END)


@pytest.mark.parametrize("way", ["iterated", "awaited"])
def test_it_keeps_no_log_that_no_handler_can_get(way: str) -> None:
    async def awaited(response: RelayResponse) -> bytes:
        return b"".join([part async for part in response])

    with Server(with_ballast) as server:
        response = asked_of(server)
        tracemalloc.start()
        try:
            wire = b"".join(response) if way == "iterated" else asyncio.run(awaited(response))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert frames_in(wire) == [content("a"), content("b"), {"type": "done"}]
    assert peak < 16 * 2**20, f"{peak / 2**20:.0f} MiB"


def test_handlers_of_its_source_get_all_if_it_was_asked_for_before() -> None:
    with Server(with_ballast) as server:
        response = asked_of(server)
        source = response.source
        assert source is not None
        list(response)
        late: list[str] = []
        source.connect("message", lambda source, event: late.append(event.type))
        assert eventually(lambda: len(late) == 403)
