"""What the installed `openai` package gets from an endpoint at the given address, in JSON.

It runs with every version from 1.0.0 on. Each function is a scenario; all of them are run.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import openai

BASE = sys.argv[1]
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def client(key: str = "right", retries: int = 0) -> Any:
    return openai.OpenAI(api_key=key, base_url=BASE, max_retries=retries, timeout=30)


def asked(text: Any = "A haiku") -> list[Any]:
    return [{"role": "user", "content": text}]


def create(model: str, messages: Any = None, **options: Any) -> Any:
    completions = client().chat.completions
    return completions.create(model=model, messages=messages or asked(), **options)


def read(stream: Any) -> dict[str, Any]:
    """What a stream says."""
    text, usages, reasons, calls, error = "", [], [], {}, None
    try:
        for each in stream:
            # As a dict: the oldest versions know neither tools nor usage, and pass them on.
            chunk = each.model_dump()
            if chunk.get("usage"):
                usages.append(chunk["usage"])
            for choice in chunk.get("choices") or ():
                text += choice["delta"].get("content") or ""
                if choice.get("finish_reason"):
                    reasons.append(choice["finish_reason"])
                for call in choice["delta"].get("tool_calls") or ():
                    kept = calls.setdefault(call["index"], {"id": "", "name": "", "arguments": ""})
                    kept["id"] += call.get("id") or ""
                    for name in ("name", "arguments"):
                        kept[name] += call["function"].get(name) or ""
    except openai.APIError as raised:
        error = getattr(raised, "body", None) or {}  # the oldest have only their own sentence
    counted = usages[0]["total_tokens"] if usages else None
    calls_made = [calls[index] for index in sorted(calls)]
    return {"text": text, "usage": counted, "reasons": reasons, "calls": calls_made, "error": error}


def texts(model: str) -> Any:
    whole = create(model)
    [choice] = whole.choices
    wanted = {"stream_options": {"include_usage": True}}
    return {
        "whole": choice.message.content,
        "reason": choice.finish_reason,
        "object": whole.object,
        "usage": whole.usage.total_tokens,
        "stream": read(create(model, stream=True)),
        "counted": read(create(model, stream=True, extra_body=wanted)),
    }


def tools(model: str) -> Any:
    question = asked("What does get weather say of Oslo?")
    wanted = {"extra_body": {"tools": [WEATHER], "tool_choice": "auto"}}
    streamed = read(create(model, question, stream=True, **wanted))
    [choice] = create(model, question, **wanted).model_dump()["choices"]
    said = choice["message"]  # sent back as it came, with all that the package knows of it
    [call] = said["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": '{"degrees": 3}'}
    [second] = create(model, [*question, said, result], **wanted).model_dump()["choices"]
    return {
        "streamed": streamed,
        "id": call["id"],
        **call["function"],
        "reason": choice["finish_reason"],
        "content": said["content"],
        "second": second["message"]["content"],
        "second_reason": second["finish_reason"],
    }


def image(model: str) -> Any:
    parts = [
        {"type": "text", "text": "What is in this image?"},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
    ]
    told = [{"role": "system", "content": "Be brief."}, *asked(parts)]
    return (
        create(model, told, temperature=1.5, max_tokens=200, stop=["END"])
        .choices[0]
        .message.content
    )


def failure(model: str, key: str = "right", retries: int = 0, **options: Any) -> Any:
    began = time.monotonic()
    completions = client(key, retries).chat.completions
    options = {"messages": asked(), **options}
    try:
        completions.create(model=model, **options)
    except openai.APIStatusError as raised:
        body = raised.response.json()["error"]  # the oldest have it in no attribute
        return {
            "class": type(raised).__name__,
            "status": raised.status_code,
            "code": raised.code or body["code"],
            "param": raised.param or body["param"],
            "retry_after": raised.response.headers.get("retry-after"),
            "seconds": time.monotonic() - began,
        }
    return None


def main() -> Any:
    models = ("openai", "anthropic", "ollama", "responses")
    failing = ("401", "404", "429", "503", "context", "insufficient_quota")
    return {
        "version": openai.__version__,
        "models": [model.id for model in client().models.list().data],
        "one_model": client().models.retrieve("anthropic").id,
        "texts": {model: texts(model) for model in models},
        "tools": {model: tools(model) for model in models},
        "images": {model: image(model) for model in models},
        "failures": {
            name: [failure(f"fail-{name}", stream=stream) for stream in (True, False)]
            for name in failing
        },
        "retried": failure("fail-429", retries=1, stream=True),
        "wrong_key": failure("openai", "wrong"),
        "unknown": failure("unknown", stream=True),
        "no_messages": failure("openai", messages=[]),
        "blank": failure("openai", messages=asked(" "), stream=True),
        "role": failure("anthropic", messages=[{"role": "king", "content": "Hi"}]),
        "cut": read(create("fail-cut", stream=True)),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
