"""Kind 4: a reason to stop that is a failure, and those that only look like one."""

from __future__ import annotations

from suggestions.errors import (
    ModerationError,
    NetworkError,
    ServiceUnavailableError,
)
from wires.shapes import (
    CALLED,
    COUNTED,
    DONE,
    MESSAGE_STOP,
    OSLO,
    SAYS_HI,
    STOP,
    USAGE,
    call,
    calling,
    choice,
    choices,
    chunk,
    completion,
    last_line,
    line,
    message_delta,
    named,
    opened,
    response,
    text_delta,
)
from wires.wire import JSON, NDJSON, Received, Wire, done, failed

FILTERED = failed(ModerationError, "Once upon")
LACKING = failed(ServiceUnavailableError, "Once upon")
BROKEN_OFF = failed(NetworkError, "Once upon", lacks=["rephrase"])


def stopped(name: str, reason: str, received: Received) -> Wire:
    """A chat that is stopped for this reason."""
    wire = chunk("Once upon", role="assistant") + chunk(None, reason) + DONE
    return Wire(f"{name}: `{reason}`", "openai", wire, received)


CHATS = [
    stopped("Gemini", "PROHIBITED_CONTENT", FILTERED),
    stopped("Gemini", "SAFETY", FILTERED),
    stopped("Gemini", "RECITATION", FILTERED),
    stopped("Gemini", "BLOCKLIST", FILTERED),
    stopped("Gemini", "SPII", FILTERED),
    stopped("Gemini", "content_filter: PROHIBITED_CONTENT", FILTERED),
    stopped("Gemini", "function_call_filter: MALFORMED_FUNCTION_CALL", BROKEN_OFF),
    stopped("Envoy AI gateway", "malformed_function_call", BROKEN_OFF),
    stopped("Zhipu", "sensitive", FILTERED),
    stopped("Moonshot, Azure", "content_filter", FILTERED),
    stopped("vLLM", "abort", BROKEN_OFF),
    stopped("OpenRouter", "error", BROKEN_OFF),
    stopped("DeepSeek", "insufficient_system_resource", LACKING),
    Wire(
        "Zhipu: `network_error`, with an empty piece",
        "openai",
        chunk("Half an", role="assistant")
        + choices(choice("network_error", delta={"content": ""}), usage=USAGE)
        + DONE,
        failed(NetworkError, "Half an", lacks=["rephrase"]),
    ),
    Wire(
        "Gemini: a malformed call stops a whole answer",
        "openai",
        completion(None, "function_call_filter: MALFORMED_FUNCTION_CALL"),
        failed(NetworkError),
        content_type=JSON,
    ),
    stopped("counter-sample, OpenAI", "length", done("Once upon", finish="length")),
    stopped("counter-sample, Mistral", "model_length", done("Once upon", finish=...)),
    stopped("counter-sample, Gemini", "STOP", done("Once upon", finish=...)),
    stopped("counter-sample, Gemini", "MAX_TOKENS", done("Once upon", finish=...)),
    stopped("counter-sample, TGI", "eos_token", done("Once upon", finish=...)),
    stopped("counter-sample, Together", "eos", done("Once upon", finish=...)),
    Wire(
        "counter-sample, OpenAI: a tool whose name and arguments speak of an error",
        "openai",
        calling(call('{"code":"network_error"}', "report_error", "call_1"), finish="tool_calls")
        + DONE,
        done(finish="tool_calls", calls=[("report_error", {"code": "network_error"})]),
    ),
    Wire(
        "counter-sample, Gemini: `stop` after a call",
        "openai",
        calling(call(OSLO, "weather", "call_1")) + STOP + DONE,
        done(calls=[CALLED]),
    ),
]


def incomplete(reason: str | None) -> bytes:
    whole = response("incomplete", incomplete_details=reason and {"reason": reason})
    return opened() + text_delta("Once upon") + named("response.incomplete", response=whole)


OTHERS = [
    Wire(
        "OpenAI's Responses: incomplete because of a content filter",
        "responses",
        incomplete("content_filter"),
        FILTERED,
    ),
    Wire(
        "a gateway: Responses that are incomplete by an interruption",
        "responses",
        incomplete("interrupted"),
        BROKEN_OFF,
    ),
    Wire(
        "counter-sample, OpenAI: Responses incomplete by max_output_tokens",
        "responses",
        incomplete("max_output_tokens"),
        done("Once upon", finish="length"),
    ),
    Wire(
        "Anthropic: a refusal",
        "anthropic",
        SAYS_HI + message_delta("refusal") + MESSAGE_STOP,
        failed(ModerationError, "Hi"),
    ),
    Wire(
        "counter-sample, Anthropic: the context is full",
        "anthropic",
        SAYS_HI + message_delta("model_context_window_exceeded") + MESSAGE_STOP,
        done("Hi", finish="length", usage=COUNTED),
    ),
    Wire(
        "counter-sample, Anthropic: a pause of a long turn",
        "anthropic",
        SAYS_HI + message_delta("pause_turn") + MESSAGE_STOP,
        done("Hi", finish="pause_turn", usage=COUNTED),
    ),
    Wire(
        "counter-sample, Ollama: a question without messages only loads the model",
        "ollama",
        line(is_last=True, more={"done_reason": "load"}),
        done(finish="load"),
        content_type=NDJSON,
    ),
    Wire(
        "counter-sample, Ollama: `length`",
        "ollama",
        line("Hi") + last_line("length"),
        done("Hi", finish="length", usage=COUNTED),
        content_type=NDJSON,
    ),
]

TABLE = [*CHATS, *OTHERS]
