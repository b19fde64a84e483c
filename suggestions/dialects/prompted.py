"""How the dialects of small services ask, which people write in a morning."""

from __future__ import annotations

from typing import Any

from .._util.arguments import check_flag, check_json, check_url
from .._util.redaction import without_values
from .._util.secret import hide_fields
from .base import Asked, Dialect, Options, Request, refuse

_OWN = {
    "prompt": "the question",
    "messages": "the question",
    "think_tags": "an argument of the dialect",
}


class Prompted(Dialect):
    """`POST {url}` with `{"prompt": question}`, or `{"messages": [...]}` for a conversation.

    `url` is the whole address; without it, the source needs a `url`. With `think_tags`, what
    the text has between `<think>` and `</think>`, before the answer, is reported as `reasoning`.
    `parameters` go into the body of every request as they are. The options of a question go there
    too, and win.
    """

    url = ""
    takes_images = True

    def __init__(
        self, url: str | None = None, *, think_tags: bool = False, **parameters: Any
    ) -> None:
        parameters = hide_fields(parameters)
        self.url = "" if url is None else check_url(url, mounts=("http+",))
        refuse(parameters, _OWN, self.name, "parameter {!r}")
        check_json("parameters", parameters)
        self.think_tags = check_flag("think_tags", think_tags)
        self._parameters = parameters

    def __repr__(self) -> str:
        # Parameters may carry a key for services that want it in the body.
        return f"{type(self).__name__}(url={without_values(self.url)!r})"

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        refuse(options, _OWN, self.name)
        name = "prompt" if isinstance(question, str) else "messages"
        return Request(self.url, {**self._parameters, **options, name: question})
