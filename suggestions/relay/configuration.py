"""Whom a relay asks, by its arguments or else by the environment."""

from __future__ import annotations

import os

from suggestions.dialects import Dialect, DialectName, find
from suggestions.dialects.openai import OpenAI

DASHSCOPE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
DASHSCOPE_MODEL = "qwen-plus"


def choose_dialect(dialect: DialectName | None, model: str | None, *, known: bool) -> Dialect:
    """The dialect of the service; `known` where the whole address is given besides.

    Raises `TypeError`, `ValueError` for a wrong argument, and `RuntimeError` where nothing says
    whom to ask. That is a mistake of the server and not of whoever has sent the question: a
    program that answers a `ValueError` with "bad request" is not to do so here.
    """
    if not isinstance(model, (str, type(None))):
        raise TypeError(f"model must be a str, not {type(model).__name__}")
    if dialect is not None:
        return find(dialect)
    if known or _environ("OPENAI_API_KEY") or _environ("OPENAI_BASE_URL"):
        return OpenAI()
    # A key is only ever sent to the service that it is named for.
    key = _environ("DASHSCOPE_API_KEY")
    if key:
        return OpenAI(DASHSCOPE_URL, key, _environ("QWEN_MODEL_NAME") or DASHSCOPE_MODEL)
    raise RuntimeError(
        "relay does not know whom to ask: set OPENAI_API_KEY and AI_MODEL_NAME (and "
        "OPENAI_BASE_URL for a service like OpenAI's), or DASHSCOPE_API_KEY, or pass dialect="
    )


def _environ(name: str) -> str | None:
    return os.environ.get(name) or None
