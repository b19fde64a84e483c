"""One message in the text of a conversation: its title, its reasoning, its text, and its foot."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from functools import partial
from tkinter import ttk

from ...conversation.chat_message import UNDER_WAY, ChatMessage
from .._words import Countdown, details_of_call, sources_of, words_of_call, words_of_state
from ._pictures import addresses_of, picture_of
from ._reading import Reading
from ._runs import TaggedRun
from ._style import TOOL_BUTTON
from ._writer import MarkdownWriter

_SOON = 250
"""Milliseconds between two looks at the countdown."""


class MessageRow:
    """The part of the text with the tag `name`. Its Markdown is read when it is first seen."""

    def __init__(
        self,
        place: Reading,
        name: str,
        message: ChatMessage,
        command: Callable[[str, ChatMessage], object],
    ) -> None:
        self._list = place
        self._text = place.text
        self._command = command
        self.name = name
        self.message = message
        self.actions: tuple[str, ...] = ()
        self.is_raw = message.role != "tool"
        self._has_parts = message.role == "tool"
        self._writer: MarkdownWriter | None = None
        self._written = 0
        """Characters of the answer that the writer has got."""
        self._reasoned = 0
        self._pictures: list[tkinter.PhotoImage] = []
        self._countdown = Countdown(None)

    def first_runs(self) -> list[TaggedRun]:
        """The row as it is before it is first seen."""
        message, name = self.message, self.name
        if message.role == "tool":
            return [*self._call_runs(), ("\n", ("gap", f"gap:{name}", name))]
        title = "Question" if message.role == "user" else "Answer"
        runs: list[TaggedRun] = [(f"{title}\n", ("title", name))]
        if message.text:
            kind = "question" if message.role == "user" else "plain"
            runs.append((f"{message.text}\n", (kind, name)))
        return [*runs, ("\n", ("gap", name))]

    def _part(self, kind: str) -> tuple[str, str] | None:
        """Where the "head", the "raw" text or the "gap" below the row begins and ends."""
        if not self._has_parts:
            self._name_parts()
        return self._list.range_of(f"{kind}:{self.name}")

    def _name_parts(self) -> None:
        """Only once they are needed: Tk looks at all tags of the text when it deletes a part."""
        self._has_parts = True
        text, name = self._text, self.name
        if place := self._list.range_of(name):
            begin, end = place
            head, gap = text.index(f"{begin} + 1 lines linestart"), text.index(f"{end} - 1 indices")
            text.tag_add(f"head:{name}", begin, head)
            text.tag_add(f"raw:{name}", head, gap)
            text.tag_add(f"gap:{name}", gap, end)

    def _call_runs(self) -> list[TaggedRun]:
        shown = str(words_of_call(self.message))
        if self.message.status == "waiting":
            shown = f"{shown}\n{details_of_call(self.message)}"
        return [(f"{shown}\n", ("muted", "note", f"raw:{self.name}", self.name))]

    # Changes

    def show(self, message: ChatMessage) -> None:
        """The message as it is now."""
        old, self.message = self.message, message
        if message.role == "tool":
            self._rewrite_raw(self._call_runs())
        elif message.role == "user" and message.text != old.text:
            text = f"{message.text}\n"
            self._rewrite_raw([(text, (f"raw:{self.name}", "question", self.name))])
        elif message.role == "assistant":
            self.format()
            if not message.text.startswith(old.text):
                self._begin_anew()
            self._write()
        if message.error != old.error:
            self.begin_countdown()
        changed = (
            (m.status, m.error, m.files, m.citations, words_of_state(m)) for m in (old, message)
        )
        if next(changed) != next(changed):
            self.write_foot()

    def begin_countdown(self) -> None:
        error = self.message.error
        self._countdown = Countdown(error.retry_after if error else None)

    def _rewrite_raw(self, runs: list[TaggedRun]) -> None:
        place = self._part("raw")
        if place:
            self._text.delete(*place)
            self._list.insert(place[0], runs)

    def format(self) -> None:
        """Reads the Markdown, and shows what else there is, once."""
        if not self.is_raw:
            return
        self.is_raw = False
        if self.message.role == "assistant":
            self._begin_anew()
            self._write()
        self.write_foot()

    def _begin_anew(self) -> None:
        text = self._text
        if self._writer is not None:
            text.delete(f"begin:{self.name}", self._writer.mark)
            self._writer.end()
        else:
            text.mark_set(f"begin:{self.name}", self._end_of_head())
            if place := self._part("raw"):
                text.delete(*place)
            text.mark_gravity(f"begin:{self.name}", "left")
        self._written = 0
        self._writer = MarkdownWriter(
            text, self._list.looks, self._list.timers, self.name, (self.name,),
            after_update=self._list.follow,
        )  # fmt: skip
        self._writer.begin_at(f"begin:{self.name}")

    def _write(self) -> None:
        writer, message = self._writer, self.message
        assert writer is not None
        if len(message.reasoning) > self._reasoned:
            self._write_reasoning(message.reasoning[self._reasoned :])
        new = message.text[self._written :]
        self._written = len(message.text)
        if message.status in UNDER_WAY:
            if new:
                writer.append(new)
        elif not writer.is_finished:
            writer.write(new)

    def _write_reasoning(self, new: str) -> None:
        text, fold = self._text, f"fold:{self.name}"
        if not self._list.range_of(fold):
            head = self._end_of_head()
            link = ("link", "action", "muted", f"do:fold:{self.name}", self.name)
            text.tag_configure(fold, elide=True)
            runs = [("▸ Reasoning\n", link), ("\n", (fold, "muted", self.name))]
            # What is written after it has its marks at the same place.
            for mark in (f"begin:{self.name}", f"tail:{self.name}"):
                text.mark_gravity(mark, "right")
            self._list.insert(head, runs)
            for mark in (f"begin:{self.name}", f"tail:{self.name}"):
                text.mark_gravity(mark, "left")
        at = f"{self._end_of(fold)} - 1 indices"
        self._list.insert(at, [(new, (fold, "muted", "reasoning", self.name))])
        self._reasoned += len(new)

    def _end_of_head(self) -> str:
        place = self._part("head")
        return place[1] if place else "end - 1 indices"

    def _end_of(self, tag: str) -> str:
        place = self._list.range_of(tag)
        return place[1] if place else "end - 1 indices"

    def toggle_reasoning(self) -> None:
        fold, text = f"fold:{self.name}", self._text
        is_folded = bool(int(text.tk.call(str(text), "tag", "cget", fold, "-elide")))
        text.tag_configure(fold, elide=not is_folded)
        link = self._list.range_of(f"do:fold:{self.name}")
        if link:
            text.insert(
                f"{link[0]} + 1 indices", "▾" if is_folded else "▸", text.tag_names(link[0])
            )
            text.delete(link[0])

    # The foot

    def write_foot(self) -> None:
        """What stands below the text: images, sources, the state, the error, and buttons."""
        text, message, foot = self._text, self.message, f"foot:{self.name}"
        if place := self._list.range_of(foot):
            text.delete(*place)
        self._list.timers.cancel(f"retry:{self.name}")
        self._pictures.clear()
        gap = self._part("gap")
        if not gap:
            return
        if self._writer is not None:
            text.mark_gravity(self._writer.mark, "left")
        text.mark_set("foot", gap[0])
        tags = (foot, self.name)
        if message.role != "tool":
            self._add_images(tags)
        for number, (title, address) in enumerate(sources_of(message.citations), 1):
            runs: list[TaggedRun] = [] if number > 1 else [("Sources\n", ("muted", "note", *tags))]
            link = ("link", f"do:link:{address}", *tags)
            runs += [(f"{number}. ", ("muted", *tags)), (title, link), ("\n", tags)]
            self._list.insert("foot", runs)
        if words := words_of_state(message):
            self._list.insert("foot", [(f"{words}\n", ("muted", "note", *tags))])
        if message.error and message.role == "assistant":
            self._list.insert("foot", [(f"{message.error.message}\n", ("error", "note", *tags))])
        self._add_buttons(tags)
        if self._writer is not None:
            text.mark_gravity(self._writer.mark, "right")
        self._list.follow()

    def _add_images(self, tags: tuple[str, ...]) -> None:
        for address in addresses_of(self.message):
            picture = picture_of(self._text, address)
            if picture is not None:
                self._pictures.append(picture)
                begin = self._text.index("foot")
                self._text.image_create("foot", image=picture, padx=4, pady=4)
                for tag in tags:
                    self._text.tag_add(tag, begin, "foot")
                self._list.insert("foot", [("\n", tags)])
            elif address.startswith("data:"):
                self._list.insert("foot", [("Image\n", ("muted", *tags))])
            else:
                link = ("link", f"do:link:{address}", *tags)
                self._list.insert("foot", [(f"Image: {address}", link), ("\n", tags)])

    def _add_buttons(self, tags: tuple[str, ...]) -> None:
        begin = self._text.index("foot")
        for label in self.actions:
            call = partial(self._press, label)
            button = ttk.Button(self._text, text=label, command=call, takefocus=True)
            if label not in ("Retry", "Allow", "Refuse"):
                button.configure(style=TOOL_BUTTON)
            button.bind("<Return>", partial(self._press_key, button))
            for wheel in ("<Button-4>", "<Button-5>", "<MouseWheel>"):
                button.bind(wheel, self._list.pass_wheel)
            self._text.window_create("foot", window=button, padx=2, pady=4)
            if label == "Retry":
                self._count(button)
        if self.actions:
            self._text.insert("foot", "\n")
            for tag in tags:
                self._text.tag_add(tag, begin, "foot")

    def _press_key(self, button: ttk.Button, event: object) -> None:
        button.invoke()

    def _press(self, label: str) -> None:
        self._command(label, self.message)

    def _count(self, button: ttk.Button) -> None:
        """Counts down the seconds on the button."""
        if not button.winfo_exists():
            return
        left = self._countdown.left
        button.configure(text=str(self._countdown.words))
        button.state(["disabled" if left else "!disabled"])
        if left:
            self._list.timers.begin(f"retry:{self.name}", _SOON, partial(self._count, button))

    def remove(self) -> None:
        ranges = self._text.tag_ranges(self.name)
        if ranges:
            self._text.delete(str(ranges[0]), str(ranges[-1]))
        self.forget()
        if self._writer is not None:
            self._writer.end()
        self._text.mark_unset(f"begin:{self.name}")
        name = self.name
        for tag in self._text.tag_names():
            if tag == name or tag.endswith(f":{name}") or f":{name}." in tag:
                self._text.tag_delete(tag)

    def forget(self) -> None:
        """Frees the pictures, which Tk must not free on another thread, and ends the timers."""
        self._pictures.clear()
        if self._writer is not None:
            self._writer.stop()
        self._list.timers.cancel(f"retry:{self.name}")
