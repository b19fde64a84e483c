"""Kind 3: what is complete is no failure, and what is cut is no success."""

from __future__ import annotations

import re

from suggestions.errors import IncompleteStreamError
from wires.shapes import (
    COUNTED,
    DONE,
    HI,
    MESSAGE_STOP,
    SAYS_HI,
    STOP,
    THERE,
    USAGE,
    choice,
    choices,
    chunk,
    completed,
    last_line,
    line,
    message_delta,
    message_item,
    named,
    opened,
    response,
    sse,
    text_delta,
    usage,
)
from wires.wire import NDJSON, Wire, done, failed

SAID = done("Hi there")
CUT = failed(IncompleteStreamError, "Hi there")
COUNTS = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}

CHATS = [
    Wire(
        "Perplexity: a reason to stop, the counts, and the end of the body without [DONE]",
        "openai",
        HI + THERE + choices(choice("stop", delta={}), usage=USAGE),
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "a gateway: the counts after the reason to stop, and no [DONE]",
        "openai",
        HI + THERE + STOP + usage(),
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "a gateway: cut off by max_tokens, and no [DONE]",
        "openai",
        HI + THERE + chunk(None, "length"),
        done("Hi there", finish="length"),
    ),
    Wire(
        "llama.cpp: [DONE] without a blank line after it",
        "openai",
        HI + THERE + STOP + b"data: [DONE]\n",
        SAID,
    ),
    Wire(
        "a gateway: [DONE] without any line end after it",
        "openai",
        HI + THERE + STOP + b"data: [DONE]",
        SAID,
    ),
    Wire(
        "a gateway: [DONE] as a text in JSON",
        "openai",
        HI + THERE + STOP + b'data: "[DONE]"\n\n',
        SAID,
    ),
    Wire(
        "a gateway: [DONE] without its field",
        "openai",
        HI + THERE + STOP + b"[DONE]\n",
        SAID,
    ),
    Wire(
        "a proxy: words of its own in place of the rest",
        "openai",
        HI + THERE + b"upstream connect error\n",
        failed(IncompleteStreamError, "Hi there", quotes=["upstream connect error"]),
    ),
    Wire(
        "a gateway: `data:[DONE]` without the space, and CRLF for line ends",
        "openai",
        (HI + THERE + STOP).replace(b"data: ", b"data:").replace(b"\n", b"\r\n")
        + b"data:[DONE]\r\n\r\n",
        SAID,
    ),
    Wire(
        "Gemini in 2024: [DONE], and the reason to stop as `finishReason`",
        "openai",
        HI + THERE + choices({**choice(delta={}), "finishReason": "length"}) + DONE,
        done("Hi there", finish="length"),
    ),
    Wire(
        "Zhipu, Moonshot: no blank line between two chunks",
        "openai",
        (HI + THERE).replace(b"\n\n", b"\n") + b"\n" + STOP + DONE,
        SAID,
    ),
    Wire(
        "a proxy: no blank line at all",
        "openai",
        (HI + THERE + STOP + DONE).replace(b"\n\n", b"\n"),
        SAID,
    ),
    Wire(
        "counter-sample, a proxy: a chunk in several lines, and one cut off",
        "openai",
        HI
        + THERE.replace(b'"choices"', b'\ndata: "choices"').replace(b"[{", b"[\ndata: {")
        + STOP.replace(b"\n\n", b"\n")
        + b'data: {"choices": [',
        CUT,
    ),
    Wire(
        "Gemini's proxies: [DONE], and no reason to stop at all",
        "openai",
        HI + THERE + DONE,
        done("Hi there", finish=None),
    ),
    Wire(
        "Ollama in 2024, SGLang: empty reasons to stop before the real one",
        "openai",
        chunk("Hi", "") + chunk(" there", "") + chunk("", "stop") + DONE,
        SAID,
    ),
    Wire(
        "a gateway: the reason to stop in the chunk of the last piece, and no [DONE]",
        "openai",
        HI + chunk(" there", "stop"),
        SAID,
    ),
    Wire(
        "a gateway: `event: done` with [DONE]",
        "openai",
        HI + THERE + sse("[DONE]", "done"),
        done("Hi there", finish=None),
    ),
    Wire(
        "a gateway: [DONE] twice",
        "openai",
        HI + THERE + STOP + DONE + DONE,
        SAID,
    ),
    Wire(
        "counter-sample, OpenAI: the body ends before the reason to stop",
        "openai",
        HI + THERE,
        CUT,
    ),
    Wire(
        "counter-sample, Ollama in 2024: an empty reason to stop is none",
        "openai",
        chunk("Hi", "") + chunk(" there", ""),
        CUT,
    ),
    Wire(
        "counter-sample, a gateway: the counts came, but no reason to stop",
        "openai",
        HI + THERE + usage(),
        CUT,
    ),
    Wire(
        "counter-sample, OpenAI: the body ends within the last chunk",
        "openai",
        HI + THERE + STOP[:-30],
        CUT,
    ),
    Wire(
        "counter-sample, OpenAI: only the alternative (n=2) has stopped",
        "openai",
        choices(choice(None, 0, delta={"content": "Hi there"}))
        + choices(choice("stop", 1, delta={})),
        CUT,
    ),
]

ANTHROPIC = [
    Wire(
        "Copilot: Anthropic's events, ended by [DONE] in place of `message_stop`",
        "anthropic",
        SAYS_HI + message_delta() + DONE,
        done("Hi", usage=COUNTED),
    ),
    Wire(
        "a gateway: Anthropic's events, and [DONE] after `message_stop`",
        "anthropic",
        SAYS_HI + message_delta() + MESSAGE_STOP + DONE,
        done("Hi", usage=COUNTED),
    ),
    Wire(
        "a gateway: the body ends after the reason to stop, without `message_stop`",
        "anthropic",
        SAYS_HI + message_delta(),
        done("Hi", usage=COUNTED),
    ),
    Wire(
        "counter-sample, Anthropic: the body ends before the reason to stop",
        "anthropic",
        SAYS_HI,
        failed(IncompleteStreamError, "Hi"),
    ),
    Wire(
        "counter-sample, Anthropic: a reason to stop that is null",
        "anthropic",
        SAYS_HI + message_delta(None),
        failed(IncompleteStreamError, "Hi"),
    ),
]

OTHERS = [
    Wire(
        "a gateway: Responses with [DONE] after `response.completed`",
        "responses",
        opened() + text_delta("Hi there") + completed(message_item("Hi there")) + DONE,
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "OpenRouter's Responses in 2025: the end is `response.done`",
        "responses",
        opened()
        + text_delta("Hi there")
        + named("response.done", response=response(output=[], usage=COUNTS))
        + DONE,
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "a gateway: Responses without the lines `event:`",
        "responses",
        re.sub(
            rb"(?m)^event: .*\n",
            b"",
            opened() + text_delta("Hi there") + completed(message_item("Hi there")),
        ),
        done("Hi there", usage=COUNTED),
    ),
    Wire(
        "counter-sample, OpenAI: Responses that end before they are complete",
        "responses",
        opened() + text_delta("Hi there"),
        CUT,
    ),
    Wire(
        "counter-sample, Ollama: the body ends before `done`",
        "ollama",
        line("Hi") + line(" there"),
        CUT,
        content_type=NDJSON,
    ),
    Wire(
        "Ollama: the last line without a line end",
        "ollama",
        line("Hi") + line(" there") + last_line().rstrip(),
        done("Hi there", usage=COUNTED),
        content_type=NDJSON,
    ),
]

TABLE = [*CHATS, *ANTHROPIC, *OTHERS]
