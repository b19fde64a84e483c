"""Kind 1: a call is complete when it is complete. The chats."""

from __future__ import annotations

from suggestions.errors import IncompleteStreamError
from wires.shapes import (
    CALLED,
    CALLS,
    COUNTED,
    DONE,
    HI,
    OSLO,
    STOP,
    call,
    calling,
    choice,
    choices,
    chunk,
    completion,
    last_line,
    line,
    sse,
    whole,
)
from wires.wire import JSON, NDJSON, Wire, done, failed

TIME = ("time", {"zone": "CET"})
CET = '{"zone":"CET"}'
LOOKED = done(finish="tool_calls", calls=[CALLED])
LOOKED_TWICE = done(finish="tool_calls", calls=[CALLED, TIME])

STREAMS = [
    Wire(
        "Open WebUI before vLLM: a reason to stop in the chunk of each piece",
        "openai",
        calling(call("", "bash", "call_1"), finish="tool_calls")
        + calling(call('{"command"'), finish="tool_calls")
        + calling(call(': "ls"}'), finish="tool_calls")
        + DONE,
        done(finish="tool_calls", calls=[("bash", {"command": "ls"})]),
    ),
    Wire(
        "LiteLLM before Gemini: a reason to stop between two calls",
        "openai",
        calling(call(OSLO, "weather", "call_1"), finish="tool_calls")
        + calling(call(CET, "time", "call_2", index=1), finish="tool_calls")
        + DONE,
        LOOKED_TWICE,
    ),
    Wire(
        "vLLM for GLM, Mistral: the reason to stop in the chunk of the last piece",
        "openai",
        calling(call("", "weather", "call_1")) + calling(call(OSLO), finish="tool_calls") + DONE,
        LOOKED,
    ),
    Wire(
        "a local server: an id that is a number",
        "openai",
        calling(call(OSLO, "weather", 123456789)) + CALLS + DONE,
        LOOKED,
    ),
    Wire(
        "MiniMax: the last chunk repeats the calls, without index and id",
        "openai",
        calling(call('{"city":', "weather", "call_1"))
        + calling(call('"Oslo"}'))
        + calling(call(CET, "time", "call_2", index=1))
        + choices(
            choice(
                "tool_calls",
                message={
                    "content": "",
                    "tool_calls": [
                        call('{"city": "Oslo"}', "weather", index=None),
                        call('{"zone": "CET"}', "time", index=None),
                    ],
                },
            ),
            object="chat.completion",
        )
        + DONE,
        LOOKED_TWICE,
    ),
    Wire(
        "MiniMax at NVIDIA NIM: the whole name in each piece",
        "openai",
        calling(call("", "read_file", "call_1"))
        + calling(call('{"path":', "read_file", "call_1"))
        + calling(call('"a"}', "read_file", "call_1"))
        + CALLS
        + DONE,
        done(finish="tool_calls", calls=[("read_file", {"path": "a"})]),
    ),
    Wire(
        "DashScope: an empty id and an empty name in all pieces but the first",
        "openai",
        calling(call('{"city":', "weather", "call_1"))
        + calling(call('"Oslo"}', "", ""))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "Poolside, vLLM for gpt-oss: another id in the later pieces",
        "openai",
        calling(call("", "weather", "call_a"))
        + calling(call('{"city":', None, "call_b"))
        + calling(call('"Oslo"}', None, "call_b"))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "Gemini: two whole calls in a chunk, no index, empty ids",
        "openai",
        calling(call(OSLO, "weather", "", index=None), call(CET, "time", "", index=None))
        + CALLS
        + DONE,
        LOOKED_TWICE,
    ),
    Wire(
        "Gemini: two whole calls in two chunks, no index, then `stop`",
        "openai",
        calling(call(OSLO, "weather", "function-call-1", index=None))
        + calling(call(CET, "time", "function-call-2", index=None))
        + STOP
        + DONE,
        done(calls=[CALLED, TIME]),
    ),
    Wire(
        "Gemini's proxies: a piece without an index, with an empty id",
        "openai",
        calling(call('{"city":', "weather", "function-call-1", index=None))
        + calling(call('"Oslo"}', None, "", index=None))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "gcli2api: two whole calls, both with the index 0",
        "openai",
        calling(call(OSLO, "weather", "call_1"))
        + calling(call(CET, "time", "call_2"))
        + CALLS
        + DONE,
        LOOKED_TWICE,
    ),
    Wire(
        "LiteLLM before Bedrock: the first call has the index 1",
        "openai",
        HI
        + calling(call("", "weather", "toolu_1", index=1))
        + calling(call(OSLO, index=1))
        + CALLS
        + DONE,
        done("Hi", finish="tool_calls", calls=[CALLED]),
    ),
    Wire(
        "LiteLLM, DeepSeek, Qwen: the id of the call in each piece",
        "openai",
        calling(call('{"city":', "weather", "call_1"))
        + calling(call('"Oslo"}', None, "call_1"))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "TGI: arguments that are an object, in a stream",
        "openai",
        calling(call({"city": "Oslo"}, "weather", "call_1")) + CALLS + DONE,
        LOOKED,
    ),
    Wire(
        "TGI: `tool_calls` is one call and no list",
        "openai",
        chunk(tool_calls=call('{"city":', "weather", "call_1"))
        + chunk(tool_calls=call('"Oslo"}', None, ""))
        + chunk(None, "tool_calls")
        + DONE,
        LOOKED,
    ),
    Wire(
        "MiniMax: the last chunk is the whole answer, with the call",
        "openai",
        calling(call('{"city":', "weather", "call_1"))
        + calling(call('"Oslo"}'))
        + sse(
            whole(
                choice(
                    "tool_calls",
                    message={
                        "role": "assistant",
                        "content": "",
                        "tool_calls": [call(OSLO, "weather", "call_1", index=None)],
                    },
                )
            )
        )
        + DONE,
        done(finish="tool_calls", calls=[CALLED], usage=COUNTED),
    ),
    Wire(
        "LiteLLM: after the pieces, a chunk with the whole call",
        "openai",
        calling(call('{"city":', "weather", "call_1"))
        + calling(call('"Oslo"}', None, "call_1"))
        + calling(call(OSLO, "weather", "call_1"))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "a gateway: a `function_call` of nulls beside the text",
        "openai",
        chunk("Hi", function_call={"name": None, "arguments": None})
        + chunk(None, "stop", function_call={"name": None, "arguments": None})
        + DONE,
        done("Hi"),
    ),
    Wire(
        "NVIDIA NIM: a call, and no reason to stop before [DONE]",
        "openai",
        calling(call("", "weather", "call_1")) + calling(call(OSLO)) + DONE,
        done(finish=None, calls=[CALLED]),
    ),
    Wire(
        "counter-sample, OpenAI: a real call without arguments",
        "openai",
        calling(call("", "now", "call_1")) + CALLS + DONE,
        done(finish="tool_calls", calls=[("now", {})]),
    ),
    Wire(
        "counter-sample, OpenAI: an empty object as arguments, and another call",
        "openai",
        calling(call("{}", "now", "call_1"))
        + calling(call(OSLO, "weather", "call_2", index=1))
        + CALLS
        + DONE,
        done(finish="tool_calls", calls=[("now", {}), CALLED]),
    ),
    Wire(
        "counter-sample, OpenAI: the same tool twice with the same arguments",
        "openai",
        calling(call(OSLO, "weather", "call_1"))
        + calling(call(OSLO, "weather", "call_2", index=1))
        + CALLS
        + DONE,
        done(finish="tool_calls", calls=[CALLED, CALLED]),
    ),
    Wire(
        "counter-sample, OpenAI: pieces of arguments that are alike",
        "openai",
        calling(call("", "dial", "call_1"))
        + calling(call("5"))
        + calling(call("5"))
        + CALLS
        + DONE,
        done(finish="tool_calls", calls=[("dial", "55")]),
    ),
    Wire(
        "counter-sample, OpenAI: cut within the arguments",
        "openai",
        calling(call("", "weather", "call_1")) + calling(call('{"city":')),
        failed(IncompleteStreamError),
    ),
]

WHOLE = [
    Wire(
        "llama.cpp, TGI: arguments that are an object, in a whole answer",
        "openai",
        completion(
            "I look.", "tool_calls", tool_calls=[call({"city": "Oslo"}, "weather", "call_1")]
        ),
        done("I look.", finish="tool_calls", calls=[CALLED], usage=COUNTED),
        content_type=JSON,
    ),
    Wire(
        "Copilot: the text in one choice, the call in the next, no index",
        "openai",
        whole(
            choice("tool_calls", None, message={"role": "assistant", "content": "I look."}),
            choice(
                "tool_calls",
                None,
                message={"role": "assistant", "tool_calls": [call(OSLO, "weather", "call_1")]},
            ),
        ),
        done("I look.", finish="tool_calls", calls=[CALLED], usage=COUNTED),
        content_type=JSON,
    ),
    Wire(
        "Azure: a `function_call` of the older API in a whole answer",
        "openai",
        completion(None, "function_call", function_call={"name": "weather", "arguments": OSLO}),
        done(finish="function_call", function=CALLED, usage=COUNTED),
        content_type=JSON,
    ),
]

OLLAMA = [
    Wire(
        "Ollama: two calls with objects as arguments, both without an id",
        "ollama",
        line(tool_calls=[{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}])
        + line(tool_calls=[{"function": {"name": "time", "arguments": {"zone": "CET"}}}])
        + last_line(),
        done(calls=[CALLED, TIME], usage=COUNTED),
        content_type=NDJSON,
    ),
    Wire(
        "Ollama: two calls in one line, both with the index 0",
        "ollama",
        line(
            tool_calls=[
                {"function": {"index": 0, "name": "weather", "arguments": {"city": "Oslo"}}},
                {"function": {"index": 0, "name": "time", "arguments": {"zone": "CET"}}},
            ]
        )
        + last_line(),
        done(calls=[CALLED, TIME], usage=COUNTED),
        content_type=NDJSON,
    ),
]

TABLE = [*STREAMS, *WHOLE, *OLLAMA]
