"""A text that is read, selected and copied, and that follows its end while it grows."""

from __future__ import annotations

import re
import tkinter
import webbrowser
from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import Any

from ._runs import TaggedRun
from ._style import Style
from ._timers import Timers
from ._writer import in_tk

_CLASS = "SuggestionsReading"
_KEPT = re.compile(
    "<<(Prev|Next|Line|Para|Select|Copy|Toggle)|<(Double-|Triple-|Shift-|Control-|Option-)*"
    "(Button|MouseWheel|B1|B2|Key-(Prior|Next|Home|End)|TouchpadScroll)"
)
"""Those of the events bound to every `Text` that change no text."""
_OPENED = ("http://", "https://", "mailto:")


class Reading(ttk.Frame):
    """A `tkinter.Text` with its scroll bars. `text` is that widget.

    All keys and buttons work in it, except those that write. A click on a text with a tag
    `do:...`, or Enter with the cursor in it, does what the tag says. `open_link` is called with
    the address of a link; without it, a browser opens http, https and mailto.
    """

    def __init__(self, parent: tkinter.Misc | None = None, **options: Any) -> None:
        super().__init__(parent, **options)
        self.open_link: Callable[[str], object] | None = None
        self.timers = Timers(self)
        self.text = text = tkinter.Text(
            self, wrap="word", borderwidth=0, highlightthickness=0, padx=12, pady=8, undo=False,
            width=40, height=12,
        )  # fmt: skip
        self.looks = Style(text)
        self._bar = ttk.Scrollbar(self, command=self._on_bar)
        self._flat_bar = ttk.Scrollbar(self, orient="horizontal", command=text.xview)
        text.configure(yscrollcommand=self._on_scrolled, xscrollcommand=self._on_flat)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        text.grid(row=0, column=0, sticky="nsew")
        self._bar.grid(row=0, column=1, sticky="ns")
        self._down = ttk.Button(self, text="↓", width=3, command=self.go_to_end)
        self._down.bind("<Return>", lambda event: self.go_to_end())
        self.follows = True
        self._connect()

    def _connect(self) -> None:
        text = self.text
        for sequence in text.bind_class("Text"):
            if _KEPT.match(sequence):
                script = text.tk.call("bind", "Text", sequence)
                text.tk.call("bind", _CLASS, sequence, script)
        text.bindtags((str(text), _CLASS, str(self.winfo_toplevel()), "all"))
        text.bind("<Control-a>", self._select_all)
        text.bind("<Control-A>", self._select_all)
        text.bind("<Return>", lambda event: self._act_at("insert"))
        text.bind("<Button-3>", lambda event: self._show_menu(event.x_root, event.y_root))
        for key in ("<Menu>", "<Shift-F10>"):
            text.bind(key, self._show_menu_at_cursor)
        for event in ("<Key>", "<MouseWheel>", "<Button-4>", "<Button-5>", "<ButtonRelease-1>"):
            text.bind(event, self._on_person, add="+")
        text.tag_bind("link", "<ButtonRelease-1>", self._on_click)
        text.tag_bind("link", "<Enter>", lambda event: text.configure(cursor="hand2"))
        text.tag_bind("link", "<Leave>", lambda event: text.configure(cursor=""))
        self.bind("<Configure>", self._on_resized, add="+")
        self.bind("<<ThemeChanged>>", lambda event: self._on_theme(), add="+")
        self.bind("<Destroy>", self._on_destroyed, add="+")

    # Following

    def follow(self) -> None:
        """After a change of the text: stays at its end, unless the person reads elsewhere."""
        if self.is_following():
            self.text.see("end - 1 indices")
        self.timers.begin("down", 0, self._place_down)

    def is_following(self) -> bool:
        return self.follows and not self.text.tag_ranges("sel")

    def go_to_end(self) -> None:
        self.text.tag_remove("sel", "1.0", "end")
        self.follows = True
        self.follow()

    def is_at_end(self) -> bool:
        return self.text.dlineinfo("end - 1 indices") is not None

    def _on_person(self, event: object = None) -> None:
        """A key or the mouse may scroll; the new position is known afterwards."""
        self.timers.begin("person", 1, self._note_place)

    def _note_place(self) -> None:
        self.follows = self.is_at_end()
        self._place_down()

    def _on_bar(self, *arguments: Any) -> None:
        self.text.yview(*arguments)
        self._on_person()

    def _on_scrolled(self, first: float, last: float) -> None:
        self._bar.set(first, last)
        self.on_scrolled()

    def on_scrolled(self) -> None:
        """Called when another part of the text is in view."""

    def _on_flat(self, first: float, last: float) -> None:
        self._flat_bar.set(first, last)
        if float(first) <= 0 and float(last) >= 1:
            self._flat_bar.grid_remove()
        else:
            self._flat_bar.grid(row=1, column=0, sticky="ew")

    def _place_down(self) -> None:
        if self.is_at_end() or self.is_following():
            self._down.place_forget()
        else:
            self._down.place(relx=1, rely=1, x=-28, y=-12, anchor="se")

    def _on_resized(self, event: Any) -> None:
        if self.looks.apply_if_changed():
            self.on_theme()
        self.timers.begin("resized", 0, self.follow)

    # The theme

    def _on_theme(self) -> None:
        self.looks.apply()
        self.on_theme()

    def on_theme(self) -> None:
        """Called when colors or fonts have changed."""

    def _on_destroyed(self, event: Any) -> None:
        if event.widget is self:
            self.timers.end()
            self.looks.forget()
            self.on_destroyed()

    def on_destroyed(self) -> None:
        """Called when the widget is destroyed."""

    # The text

    def range_of(self, tag: str) -> tuple[str, str] | None:
        """Where the first text with the tag begins and ends."""
        found = [str(index) for index in self.text.tag_ranges(tag)[:2]]
        return (found[0], found[1]) if found else None

    def insert(self, index: str, runs: list[TaggedRun]) -> None:
        arguments: list[object] = []
        for shown, tags in runs:
            safe = tuple(map(in_tk, tags))
            self.looks.ensure(safe)
            arguments += [in_tk(shown), safe]
        if arguments:
            self.text.tk.call(str(self.text), "insert", index, *arguments)

    # What the person does

    def pass_wheel(self, event: Any) -> None:
        """The mouse is over a button in the text."""
        up = event.num == 4 or event.delta > 0
        self.text.yview_scroll(-3 if up else 3, "units")
        self._on_person()

    def _select_all(self, event: object = None) -> str:
        self.text.tag_add("sel", "1.0", "end - 1 indices")
        return "break"

    def _on_click(self, event: Any) -> None:
        if not self.text.tag_ranges("sel"):
            self._act_at(f"@{event.x},{event.y}")

    def _act_at(self, index: str) -> str:
        for tag in self.text.tag_names(index):
            if tag.startswith("do:"):
                _, name, value = tag.split(":", 2)
                self.act(name, value)
        return "break"

    def act(self, name: str, value: str) -> None:
        if name == "link":
            self._open(value)
        elif name == "copy":
            self.copy_code(value)

    def _open(self, address: str) -> None:
        if self.open_link is not None:
            self.open_link(address)
        elif address.lower().startswith(_OPENED):
            webbrowser.open(address)

    def copy(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(in_tk(text))

    def copy_code(self, number: str) -> None:
        ranges = [str(index) for index in self.text.tag_ranges(f"code:{number}")]
        parts = zip(ranges[::2], ranges[1::2], strict=True)
        self.copy("".join(self.text.get(*part) for part in parts).removesuffix("\n"))

    # The menu

    def menu_of(self, index: str) -> list[tuple[str, Callable[[], object]]]:
        """The entries of the context menu for what is there."""
        entries: list[tuple[str, Callable[[], object]]] = []
        text = self.text
        if text.tag_ranges("sel"):
            entries.append(("Copy", lambda: text.event_generate("<<Copy>>")))
        for tag in text.tag_names(index):
            kind, _, value = tag.partition(":")
            if kind == "code":
                entries.append(("Copy code", partial(self.copy_code, value)))
            if tag.startswith("do:link:"):
                address = value.removeprefix("link:")
                entries.append(("Copy link", partial(self.copy, address)))
        return entries

    def _show_menu_at_cursor(self, event: object = None) -> str:
        self.text.see("insert")
        place = self.text.bbox("insert") or (0, 0, 0, 0)
        x, y = self.text.winfo_rootx() + place[0], self.text.winfo_rooty() + place[1] + place[3]
        return self._show_menu(x, y, "insert")

    def _show_menu(self, x: int, y: int, index: str = "") -> str:
        text = self.text
        index = index or f"@{x - text.winfo_rootx()},{y - text.winfo_rooty()}"
        menu = tkinter.Menu(self, tearoff=False)
        for label, call in [*self.menu_of(index), ("Select all", self._select_all)]:
            menu.add_command(label=label, command=call)
        # It ends after what was chosen has run.
        menu.bind("<Unmap>", lambda event: self.after_idle(menu.destroy))
        menu.tk_popup(x, y)
        return "break"
