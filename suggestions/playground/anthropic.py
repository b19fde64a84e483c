"""Anthropic's Messages API: `/v1/messages`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from flask import Response, current_app, request

from .answers import shorten
from .model import Chat, Message, Reply, is_reasoner, tokenize
from .output_format import anthropic_object
from .request_body import Body, checked, optional, read_body, read_messages, read_tools, said
from .signatures import blocks_of, check_blocks, sign
from .streaming import Fault, Frame, Refused, sse, to_json
from .wire_format import Format, Json, Said, digest, limit_of, respond, wire_format

_ROLES = ("user", "assistant")
_THINKING = ("adaptive", "disabled", "enabled")
_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def _error_body(fault: Fault) -> Json:
    kind = _TYPES.get(fault.status, "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": fault.message}}


def _check_token() -> None:
    token = current_app.config["PLAYGROUND_TOKEN"]
    if token is not None and request.headers.get("x-api-key") != token:
        raise Refused(Fault(401, "invalid x-api-key"))


anthropic = wire_format("anthropic", _error_body, _check_token)


@anthropic.post("/v1/messages")
def create_message() -> Response:
    body = read_body()
    if "anthropic-version" not in request.headers:
        raise Refused(Fault(400, "anthropic-version: header is required"))
    limit = limit_of(checked(body.get("max_tokens"), int, "max_tokens"), "max_tokens")
    messages, model = _messages(body), optional(body, "model", Chat.model)
    thinks = _thinks(body, model)
    if thinks:
        check_blocks(checked(body["messages"], list, "messages"))
    answer = anthropic_object(body, messages[-1].text)
    chat = Chat(messages, model, read_tools(_tools(body)), limit, answer, thinks)
    return respond(_FORMAT, chat, stream=optional(body, "stream", False))


def _thinks(body: Body, model: str) -> bool:
    """Whether to think aloud: `thinking` says so, or else the name of the model."""
    given = optional(body, "thinking", dict[str, object]())
    if not given:
        return is_reasoner(model)
    kind = given.get("type")
    if kind not in _THINKING:
        known = ", ".join(f"'{name}'" for name in _THINKING)
        message = (
            f"thinking: Input tag '{shorten(str(kind))}' found using 'type' does not match any of "
            f"the expected tags: {known}"
        )
        raise Refused(Fault(400, message))
    return kind != "disabled"


def _messages(body: Body) -> tuple[Message, ...]:
    system = body.get("system") or ""
    instructions = (said("system", system, "system"),) if system else ()
    turns = read_messages(body, _ROLES)
    items: list[Body] = checked(body["messages"], list, "messages")
    called: set[str] = set()
    messages: list[Message] = []
    for number, (item, turn) in enumerate(zip(items, turns, strict=True)):
        blocks = [block for block in blocks_of(item) if block.get("type") == "tool_result"]
        messages += [_result(block, called, f"messages.{number}") for block in blocks]
        called = {_id_of(block) for block in blocks_of(item) if block.get("type") == "tool_use"}
        if turn.text or turn.images or not blocks:
            messages.append(turn)
    return (*instructions, *messages)


def _id_of(block: Body, name: str = "id") -> str:
    return optional(block, name, "")


def _result(block: Body, called: set[str], path: str) -> Message:
    """What a tool has said. Raises `Refused` if the message before it calls no such tool."""
    answered = _id_of(block, "tool_use_id")
    if answered not in called:
        message = (
            f"{path}: unexpected `tool_use_id` found in `tool_result` blocks: {answered}. Each "
            "`tool_result` block must have a corresponding `tool_use` block in the previous "
            "message."
        )
        raise Refused(Fault(400, message))
    return said("tool", block.get("content") or "", f"{path}.content")


def _tools(body: Body) -> Body:
    """Its tools in OpenAI's shape, without those that the service itself runs."""
    own: list[Body] = []
    for number, value in enumerate(optional(body, "tools", list[object]())):
        tool: Body = checked(value, dict, "tools")
        kind = str(tool.get("type") or "custom")
        if kind == "custom":
            if "input_schema" not in tool:
                message = f"tools.{number}.custom.input_schema: Field required"
                raise Refused(Fault(400, message))
            own.append({**tool, "parameters": tool["input_schema"]})
        elif not re.search(r"_\d{8}$", kind):  # as those that the service itself runs
            message = (
                f"tools.{number}: Input tag '{shorten(kind)}' found using 'type' does not match "
                "any of the expected tags: 'custom', 'web_search_20250305', ..."
            )
            raise Refused(Fault(400, message))
    return {"functions": own}


def _frames(said: Said) -> Iterator[Frame]:
    begun = {**_message(said), "content": [], "stop_reason": None}
    yield _frame("control", "message_start", message={**begun, "usage": _usage(said, 1)})
    yield _frame("control", "ping")
    for index, block in enumerate(_blocks(said)):
        at = {"index": index}
        yield _frame("control", "content_block_start", **at, content_block=block.opened)
        for delta in block.pieces:
            yield _frame("token", "content_block_delta", **at, delta=delta)
        for delta in block.end:
            yield _frame("control", "content_block_delta", **at, delta=delta)
        yield _frame("control", "content_block_stop", **at)
    delta = {"stop_reason": _REASONS[said.reply.finish_reason], "stop_sequence": None}
    usage = _usage(said, said.completion_tokens)
    yield _frame("control", "message_delta", delta=delta, usage=usage)
    yield _frame("done", "message_stop")


def _frame(kind: Literal["token", "control", "done"], name: str, **fields: object) -> Frame:
    return Frame(kind, sse(to_json({"type": name, **fields}), event=name))


class _Block(NamedTuple):
    """A content block: the whole, what it has when it opens, its pieces, and what comes last."""

    whole: Json
    opened: Json
    pieces: list[Json]
    end: list[Json]


def _blocks(said: Said) -> Iterator[_Block]:
    reply = said.reply
    if reply.reasoning:
        yield _thought(reply)
    if not reply.calls:
        yield from _texts(reply)
    for index, call in enumerate(reply.calls):
        named = {"type": "tool_use", "id": "toolu_" + digest((index, call)), "name": call.name}
        given = json.loads(call.arguments)
        pieces = _deltas("input_json_delta", "partial_json", tokenize(call.arguments))
        yield _Block({**named, "input": given}, {**named, "input": {}}, pieces, [])


def _deltas(kind: str, field: str, pieces: Iterable[str]) -> list[Json]:
    return [{"type": kind, field: piece} for piece in pieces]


def _thought(reply: Reply) -> _Block:
    signature = sign(reply.thinking)
    return _Block(
        {"type": "thinking", "thinking": reply.thinking, "signature": signature},
        {"type": "thinking", "thinking": "", "signature": ""},
        _deltas("thinking_delta", "thinking", reply.reasoning),
        [{"type": "signature_delta", "signature": signature}],
    )


def _texts(reply: Reply) -> Iterator[_Block]:
    """The text, in a block of its own for each passage that has a source, and for what is between.

    A source is cited as the service's web search does it.
    """
    tokens = list(reply.tokens)
    end = 0
    for citation in reply.citations:
        if before := _taken(tokens, citation.start - end):
            yield _text(before)
        source = citation.source
        cited = {
            "type": "web_search_result_location",
            "cited_text": source.quote,
            "url": source.url,
            "title": source.title,
            "encrypted_index": digest(source),
        }
        passage = _text(_taken(tokens, citation.end - citation.start))
        yield _Block(
            {**passage.whole, "citations": [cited]},
            {**passage.opened, "citations": []},
            passage.pieces,
            [{"type": "citations_delta", "citation": cited}],
        )
        end = citation.end
    if tokens or not reply.citations:
        yield _text(tokens)


def _text(tokens: Sequence[str]) -> _Block:
    pieces = _deltas("text_delta", "text", tokens)
    return _Block(
        {"type": "text", "text": "".join(tokens)}, {"type": "text", "text": ""}, pieces, []
    )


def _taken(tokens: list[str], length: int) -> list[str]:
    """Takes the tokens of the first `length` characters away from `tokens`."""
    taken: list[str] = []
    while length > 0:
        taken.append(tokens.pop(0))
        length -= len(taken[-1])
    return taken


def _message(said: Said) -> Json:
    return {
        "id": f"msg_{said.id}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": [block.whole for block in _blocks(said)],
        "stop_reason": _REASONS[said.reply.finish_reason],
        "stop_sequence": None,
        "usage": _usage(said, said.completion_tokens),
    }


def _usage(said: Said, output_tokens: int) -> Json:
    """The counts; what comes from the cache is not among the `input_tokens`."""
    cached = said.reply.cached_tokens
    thought = min(output_tokens, len(said.reply.reasoning))
    return {
        "input_tokens": said.reply.prompt_tokens - cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": cached,
        "output_tokens": output_tokens,
        "output_tokens_details": {"thinking_tokens": thought},
    }


_FORMAT = Format(
    frames=_frames,
    whole=_message,
    fault=lambda fault: sse(to_json(_error_body(fault)), event="error"),
)
