"""The UI message stream of Vercel's AI SDK, version 1: what `useChat` asks of a backend.

Such a backend is a route of Next.js with `streamText`, or our relay with `frames="ui"`.

Source: the npm package `ai`, `src/ui-message-stream/ui-message-chunks.ts` and
`src/ui/http-chat-transport.ts`.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import from_report, stopped_early
from ..events import AnswerFile, Citation, Usage
from .base import Asked, Options, Request, refuse
from .delta import (
    DONE,
    Attached,
    Delta,
    Failure,
    Finish,
    Reasoning,
    Source,
    ToolCallPiece,
)
from .json_message import id_of, index_of, is_terminator, name_of, parse_object, text_of, usage_of
from .parts import arguments_of, calls_of, data_of, refusal
from .prompted import Prompted

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent

_OWN = {"messages": "the question", "think_tags": "an argument of the dialect"}
_REASONS = {"content-filter": "content_filter", "tool-calls": "tool_calls"}
"""Our word for the format's reason to stop, if it is another."""
_Chunk = Mapping[str, Any]


class UI(Prompted):
    """`POST {url}` with `{"id", "messages", "trigger": "submit-message"}`, as `useChat` does; the
    answer is a UI message stream, which ends with `[DONE]`.

    `url` is the whole address, such as "https://app.example/api/chat". Each question has a new `id`
    of the chat, and messages with new ids; a parameter or an option `id` names the chat. Results of
    tools that the backend runs, `data-` parts and chunks of other types are not part of the answer.
    The order of the chunks is not checked.
    """

    name = "ui"
    roles = frozenset(("system", "user", "assistant", "tool"))

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        refuse(options, _OWN, self.name)
        asked = [{"role": "user", "content": question}] if isinstance(question, str) else question
        body = {
            "id": str(uuid.uuid4()),
            "trigger": "submit-message",
            **self._parameters,
            **options,
            "messages": _ui_messages(asked),
        }
        return Request(self.url, body)

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        data = message.data.strip()
        if message.type != "message" or not data:
            return ()
        if is_terminator(data):
            return (DONE,)
        chunk = parse_object(data)
        kind = chunk.get("type")
        if kind == "error":
            return (Failure(from_report(text_of(chunk.get("errorText")), body=data)),)
        read = _CHUNKS.get(kind) if isinstance(kind, str) else None
        return () if read is None else read(chunk)


# What an answer says, by the type of the chunk


def _text(chunk: _Chunk) -> Iterable[Delta]:
    return (text_of(chunk.get("delta")),)


def _reasoning(chunk: _Chunk) -> Iterable[Delta]:
    return (Reasoning(text_of(chunk.get("delta"))),)


def _call(chunk: _Chunk, field: str, *, whole: bool = False) -> Iterable[Delta]:
    id = id_of(chunk.get("toolCallId"))
    # The format has no positions. Pieces of several calls may alternate, so each call gets one of
    # its own.
    position = zlib.crc32(id.encode("utf-8", "replace")) >> 1
    arguments = text_of(chunk.get(field))
    if whole and not arguments:
        arguments = "{}"
    yield ToolCallPiece(position, id, text_of(chunk.get("toolName")), arguments, whole=whole)


def _citation(chunk: _Chunk) -> Iterable[Delta]:
    url, title = text_of(chunk.get("url")), text_of(chunk.get("title"))
    said = _object_in(_object_in(chunk.get("providerMetadata")).get("suggestions"))
    start, end = index_of(said.get("start")), index_of(said.get("end"))
    return (Attached(Citation(url, title, start, end, text_of(said.get("quote")))),)


def _file(chunk: _Chunk) -> Iterable[Delta]:
    media_type, url = text_of(chunk.get("mediaType")), text_of(chunk.get("url"))
    return (Attached(AnswerFile(media_type, url)),)


def _metadata(chunk: _Chunk) -> Iterable[Delta]:
    """The model and the counts, as our relay sends them; other backends have what they like."""
    said = _object_in(chunk.get("messageMetadata"))
    if model := name_of(said.get("model")):
        yield Source(model)
    usage = said.get("usage", said.get("totalUsage"))
    if isinstance(usage, Mapping):
        yield _usage(usage)


def _usage(said: Mapping[str, Any]) -> Usage:
    usage = usage_of(
        {**said, "total_tokens": said.get("totalTokens")}, "inputTokens", "outputTokens"
    )
    inputs, outputs = (_object_in(said.get(f"{name}TokenDetails")) for name in ("input", "output"))
    cached = index_of(said.get("cachedInputTokens")) or index_of(inputs.get("cacheReadTokens"))
    thought = index_of(said.get("reasoningTokens")) or index_of(outputs.get("reasoningTokens"))
    return usage._replace(details=said, cached_tokens=cached or 0, reasoning_tokens=thought or 0)


def _finish(chunk: _Chunk) -> Iterable[Delta]:
    yield from _metadata(chunk)
    reason = name_of(chunk.get("finishReason")) or ""
    yield Finish(_REASONS.get(reason, reason))


def _abort(chunk: _Chunk) -> Iterable[Delta]:
    return (Failure(stopped_early(text_of(chunk.get("reason")))),)


_CHUNKS: dict[str, Callable[[_Chunk], Iterable[Delta]]] = {
    "start": _metadata,
    "message-metadata": _metadata,
    "text-delta": _text,
    "reasoning-delta": _reasoning,
    "tool-input-start": partial(_call, field=""),
    "tool-input-delta": partial(_call, field="inputTextDelta"),
    "tool-input-available": partial(_call, field="input", whole=True),
    "tool-input-error": partial(_call, field="input", whole=True),
    "source-url": _citation,
    "source-document": _citation,
    "file": _file,
    "finish": _finish,
    "abort": _abort,
}


def _object_in(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


# What is asked


def _ui_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Raises `ValueError` for what the format has no place for."""
    made: list[dict[str, Any]] = []
    calls: dict[str, dict[str, Any]] = {}  # the part of each call, by its id
    for number, message in enumerate(messages):
        place, role = f"question[{number}]", message["role"]
        if role == "tool":
            id = message.get("tool_call_id", "")
            if id not in calls:
                raise ValueError(f"{place}['tool_call_id'] is {id!r}: no message calls that")
            calls[id] |= {"state": "output-available", "output": _text_in(message)}
            continue
        parts = _parts(place, message)
        for where, call in calls_of(place, message):
            part = _call_part(where, call)
            parts.append(calls.setdefault(part["toolCallId"], part))
        if role == "assistant" and made and made[-1]["role"] == "assistant":
            made[-1]["parts"] += [{"type": "step-start"}, *parts]  # the next round of one answer
        else:
            made.append({"id": str(uuid.uuid4()), "role": role, "parts": parts})
    return made


def _text_in(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    return content or ""


def _parts(place: str, message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if not isinstance(content, list):
        return [{"type": "text", "text": content}] if content else []
    return [_part(f"{place}['content'][{n}]", part) for n, part in enumerate(content)]


def _part(place: str, part: Mapping[str, Any]) -> dict[str, Any]:
    kind = part["type"]
    if kind == "text":
        return {"type": "text", "text": part["text"]}
    if kind == "image_url":
        return _file_part(part["image_url"]["url"], "image/*")
    if kind == "input_audio":
        media_type = "audio/mpeg" if part["input_audio"].get("format") == "mp3" else "audio/wav"
        return _file_part(f"data:{media_type};base64,{part['input_audio'].get('data')}", media_type)
    if kind == "file" and part["file"].get("file_data"):
        named = {"filename": part["file"]["filename"]} if part["file"].get("filename") else {}
        return _file_part(part["file"]["file_data"], "application/octet-stream") | named
    raise refusal(place, part, "ui", "text, image_url, input_audio or file with 'file_data'")


def _file_part(url: str, otherwise: str) -> dict[str, Any]:
    """`otherwise` is the media type of what is no data URL."""
    data = data_of(url)
    return {"type": "file", "mediaType": data.media_type if data else otherwise, "url": url}


def _call_part(place: str, call: Mapping[str, Any]) -> dict[str, Any]:
    name, arguments = call["function"]["name"], arguments_of(place, call)
    named = {"type": f"tool-{name}", "toolCallId": call.get("id") or str(uuid.uuid4())}
    return {**named, "state": "input-available", "input": arguments}
