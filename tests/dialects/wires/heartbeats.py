"""Kind 8: heartbeats, also those with content, are no part of an answer."""

from __future__ import annotations

from wires.shapes import (
    COUNTED,
    DONE,
    HI,
    MESSAGE_STOP,
    SAYS_HI,
    STOP,
    THERE,
    block,
    block_stop,
    chunk,
    completed,
    last_line,
    line,
    message_delta,
    message_item,
    message_start,
    named,
    opened,
    piece,
    sse,
    text_delta,
)
from wires.wire import NDJSON, Wire, done

SAID = done("Hi there")
COUNTED_HI = done("Hi", usage=COUNTED)
TIMED = b"event: ping\r\ndata: 2026-01-01 01:35:43.686476\r\n\r\n"
PING = sse({"type": "ping"}, "ping")
BEAT = {"type": "heartbeat", "timestamp": "2026-01-01T01:35:43Z"}
REST = block() + piece("Hi") + block_stop() + message_delta() + MESSAGE_STOP


def chat(name: str, beat: bytes, first: bytes = b"") -> Wire:
    """A chat with a heartbeat between its pieces, and perhaps another before them."""
    return Wire(name, "openai", first + HI + beat + THERE + beat + STOP + DONE, SAID)


def chosen(name: str, first: bytes) -> Wire:
    """A chat after a heartbeat, read with `auto`."""
    return Wire(name, "auto", first + HI + THERE + STOP + DONE, SAID)


CHATS = [
    chat("OpenRouter: comments", b": OPENROUTER PROCESSING\n\n", b": OPENROUTER PROCESSING\n\n"),
    chat("llama.cpp: an empty comment", b":\n\n"),
    chat("DeepInfra: a comment with a time", b": ping - 2026-04-12 18:31:25.1+00:00\r\n\r\n"),
    chat("LLM Gateway: a comment without a blank line", b": ping\n"),
    chat("Manifest: a comment as data", sse(": OPENROUTER PROCESSING")),
    chat("chat2api: a time as the data of `event: ping`", TIMED),
    chat("a gateway: `event: ping` with a JSON of its own", PING),
    chat("a proxy: an empty `data:`", b"data:\n\n", b"data: \n\n"),
    chat("a gateway: an event without data", b"event: heartbeat\n\n"),
    chat("DeepSeek: comments and blank lines", b": keep-alive\n\n\n\n"),
    Wire(
        "counter-sample, OpenAI: texts that look like a heartbeat",
        "openai",
        chunk("ping", role="assistant")
        + chunk(": ping")
        + chunk("2026-01-01 01:35:43.686476")
        + STOP
        + DONE,
        done("ping: ping2026-01-01 01:35:43.686476"),
    ),
    Wire(
        "counter-sample, OpenAI: a piece of blanks is text",
        "openai",
        HI + chunk(" ") + chunk("\n\n") + STOP + DONE,
        done("Hi \n\n"),
    ),
]

OTHERS = [
    Wire(
        "a gateway before Anthropic: a time as the data of `event: ping`",
        "anthropic",
        message_start() + TIMED + REST,
        COUNTED_HI,
    ),
    Wire(
        "copilot-api: an empty `data:` with `event: ping`",
        "anthropic",
        b"event: ping\ndata: \n\n" + message_start() + b"event: ping\ndata: \n\n" + REST,
        COUNTED_HI,
    ),
    Wire(
        "Anthropic: its own pings",
        "anthropic",
        message_start() + PING + REST,
        COUNTED_HI,
    ),
    Wire(
        "Codex's backend: `event: keepalive`",
        "responses",
        opened()
        + named("keepalive", sequence_number=3)
        + text_delta("Hi")
        + named("keepalive", sequence_number=5)
        + completed(message_item("Hi")),
        COUNTED_HI,
    ),
    Wire(
        "a gateway: a time as the data of `event: ping`, in Responses",
        "responses",
        opened() + TIMED + text_delta("Hi") + completed(message_item("Hi")),
        COUNTED_HI,
    ),
    Wire(
        "a proxy before Ollama: blank lines",
        "ollama",
        b"\n\n" + line("Hi") + b"\n" + last_line(),
        COUNTED_HI,
        content_type=NDJSON,
    ),
    Wire(
        "a backend: a time as the data of `event: ping`, for `json_lines`",
        "json_lines",
        sse({"message": "Hi"}) + TIMED + DONE,
        done("Hi", finish=None),
    ),
    Wire(
        "a backend: a time as the data of `event: ping`, for `relay`",
        "relay",
        sse({"type": "content", "data": "Hi"}) + TIMED + sse({"type": "done"}),
        done("Hi", finish=None),
    ),
    Wire(
        "a backend: a time as the data of `event: ping`, for `text`",
        "text",
        b"data: Hi\n\n" + TIMED + b"data:  there\n\n",
        done("Hi there", finish=None),
    ),
    Wire(
        "counter-sample, a backend: `ping` is a text for `text`",
        "text",
        b"data: ping\n\ndata: : ping\n\n",
        done("ping: ping", finish=None),
    ),
]

AUTO = [
    chosen("a proxy: an empty `data:` before the first message", b"data: \n\n"),
    chosen("Manifest: a comment as data before the first message", sse(": ping")),
    chosen("OpenRouter: comments before the first message", b": OPENROUTER PROCESSING\n\n" * 2),
    chosen("a gateway: `event: ping` with a JSON before the first message", PING),
    chosen("a backend: a heartbeat as JSON before the first message", sse(BEAT)),
    chosen("chat2api: a time as data of `event: ping` before the first message", TIMED),
    Wire(
        "a proxy before Anthropic: an empty `data:` before the first message",
        "auto",
        b"data:\n\n" + SAYS_HI + message_delta() + MESSAGE_STOP,
        COUNTED_HI,
    ),
    Wire(
        "a gateway before Anthropic: a ping before the first message",
        "auto",
        PING + SAYS_HI + message_delta() + MESSAGE_STOP,
        COUNTED_HI,
    ),
    Wire(
        "Codex's backend: `event: keepalive` before the first message",
        "auto",
        named("keepalive", sequence_number=1)
        + opened()
        + text_delta("Hi")
        + completed(message_item("Hi")),
        COUNTED_HI,
    ),
    Wire(
        "counter-sample, a backend: a first piece that is called like a heartbeat",
        "auto",
        sse({"message": "ping"}) + sse({"message": "!"}),
        done("ping!", finish=None),
    ),
    Wire(
        "counter-sample, the chatbot backend: a first piece that is empty",
        "auto",
        b"event: message\ndata: \n\nevent: message\ndata: Hello\n\nevent: message\ndata: \n\n",
        done("Hello", finish=None),
    ),
]

TABLE = [*CHATS, *OTHERS, *AUTO]
