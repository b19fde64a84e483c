"""The attributes of an answer's span, without what was said.

Source: OpenTelemetry's semantic conventions for GenAI, "Client inference", v0.1.0. No value comes
from a header, a token, or the query or the user's name and password of an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from opentelemetry.util.types import AttributeValue

    from .._sources.answer import Answer
    from ..dialects import Request

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
ERROR_TYPE = "error.type"
FINISH_REASONS = "gen_ai.response.finish_reasons"
FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"

Attributes = dict[str, "AttributeValue"]

_HOSTS = (
    (r"api\.openai\.com", "openai"),
    (r".*\.openai\.azure\.com", "azure.ai.openai"),
    (r".*\.(services|inference)\.ai\.azure\.com", "azure.ai.inference"),
    (r"api\.anthropic\.com", "anthropic"),
    (r"generativelanguage\.googleapis\.com", "gcp.gemini"),
    (r"(.*[.-])?aiplatform\.googleapis\.com", "gcp.vertex_ai"),
    (r"bedrock.*\.amazonaws\.com", "aws.bedrock"),
    (r"api\.cohere\.(ai|com)", "cohere"),
    (r"api\.deepseek\.com", "deepseek"),
    (r"api\.groq\.com", "groq"),
    (r".*\.ml\.cloud\.ibm\.com", "ibm.watsonx.ai"),
    (r"api\.mistral\.ai", "mistral_ai"),
    (r"api\.moonshot\.(ai|cn)", "moonshot_ai"),
    (r"api\.perplexity\.ai", "perplexity"),
    (r"(.*\.)?api\.x\.ai", "x_ai"),
)
"""The providers that the conventions name, by the host of the address."""

_NUMBERS = {
    "gen_ai.request.temperature": (float, ("temperature",)),
    "gen_ai.request.top_p": (float, ("top_p",)),
    "gen_ai.request.top_k": (int, ("top_k",)),
    "gen_ai.request.max_tokens": (
        int,
        ("max_completion_tokens", "max_output_tokens", "max_tokens", "num_predict"),
    ),
    "gen_ai.request.frequency_penalty": (float, ("frequency_penalty",)),
    "gen_ai.request.presence_penalty": (float, ("presence_penalty",)),
    "gen_ai.request.seed": (int, ("seed",)),
}
"""By the name of each attribute: its type, and the names that services have for it."""


def of_service(dialect: str, request: Request, body: Mapping[str, Any]) -> Attributes:
    """What spans and metrics have in common: the operation, the provider, the model, the server."""
    address = urlsplit(request.url)
    host = (address.hostname or "").lower()
    attributes: Attributes = {OPERATION: "chat", PROVIDER: _provider(host, dialect)}
    if isinstance(body.get("model"), str):
        attributes[REQUEST_MODEL] = body["model"]
    if host:
        attributes[SERVER_ADDRESS] = host
        attributes[SERVER_PORT] = address.port or (80 if address.scheme == "http" else 443)
    return attributes


@lru_cache(maxsize=64)
def _provider(host: str, dialect: str) -> str:
    for pattern, provider in _HOSTS:
        if re.fullmatch(pattern, host):
            return provider
    return "openai" if dialect == "responses" else dialect


def of_request(body: Mapping[str, Any], *, is_stream: bool) -> Attributes:
    """The parameters of a request."""
    # Ollama has them in an object of their own.
    options = body.get("options")
    given = {**options, **body} if isinstance(options, Mapping) else body
    attributes: Attributes = {}
    for attribute, (kind, names) in _NUMBERS.items():
        value = next((given[name] for name in names if given.get(name) is not None), None)
        if type(value) is int or (type(value) is float and kind is float):
            attributes[attribute] = kind(value)
    stop = given.get("stop") or given.get("stop_sequences")
    if isinstance(stop, str):
        attributes["gen_ai.request.stop_sequences"] = (stop,)
    elif isinstance(stop, (list, tuple)) and all(isinstance(each, str) for each in stop):
        attributes["gen_ai.request.stop_sequences"] = tuple(stop)
    if type(given.get("n")) is int and given["n"] != 1:
        attributes["gen_ai.request.choice.count"] = given["n"]
    if is_stream:
        attributes["gen_ai.request.stream"] = True
    for attribute, value in (
        ("gen_ai.request.reasoning.level", _effort(given)),
        ("gen_ai.request.previous_response.id", given.get("previous_response_id")),
        ("gen_ai.conversation.id", _id_of(given.get("conversation"))),
        ("gen_ai.output.type", _output_type(given)),
    ):
        if isinstance(value, str):
            attributes[attribute] = value
    return attributes


def _effort(given: Mapping[str, Any]) -> object:
    """As OpenAI's chat, its Responses and Anthropic's Messages have it."""
    places = (given.get("reasoning"), given.get("output_config"))
    nested = (place.get("effort") for place in places if isinstance(place, Mapping))
    return given.get("reasoning_effort") or next(nested, None)


def _id_of(conversation: object) -> object:
    return conversation.get("id") if isinstance(conversation, Mapping) else conversation


def _output_type(given: Mapping[str, Any]) -> str | None:
    """As each service is asked for an object."""
    nested = (
        place.get("format")
        for place in (given.get("text"), given.get("output_config"))
        if isinstance(place, Mapping)
    )
    for wanted in (given.get("response_format"), given.get("format"), *nested):
        kind = wanted.get("type") if isinstance(wanted, Mapping) else wanted
        if isinstance(kind, str) and kind:
            return "text" if kind == "text" else "json"
    return None


def of_answer(answer: Answer) -> Attributes:
    """What is known of an answer that has ended."""
    # A reason that was expected and did not come is "error" (`gen_ai.response.finish_reasons`).
    reason = answer.finish_reason or ("stop" if answer.state == "done" else "error")
    attributes: Attributes = {FINISH_REASONS: (reason,)}
    if answer.model:
        attributes[RESPONSE_MODEL] = answer.model
    if answer.response_id:
        attributes["gen_ai.response.id"] = answer.response_id
    if answer.error is not None:
        attributes[ERROR_TYPE] = error_type(answer.error)
    if answer.usage is not None:
        attributes["gen_ai.usage.input_tokens"] = answer.usage.prompt_tokens
        attributes["gen_ai.usage.output_tokens"] = answer.usage.completion_tokens
        written = answer.usage.details.get("cache_creation_input_tokens")
        for name, count in (
            ("cache_read.input_tokens", answer.usage.cached_tokens),
            ("cache_write.input_tokens", written),
            ("reasoning.output_tokens", answer.usage.reasoning_tokens),
        ):
            if type(count) is int and count > 0:
                attributes[f"gen_ai.usage.{name}"] = count
    return attributes


def error_type(error: BaseException) -> str:
    """The whole name of its class, as `exception.type` has it: "suggestions.errors.TLSError"."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
