"""The dialect `openai` with its relatives: streams and errors in the shapes that each one sends.

Sources: the documents of llama.cpp's server, vLLM, Azure OpenAI, OpenRouter, DeepSeek, DashScope.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from outcomes import JSON, Outcome, check_every_cut, error_of, outcome, source_of
from script import DONE, Script, data

from suggestions import SuggestionsEventSource
from suggestions.dialects.openai import OpenAI
from suggestions.errors import (
    AuthenticationError,
    ContextTooLargeError,
    IncompleteStreamError,
    ModerationError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
)
from suggestions.events import Usage

COUNTS = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def event(delta: Any = None, finish: str | None = None, **more: Any) -> bytes:
    """A chunk with one choice, or with those of `more`."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    body = {"id": "c1", "object": "chat.completion.chunk", "model": "m1", "choices": [choice]}
    return data(json.dumps({**body, **more}, ensure_ascii=False))


def tool(index: int, call_id: Any, name: Any, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    call = {"index": index, "id": call_id, "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


NO_CHOICES: dict[str, Any] = {"choices": []}
USAGE = event(**NO_CHOICES, usage=COUNTS)

STREAMS: dict[str, tuple[list[bytes], Outcome]] = {
    "llama.cpp": (
        [
            event({"role": "assistant", "content": None}, system_fingerprint="b5000-x"),
            event({"reasoning_content": "Hm"}),
            event({"content": "Hi"}),
            event({}, "stop", timings={"prompt_n": 3, "predicted_per_second": 52.5}),
            event(**NO_CHOICES, usage=COUNTS, timings={"prompt_n": 3}),
            DONE,
        ],
        Outcome("Hi", "Hm", (), Usage(3, 4, 7, COUNTS), "stop", "m1", None),
    ),
    "vLLM": (
        [
            event({"role": "assistant", "content": ""}, usage={**COUNTS, "completion_tokens": 0}),
            event({"reasoning": "Hm", "reasoning_content": "Hm"}, usage=COUNTS),
            event({"content": "Hi", "reasoning_content": None}, usage=COUNTS),
            event(tool(0, "chatcmpl-tool-1", "f", "")),
            event({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
            event({"content": ""}, "tool_calls", stop_reason=None),
            USAGE,
            DONE,
        ],
        Outcome(
            "Hi",
            "Hm",
            (("chatcmpl-tool-1", "f", "{}"),),  # type: ignore[arg-type]
            Usage(3, 4, 7, COUNTS),
            "tool_calls",
            "m1",
            None,
        ),
    ),
    "Mistral": (
        [
            event({"content": [{"type": "thinking", "thinking": [{"text": "Hm"}]}]}),
            event({"content": [{"type": "text", "text": "H"}]}),
            event({"content": "i"}),
            event({"content": ""}, "stop", usage=COUNTS),
            DONE,
        ],
        Outcome("Hi", "Hm", (), Usage(3, 4, 7, COUNTS), "stop", "m1", None),
    ),
    "Azure": (
        [
            event(
                id="",
                model="",
                object="",
                **NO_CHOICES,
                prompt_filter_results=[
                    {
                        "prompt_index": 0,
                        "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
                    }
                ],
            ),
            event({"role": "assistant", "content": "", "refusal": None}),
            event({"content": "Hi"}),
            data(
                json.dumps(
                    {
                        "id": "",
                        "model": "",
                        "choices": [
                            {
                                "index": 0,
                                "finish_reason": None,
                                "content_filter_results": {"hate": {"filtered": False}},
                                "content_filter_offsets": {"check_offset": 4, "end_offset": 9},
                            }
                        ],
                    }
                )
            ),
            event({}, "stop"),
            DONE,
        ],
        Outcome("Hi", "", (), None, "stop", "m1", None),
    ),
    "Azure, filtered": (
        [event({"content": "Hi"}), event({}, "content_filter"), DONE],
        Outcome("Hi", "", (), None, "content_filter", "m1", ModerationError),
    ),
    "OpenRouter": (
        [
            b": OPENROUTER PROCESSING\n\n",
            b": OPENROUTER PROCESSING\n\n",
            event(
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning": "Hm",
                    "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}],
                },
                provider="P",
            ),
            b": OPENROUTER PROCESSING\n\n",
            event({"role": "assistant", "content": "Hi"}, native_finish_reason=None),
            event({"role": "assistant", "content": ""}, "stop"),
            event({"role": "assistant", "content": ""}, usage={**COUNTS, "cost": 0.1}),
            DONE,
        ],
        Outcome("Hi", "Hm", (), Usage(3, 4, 7, {**COUNTS, "cost": 0.1}), "stop", "m1", None),
    ),
    "DeepSeek": (
        [
            b": keep-alive\n\n",
            b"\n\n",
            event({"role": "assistant", "content": None, "reasoning_content": ""}),
            event({"content": None, "reasoning_content": "Hm"}),
            b": keep-alive\n\n",
            event({"content": "Hi", "reasoning_content": None}),
            event({"content": "", "reasoning_content": None}, "stop", usage=COUNTS),
            DONE,
        ],
        Outcome("Hi", "Hm", (), Usage(3, 4, 7, COUNTS), "stop", "m1", None),
    ),
    "DashScope": (
        [
            event({"content": None, "reasoning_content": "Hm", "role": "assistant"}),
            event({"content": "Hi", "reasoning_content": None}),
            event(tool(0, "call_1", "f", '{"a"')),
            event(tool(0, "", "", ": 1}")),
            event({"content": "", "reasoning_content": None}, "tool_calls"),
            event(**NO_CHOICES, usage=COUNTS, system_fingerprint=None),
            DONE,
        ],
        Outcome(
            "Hi",
            "Hm",
            (("call_1", "f", '{"a": 1}'),),  # type: ignore[arg-type]
            Usage(3, 4, 7, COUNTS),
            "tool_calls",
            "m1",
            None,
        ),
    ),
}


@pytest.mark.parametrize(("wire", "expected"), STREAMS.values(), ids=STREAMS)
def test_a_stream(wire: list[bytes], expected: Outcome) -> None:
    assert outcome("openai", *wire) == expected


@pytest.mark.parametrize(("wire", "expected"), STREAMS.values(), ids=STREAMS)
def test_a_stream_that_ends_early(wire: list[bytes], expected: Outcome) -> None:
    for count in range(len(wire)):
        ended = source_of("openai", *wire[:count])
        if ended.state == "done":
            assert ended.finish_reason
            assert ended.full_message == expected.text
        else:
            assert type(ended.error) in (IncompleteStreamError, expected.error)
            assert expected.text.startswith(ended.full_message)


def test_every_cut_says_the_same() -> None:
    wire, _ = STREAMS["DeepSeek"]
    check_every_cut("openai", b"".join(wire[3:]))


# Errors in a stream

IN_STREAM: dict[str, tuple[bytes, type[SuggestionsError]]] = {
    "llama.cpp": (
        data('{"error": {"code": 500, "message": "No", "type": "server_error"}}'),
        ServiceError,
    ),
    "llama.cpp, too long": (
        data(
            '{"error": {"code": 400, "message": "No", "type": "exceed_context_size_error",'
            ' "n_prompt_tokens": 9001, "n_ctx": 4096}}'
        ),
        ContextTooLargeError,
    ),
    "vLLM": (
        data('{"error": {"message": "No", "type": "InternalServerError", "code": 500}}'),
        ServiceError,
    ),
    "vLLM, flat": (
        data(
            '{"object": "error", "message": "No: maximum context length is 4096 tokens",'
            ' "type": "BadRequestError", "param": null, "code": 400}'
        ),
        ContextTooLargeError,
    ),
    "OpenRouter": (
        event(
            {"content": ""},
            "error",
            provider="P",
            error={"code": "server_error", "message": "No: provider disconnected"},
        ),
        ServiceError,
    ),
    "OpenRouter, too fast": (
        event({"content": ""}, "error", error={"code": 429, "message": "No"}),
        QuotaExceededError,
    ),
    "OpenRouter, in the choice": (
        data(
            '{"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error",'
            ' "native_finish_reason": "overloaded", "error": {"code": 503, "message": "No"}}]}'
        ),
        ServiceUnavailableError,
    ),
    "DashScope": (
        data(
            '{"error": {"code": "data_inspection_failed", "param": null, "message": "No",'
            ' "type": "data_inspection_failed"}, "id": "chatcmpl-1", "request_id": "r"}'
        ),
        ModerationError,
    ),
    "DashScope, its own": (
        b'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling.RateQuota",'
        b'"message":"No","request_id":"r"}\n\n',
        QuotaExceededError,
    ),
}


@pytest.mark.parametrize(("message", "kind"), IN_STREAM.values(), ids=IN_STREAM)
def test_an_error_in_the_stream(message: bytes, kind: type[SuggestionsError]) -> None:
    error = error_of("openai", event({"content": "Hi"}), message, DONE)
    assert type(error) is kind
    assert "No" in error.message
    assert error.partial_text == "Hi"


def test_deepseek_breaks_off_where_it_lacks_resources() -> None:
    broken_off = event({"content": ""}, "insufficient_system_resource")
    error = error_of("openai", event({"content": "Hi"}), broken_off, DONE)
    assert type(error) is ServiceUnavailableError
    assert error.partial_text == "Hi"


# Errors in place of a stream


def report(**error: Any) -> dict[str, Any]:
    return {"error": error}


STATUSES: dict[str, tuple[int, dict[str, Any], type[SuggestionsError]]] = {
    "llama.cpp, loading": (
        503,
        report(code=503, message="No: Loading model", type="unavailable_error"),
        ServiceUnavailableError,
    ),
    "llama.cpp, too long": (
        400,
        report(code=400, message="No", type="exceed_context_size_error", n_ctx=4096),
        ContextTooLargeError,
    ),
    "vLLM, too long": (
        400,
        {
            "object": "error",
            "message": "No: This model's maximum context length is 4096 tokens.",
            "type": "BadRequestError",
            "param": None,
            "code": 400,
        },
        ContextTooLargeError,
    ),
    "vLLM, no such model": (
        404,
        report(message="No", type="NotFoundError", param="model", code=404),
        StatusError,
    ),
    "Azure, filtered": (
        400,
        report(
            message="No: Azure OpenAI's content management policy.",
            type=None,
            param="prompt",
            code="content_filter",
            status=400,
            innererror={
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
            },
        ),
        ModerationError,
    ),
    "Azure, wrong key": (
        401,
        report(code="401", message="No: Access denied due to invalid subscription key."),
        AuthenticationError,
    ),
    "Azure, no such deployment": (
        404,
        report(code="DeploymentNotFound", message="No"),
        StatusError,
    ),
    "Azure, too fast": (429, report(code="429", message="No"), QuotaExceededError),
    "OpenRouter, no credit": (402, report(code=402, message="No"), QuotaExceededError),
    "OpenRouter, flagged": (
        403,
        report(
            code=403,
            message="No",
            metadata={"reasons": ["violence"], "flagged_input": "x", "provider_name": "P"},
        ),
        ModerationError,
    ),
    "DeepSeek, no credit": (
        402,
        report(message="No", type="unknown_error", param=None, code="invalid_request_error"),
        QuotaExceededError,
    ),
    "DashScope, inspected": (
        400,
        {
            **report(
                code="data_inspection_failed",
                param=None,
                message="No: Input data may contain inappropriate content.",
                type="data_inspection_failed",
            ),
            "id": "chatcmpl-1",
            "request_id": "r",
        },
        ModerationError,
    ),
    "DashScope, its own": (
        400,
        {"code": "DataInspectionFailed", "message": "No", "request_id": "r"},
        ModerationError,
    ),
    "DashScope, too long": (
        400,
        report(
            code="invalid_parameter_error",
            message="No: Range of input length should be [1, 30720]",
            type="invalid_request_error",
        ),
        ContextTooLargeError,
    ),
    "DashScope, in arrears": (
        400,
        report(code="Arrearage", message="No", type="Arrearage"),
        QuotaExceededError,
    ),
    "DashScope, too fast": (
        429,
        report(code="limit_requests", message="No", type="limit_requests"),
        QuotaExceededError,
    ),
}


@pytest.mark.parametrize(("status", "body", "kind"), STATUSES.values(), ids=STATUSES)
def test_a_status(status: int, body: dict[str, Any], kind: type[SuggestionsError]) -> None:
    wire = json.dumps(body).encode()
    error = error_of("openai", wire, status=status, content_type=JSON)
    assert type(error) is kind
    assert error.status == status
    assert "No" in error.message


# Asking


def sent(dialect: OpenAI) -> Any:
    script = Script([DONE])
    SuggestionsEventSource("Why?", dialect=dialect, session=script.session()).result(10)
    [request] = script.requests
    return request


AZURE = "https://name.openai.azure.com/openai/deployments/mine"


@pytest.mark.parametrize(
    "base_url", [f"{AZURE}?api-version=2024-10-21", f"{AZURE}/?api-version=2024-10-21"]
)
def test_azure_is_asked_with_its_header_and_its_query(base_url: str) -> None:
    request = sent(OpenAI(base_url, "the-secret", key_header="api-key"))
    assert request.url == f"{AZURE}/chat/completions?api-version=2024-10-21"
    assert request.headers["api-key"] == "the-secret"
    assert "Authorization" not in request.headers


def test_azures_key_is_taken_out_of_what_comes_back() -> None:
    body = json.dumps(report(code="401", message="Access denied: secret-token")).encode()
    dialect = OpenAI(AZURE, key_header="api-key")
    error = error_of(dialect, body, status=401, content_type=JSON)
    assert "secret-token" not in error.message + str(error.body)


def test_deepseek_keeps_a_whole_answer_alive_with_blank_lines() -> None:
    message = {"role": "assistant", "content": "Hi", "reasoning_content": "Hm"}
    body = {"model": "m1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    wire = [b"\n", b"\n\n", json.dumps(body).encode()]
    source = source_of("openai", *wire, content_type=JSON, whole=True)
    assert (source.result(1), source.reasoning) == ("Hi", "Hm")


def test_perplexity_sends_a_whole_answer_beside_a_piece_that_is_none() -> None:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "Hi"},
        "delta": {"role": "assistant", "content": ""},
        "finish_reason": "stop",
    }
    body = json.dumps({"model": "m1", "choices": [choice]}).encode()
    assert source_of("openai", body, content_type=JSON, whole=True).result(1) == "Hi"


def test_dashscope_is_found_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://dashscope.aliyuncs.com/compatible-mode/v1")
    monkeypatch.setenv("AI_MODEL_NAME", "qwen-plus")
    request = sent(OpenAI(api_key="the-secret", enable_thinking=True))
    assert request.url == "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"
    body = json.loads(request.body)
    assert (body["model"], body["enable_thinking"]) == ("qwen-plus", True)
