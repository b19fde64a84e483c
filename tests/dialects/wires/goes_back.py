"""Kind 13: what the service wants back as it came, as a part of the assistant's message."""

from __future__ import annotations

from typing import Any

from wires.shapes import (
    CALLED,
    CALLS,
    COUNTED,
    DONE,
    MESSAGE_STOP,
    OSLO,
    STOP,
    block,
    block_stop,
    body,
    call,
    calling,
    choice,
    choices,
    chunk,
    completion,
    input_piece,
    last_line,
    line,
    message_delta,
    message_start,
    named,
    piece,
    tool_block,
    whole,
)
from wires.wire import JSON, NDJSON, Wire, done

HOST = "api.openai.com"
"""The dialect's own address, which a wire is read with."""


def field(**fields: Any) -> dict[str, Any]:
    return {"type": "message_fields", "service": HOST, **fields}


def signed_call(call_id: str, extra: Any) -> dict[str, Any]:
    named = {"type": "call_fields", "service": HOST, "tool_call_id": call_id}
    return {**named, "extra_content": extra}


def chat(name: str, *events: bytes, parts: Any = (), text: str = "", **received: Any) -> Wire:
    said = {"calls": [CALLED], "finish": "tool_calls", "parts": parts, **received}
    return Wire(name, "openai", b"".join(events), done(text, **said))


WEATHER = call(OSLO, "weather", "call_1")
SIGNED = {"google": {"thought_signature": "c2ln"}}
FORMAT = "anthropic-claude-v1"
VERTEX = {"vertex": {"thought_signature": "dng="}}


def details(*each: dict[str, Any], **delta: Any) -> bytes:
    return chunk(**delta, reasoning_details=list(each))


def thought(index: Any = 0, **fields: Any) -> dict[str, Any]:
    named = {"type": "reasoning.text", "format": FORMAT, "index": index}
    return {**named, **fields}


def hidden(call_id: str) -> dict[str, Any]:
    named = {"type": "reasoning.encrypted", "id": call_id, "format": "google-gemini-v1"}
    return {**named, "index": 0, "data": "aGlk"}


def of_service(detail: dict[str, Any]) -> dict[str, Any]:
    return {**detail, "service": HOST}


CHATS = [
    chat(
        "DeepSeek: the reasoning of a round of tools",
        chunk(reasoning_content="", role="assistant"),
        chunk(reasoning_content="Hm", content=None),
        chunk(reasoning_content=" hm"),
        calling(WEATHER),
        CALLS,
        DONE,
        reasoning="Hm hm",
        parts=[field(reasoning_content="Hm hm")],
    ),
    Wire(
        "Moonshot: the reasoning of a round of tools, in a whole answer",
        "openai",
        completion("", "tool_calls", reasoning_content="Hm", tool_calls=[WEATHER]),
        done(
            calls=[CALLED],
            finish="tool_calls",
            reasoning="Hm",
            usage=COUNTED,
            parts=[field(reasoning_content="Hm")],
        ),
        content_type=JSON,
    ),
    chat(
        "Gemini: the signature of a call",
        calling(call(OSLO, "weather", "call_1", index=None, extra_content=SIGNED)),
        STOP,
        DONE,
        finish="stop",
        parts=[signed_call("call_1", SIGNED)],
    ),
    chat(
        "Gemini at Vertex: the signature of a call under its own name, one of two calls",
        calling(
            call(OSLO, "weather", "call_1", extra_content=VERTEX),
            call(OSLO, "weather", "call_2", index=1),
        ),
        CALLS,
        DONE,
        calls=[CALLED, CALLED],
        parts=[signed_call("call_1", VERTEX)],
    ),
    chat(
        "OpenRouter before Anthropic: thinking in pieces, the signature in one without text",
        details(thought(text="Hm"), reasoning="Hm"),
        details(thought(text=" hm", signature=None), reasoning=" hm"),
        details(thought(signature="c2ln")),
        details(thought(1, text="So")),
        calling(WEATHER),
        CALLS,
        DONE,
        reasoning="Hm hm",
        parts=[
            of_service(thought(text="Hm hm", signature="c2ln")),
            of_service(thought(1, text="So")),
        ],
    ),
    chat(
        "OpenRouter before Gemini: what is encrypted of two calls, both with the index 0",
        details({"type": "reasoning.summary", "summary": "Hm", "index": 0}),
        details(hidden("call_1"), hidden("call_2")),
        calling(WEATHER, call(OSLO, "weather", "call_2", index=1)),
        CALLS,
        DONE,
        calls=[CALLED, CALLED],
        parts=[
            of_service({"type": "reasoning.summary", "summary": "Hm", "index": 0}),
            of_service(hidden("call_1")),
            of_service(hidden("call_2")),
        ],
    ),
    Wire(
        "OpenRouter: the details in a whole answer, without an index",
        "openai",
        whole(
            choice(
                "tool_calls",
                message={
                    "content": "Hi",
                    "reasoning_details": [thought(None, text="a"), thought(None, text="b")],
                    "tool_calls": [WEATHER],
                },
            )
        ),
        done(
            "Hi",
            calls=[CALLED],
            finish="tool_calls",
            usage=COUNTED,
            parts=[
                {"type": "reasoning.text", "format": FORMAT, "text": text, "service": HOST}
                for text in ("a", "b")
            ]
            + [{"type": "text", "text": "Hi"}],
        ),
        content_type=JSON,
    ),
    chat(
        "counter-sample, DeepSeek: the reasoning of an answer without tools stays here",
        chunk(reasoning_content="Hm"),
        chunk("Hi"),
        STOP,
        DONE,
        text="Hi",
        reasoning="Hm",
        calls=[],
        finish="stop",
    ),
    chat(
        "counter-sample, a gateway: fields of these names that are something else",
        chunk(reasoning_content={"text": "Hm"}, reasoning_details="x"),
        details({"type": "x"}, {"type": "reasoning.new", "text": "y"}),
        choices(choice(None, 1, delta={"reasoning_content": "No", "tool_calls": [WEATHER]})),
        calling({**WEATHER, "extra_content": None}),
        CALLS,
        DONE,
        reasoning="Hm",
    ),
]


def thinking(index: int = 0, **block_fields: Any) -> bytes:
    return block(index, type="thinking", thinking="", signature="", **block_fields)


def thought_piece(text: str, index: int = 0) -> bytes:
    delta = {"type": "thinking_delta", "thinking": text}
    return named("content_block_delta", index=index, delta=delta)


def signature(text: str = "c2ln", index: int = 0) -> bytes:
    delta = {"type": "signature_delta", "signature": text}
    return named("content_block_delta", index=index, delta=delta)


def signed(text: str, signature: str = "c2ln") -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": signature}


REDACTED = {"type": "redacted_thinking", "data": "aGlkZGVu"}
TOOL_USE = message_delta("tool_use") + MESSAGE_STOP
USED_TOOL = {"calls": [CALLED], "usage": COUNTED, "finish": "tool_calls"}


def weather(index: int) -> bytes:
    return tool_block(index=index) + input_piece(OSLO, index) + block_stop(index)


ANTHROPIC = [
    Wire(
        "Anthropic: signed and redacted thinking before a text and a tool",
        "anthropic",
        message_start()
        + thinking()
        + thought_piece("Hm")
        + thought_piece(" hm")
        + signature()
        + block_stop()
        + block(1, **REDACTED)
        + block_stop(1)
        + block(2, type="text", text="")
        + piece("I look.", 2)
        + block_stop(2)
        + weather(3)
        + TOOL_USE,
        done(
            "I look.",
            reasoning="Hm hm",
            parts=[signed("Hm hm"), REDACTED, {"type": "text", "text": "I look."}],
            **USED_TOOL,
        ),
    ),
    Wire(
        "Anthropic: thinking that is not shown (`display: omitted`)",
        "anthropic",
        message_start() + thinking() + signature() + block_stop() + weather(1) + TOOL_USE,
        done(parts=[signed("")], **USED_TOOL),
    ),
    Wire(
        "Anthropic: thinking, a text, more thinking",
        "anthropic",
        message_start()
        + thinking()
        + thought_piece("a")
        + signature()
        + block_stop()
        + block(1, type="text", text="")
        + piece("Hi", 1)
        + block_stop(1)
        + thinking(2)
        + thought_piece("b", 2)
        + signature("Mg==", 2)
        + block_stop(2)
        + weather(3)
        + TOOL_USE,
        done(
            "Hi",
            reasoning="ab",
            parts=[signed("a"), {"type": "text", "text": "Hi"}, signed("b", "Mg==")],
            **USED_TOOL,
        ),
    ),
    Wire(
        "Anthropic: signed and redacted thinking in a whole answer",
        "anthropic",
        body(
            id="a1",
            type="message",
            role="assistant",
            model="m1",
            content=[
                signed("Hm"),
                REDACTED,
                {"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Oslo"}},
            ],
            stop_reason="tool_use",
            usage={"input_tokens": 7, "output_tokens": 3},
        ),
        done(reasoning="Hm", parts=[signed("Hm"), REDACTED], **USED_TOOL),
        content_type=JSON,
    ),
    Wire(
        "counter-sample, a gateway before Anthropic: thinking without a signature",
        "anthropic",
        message_start() + thinking() + thought_piece("Hm") + block_stop() + weather(1) + TOOL_USE,
        done(reasoning="Hm", **USED_TOOL),
    ),
]

OLLAMA = [
    Wire(
        "Ollama: the thinking of a round of tools",
        "ollama",
        line(thinking="Hm")
        + line(thinking=" hm")
        + line(tool_calls=[{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}])
        + last_line(),
        done(
            reasoning="Hm hm",
            calls=[CALLED],
            usage=COUNTED,
            parts=[{"type": "message_fields", "service": "ollama", "thinking": "Hm hm"}],
        ),
        content_type=NDJSON,
    ),
    Wire(
        "counter-sample, Ollama: the thinking of an answer without tools stays here",
        "ollama",
        line(thinking="Hm") + line("Hi") + last_line(),
        done("Hi", reasoning="Hm", usage=COUNTED),
        content_type=NDJSON,
    ),
]

TABLE = [*CHATS, *ANTHROPIC, *OLLAMA]
