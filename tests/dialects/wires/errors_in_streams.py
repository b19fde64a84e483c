"""Kind 5: an error in the stream, in every dress; the message quotes what the service said."""

from __future__ import annotations

from suggestions.errors import (
    ContextTooLargeError,
    ModerationError,
    NetworkError,
    QuotaExceededError,
    ServiceUnavailableError,
    SuggestionsError,
)
from wires.shapes import (
    COUNTED,
    DONE,
    HI,
    MESSAGE_STOP,
    SAYS_HI,
    STOP,
    THERE,
    block,
    body,
    choice,
    choices,
    chunk,
    line,
    message_delta,
    message_start,
    named,
    opened,
    piece,
    response,
    sse,
    text_delta,
)
from wires.wire import JSON, NDJSON, Wire, done, failed

BUSY = {"message": "too many people are asking", "type": "server_error", "code": 500}
SAYS_BUSY = ["too many people are asking"]

STREAMS = [
    Wire(
        "llama.cpp in 2025: a field `error:`, then [DONE]",
        "openai",
        HI
        + b'error: {"code":400,"message":"no room is left","type":"invalid_request_error"}\n\n'
        + DONE,
        failed(SuggestionsError, "Hi", quotes=["no room is left"]),
    ),
    Wire(
        "llama.cpp in 2025: nothing but a field `error:`",
        "openai",
        b'error: {"code":500,"message":"the slot is gone","type":"server_error"}\n\n' + DONE,
        failed(NetworkError, quotes=["the slot is gone"]),
    ),
    Wire(
        "gemini-balance: an object alone, without `data:`",
        "openai",
        HI + body(error=BUSY) + b"\n\n",
        failed(NetworkError, "Hi", quotes=SAYS_BUSY),
    ),
    Wire(
        "a gateway: an object alone at the end, without a line end",
        "openai",
        HI + body(error=BUSY),
        failed(NetworkError, "Hi", quotes=SAYS_BUSY),
    ),
    Wire(
        "SGLang: a conversation that is too long, with a 200",
        "openai",
        sse(
            {
                "error": {
                    "object": "error",
                    "message": "The input (90000 tokens) is longer than the model's context "
                    "length (65536 tokens).",
                    "type": "BadRequestError",
                    "param": None,
                    "code": 400,
                }
            }
        )
        + DONE,
        failed(ContextTooLargeError, quotes=["longer than"]),
    ),
    Wire(
        "vLLM: an error after some text, then [DONE]",
        "openai",
        HI + sse({"error": {**BUSY, "type": "InternalServerError", "param": None}}) + DONE,
        failed(NetworkError, "Hi", quotes=SAYS_BUSY),
    ),
    Wire(
        "a gateway: the error is a text",
        "openai",
        sse('{"error":"the stream exploded"}') + DONE,
        failed(NetworkError, quotes=["the stream exploded"]),
    ),
    Wire(
        "a gateway: an error with a message alone",
        "openai",
        sse('{"error":{"message":"quota exceeded for this key"}}') + DONE,
        failed(SuggestionsError, quotes=["quota exceeded for this key"]),
    ),
    Wire(
        "LiteLLM: a limit, with its code as a text",
        "openai",
        HI
        + sse(
            {
                "error": {
                    "message": "litellm.RateLimitError: slow down, please",
                    "type": None,
                    "param": None,
                    "code": "429",
                }
            }
        ),
        failed(QuotaExceededError, "Hi", quotes=["slow down, please"]),
    ),
    Wire(
        "OpenRouter: the error in the choice",
        "openai",
        HI
        + choices(
            choice("error", delta={"content": ""}, error={"code": 502, "message": "P has gone"})
        ),
        failed(NetworkError, "Hi", quotes=["P has gone"]),
    ),
    Wire(
        "MiniMax: `base_resp` reports a failure, with a 200",
        "openai",
        sse(
            {
                "id": "",
                "choices": None,
                "created": 0,
                "model": "",
                "object": "",
                "usage": None,
                "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"},
            }
        ),
        failed(SuggestionsError, quotes=["insufficient balance"]),
    ),
    Wire(
        "Coze: `code` and `msg` in the stream",
        "openai",
        HI + sse('{"code":4100,"msg":"the plan has ended"}'),
        failed(SuggestionsError, "Hi", quotes=["the plan has ended"]),
    ),
    Wire(
        "SiliconFlow: `code`, `message` and a `data` of null",
        "openai",
        sse('{"code":20012,"message":"there is no such model","data":null}'),
        failed(NetworkError, quotes=["there is no such model"]),
    ),
    Wire(
        "Gemini: a list with one error in it",
        "openai",
        sse('[{"error":{"code":503,"message":"come back later","status":"UNAVAILABLE"}}]'),
        failed(ServiceUnavailableError, quotes=["come back later"]),
    ),
    Wire(
        "Zhipu for Anthropic's clients: [DONE] as the second line of the error's data",
        "anthropic",
        b'event: error\ndata: {"error":{"code":"1302","message":"too much at once"}}\n'
        b"data: [DONE]\n\n",
        failed(SuggestionsError, quotes=["too much at once"]),
    ),
    Wire(
        "Anthropic: overloaded after some text",
        "anthropic",
        SAYS_HI + named("error", error={"type": "overloaded_error", "message": "Overloaded"}),
        failed(ServiceUnavailableError, "Hi", quotes=["Overloaded"]),
    ),
    Wire(
        "a gateway before Anthropic: the error without a line `event:`",
        "anthropic",
        SAYS_HI + sse({"type": "error", "error": {"type": "api_error", "message": "it broke"}}),
        failed(NetworkError, "Hi", quotes=["it broke"]),
    ),
    Wire(
        "OpenAI's Responses: `response.failed`",
        "responses",
        opened()
        + text_delta("Hi")
        + named(
            "response.failed",
            response=response(
                "failed", error={"code": "rate_limit_exceeded", "message": "slow down, please"}
            ),
        ),
        failed(QuotaExceededError, "Hi", quotes=["slow down, please"]),
    ),
    Wire(
        "OpenAI: Responses with an `error` event whose fields are beside each other",
        "responses",
        opened()
        + text_delta("Hi")
        + named("error", code="server_error", message="it broke", param=None, sequence_number=9),
        failed(NetworkError, "Hi", quotes=["it broke"]),
    ),
    Wire(
        "TGI: overloaded, with the kind of the error beside its text",
        "openai",
        sse('{"error":"the model is busy","error_type":"overloaded"}'),
        failed(ServiceUnavailableError, quotes=["the model is busy"]),
    ),
    Wire(
        "a gateway: `event: error` with a text alone",
        "openai",
        HI + sse("the upstream has gone", "error"),
        failed(NetworkError, "Hi", quotes=["the upstream has gone"]),
    ),
    Wire(
        "FastAPI: a `detail` in the stream",
        "openai",
        HI + sse('{"detail":"the worker has gone"}'),
        failed(NetworkError, "Hi", quotes=["the worker has gone"]),
    ),
    Wire(
        "a gateway: a list of `errors` in the stream",
        "openai",
        HI + sse('{"errors":[{"code":5007,"message":"the worker has gone"}],"success":false}'),
        failed(NetworkError, "Hi", quotes=["the worker has gone"]),
    ),
    Wire(
        "a gateway: `code` and `msg` as a line, for `ollama`",
        "ollama",
        line("Hi") + b'{"code":500,"msg":"the worker has gone"}\n',
        failed(NetworkError, "Hi", quotes=["the worker has gone"]),
        content_type=NDJSON,
    ),
    Wire(
        "a gateway before Anthropic: `code` and `msg` in the stream",
        "anthropic",
        SAYS_HI + sse('{"code":500,"msg":"the worker has gone"}'),
        failed(NetworkError, "Hi", quotes=["the worker has gone"]),
    ),
    Wire(
        "a gateway before Anthropic: a bare object after the events",
        "anthropic",
        SAYS_HI + body(type="error", error={"type": "api_error", "message": "it broke"}) + b"\n",
        failed(NetworkError, "Hi", quotes=["it broke"]),
    ),
    Wire(
        "sub2api: an error within an event that had only begun",
        "responses",
        opened()
        + text_delta("Hi")
        + b'event: response.output_text.delta\ndata: {"type":"response.output_te\n'
        b'data: {"type":"error","error":{"type":"upstream_error","message":"read failed"}}\n\n',
        failed(NetworkError, "Hi", quotes=["read failed"]),
    ),
    Wire(
        "Ollama: an error in a line of its own, after some text",
        "ollama",
        line("Hi") + b'{"error":"the runner has stopped"}\n',
        failed(NetworkError, "Hi", quotes=["the runner has stopped"]),
        content_type=NDJSON,
    ),
    Wire(
        "Dify: `event: error` with its fields beside each other",
        "json_lines",
        sse({"message": "Hi"})
        + sse(
            {"event": "error", "status": 400, "code": "quota", "message": "no credit is left"},
            "error",
        ),
        failed(SuggestionsError, "Hi", quotes=["no credit is left"]),
    ),
    Wire(
        "Z.ai: a chunk cut off within its JSON, the next one after it on the line",
        "openai",
        chunk("Half", role="assistant")
        + b'data: {"id":"c1","object":"chat.cdata: {"id":"c1","choices":[{"index":0,'
        b'"delta":{"content":"11"}}]}\n\n' + STOP + DONE,
        failed(NetworkError, "Half", quotes=["chat.cdata"]),
    ),
]

WHOLE = [
    Wire(
        "Qianfan: `error_code` and `error_msg`, with a 200",
        "json_lines",
        b'{"error_code":17,"error_msg":"no more requests today","id":"as-1"}',
        failed(SuggestionsError, quotes=["no more requests today"]),
        content_type=JSON,
    ),
    Wire(
        "Qianfan: the same, to a client of OpenAI's",
        "openai",
        b'{"error_code":336003,"error_msg":"the messages must alternate","id":"as-1"}',
        failed(NetworkError, quotes=["the messages must alternate"]),
        content_type=JSON,
    ),
    Wire(
        "MiniMax: `base_resp` reports a failure in a whole answer",
        "openai",
        b'{"base_resp":{"status_code":1004,"status_msg":"login fail"}}',
        failed(SuggestionsError, quotes=["login fail"]),
        content_type=JSON,
    ),
    Wire(
        "Coze: `code` and `msg` as the whole body, with a 200",
        "openai",
        b'{"code":4000,"msg":"the bot is not published","detail":{"logid":"l1"}}',
        failed(SuggestionsError, quotes=["the bot is not published"]),
        content_type=JSON,
    ),
    Wire(
        "a gateway: an error is the whole body, with a 200",
        "openai",
        body(error=BUSY),
        failed(NetworkError, quotes=SAYS_BUSY),
        content_type=JSON,
    ),
]

COUNTER_SAMPLES = [
    Wire(
        "counter-sample, OpenAI: a text that is the JSON of an error",
        "openai",
        chunk('{"error": {"message"', role="assistant") + chunk(': "no"}}') + STOP + DONE,
        done('{"error": {"message": "no"}}'),
    ),
    Wire(
        "counter-sample, OpenAI: a text that begins with `error:`",
        "openai",
        chunk("error: 404\n\nerror: {", role="assistant") + STOP + DONE,
        done("error: 404\n\nerror: {"),
    ),
    Wire(
        "counter-sample, a gateway: an `error` of null in each chunk",
        "openai",
        choices(choice(delta={"content": "Hi"}, error=None), error=None)
        + choices(choice("stop", delta={}), error=None)
        + DONE,
        done("Hi"),
    ),
    Wire(
        "counter-sample, MiniMax: a `base_resp` that reports success in each chunk",
        "openai",
        choices(choice(delta={"content": "Hi"}), base_resp={"status_code": 0, "status_msg": ""})
        + choices(choice("stop", delta={}), base_resp={"status_code": 0, "status_msg": ""})
        + DONE,
        done("Hi"),
    ),
    Wire(
        "counter-sample, iFlytek Spark: a `code` of 0 and a `message` in each chunk",
        "openai",
        choices(choice(delta={"content": "Hi"}), code=0, message="Success", sid="cha1")
        + choices(choice("stop", delta={}), code=0, message="Success", sid="cha1")
        + DONE,
        done("Hi"),
    ),
    Wire(
        "counter-sample, Anthropic: a text about an overloaded service",
        "anthropic",
        message_start()
        + block()
        + piece('{"type":"error","error":{"type":"overloaded_error"}}')
        + message_delta()
        + MESSAGE_STOP,
        done('{"type":"error","error":{"type":"overloaded_error"}}', usage=COUNTED),
    ),
    Wire(
        "counter-sample, Azure: the results of a filter that let all pass",
        "openai",
        sse(
            {
                "choices": [],
                "prompt_filter_results": [
                    {"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}
                ],
            }
        )
        + HI
        + THERE
        + STOP
        + DONE,
        done("Hi there"),
    ),
    Wire(
        "Azure: the answer is filtered after some text",
        "openai",
        HI
        + choices(
            choice(
                "content_filter",
                delta={},
                content_filter_results={"hate": {"filtered": True, "severity": "high"}},
            )
        )
        + DONE,
        failed(ModerationError, "Hi"),
    ),
]

TABLE = [*STREAMS, *WHOLE, *COUNTER_SAMPLES]
