"""Anthropic's Messages API.

Source: Anthropic's API reference, "Messages", "Streaming messages" and "Errors".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import from_report, is_report
from ..events import Citation
from .anthropic_question import split_conversation
from .base import Asked
from .delta import (
    DONE,
    Attached,
    Delta,
    Failure,
    Finish,
    OpaquePiece,
    Reasoning,
    Source,
    ToolCallPiece,
)
from .described_tool import described
from .json_message import (
    array_of,
    event_in,
    failure_in,
    id_of,
    index_of,
    name_of,
    object_of,
    text_of,
    usage_of,
)
from .model_api import ModelAPI, messages_of
from .output_schema import without_bounds

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent
    from .described_tool import DescribedTool
    from .output import Output

VERSION = "2023-06-01"
"""The version of the API, which each request must name."""
MAX_TOKENS = 4096
"""Tokens of the longest answer, if the caller sets no other bound; the service demands one."""

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class Anthropic(ModelAPI):
    """`POST {base_url}/v1/messages`, with the system messages of the question as `system`.

    By default, `base_url` is `ANTHROPIC_BASE_URL` or else Anthropic's own, and `api_key`, which is
    sent as `x-api-key`, is `ANTHROPIC_API_KEY`. `ModelAPI` says the rest; parameters are
    `max_tokens` (4096 by default), `temperature`, `thinking`, `tools` and so on.
    """

    name = "anthropic"
    path = "/v1/messages"
    own_url = "https://api.anthropic.com"
    url_variable = "ANTHROPIC_BASE_URL"
    key_variable = "ANTHROPIC_API_KEY"
    own_key_header = "x-api-key"
    own_headers = {"anthropic-version": VERSION}
    opaque = frozenset(("thinking", "redacted_thinking", "call"))
    output_place = ("output_config", "format")

    def output_format(self, output: Output) -> dict[str, Any]:
        schema = without_bounds(output.schema) if output.is_from_type else output.schema
        return {"type": "json_schema", "schema": schema}

    def tool(self, tool: DescribedTool) -> dict[str, Any]:
        return described(tool, "input_schema")

    def body(self, question: Asked, parameters: dict[str, Any]) -> dict[str, Any]:
        instructions, asked = split_conversation(messages_of(question))
        if instructions and parameters.get("system"):
            raise ValueError("'system' is given twice: as a parameter and in the question")
        if not asked:
            raise ValueError("question has only system messages: expected one of a user")
        system = {"system": instructions} if instructions else {}
        return {"max_tokens": MAX_TOKENS, **parameters, **system, "messages": asked}

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        if message.type == "error":
            return (failure_in(message.data),)
        event = event_in(message)
        if event is None:
            return ()
        if is_report(event):
            return (failure_in(message.data),)
        decode = _EVENTS.get(text_of(event.get("type")))
        return decode(event) if decode else ()

    def decode_body(self, body: Any) -> Iterable[Delta]:
        if is_report(body):
            return (Failure(from_report(body)),)
        if not isinstance(body, Mapping) or not isinstance(body.get("content"), list):
            raise ValueError("a JSON value without 'content'")
        blocks = enumerate(map(object_of, body["content"]))
        said = [delta for index, block in blocks for delta in _block(block, index)]
        return (_source(body), *said, *_end(body, body))


def _begin(event: Mapping[str, Any]) -> Iterator[Delta]:
    message = object_of(event.get("message"))
    yield _source(message)
    yield from _end(message, message)


def _open_block(event: Mapping[str, Any]) -> Iterable[Delta]:
    # The input of a tool is empty here, and follows in pieces of JSON; some gateways send it twice.
    return _block(object_of(event.get("content_block")), index_of(event.get("index")))


def _delta(event: Mapping[str, Any]) -> Iterable[Delta]:
    delta = object_of(event.get("delta"))
    kind = delta.get("type")
    if kind == "text_delta":
        return (text_of(delta.get("text")),)
    index = index_of(event.get("index"))
    if kind == "input_json_delta":
        return (ToolCallPiece(index, arguments=text_of(delta.get("partial_json"))),)
    if kind == "thinking_delta":
        piece = {"type": "thinking", "thinking": text_of(delta.get("thinking"))}
        return (Reasoning(piece["thinking"]), OpaquePiece(("thinking", index), piece))
    if kind == "signature_delta":
        signed = {"type": "thinking", "signature": text_of(delta.get("signature"))}
        return (OpaquePiece(("thinking", index), signed, is_last=True),)
    if kind == "citations_delta":
        return _cited(object_of(delta.get("citation")))
    return ()


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], Iterable[Delta]]] = {
    "message_start": _begin,
    "content_block_start": _open_block,
    "content_block_delta": _delta,
    "message_delta": lambda event: _end(object_of(event.get("delta")), event),
    "message_stop": lambda event: (DONE,),
}
"""By `type`. Others are ignored: the service says that there will be more."""


def _source(message: Mapping[str, Any]) -> Source:
    return Source(name_of(message.get("model")), name_of(message.get("id")))


def _block(block: Mapping[str, Any], index: int | None) -> Iterator[Delta]:
    """A content block: a whole one, or what it has when it begins."""
    kind = block.get("type")
    if kind == "text":
        yield text_of(block.get("text"))
        for citation in map(object_of, array_of(block.get("citations"))):
            yield from _cited(citation)
    elif kind == "thinking":
        # Without a signature the service refuses it; in a stream, the signature is still to come.
        yield Reasoning(text_of(block.get("thinking")))
        yield OpaquePiece(("thinking", index), block, is_last=bool(block.get("signature")))
    elif kind == "redacted_thinking":
        yield OpaquePiece(("thinking", index), block, whole=True)
    elif kind == "tool_use":
        arguments = text_of(block.get("input"))
        call_id = id_of(block.get("id"))
        # Its place among the thinking, which must keep its order.
        yield OpaquePiece(("call", index), {"type": "call", "id": call_id}, whole=True)
        yield ToolCallPiece(index, call_id, text_of(block.get("name")), arguments, whole=True)


def _cited(citation: Mapping[str, Any]) -> Iterator[Attached]:
    """A citation of a web page, a document or a search result.

    The places that it has are places of the document, so that the text's are not known.
    """
    url = name_of(citation.get("url")) or name_of(citation.get("source")) or ""
    title = name_of(citation.get("title")) or name_of(citation.get("document_title")) or ""
    quote = text_of(citation.get("cited_text"))
    if url or title or quote:
        yield Attached(Citation(url, title, quote=quote))


def _end(message: Mapping[str, Any], counted: Mapping[str, Any]) -> Iterator[Delta]:
    usage = object_of(counted.get("usage"))
    if usage:
        if usage.get("input_tokens") is None:  # those of the start count, with their cache
            usage = {name: n for name, n in usage.items() if not name.startswith("cache_")}
        yield usage_of(usage, "input_tokens", "output_tokens")
    reason = text_of(message.get("stop_reason"))
    if reason:
        yield Finish(_REASONS.get(reason, reason))
