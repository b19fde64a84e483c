"""`Fold`: a line that unfolds a text."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ._writer import shown


class PlainText(Static):
    """A text as it is, and not Textual's markup."""

    def __init__(self, text: str = "", classes: str | None = None) -> None:
        super().__init__(Content(shown(text)), classes=classes)

    def show(self, text: str) -> None:
        self.update(Content(shown(text)))


class FoldLine(Static, can_focus=True):
    FOCUS_ON_CLICK = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "unfold", "Show or hide")]

    def __init__(self, fold: Fold) -> None:
        super().__init__()
        self._fold = fold

    def action_unfold(self) -> None:
        self._fold.is_unfolded = not self._fold.is_unfolded

    def on_click(self, event: events.Click) -> None:
        self.action_unfold()


class Fold(Vertical):
    """A line, and a text below it that is shown after a click on the line, or Enter.

    Textual's `Collapsible` would read its title as markup.
    """

    DEFAULT_CSS = """
    Fold {
        height: auto;
        & > FoldLine { color: $foreground 70%; }
        & > FoldLine:hover { color: $foreground; }
        & > FoldLine:focus { color: $foreground; text-style: bold; }
        & > PlainText { color: $foreground 70%; padding: 0 0 0 2; display: none; }
        &.-unfolded > PlainText { display: block; }
    }
    """

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._line = FoldLine(self)
        self._body = PlainText()
        self._title = self._text = ""
        self._is_unfolded = False

    def compose(self) -> ComposeResult:
        yield self._line
        yield self._body

    @property
    def is_unfolded(self) -> bool:
        return self._is_unfolded

    @is_unfolded.setter
    def is_unfolded(self, is_unfolded: bool) -> None:
        self._is_unfolded = is_unfolded
        self.set_class(is_unfolded, "-unfolded")
        self._show_line()
        if is_unfolded:
            self._body.show(self._text)

    def show(self, line: str, text: str) -> None:
        """Changes both. A text that is folded is not laid out."""
        if text != self._text and self._is_unfolded:
            self._body.show(text)
        is_first = bool(text) != bool(self._text)
        self._text = text
        if line != self._title or is_first:
            self._title = line
            self._show_line()

    def _show_line(self) -> None:
        self._line.can_focus = bool(self._text)
        mark = ("▼ " if self._is_unfolded else "▶ ") if self._text else ""
        self._line.update(Content(mark + shown(self._title)))
