"""Shows an AI's answer while it is being written.

    from suggestions import SuggestionsEventSource

    source = SuggestionsEventSource("Who won the world cup in 2022?", token="your_token_here")
    source.connect("suggestion", lambda source, event: print(event.detail))
    source.wait()

Importing this opens nothing, starts nothing and configures nothing; what a name needs is imported
when the name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suggestions.lazy import names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from suggestions import errors as errors
    from suggestions import signals as signals
    from suggestions.ask import ask_question as ask_question
    from suggestions.ask import ask_question_sync as ask_question_sync
    from suggestions.dialects import Dialect as Dialect
    from suggestions.errors import SuggestionsError as SuggestionsError
    from suggestions.event_source import EventSource as EventSource
    from suggestions.events import Event as Event
    from suggestions.source import SuggestionsEventSource as SuggestionsEventSource
    from suggestions.suggester import Suggester as Suggester
    from suggestions.target import EventTarget as EventTarget

_HOMES = {
    "Dialect": "dialects",
    "Event": "events",
    "EventSource": "event_source",
    "EventTarget": "target",
    "SuggestionsError": "errors",
    "Suggester": "suggester",
    "SuggestionsEventSource": "source",
    "ask_question": "ask",
    "ask_question_sync": "ask",
    "errors": "",
    "signals": "",
}

__all__ = [
    "Dialect",
    "Event",
    "EventSource",
    "EventTarget",
    "Suggester",
    "SuggestionsError",
    "SuggestionsEventSource",
    "ask_question",
    "ask_question_sync",
    "errors",
    "signals",
]

__getattr__, __dir__ = names(__name__, _HOMES)
