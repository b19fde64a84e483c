"""Kind 6: a conversation that is too long, however the service says it."""

from __future__ import annotations

from typing import Any

from suggestions.errors import ContextTooLargeError, StatusError
from wires.statuses import NOT_MODERATION, error, refused
from wires.wire import Wire


def too_long(
    name: str, message: str, quote: str, *, dialect: str = "openai", **fields: Any
) -> Wire:
    """A conversation that is too long, as this service says it."""
    service, _, more = name.partition(", ")
    more = more and f" ({more})"
    said = {"type": "invalid_request_error", "param": None, "code": None, **fields}
    return refused(
        f"{service}: a conversation that is too long{more}",
        400,
        error(message, **said),
        ContextTooLargeError,
        quote,
        dialect=dialect,
    )


TABLE = [
    too_long(
        "LM Studio",
        "Trying to keep the first 9000 tokens when context the overflows. However, the model is "
        "loaded with context length of only 4096 tokens, which is not enough.",
        "of only 4096",
    ),
    too_long(
        "LM Studio, in later versions",
        "The number of tokens to keep from the initial prompt is greater than the context length.",
        "greater than the context length",
    ),
    too_long(
        "SGLang",
        "The input (9000 tokens) is longer than the model's context length (4096 tokens).",
        "longer than the model's",
        code=400,
        type="BadRequestError",
    ),
    too_long(
        "Moonshot",
        "Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)",
        "exceeded model token limit",
    ),
    too_long(
        "Moonshot, in tokens",
        "Invalid request: Input token length too long",
        "token length too long",
    ),
    too_long(
        "SiliconFlow",
        "length of prompt_tokens (40000) must be less than max_seq_len (32768).",
        "must be less than max_seq_len",
        code=20015,
    ),
    too_long(
        "TensorRT-LLM",
        "The sum of prompt length (38049.0), query length (0) should not exceed max_num_tokens "
        "(32768)",
        "should not exceed max_num_tokens",
        object="error",
        type="BadRequestError",
        code=400,
    ),
    too_long(
        "OpenAI, a message alone",
        "Invalid 'messages[1].content': string too long. Expected a string with maximum length "
        "1048576, but got a string with length 2000000 instead.",
        "string too long",
        code="string_above_max_length",
    ),
    refused(
        "watsonx: a conversation that is too long",
        400,
        {
            "errors": [
                {
                    "code": "invalid_input_argument",
                    "message": "Invalid input argument for Model 'm1': the number of input tokens "
                    "9000 cannot exceed the total tokens limit 8192 for this model",
                }
            ],
            "trace": "t1",
            "status_code": 400,
        },
        ContextTooLargeError,
        "cannot exceed the total tokens limit",
    ),
    refused(
        "counter-sample, OpenAI: the name of a tool is too long, and not the conversation",
        400,
        error(
            "Invalid 'tools[0].name': string too long. Expected a string with maximum length 64, "
            "but got a string with length 70 instead.",
            type="invalid_request_error",
            param="tools[0].name",
            code="string_above_max_length",
        ),
        StatusError,
        "tools[0].name",
    ),
    too_long(
        "xAI",
        "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
        "maximum prompt length",
    ),
    too_long(
        "Gemini",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "exceeds the maximum number of tokens",
        code=400,
        status_name="INVALID_ARGUMENT",
    ),
    too_long(
        "LiteLLM",
        "litellm.BadRequestError: litellm.ContextWindowExceededError: it does not fit",
        "it does not fit",
        code="400",
        type=None,
    ),
    too_long(
        "Mistral",
        "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
        "context length",
        "too large for model",
    ),
    too_long(
        "Copilot",
        "prompt token count of 70000 exceeds the limit of 64000",
        "exceeds the limit",
        code="model_max_prompt_tokens_exceeded",
    ),
    too_long(
        "MiniMax",
        "invalid params, context window exceeds limit (2013)",
        "exceeds limit",
        code="2013",
    ),
    too_long(
        "llama.cpp",
        "the request exceeds the available context size, try increasing it",
        "available context size",
        type="exceed_context_size_error",
        code=400,
    ),
    too_long(
        "Cerebras",
        "Please reduce the length of the messages or completion.",
        "reduce the length",
        code="context_length_exceeded",
    ),
    too_long(
        "Anthropic",
        "input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000",
        "exceed context limit",
        dialect="anthropic",
    ),
    too_long(
        "Anthropic, the question alone",
        "prompt is too long: 213462 tokens > 200000 maximum",
        "prompt is too long",
        dialect="anthropic",
    ),
    too_long(
        "Fireworks",
        "The prompt is too long: 140000, model maximum context length: 131071",
        "The prompt is too long",
        object="error",
    ),
    too_long(
        "Zhipu",
        "Prompt exceeds max length",
        "exceeds max length",
        code="1261",
        type=None,
    ),
    too_long(
        "OpenAI, Responses",
        "Your input exceeds the context window of this model. Please adjust your input.",
        "exceeds the context window",
        dialect="responses",
        code="context_length_exceeded",
    ),
    too_long(
        "Copilot, Responses",
        "Your input exceeds the context window of this model.",
        "exceeds the context window",
        dialect="responses",
        code="invalid_request_body",
    ),
    refused(
        "Cohere: a conversation that is too long",
        400,
        {"message": "too many tokens: size limit exceeded by 900 tokens. Try a shorter prompt."},
        ContextTooLargeError,
        "size limit exceeded",
    ),
    refused(
        "Ollama: a conversation that is too long",
        400,
        {"error": "prompt too long; exceeded max context length by 90 tokens"},
        ContextTooLargeError,
        "exceeded max context length",
        dialect="ollama",
    ),
    refused(
        "Bedrock: a conversation that is too long",
        400,
        {"message": "Input is too long for requested model."},
        ContextTooLargeError,
        "Input is too long",
        dialect="anthropic",
    ),
    refused(
        "TGI: a conversation that is too long is a 422",
        422,
        {
            "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. "
            "Given: 4000 `inputs` tokens and 512 `max_new_tokens`",
            "error_type": "validation",
        },
        ContextTooLargeError,
        "must be <= 4096",
        lacks=NOT_MODERATION,
    ),
    refused(
        "counter-sample, OpenAI: max_tokens is too large, and not the conversation",
        400,
        error(
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
            type="invalid_request_error",
            param="max_tokens",
            code="invalid_value",
        ),
        StatusError,
        "at most 16384",
    ),
    refused(
        "counter-sample, DashScope: a prompt that is too short",
        400,
        error("the prompt is empty: its length is 0", code="invalid_parameter_error"),
        StatusError,
        "its length is 0",
    ),
]
