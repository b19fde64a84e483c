"""The span and the metrics of one answer: the names, the values, and how each answer ends."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.attributes import error_attributes, server_attributes
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.util.genai.handler import TelemetryHandler
from telemetry import Recorded
from wire_server import CHUNKED, LAST_CHUNK, TOKEN, Peer, Server, framed, sized, staying

from suggestions import SuggestionsEventSource, ask_question_sync, otel
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground
from suggestions.testing import SuggestionsServer


@pytest.fixture(scope="module")
def service() -> Any:
    with Playground(pace=0) as playground:
        yield playground


def registry() -> set[str]:
    """Every name that OpenTelemetry has: the constants of its package, and what is newer and in the
    code of its own instrumentations."""
    modules = (gen_ai_attributes, gen_ai_metrics, error_attributes, server_attributes)
    own = Path(inspect.getfile(TelemetryHandler)).parent
    newer = {
        name
        for file in own.glob("*.py")
        for name in re.findall(r'"(gen_ai\.[a-z_.]+)"', file.read_text("utf-8"))
    }
    constants = [value for module in modules for value in vars(module).values()]
    return {*newer, *(value for value in constants if isinstance(value, str))}


def ask(dialect: Any, question: Any = "Hello", **arguments: Any) -> SuggestionsEventSource:
    source = SuggestionsEventSource(question, dialect=dialect, **arguments)
    source.connect("error", lambda source, event: None)
    assert source.wait(30)
    return source


def test_what_a_span_says(recorded: Recorded, service: Playground) -> None:
    dialect = OpenAI(
        service.openai_url,
        TOKEN,
        "playground-small",
        temperature=0.5,
        top_p=1,
        max_completion_tokens=900,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        seed=7,
        stop="###",
        reasoning_effort="low",
        stream_options={"include_usage": True},
    )
    with recorded.tracer.start_as_current_span("parent") as parent:
        source = ask(dialect)
    span = recorded.span()
    assert span.name == "chat playground-small"
    assert span.kind is SpanKind.CLIENT
    assert span.parent is not None
    assert span.parent.span_id == parent.get_span_context().span_id
    assert span.status.status_code is StatusCode.UNSET
    said = dict(span.attributes or {})
    usage = source.usage
    assert usage is not None
    first = said.pop("gen_ai.response.time_to_first_chunk")
    assert isinstance(first, float)
    assert 0 < first * 1e9 <= (span.end_time or 0) - (span.start_time or 0) + 1000
    assert str(said.pop("gen_ai.response.id")).startswith("chatcmpl-")
    assert said == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "playground-small",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 1.0,
        "gen_ai.request.max_tokens": 900,
        "gen_ai.request.frequency_penalty": 0.1,
        "gen_ai.request.presence_penalty": 0.2,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("###",),
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.request.stream": True,
        "gen_ai.response.model": source.model,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
        "server.address": "127.0.0.1",
        "server.port": int(service.openai_url.split(":")[2].split("/")[0]),
    }


def test_every_name_is_in_the_registry(recorded: Recorded, service: Playground) -> None:
    """Also those of content, and of an answer that fails."""
    recorded_content = otel.instrument(content=True, **recorded.providers)
    known = registry()
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    question = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    ask(OpenAI(service.openai_url, TOKEN, "m", tools=tools, n=2, top_k=3), question)
    ask(Anthropic(service.anthropic_url, TOKEN, "m"), question)
    ask(Responses(service.openai_url, TOKEN, "m", previous_response_id="r", conversation="c"))
    ask(OpenAI(f"{service.openai_url}?fail=429", TOKEN, "m"), retries=0)
    recorded_content.uninstrument()
    spans = recorded.spans(4)
    assert len(spans) == 4
    names = {name for span in spans for name in span.attributes or {}}
    assert {"gen_ai.input.messages", "gen_ai.system_instructions", "error.type"} <= names
    assert names <= known
    metrics = recorded.metrics()
    assert set(metrics) <= known
    assert {name for points in metrics.values() for p in points for name in p.attributes} <= known


def test_metrics_are_those_of_opentelemetrys_own_instrumentations(
    recorded: Recorded, service: Playground
) -> None:
    ask(OpenAI(service.openai_url, TOKEN, "m", stream_options={"include_usage": True}))
    recorded.span()
    ours = recorded.metrics()
    theirs_recorded = Recorded()
    handler = TelemetryHandler(**theirs_recorded.providers)
    with handler.inference("openai", request_model="m", server_address="a", server_port=1) as call:
        call.response_model_name = "m"
        call.input_tokens = call.output_tokens = 3
        call.record_stream_chunk()
    theirs = theirs_recorded.metrics()
    assert set(ours) == set(theirs)
    for name, points in theirs.items():
        assert {point.unit for point in ours[name]} == {points[0].unit}
        for point in ours[name]:
            assert tuple(point.data.explicit_bounds) == tuple(points[0].data.explicit_bounds)
            assert point.data.count == 1
            # Theirs know no model that has answered before the answer is over.
            assert set(points[0].attributes) <= set(point.attributes)
    types = {point.attributes["gen_ai.token.type"] for point in ours["gen_ai.client.token.usage"]}
    assert types == {"input", "output"}


def test_the_newest_names_of_metrics_are_sent_if_asked_for(
    recorded: Recorded, service: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http,gen_ai_latest_experimental")
    otel.instrument(**recorded.providers)
    source = ask(OpenAI(service.openai_url, TOKEN, "m", stream_options={"include_usage": True}))
    recorded.span()
    metrics = recorded.metrics()
    assert source.usage is not None
    assert set(metrics) == {
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.time_to_first_chunk",
        "gen_ai.client.inference.usage.input_tokens",
        "gen_ai.client.inference.usage.output_tokens",
    }
    (counted,) = metrics["gen_ai.client.inference.usage.output_tokens"]
    assert counted.data.value == source.usage.completion_tokens
    assert counted.attributes["gen_ai.token.modality"] == "unknown"
    otel.uninstrument()


@pytest.mark.parametrize("name", ["openai", "responses", "anthropic", "ollama", "jetpack"])
def test_each_service_says_who_it_is_and_what_it_used(
    recorded: Recorded, service: Playground, name: str
) -> None:
    dialects: dict[str, Any] = {
        "openai": OpenAI(service.openai_url, TOKEN, "m", stream_options={"include_usage": True}),
        "responses": Responses(service.openai_url, TOKEN, "m", reasoning={"effort": "high"}),
        "anthropic": Anthropic(service.anthropic_url, TOKEN, "m", max_tokens=500, top_k=4),
        "ollama": Ollama(service.ollama_url, model="m", options={"num_predict": 999, "seed": 1}),
        "jetpack": "jetpack",
    }
    url = service.jetpack_url if name == "jetpack" else None
    source = ask(dialects[name], token=TOKEN, url=url)
    said = recorded.span().attributes or {}
    assert said["gen_ai.provider.name"] == {"responses": "openai"}.get(name, name)
    assert said["gen_ai.response.finish_reasons"] == ("stop",)
    assert said["gen_ai.request.stream"] is True
    assert said.get("gen_ai.response.model") == source.model
    if source.usage is not None:
        assert said["gen_ai.usage.input_tokens"] == source.usage.prompt_tokens
    expected = {
        "responses": ("gen_ai.request.reasoning.level", "high"),
        "anthropic": ("gen_ai.request.top_k", 4),
        "ollama": ("gen_ai.request.max_tokens", 999),
    }
    if name in expected:
        attribute, value = expected[name]
        assert said[attribute] == value


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://me.openai.azure.com/openai/v1", "azure.ai.openai"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gcp.gemini"),
        ("https://europe-west1-aiplatform.googleapis.com/v1", "gcp.vertex_ai"),
        ("https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1", "aws.bedrock"),
        ("https://api.x.ai/v1", "x_ai"),
        ("https://api.moonshot.cn/v1", "moonshot_ai"),
        ("https://openrouter.ai/api/v1", "openai"),
        ("https://api.openai.com.example.org/v1", "openai"),
    ],
)
def test_a_provider_that_the_conventions_know_is_told_by_its_address(
    url: str, provider: str
) -> None:
    from suggestions.otel.attributes import of_service

    request = OpenAI(url, "key", "m").request("Hello", {})
    said = of_service("openai", request, request.json)
    assert said["gen_ai.provider.name"] == provider
    assert said["server.port"] == 443


def test_the_tokens_of_caches_and_of_reasoning(recorded: Recorded) -> None:
    counts = {
        "input_tokens": 10,
        "cache_read_input_tokens": 20,
        "cache_creation_input_tokens": 30,
        "output_tokens": 5,
        "output_tokens_details": {"thinking_tokens": 4},
    }
    begun = {"type": "message_start", "message": {"id": "msg_1", "model": "c1", "usage": counts}}
    ended = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": counts}
    frames = [
        f"data: {json.dumps(event)}\n\n" for event in (begun, ended, {"type": "message_stop"})
    ]
    with SuggestionsServer() as server:
        server.sends("".join(frames).encode())
        ask("anthropic", url=server.url, token=TOKEN, options={"model": "c"})
    said = recorded.span().attributes or {}
    assert said["gen_ai.usage.input_tokens"] == 60
    assert said["gen_ai.usage.output_tokens"] == 5
    assert said["gen_ai.usage.cache_read.input_tokens"] == 20
    assert said["gen_ai.usage.cache_write.input_tokens"] == 30
    assert said["gen_ai.usage.reasoning.output_tokens"] == 4
    assert said["gen_ai.response.finish_reasons"] == ("length",)
    assert said["gen_ai.response.id"] == "msg_1"


def test_an_answer_in_one_piece_has_no_first_chunk(recorded: Recorded, service: Playground) -> None:
    ask_question_sync("Hello", dialect=OpenAI(service.openai_url, TOKEN, "m"))
    said = recorded.span().attributes or {}
    assert "gen_ai.request.stream" not in said
    assert "gen_ai.response.time_to_first_chunk" not in said
    assert said["gen_ai.usage.input_tokens"]
    assert set(recorded.metrics()) == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
    }


def test_an_object_is_asked_for_as_json(recorded: Recorded, service: Playground) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    ask(OpenAI(service.openai_url, TOKEN, "m"), output=schema)
    ask(Anthropic(service.anthropic_url, TOKEN, "m"), output=schema)
    ask(Responses(service.openai_url, TOKEN, "m"), output=schema)
    ask(Ollama(service.ollama_url, model="m"), output=schema)
    kinds = [(span.attributes or {}).get("gen_ai.output.type") for span in recorded.spans(4)]
    assert kinds == ["json"] * 4


# How it ends


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "QuotaExceededError"),
        (503, "ServiceUnavailableError"),
        (413, "ContextTooLargeError"),
        (401, "AuthenticationError"),
        (500, "StatusError"),
    ],
)
def test_a_refusal_is_an_error(recorded: Recorded, status: int, kind: str) -> None:
    with SuggestionsServer() as server:
        server.fails(status)
        source = ask("openai", url=server.url, retries=0)
    span = recorded.span()
    said = span.attributes or {}
    assert source.error is not None
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == f"{source.error.code}, status {status}"
    assert said["error.type"] == f"suggestions.errors.{kind}"
    assert said["gen_ai.response.finish_reasons"] == ("error",)
    assert "gen_ai.response.time_to_first_chunk" not in said
    (duration,) = recorded.metrics()["gen_ai.client.operation.duration"]
    assert duration.attributes["error.type"] == said["error.type"]


def test_a_connection_that_is_lost_or_refused_is_an_error(recorded: Recorded) -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'))

    with Server(cut) as server:
        ask("openai", url=server.url)
    ask("openai", url=server.url, retries=0)  # it is closed now
    lost, refused = recorded.spans(2)
    assert (lost.attributes or {})["error.type"].endswith((".ConnectionLostError", "StreamError"))
    assert (lost.attributes or {})["gen_ai.response.time_to_first_chunk"] > 0
    assert (refused.attributes or {})["error.type"].endswith(".ConnectionFailedError")
    assert lost.status.status_code is refused.status.status_code is StatusCode.ERROR


def test_an_answer_that_is_closed_is_no_error(recorded: Recorded) -> None:
    with staying(CHUNKED, framed(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n')) as url:
        source = SuggestionsEventSource("Hello", url=url, dialect="openai")
        source.once("chunk", lambda source, event: source.close())
        assert source.wait(30)
    span = recorded.span()
    assert source.state == "aborted"
    assert span.status.status_code is StatusCode.UNSET
    said = span.attributes or {}
    assert "error.type" not in said
    assert said["gen_ai.response.finish_reasons"] == ("error",)
    assert said["gen_ai.response.time_to_first_chunk"] > 0


def test_an_answer_that_is_closed_before_the_headers_has_one_span(recorded: Recorded) -> None:
    with staying() as url:
        with SuggestionsEventSource("Hello", url=url, dialect="openai"):
            pass
        span = recorded.span()
    assert span.status.status_code is StatusCode.UNSET
    assert "gen_ai.response.time_to_first_chunk" not in (span.attributes or {})


def test_what_was_never_asked_has_no_span(recorded: Recorded) -> None:
    SuggestionsEventSource("Hello", url="http://localhost/", dialect="openai", start=False)
    closed = SuggestionsEventSource("Hello", url="http://localhost/", dialect="openai", start=False)
    closed.close()
    closed.start()
    assert closed.wait(30)
    assert recorded.spans() == []


def test_all_attempts_are_one_span(recorded: Recorded) -> None:
    with SuggestionsServer() as server:
        server.fails(503)
        server.answer("Here it is.")
        retries = []
        source = SuggestionsEventSource(
            "Hello",
            url=server.url,
            dialect="openai",
            retries=2,
            on={"retry": lambda source, event: retries.append(event)},
        )
        assert source.wait(30)
        assert len(server.requests) == 2
    assert retries
    span = recorded.span()
    assert span.status.status_code is StatusCode.UNSET
    (duration,) = recorded.metrics()["gen_ai.client.operation.duration"]
    assert duration.data.count == 1


def test_an_answer_that_is_resumed_is_one_span(recorded: Recorded) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"X-Answer-Id: a\r\nContent-Location: /answers/a\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    frame = b'id: %d\ndata: {"type": "content", "data": "%s"}\n\n'

    def answer(peer: Peer) -> None:
        peer.request()
        if peer.number == 1:
            peer.send(head, framed(frame % (1, b"one ")))
        else:
            done = b'id: 3\ndata: {"type": "done"}\n\n'
            peer.send(head, framed(frame % (2, b"two") + done), LAST_CHUNK)

    with Server(answer) as server:
        source = ask("relay", url=server.url)
        assert server.connections == 2
    assert source.full_message == "one two"
    span = recorded.span()
    assert span.status.status_code is StatusCode.UNSET
    said = span.attributes or {}
    assert said["gen_ai.provider.name"] == "relay"
    assert said["gen_ai.response.finish_reasons"] == ("stop",)


def test_the_error_of_a_content_filter_in_a_status(recorded: Recorded) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.send(sized("422 Unprocessable", b'{"error": {"message": "no"}}', "application/json"))

    with Server(refuse) as server:
        ask("jetpack", url=server.url, token=TOKEN)
    said = recorded.span().attributes or {}
    assert said["gen_ai.provider.name"] == "jetpack"
    assert said["error.type"] == "suggestions.errors.ModerationError"
