"""The chatbot backend: a service whose users log in.

Source: the document of openEuler's assistant, "API". A token comes from `ChatbotLogin`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .._util.arguments import check_flag, check_url
from .._util.secret import hide
from ..auth import Token, check_token
from .base import Asked, Dialect, Options, Request
from .chat import decode_completion
from .delta import Delta
from .parts import text_alone
from .question import ROLES
from .text import decode_text

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent


class Chatbot(Dialect):
    """`POST {base_url}/chatCompletionStream`, and `/chatCompletion` for an answer in one piece.

    Without `base_url`, the source's `url` is the whole address. `token` may be a
    `ChatbotLogin(base_url, username, password)`. With `think_tags`, what the text has between
    `<think>` and `</think>`, before the answer, is reported as `reasoning`. The service takes no
    options.
    """

    name = "chatbot"
    base_url = ""
    ends_at_eof = True
    roles = ROLES - {"developer", "tool"}

    def __init__(
        self,
        base_url: str | None = None,
        token: Token | None = None,
        *,
        think_tags: bool = False,
    ) -> None:
        token = hide(token)
        check_token(token)
        self.base_url = "" if base_url is None else check_url(base_url).rstrip("/")
        self.token = token
        self.think_tags = check_flag("think_tags", think_tags)

    def __repr__(self) -> str:
        return f"Chatbot(base_url={self.base_url!r})"

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        for name in options:
            raise ValueError(f"options[{name!r}] is not for chatbot: it takes no options")
        if isinstance(question, str):
            question = [{"role": "user", "content": question}]
        path = "/chatCompletionStream" if stream else "/chatCompletion"
        url = self.base_url and self.base_url + path
        return Request(url, [_item(n, item) for n, item in enumerate(question)])

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        return decode_text(message)

    def decode_body(self, body: Any) -> Iterable[Delta]:
        return decode_completion(body)


def _item(n: int, item: Mapping[str, Any]) -> dict[str, Any]:
    """One message as the service spells its fields: one of them has a capital letter."""
    for name in item:
        if name not in ("role", "content"):
            raise ValueError(
                f"question[{n}][{name!r}] is not for chatbot: it takes role and content alone"
            )
    content = text_alone(f"question[{n}]", item["content"], "chatbot")
    return {"role": item["role"], "Content": content}
