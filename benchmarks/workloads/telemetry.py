"""What telemetry costs an answer: off, on without an SDK, on, and on with content."""

from __future__ import annotations

from time import process_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clients import QUESTION
from benchmarks.report import Row, Section
from benchmarks.rounds import take_turns
from benchmarks.worker import Worker

_OFF = "off"
_WAYS = (_OFF, "on, without an SDK", "on", "on, with content")
_LIMITS = dict(zip(_WAYS, (1, 50, 200, 400), strict=True))
_EVENTS = 200  # of an answer
_OPTIONS = {"model": "m", "temperature": 0.5, "max_tokens": 500}


def costs(way: str, url: str, answers: int) -> tuple[float, float]:
    """Microseconds of CPU: of what is called for an answer, and of the whole answer over a socket,
    with all of the process's threads."""
    telemetry = None if way == _OFF else _instrument(way)
    try:
        return _called(answers * 10), _whole(url, answers)
    finally:
        if telemetry is not None:
            telemetry.uninstrument()


def _called(answers: int) -> float:
    """Straight to the two signals: a request costs so much that its noise would hide this."""
    from suggestions import SuggestionsEventSource, signals

    def made() -> SuggestionsEventSource:
        source = SuggestionsEventSource(
            QUESTION, url="http://localhost/", dialect="openai", options=_OPTIONS, start=False
        )
        for number in range(_EVENTS):
            source._answer.feed(f"word {number} ")
        source._answer.done()
        return source

    sources = [made() for _ in range(answers)]
    begun = process_time()
    for source in sources:
        signals.send_started(source)
        signals.send_finished(source)
    return (process_time() - begun) / answers * 1e6


def _whole(url: str, answers: int) -> float:
    from suggestions import SuggestionsEventSource

    def ask() -> None:
        source = SuggestionsEventSource(
            QUESTION, url=f"{url}/chat/completions", dialect="openai", options=_OPTIONS
        )
        source.result()
        source.join()

    ask()
    begun = process_time()
    for _ in range(answers):
        ask()
    return (process_time() - begun) / answers * 1e6


def _instrument(way: str) -> Any:
    from suggestions import otel

    if way == "on, without an SDK":
        return otel.instrument(content=False)
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    traces = TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(Nowhere()))
    metrics = MeterProvider([InMemoryMetricReader()])
    content = way == "on, with content"
    return otel.instrument(content=content, tracer_provider=traces, meter_provider=metrics)


def telemetry(bench: Bench) -> Section:
    url = bench.server.url(events=_EVENTS)
    count = bench.pick(100, 50, 3)
    sets, rounds = bench.pick((3, 6), (1, 4), (1, 1))

    def turn(worker: Worker, way: str) -> tuple[float, float]:
        called, whole = worker.call(costs, way, url, count)
        return called, whole

    measured = take_turns(
        _WAYS, turn, lambda figures: figures[0], sets=sets, rounds=rounds, warm_up=turn
    )

    def row(way: str) -> Row:
        called = measured.figure(lambda one: one[way][0])
        whole = measured.figure(lambda one: one[way][1]).median
        detail = f"{whole:.0f} µs for the whole answer"
        return Row(way, called, _LIMITS[way], " µs", detail)

    return Section("Telemetry", _TEXT, list(map(row, _WAYS)))


_TEXT = f"""\
Microseconds of CPU that `suggestions.otel.instrument()` takes for an answer of {_EVENTS} events: a
span and its metrics, with an exporter that drops them. But for content, it is the same for a long
answer as for a short one."""
