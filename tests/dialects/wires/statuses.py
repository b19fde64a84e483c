"""Kind 6: what a status means depends on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suggestions.errors import (
    AuthenticationError,
    ModerationError,
    NetworkError,
    QuotaExceededError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
)
from wires.shapes import body
from wires.wire import HTML, JSON, Wire, failed


def refused(
    name: str,
    status: int,
    said: Mapping[str, Any] | bytes,
    error: type[SuggestionsError],
    *quotes: str,
    dialect: str = "openai",
    lacks: tuple[str, ...] = (),
    content_type: str = JSON,
) -> Wire:
    """A request that is refused with this status and this body."""
    return Wire(
        name,
        dialect,
        said if isinstance(said, bytes) else body(**said),
        failed(error, quotes=quotes, lacks=lacks),
        status=status,
        content_type=content_type,
    )


def error(message: str, **fields: Any) -> dict[str, Any]:
    return {"error": {"message": message, **fields}}


_EXTRA = {"type": "extra_forbidden", "loc": ["body", "store"], "msg": "Extra inputs are no good"}
NOT_MODERATION = ("rephrase", "declined")
NOT_THE_KEY = ("token is", "valid token")

FIELDS = [
    refused(
        "FastAPI: a field is missing",
        422,
        {"detail": [{"type": "missing", "loc": ["body", "model"], "msg": "Field is required"}]},
        StatusError,
        "Field is required",
        lacks=NOT_MODERATION,
    ),
    refused(
        "Mistral: a field that it does not know",
        422,
        {
            "object": "error",
            "message": {"detail": [{**_EXTRA, "input": False}]},
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        },
        StatusError,
        "Extra inputs are no good",
        lacks=NOT_MODERATION,
    ),
    refused(
        "Mistral: the same, as the `detail` of FastAPI",
        422,
        {"detail": [{**_EXTRA, "input": False}]},
        StatusError,
        "Extra inputs are no good",
        lacks=NOT_MODERATION,
    ),
    refused(
        "DeepSeek: a body that it cannot read",
        422,
        error(
            "Failed to deserialize the JSON body into the target type: messages[0]: missing "
            "field `content` at line 1 column 30",
            type="invalid_request_error",
            param=None,
            code="invalid_request_error",
        ),
        StatusError,
        "missing field `content`",
        lacks=NOT_MODERATION,
    ),
    refused(
        "TGI: a parameter out of its range",
        422,
        {
            "error": "Input validation error: `temperature` must be strictly positive",
            "error_type": "validation",
        },
        StatusError,
        "must be strictly positive",
        lacks=NOT_MODERATION,
    ),
    refused(
        "TGI: a conversation that the model's template does not take",
        422,
        {
            "error": "Template error: Conversation roles must alternate user/assistant",
            "error_type": "template_error",
        },
        StatusError,
        "roles must alternate",
        lacks=NOT_MODERATION,
    ),
    refused(
        "TGI: a tool that there is not",
        422,
        {"error": "Tool error: Tool with name f not found", "error_type": "tool_error"},
        StatusError,
        "name f not found",
        lacks=NOT_MODERATION,
    ),
    refused(
        "counter-sample, Jetpack AI: a text that it declines",
        422,
        {"code": "moderation", "message": "This text is not for us.", "data": {"status": 422}},
        ModerationError,
        dialect="jetpack",
    ),
    refused(
        "counter-sample, Jetpack AI: a 422 without a body",
        422,
        b"",
        ModerationError,
        dialect="jetpack",
    ),
]

POLICIES = [
    refused(
        "xAI: a violation of its guidelines is a 403",
        403,
        {
            "code": "permission-denied",
            "error": "Content violates usage guidelines (SAFETY_CHECK_TYPE_BIO)",
        },
        ModerationError,
        "violates usage guidelines",
        lacks=("token",),
    ),
    refused(
        "OpenRouter: the input was flagged",
        403,
        error("This input was flagged", code=403, metadata={"flagged_input": "x", "reasons": []}),
        ModerationError,
        "was flagged",
        lacks=NOT_THE_KEY,
    ),
    refused(
        "Azure: the question is filtered",
        400,
        error(
            "The response was filtered",
            type=None,
            param="prompt",
            code="content_filter",
            status=400,
            innererror={"code": "ResponsibleAIPolicyViolation"},
        ),
        ModerationError,
        "was filtered",
    ),
    refused(
        "Moonshot: a question of high risk",
        400,
        error("The request is considered high risk", type="content_filter"),
        ModerationError,
        "high risk",
    ),
    refused(
        "Zhipu: a question that its filter stops (1301)",
        400,
        {
            "contentFilter": [{"level": 1, "role": "user"}],
            "error": {"code": "1301", "message": "系统检测到输入可能包含不安全内容"},
        },
        ModerationError,
        "系统检测到",
    ),
    refused(
        "LiteLLM: the policy of another service",
        400,
        error(
            "litellm.BadRequestError: litellm.ContentPolicyViolationError: it was declined",
            type=None,
            param=None,
            code="400",
        ),
        ModerationError,
        "it was declined",
    ),
    refused(
        "counter-sample, OpenAI: a country that it does not serve is no policy of content",
        403,
        error(
            "Country, region, or territory not supported",
            code="unsupported_country_region_territory",
            param=None,
            type="request_forbidden",
        ),
        NetworkError,
        "not supported",
        lacks=NOT_MODERATION,
    ),
    refused(
        "counter-sample, Anthropic: a key that may not",
        403,
        {"type": "error", "error": {"type": "permission_error", "message": "not yours"}},
        AuthenticationError,
        "not yours",
        dialect="anthropic",
    ),
]


DRESSES = [
    refused(
        "Cloudflare Workers AI: a list of errors",
        400,
        {"errors": [{"message": "AiError: no such model", "code": 5007}], "success": False},
        StatusError,
        "no such model",
    ),
    refused(
        "Cloudflare AI gateway: a list named `error`",
        401,
        {"success": False, "result": [], "error": [{"code": 2009, "message": "not you"}]},
        AuthenticationError,
        "not you",
    ),
    refused(
        "Gemini: a list with one error in it",
        429,
        b'[{"error":{"code":429,"message":"too fast","status":"RESOURCE_EXHAUSTED"}}]',
        QuotaExceededError,
        "too fast",
    ),
    refused(
        "a gateway: `code` and `msg`",
        400,
        {"code": 4000, "msg": "the parameter is wrong"},
        StatusError,
        "the parameter is wrong",
    ),
    refused(
        "Qianfan: `error_code` and `error_msg`",
        400,
        {"error_code": 336003, "error_msg": "the messages must alternate"},
        StatusError,
        "the messages must alternate",
    ),
    refused(
        "Ollama: a text alone as the error",
        404,
        {"error": "model 'm1' not found, try pulling it first"},
        StatusError,
        "try pulling it first",
        dialect="ollama",
    ),
    refused(
        "nginx: a page of HTML",
        502,
        b"<html><head><title>502 Bad Gateway</title></head></html>",
        NetworkError,
        content_type=HTML,
    ),
    refused(
        "Anthropic: overloaded (529)",
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        ServiceUnavailableError,
        "Overloaded",
        dialect="anthropic",
    ),
    refused(
        "OpenRouter: no credit left",
        402,
        error("Insufficient credits", code=402),
        QuotaExceededError,
        "Insufficient credits",
    ),
]

TABLE = [*FIELDS, *POLICIES, *DRESSES]
