"""Checks of what a server is told. Each raises at the call `TypeError` or `ValueError` that names
the argument, what is expected and what was given."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from reprlib import repr as brief

from suggestions._util import arguments


def check_pieces(text: object) -> list[str]:
    """A text's words, each with the blank before it; the items of any other sequence."""
    if isinstance(text, str):
        return re.findall(r"\s*\S+|\s+$", check_text("text", text))
    if not isinstance(text, Iterable) or isinstance(text, (bytes, bytearray)):
        raise TypeError(f"text must be a str or a sequence of str, not {brief(text)}")
    return [check_text(f"text[{number}]", piece) for number, piece in enumerate(text)]


def check_text(name: str, text: object) -> str:
    """What can be written in UTF-8."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {brief(text)}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be what UTF-8 can write, not {brief(text)}") from None
    return text


def check_parts(parts: Iterable[object]) -> None:
    """The bytes of a body."""
    for number, part in enumerate(parts):
        if not isinstance(part, (bytes, bytearray, memoryview)):
            raise TypeError(f"parts[{number}] must be bytes, not {brief(part)}")


def check_status(status: object, lowest: int) -> None:
    """A status from `lowest` on (RFC 9110, section 15)."""
    if not _is_int(status):
        raise TypeError(f"status must be an int, not {brief(status)}")
    if status not in range(lowest, 600):
        raise ValueError(f"status must be from {lowest} to 599, not {status}")


def check_content_type(content_type: object) -> None:
    """The value of a header."""
    if not isinstance(content_type, str):
        raise TypeError(f"content_type must be a str, not {brief(content_type)}")
    if not (content_type.isascii() and content_type.isprintable()):
        raise ValueError(f"content_type must be printable ASCII, not {brief(content_type)}")


def check_seconds(name: str, seconds: object) -> None:
    """A time in seconds, 0 or more, and finite."""
    arguments.check_seconds(name, seconds, may_be_0=True, longest=sys.float_info.max)


def check_count(name: str, count: int) -> None:
    """How many."""
    if not _is_int(count):
        raise TypeError(f"{name} must be an int, not {brief(count)}")
    if count < 0:
        raise ValueError(f"{name} must be 0 or more, not {count}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
