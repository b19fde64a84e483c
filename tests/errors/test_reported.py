"""What services really send as an error, after public reports: its kind, and what is quoted of it.

Each row is what a user may see. If the sentences of a service are public, their wording is
shortened here, except for the parts that the kind is recognised by.
"""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from script import Script

from suggestions import SuggestionsError, SuggestionsEventSource
from suggestions.errors import (
    AuthenticationError,
    ContextTooLargeError,
    ModerationError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    from_interruption,
    from_reason,
    from_report,
    from_status,
    is_report,
)
from suggestions.events import ERROR_NAMES


class Refusal(NamedTuple):
    """`quote` is the whole of what the message quotes, "" for nothing."""

    status: int
    body: Any
    kind: type[SuggestionsError]
    quote: str


def openai(message: object, **fields: object) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


def fastapi(*complaints: tuple[list[Any], str]) -> dict[str, Any]:
    items = [{"type": "missing", "loc": loc, "msg": msg, "input": {}} for loc, msg in complaints]
    return {"detail": items}


NOT_BIO = "Content violates usage guidelines (SAFETY_CHECK_TYPE_BIO)"
TPM = "Rate limit reached for m in organization o on tokens per min (TPM): Limit 30000, Requested 9"
TOO_LARGE = "max_tokens is too large: 9000. This model supports at most 4096 completion tokens"
RAW = "This endpoint's maximum context length is 8192 tokens. However, you requested 9001."
ACCOUNT = "Your credit balance is too low to access the API."
INVALID = "invalid_request_error"
SSE_ERROR = 'event: error\ndata: {"error": {"message": "No such model", "code": 404}}\n\n'
PAGE = "<!DOCTYPE html>\n<html><head><title>Bad &amp; down</title></head><body><h1>502</h1></html>"
XML = "<Error><Code>No</Code><Message>Request has expired</Message></Error>"

REFUSALS = {
    # A field that the service does not know is no moderation.
    "FastAPI": Refusal(
        422,
        fastapi((["body", "messages", 0, "role"], "Field required"), (["body", "n"], "No")),
        StatusError,
        "body.messages.0.role: Field required; body.n: No",
    ),
    "Mistral": Refusal(
        422,
        {
            "object": "error",
            "message": fastapi((["body", "store"], "Extra inputs are not permitted")),
            "type": INVALID,
            "code": None,
        },
        StatusError,
        "body.store: Extra inputs are not permitted",
    ),
    "DeepSeek": Refusal(
        422,
        openai("Failed to deserialize the JSON body: messages[1]: no text", type=INVALID, code=422),
        StatusError,
        "Failed to deserialize the JSON body: messages[1]: no text",
    ),
    "TGI": Refusal(
        422,
        {"error": "Input validation error: `temperature` must be > 0", "error_type": "validation"},
        StatusError,
        "Input validation error: `temperature` must be > 0",
    ),
    "Laravel": Refusal(
        422,
        {"message": "The given data was invalid.", "errors": {"prompt": ["Too short.", "Empty."]}},
        StatusError,
        "prompt: Too short.; Empty.",
    ),
    "express-validator": Refusal(
        422,
        {"errors": [{"type": "field", "msg": "Invalid value", "path": "prompt"}]},
        StatusError,
        "prompt: Invalid value",
    ),
    "OpenAI, a 422 with a parameter": Refusal(
        422, openai("Wrong", param="tools", code=None), StatusError, "Wrong"
    ),
    "a gateway in front of FastAPI": Refusal(
        422,
        openai("Error from provider: " + json.dumps(fastapi((["body", "x"], "No")))),
        StatusError,
        "body.x: No",
    ),
    # A bare 422 is Jetpack's.
    "Jetpack": Refusal(422, "", ModerationError, ""),
    "Jetpack, with a body": Refusal(
        422,
        {"code": "unprocessable", "message": "Not this text.", "data": {"status": 422}},
        ModerationError,
        "Not this text.",
    ),
    "a 422 in words": Refusal(422, {"detail": "Not this text."}, ModerationError, "Not this text."),
    "a 422 of a filter": Refusal(
        422, openai("No", code="content_filter", param="prompt"), ModerationError, "No"
    ),
    # What the service says of the text, whatever the status.
    "xAI": Refusal(403, {"code": "permission-denied", "error": NOT_BIO}, ModerationError, NOT_BIO),
    "OpenRouter, flagged": Refusal(
        403,
        openai("Your input was flagged", code=403, metadata={"flagged_input": "x", "reasons": []}),
        ModerationError,
        "Your input was flagged",
    ),
    "Azure": Refusal(
        400,
        openai("The response was filtered", type=None, param="prompt", code="content_filter"),
        ModerationError,
        "The response was filtered",
    ),
    "Zhipu": Refusal(
        400,
        {"contentFilter": [{"level": 1}], "error": {"code": "1301", "message": "不安全或敏感内容"}},
        ModerationError,
        "不安全或敏感内容",
    ),
    "DashScope": Refusal(
        400,
        openai("<400> InternalError.Algo.DataInspectionFailed: inappropriate content", code=None),
        ModerationError,
        "<400> InternalError.Algo.DataInspectionFailed: inappropriate content",
    ),
    "DeepSeek, risk": Refusal(
        400, openai("Content Exists Risk"), ModerationError, "Content Exists Risk"
    ),
    "Moonshot, risk": Refusal(
        400,
        openai(
            "The request was rejected because it was considered high risk", type="content_filter"
        ),
        ModerationError,
        "The request was rejected because it was considered high risk",
    ),
    "legal": Refusal(
        451,
        openai("It violates the content policy"),
        ModerationError,
        "It violates the content policy",
    ),
    # Quota and credit.
    "Anthropic, credit": Refusal(
        400,
        {"type": "error", "error": {"type": INVALID, "message": ACCOUNT}},
        QuotaExceededError,
        ACCOUNT,
    ),
    "Zhipu, credit": Refusal(429, openai("余额不足", code="1113"), QuotaExceededError, "余额不足"),
    "Moonshot, quota": Refusal(
        403, openai("No", type="exceeded_current_quota_error"), QuotaExceededError, "No"
    ),
    "Volcano, a text": Refusal(
        403, "Insufficient balance", QuotaExceededError, "Insufficient balance"
    ),
    "tokens per minute": Refusal(429, openai(TPM, type="tokens"), QuotaExceededError, TPM),
    "tokens per minute, a 400": Refusal(400, openai(TPM), QuotaExceededError, TPM),
    "Bedrock, throttled": Refusal(
        400,
        {"message": "Too many tokens, please wait before trying again."},
        QuotaExceededError,
        "Too many tokens, please wait before trying again.",
    ),
    "AWS": Refusal(
        400,
        {"__type": "com.amazon#ThrottlingException", "message": "Slow"},
        QuotaExceededError,
        "Slow",
    ),
    "Gemini, no capacity": Refusal(
        429,
        openai("No capacity available", code=429, status="RESOURCE_EXHAUSTED"),
        QuotaExceededError,
        "No capacity available",
    ),
    # Busy.
    "Moonshot, busy": Refusal(
        429,
        openai("The engine is currently overloaded", type="engine_overloaded_error"),
        ServiceUnavailableError,
        "The engine is currently overloaded",
    ),
    "OpenAI, busy": Refusal(
        429,
        openai("That model is currently overloaded with other requests"),
        ServiceUnavailableError,
        "That model is currently overloaded with other requests",
    ),
    "Hugging Face, loading": Refusal(
        500,
        {"error": "Model m is currently loading", "estimated_time": 20.0},
        ServiceUnavailableError,
        "Model m is currently loading",
    ),
    "Cloudflare": Refusal(
        500,
        {
            "success": False,
            "errors": [{"code": 3040, "message": "AiError: Capacity temporarily exceeded"}],
            "messages": [],
            "result": None,
        },
        ServiceUnavailableError,
        "AiError: Capacity temporarily exceeded",
    ),
    # A token.
    "Gemini, key": Refusal(
        400,
        openai("API key not valid.", code=400, status="INVALID_ARGUMENT"),
        AuthenticationError,
        "API key not valid.",
    ),
    # The rest, as it is.
    "max_tokens": Refusal(400, openai(TOO_LARGE, param="max_tokens"), StatusError, TOO_LARGE),
    "several": Refusal(
        400,
        {"errors": [{"message": "One"}, {"message": "Two"}, {"message": "One"}]},
        StatusError,
        "One; Two",
    ),
    "several texts": Refusal(
        400,
        {"statusCode": 400, "message": ["one", "two"], "error": "Bad Request"},
        StatusError,
        "one; two",
    ),
    "problem details": Refusal(
        404,
        {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No such model"},
        StatusError,
        "No such model",
    ),
    "Apigee": Refusal(
        500,
        {"fault": {"faultstring": "Broken", "detail": {"errorcode": "x"}}},
        StatusError,
        "Broken",
    ),
    "OpenRouter, its provider": Refusal(
        400,
        openai(
            "Provider returned error",
            code=400,
            metadata={
                "raw": json.dumps(openai("At most 1 image", code=None)),
                "provider_name": "C",
            },
        ),
        StatusError,
        "At most 1 image",
    ),
    "OpenRouter, too long": Refusal(
        400,
        openai("Provider returned error", code=400, metadata={"raw": json.dumps(openai(RAW))}),
        ContextTooLargeError,
        RAW,
    ),
    "OpenRouter, raw text": Refusal(
        502,
        openai("Provider returned error", metadata={"raw": "upstream is gone"}),
        StatusError,
        "upstream is gone",
    ),
    "JSON in a text": Refusal(400, openai(json.dumps(openai("No"))), StatusError, "No"),
    "LiteLLM": Refusal(
        400,
        openai(
            "litellm.BadRequestError: litellm.ContextWindowExceededError: AnthropicError - "
            + json.dumps({"type": "error", "error": {"type": INVALID, "message": "too big"}})
            + "\nReceived Model Group=m",
            type=None,
            code="400",
        ),
        ContextTooLargeError,
        "too big",
    ),
    # What is no JSON.
    "a stream": Refusal(404, SSE_ERROR, StatusError, "No such model"),
    "a stream with a text": Refusal(
        400, "event: error\ndata: No, never\n\n", StatusError, "No, never"
    ),
    "a stream with [DONE]": Refusal(
        400, 'data: {"error": "No"}\n\ndata: [DONE]\n\n', StatusError, "No"
    ),
    "a field error": Refusal(
        400, 'error: {"code":400,"message":"no room"}\n\n', StatusError, "no room"
    ),
    "lines": Refusal(
        500, '{"error":"model runner has stopped"}\n', StatusError, "model runner has stopped"
    ),
    "two lines": Refusal(500, '{"error":"One"}\n{"error":"Two"}\n', StatusError, "One"),
    "a page": Refusal(502, PAGE, StatusError, "Bad & down"),
    "a page without words": Refusal(502, "<html><p>x</p></html>", StatusError, ""),
    "XML": Refusal(403, XML, AuthenticationError, "Request has expired"),
    "a text": Refusal(400, "Bad model name\n", StatusError, "Bad model name"),
    "another shape": Refusal(400, '{"oops": "a pity"}', StatusError, '{"oops": "a pity"}'),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_of_its_kind_and_quotes_the_service(refusal: Refusal) -> None:
    body = refusal.body if isinstance(refusal.body, str) else json.dumps(refusal.body)
    error = from_status(refusal.status, body)
    assert error.__class__ is refusal.kind
    assert quoted(error) == refusal.quote
    assert (error.status, error.body) == (refusal.status, body)
    if refusal.kind is ModerationError:
        assert "token" not in error.message


@pytest.mark.parametrize("name", ["xAI", "FastAPI", "LiteLLM", "a page", "Cloudflare"])
def test_a_refusal_is_the_same_through_a_source(name: str) -> None:
    status, body, kind, quote = REFUSALS[name]
    text = body if isinstance(body, str) else json.dumps(body)
    script = Script([text.encode()], status=status, content_type="application/json")
    source = SuggestionsEventSource("Why?", "k", url="https://s.example", session=script.session())
    with pytest.raises(kind) as caught:
        source.result(10)
    assert quoted(caught.value) == quote


def test_no_secret_of_the_request_is_quoted() -> None:
    for body in ("No: sk-abcdef", "<title>sk-abcdef</title>", '{"x": "sk-abcdef"}'):
        script = Script([body.encode()], status=400, content_type="text/html")
        session = script.session()
        source = SuggestionsEventSource("?", "sk-abcdef", url="https://s.example", session=session)
        with pytest.raises(StatusError, match=r"\[token\]") as caught:
            source.result(10)
        assert "sk-abcdef" not in f"{caught.value!r}{caught.value.body}"


def quoted(error: SuggestionsError) -> str:
    return error.message.partition(" (It says: ")[2].removesuffix(")")


TOO_LONG = {
    "OpenAI": "This model's maximum context length is 8192 tokens. However, you requested 9001",
    "OpenAI, Responses": "Your input exceeds the context window of this model.",
    "OpenAI, limit": "Input tokens exceed the configured limit of 272000 tokens.",
    "Anthropic": "prompt is too long: 213462 tokens > 200000 maximum",
    "Anthropic, both": "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000",
    "Bedrock": "Input is too long for requested model.",
    "Gemini": "The input token count (1196265) exceeds the maximum number of tokens allowed (9).",
    "Vertex": "Unable to submit request because the input token count is 12 but model supports 1",
    "xAI": "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Groq": "Please reduce the length of the messages or completion.",
    "Moonshot": "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)",
    "Z.ai": "Prompt exceeds max length",
    "MiniMax": "invalid params, context window exceeds limit",
    "Mistral": "Prompt contains 9 tokens, too large for model with 5 maximum context length",
    "Cohere": "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "Copilot": "prompt token count of 5000 exceeds the limit of 4096",
    "DashScope": "Range of input length should be [1, 30720]",
    "SGLang": "The input (300 tokens) is longer than the model's context length (200 tokens).",
    "SGLang, allowed": "Input length (160062 tokens) exceeds the maximum allowed length (59862).",
    "vLLM": "The decoder prompt (length 9) is longer than the maximum model length of 5.",
    "TGI": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 9",
    "TGI, inputs": "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000",
    "llama.cpp": "the request exceeds the available context size, try increasing it",
    "llama-cpp-python": "Requested tokens (9000) exceed context window of 4096",
    "LM Studio": "Trying to keep the first 6269 tokens when context the overflows. However, the "
    "model is loaded with context length of only 4096 tokens, which is not enough.",
    "LM Studio, MLX": "Context size has been exceeded.",
    "Ollama": "prompt too long; exceeded max context length by 4 tokens",
    "Qianfan": "the max input characters is 4800",
    "Cloudflare": "AiError: the number of tokens exceeded this model context window limit (8000)",
    "Volcano": "Total tokens of image and text exceed max message tokens",
    "a code in the text": "context_length_exceeded: it is too big",
    "typographic": "This model\u2019s maximum\ncontext  length is 5",
}


@pytest.mark.parametrize("said", TOO_LONG.values(), ids=TOO_LONG)
def test_a_conversation_is_too_long_however_it_is_said(said: str) -> None:
    errors = [from_status(status, json.dumps({"error": said})) for status in (400, 413, 422, 500)]
    errors.append(from_status(400, json.dumps({"message": said})))
    errors.append(from_status(400, said))
    errors.append(from_report({"error": {"message": said, "type": "BadRequestError", "code": 400}}))
    errors.append(from_report({"error": said}))
    for error in errors:
        assert error.__class__ is ContextTooLargeError
        assert quoted(error) == " ".join(said.split())


REPORTS: dict[str, tuple[Any, type[SuggestionsError], str]] = {
    "llama.cpp": ({"code": 400, "message": "no", "type": INVALID}, ServiceError, "no"),
    "MiniMax": (
        {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
        QuotaExceededError,
        "insufficient balance",
    ),
    "MiniMax, beside choices": (
        {"choices": [], "base_resp": {"status_code": 1027, "status_msg": "output new_sensitive"}},
        ModerationError,
        "output new_sensitive",
    ),
    "MiniMax, login": (
        {"base_resp": {"status_code": 1004, "status_msg": "login fail"}},
        AuthenticationError,
        "login fail",
    ),
    "Qianfan": (
        {"error_code": 17, "error_msg": "no more today", "id": "as"},
        ServiceError,
        "no more today",
    ),
    "Qianfan, limit": (
        {"error_code": 18, "error_msg": "Open api qps request limit reached"},
        QuotaExceededError,
        "Open api qps request limit reached",
    ),
    "code and msg": ({"code": 500, "msg": "broken", "data": None}, ServiceError, "broken"),
    "iFlytek": ({"code": 10013, "message": "no", "sid": "s"}, ServiceError, "no"),
    "Tencent": ({"Response": {"Error": {"Code": "Busy", "Message": "no"}}}, ServiceError, "no"),
    "Hunyuan": ({"ErrorMsg": {"Msg": "no", "Code": 4001}}, ServiceError, "no"),
    "a list": ([{"error": {"message": "One"}}, {"error": "Two"}], ServiceError, "One; Two"),
    "Gemini, a list": (
        [{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}],
        QuotaExceededError,
        "m",
    ),
    "errors": ({"errors": [{"message": "One"}, {"message": "Two"}]}, ServiceError, "One; Two"),
    "Cloudflare": (
        {"success": False, "errors": [{"code": 7009, "message": "no"}], "result": {}},
        ServiceError,
        "no",
    ),
    "FastAPI": (fastapi((["body", "x"], "No")), ServiceError, "body.x: No"),
    "FastAPI, a text": ({"detail": "Not Found"}, ServiceError, "Not Found"),
    "vLLM": ({"object": "error", "message": "no", "code": 400}, ServiceError, "no"),
    "bare": ({"message": "no", "type": "BadRequestError", "code": None}, ServiceError, "no"),
    "TGI": (
        {"error": "Request failed", "error_type": "generation"},
        ServiceError,
        "Request failed",
    ),
    "TGI, busy": (
        {"error": "Model is overloaded", "error_type": "overloaded"},
        ServiceUnavailableError,
        "Model is overloaded",
    ),
    "AWS": ({"__type": "AccessDeniedException", "Message": "no"}, AuthenticationError, "no"),
    "AWS, a stream": ({"throttlingException": {"message": "no"}}, QuotaExceededError, "no"),
    "chatbot": ({"errorMessage": "Failed: x"}, ServiceError, "Failed: x"),
    "JSend": ({"status": "error", "message": "no"}, ServiceError, "no"),
    "Dify": ({"event": "error", "status": 400, "code": "x", "message": "no"}, ServiceError, "no"),
    "Nest": ({"statusCode": 500, "message": "no"}, ServiceError, "no"),
    "OAuth": ({"error": "invalid_token", "error_description": "no"}, AuthenticationError, "no"),
    "LM Studio": ({"error": {"message": "no"}, "message": "no"}, ServiceError, "no"),
    "Z.ai's page": (
        {"error": {"detail": "It may contain inappropriate content.", "content": "x"}},
        ModerationError,
        "It may contain inappropriate content.",
    ),
    "Baidu, busy": (
        {"error": {"code": "x", "message": "系统繁忙"}},
        ServiceUnavailableError,
        "系统繁忙",
    ),
    "Zhipu, busy": ({"error": {"code": "1305", "message": "…"}}, ServiceUnavailableError, "…"),
    "busy, with the number of a limit": (
        {"error": {"code": 429, "type": "engine_overloaded_error", "message": "m"}},
        ServiceUnavailableError,
        "m",
    ),
    "a field, with the number of moderation": (
        {"error": {"code": 422, "type": INVALID, "message": "m"}},
        ServiceError,
        "m",
    ),
}


@pytest.mark.parametrize(("report", "kind", "quote"), REPORTS.values(), ids=REPORTS)
def test_a_report_in_any_dress(report: Any, kind: type[SuggestionsError], quote: str) -> None:
    assert is_report(report)
    error = from_report(report, body="b")
    assert error.__class__ is kind
    assert quoted(error) == quote
    assert (error.status, error.body) == (None, "b")


@pytest.mark.parametrize(
    "piece",
    [
        {"code": 0, "message": "ok", "choices": [{"delta": {"content": "Hi"}}]},
        {"code": 0, "message": "Success", "sid": "s"},
        {"code": 200, "msg": "success", "data": {"text": "Hi"}},
        {"code": "", "message": "", "output": {"text": "Hi"}},
        {"code": "x", "message": "y", "output": {"text": "Hi"}},
        {"choices": [{}], "base_resp": {"status_code": 0, "status_msg": ""}},
        {"base_resp": {"status_code": 0, "status_msg": "success"}},
        {"choices": [], "error": None},
        {"error": None, "response": "Hi", "done": False},
        {"error": {"code": None, "message": None}, "choices": []},
        {"error": {"code": 0, "message": "ok"}},
        {"error_code": 0, "error_msg": "success", "result": "Hi"},
        {"errcode": 0, "errmsg": "ok"},
        {"errors": [], "text": "Hi"},
        {"errors": ["warned"], "text": "Hi"},
        {"success": True, "errors": [], "result": {"response": "Hi"}},
        {"message": {"content": "error"}, "done": False, "code": 5},
        {"message": "error"},
        {"message": "Hi", "status": 200},
        {"detail": "auto", "type": "response.image"},
        {"status": "failed"},
        {"status": "in_progress", "message": "Hi"},
        {"type": "content", "data": "error"},
        {"type": "message_start", "message": {"role": "assistant"}},
        {"type": "response.created", "response": {"error": None}},
        {"type": "response.code_interpreter_call_code.done", "code": "print(1)", "item_id": "i"},
        {"text": "Hi"},
        [],
        [{"error": "No"}, {"text": "Hi"}],
        [[{"error": "No"}]],
        "error",
        5,
    ],
)
def test_a_piece_of_an_answer_is_no_report(piece: Any) -> None:
    assert not is_report(piece)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                ["error", "errors", "message", "code", "detail", "loc", "metadata", "raw"]
            )
            | st.text(),
            inner,
        )
    ),
)


@given(json_values, st.sampled_from([200, 400, 403, 422, 429, 500]))
def test_any_json_makes_one_readable_error(value: Any, status: int) -> None:
    for error in (from_report(value), from_status(status, json.dumps(value))):
        assert error.code in ERROR_NAMES
        assert error.message.isprintable()
        assert len(error.message) < 700
    assert is_report(value) in (True, False)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"error":' * 100_000, "<title>" * 9_000, "{" * 60_000]
)
def test_a_hostile_body_is_read_at_once(text: str) -> None:
    error = from_status(400, text)
    assert error.__class__ is StatusError
    assert from_report(text).__class__ is ServiceError


def test_what_is_within_two_names_is_read_once() -> None:
    def cost(levels: int) -> float:
        value: Any = {"x": "y" * 100}
        for _ in range(levels):
            value = {"error": value, "detail": 0}
        body = json.dumps([value] * 20)
        times = []
        for _ in range(3):
            began = time.thread_time()
            from_status(400, body)
            times.append(time.thread_time() - began)
        return min(times)

    # Were each level read twice, it would be sixteen times as much.
    assert cost(7) < 8 * cost(3)


def test_reports_within_reports_end() -> None:
    report = "No"
    for _ in range(12):
        report = json.dumps({"error": {"message": report}})
    assert from_report(report).message.startswith("The service failed. (It says: ")


# A reason to stop


@pytest.mark.parametrize(
    "reason",
    [
        *("content_filter", "content-filter", "CONTENT FILTER", "content_filter: SAFETY"),
        *("content_filtered", "PROHIBITED_CONTENT", "SAFETY", "IMAGE_SAFETY", "RECITATION"),
        *("BLOCKLIST", "SPII", "sensitive", "guardrail_intervened", "refusal", "ERROR_TOXIC"),
    ],
)
def test_a_reason_of_a_filter(reason: str) -> None:
    for error in (from_reason(reason), from_interruption(reason)):
        assert error.__class__ is ModerationError
        assert str(error) == "The answer was stopped by the service's content filter."


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("network_error", ServiceError),
        ("error", ServiceError),
        ("error_finish", ServiceError),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", ServiceError),
        ("MALFORMED_FUNCTION_CALL", ServiceError),
        ("UNEXPECTED_TOOL_CALL", ServiceError),
        ("abort", ServiceError),
        ("aborted", ServiceError),
        ("cancelled", ServiceError),
        ("timeout", ServiceError),
        ("failed", ServiceError),
        ("insufficient_system_resource", ServiceUnavailableError),
        ("server_overloaded", ServiceUnavailableError),
        ("rate_limit_error", QuotaExceededError),
    ],
)
def test_a_reason_that_is_a_failure_is_named(reason: str, kind: type[SuggestionsError]) -> None:
    for error in (from_reason(reason), from_interruption(reason)):
        assert error is not None
        assert error.__class__ is kind
        assert quoted(error) == reason


@pytest.mark.parametrize(
    "reason",
    [
        *("stop", "STOP", "length", "tool_calls", "function_call", "eos_token", "end_turn", "load"),
        *("max_tokens", "MAX_TOKENS", "stop_sequence", "tool_use", "pause_turn", "unload", "other"),
        *("OTHER", "FINISH_REASON_UNSPECIFIED", "model_context_window_exceeded", "COMPLETE", ""),
        *("eos", "null", "unknown", "stop_str", "compaction"),
    ],
)
def test_any_other_reason_is_no_failure(reason: str) -> None:
    assert from_reason(reason) is None


@pytest.mark.parametrize("reason", ["max_output_tokens", "max_tokens", "length", "max_tool_calls"])
def test_a_limit_is_no_interruption(reason: str) -> None:
    assert from_interruption(reason) is None


@pytest.mark.parametrize("reason", ["interrupted", "server_shutdown", "preempted"])
def test_any_other_reason_of_an_incomplete_answer_is_an_interruption(reason: str) -> None:
    error = from_interruption(reason)
    assert error.__class__ is ServiceError
    assert str(error) == f"The service broke off the answer. (It says: {reason})"
