"""Kind 1: a call is complete when it is complete. Anthropic's messages and OpenAI's Responses."""

from __future__ import annotations

from suggestions.errors import IncompleteStreamError
from wires.shapes import (
    CALLED,
    COUNTED,
    MESSAGE_STOP,
    OSLO,
    added,
    arguments_delta,
    arguments_done,
    block_stop,
    body,
    call_item,
    completed,
    created,
    input_piece,
    item_done,
    message_delta,
    message_item,
    message_start,
    named,
    response,
    tool_block,
)
from wires.wire import JSON, Wire, done, failed

LOOKED = done(finish="tool_calls", calls=[CALLED], usage=COUNTED)
CUSTOM = {"type": "custom_tool_call", "id": "ctc1", "call_id": "call_2", "name": "shell"}
USES = message_delta("tool_use") + MESSAGE_STOP

ANTHROPIC = [
    Wire(
        "a gateway: the input of a tool in its start, and again in pieces",
        "anthropic",
        message_start()
        + tool_block({"city": "Oslo"})
        + input_piece('{"city":')
        + input_piece('"Oslo"}')
        + block_stop()
        + USES,
        LOOKED,
    ),
    Wire(
        "a gateway: the whole input of a tool in its start, without pieces",
        "anthropic",
        message_start() + tool_block({"city": "Oslo"}) + block_stop() + USES,
        LOOKED,
    ),
    Wire(
        "a gateway: the whole input of a tool in its start, as a text",
        "anthropic",
        message_start() + tool_block(OSLO) + block_stop() + USES,
        LOOKED,
    ),
    Wire(
        "llama.cpp, cc-switch: the start of a tool without an `input`",
        "anthropic",
        message_start()
        + named(
            "content_block_start",
            index=0,
            content_block={"type": "tool_use", "id": "toolu_1", "name": "weather"},
        )
        + input_piece(OSLO)
        + block_stop()
        + USES,
        LOOKED,
    ),
    Wire(
        "Anthropic: an empty first piece of the input",
        "anthropic",
        message_start() + tool_block() + input_piece("") + input_piece(OSLO) + block_stop() + USES,
        LOOKED,
    ),
    Wire(
        "a gateway before Anthropic: a whole answer, though a stream was asked for",
        "anthropic",
        body(
            id="a1",
            type="message",
            role="assistant",
            model="m1",
            content=[
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Oslo"}},
            ],
            stop_reason="tool_use",
            usage={"input_tokens": 7, "output_tokens": 3},
        ),
        done("I look.", finish="tool_calls", calls=[CALLED], usage=COUNTED),
        content_type=JSON,
    ),
    Wire(
        "counter-sample, Anthropic: a real call without input",
        "anthropic",
        message_start() + tool_block() + input_piece("") + block_stop() + USES,
        done(finish="tool_calls", calls=[("weather", {})], usage=COUNTED),
    ),
    Wire(
        "counter-sample, Anthropic: cut within the input",
        "anthropic",
        message_start() + tool_block() + input_piece('{"city":'),
        failed(IncompleteStreamError),
    ),
]

RESPONSES = [
    Wire(
        "Codex's backend: arguments only in their `done`",
        "responses",
        created() + added(call_item()) + arguments_done(OSLO) + completed(call_item()),
        LOOKED,
    ),
    Wire(
        "a gateway: the whole call in `output_item.added`, and again in `output_item.done`",
        "responses",
        created()
        + added(call_item(OSLO))
        + item_done(call_item(OSLO))
        + completed(call_item(OSLO)),
        LOOKED,
    ),
    Wire(
        "Codex's backend: the call only in `output_item.done`",
        "responses",
        created() + item_done(call_item(OSLO)) + completed(),
        LOOKED,
    ),
    Wire(
        "a gateway: the call only in `response.completed`",
        "responses",
        created() + completed(call_item(OSLO)),
        LOOKED,
    ),
    Wire(
        "OpenAI's Responses: a custom tool, whose input is any text",
        "responses",
        created()
        + added({**CUSTOM, "input": ""})
        + named("response.custom_tool_call_input.delta", output_index=0, delta="echo")
        + named("response.custom_tool_call_input.delta", output_index=0, delta=" hello")
        + named("response.custom_tool_call_input.done", output_index=0, input="echo hello")
        + item_done({**CUSTOM, "input": "echo hello"})
        + completed({**CUSTOM, "input": "echo hello"}),
        done(finish="tool_calls", calls=[("shell", "echo hello")], usage=COUNTED),
    ),
    Wire(
        "a gateway: whole Responses, though a stream was asked for",
        "responses",
        body(
            **response(
                output=[
                    message_item("I look."),
                    call_item(OSLO),
                    {**CUSTOM, "input": "echo hello"},
                ],
                usage={"input_tokens": 7, "output_tokens": 3, "total_tokens": 10},
            )
        ),
        done(
            "I look.",
            finish="tool_calls",
            calls=[CALLED, ("shell", "echo hello")],
            usage=COUNTED,
        ),
        content_type=JSON,
    ),
    Wire(
        "counter-sample, OpenAI's Responses: every event repeats the same call",
        "responses",
        created()
        + added(call_item())
        + arguments_delta('{"city":')
        + arguments_delta('"Oslo"}')
        + arguments_done(OSLO)
        + item_done(call_item(OSLO))
        + completed(call_item(OSLO)),
        LOOKED,
    ),
    Wire(
        "counter-sample, OpenAI's Responses: two calls whose pieces alternate",
        "responses",
        created()
        + added(call_item())
        + added(call_item("", "time", 2), 1)
        + arguments_delta('{"city":')
        + arguments_delta('{"zone":', 1, 2)
        + arguments_delta('"Oslo"}')
        + arguments_delta('"CET"}', 1, 2)
        + completed(call_item(OSLO), call_item('{"zone":"CET"}', "time", 2)),
        done(finish="tool_calls", calls=[CALLED, ("time", {"zone": "CET"})], usage=COUNTED),
    ),
    Wire(
        "counter-sample, OpenAI's Responses: a real call without arguments",
        "responses",
        created()
        + added(call_item("", "now"))
        + arguments_done("{}")
        + item_done(call_item("{}", "now"))
        + completed(call_item("{}", "now")),
        done(finish="tool_calls", calls=[("now", {})], usage=COUNTED),
    ),
    Wire(
        "counter-sample, OpenAI's Responses: cut within the arguments",
        "responses",
        created() + added(call_item()) + arguments_delta('{"city":'),
        failed(IncompleteStreamError),
    ),
]

TABLE = [*ANTHROPIC, *RESPONSES]
