"""One question in one call."""

from __future__ import annotations

from typing import Any

from ..dialects.question import Question
from .suggestions_event_source import SuggestionsEventSource


def ask_question(question: Question, **options: Any) -> SuggestionsEventSource:
    """Asks, and returns the source at once. Takes and raises what `SuggestionsEventSource` does."""
    return SuggestionsEventSource(question, **options)


def ask_question_sync(question: Question, **options: Any) -> str:
    """Asks for the answer in one piece (`stream: false`) and returns its text.

    `options` are those of `SuggestionsEventSource`; without `dispatch`, its handlers have run by
    then. Raises its `SuggestionsError` if it fails, `TypeError` and `ValueError` for wrong
    arguments.
    """
    has_host = options.get("dispatch") is not None
    source = SuggestionsEventSource(question, **options, _stream=False)
    del options  # so that a traceback of the answer's failure does not show them
    with source:
        source._want_result("ask_question_sync()")
        if not has_host:
            source.wait()
        return source.result()
