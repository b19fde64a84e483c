"""Jetpack AI: WordPress.com's `jetpack-ai-query`. The default dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._util.secret import reveal
from ..auth import Token
from .base import Asked, Options, Request, refuse
from .chat import Chat
from .described_tool import described, with_more
from .parts import calls_of, text_alone

if TYPE_CHECKING:
    from .described_tool import DescribedTool

URL = "https://public-api.wordpress.com/wpcom/v2/jetpack-ai-query"

_OTHER_KEYS = r"sk-(proj|ant|svcacct|or)-"
"""The beginning of keys of OpenAI, Anthropic and OpenRouter."""
_OF_TOOLS = ("tool_calls", "tool_call_id")
_OWN = {
    "question": "the first argument",
    "messages": "the first argument, question",
    "stream": "decided by the way the question is asked",
    # The names of the JavaScript class.
    "postId": "post_id here",
    "fromCache": "from_cache here",
    "languageCode": "language_code here",
}
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "post_id": ((int, str), "an int, or its digits in a str"),
    "feature": (str, "a str"),
    "from_cache": (bool, "a bool"),
    "functions": ((list, tuple), "a list of function descriptions"),
    "language_code": (str, "a str"),
    "model": (str, "a str"),
}


class Jetpack(Chat):
    """Options: `post_id` (int, or its digits in a str), `feature` (str,
    "ai-assistant-experimental" …), `from_cache` (bool: answer from the stream cache), `functions`
    (list of dicts), `language_code` (str, "de" …), `model` (str). Each may be None for none.
    Others go into the body as they are."""

    name = "jetpack"

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        refuse(options, _OWN, self.name)
        _check(options)
        body: dict[str, Any] = (
            {"question": question}
            if isinstance(question, str)
            else {"messages": list(_in_text(question))}
        )
        body.update(
            (name, value)
            for name, value in options.items()
            if name != "from_cache" and not (value is None and name in _KINDS)
        )
        if isinstance(body.get("post_id"), str):
            body["post_id"] = _post_id(body["post_id"])
        if not stream:
            body["stream"] = False
        return Request(URL + "?stream_cache=true" if options.get("from_cache") else URL, body)

    def missing(self, request: Request, token: Token | None) -> str:
        key = reveal(token)
        if not (isinstance(key, str) and re.match(_OTHER_KEYS, key)):
            return ""
        return (
            "this token is a key of another service, and the dialect 'jetpack', which is used if "
            'none is given, would send it to WordPress.com: pass dialect="openai", '
            'dialect="anthropic" or another'
        )

    def with_tools(self, options: Options, tools: Sequence[DescribedTool]) -> Options:
        return with_more(options, "functions", options.get("functions"), map(described, tools))


def _in_text(messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The service knows neither calls of tools nor their results: both are sent as text."""
    names: dict[str, str] = {}  # of the tools, by the id of the call
    for number, message in enumerate(messages):
        place = f"question[{number}]"
        sent = {name: value for name, value in message.items() if name not in _OF_TOOLS}
        if message["role"] == "developer":
            sent["role"] = "system"
        if isinstance(message.get("content"), list):
            sent["content"] = text_alone(place, message["content"], "jetpack")
        if message["role"] == "tool":
            name = names.get(message.get("tool_call_id", ""), "the tool")
            sent |= {"role": "user", "content": f"The result of {name}: {sent['content']}"}
        calls = [call for _, call in calls_of(place, message)]
        if calls:
            names |= {call.get("id", ""): call["function"]["name"] for call in calls}
            functions = (call["function"] for call in calls)
            called = (f"{each['name']}({each.get('arguments', '')})" for each in functions)
            sent["content"] = "\n".join(filter(None, [sent.get("content"), *called]))
        yield sent


def _check(options: Options) -> None:
    for name, value in options.items():
        if name not in _KINDS or value is None:
            continue
        kind, words = _KINDS[name]
        wrong = isinstance(value, bool) and kind is not bool
        if wrong or not isinstance(value, kind):
            raise TypeError(f"options[{name!r}] must be {words}, not {type(value).__name__}")
    for n, function in enumerate(options.get("functions") or ()):
        if not isinstance(function, Mapping):
            raise TypeError(
                f"options['functions'][{n}] must be a dict, not {type(function).__name__}"
            )


def _post_id(text: str) -> int:
    """A page knows its post's id as a text; the service takes a number."""
    if not re.fullmatch("[0-9]{1,20}", text):
        _, words = _KINDS["post_id"]
        raise ValueError(f"options['post_id'] must be {words}, not {text[:40]!r}")
    return int(text)
