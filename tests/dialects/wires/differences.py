"""What the services' own Python packages report in another way, and why.

`text`, `calls` and `raises` are what they get; what is not named is the same. `raises` is the name
of an exception, "" for none; other versions may raise another.
"""

from __future__ import annotations

from typing import Any

DIFFERENCES: dict[str, dict[str, dict[str, Any]]] = {
    "openai joins the fields of a call's pieces, the name too": {
        "calls: MiniMax at NVIDIA NIM: the whole name in each piece": {
            "calls": [("read_fileread_fileread_file", {"path": "a"})]
        },
        "calls: gcli2api: two whole calls, both with the index 0": {
            "calls": [("weathertime", '{"city":"Oslo"}{"zone":"CET"}')]
        },
        "calls: LiteLLM: after the pieces, a chunk with the whole call": {
            "calls": [("weatherweather", '{"city":"Oslo"}{"city":"Oslo"}')]
        },
        "calls_repeated: LiteLLM before Anthropic: `{}`, then the pieces of the arguments": {
            "calls": [("weather", '{}{"city":"Oslo"}')]
        },
        "calls_repeated: Llama Stack: `{}`, then all of the arguments": {
            "calls": [("weather", '{}{"city":"Oslo"}')]
        },
        "calls_repeated: Qianfan: all of the arguments so far in each piece": {
            "calls": [("weather", '{"{"city":{"city":"Os{"city":"Oslo"}{"city":"Oslo"}')]
        },
        "calls_repeated: a gateway: all of the call so far in each piece, the name too": {
            "calls": [("weatherweather", '{"city":{"city":"Oslo"}')]
        },
        "calls_repeated: OpenCodex: all of the arguments twice": {
            "calls": [("weather", '{"city":"Oslo"}{"city":"Oslo"}')]
        },
        "calls_repeated: OpenRouter: the same index and the same id for two tools": {
            "calls": [("weathertime", '{"city":"Oslo"}{"zone":"CET"}')]
        },
        "calls_repeated: a gateway: the same index and the same id for two calls of a tool": {
            "calls": [("weatherweather", '{"city":"Oslo"}{"city":"Bonn"}')]
        },
        (
            "calls_repeated: counter-sample, a gateway: the id and the name in each piece of one "
            "call"
        ): {"calls": [("weather" * 5, '{}{"city":"Oslo"}\n')]},
    },
    "openai wants the index of each call and of each choice, from 0 on, as a number, in a list": {
        "calls: Gemini: two whole calls in a chunk, no index, empty ids": {
            "calls": [],
            "raises": "TypeError",
        },
        "calls: Gemini: two whole calls in two chunks, no index, then `stop`": {
            "calls": [],
            "raises": "TypeError",
        },
        "calls: Gemini's proxies: a piece without an index, with an empty id": {
            "calls": [],
            "raises": "TypeError",
        },
        "goes_back: Gemini: the signature of a call": {"calls": [], "raises": "TypeError"},
        "calls: LiteLLM before Bedrock: the first call has the index 1": {
            "calls": [],
            "raises": "IndexError",
        },
        "calls: TGI: `tool_calls` is one call and no list": {"calls": [], "raises": "KeyError"},
        'text_once: a gateway: the index of the choice is the text "0"': {
            "text": "",
            "raises": "TypeError",
        },
        "text_once: LiteLLM in 2023: the only choice has the index 1": {
            "text": "",
            "raises": "IndexError",
        },
        "text_once: Mistral: the text and the thinking are lists of parts, in a whole answer": {
            "text": "",
            "raises": "TypeError",
        },
        "text_once: counter-sample, OpenAI: alternatives (n=2), the second first": {
            "text": "",
            "raises": "IndexError",
        },
    },
    "they show a call as it came: nulls, an empty text, a text in the place of an object": {
        "calls: a gateway: a `function_call` of nulls beside the text": {"calls": [(None, None)]},
        "calls: counter-sample, OpenAI: a real call without arguments": {"calls": [("now", "")]},
        "calls_in_named_events: a gateway: the whole input of a tool in its start, as a text": {
            "calls": [("weather", '{"city":"Oslo"}')]
        },
        "calls_repeated: vLLM for Granite: arguments that are the JSON of their JSON": {
            "calls": [("weather", '"{\\"city\\":\\"Oslo\\"}"')]
        },
    },
    "both take the end of the body for the end of the answer, whatever came before": {
        "calls: counter-sample, OpenAI: cut within the arguments": {
            "calls": [("weather", '{"city":')],
            "raises": "",
        },
        "calls_in_named_events: counter-sample, Anthropic: cut within the input": {
            "calls": [("weather", {})],
            "raises": "",
        },
        "complete_or_cut: a proxy: words of its own in place of the rest": {"raises": ""},
        "complete_or_cut: counter-sample, OpenAI: the body ends before the reason to stop": {
            "raises": ""
        },
        "complete_or_cut: counter-sample, Ollama in 2024: an empty reason to stop is none": {
            "raises": ""
        },
        "complete_or_cut: counter-sample, a gateway: the counts came, but no reason to stop": {
            "raises": ""
        },
        "complete_or_cut: counter-sample, OpenAI: the body ends within the last chunk": {
            "raises": ""
        },
        "complete_or_cut: counter-sample, a proxy: a chunk in several lines, and one cut off": {
            "raises": ""
        },
        "complete_or_cut: counter-sample, OpenAI: only the alternative (n=2) has stopped": {
            "raises": ""
        },
        "complete_or_cut: counter-sample, Anthropic: the body ends before the reason to stop": {
            "raises": ""
        },
        "complete_or_cut: counter-sample, Anthropic: a reason to stop that is null": {"raises": ""},
    },
    "openai has a message for each choice, and a program reads the first": {
        "calls: Copilot: the text in one choice, the call in the next, no index": {"calls": []},
    },
    (
        "openai reads the text and the calls of Responses from the events of their pieces, or "
        "from `response.completed`, and from no other"
    ): {
        "calls_in_named_events: Codex's backend: arguments only in their `done`": {
            "calls": [("weather", "")]
        },
        "calls_in_named_events: Codex's backend: the call only in `output_item.done`": {
            "calls": []
        },
        "text_once: a gateway: the text only in `output_text.done`": {
            "text": "",
            "raises": "RuntimeError",
        },
        "text_once: Codex's backend: the text only in `output_item.done`": {"text": ""},
        "text_once: Spice AI: the text only in `response.completed`": {"text": ""},
        "text_once: a gateway: the text only in `output_text` of the whole response": {"text": ""},
        "text_once: counter-sample, OpenAI's Responses: two messages with the same text": {
            "text": ""
        },
    },
    "openai knows its terminator by its first letters": {
        "complete_or_cut: a gateway: [DONE] as a text in JSON": {"raises": "AttributeError"},
    },
    "openai reads the calls of chats from `function`, and no others": {
        "calls_repeated: a proxy: the name and the arguments beside the id, without `function`": {
            "calls": []
        },
        (
            "calls_repeated: counter-sample, OpenAI: the input of a custom tool is a text in "
            "quotation marks"
        ): {"calls": []},
    },
    "openai reads the data of each event as one JSON": {
        "complete_or_cut: Zhipu, Moonshot: no blank line between two chunks": {
            "text": "",
            "raises": "JSONDecodeError",
        },
        "complete_or_cut: a proxy: no blank line at all": {
            "text": "",
            "raises": "AssertionError",
        },
    },
    "openai reads the `delta` of a choice, and nothing beside it": {
        "text_once: a gateway: a stream of one chunk, with the whole `message`": {
            "text": "",
            "raises": "AssertionError",
        },
        "text_once: a gateway: the closing `message` has more than the pieces": {"text": "Hi"},
        "text_once: llama-cpp-python: the text in the choice itself, as in the older completions": {
            "text": "",
            "raises": "AttributeError",
        },
        "text_once: llama-cpp-python: the same in a whole answer": {
            "text": "",
            "raises": "AttributeError",
        },
    },
    "they pass on what is no text as it is, and a program that joins the pieces fails": {
        "text_once: Cloudflare Workers AI: the piece `0` is a number": {
            "text": "$.005",
            "raises": "TypeError",
        },
        "text_once: Cloudflare Workers AI: other pieces that are numbers": {
            "text": "[] ",
            "raises": "TypeError",
        },
        "text_once: Mistral: the text and the thinking are lists of parts": {
            "text": "",
            "raises": "RuntimeError",
        },
        "text_once: Databricks: the reasoning as a summary, in a list of parts": {
            "text": "",
            "raises": "RuntimeError",
        },
        "beside_the_text: Mistral: references as parts of the content": {
            "text": "",
            "raises": "RuntimeError",
        },
        "beside_the_text: a gateway: an image as a part of the content, and one by its address": {
            "text": "",
            "raises": "RuntimeError",
        },
        "text_once: a gateway before Anthropic: a piece that is a number": {
            "text": "$",
            "raises": "TypeError",
        },
    },
    "openai puts the items of two lists of one name together by their index": {
        (
            "beside_the_text: OpenRouter: annotations with the words of the source, some of an "
            "unknown place"
        ): {"raises": "RuntimeError"},
        "beside_the_text: counter-sample, a gateway: images that are no addresses": {
            "text": "Hi",
            "raises": "TypeError",
        },
    },
    "openai does not say of which choice a piece is, so that alternatives are mixed": {
        (
            "beside_the_text: counter-sample, a gateway: the addresses of an alternative (n=2) are "
            "not the answer's"
        ): {"text": "HiHello"},
        "text_once: counter-sample, OpenAI: two alternatives (n=2) in turn": {
            "text": "HiHello there"
        },
    },
    "openai wants what `response.completed` has, complete and under that name": {
        "text_once: Codex's backend: the text only in deltas, `output` is null": {
            "raises": "RuntimeError"
        },
        "complete_or_cut: OpenRouter's Responses in 2025: the end is `response.done`": {
            "raises": "RuntimeError"
        },
        "reasons_to_stop: counter-sample, OpenAI: Responses incomplete by max_output_tokens": {
            "raises": "RuntimeError"
        },
    },
    "anthropic shows the pieces of a text, and not what its block began with": {
        "text_once: a gateway before Anthropic: the whole text in the start of its block": {
            "text": ""
        },
    },
    "openai's helper for streams raises an error at `length`": {
        "complete_or_cut: a gateway: cut off by max_tokens, and no [DONE]": {
            "raises": "LengthFinishReasonError"
        },
        "reasons_to_stop: counter-sample, OpenAI: `length`": {"raises": "LengthFinishReasonError"},
    },
    "they pass a reason to stop on, and leave it to the program what it means": {
        "reasons_to_stop: Gemini: `PROHIBITED_CONTENT`": {"raises": ""},
        "reasons_to_stop: Gemini: `SAFETY`": {"raises": ""},
        "reasons_to_stop: Gemini: `RECITATION`": {"raises": ""},
        "reasons_to_stop: Gemini: `BLOCKLIST`": {"raises": ""},
        "reasons_to_stop: Gemini: `SPII`": {"raises": ""},
        "reasons_to_stop: Gemini: `content_filter: PROHIBITED_CONTENT`": {"raises": ""},
        "reasons_to_stop: Gemini: `function_call_filter: MALFORMED_FUNCTION_CALL`": {"raises": ""},
        "reasons_to_stop: Envoy AI gateway: `malformed_function_call`": {"raises": ""},
        "reasons_to_stop: Zhipu: `sensitive`": {"raises": ""},
        "reasons_to_stop: vLLM: `abort`": {"raises": ""},
        "reasons_to_stop: OpenRouter: `error`": {"raises": ""},
        "reasons_to_stop: DeepSeek: `insufficient_system_resource`": {"raises": ""},
        "reasons_to_stop: Zhipu: `network_error`, with an empty piece": {"raises": ""},
        "reasons_to_stop: Gemini: a malformed call stops a whole answer": {"raises": ""},
        "reasons_to_stop: Anthropic: a refusal": {"raises": ""},
    },
    (
        "they read errors that are in the field `error` of an object of the stream, with a name "
        "of the event for anthropic, and no others"
    ): {
        "errors_in_streams: llama.cpp in 2025: a field `error:`, then [DONE]": {"raises": ""},
        "errors_in_streams: gemini-balance: an object alone, without `data:`": {"raises": ""},
        "errors_in_streams: a gateway: an object alone at the end, without a line end": {
            "raises": ""
        },
        "errors_in_streams: OpenRouter: the error in the choice": {"raises": ""},
        "errors_in_streams: Coze: `code` and `msg` in the stream": {"raises": ""},
        "errors_in_streams: a gateway before Anthropic: the error without a line `event:`": {
            "raises": ""
        },
        "errors_in_streams: FastAPI: a `detail` in the stream": {"raises": ""},
        "errors_in_streams: a gateway: a list of `errors` in the stream": {"raises": ""},
        "errors_in_streams: a gateway before Anthropic: `code` and `msg` in the stream": {
            "raises": ""
        },
        "errors_in_streams: a gateway before Anthropic: a bare object after the events": {
            "raises": ""
        },
    },
    "openai reads no whole answer after it has asked for a stream": {
        "media_types: 9router: a whole answer as text/event-stream, then [DONE]": {
            "text": "",
            "raises": "AssertionError",
        },
        "media_types: a gateway: a whole answer as text/event-stream": {
            "text": "",
            "raises": "AssertionError",
        },
        "media_types: a gateway: a whole answer as text/plain": {
            "text": "",
            "raises": "AssertionError",
        },
        "media_types: a gateway: a whole answer without a media type": {
            "text": "",
            "raises": "AssertionError",
        },
    },
    "openai reads each event as JSON, also what keeps the connection open": {
        "heartbeats: Manifest: a comment as data": {"text": "Hi", "raises": "JSONDecodeError"},
        "heartbeats: chat2api: a time as the data of `event: ping`": {
            "text": "Hi",
            "raises": "JSONDecodeError",
        },
        "heartbeats: a proxy: an empty `data:`": {"text": "", "raises": "JSONDecodeError"},
        "heartbeats: a gateway: an event without data": {"text": "Hi", "raises": "JSONDecodeError"},
        "heartbeats: a gateway: a time as the data of `event: ping`, in Responses": {
            "text": "",
            "raises": "JSONDecodeError",
        },
    },
}
"""By the reason: the wires, and what differs."""
