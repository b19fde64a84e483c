"""The parent of a span is the span of who asks, on whichever thread or loop the answer is read."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from telemetry import Recorded
from waiting import SOON, eventually
from wire_server import CHUNKED, TOKEN, framed, staying

from suggestions import Conversation, Suggester, SuggestionsEventSource, run_tools
from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.testing import SuggestionsServer
from suggestions.toolkits import aio

BEGUN = framed(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n')
who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="no caller")


@pytest.fixture
def server() -> Iterator[SuggestionsServer]:
    with SuggestionsServer() as server:
        server.answer("Three words here.")
        yield server


@pytest.fixture(scope="module")
def service() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


def parents(recorded: Recorded, count: int) -> list[str]:
    """The names of the parents of the answers' spans, in the order in which these ended."""
    spans = recorded.spans(count)
    assert len(spans) == count
    names = {span.context.span_id: span.name for span in recorded.exporter.get_finished_spans()}
    return [names[span.parent.span_id] if span.parent else "" for span in spans]


def test_each_thread_has_its_own(recorded: Recorded, server: SuggestionsServer) -> None:
    def ask(name: str) -> None:
        with recorded.tracer.start_as_current_span(name):
            SuggestionsEventSource("Hello", url=server.url, dialect="openai").result(SOON)
            eventually(lambda: recorded.spans())

    threads = [threading.Thread(target=ask, args=(f"thread {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert sorted(parents(recorded, 4)) == [f"thread {n}" for n in range(4)]


def test_it_is_who_starts_and_not_who_makes(recorded: Recorded, server: SuggestionsServer) -> None:
    with recorded.tracer.start_as_current_span("maker"):
        source = SuggestionsEventSource("Hello", url=server.url, dialect="openai", start=False)
    with recorded.tracer.start_as_current_span("starter"):
        source.start()
        source.wait(SOON)
    assert parents(recorded, 1) == ["starter"]


@pytest.mark.parametrize("has_host", [False, True])
def test_each_task_has_its_own(
    recorded: Recorded, server: SuggestionsServer, has_host: bool
) -> None:
    async def ask(name: str) -> str:
        with recorded.tracer.start_as_current_span(name):
            source = SuggestionsEventSource(
                "Hello",
                url=server.url,
                dialect="openai",
                dispatch=aio() if has_host else None,
            )
            return await source

    async def main() -> None:
        assert await asyncio.gather(ask("one"), ask("two")) == ["Three words here."] * 2

    asyncio.run(main())
    assert sorted(parents(recorded, 2)) == ["one", "two"]


def test_handlers_on_the_sources_own_thread_run_within_the_span(
    recorded: Recorded, server: SuggestionsServer
) -> None:
    seen: list[Any] = []

    def hear(source: SuggestionsEventSource, event: Any) -> None:
        seen.append((trace.get_current_span().get_span_context().span_id, who.get()))

    who.set("the caller")
    try:
        source = SuggestionsEventSource(
            "Hello", url=server.url, dialect="openai", on={"chunk": hear}
        )
        assert source.wait(SOON)
    finally:
        who.set("no caller")
    assert set(seen) == {(recorded.span().context.span_id, "the caller")}
    assert not trace.get_current_span().get_span_context().is_valid


def test_instrumented_requests_are_children_and_carry_the_trace(
    recorded: Recorded, server: SuggestionsServer
) -> None:
    """`traceparent` (W3C Trace Context) is the business of the HTTP client's instrumentation."""
    RequestsInstrumentor().instrument(tracer_provider=recorded.tracer_provider)
    try:
        with recorded.tracer.start_as_current_span("parent"):
            source = SuggestionsEventSource("Hello", url=server.url, dialect="openai")
            assert source.wait(SOON)
            assert source.join(SOON)
    finally:
        RequestsInstrumentor().uninstrument()
    answer = recorded.span()
    others = [span for span in recorded.exporter.get_finished_spans() if span is not answer]
    (http,) = [span for span in others if span.parent is not None]
    assert http.parent is not None
    assert http.parent.span_id == answer.context.span_id
    (request,) = server.requests
    trace_id, span_id = request.headers["traceparent"].split("-")[1:3]
    assert (int(trace_id, 16), int(span_id, 16)) == (http.context.trace_id, http.context.span_id)


def test_without_it_no_header_is_sent(recorded: Recorded, server: SuggestionsServer) -> None:
    assert SuggestionsEventSource("Hello", url=server.url, dialect="openai").result(SOON)
    assert "traceparent" not in {name.lower() for name in server.requests[0].headers}


# All that asks


def weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def test_a_conversation_with_tools(recorded: Recorded, service: Playground) -> None:
    chat = Conversation(dialect=OpenAI(service.openai_url, TOKEN, "m"), tools=[weather])
    with recorded.tracer.start_as_current_span("turn"):
        chat.send("Call the tool weather, please.")
    assert chat.wait(SOON)
    answers = [message for message in chat.messages if message.role == "assistant"]
    assert len(answers) == 2
    assert parents(recorded, 2) == ["turn", "turn"]
    first, second = ((span.attributes or {}) for span in recorded.spans())
    assert first["gen_ai.response.finish_reasons"] == ("tool_calls",)
    assert second["gen_ai.response.finish_reasons"] == ("stop",)


def test_run_tools(recorded: Recorded, service: Playground) -> None:
    messages: list[Any] = [{"role": "user", "content": "Call the tool weather, please."}]
    with recorded.tracer.start_as_current_span("tools"):
        assert run_tools(messages, [weather], dialect=OpenAI(service.openai_url, TOKEN, "m"))
        spans = recorded.spans(2)
    assert len(spans) == 2
    assert parents(recorded, 2) == ["tools", "tools"]


def test_a_suggester(recorded: Recorded, server: SuggestionsServer) -> None:
    suggester = Suggester(url=server.url, dialect="openai")
    with recorded.tracer.start_as_current_span("suggester"):
        suggester.request("Hello")
    assert parents(recorded, 1) == ["suggester"]


# Hosts that end


class Pump:
    """A host whose loop is run by hand, and may be gone."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.is_over = False

    def __call__(self, fn: Any) -> None:
        if self.is_over:
            raise RuntimeError("the loop is gone")
        self.posted.append(fn)

    def is_gone(self) -> bool:
        return self.is_over


def test_the_end_is_the_answers_and_not_that_of_a_busy_host(
    recorded: Recorded, server: SuggestionsServer
) -> None:
    pump = Pump()
    source = SuggestionsEventSource("Hello", url=server.url, dialect="openai", dispatch=pump)
    span = recorded.span()  # although the host has called no handler yet
    assert source.error is None
    assert (span.attributes or {})["gen_ai.response.finish_reasons"] == ("stop",)


def test_an_answer_whose_host_has_gone_has_one_span(recorded: Recorded) -> None:
    pump = Pump()
    with staying(CHUNKED, BEGUN) as url:
        source = SuggestionsEventSource("Hello", url=url, dialect="openai", dispatch=pump)
        assert eventually(lambda: source.full_message)
        pump.is_over = True
        source.close()
        assert recorded.span().status.is_unset


def test_an_answer_whose_loop_was_dropped_has_one_span(recorded: Recorded) -> None:
    """Neither the loop nor the source says a word: both are collected as garbage."""

    async def main() -> None:
        source = SuggestionsEventSource("Hello", url=url, dialect="openai", dispatch=aio())
        while not source.full_message:
            await asyncio.sleep(0.01)

    with staying(CHUNKED, BEGUN) as url:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        loop.close()
        del loop
        gc.collect()
        # What was only dropped ends with the next one at the latest.
        with SuggestionsEventSource("Hello", url="http://localhost:1/", dialect="openai") as other:
            other.connect("error", lambda source, event: None)
            other.wait(SOON)
        spans = recorded.spans(2)
    assert len(spans) == 2
    assert {span.status.is_unset for span in spans} == {True, False}


def test_a_source_that_vanishes_ends_its_span(recorded: Recorded) -> None:
    """As its thread would be, on a host that freezes its threads and unloads the program."""
    from suggestions import otel, signals

    class Frozen(SuggestionsEventSource):
        def start(self) -> None:
            signals.send_started(self)

    instrumentation = otel.instrument(**recorded.providers)
    source = Frozen("Hello", url="http://localhost/", dialect="openai")
    assert recorded.spans() == []
    del source
    gc.collect()
    instrumentation.uninstrument()
    span = recorded.span()
    assert (span.attributes or {})["gen_ai.response.finish_reasons"] == ("error",)
    (duration,) = recorded.metrics()["gen_ai.client.operation.duration"]
    assert duration.data.count == 1


def test_a_source_is_not_kept(recorded: Recorded, server: SuggestionsServer) -> None:
    import weakref

    source = SuggestionsEventSource("Hello", url=server.url, dialect="openai")
    assert source.wait(SOON)
    assert source.join(SOON)
    gone = weakref.ref(source)
    del source
    assert eventually(lambda: (gc.collect(), gone() is None)[1])


def test_exporters_that_fail_harm_no_answer(
    recorded: Recorded, server: SuggestionsServer, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(SimpleSpanProcessor):
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            raise ValueError("broken")

    recorded.tracer_provider.add_span_processor(Broken(InMemorySpanExporter()))
    source = SuggestionsEventSource("Hello", url=server.url, dialect="openai")
    assert source.result(SOON) == "Three words here."
    assert "broken" in caplog.text
