"""Kind 1: a call is complete when it is complete. What chats repeat, and what stands for what."""

from __future__ import annotations

import json

from wires.calls import LOOKED, LOOKED_TWICE
from wires.shapes import CALLED, CALLS, COUNTED, DONE, OSLO, call, calling, chunk, completion
from wires.wire import JSON, Wire, done

BONN = '{"city":"Bonn"}'
BOTH = done(finish="tool_calls", calls=[CALLED, ("weather", {"city": "Bonn"})])

REPEATED = [
    Wire(
        "LiteLLM before Anthropic: `{}`, then the pieces of the arguments",
        "openai",
        calling(call("{}", "weather", "call_1"))
        + calling(call('{"city":'))
        + calling(call('"Oslo"}'))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "Llama Stack: `{}`, then all of the arguments",
        "openai",
        calling(call("{}", "weather", "call_1")) + calling(call(OSLO)) + CALLS + DONE,
        LOOKED,
    ),
    Wire(
        "Qianfan: all of the arguments so far in each piece",
        "openai",
        calling(call('{"', "weather", "call_1"))
        + calling(call('{"city":'))
        + calling(call('{"city":"Os'))
        + calling(call(OSLO))
        + calling(call(OSLO))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "a gateway: all of the call so far in each piece, the name too",
        "openai",
        calling(call('{"city":', "weather", "call_1"))
        + calling(call(OSLO, "weather", "call_1"))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "OpenCodex: all of the arguments twice",
        "openai",
        calling(call("", "weather", "call_1"))
        + calling(call(OSLO))
        + calling(call(OSLO))
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "counter-sample, OpenAI: an array of empty objects, piece by piece",
        "openai",
        calling(call('{"a":[', "f", "call_1"))
        + calling(call("{}"))
        + calling(call(",{}"))
        + calling(call("]}"))
        + CALLS
        + DONE,
        done(finish="tool_calls", calls=[("f", {"a": [{}, {}]})]),
    ),
    Wire(
        "counter-sample, OpenAI: an object within begins as the arguments do",
        "openai",
        calling(call('{"a":[', "f", "call_1"))
        + calling(call('{"a":[1]}'))
        + calling(call(",1"))
        + calling(call(",1"))
        + calling(call("]}"))
        + CALLS
        + DONE,
        done(finish="tool_calls", calls=[("f", {"a": [{"a": [1]}, 1, 1]})]),
    ),
]

ANOTHER = [
    Wire(
        "OpenRouter: the same index and the same id for two tools",
        "openai",
        calling(call(OSLO, "weather", "call_1"))
        + calling(call('{"zone":', "time", "call_1"))
        + calling(call('"CET"}'))
        + CALLS
        + DONE,
        LOOKED_TWICE,
    ),
    Wire(
        "a gateway: the same index and the same id for two calls of a tool",
        "openai",
        calling(call(OSLO, "weather", "call_1"))
        + calling(call(BONN, "weather", "call_1"))
        + CALLS
        + DONE,
        BOTH,
    ),
    Wire(
        "DeepSeek, Zhipu: the same id for two calls of a tool",
        "openai",
        calling(call(OSLO, "weather", "call_1"))
        + calling(call(BONN, "weather", "call_1", index=1))
        + CALLS
        + DONE,
        BOTH,
    ),
    Wire(
        "a gateway: the same call twice in a whole answer, no index and no id",
        "openai",
        completion(
            None,
            "tool_calls",
            tool_calls=[call(OSLO, "weather", index=None), call(OSLO, "weather", index=None)],
        ),
        done(finish="tool_calls", calls=[CALLED, CALLED], usage=COUNTED),
        content_type=JSON,
    ),
    Wire(
        "counter-sample, a gateway: the id and the name in each piece of one call",
        "openai",
        calling(call("{}", "weather", "call_1"))
        + calling(call('{"city":', "weather", "call_1"))
        + calling(call('"Oslo"', "weather", "call_1"))
        + calling(call("}", "weather", "call_1"))
        + calling(call("\n", "weather", "call_1"))
        + CALLS
        + DONE,
        LOOKED,
    ),
]

SHAPES = [
    Wire(
        "vLLM for Granite: arguments that are the JSON of their JSON",
        "openai",
        calling(call(json.dumps(OSLO), "weather", "call_1")) + CALLS + DONE,
        LOOKED,
    ),
    Wire(
        "a proxy: the name and the arguments beside the id, without `function`",
        "openai",
        chunk(tool_calls=[{"index": 0, "id": "call_1", "name": "weather", "arguments": OSLO}])
        + CALLS
        + DONE,
        LOOKED,
    ),
    Wire(
        "counter-sample, OpenAI: the input of a custom tool is a text in quotation marks",
        "openai",
        calling({"index": 0, "id": "call_1", "custom": {"name": "say", "input": '"Hi"'}})
        + CALLS
        + DONE,
        done(finish="tool_calls", calls=[("say", '"Hi"')]),
    ),
]

TABLE = [*REPEATED, *ANOTHER, *SHAPES]
