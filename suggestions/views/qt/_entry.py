"""`Entry`: one message of a list, its row if it has one, and its height."""

from __future__ import annotations

from typing import Any

from ...conversation.chat_message import ChatMessage

SPACING = 6
"""Pixels between two rows."""


class Entry:
    """`height` is in pixels, with the space below. If `is_measured`, it comes from the row, and is
    not an estimate."""

    def __init__(self, message: ChatMessage) -> None:
        self.message = message
        self.row: Any = None
        self.height = 0
        self.is_measured = False

    def estimate(self, width: int, metrics: Any) -> None:
        """The height that it would have as a plain text in a font with those `QFontMetrics`."""
        text = self.message.text
        letters = max(1, width // max(1, metrics.averageCharWidth()))
        lines = text.count("\n") + len(text) // letters + 3
        self.height, self.is_measured = lines * metrics.lineSpacing(), False

    def measure(self, width: int) -> bool:
        """Takes the height of the row. Returns whether it is another one than before."""
        before, height = self.height, int(self.row.heightFor(width))
        self.height = height + SPACING if height else 0
        self.is_measured = True
        return self.height != before

    def free(self) -> None:
        """Deletes the row. Its height stays, as an estimate."""
        row, self.row, self.is_measured = self.row, None, False
        if row is not None:
            row.hide()
            row.deleteLater()
