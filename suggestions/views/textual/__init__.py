"""A chat in an app of Textual.

    from suggestions.views.textual import ChatPanel

    def compose(self):
        yield ChatPanel(chat)

- `ChatPanel(conversation)`: a widget that shows a `Conversation` and calls its commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._panel import ChatPanel as ChatPanel

__all__ = ["ChatPanel"]


def __getattr__(name: str) -> Any:
    if name == "ChatPanel":
        from ._panel import ChatPanel

        return ChatPanel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
