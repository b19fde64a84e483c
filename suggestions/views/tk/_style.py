"""The looks of the tags that `_runs.py` gives: fonts and colors of the host's theme."""

from __future__ import annotations

import tkinter
from collections.abc import Iterable
from itertools import count
from tkinter import ttk
from typing import Any

from ._inline import BOLD, CELL, CODE, ITALIC, STRIKE

_SIZES = (1.0, 1.5, 1.3, 1.15, 1.0, 1.0, 1.0)
"""Of a text, and of headings 1 to 6."""
TOOL_BUTTON = "Suggestions.Toolbutton"
"""The style of a button in the text."""
_numbers = count()


class Style:
    """Gives tags of a `tkinter.Text` their looks, each when it is first used."""

    def __init__(self, text: tkinter.Text) -> None:
        self._text = text
        self._prefix = f"suggestions{next(_numbers)}"
        self._fonts: set[str] = set()
        self._known: set[str] = set()
        self.em = 8
        """Pixels: the width of a digit."""
        self._taken: tuple[Any, ...] = ()
        self.apply()

    def apply(self) -> None:
        """Takes the theme's colors and fonts, for everything that is shown."""
        self._taken = self._appearance()
        text = self._text
        self.em = max(4, int(text.tk.call("font", "measure", "TkDefaultFont", "0")))
        style = ttk.Style(text)
        base = style.lookup("TEntry", "fieldbackground") or text.cget("background")
        ink = style.lookup("TEntry", "foreground") or text.cget("foreground")
        if abs(self._light(ink) - self._light(base)) < 0.3:  # a theme whose fields are not its own
            base = style.lookup("TFrame", "background") or base
        self._is_dark = self._light(base) < 0.5
        if abs(self._light(ink) - self._light(base)) < 0.3:
            ink = "#f0f0f0" if self._is_dark else "#101010"
        self._base, self._ink = base, ink
        self.line = self._mixed(0.3)
        chosen = style.lookup("TEntry", "selectbackground", ("focus",)) or "#3875d6"
        text.configure(
            background=base,
            foreground=ink,
            insertbackground=ink,
            selectbackground=chosen,
            selectforeground=style.lookup("TEntry", "selectforeground", ("focus",)) or "#ffffff",
            inactiveselectbackground=chosen,
            font="TkDefaultFont",
        )
        style.configure(TOOL_BUTTON, background=base, foreground=ink, padding=self.em // 3)
        style.map(TOOL_BUTTON, background=[("active", self._mixed(0.12))])
        known, self._known = self._known, set()
        self.ensure(known)

    def apply_if_changed(self) -> bool:
        """The host may have changed the size of its fonts, for which Tk sends no event."""
        if self._appearance() == self._taken:
            return False
        self.apply()
        return True

    def _appearance(self) -> tuple[Any, ...]:
        call = self._text.tk.call
        fonts = [call("font", "metrics", name) for name in ("TkDefaultFont", "TkFixedFont")]
        return (*map(str, fonts), str(call("font", "measure", "TkDefaultFont", "0")))

    def ensure(self, tags: Iterable[str]) -> None:
        """Gives each of them its look, if it has none yet."""
        for tag in tags:
            if tag not in self._known:
                self._known.add(tag)
                self._configure(tag)

    def renew(self) -> None:
        """Called after the tags were deleted."""
        self._known.clear()

    def forget(self) -> None:
        """Deletes the fonts, at the end."""
        for font in self._fonts:
            self._text.tk.call("font", "delete", font)
        self._fonts.clear()

    def _configure(self, tag: str) -> None:
        kind, _, values = tag.partition(":")
        configure, em = self._text.tag_configure, self.em
        if kind == "text":
            level, style = map(int, values.split(":"))
            configure(
                tag,
                font=self._font(level, style),
                overstrike=bool(style & STRIKE),
                background=self._mixed(0.08) if style & CODE else "",
            )
        elif kind == "line":
            self._configure_line(tag, *values.split(":"))
        elif tag == "link":
            configure(tag, foreground=self._blue(), underline=True)
        elif tag == "action":
            configure(tag, underline=False)
        elif tag == "muted":
            configure(tag, foreground=self._mixed(0.62))
        elif tag == "error":
            configure(tag, foreground="#ff8a80" if self._is_dark else "#b3261e")
        elif tag == "question":
            configure(
                tag,
                background=self._mixed(0.06),
                lmargincolor=self._mixed(0.06),
                rmargincolor=self._mixed(0.06),
                lmargin1=em,
                lmargin2=em,
                rmargin=em,
            )
        elif tag == "title":
            configure(tag, font=self._font(0, BOLD), spacing1=em * 2, spacing3=em // 2)
        elif tag == "gap":
            configure(tag, font=("Helvetica", -max(2, em // 3)))
        elif tag == "note":
            configure(tag, spacing1=em // 2)
        elif tag == "right":
            configure(tag, justify="right", lmargin1=0, lmargin2=0)
        else:
            return  # a name of a place, which has no look
        self._text.tag_raise("sel")

    def _configure_line(self, tag: str, kind: str, indent: str, quotes: str) -> None:
        em = self.em
        around = 2 * em * int(quotes)
        begin = around + 3 * em * int(indent)
        first = begin
        options: dict[str, Any] = {}
        if kind == "item":
            first = max(around, begin - 3 * em)
            options["spacing1"] = em // 3
        elif kind == "heading":
            options["spacing1"] = em
        elif kind in ("paragraph", "header", "head", "rule"):
            options["spacing1"] = em * 2 // 3
        stops = [around + 3 * em * n for n in range(1, int(indent) + 2)]
        if kind in ("code", "head", "table", "header"):
            begin += em
            first = begin
            stops = [em * 8] if kind == "code" else [begin + em * 12]
        options |= {
            "lmargin1": first,
            "lmargin2": begin,
            "wrap": "none" if kind in ("head", "table") else "word",
            "tabs": [str(stop) for stop in stops],
            "tabstyle": "wordprocessor",
            "foreground": self._mixed(0.75) if int(quotes) else "",
        }
        self._text.tag_configure(tag, options)
        if kind in ("code", "header") or int(quotes):
            tint = self._mixed(0.08 if kind in ("code", "header") else 0.04)
            self._text.tag_configure(tag, background=tint, lmargincolor=tint)

    def _font(self, level: int, style: int) -> str:
        call = self._text.tk.call
        is_fixed = style & (CODE | CELL)
        base = "TkFixedFont" if is_fixed else "TkDefaultFont"
        size = float(call("font", "configure", "TkDefaultFont", "-size"))
        if is_fixed and not level:
            size = float(call("font", "configure", "TkFixedFont", "-size"))
        name = f"{self._prefix}_{level}_{style & (BOLD | ITALIC | CODE | CELL)}"
        verb = "configure" if name in self._fonts else "create"
        is_bold = level or style & BOLD
        call(
            *("font", verb, name, "-family", call("font", "actual", base, "-family")),
            *("-size", round(size * _SIZES[level]), "-weight", "bold" if is_bold else "normal"),
            *("-slant", "italic" if style & ITALIC else "roman"),
        )
        self._fonts.add(name)
        return name

    def _blue(self) -> str:
        return "#8ab4f8" if self._is_dark else "#0b57d0"

    def _rgb(self, color: str) -> tuple[int, ...]:
        return self._text.winfo_rgb(color)

    def _light(self, color: str) -> float:
        red, green, blue = self._rgb(color)
        return (0.3 * red + 0.59 * green + 0.11 * blue) / 65535

    def _mixed(self, share: float) -> str:
        """A color between that of the text and that of its background: `share` of the first."""
        pairs = zip(self._rgb(self._ink), self._rgb(self._base), strict=True)
        return "#" + "".join(f"{round((a * share + b * (1 - share)) / 257):02x}" for a, b in pairs)
