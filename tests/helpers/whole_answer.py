"""A question whose answer comes in one piece."""

from __future__ import annotations

import contextlib
from typing import Any

from suggestions import Event, SuggestionsError, SuggestionsEventSource, ask_question_sync


def whole_answer(question: Any, token: Any = None, **options: Any) -> SuggestionsEventSource:
    """The source of `ask_question_sync`, when it is over."""
    on = dict(options.pop("on", {}))
    at_end = on.get("end", lambda source, event: None)
    sources: list[SuggestionsEventSource] = []

    def end(source: SuggestionsEventSource, event: Event[Any]) -> None:
        sources.append(source)
        at_end(source, event)

    with contextlib.suppress(SuggestionsError):
        ask_question_sync(question, token=token, on={**on, "end": end}, **options)
    [source] = sources
    return source
