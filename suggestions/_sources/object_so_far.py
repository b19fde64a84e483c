"""The object in the text of an answer, for a source with `output=`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .._util.arguments import check_options
from .._util.partial_json import Cut, JSONSoFar, Object
from ..errors import SuggestionsError
from ..events import Later

if TYPE_CHECKING:
    from ..dialects import Dialect
    from ..dialects.base import Options
    from ..dialects.output import Output

_GROWTH = 1.01
"""Reading an object takes time that grows with its text. So it is read again when the text has
grown by 1 %: all of this takes about a hundred times as long as to read the whole once, however
long that is."""


class ObjectSoFar:
    """Emits the best object so far of the text in pieces, as an event to be made `Later`."""

    def __init__(self, output: Output, emit: Callable[[Later], object]) -> None:
        self._output = output
        self._emit = emit
        self._json = JSONSoFar()
        self._shown: Cut | None = None
        self._length = 0
        self._due = 0

    def add(self, pieces: Sequence[str]) -> None:
        """Reads the last of the pieces."""
        self._json.feed(pieces[-1])
        self._length += len(pieces[-1])
        if self._length >= self._due:
            self.show(pieces)

    def show(self, pieces: Sequence[str]) -> None:
        """Emits the object, if the text says more of it than the last time."""
        cut = self._json.cut
        if cut is not None and cut != self._shown:
            self._shown = cut
            self._due = int(self._length * _GROWTH)
            self._emit(Later("object", partial(_object_upto, pieces, len(pieces), cut)))

    def check(self, text: str, finish_reason: str | None, *, has_calls: bool) -> Any:
        """The object that the whole text is; or the error that it is none, which is not raised.

        An answer that calls tools need not have one, because another answer follows: then this
        returns None. The user's own code may run here, so no lock may be held.
        """
        if has_calls and not text.strip():
            return None
        found = self._output.check(text, finish_reason)
        return None if has_calls and isinstance(found, SuggestionsError) else found


def ask_for_object(
    output: object, dialect: Dialect, options: Options, emit: Callable[[Later], object]
) -> tuple[Options, ObjectSoFar]:
    """The options that ask for the object, and what reads it.

    Raises `TypeError`, `ValueError`, and `ImportError` without the extra `output`.
    """
    from ..dialects.output import Output  # it takes some time, and few sources need it

    wanted = Output(output)
    options = check_options(dialect.with_output(options, wanted))
    return options, ObjectSoFar(wanted, emit)


def _object_upto(pieces: Sequence[str], count: int, cut: Cut) -> Object:
    return cut.value_in("".join(pieces[:count]))
