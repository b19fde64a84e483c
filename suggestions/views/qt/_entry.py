"""`Entry`: one message of a list, its row if it has one, and its height."""

from __future__ import annotations

from typing import Any

from ...conversation.chat_message import ChatMessage

SPACING = 6
"""Pixels between two rows."""


class Entry:
    """`height` is in pixels, with the space below. If `is_measured`, the row has said it, and not
    only been estimated."""

    def __init__(self, message: ChatMessage) -> None:
        self.message = message
        self.row: Any = None
        self.height = 0
        self.is_measured = False

    def estimate(self, width: int, metrics: Any) -> None:
        """As if it were a plain text in a font with those `QFontMetrics`."""
        text = self.message.text
        letters = max(1, width // max(1, metrics.averageCharWidth()))
        lines = text.count("\n") + len(text) // letters + 3
        self.height, self.is_measured = lines * metrics.lineSpacing(), False

    def measure(self, width: int) -> bool:
        """Returns whether the height is not what it was held for."""
        before, height = self.height, int(self.row.heightFor(width))
        self.height = height + SPACING if height else 0
        self.is_measured = True
        return self.height != before

    def free(self) -> None:
        """The row; the height stays as an estimate."""
        row, self.row, self.is_measured = self.row, None, False
        if row is not None:
            row.hide()
            row.deleteLater()
