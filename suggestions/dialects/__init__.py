"""Dialects: one file per wire format. A dialect makes the request and decodes what comes back."""

from __future__ import annotations

from suggestions.dialects.base import Dialect, Request

__all__ = ["Dialect", "DialectName", "Request", "find"]

DialectName = str | Dialect


def find(dialect: DialectName) -> Dialect:
    """The dialect object for a name or an object. Raises `ValueError`, `TypeError`."""
    if isinstance(dialect, Dialect):
        return dialect
    if dialect == "jetpack":
        from suggestions.dialects.jetpack import Jetpack

        return Jetpack()
    if dialect == "openai":
        from suggestions.dialects.openai import OpenAI

        return OpenAI()
    if isinstance(dialect, str):
        raise ValueError(f"dialect {dialect!r} is not known: expected 'jetpack' or 'openai'")
    if isinstance(dialect, type):
        raise TypeError(f"dialect must be an object, not the class: {dialect.__name__}()")
    raise TypeError(f"dialect must be a name or a Dialect, not {type(dialect).__name__}")
