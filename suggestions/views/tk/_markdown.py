"""`MarkdownText`: shows an answer as Markdown while it is being written."""

from __future__ import annotations

import tkinter
from typing import Any

from ._reading import Reading
from ._writer import MarkdownWriter


class MarkdownText(Reading):
    """A `ttk.Frame` with a text that is read, selected and copied, and a scroll bar.

    - `append(text)`: adds a piece, however it is cut. What is finished is laid out once, and the
      last block anew, at most every 33 ms, and less often if that takes long.
    - `finish()`: nothing more comes; shows all of it now. `set(text)`: a whole text.
    - `clear()`: begins anew. `markdown`: the text as it came.
    - `text`: the `tkinter.Text`.
    - `open_link`: if it is set, it is called with the address of a link that was clicked.

    The selection and the scroll position stay. The view follows the end of the text until the
    person scrolls up or selects. Tags in the text are text, and nothing is loaded for it.
    """

    __module__ = __name__.rpartition("._")[0]

    def __init__(self, parent: tkinter.Misc | None = None, **options: Any) -> None:
        super().__init__(parent, **options)
        self._pieces: list[str] = []
        self._writer = self._begin()

    def _begin(self) -> MarkdownWriter:
        writer = MarkdownWriter(
            self.text, self.looks, self.timers, "text", after_update=self.follow
        )
        writer.begin_at("1.0")
        return writer

    @property
    def markdown(self) -> str:
        return "".join(self._pieces)

    def append(self, text: str) -> None:
        self._pieces.append(text)
        self._writer.append(text)

    def finish(self) -> None:
        self._writer.finish()

    def set(self, text: str) -> None:
        self.clear()
        self._pieces.append(text)
        self._writer.write(text)

    def clear(self) -> None:
        self._writer.end()
        self.text.delete("1.0", "end")
        for tag in self.text.tag_names():
            if tag.startswith(("do:", "code:")):
                self.text.tag_delete(tag)
        self._pieces.clear()
        self.follows = True
        self._writer = self._begin()
