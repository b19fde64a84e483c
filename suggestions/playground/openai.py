"""The OpenAI API, as far as a chat needs it: `/v1/chat/completions` and `/v1/models`.

Jetpack AI answers in the same `chat.completion` shapes, by `respond_as_openai`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from flask import Response

from .model import MODELS, Call, Chat, Message, Reply, tokenize
from .output_format import openai_object
from .pictures import MEDIA_TYPE, Picture, as_base64
from .request_body import Body, optional, read_body, read_messages, read_tools
from .streaming import Frame, openai_body, sse, to_json
from .wire_format import Format, Json, Said, digest, json_response, limit_of, respond, wire_format

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_MODELS_CREATED = 1_700_000_000  # seconds since the epoch

openai = wire_format("openai", openai_body)


@openai.post("/v1/chat/completions")
def chat_completions() -> Response:
    body = read_body()
    return respond_as_openai(body, read_messages(body, _ROLES), stream=False)


@openai.get("/v1/models")
def models() -> Response:
    rows = [
        {"id": name, "object": "model", "created": _MODELS_CREATED, "owned_by": "playground"}
        for name in MODELS
    ]
    return json_response({"object": "list", "data": rows})


def respond_as_openai(body: Body, messages: tuple[Message, ...], *, stream: bool) -> Response:
    """The answer to `messages`, with the options in `body`; `stream` if these do not say.

    Raises `Refused` for a wrong option, and for a failure that this kind of answer cannot have.
    """
    model = optional(body, "model", Chat.model)
    answer = openai_object(body, messages[-1].text)
    chat = Chat(messages, model, read_tools(body), _max_tokens(body), answer, draws=True)
    stream = optional(body, "stream", stream)
    usage = optional(optional(body, "stream_options", dict[str, object]()), "include_usage", False)
    created, legacy = int(time.time()), body.get("tools") is None

    def completion(said: Said) -> Completion:
        return Completion(said, created, legacy, usage)

    format = Format(
        frames=lambda said: _frames(completion(said)), whole=lambda said: _whole(completion(said))
    )
    return respond(format, chat, stream=stream)


@dataclass(frozen=True)
class Completion:
    """A reply in these shapes.

    `created` is in seconds since the epoch. `legacy` calls a function as it was done before there
    were tools. `include_usage` counts the tokens at the end of a stream.
    """

    said: Said
    created: int
    legacy: bool
    include_usage: bool


def _whole(completion: Completion) -> Json:
    """The completion in one object."""
    reply = completion.said.reply
    message: Json = {"role": "assistant", "content": None if reply.calls else reply.text}
    if reply.reasoning:
        message["reasoning_content"] = reply.thinking
    if reply.calls and completion.legacy:
        message["function_call"] = _function(reply.calls[0])
    elif reply.calls:
        message["tool_calls"] = [
            {"id": _call_id(index, call), "type": "function", "function": _function(call)}
            for index, call in enumerate(reply.calls)
        ]
    if reply.citations:
        message["annotations"] = _annotations(reply)
    if reply.picture:
        message["images"] = [_image(reply.picture)]
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(completion)}
    return _envelope(completion, "chat.completion", [choice]) | {"usage": _usage(completion.said)}


def _frames(completion: Completion) -> Iterator[Frame]:
    """The completion as a stream: the role, the tokens, the finish, the usage, and [DONE]."""
    reply = completion.said.reply
    yield _chunk(completion, {"role": "assistant", "content": None if reply.calls else ""})
    for token in reply.reasoning:
        yield _chunk(completion, {"content": None, "reasoning_content": token}, "token")
    for token in reply.tokens:
        yield _chunk(completion, {"content": token}, "token")
    if reply.citations:
        yield _chunk(completion, {"annotations": _annotations(reply)})
    if reply.picture:
        yield _chunk(completion, {"content": "", "images": [_image(reply.picture)]}, "token")
    for delta in _legacy_deltas(reply) if completion.legacy else _tool_deltas(reply):
        yield _chunk(completion, delta, "token")
    yield _chunk(completion, {}, finish_reason=_finish_reason(completion))
    if completion.include_usage:
        usage = _envelope(completion, "chat.completion.chunk", []) | {
            "usage": _usage(completion.said)
        }
        yield Frame("control", sse(to_json(usage)))
    yield Frame("done", sse(b"[DONE]"))


def _chunk(
    completion: Completion,
    delta: Json,
    kind: Literal["token", "control"] = "control",
    finish_reason: str | None = None,
) -> Frame:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = _envelope(completion, "chat.completion.chunk", [choice])
    return Frame(kind, sse(to_json(chunk)))


def _envelope(completion: Completion, kind: str, choices: list[Json]) -> Json:
    return {
        "id": f"chatcmpl-{completion.said.id}",
        "object": kind,
        "created": completion.created,
        "model": completion.said.model,
        "choices": choices,
    }


def _annotations(reply: Reply) -> list[Json]:
    """What the answer cites, as OpenAI's models with web search have it."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": citation.start,
                "end_index": citation.end,
                "title": citation.source.title,
                "url": citation.source.url,
            },
        }
        for citation in reply.citations
    ]


def _image(picture: Picture) -> Json:
    """An image as OpenRouter has it; OpenAI has none here, and OpenRouter no preview."""
    url = f"data:{MEDIA_TYPE};base64,{as_base64(picture.whole)}"
    return {"type": "image_url", "image_url": {"url": url}, "index": 0}


def _tool_deltas(reply: Reply) -> Iterator[Json]:
    """Each call opens with its id and name; its arguments follow in pieces under its index."""
    for index, call in enumerate(reply.calls):
        opening = {"name": call.name, "arguments": ""}
        first = {"index": index, "id": _call_id(index, call), "type": "function"}
        yield {"tool_calls": [first | {"function": opening}]}
        for piece in tokenize(call.arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _legacy_deltas(reply: Reply) -> Iterator[Json]:
    for call in reply.calls[:1]:  # there was never more than one
        yield {"function_call": {"name": call.name, "arguments": ""}}
        for piece in tokenize(call.arguments):
            yield {"function_call": {"arguments": piece}}


def _function(call: Call) -> Json:
    return {"name": call.name, "arguments": call.arguments}


def _call_id(index: int, call: Call) -> str:
    return "call_" + digest((index, call))


def _finish_reason(completion: Completion) -> str:
    calls = completion.legacy and completion.said.reply.calls
    return "function_call" if calls else completion.said.reply.finish_reason


def _usage(said: Said) -> Json:
    prompt, completion = said.reply.prompt_tokens, said.completion_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": said.reply.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": len(said.reply.reasoning)},
    }


def _max_tokens(body: Body) -> int | None:
    name = "max_tokens" if body.get("max_completion_tokens") is None else "max_completion_tokens"
    limit = optional(body, name, 0)
    return limit_of(-1 if limit == 0 and body.get(name) is not None else limit, name)
