"""Parts of a chat's window for Tk.

    from suggestions.views.tk import ChatPanel

- `ChatPanel(parent, conversation)`: a whole chat, as a `ttk.Frame`.
- `MarkdownText(parent)`: a text to which Markdown is appended while it is written.

Both are made and used on Tk's own thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._util.lazy import names

if TYPE_CHECKING:
    from ._markdown import MarkdownText as MarkdownText
    from ._panel import ChatPanel as ChatPanel

_HOMES = {"ChatPanel": "_panel", "MarkdownText": "_markdown"}

__all__ = ["ChatPanel", "MarkdownText"]

__getattr__, __dir__ = names(__name__, _HOMES)
