"""A dialect for unknown services: asks as most of them understand it, and recognises the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import SAID, MalformedStreamError, is_report
from .base import (
    EVENTS,
    LINES,
    Asked,
    Dialect,
    Framing,
    Options,
    Request,
    refuse,
)
from .by_name import class_of
from .delta import Delta
from .described_tool import function_tool, with_more
from .json_lines import JsonLines
from .json_message import is_terminator, parse, parse_object
from .model_api import messages_of
from .question import ROLES

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent
    from .described_tool import DescribedTool

_OWN = {"messages": "made from the question", "stream": "decided by the way it is asked"}
_TEXT_FIELDS = ("content", "text", "message", "token", "delta", "data", "response", "answer")
"""The fields that hold the text at services without a documented format."""

_HEARTBEATS = ("ping", "heartbeat", "keepalive", "keep-alive", "keep_alive")
"""Names and types of events that only keep the connection open, in any dialect."""


class Auto(Dialect):
    """`POST {url}` with `{"messages": [...], "stream": true}` and the options; `url` is needed.

    The dialect that reads the answer is chosen by the framing and by the first message that is no
    heartbeat, or the whole of an answer in one piece. Jetpack's answers are read as OpenAI's, which
    look the same. The event `open` follows the choice, and its detail names the dialect. A message
    that fits no dialect is a `MalformedStreamError`.
    """

    name = "auto"
    roles = ROLES | {"function", "jetpack-ai"}
    takes_images = True
    framings: Mapping[str, Framing] = {**EVENTS, **LINES, "text/plain": "text"}

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        refuse(options, _OWN, self.name)
        return Request("", {**options, "messages": messages_of(question), "stream": stream})

    def with_tools(self, options: Options, tools: Sequence[DescribedTool]) -> Options:
        return with_more(options, "tools", options.get("tools"), map(function_tool, tools))

    def choose(self, content_type: str, first: ServerSentEvent | None = None) -> Dialect | None:
        if first is None or _is_heartbeat(first):
            return None
        return _chosen(first, self.framings.get(content_type))

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        return () if _is_heartbeat(message) else _chosen(message, "events").decode(message)


def _is_heartbeat(message: ServerSentEvent) -> bool:
    """Whether a message only keeps the connection open, and says nothing of the dialect."""
    data = message.data.strip()
    if not data.startswith("{"):
        is_blank = not data or data.startswith(": ")
        return is_blank if message.type == "message" else message.type != "error"
    if message.type in _HEARTBEATS:
        return True
    try:
        return parse_object(data).get("type") in _HEARTBEATS
    except (ValueError, RecursionError):
        return False


def _chosen(first: ServerSentEvent, framing: Framing | None) -> Dialect:
    if framing == "text":
        return class_of("text")()
    dialect = _dialect_of(first, lines=framing == "lines")
    if dialect is None:
        raise MalformedStreamError(
            f"The answer is in no known dialect: it begins with '{SAID}'.",
            said=_named(first),
        )
    return dialect


def _dialect_of(first: ServerSentEvent, *, lines: bool) -> Dialect | None:
    data = first.data.strip()
    if first.type == "error" or is_terminator(data):
        return class_of("openai")()
    try:
        value = parse(data)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, Mapping):
        documented = _documented(value)
        # Formats without a document do not name their events either.
        return class_of(documented)() if documented else _undocumented(value, first)
    # Broken JSON, or a list, is not a text that a model has written.
    return None if lines or data[:1] in ("{", "[") else class_of("text")()


def _documented(value: Mapping[str, Any]) -> str | None:
    kind = value.get("type")
    kind = kind if isinstance(kind, str) else ""
    if kind.startswith("response.") or value.get("object") == "response":
        return "responses"
    if kind == "message_start" or (kind == "message" and "content" in value):
        return "anthropic"
    if kind in ("content", "done") or (kind == "error" and isinstance(value.get("error"), str)):
        return "relay"
    # An error alone looks the same everywhere.
    if "choices" in value or is_report(value):
        return "openai"
    if isinstance(value.get("message"), Mapping) and "done" in value:
        return "ollama"
    return None


def _undocumented(value: Mapping[str, Any], first: ServerSentEvent) -> Dialect | None:
    if first.type != "message":
        return None
    field = next((name for name in _TEXT_FIELDS if isinstance(value.get(name), str)), None)
    return JsonLines(field) if field else None


def _named(message: ServerSentEvent) -> str:
    """The message's data, after the name of its event, if it has one."""
    name = "" if message.type == "message" else f"event: {message.type}, data: "
    return name + message.data
