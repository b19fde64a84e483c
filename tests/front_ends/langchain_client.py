"""What LangChain's `ChatOpenAI` gets from an endpoint at the given address, in JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

BASE = sys.argv[1]


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"3 degrees in {city}"


def chat(model: str) -> Any:
    options: Any = {"base_url": BASE, "api_key": "right", "max_retries": 0, "stream_usage": True}
    return ChatOpenAI(model=model, temperature=0.5, timeout=30, **options)


def texts(model: str) -> Any:
    whole = chat(model).invoke("A haiku")
    streamed, usage = "", None
    for chunk in chat(model).stream("A haiku"):
        streamed += str(chunk.content)
        usage = chunk.usage_metadata or usage
    return {
        "whole": whole.content,
        "usage": whole.usage_metadata["total_tokens"],
        "streamed": streamed,
        "streamed_usage": usage and usage["total_tokens"],
    }


def call(model: str) -> Any:
    asked: list[Any] = [HumanMessage("What does get weather say of Oslo?")]
    bound = chat(model).bind_tools([get_weather])
    said = bound.invoke(asked)
    [made] = said.tool_calls
    result = ToolMessage(get_weather.invoke(made["args"]), tool_call_id=made["id"])
    answer = bound.invoke([*asked, said, result])
    return {"name": made["name"], "id": made["id"], "answer": answer.content}


def failure() -> Any:
    try:
        list(chat("fail-429").stream("A haiku"))
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code]
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
