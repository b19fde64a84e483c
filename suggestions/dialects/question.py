"""A question: one text, or a conversation that ends in the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from suggestions._util.arguments import check_json

ROLES = frozenset(("system", "user", "assistant", "jetpack-ai"))


class _Said(TypedDict):
    role: str
    content: str


class Message(_Said, total=False):
    """One item of a conversation: `role`, `content`, and, for Jetpack AI, `context`."""

    context: dict[str, Any]


Question = str | Sequence[Message] | Sequence[Mapping[str, Any]]
"""A text, or a conversation whose last message is the question."""


def check_question(question: object, roles: frozenset[str] = ROLES) -> str | list[dict[str, Any]]:
    """The question as text or as a list of new dicts.

    Raises `TypeError` or `ValueError`, which name the item and what was expected.
    """
    if isinstance(question, str):
        if not question.strip():
            raise ValueError("question is empty: expected a text or a list of messages")
        return question
    no_list = isinstance(question, (bytes, bytearray, memoryview, Mapping))
    if no_list or not isinstance(question, Sequence):
        raise TypeError(
            f"question must be a str or a sequence of messages, not {type(question).__name__}"
        )
    if not question:
        raise ValueError("question is empty: expected a text or a list of messages")
    return [_check_message(f"question[{n}]", item, roles) for n, item in enumerate(question)]


def _check_message(where: str, item: object, roles: frozenset[str]) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise TypeError(
            f"{where} must be a mapping with 'role' and 'content', not {type(item).__name__}"
        )
    role = item.get("role")
    if not isinstance(role, str) or role not in roles:
        expected = ", ".join(sorted(roles))
        raise ValueError(f"{where}['role'] is {role!r}: expected one of {expected}")
    content = item.get("content")
    # These need no content: a model's call of a function, a request to Jetpack AI.
    alone = any(item.get(name) for name in ("tool_calls", "function_call", "context"))
    if not isinstance(content, str) and not (content is None and alone):
        raise TypeError(f"{where}['content'] must be a str, not {type(content).__name__}")
    if role == "user" and not alone and not str(content).strip():
        raise ValueError(f"{where}['content'] is empty: expected a text")
    if not isinstance(item.get("context", {}), Mapping):
        context = type(item["context"]).__name__
        raise TypeError(f"{where}['context'] must be a dict, not {context}")
    check_json(where, message := dict(item))
    return message
