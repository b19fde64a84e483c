"""Kind 9: counts of tokens, and the seconds to wait."""

from __future__ import annotations

from typing import Any

from suggestions.errors import QuotaExceededError, ServiceUnavailableError
from wires.shapes import (
    COUNTED,
    DONE,
    HI,
    MESSAGE_STOP,
    STOP,
    USAGE,
    block,
    block_stop,
    body,
    choice,
    choices,
    completed,
    completion,
    last_line,
    line,
    message_delta,
    message_item,
    message_start,
    opened,
    piece,
    text_delta,
    usage,
    whole,
)
from wires.wire import JSON, NDJSON, Wire, done, failed

COUNTED_HI = done("Hi", usage=COUNTED)
NOT_COUNTED = done("Hi", usage=None)
FLOATS = {name: float(count) for name, count in USAGE.items()}


def chat(name: str, *events: bytes, counted: tuple[int, int] | None = COUNTED) -> Wire:
    return Wire(name, "openai", b"".join(events), done("Hi", usage=counted))


CHATS = [
    chat(
        "Moonshot: the counts within the choice",
        HI,
        choices(choice("stop", delta={}, usage=USAGE)),
        DONE,
    ),
    chat(
        "Groq: the counts within `x_groq`",
        HI,
        choices(choice("stop", delta={}), x_groq={"id": "req_1", "usage": USAGE}),
        DONE,
    ),
    chat("a gateway: counts that are `7.0`", HI, STOP, usage(**FLOATS), DONE),
    chat(
        "Cloudflare Workers AI: counts beside a fraction of neurons",
        HI,
        choices(choice("stop", delta={}), usage={**USAGE, "neurons": 0.2048}),
        DONE,
    ),
    chat("xAI, DashScope: the counts in a chunk without a choice", HI, STOP, usage(), DONE),
    chat(
        "Together: the counts in the chunk with the reason to stop",
        HI,
        choices(choice("stop", delta={}), usage=USAGE),
        DONE,
    ),
    chat(
        "vLLM: growing counts in each chunk",
        choices(choice(delta={"content": "Hi"}), usage={**USAGE, "completion_tokens": 1}),
        choices(choice("stop", delta={}), usage=USAGE),
        DONE,
    ),
    chat(
        "a gateway: the counts, then the same with a cost",
        HI,
        choices(choice("stop", delta={}), usage=USAGE),
        usage(cost=0.01),
        DONE,
    ),
    chat(
        "LiteLLM: empty counts in each chunk but the last",
        choices(choice(delta={"content": "Hi"}), usage={}),
        choices(choice("stop", delta={}), usage={}),
        usage(),
        DONE,
    ),
    chat(
        "counter-sample, OpenAI: counts of null in each chunk but the last",
        choices(choice(delta={"content": "Hi"}), usage=None),
        choices(choice("stop", delta={}), usage=None),
        usage(),
        DONE,
    ),
    chat("counter-sample, OpenAI: no counts were asked for", HI, STOP, DONE, counted=None),
    chat(
        "counter-sample, a gateway: nothing but empty counts",
        choices(choice(delta={"content": "Hi"}), usage={}),
        choices(choice("stop", delta={}), usage={}),
        DONE,
        counted=None,
    ),
    Wire(
        "a gateway: counts that are `7.0`, of a whole answer",
        "openai",
        whole(choice("stop", message={"role": "assistant", "content": "Hi"}), usage=FLOATS),
        COUNTED_HI,
        content_type=JSON,
    ),
    Wire(
        "counter-sample, any service: the counts of a whole answer",
        "openai",
        completion("Hi"),
        COUNTED_HI,
        content_type=JSON,
    ),
]


def messages(name: str, start: dict[str, Any], end: dict[str, Any]) -> Wire:
    """Anthropic's events with counts at the start and at the end."""
    events = (
        message_start(**start)
        + block()
        + piece("Hi")
        + block_stop()
        + message_delta(**end)
        + MESSAGE_STOP
    )
    return Wire(name, "anthropic", events, COUNTED_HI)


CACHED = {"input_tokens": 1, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2}

OTHERS = [
    messages("Anthropic: the question at the start, the answer at the end", {}, {}),
    messages(
        "LiteLLM for Anthropic's clients: zeros at the start, all at the end",
        {"input_tokens": 0, "output_tokens": 0},
        {"input_tokens": 7, "output_tokens": 3},
    ),
    messages(
        "Anthropic: what its cache reads and writes, and all of it again at the end",
        CACHED,
        {**CACHED, "output_tokens": 3},
    ),
    messages("Anthropic: what its cache reads and writes, at the start alone", CACHED, {}),
    messages(
        "a gateway before Anthropic: at the end, the cache without the rest of the question",
        CACHED,
        {"cache_read_input_tokens": 4, "input_tokens": None},
    ),
    messages(
        "a gateway before Anthropic: counts that are `7.0`",
        {"input_tokens": 7.0},
        {"output_tokens": 3.0},
    ),
    messages(
        "a gateway before Anthropic: nulls beside the counts",
        {"cache_read_input_tokens": None},
        {"input_tokens": None},
    ),
    Wire(
        "a gateway: Responses with counts that are `7.0`",
        "responses",
        opened()
        + text_delta("Hi")
        + completed(message_item("Hi"), usage={"input_tokens": 7.0, "output_tokens": 3.0}),
        COUNTED_HI,
    ),
    Wire(
        "Ollama: no count of a question that it has in its cache",
        "ollama",
        line("Hi") + last_line(eval_count=3),
        done("Hi", usage=(0, 3)),
        content_type=NDJSON,
    ),
    Wire(
        "a proxy before Ollama: counts that are `7.0`",
        "ollama",
        line("Hi") + last_line(prompt_eval_count=7.0, eval_count=3.0),
        COUNTED_HI,
        content_type=NDJSON,
    ),
]


def waiting(name: str, status: int, seconds: float, **headers: str) -> Wire:
    """A refusal with a header that says how long to wait."""
    kind = QuotaExceededError if status == 429 else ServiceUnavailableError
    return Wire(
        name,
        "openai",
        body(error={"message": "slow down", "type": "requests"}),
        failed(kind, quotes=["slow down"], retry_after=seconds),
        status=status,
        content_type=JSON,
        headers={key.replace("_", "-"): value for key, value in headers.items()},
    )


DELAYS = [
    waiting("OpenAI, Azure: `retry-after-ms`", 429, 1.5, retry_after_ms="1500"),
    waiting(
        "Azure: `retry-after-ms` is finer than `Retry-After`",
        429,
        0.25,
        retry_after_ms="250",
        Retry_After="1",
    ),
    waiting("Azure: `retry-after-ms` of a service that is busy", 503, 2.0, retry_after_ms="2000"),
    waiting("counter-sample, Groq: `Retry-After`", 429, 2.0, Retry_After="2"),
    waiting(
        "counter-sample, a gateway: a `retry-after-ms` that is no number",
        429,
        3.0,
        retry_after_ms="soon",
        Retry_After="3",
    ),
]

TABLE = [*CHATS, *OTHERS, *DELAYS]
