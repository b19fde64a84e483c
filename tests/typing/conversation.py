"""`Conversation` as a type checker sees it: checked by mypy and pyright, never run."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import assert_type

from suggestions import (
    ChatChange,
    ChatDetail,
    ChatError,
    ChatMessage,
    Conversation,
    Event,
    Tool,
    image,
)
from suggestions.events import ToolCall, Usage


def get_weather(city: str) -> str:
    return city


async def get_time() -> str:
    return "now"


def approve(call: ToolCall, arguments: dict[str, Any]) -> bool:
    return call.name == "get_weather"


chat = Conversation(
    system="Be brief.",
    tools=[get_weather, get_time, Tool("other", "", {}, get_weather)],
    max_steps=3,
    tool_timeout=None,
    approve=approve,
    history=20,
    dispatch=asyncio.new_event_loop().call_soon_threadsafe,
    throttle=None,
    dialect="openai",
    token=lambda: "token",
)
Conversation(tools=(get_weather,), approve=[get_weather, "get_weather"])
Conversation(history=lambda sent: sent[-1:])


def on_change(chat: Conversation, event: Event[ChatChange]) -> None:
    assert_type(event.detail.message, ChatMessage)
    assert_type(event.detail.text_from, int | None)


def on_message(chat: Conversation, event: Event[ChatMessage]) -> None:
    assert_type(event.detail.tool_calls, tuple[ToolCall, ...])
    assert_type(event.detail.usage, Usage | None)
    assert_type(event.detail.error, ChatError | None)
    chat.approve(event.detail)
    chat.refuse(event.detail.id)


def on_detail(chat: Conversation, event: Event[ChatDetail]) -> None:
    assert_type(event.detail.message_id, str)


chat.connect("change", on_change)
chat.once("done", on_message)
chat.connect("tool_call", on_message, weak=True)
chat.on("error")(on_message)
chat.connect("usage", on_detail)
chat.connect("status", lambda chat, event: print(chat.status == event.detail))
chat.connect("handler_error", lambda chat, event: print(event.detail.exception))
chat.connect("change", on_message)  # type: ignore[arg-type]
chat.send("What is it?", images=[b"GIF89a", image("https://example.org/a.png")], token="other")
chat.edit(chat.messages[0], "What is that?")
chat.regenerate(options={"model": "other"})
assert_type(chat.messages, tuple[ChatMessage, ...])
assert_type(Conversation.from_json(chat.to_json(), dialect="openai"), Conversation)
