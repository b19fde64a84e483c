"""What the services' own Python packages make of a wire, by the means that they offer."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import openai

from wires.wire import Call, Received, Wire

Said = Callable[[str], None]
MESSAGES: Any = [{"role": "user", "content": "Why?"}]


class Got(NamedTuple):
    """What a program gets of a package."""

    text: str
    calls: list[Call]
    raises: str
    """The name of an exception; "" for none."""


def received_as_got(received: Received) -> Got:
    """What a package gets if it reads the same; for each failure, it raises an exception."""
    calls = [*received.calls, *([received.function] if received.function else [])]
    return Got(received.text, calls, received.error.__name__ if received.error else "")


def read_with_package(wire: Wire, url: str) -> Got:
    """Asks the service at this address as a user of its package does."""
    text: list[str] = []
    calls: list[Call] = []
    try:
        _READERS[str(wire.dialect)](url, _is_whole(wire), text.append, calls)
        said = "".join(text)
    except Exception as error:
        said = "".join(piece for piece in text if isinstance(piece, str))
        return Got(said, [], type(error).__name__)
    return Got(said, calls, "")


def is_for_a_package(wire: Wire) -> bool:
    return str(wire.dialect) in _READERS


def _is_whole(wire: Wire) -> bool:
    return wire.content_type == "application/json" and wire.body.startswith((b"{", b"["))


@cache  # to make one takes longer than to read a wire
def _openai(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key="k", max_retries=0)


@cache
def _anthropic(url: str) -> Any:
    import anthropic

    return anthropic.Anthropic(base_url=url, api_key="k", max_retries=0)


def _chat(url: str, is_whole: bool, said: Said, calls: list[Call]) -> None:
    ask = _openai(url).chat.completions
    if is_whole:
        message = ask.create(model="m1", messages=MESSAGES).choices[0].message
        said(message.content or "")
    else:
        with ask.stream(model="m1", messages=MESSAGES) as stream:
            for event in stream:
                if event.type == "content.delta":
                    said(event.delta)
            message = stream.get_final_completion().choices[0].message
    functions: list[Any] = [
        call.function for call in message.tool_calls or () if call.type == "function"
    ]
    functions += [message.function_call] if message.function_call else []
    calls += [_call(function.name, function.arguments) for function in functions]


def _responses(url: str, is_whole: bool, said: Said, calls: list[Call]) -> None:
    ask = _openai(url).responses
    if is_whole:
        response = ask.create(model="m1", input="Why?")
        said(response.output_text)
    else:
        with ask.stream(model="m1", input="Why?") as stream:
            for event in stream:
                if event.type == "response.output_text.delta":
                    said(event.delta)
            response = stream.get_final_response()
    for item in response.output:
        if item.type == "function_call":
            calls.append(_call(item.name, item.arguments))
        elif item.type == "custom_tool_call":
            calls.append((item.name, item.input))


def _messages(url: str, is_whole: bool, said: Said, calls: list[Call]) -> None:
    ask = _anthropic(url).messages
    if is_whole:
        message = ask.create(model="m1", messages=MESSAGES, max_tokens=9)
        for block in message.content:
            said(block.text if block.type == "text" else "")
    else:
        with ask.stream(model="m1", messages=MESSAGES, max_tokens=9) as stream:
            for piece in stream.text_stream:
                said(piece)
            message = stream.get_final_message()
    blocks = [block for block in message.content if block.type == "tool_use"]
    calls.extend((block.name, block.input) for block in blocks)


def _call(name: Any, arguments: Any) -> Call:
    try:
        read = json.loads(arguments)
    except (TypeError, ValueError):
        read = arguments
    return name, read if isinstance(read, dict) else arguments


_READERS: dict[str, Callable[[str, bool, Said, list[Call]], None]] = {
    "openai": _chat,
    "responses": _responses,
    "anthropic": _messages,
}
