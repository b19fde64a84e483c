"""Answers a chat request in the `chat.completion` shapes, streamed or whole."""

from __future__ import annotations

import time

from flask import Response

from .chat import Chat, Message
from .chat_body import Body, optional, read_tools
from .completions import Completion, digest, frames, whole
from .demand import demanded
from .faults import Fault, Refused
from .model import reply_to
from .stream import streamed
from .wire_format import json_response


def respond(body: Body, messages: tuple[Message, ...], *, stream: bool) -> Response:
    """The answer to `messages`, with the options in `body`; `stream` when these do not say.

    Raises `Refused` for options that are not right, and for a failure that only a stream can have.
    """
    model = optional(body, "model", Chat.model)
    chat = Chat(messages, model, read_tools(body), _max_tokens(body))
    stream = optional(body, "stream", stream)
    usage = optional(optional(body, "stream_options", dict[str, object]()), "include_usage", False)
    demand = demanded()
    reply = reply_to(chat)
    if demand.failure.reply:
        reply = demand.failure.reply(reply, demand.after)
    completion = Completion(
        reply=reply,
        id="chatcmpl-" + digest(chat),
        created=int(time.time()),
        model=model,
        legacy=body.get("tools") is None,
        include_usage=usage,
    )
    change = demand.failure.frames
    if change and not stream:
        raise Refused(Fault(400, "This failure needs a stream.", "invalid_value", param="fail"))
    if demand.failure.whole or not stream:
        return json_response(whole(completion))
    played = list(frames(completion))
    return streamed(change(played, demand.after) if change else played, demand.pace)


def _max_tokens(body: Body) -> int | None:
    name = "max_tokens" if body.get("max_completion_tokens") is None else "max_completion_tokens"
    limit = optional(body, name, 0)
    if limit < 1 and body.get(name) is not None:
        message = f"Invalid '{name}': expected an integer of at least 1."
        raise Refused(Fault(400, message, "integer_below_min_value", param=name))
    return limit or None
