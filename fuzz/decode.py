"""A dialect's `choose`, `decode` and `decode_body`: any message, well-formed deltas.

Input: the message's event name, a line end, its data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from suggestions._sources.answer import Answer
from suggestions.dialects import Dialect, find
from suggestions.dialects.delta import (
    Attached,
    Delta,
    Done,
    Failure,
    Finish,
    FunctionCallPiece,
    OpaquePiece,
    OtherChoice,
    Reasoning,
    Source,
    ToolCallPiece,
    WholeReasoning,
    WholeText,
)
from suggestions.errors import LONGEST_BODY, SuggestionsError
from suggestions.events import ERROR_NAMES, AnswerFile, Citation, Event, ServerSentEvent, Usage

_DOCUMENTED = (ValueError, RecursionError, SuggestionsError)
"""What reading turns into the one error of the answer; any other is a mistake of the dialect's."""


def checker(name: str) -> Callable[[bytes], None]:
    """The target for that dialect."""
    dialect = find(name)

    def check(data: bytes) -> None:
        kind, _, text = data.decode("utf-8", "replace").partition("\n")
        message = ServerSentEvent(kind or "message", text, "")
        for chosen in _chosen(dialect, message):
            _check_deltas(lambda: chosen.decode(message))  # noqa: B023 - called at once
            try:
                body = json.loads(text)
            except (ValueError, RecursionError):
                continue
            _check_deltas(lambda: chosen.decode_body(body))  # noqa: B023 - called at once

    return check


def _chosen(dialect: Dialect, message: ServerSentEvent) -> Iterable[Dialect]:
    one_of_each = {framing: media_type for media_type, framing in dialect.framings.items()}
    for media_type in (*one_of_each.values(), "application/json"):
        try:
            chosen = dialect.choose(media_type, message)
        except SuggestionsError as error:
            _check_error(error)
            continue
        if chosen is None:
            continue  # a heartbeat
        assert isinstance(chosen, Dialect)
        yield chosen
        if chosen is dialect:
            return  # whatever the media type


def _check_deltas(decode: Callable[[], Iterable[Delta]]) -> None:
    try:
        deltas = list(decode())
    except _DOCUMENTED as error:
        if isinstance(error, SuggestionsError):
            _check_error(error)
        return
    for delta in deltas:
        _check_delta(delta)
    assert [_comparable(d) for d in decode()] == [_comparable(d) for d in deltas], "not the same"
    _check_answer(deltas)


def _check_delta(delta: Delta) -> None:
    if isinstance(delta, Failure):
        _check_error(delta.error)
    elif isinstance(delta, Usage):
        assert all(type(count) is int for count in (*delta[:3], *delta[4:])), delta
    elif isinstance(delta, Attached):
        _check_attached(delta.detail)
    elif isinstance(delta, OtherChoice):
        assert type(delta.index) is int
        for other in delta.deltas:
            _check_delta(other)
    elif type(delta) is not str:
        for name, kinds in _FIELDS[type(delta)].items():
            assert type(getattr(delta, name)) in kinds, delta


def _check_attached(detail: Citation | AnswerFile) -> None:
    if isinstance(detail, Citation):
        assert all(type(text) is str for text in (detail.url, detail.title, detail.quote)), detail
        assert all(type(place) in (int, type(None)) for place in (detail.start, detail.end)), detail
    else:
        assert all(type(text) is str for text in (detail.media_type, detail.url, detail.id)), detail
        assert type(detail.partial) is bool


_TEXT, _TEXT_OR_NONE = (str,), (str, type(None))
_FIELDS: dict[type, dict[str, tuple[type, ...]]] = {
    Done: {},
    Finish: {"reason": _TEXT},
    FunctionCallPiece: {"name": _TEXT, "arguments": _TEXT, "whole": (bool,)},
    OpaquePiece: {
        "fields": (dict,),
        "is_last": (bool,),
        "whole": (bool,),
        "for_calls": (bool,),
        "from_end": (int, type(None)),
    },
    Reasoning: {"text": _TEXT},
    WholeText: {"text": _TEXT},
    WholeReasoning: {"text": _TEXT},
    Source: {"model": _TEXT_OR_NONE, "request_id": _TEXT_OR_NONE},
    ToolCallPiece: {
        "position": (int, type(None)),
        "id": _TEXT,
        "name": _TEXT,
        "arguments": _TEXT,
        "whole": (bool,),
    },
}


def _check_error(error: SuggestionsError) -> None:
    assert error.code in ERROR_NAMES
    assert error.message
    assert error.message.isprintable(), error.message
    assert error.body is None or len(error.body) <= LONGEST_BODY
    assert type(error.status) in (int, type(None))
    repr(error)


def _comparable(delta: Delta) -> str:
    if isinstance(delta, ToolCallPiece):
        # Ollama numbers its calls across all answers.
        return f"{delta.id!r} {delta.name!r} {delta.arguments!r}"
    if isinstance(delta, Failure):
        return f"{delta.error!r} {delta.error.code}"
    return repr(delta)


def _check_answer(deltas: list[Delta]) -> None:
    """Whatever the deltas are, the answer that they make has one end and its text joins."""
    entries: list[Any] = []
    answer = Answer(entries.append)
    for delta in deltas:
        answer.feed(delta)
    answer.done()
    ends = [e.type for e in entries if isinstance(e, Event) and e.type in ("done", "error")]
    assert ends == [answer.state], ends
    told = "".join(entry for entry in entries if isinstance(entry, str))
    if answer.state == "done":
        assert told == answer.full_message == entries[-1].detail
    else:
        assert answer.full_message.startswith(told)
