"""A call is complete when it is complete, whichever event has its arguments."""

from __future__ import annotations

from outcomes import named
from responses_wire.shapes import (
    SAYS_ONLY_THE_END,
    Wire,
    added,
    arguments,
    arguments_done,
    call,
    completed,
    created,
    custom,
    item_done,
    message,
    on,
    text,
)

F = ("call1", "f", '{"a": 1}')
G = ("call2", "g", '{"b": 2}')
ARGUMENTS = F[2]

CALLS = [
    Wire(
        "OpenAI: each event repeats the call",
        created()
        + added(call())
        + arguments('{"a"')
        + arguments(": 1}")
        + arguments_done(ARGUMENTS, name="f")
        + item_done(call(ARGUMENTS))
        + completed(call(ARGUMENTS)),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "Codex Spark: arguments only in function_call_arguments.done",
        created() + added(call()) + arguments_done(ARGUMENTS) + completed(call()),
        calls=(F,),
        finish="tool_calls",
        differs="the last event has none",
    ),
    Wire(
        "a gateway: arguments only in output_item.done",
        created() + added(call()) + item_done(call(ARGUMENTS)) + completed(call()),
        calls=(F,),
        finish="tool_calls",
        differs="the last event has none",
    ),
    Wire(
        "a gateway: a call only in output_item.done",
        created() + item_done(call(ARGUMENTS)) + completed(),
        calls=(F,),
        finish="tool_calls",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "a gateway: a call only in response.completed",
        created() + completed(call(ARGUMENTS)),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: the whole call in its first event",
        created() + added(call(ARGUMENTS)) + completed(call(ARGUMENTS)),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: {} as the call begins, and then the pieces",
        created() + added(call("{}")) + arguments(ARGUMENTS) + completed(call(ARGUMENTS)),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: arguments as an object",
        created()
        + added(call({}))
        + arguments_done({"a": 1})
        + item_done(call({"a": 1}))
        + completed(call({"a": 1})),
        calls=(F,),
        finish="tool_calls",
        differs="it passes the object on",
    ),
    Wire(
        "OpenAI: two calls whose pieces alternate",
        created()
        + added(call())
        + added(call(name="g", number=2), 1)
        + arguments('{"a": ')
        + arguments('{"b": ', 1)
        + arguments("1}")
        + arguments("2}", 1)
        + arguments_done(ARGUMENTS)
        + arguments_done(G[2], 1)
        + completed(call(ARGUMENTS), call(G[2], "g", 2)),
        calls=(F, G),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: two calls with the same index",
        created()
        + added(call())
        + arguments_done(ARGUMENTS)
        + item_done(call(ARGUMENTS))
        + added(call(name="g", number=2))
        + arguments_done(G[2])
        + item_done(call(G[2], "g", 2))
        + completed(call(ARGUMENTS), call(G[2], "g", 2)),
        calls=(F, G),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: the same function twice",
        created()
        + added(call())
        + arguments_done(ARGUMENTS)
        + added(call(number=2), 1)
        + arguments_done(ARGUMENTS, 1)
        + completed(call(ARGUMENTS), call(ARGUMENTS, number=2)),
        calls=(F, ("call2", *F[1:])),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: the same function twice, with the same index",
        created()
        + added(call())
        + arguments_done(ARGUMENTS)
        + added(call(number=2))
        + arguments_done('{"a": 2}')
        + completed(call(ARGUMENTS), call('{"a": 2}', number=2)),
        calls=(F, ("call2", "f", '{"a": 2}')),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: the same function twice, without indexes",
        created()
        + named("response.output_item.added", item=call())
        + named("response.function_call_arguments.done", arguments=ARGUMENTS)
        + named("response.output_item.added", item=call(number=2))
        + named("response.function_call_arguments.done", arguments='{"a": 2}')
        + completed(call(ARGUMENTS), call('{"a": 2}', number=2)),
        calls=(F, ("call2", "f", '{"a": 2}')),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: another call_id at the end",
        created()
        + added(call())
        + arguments(ARGUMENTS)
        + completed({**call(ARGUMENTS), "call_id": "call9"}),
        calls=(F,),
        finish="tool_calls",
        differs="it has only the later id",
    ),
    Wire(
        "a gateway: another call_id with the arguments",
        created()
        + added(call())
        + item_done({**call(ARGUMENTS), "call_id": "call9"})
        + completed(),
        calls=(F,),
        finish="tool_calls",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "OpenAI: two custom tools, and a function between them",
        created()
        + added(custom())
        + on("custom_tool_call_input.done", input="ls")
        + added(call(name="g", number=2), 1)
        + arguments_done(G[2], 1)
        + item_done({**custom("pwd"), "id": "ctc3", "call_id": "call3"}, 2)
        + completed(
            custom("ls"),
            call(G[2], "g", 2),
            {**custom("pwd"), "id": "ctc3", "call_id": "call3"},
        ),
        calls=(("call1", "shell", "ls"), G, ("call3", "shell", "pwd")),
        finish="tool_calls",
    ),
    Wire(
        "Copilot: another item id with each event",
        created()
        + added({**call(), "id": "x1"})
        + arguments_done(ARGUMENTS, item_id="x2")
        + item_done({**call(ARGUMENTS), "id": "x3"})
        + completed({**call(ARGUMENTS), "id": "x4"}),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: call_id comes late",
        created()
        + added({**call(), "call_id": None})
        + arguments(ARGUMENTS)
        + item_done(call(ARGUMENTS))
        + completed(call(ARGUMENTS)),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: no indexes",
        created()
        + named("response.output_item.added", item=call())
        + named("response.function_call_arguments.delta", delta='{"a":')
        + named("response.function_call_arguments.delta", delta=" 1}")
        + named("response.output_item.done", item=call(ARGUMENTS))
        + completed(call(ARGUMENTS)),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "mistral.rs: call_id in place of item_id",
        created()
        + added(call())
        + named("response.function_call_arguments.done", call_id="call1", arguments=ARGUMENTS)
        + completed(call(ARGUMENTS)),
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "OpenAI: a call without arguments",
        created()
        + added(call())
        + arguments_done("{}")
        + item_done(call("{}"))
        + completed(call("{}")),
        calls=(("call1", "f", "{}"),),
        finish="tool_calls",
    ),
    Wire(
        "OpenAI: a custom tool",
        created()
        + added(custom())
        + on("custom_tool_call_input.delta", delta="echo")
        + on("custom_tool_call_input.delta", delta=" hi")
        + on("custom_tool_call_input.done", input="echo hi")
        + item_done(custom("echo hi"))
        + completed(custom("echo hi")),
        calls=(("call1", "shell", "echo hi"),),
        finish="tool_calls",
    ),
    Wire(
        "a gateway: a custom tool's input only at its end",
        created()
        + added(custom())
        + on("custom_tool_call_input.done", input="echo hi")
        + completed(),
        calls=(("call1", "shell", "echo hi"),),
        finish="tool_calls",
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "OpenAI: text, and then a call",
        created()
        + text("Wait")
        + added(call(), 1)
        + arguments_done(ARGUMENTS, 1)
        + completed(message("Wait"), call(ARGUMENTS)),
        "Wait",
        calls=(F,),
        finish="tool_calls",
    ),
    Wire(
        "OpenAI: a tool on another server, which the service runs",
        created()
        + added({"type": "mcp_call", "id": "m1", "name": "search", "arguments": ""})
        + on("mcp_call_arguments.delta", delta="{}")
        + on("mcp_call_arguments.done", arguments="{}")
        + on("mcp_call.completed")
        + text("Hi", 1)
        + completed(
            {"type": "mcp_call", "id": "m1", "name": "search", "arguments": "{}"}, message("Hi")
        ),
        "Hi",
    ),
]
