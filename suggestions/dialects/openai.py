"""OpenAI's chat completions, and the services that are compatible with them.

Source: OpenAI's API reference, "Chat".
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .base import Asked, Options, Request
from .chat import Chat
from .model_api import ModelAPI, messages_of
from .question import ROLES
from .returned import RETURNED, with_returned

if TYPE_CHECKING:
    from .output import Output


class OpenAI(Chat, ModelAPI):
    """`POST {base_url}/chat/completions`; llama.cpp, vLLM, Azure, OpenRouter, DeepSeek, DashScope.

    By default, `base_url` is `OPENAI_BASE_URL` or else OpenAI's own, `api_key` is `OPENAI_API_KEY`
    and `model` is `AI_MODEL_NAME`. `ModelAPI` says the rest; parameters are `temperature`,
    `max_tokens`, `stream_options` and so on. For Azure, `base_url` is
    "https://NAME.openai.azure.com/openai/deployments/NAME?api-version=DATE", and `key_header`
    "api-key".
    """

    name = "openai"
    path = "/chat/completions"
    own_url = "https://api.openai.com/v1"
    url_variable = "OPENAI_BASE_URL"
    key_variable = "OPENAI_API_KEY"
    model_variable = "AI_MODEL_NAME"
    roles = ROLES | {"function"}
    output_place = ("response_format",)
    opaque = RETURNED

    @cached_property
    def service(self) -> str:
        """The host of `base_url`, which is not a secret as the rest of it may be."""
        return urlsplit(self.base_url).hostname or ""

    def body(self, question: Asked, parameters: dict[str, Any]) -> dict[str, Any]:
        messages = [with_returned(message, self.service) for message in messages_of(question)]
        return {**parameters, "messages": messages}

    def output_format(self, output: Output) -> dict[str, Any]:
        said = {"name": output.name, "schema": output.schema, "strict": output.is_strict}
        return {"type": "json_schema", "json_schema": said}

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        request = super().request(question, options, stream=stream)
        if not stream:
            request.json.pop("stream_options", None)  # the service refuses it without a stream
        return request
