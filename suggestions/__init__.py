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

from ._util.lazy import names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from . import errors as errors
    from . import signals as signals
    from ._delivery.target import EventTarget as EventTarget
    from ._sources.answer import State as State
    from ._sources.ask import ask_question as ask_question
    from ._sources.ask import ask_question_sync as ask_question_sync
    from ._sources.controller import Controller as Controller
    from ._sources.ending import shutdown as shutdown
    from ._sources.event_source import EventSource as EventSource
    from ._sources.preload import preload as preload
    from ._sources.suggestions_event_source import (
        SuggestionsEventSource as SuggestionsEventSource,
    )
    from .conversation.chat_message import ChatChange as ChatChange
    from .conversation.chat_message import ChatDetail as ChatDetail
    from .conversation.chat_message import ChatError as ChatError
    from .conversation.chat_message import ChatMessage as ChatMessage
    from .conversation.conversation import Conversation as Conversation
    from .conversation.suggester import Suggester as Suggester
    from .conversation.tool import Tool as Tool
    from .conversation.tool_loop import run_tools as run_tools
    from .dialects import Dialect as Dialect
    from .dialects import Question as Question
    from .dialects.image import image as image
    from .errors import SuggestionsError as SuggestionsError
    from .events import Event as Event

_HOMES = {
    "ChatChange": "conversation.chat_message",
    "ChatDetail": "conversation.chat_message",
    "ChatError": "conversation.chat_message",
    "ChatMessage": "conversation.chat_message",
    "Controller": "_sources.controller",
    "Conversation": "conversation.conversation",
    "Dialect": "dialects",
    "Event": "events",
    "EventSource": "_sources.event_source",
    "EventTarget": "_delivery.target",
    "Question": "dialects",
    "State": "_sources.answer",
    "Suggester": "conversation.suggester",
    "SuggestionsError": "errors",
    "SuggestionsEventSource": "_sources.suggestions_event_source",
    "Tool": "conversation.tool",
    "ask_question": "_sources.ask",
    "ask_question_sync": "_sources.ask",
    "errors": "",
    "image": "dialects.image",
    "preload": "_sources.preload",
    "run_tools": "conversation.tool_loop",
    "shutdown": "_sources.ending",
    "signals": "",
}

__all__ = [
    "ChatChange",
    "ChatDetail",
    "ChatError",
    "ChatMessage",
    "Controller",
    "Conversation",
    "Dialect",
    "Event",
    "EventSource",
    "EventTarget",
    "Question",
    "State",
    "Suggester",
    "SuggestionsError",
    "SuggestionsEventSource",
    "Tool",
    "ask_question",
    "ask_question_sync",
    "errors",
    "image",
    "preload",
    "run_tools",
    "shutdown",
    "signals",
]

__getattr__, __dir__ = names(__name__, _HOMES)
