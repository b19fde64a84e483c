"""What the server answers: made of the question alone, so that both ends know it."""

from __future__ import annotations

from zlib import crc32

_LONGEST = 40
# Some begin as the marker of an unclear prompt does, and are held back for as long.
_BEGINNINGS = ("", "**", "__JETPACK_AI_", "JET")


def pieces_of_answer(question: str) -> list[str]:
    """Up to 40 pieces."""
    number = crc32(question.encode())
    count = 1 + number % _LONGEST
    beginning = _BEGINNINGS[number // _LONGEST % len(_BEGINNINGS)]
    return [beginning, *(f"{question} {place} \N{PARTY POPPER}ü\n" for place in range(count))]


def answer_to(question: str) -> str:
    return "".join(pieces_of_answer(question))
