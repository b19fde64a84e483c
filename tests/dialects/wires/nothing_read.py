"""Kind 10: nothing that could be read is no empty success."""

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
    block,
    choices,
    chunk,
    completed,
    created,
    last_line,
    message_delta,
    message_start,
    named,
    sse,
    text_delta,
)
from wires.wire import JSON, NDJSON, Wire, done, failed

DASHSCOPE = (
    b"id:1\nevent:result\n:HTTP_STATUS/200\n"
    b'data:{"output":{"choices":[{"message":{"content":"Hi","role":"assistant"},'
    b'"finish_reason":"null"}]},"request_id":"r"}\n\n'
)


def strange(name: str, dialect: str, wire: bytes, *quotes: str, content_type: str = "") -> Wire:
    """A wire that the dialect cannot read; the error quotes it."""
    received = failed(NetworkError, quotes=quotes)
    if content_type:
        return Wire(name, dialect, wire, received, content_type=content_type)
    return Wire(name, dialect, wire, received)


STRANGE = [
    strange("DashScope's own wire, read with `json_lines`", "json_lines", DASHSCOPE, '"output"'),
    strange("DashScope's own wire, read with `openai`", "openai", DASHSCOPE, '"output"'),
    strange(
        "Gemini's own wire, read with `openai`",
        "openai",
        sse('{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}'),
        '"candidates"',
    ),
    strange(
        "Cohere's own wire, read with `openai`",
        "openai",
        named("message-start", id="c1")
        + named("content-delta", index=0, delta={"message": {"content": {"text": "Hi"}}})
        + named("message-end", delta={"finish_reason": "COMPLETE"}),
        "message-start",
    ),
    strange(
        "OpenAI's Responses, read with `openai`",
        "openai",
        created() + text_delta("Hi") + completed(),
        "response.created",
    ),
    strange(
        "Anthropic's messages, read with `openai`",
        "openai",
        SAYS_HI + message_delta() + MESSAGE_STOP,
        "message_start",
    ),
    strange(
        "a chat of OpenAI's, read with `anthropic`",
        "anthropic",
        HI + STOP + DONE,
        "chat.completion.chunk",
    ),
    strange(
        "a chat of OpenAI's, read with `responses`",
        "responses",
        HI + STOP + DONE,
        "chat.completion.chunk",
    ),
    strange(
        "a chat of OpenAI's, read with `relay`",
        "relay",
        sse('{"type":"chat","choices":[{"delta":{"content":"Hi"}}]}'),
        '"choices"',
    ),
    strange(
        "Dify's own wire, read with `openai`",
        "openai",
        sse('{"event":"message","answer":"Hi"}') + sse('{"event":"message_end"}'),
        '"answer"',
    ),
    strange(
        "Dify's own wire, read with `json_lines`",
        "json_lines",
        sse('{"event":"message","answer":"Hi"}'),
        '"answer"',
    ),
    strange(
        "a backend: named events only, read with `text`",
        "text",
        sse("Hi", "token") + sse("there", "token"),
        "token",
    ),
    strange(
        "Ollama's own wire, read with `openai`",
        "openai",
        b'{"model":"m1","message":{"role":"assistant","content":"Hi"},"done":false}\n'
        + last_line(),
        '"done"',
        content_type=NDJSON,
    ),
    strange(
        "Ollama's generate, read with `ollama`",
        "ollama",
        b'{"model":"m1","response":"Hi","done":false}\n'
        b'{"model":"m1","response":"","done":true,"done_reason":"stop"}\n',
        '"response"',
        content_type=NDJSON,
    ),
    strange(
        "OpenAI's models, in the place of an answer",
        "openai",
        b'{"object":"list","data":[{"id":"m1","object":"model"}]}',
        '"list"',
        content_type=JSON,
    ),
]

COUNTER_SAMPLES = [
    Wire(
        "counter-sample, OpenAI: an answer that is empty",
        "openai",
        chunk("", role="assistant") + STOP + DONE,
        done(),
    ),
    Wire(
        "counter-sample, Anthropic: an answer that is empty",
        "anthropic",
        message_start() + message_delta() + MESSAGE_STOP,
        done(usage=COUNTED),
    ),
    Wire(
        "counter-sample, OpenAI's Responses: an answer that is empty",
        "responses",
        created() + completed(),
        done(usage=COUNTED),
    ),
    Wire(
        "counter-sample, a gateway: chunks without anything before the first piece",
        "openai",
        choices() + chunk() + HI + THERE + choices() + STOP + DONE,
        done("Hi there"),
    ),
    Wire(
        "counter-sample, a gateway: events of its own between the chunks",
        "openai",
        sse({"stage": "search"}, "progress")
        + HI
        + sse({"stage": "rank"}, "progress")
        + STOP
        + DONE,
        done("Hi"),
    ),
    Wire(
        "counter-sample, Anthropic: events and blocks that came later",
        "anthropic",
        message_start()
        + named("message_note", text="new")
        + block(type="server_tool_use", id="s1", name="web_search", input={})
        + SAYS_HI[len(message_start()) :]
        + message_delta()
        + MESSAGE_STOP,
        done("Hi", usage=COUNTED),
    ),
]

TABLE = [*STRANGE, *COUNTER_SAMPLES]
