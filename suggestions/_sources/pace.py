"""How much of a text that comes in bursts is shown at a moment. No I/O, no thread, no clock."""

from __future__ import annotations

from math import ceil
from unicodedata import category, combining

INTERVAL = 1 / 30
"""Seconds between two suggestions, if the program sets no throttle."""
_SPREAD = 0.4
"""Seconds, about, within which all that has come is shown. Many services send two or three bursts
a second, so that one has nearly been shown when the next one comes."""
_LONGEST = 64
"""Code points of one character as a person sees it, at most: a family of emoji has 11. A text may
also have a million combining marks in a row, and looking through them for each part would take
quadratic time."""


class Pace:
    """Shows a growing text in parts, none of which ends within a character as a person sees it.

    The rate is that of the backlog: high enough to show all that has come within `_SPREAD` seconds.
    It does not fall before all of it is shown, so that no piece waits longer than that.
    """

    def __init__(self) -> None:
        self.shown = 0
        """Characters of the text that have been shown."""
        self._rate = 0.0
        """Characters a second; 0 while there is no backlog."""
        self._moment = 0.0  # of the last part

    @property
    def has_more(self) -> bool:
        """Whether there is a backlog."""
        return self._rate > 0

    def show_part(self, text: str, now: float, interval: float) -> bool:
        """Raises `shown` by the next part of the text so far; returns False if there is none.

        `now` is the moment in seconds. A part that follows no other is what `interval` seconds
        show.
        """
        end = _end_of_characters(text)
        backlog = end - self.shown
        if backlog <= 0:
            return False
        if not self._rate:
            self._moment = now - interval
        self._rate = max(self._rate, backlog / _SPREAD)
        part = max(1, ceil(self._rate * (now - self._moment)))
        self.shown, self._moment = _boundary(text, self.shown + part, end), now
        if self.shown == end:
            self._rate = 0.0
        return True

    def show_all(self, text: str) -> None:
        """All of the text so far has been shown."""
        self.shown, self._rate = len(text), 0.0


# Characters as a person sees them (Unicode Standard Annex 29, section 3.1.1), without a table of
# all of Unicode: where in doubt, two code points stay together.


def _boundary(text: str, place: int, end: int) -> int:
    """The first place from `place` on, up to `end`, that is not within a character."""
    last = min(end, place + _LONGEST)
    while place < last and _is_within(text, place):
        place += 1
    return min(place, end)


def _end_of_characters(text: str) -> int:
    """The end of the text, without a last character of which more has to come."""
    end = place = len(text)
    if text and (text[-1] == _JOINER or _is_high(text[-1]) or _is_half_flag(text, end)):
        place -= 1
        while place > max(0, end - _LONGEST) and _is_within(text, place):
            place -= 1
    return place


def _is_within(text: str, place: int) -> bool:
    """Whether the code points before and after a place are one character."""
    after, before = text[place], text[place - 1]
    if after < "\u0300":
        return before == "\r" and after == "\n"
    kind = category(after)
    return (
        kind in ("Mn", "Mc", "Me")  # marks, variation selectors
        or before == _JOINER
        or after in _EXTENDING
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= after <= "\U000e007f"  # tags, as in the flag of Wales
        or (kind == "Lo" and combining(before) == _VIRAMA)  # Indic conjuncts
        or (kind == "Lo" and _is_syllable(before, after))
        or (kind == "Cs" and _is_high(before))
        or (_is_regional(after) and _is_half_flag(text, place))
    )


_JOINER = "\u200d"
_EXTENDING = frozenset((_JOINER, "\u200c", "\u0e33", "\u0eb3", "\uff9e", "\uff9f"))
_VIRAMA = 9  # the combining class of the signs that join two consonants


def _is_high(char: str) -> bool:
    """Whether it is the first half of a surrogate pair, which JSON may have in two pieces."""
    return "\ud800" <= char <= "\udbff"


def _is_regional(char: str) -> bool:
    """Whether it is half of a flag."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_half_flag(text: str, place: int) -> bool:
    """Whether what ends at a place is the first half of a flag."""
    start = place
    while start > max(0, place - _LONGEST) and _is_regional(text[start - 1]):
        start -= 1
    return (place - start) % 2 == 1


def _is_syllable(before: str, after: str) -> bool:
    """Whether both are letters of one Korean syllable."""
    is_initial = "\u1100" <= before <= "\u115f" or "\ua960" <= before <= "\ua97c"
    if "\u1160" <= after <= "\u11ff" or "\ud7b0" <= after <= "\ud7fb":  # vowels and finals
        return is_initial or "\u1160" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7fb"
    return is_initial and ("\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3")
