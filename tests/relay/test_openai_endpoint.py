"""`openai_endpoint`: what it asks the service, and what it answers before, instead and after."""

from __future__ import annotations

import asyncio
import io
import json
import re
import threading
from typing import Any

import pytest
from script import chunk
from wire_server import CHUNKED, Peer, Server, framed

from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.relay import openai_endpoint
from suggestions.relay.openai_parameters import messages_for, options_for
from suggestions.testing.answer_bytes import said

pytestmark = pytest.mark.usefixtures("no_service")
SOON = 20.0  # seconds
ASKED = {"messages": [{"role": "user", "content": "Hi"}]}
PATH = "/v1/chat/completions"
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME", "DASHSCOPE_API_KEY"):
        monkeypatch.delenv(name, raising=False)


class Got:
    """What a server got from the application."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    @property
    def error(self) -> Any:
        return json.loads(self.body)["error"]


def by_wsgi(app: Any, body: Any = b"", method: str = "POST", path: str = PATH, **more: Any) -> Got:
    got = Got()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        got.status, got.headers = int(status.split()[0]), dict(headers)

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.input": io.BytesIO(data),
        **more,
    }
    chunks = app(environ, start)
    got.body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    return got


def by_asgi(app: Any, body: Any = b"", method: str = "POST", path: str = PATH, **more: Any) -> Got:
    got = Got()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    half = len(data) // 2
    parts = [
        {"type": "http.request", "body": data[:half], "more_body": True},
        {"type": "http.request", "body": data[half:]},
    ]

    async def receive() -> Any:
        if parts:
            return parts.pop(0)
        return await asyncio.Event().wait()

    async def send(event: Any) -> None:
        if event["type"] == "http.response.start":
            got.status = event["status"]
            got.headers = {k.decode().title(): v.decode() for k, v in event["headers"]}
        else:
            got.body += event.get("body", b"")

    async def run() -> None:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": more.pop("headers", []),
            **more,
        }
        await app(scope, receive, send)

    asyncio.run(asyncio.wait_for(run(), SOON))
    return got


BOTH = pytest.mark.parametrize("way", [by_wsgi, by_asgi])


class Service:
    """A service of OpenAI's kind; it keeps the bodies of the requests."""

    def __init__(self, *parts: bytes) -> None:
        self.bodies: list[Any] = []
        self._parts = parts or (CHUNKED, framed(said("one")), framed(DONE), framed(b""))
        self._server = Server(self._play)

    def _play(self, peer: Peer) -> None:
        self.bodies.append(json.loads(peer.request().body))
        peer.send(*self._parts)

    def __enter__(self) -> Service:
        self._server.__enter__()
        self.dialect = OpenAI(self._server.url, "key", "m1")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__(None, None, None)


# What goes to the service


@BOTH
def test_parameters_go_on_as_they_are(way: Any) -> None:
    given = {"temperature": 0.5, "max_tokens": 9, "tools": [], "seed": 7, "logit_bias": {"5": 1}}
    with Service() as service:
        app = openai_endpoint(service.dialect)
        assert way(app, {**ASKED, **given, "user": None, "stream": True}).status == 200
        assert way(app, {**ASKED, "model": "m2"}).status == 200
    streamed, whole = service.bodies
    assert streamed == {**ASKED, **given, "model": "m1", "stream": True}
    assert whole.pop("stream_options") == {"include_usage": True}
    assert whole == {**ASKED, "model": "m2", "stream": True}


TOOL = {"name": "go", "description": "Goes.", "parameters": {"type": "object", "properties": {}}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
EVERYTHING = {
    "temperature": 1.5,
    "max_tokens": 9,
    "stop": "END",
    "seed": 7,
    "logit_bias": {"5": 1},
    "tools": [{"type": "function", "function": TOOL}],
    "tool_choice": {"type": "function", "function": {"name": "go"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
}


def options_of(dialect: Any, given: Any) -> Any:
    """What the body of the request has besides the question."""
    options = options_for(dialect, given, "m2", wants_usage=True)
    body = dialect.request("Hi", options).json
    return {k: v for k, v in body.items() if k not in ("messages", "input", "stream", "model")}


def test_other_services_get_their_own_parameters() -> None:
    assert options_of(Anthropic("https://a.example", "key", "m"), EVERYTHING) == {
        "temperature": 1,
        "max_tokens": 9,
        "stop_sequences": ["END"],
        "tools": [{"name": "go", "description": "Goes.", "input_schema": TOOL["parameters"]}],
        "tool_choice": {"type": "tool", "name": "go"},
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    assert options_of(Ollama("https://a.example", None, "m"), EVERYTHING) == {
        "options": {"temperature": 1.5, "num_predict": 9, "stop": "END", "seed": 7},
        "tools": EVERYTHING["tools"],
        "format": SCHEMA,
    }
    assert options_of(Responses("https://a.example", "key", "m"), EVERYTHING) == {
        "temperature": 1.5,
        "max_output_tokens": 9,
        "tools": [{"type": "function", **TOOL, "strict": False}],
        "tool_choice": {"type": "function", "name": "go"},
        "text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}},
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tools": "go"}, "tools must be a list"),
        ({"tools": [{"type": "custom"}]}, r"tools\[0\] must be a function with a name"),
        ({"tool_choice": "maybe", "tools": []}, "tool_choice must be one of auto"),
        ({"response_format": "json"}, "response_format must be an object"),
        ({"response_format": {"type": "xml"}}, "response_format must have the type"),
        ({"response_format": {"type": "json_object"}}, "must have a schema"),
    ],
)
def test_wrong_parameters_get_400(given: Any, words: str) -> None:
    app = openai_endpoint(Anthropic("https://a.example", "key", "m"))
    got = by_wsgi(app, {**ASKED, **given})
    assert got.status == 400
    assert re.search(words, got.error["message"])


def test_an_answer_that_is_sent_back_goes_on_without_nulls() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "go", "arguments": "{}"}}
    answer = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}
    dialect = Anthropic("https://a.example", "key", "m")
    assert messages_for(dialect, [answer]) == [{"role": "assistant", "tool_calls": [call]}]


# Models


def test_a_model_chooses_the_service() -> None:
    with Service() as one, Service() as other:
        app = openai_endpoint(one.dialect, models={"a": "a-1", "b": other.dialect})
        assert by_wsgi(app, {**ASKED, "model": "a"}).status == 200
        assert by_wsgi(app, ASKED).status == 200
        assert by_wsgi(app, {**ASKED, "model": "b"}).status == 200
        unknown = by_wsgi(app, {**ASKED, "model": "c"})
    assert [body["model"] for body in one.bodies] == ["a-1", "a-1"]
    assert [body["model"] for body in other.bodies] == ["m1"]
    assert (unknown.status, unknown.error["code"]) == (404, "model_not_found")
    got = by_wsgi(app, method="GET", path="/models/b")
    assert json.loads(got.body)["id"] == "b"


def test_a_service_without_a_model_wants_one() -> None:
    app = openai_endpoint(OpenAI("https://a.example/v1", "key"))
    got = by_wsgi(app, ASKED)
    assert (got.status, got.error["param"]) == (400, "model")
    assert json.loads(by_wsgi(app, method="GET", path="/v1/models").body)["data"] == []


# Before the first piece


@BOTH
def test_a_failure_after_the_first_piece_is_in_the_stream(way: Any) -> None:
    with Service(CHUNKED, framed(said("one"))) as service:
        got = way(openai_endpoint(service.dialect), {**ASKED, "stream": True})
    assert got.status == 200
    *_, last = [line for line in got.body.decode().split("\n") if line.startswith("data: ")]
    assert json.loads(last[6:])["error"]["suggestions_code"] == "error_network"


@BOTH
def test_a_text_that_a_filter_cuts_off_ends_with_that_reason(way: Any) -> None:
    cut_off = said("one") + chunk(finish="content_filter") + DONE
    with Service(CHUNKED, framed(cut_off)) as service:
        endpoint = openai_endpoint(service.dialect)
        got = way(endpoint, {**ASKED, "stream": True})
        whole = way(endpoint, ASKED)
    *_, finish, done = [line for line in got.body.decode().split("\n") if line]
    assert json.loads(finish[6:])["choices"][0]["finish_reason"] == "content_filter"
    assert done == "data: [DONE]"
    [choice] = json.loads(whole.body)["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("one", "content_filter")


@BOTH
def test_what_a_filter_refuses_is_a_bad_request(way: Any) -> None:
    with Service(CHUNKED, framed(chunk(finish="content_filter") + DONE)) as service:
        for asked in (ASKED, {**ASKED, "stream": True}):
            got = way(openai_endpoint(service.dialect), asked)
            assert (got.status, got.error["code"]) == (400, "content_filter")


def test_a_silent_service_is_waited_for_with_patience() -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        go_on.wait(SOON)
        peer.send(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n")

    with Server(script) as server:
        app = openai_endpoint(OpenAI(server.url, "key", "m"), patience=0.05, heartbeat=10)
        got = Got()
        data = json.dumps({**ASKED, "stream": True}).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": PATH,
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
        }
        chunks = app(environ, lambda status, headers: setattr(got, "status", int(status[:3])))
        assert got.status == 200  # it could not be known yet
        go_on.set()
        assert b'"rate_limit_exceeded"' in b"".join(chunks)
        chunks.close()


def test_a_client_that_leaves_before_the_first_piece_closes_the_request() -> None:
    asked, left = threading.Event(), threading.Event()
    aborted: list[str] = []

    def script(peer: Peer) -> None:
        peer.request()
        asked.set()
        peer.wait_for_end()
        left.set()

    async def run(app: Any, data: bytes) -> None:
        parts = [{"type": "http.request", "body": data}]

        async def receive() -> Any:
            if parts:
                return parts.pop()
            await asyncio.to_thread(asked.wait, SOON)
            return {"type": "http.disconnect"}

        async def send(event: Any) -> None:
            raise OSError("the client has left")

        scope = {"type": "http", "method": "POST", "path": PATH, "headers": []}
        await asyncio.wait_for(app(scope, receive, send), SOON)

    with Server(script) as server:
        for stream in (True, False):
            asked.clear()
            left.clear()
            dialect = OpenAI(server.url, "key", "m")
            app = openai_endpoint(dialect, on_abort=aborted.append)
            asyncio.run(run(app, json.dumps({**ASKED, "stream": stream}).encode()))
            assert left.wait(SOON)


def test_a_server_that_sends_no_body_closes_the_request() -> None:
    left = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("one")))
        peer.wait_for_end()
        left.set()

    with Server(script) as server:
        app = openai_endpoint(OpenAI(server.url, "key", "m"))
        data = json.dumps({**ASKED, "stream": True}).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": PATH,
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
        }
        app(environ, lambda status, headers: None).close()
        assert left.wait(SOON)


# Requests


@BOTH
def test_a_body_that_is_too_long_gets_413(way: Any) -> None:
    app = openai_endpoint(OpenAI("https://a.example/v1", "key", "m"), longest_body=10)
    got = way(app, ASKED)
    assert (got.status, got.error["code"]) == (413, "request_too_large")
    assert by_wsgi(app, ASKED, CONTENT_LENGTH="9" * 5000).status == 413


def test_a_body_without_a_length() -> None:
    with Service() as service:
        app = openai_endpoint(service.dialect)
        more: Any = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
        assert by_wsgi(app, ASKED, **more).status == 200
        assert by_wsgi(app, ASKED, CONTENT_LENGTH="").status == 400


@BOTH
def test_a_check_that_raises_gets_500(way: Any, caplog: Any) -> None:
    def authorize(key: str) -> bool:
        raise OSError("no database")

    app = openai_endpoint(OpenAI("https://a.example/v1", "key", "m"), authorize=authorize)
    got = way(app, ASKED)
    assert (got.status, got.error["type"]) == (500, "server_error")
    assert "no database" in caplog.text
    assert b"no database" not in got.body


def test_pages_of_other_sites() -> None:
    dialect = OpenAI("https://a.example/v1", "key", "m")
    app = openai_endpoint(dialect, cors=["https://app.example"], authorize=lambda key: False)
    origin = {"HTTP_ORIGIN": "https://app.example"}
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization"}
    got = by_wsgi(app, method="OPTIONS", **origin, **asked)
    assert (got.status, got.body) == (204, b"")
    assert got.headers["Access-Control-Allow-Headers"] == "authorization"
    got = by_wsgi(app, ASKED, **origin)
    assert got.status == 401
    assert got.headers["Access-Control-Allow-Origin"] == "https://app.example"


def test_it_is_mounted_anywhere() -> None:
    app = openai_endpoint(OpenAI("https://a.example/v1", "key", "m"))
    for path, root in (("/ai/v1/models", "/ai"), ("/ai/models", "/ai"), ("/v1/models", "/ai")):
        assert by_asgi(app, method="GET", path=path, root_path=root).status == 200
    assert by_asgi(app, method="GET", path="/other/v1/models").status == 404


def test_asgi_2_and_the_lifespan() -> None:
    """As uvicorn calls it."""
    app = openai_endpoint(OpenAI("https://a.example/v1", "key", "m"))
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Any] = []

    async def receive() -> Any:
        return events.pop(0)

    async def send(event: Any) -> None:
        sent.append(event["type"])

    asyncio.run(app({"type": "lifespan"})(receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(RuntimeError, match="answers HTTP requests, not 'websocket'"):
        asyncio.run(app({"type": "websocket"}, receive, send))
    with pytest.raises(TypeError, match="by WSGI"):
        app()


@BOTH
def test_callbacks(way: Any) -> None:
    received: list[Any] = []
    with Service() as service:
        app = openai_endpoint(
            service.dialect,
            on_content=received.append,
            on_complete=lambda text: received.append(("complete", text)),
        )
        for stream in (True, False):
            assert way(app, {**ASKED, "stream": stream}).status == 200
    assert received == ["one", ("complete", "one")] * 2


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"models": []}, ValueError, "models is empty"),
        ({"models": 5}, TypeError, "models must be a list or a mapping"),
        ({"models": {"a": 5}}, TypeError, r"models\['a'\] must be a name or a Dialect"),
        ({"models": [" "]}, ValueError, "models has ' '"),
        ({"authorize": "key"}, TypeError, "authorize must be callable"),
        ({"longest_body": 0}, ValueError, "longest_body is 0"),
        ({"longest_body": "1 MB"}, TypeError, "longest_body must be an int"),
        ({"events": ["object"]}, ValueError, "events has 'object': expected any of reasoning"),
        ({"patience": -1}, ValueError, "patience"),
        ({"url": "no address"}, ValueError, "url"),
        ({"cors": "example.com"}, ValueError, "cors"),
    ],
)
def test_wrong_arguments_raise_at_the_call(options: Any, kind: Any, words: str) -> None:
    with pytest.raises(kind, match=words):
        openai_endpoint(OpenAI("https://a.example/v1", "key", "m"), **options)


def test_without_a_service() -> None:
    with pytest.raises(RuntimeError, match="which service to ask"):
        openai_endpoint()
