"""What LiteLLM gets from an endpoint at the given address, in JSON."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # nothing is fetched from other hosts

import litellm

BASE = sys.argv[1]
QUESTION = {"role": "user", "content": "What does get weather say of Oslo?"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def ask(model: str, messages: Any = None, **options: Any) -> Any:
    return litellm.completion(
        model=f"openai/{model}",
        messages=messages or [{"role": "user", "content": "A haiku"}],
        api_base=BASE,
        api_key="right",
        timeout=30,
        max_retries=0,
        **options,
    )


def texts(model: str) -> Any:
    whole = ask(model)
    streamed, usage = "", None
    for chunk in ask(model, stream=True, stream_options={"include_usage": True}):
        usage = getattr(chunk, "usage", None) or usage
        for choice in chunk.choices:
            streamed += choice.delta.content or ""
    return {
        "whole": whole.choices[0].message.content,
        "usage": whole.usage.total_tokens,
        "streamed": streamed,
        "streamed_usage": usage and usage.total_tokens,
    }


def call(model: str) -> Any:
    said = ask(model, [QUESTION], tools=[WEATHER]).choices[0].message
    [made] = said.tool_calls
    result = {"role": "tool", "tool_call_id": made.id, "content": '{"degrees": 3}'}
    answer = ask(model, [QUESTION, said.model_dump(), result], tools=[WEATHER])
    content = answer.choices[0].message.content
    return {"name": made.function.name, "id": made.id, "answer": content}


def failure() -> Any:
    try:
        list(ask("fail-429", stream=True))
    except litellm.RateLimitError as error:
        return [type(error).__name__, error.status_code]
    return None


models = ("openai", "anthropic", "ollama")
print(
    json.dumps(
        {
            "texts": {model: texts(model) for model in models},
            "calls": {model: call(model) for model in models},
            "failure": failure(),
        }
    )
)
