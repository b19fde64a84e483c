"""An answer as the Responses API has it: its items, and the response around them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property

from .model import Reply
from .pictures import SIZE, as_base64
from .signatures import encrypt, item_id, reasoning_id
from .wire_format import Json, Said, digest

_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


@dataclass(frozen=True)
class Answer:
    """A reply that is to be written; `encrypted` says whether its reasoning is to be."""

    said: Said
    encrypted: bool

    @cached_property
    def items(self) -> list[Json]:
        """The items: the reasoning, a picture, the message, the calls of functions."""
        reply = self.said.reply
        items = [self._reasoning()] if reply.reasoning else []
        others: list[Json] = []
        if reply.picture and not reply.calls:
            picture = as_base64(reply.picture.whole)
            others.append({**_PICTURE, "status": "completed", "result": picture})
        if not reply.calls:
            content = [text_part(reply)]
            message = {"type": "message", "role": "assistant", "content": content}
            others.append({**message, "status": "completed"})
        for index, call in enumerate(reply.calls):
            named = {"call_id": "call_" + digest((index, call)), "name": call.name}
            called = {"type": "function_call", **named, "arguments": call.arguments}
            others.append({**called, "status": "completed"})
        for number, item in enumerate(others):
            prefix = _PREFIXES[str(item["type"])]
            items.append({"id": item_id(prefix, self.said.id, reply.thinking, number), **item})
        return items

    def _reasoning(self) -> Json:
        thinking = self.said.reply.thinking
        own_id = reasoning_id(self.said.id, thinking)
        item: Json = {"id": own_id, "type": "reasoning", "summary": []}
        item["content"] = [reasoning_part(thinking)]
        return item | ({"encrypted_content": encrypt(own_id, thinking)} if self.encrypted else {})

    @property
    def status(self) -> str:
        """How it has ended."""
        return "incomplete" if self.said.reply.finish_reason in _REASONS else "completed"

    def response(self, status: str = "") -> Json:
        """The response in one object; as it is at the end, or "in_progress"."""
        status = status or self.status
        is_open = status == "in_progress"
        reason = _REASONS.get(self.said.reply.finish_reason)
        return {
            "id": f"resp_{self.said.id}",
            "object": "response",
            "created_at": int(time.time()),
            "model": self.said.model,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": reason} if status == "incomplete" else None,
            "output": [] if is_open else self.items,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": None if is_open else _usage(self.said),
        }


_PREFIXES = {"message": "msg", "function_call": "fc", "image_generation_call": "ig"}
_PICTURE: Json = {
    "type": "image_generation_call",
    "background": "opaque",
    "output_format": "png",
    "quality": "low",
    "size": f"{SIZE}x{SIZE}",
}


def reasoning_part(thinking: str) -> Json:
    return {"type": "reasoning_text", "text": thinking}


def text_part(reply: Reply) -> Json:
    return {"type": "output_text", "text": reply.text, "annotations": annotations_of(reply)}


def annotations_of(reply: Reply) -> list[Json]:
    """What the text cites."""
    return [
        {
            "type": "url_citation",
            "start_index": citation.start,
            "end_index": citation.end,
            "title": citation.source.title,
            "url": citation.source.url,
        }
        for citation in reply.citations
    ]


def _usage(said: Said) -> Json:
    prompt, completion = said.reply.prompt_tokens, said.completion_tokens
    return {
        "input_tokens": prompt,
        "input_tokens_details": {
            "cached_tokens": said.reply.cached_tokens,
            "cache_write_tokens": 0,
        },
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": len(said.reply.reasoning)},
        "total_tokens": prompt + completion,
    }
