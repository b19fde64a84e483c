"""OpenAI's chat completions, and every service that is compatible with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from suggestions.arguments import check_json
from suggestions.auth import Token, check_token
from suggestions.delta import Delta
from suggestions.dialects.base import Dialect, Request
from suggestions.dialects.chat import decode_completion, decode_message
from suggestions.question import ROLES

if TYPE_CHECKING:
    from suggestions.wire.sse import ServerSentEvent

_URL = "https://api.openai.com/v1"
_NOT_HERE = {
    "post_id": "an option of the dialect 'jetpack'",
    "feature": "an option of the dialect 'jetpack'",
    "from_cache": "an option of the dialect 'jetpack'",
    "messages": "made of the question",
    "stream": "decided by the way the question is asked",
}


class OpenAI(Dialect):
    """`POST {base_url}/chat/completions`.

    `base_url` is without `/chat/completions`; else `OPENAI_BASE_URL`, else OpenAI's own.
    `api_key` (a str or a token provider): else `OPENAI_API_KEY`. `model`: else `AI_MODEL_NAME`;
    an option `model` of the single question comes first. `parameters` go into the body of every
    request as they are (`temperature`, `max_tokens`, `stream_options` …), and the options of a
    question after them.
    """

    name = "openai"
    roles = (ROLES - {"jetpack-ai"}) | {"developer", "tool", "function"}

    def __init__(
        self,
        base_url: str | None = None,
        api_key: Token | None = None,
        model: str | None = None,
        **parameters: Any,
    ) -> None:
        _check_names(parameters, "parameter {!r}")
        check_json("parameters", parameters)
        check_token(api_key, "api_key")
        self.base_url = _setting(base_url, "base_url", "OPENAI_BASE_URL", _URL).rstrip("/")
        self.token = api_key or os.environ.get("OPENAI_API_KEY") or None
        check_token(self.token, "OPENAI_API_KEY")
        self.model = _setting(model, "model", "AI_MODEL_NAME") or None
        self._parameters = parameters

    def __repr__(self) -> str:
        # Parameters may carry a key for services that want it in the body.
        return f"OpenAI(base_url={self.base_url!r}, model={self.model!r})"

    def request(
        self,
        question: str | list[dict[str, Any]],
        options: Mapping[str, Any],
        *,
        stream: bool = True,
    ) -> Request:
        _check_names(options, "options[{!r}]")
        if isinstance(question, str):
            question = [{"role": "user", "content": question}]
        model = {"model": self.model} if self.model else {}
        body = {**model, **self._parameters, **options, "messages": question, "stream": stream}
        if not stream:
            body.pop("stream_options", None)  # the service refuses it without a stream
        return Request(f"{self.base_url}/chat/completions", body)

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        return decode_message(message)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        return decode_completion(body)


def _setting(given: str | None, name: str, variable: str, default: str = "") -> str:
    if not isinstance(given, (str, type(None))):
        raise TypeError(f"{name} must be a str, not {type(given).__name__}")
    return given or os.environ.get(variable) or default


def _check_names(names: Mapping[str, Any], place: str) -> None:
    for name in names:
        if name in _NOT_HERE:
            raise ValueError(f"{place.format(name)} is not for openai: it is {_NOT_HERE[name]}")
