"""The conversation that is relayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suggestions.dialects.question import check_question


def build_messages(
    prompt: str, system: str | None = None, history: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """A conversation: what the model is told to be, what was said before, and the question.

    Raises `TypeError`, `ValueError` that name the argument; `relay` checks what stands in the
    items of `history`.
    """
    if not isinstance(prompt, str):
        raise TypeError(f"prompt must be a str, not {type(prompt).__name__}")
    if not prompt.strip():
        raise ValueError("prompt is empty: expected a text")
    if not isinstance(system, (str, type(None))):
        raise TypeError(f"system must be a str or None, not {type(system).__name__}")
    if isinstance(history, (str, bytes, Mapping)) or not isinstance(history, Sequence):
        raise TypeError(f"history must be a list of messages, not {type(history).__name__}")
    for number, item in enumerate(history):
        if not isinstance(item, Mapping):
            raise TypeError(f"history[{number}] must be a mapping, not {type(item).__name__}")
    told = [{"role": "system", "content": system}] if system else []
    return [*told, *map(dict, history), {"role": "user", "content": prompt}]


def check_messages(messages: object, roles: frozenset[str]) -> str | list[dict[str, Any]]:
    """As `check_question`, in the words of `relay`."""
    try:
        return check_question(messages, roles)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("question", "messages", 1)) from None
