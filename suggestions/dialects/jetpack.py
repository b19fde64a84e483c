"""Jetpack AI: WordPress.com's `jetpack-ai-query`. The default dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suggestions.dialects.base import Asked, Options, Request
from suggestions.dialects.chat import Chat

URL = "https://public-api.wordpress.com/wpcom/v2/jetpack-ai-query"

_OPTIONS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "post_id": (int, "an int"),
    "feature": (str, "a str"),
    "from_cache": (bool, "a bool"),
    "functions": ((list, tuple), "a list of function descriptions"),
    "model": (str, "a str"),
}
_IN_BODY = ("post_id", "feature", "functions", "model")


class Jetpack(Chat):
    """Options: `post_id` (int), `feature` (str, "ai-assistant-experimental" …), `from_cache`
    (bool: answer from the stream cache), `functions` (list of dicts), `model` (str)."""

    name = "jetpack"

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        _check(options)
        body: dict[str, Any] = (
            {"question": question} if isinstance(question, str) else {"messages": question}
        )
        body.update((name, options[name]) for name in _IN_BODY if options.get(name) is not None)
        if not stream:
            body["stream"] = False
        return Request(URL + "?stream_cache=true" if options.get("from_cache") else URL, body)


def _check(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            raise ValueError(f"options[{name!r}] is not known to jetpack: expected one of {known}")
        kind, words = _OPTIONS[name]
        wrong = isinstance(value, bool) and kind is not bool
        if value is not None and (wrong or not isinstance(value, kind)):
            raise TypeError(f"options[{name!r}] must be {words}, not {type(value).__name__}")
    for n, function in enumerate(options.get("functions") or ()):
        if not isinstance(function, Mapping):
            raise TypeError(
                f"options['functions'][{n}] must be a dict, not {type(function).__name__}"
            )
