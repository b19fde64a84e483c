"""`openai_endpoint` with the real clients of OpenAI, of each version, under ASGI and WSGI."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from node_packages import run_node
from openai_packages import VERSIONS, run_python
from server_process import running
from wire_server import CHUNKED, Peer, Server, framed, free_port

from suggestions.playground import Playground
from suggestions.testing.answer_bytes import said

HERE = Path(__file__).parent
SOON = 30.0  # seconds
HAIKU = "Small words cross the wire,\none token after the next:\nthe stream finds the sea."
COMMANDS = {
    "uvicorn": ["-m", "uvicorn", "openai_app:app", "--port", "{port}", "--app-dir", "{here}"],
    "gunicorn": [
        *("-m", "gunicorn", "openai_app:app", "-k", "gthread", "--threads", "8"),
        *("-b", "127.0.0.1:{port}", "--pythonpath", "{here}"),
    ],
    "waitress": [
        *("-c", "import sys; sys.path.append('{here}'); import openai_app, waitress;"),
        "waitress.serve(openai_app.app, listen='127.0.0.1:{port}', threads=8)",
    ],
}


class Endpoint:
    """An endpoint that runs; `left` is set when its service sees that the request was closed."""

    def __init__(self, name: str, url: str, left: threading.Event) -> None:
        self.name = name
        self.url = url
        self.left = left

    def post(self, body: Any, **options: Any) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body)
        headers = {"Authorization": "Bearer right", **options.pop("headers", {})}
        url = f"{self.url}/chat/completions"
        return requests.post(url, data=data, headers=headers, timeout=SOON, **options)


@pytest.fixture(scope="module", params=["uvicorn", "gunicorn", "waitress"])
def endpoint(request: Any, tmp_path_factory: Any) -> Iterator[Endpoint]:
    name = request.param
    if importlib.util.find_spec(name) is None or (name == "gunicorn" and sys.platform == "win32"):
        pytest.skip(f"{name} is not installed")
    left, port = threading.Event(), free_port()

    def hold(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("one")))
        peer.wait_for_end()
        left.set()

    with ExitStack() as stack:
        playground = stack.enter_context(Playground(pace=0))
        held = stack.enter_context(Server(hold))
        command = [part.format(port=port, here=HERE) for part in COMMANDS[name]]
        if name == "waitress":
            command = [command[0], command[1] + command[2]]
        log = tmp_path_factory.mktemp("endpoint") / "log"
        environ = {"PLAYGROUND": playground.url, "HELD": held.url}
        stack.enter_context(running([sys.executable, *command], port, log, **environ))
        yield Endpoint(name, f"http://127.0.0.1:{port}/v1", left)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_openai_package(version: str, endpoint: Endpoint) -> None:
    told = run_python(version, "openai_client.py", endpoint.url)
    assert told["version"].startswith(VERSIONS[version])
    assert told["models"][:4] == ["openai", "anthropic", "ollama", "responses"]
    assert told["one_model"] == "anthropic"
    for model, texts in told["texts"].items():
        check_texts(model, texts)
    for model, tools in told["tools"].items():
        check_tools(model, tools)
    for model, text in told["images"].items():
        assert "image" in text, model
    check_failures(told)


def check_texts(model: str, told: Any) -> None:
    assert (told["whole"], told["reason"]) == (HAIKU, "stop"), model
    assert told["object"] == "chat.completion"
    assert told["usage"] > 10
    for name in ("stream", "counted"):
        assert told[name]["text"] == HAIKU, model
        assert told[name]["reasons"] == ["stop"], model
        assert told[name]["error"] is None
    assert told["stream"]["usage"] is None, model
    assert told["counted"]["usage"] == told["usage"], model


def check_tools(model: str, told: Any) -> None:
    assert told["name"] == "get_weather"
    assert "city" in json.loads(told["arguments"])
    assert told["id"]
    assert told["reason"] == "tool_calls", model
    assert told["content"] is None
    assert "The tool answered" in told["second"], model
    assert told["second_reason"] == "stop"
    [call] = told["streamed"]["calls"]
    assert call["id"]
    assert (call["name"], call["arguments"]) == (told["name"], told["arguments"])
    assert told["streamed"]["reasons"] == ["tool_calls"], model


def check_failures(told: Any) -> None:
    expected = {
        "401": ("AuthenticationError", 401, "invalid_api_key"),
        "404": ("NotFoundError", 404, "model_not_found"),
        "429": ("RateLimitError", 429, "rate_limit_exceeded"),
        "503": ("InternalServerError", 503, "service_unavailable"),
        "context": ("BadRequestError", 400, "context_length_exceeded"),
        "insufficient_quota": ("RateLimitError", 429, "insufficient_quota"),
    }
    for name, words in expected.items():
        for each in told["failures"][name]:
            assert (each["class"], each["status"], each["code"]) == words
    assert [each["retry_after"] for each in told["failures"]["429"]] == ["1", "1"]
    # The package waits for the seconds of `Retry-After`, or else for half a second at most.
    assert told["retried"]["seconds"] > 0.9
    assert told["wrong_key"]["class"] == "AuthenticationError"
    assert (told["unknown"]["status"], told["unknown"]["code"]) == (404, "model_not_found")
    for name in ("no_messages", "blank", "role"):
        each = told[name]
        assert (each["class"], each["status"], each["param"]) == (
            *("BadRequestError", 400, "messages"),
        )
    assert HAIKU.startswith(told["cut"]["text"])
    assert told["cut"]["text"]
    code = None if told["version"] == "1.0.0" else "server_error"
    assert told["cut"]["error"].get("code") == code


def test_the_service_sees_that_the_client_leaves(endpoint: Endpoint) -> None:
    endpoint.left.clear()
    body = {"model": "held", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    with endpoint.post(body, stream=True) as response:
        assert any(b"one" in line for line in response.iter_lines())
    assert endpoint.left.wait(SOON)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "could not parse the JSON body"),
        (b'{"messages": [', "could not parse the JSON body"),
        (b"[]", "must be a JSON object"),
        ({"model": "openai"}, "expected a list of messages"),
        ({"model": "openai", "messages": "Hi"}, "expected a list of messages"),
        ({"model": 5, "messages": [{}]}, "'model': expected a text"),
        ({"model": "openai", "messages": [{}], "stream": "yes"}, "'stream': expected true or"),
        ({"model": "openai", "messages": [{}], "n": 2}, "only one choice"),
        ({"model": "openai", "messages": [5]}, "messages\\[0\\] must be a mapping"),
        ({"model": "openai", "messages": [{"role": "user", "content": " "}]}, "is empty"),
    ],
)
def test_bad_requests(body: Any, words: str, endpoint: Endpoint) -> None:
    response = endpoint.post(body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert set(error) == {"message", "type", "param", "code"}
    assert re.search(words, error["message"])


def test_addresses_and_methods(endpoint: Endpoint) -> None:
    url = endpoint.url
    cases = [
        ("GET", f"{url}/nothing", 404, None),
        ("GET", f"{url}/chat/completions", 405, "POST"),
        ("HEAD", f"{url}/chat/completions", 405, "POST"),
        ("POST", f"{url}/models", 405, "GET, HEAD"),
        ("OPTIONS", f"{url}/models", 405, "GET, HEAD"),
    ]
    for method, address, status, allowed in cases:
        response = requests.request(method, address, timeout=SOON)
        assert response.status_code == status
        assert response.headers.get("Allow") == allowed
        if method != "HEAD":
            assert response.json()["error"]["type"] == "invalid_request_error"
    key = {"Authorization": "Bearer right"}
    head = requests.head(f"{url}/models", headers=key, timeout=SOON)
    assert (head.status_code, head.content) == (200, b"")
    unknown = requests.get(f"{url}/models/unknown", headers=key, timeout=SOON)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")


NODE = """
import OpenAI from "openai";
import { readFileSync } from "node:fs";
const baseURL = JSON.parse(readFileSync(0, "utf8"));
const client = new OpenAI({ baseURL, apiKey: "right", maxRetries: 0 });
const ask = (model, more) => client.chat.completions.create(
    { model, messages: [{ role: "user", content: "A haiku" }], ...more },
);
const seen = { texts: {}, failures: {} };
for (const model of ["openai", "anthropic", "ollama"]) {
    const whole = await ask(model);
    const streamed = { text: "", usage: null, reasons: [] };
    const stream_options = { include_usage: true };
    for await (const chunk of await ask(model, { stream: true, stream_options })) {
        streamed.usage ??= chunk.usage?.total_tokens;
        for (const { delta, finish_reason } of chunk.choices) {
            streamed.text += delta.content ?? "";
            if (finish_reason) streamed.reasons.push(finish_reason);
        }
    }
    seen.texts[model] = {
        whole: whole.choices[0].message.content, usage: whole.usage.total_tokens, streamed,
    };
}
const runner = client.chat.completions.runTools({
    model: "ollama",
    stream: true,
    messages: [{ role: "user", content: "What does get weather say of Oslo?" }],
    tools: [{
        type: "function",
        function: {
            name: "get_weather",
            parse: JSON.parse,
            function: () => ({ degrees: 3 }),
            parameters: { type: "object", properties: { city: { type: "string" } } },
        },
    }],
});
seen.tools = await runner.finalContent();
for (const model of ["fail-401", "fail-429", "fail-context", "unknown", "fail-cut"]) {
    try {
        for await (const chunk of await ask(model, { stream: true }));
    } catch ({ constructor, status, code, headers }) {
        const retryAfter = headers?.get("retry-after") ?? null;
        seen.failures[model] = [constructor.name, status ?? null, code, retryAfter];
    }
}
seen.models = [];
for await (const { id } of client.models.list()) seen.models.push(id);
console.log(JSON.stringify(seen));
"""


def test_the_openai_package_of_node(endpoint: Endpoint) -> None:
    told = run_node("openai", NODE, endpoint.url)
    for texts in told["texts"].values():
        assert texts["whole"] == texts["streamed"]["text"] == HAIKU
        assert texts["usage"] == texts["streamed"]["usage"] > 10
        assert texts["streamed"]["reasons"] == ["stop"]
    assert "The tool answered" in told["tools"]
    assert told["models"][0] == "openai"
    assert told["failures"] == {
        "fail-401": ["AuthenticationError", 401, "invalid_api_key", None],
        "fail-429": ["RateLimitError", 429, "rate_limit_exceeded", "1"],
        "fail-context": ["BadRequestError", 400, "context_length_exceeded", None],
        "unknown": ["NotFoundError", 404, "model_not_found", None],
        "fail-cut": ["APIError", None, "server_error", None],
    }


def test_langchain(endpoint: Endpoint) -> None:
    told = run_python("langchain_openai", "langchain_client.py", endpoint.url)
    check_framework(told)
    assert told["failure"][1:] == [429, "rate_limit_exceeded"]


def test_litellm(endpoint: Endpoint) -> None:
    told = run_python("litellm", "litellm_client.py", endpoint.url)
    check_framework(told)
    assert told["failure"][:2] == ["RateLimitError", 429]


def check_framework(told: Any) -> None:
    for model, texts in told["texts"].items():
        assert texts["whole"] == texts["streamed"] == HAIKU, model
        assert texts["usage"] > 10, model
        assert texts["streamed_usage"] == texts["usage"], model
    for model, call in told["calls"].items():
        assert call["name"] == "get_weather", model
        assert call["id"]
        assert "The tool answered" in call["answer"], model
