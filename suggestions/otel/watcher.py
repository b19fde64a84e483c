"""`instrument`: what is recorded when a source starts, and when nothing more of it is read."""

from __future__ import annotations

import atexit
import os
import time
import weakref
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import context as contexts
from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from .. import __version__, signals
from .._util.elapsed import monotonic
from .._util.redaction import redactor
from . import attributes as names
from . import content
from .instruments import Instruments, wants_newest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context
    from opentelemetry.trace import Span
    from typing_extensions import Self

    from .._sources.answer import Answer
    from .._sources.intake import Intake
    from .._sources.suggestions_event_source import SuggestionsEventSource
    from ..errors import SuggestionsError
    from .attributes import Attributes

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_ON_SPANS = ("span_only", "span_and_event", "true")
_NAME = "suggestions"


class _Record(NamedTuple):
    """One answer that is under way. Nothing of it refers to the source, which it must not keep."""

    span: Span
    context: Context  # with the span
    common: Attributes  # of the span and the metrics
    began: float  # by monotonic()
    began_ns: int  # since 1970
    is_stream: bool


class Instrumentation:
    """What `instrument()` has begun; also a context manager that undoes it at its end."""

    __module__ = __name__.rpartition(".")[0]

    def __init__(
        self,
        content: bool,
        tracer_provider: trace.TracerProvider | None,
        meter_provider: metrics.MeterProvider | None,
    ) -> None:
        self._content = content
        self._tracer = trace.get_tracer(_NAME, __version__, tracer_provider)
        meter = metrics.get_meter(_NAME, __version__, meter_provider)
        self._instruments = Instruments(meter, newest=wants_newest())
        self._records: weakref.WeakKeyDictionary[Any, _Record] = weakref.WeakKeyDictionary()
        self._watches: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        # A source may be dropped at any moment, even while this very thread holds a lock of the
        # SDK. So then it is only noted, and its span ends when another one begins or ends.
        self._dropped: SimpleQueue[tuple[_Record, float]] = SimpleQueue()
        signals.started.connect(self._begin)
        signals.finished.connect(self._end)
        atexit.register(self._end_all)

    def uninstrument(self) -> None:
        """Nothing more is recorded. The spans of answers that are under way end now. Calling it
        again does nothing."""
        global _current
        signals.started.disconnect(self._begin)
        signals.finished.disconnect(self._end)
        atexit.unregister(self._end_all)
        self._end_all()
        if _current is self:
            _current = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.uninstrument()

    def _begin(self, source: SuggestionsEventSource) -> None:
        """On the thread and in a copy of the context of who asks."""
        self._end_dropped()
        request, body = source._reader._request, _body_of(source)
        is_stream = request.headers.get("Accept") != "application/json"
        common = names.of_service(source._dialect.name, request, body)
        model = common.get(names.REQUEST_MODEL)
        began, began_ns = monotonic(), time.time_ns()
        span = self._tracer.start_span(
            f"chat {model}" if model else "chat",
            kind=SpanKind.CLIENT,
            attributes=common,
            start_time=began_ns,
        )
        if span.is_recording():
            span.set_attributes(names.of_request(body, is_stream=is_stream))
        context = trace.set_span_in_context(span)
        # This is the source's copy of the context: what its thread does belongs to the span.
        contexts.attach(context)
        record = _Record(span, context, common, began, began_ns, is_stream)
        self._watches[source] = watch = weakref.finalize(source, self._note_dropped, record)
        watch.atexit = False
        self._records[source] = record

    def _note_dropped(self, record: _Record) -> None:
        self._dropped.put((record, monotonic()))

    def _end_dropped(self) -> None:
        while True:
            try:
                record, moment = self._dropped.get_nowait()
            except Empty:
                return
            found: Attributes = {names.FINISH_REASONS: ("error",)}
            self._record(record, found, max(0.0, moment - record.began), {})

    def _end_all(self) -> None:
        self._end_dropped()
        for source in list(self._records):
            self._end(source)

    def _end(self, source: SuggestionsEventSource) -> None:
        self._end_dropped()
        record = self._records.pop(source, None)  # of two threads, one gets it
        if record is None:
            return
        self._watches.pop(source).detach()
        answer = source._answer
        ended = source._intake.ended_at or monotonic()
        found = names.of_answer(answer)
        first = _first_chunk(source._intake, answer, ended) if record.is_stream else None
        if first is not None:
            found[names.FIRST_CHUNK] = max(0.0, first - record.began)
        if self._content and record.span.is_recording():
            record.span.set_attributes(_content_of(source))
        if answer.error is not None:
            # The error's own words may quote what was asked or answered.
            said = answer.error.message if self._content else _named(answer.error)
            record.span.set_status(Status(StatusCode.ERROR, said))
        usage = answer.usage
        tokens = {"input": usage.prompt_tokens, "output": usage.completion_tokens} if usage else {}
        self._record(record, found, max(0.0, ended - record.began), tokens)

    def _record(
        self, record: _Record, found: Attributes, duration: float, tokens: Mapping[str, int]
    ) -> None:
        """Ends the span, `duration` seconds after its beginning, and records the metrics."""
        record.span.set_attributes(found)
        record.span.end(record.began_ns + int(duration * 1e9))
        self._instruments.record(record.common, found, duration, tokens, record.context)


def _body_of(source: SuggestionsEventSource) -> Mapping[str, Any]:
    """The body of the request, if it is an object."""
    body = source._reader._request.json
    return body if isinstance(body, dict) else {}


def _content_of(source: SuggestionsEventSource) -> Attributes:
    """To be called at the end: not before the request is sent, the token is known."""
    redact = redactor(source._reader.credential.secrets)
    asked = content.of_question(source._question, source._dialect.name, _body_of(source), redact)
    return {**asked, **content.of_answer(source._answer, redact)}


def _first_chunk(intake: Intake, answer: Answer, ended: float) -> float | None:
    """When the first message came that the dialect understood; None if none did."""
    if intake.first_at is None and answer.is_understood and answer.error is None:
        return ended  # one read has brought all of it
    return intake.first_at


def _named(error: SuggestionsError) -> str:
    return error.code if error.status is None else f"{error.code}, status {error.status}"


_current: Instrumentation | None = None


def instrument(
    *,
    content: bool | None = None,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
) -> Instrumentation:
    """Records each answer that is asked for from now on: a span, and the metrics of it.

    The span begins when the question is asked, and its parent is the span that is current there; it
    ends when the answer is done, has failed or was closed. This includes those of a conversation,
    of `run_tools`, of a `Suggester` and of a relay.

    - `content`: whether spans also have the question, the answer and the tools. By default, what
      the variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says: "SPAN_ONLY",
      "SPAN_AND_EVENT" or "true" for yes.
    - `tracer_provider`, `meter_provider`: by default those that the program has set up.

    Returns an object that undoes it. A second call replaces the first one. Raises `TypeError` if
    `content` is not a bool.
    """
    global _current
    if not isinstance(content, (bool, type(None))):
        raise TypeError(f"content must be a bool or None, not {type(content).__name__}")
    if content is None:
        content = os.environ.get(CONTENT, "").strip().lower() in _ON_SPANS
    uninstrument()
    _current = Instrumentation(content, tracer_provider, meter_provider)
    return _current


def uninstrument() -> None:
    """Undoes `instrument()`. If nothing is instrumented, it does nothing."""
    if _current is not None:
        _current.uninstrument()
