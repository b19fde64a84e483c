"""Kind 7: the stream under another media type, and another thing under the stream's."""

from __future__ import annotations

from suggestions.errors import NetworkError
from wires.shapes import (
    COUNTED,
    DONE,
    HI,
    MESSAGE_STOP,
    SAYS_HI,
    STOP,
    THERE,
    body,
    completed,
    completion,
    last_line,
    line,
    message_delta,
    message_item,
    opened,
    sse,
    text_delta,
)
from wires.wire import HTML, JSON, NDJSON, PLAIN, SSE, Wire, done, failed

EVENTS = HI + THERE + STOP + DONE
SAID = done("Hi there")
COUNTED_HI = done("Hi", usage=COUNTED)
PAGE = b"<!doctype html><html><head><title>One API</title></head><body></body></html>\n"


def chat(name: str, content_type: str) -> Wire:
    """A chat under this media type."""
    return Wire(name, "openai", EVENTS, SAID, content_type=content_type)


EVENTS_ELSEWHERE = [
    chat("a relay: the events as text/plain", PLAIN),
    chat("a relay: the events as application/json", JSON),
    chat("a backend: events without a media type", ""),
    chat("LitServe: the events as application/x-ndjson", NDJSON),
    chat("a PHP backend: the events as text/html", HTML),
    chat("a proxy: the events as application/octet-stream", "application/octet-stream"),
    chat("a Java backend: another case, and a charset", "Text/Event-Stream;charset=UTF-8"),
    Wire(
        "claude-code-router-next: a comment first, as application/json",
        "openai",
        b": ping\n\n" + EVENTS,
        SAID,
        content_type=JSON,
    ),
    Wire(
        "a gateway before Anthropic: the events as application/json",
        "anthropic",
        SAYS_HI + message_delta() + MESSAGE_STOP,
        COUNTED_HI,
        content_type=JSON,
    ),
    Wire(
        "a gateway: Responses as text/plain",
        "responses",
        opened() + text_delta("Hi") + completed(message_item("Hi")),
        COUNTED_HI,
        content_type=PLAIN,
    ),
    Wire(
        "a backend: texts in events, as text/plain",
        "json_lines",
        sse({"message": "Hi"}) + sse({"message": " there"}) + DONE,
        done("Hi there", finish=None),
        content_type=PLAIN,
    ),
]

OTHERS_ELSEWHERE = [
    Wire(
        "a Flask view: raw text as text/event-stream",
        "text",
        "Über Köln — fine.\n\nTwo lines: done.\n".encode(),
        done("Über Köln — fine.\n\nTwo lines: done.\n", finish=None),
    ),
    Wire(
        "a Flask view: raw text of one line as text/event-stream",
        "text",
        b"Hello, Jo.",
        done("Hello, Jo.", finish=None),
    ),
    Wire(
        "9router: a whole answer as text/event-stream, then [DONE]",
        "openai",
        completion("Hi") + b"\n\n" + DONE,
        COUNTED_HI,
    ),
    Wire(
        "a gateway: a whole answer as text/event-stream",
        "openai",
        completion("Hi"),
        COUNTED_HI,
    ),
    Wire(
        "a gateway: a whole answer as text/plain",
        "openai",
        completion("Hi"),
        COUNTED_HI,
        content_type=PLAIN,
    ),
    Wire(
        "a gateway: a whole answer without a media type",
        "openai",
        completion("Hi"),
        COUNTED_HI,
        content_type="",
    ),
    Wire(
        "a proxy before Ollama: the lines as application/json",
        "ollama",
        line("Hi") + last_line(),
        COUNTED_HI,
        content_type=JSON,
    ),
    Wire(
        "a proxy before Ollama: the lines as text/plain",
        "ollama",
        line("Hi") + last_line(),
        COUNTED_HI,
        content_type=PLAIN,
    ),
    Wire(
        "a proxy before Ollama: the lines as events",
        "ollama",
        sse(line("Hi").strip()) + sse(last_line().strip()),
        COUNTED_HI,
    ),
    Wire(
        "one-api: its own page, as the path is wrong",
        "openai",
        PAGE,
        failed(NetworkError, quotes=["<!doctype html>"]),
        content_type=HTML,
    ),
    Wire(
        "a gateway: a page of HTML as text/event-stream",
        "openai",
        PAGE,
        failed(NetworkError, quotes=["<!doctype html>"]),
    ),
    Wire(
        "a server: a sentence as text/plain",
        "openai",
        b"upstream connect error or disconnect/reset before headers\n",
        failed(NetworkError, quotes=["upstream connect error"]),
        content_type=PLAIN,
    ),
    Wire(
        "a server: some other JSON",
        "openai",
        body(status="ok", version="1.2"),
        failed(NetworkError, quotes=['"version"']),
        content_type=JSON,
    ),
]

COUNTER_SAMPLES = [
    Wire(
        "counter-sample, any service: a whole answer as application/json",
        "openai",
        completion("Hi"),
        COUNTED_HI,
        content_type=JSON,
    ),
    Wire(
        "counter-sample, a backend: true events for `text`",
        "text",
        b"data: Hi\n\ndata:  there\n\n",
        done("Hi there", finish=None),
        content_type=SSE,
    ),
    Wire(
        "counter-sample, a backend: events whose first is a comment, for `text`",
        "text",
        b": ping\n\ndata: Hi\n\n",
        done("Hi", finish=None),
    ),
    Wire(
        "counter-sample, a backend: text/plain that speaks of `data:`",
        "text",
        b"Say data: and a blank line.\n\ndata: is a field.",
        done("Say data: and a blank line.\n\ndata: is a field.", finish=None),
        content_type=PLAIN,
    ),
    Wire(
        "counter-sample, a backend: text/plain that is JSON",
        "text",
        b'{"choices": []}',
        done('{"choices": []}', finish=None),
        content_type=PLAIN,
    ),
]

TABLE = [*EVENTS_ELSEWHERE, *OTHERS_ELSEWHERE, *COUNTER_SAMPLES]
