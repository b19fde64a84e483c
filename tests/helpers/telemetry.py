"""What an answer's telemetry is recorded with: OpenTelemetry's own SDK, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from waiting import eventually


class Point(NamedTuple):
    """One series of a metric."""

    unit: str
    attributes: Mapping[str, Any]
    data: Any


class Recorded:
    """Two providers, and what they were given."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self.reader])
        self.tracer = self.tracer_provider.get_tracer("tests")

    @property
    def providers(self) -> dict[str, Any]:
        return {"tracer_provider": self.tracer_provider, "meter_provider": self.meter_provider}

    def spans(self, count: int = 0) -> list[ReadableSpan]:
        """The spans of answers, once there are so many. Each may end just after the last event."""
        if count:
            eventually(lambda: len(self.spans()) >= count)
        return [
            span
            for span in self.exporter.get_finished_spans()
            if span.instrumentation_scope is not None
            and span.instrumentation_scope.name == "suggestions"
        ]

    def span(self) -> ReadableSpan:
        """The only one."""
        (span,) = self.spans(1)
        return span

    def metrics(self) -> dict[str, list[Point]]:
        data = self.reader.get_metrics_data()
        scopes = [scope for kept in data.resource_metrics for scope in kept.scope_metrics]
        return {
            metric.name: [
                Point(metric.unit, dict(point.attributes or {}), point)
                for point in metric.data.data_points
            ]
            for scope in scopes
            for metric in scope.metrics
        }
