"""Markdown in a text of Tk, with real keys and mouse."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from host import program
from test_shown_whole import TEXT
from test_shown_whole import check as check_is_whole


class Window:
    """A window with a view of Markdown, and what a person presses in it."""

    def __init__(self, width: int = 400, height: int = 300) -> None:
        import tkinter

        from suggestions.views.tk import MarkdownText

        self.root = tkinter.Tk()
        self.root.geometry(f"{width}x{height}+0+0")
        self.view = MarkdownText(self.root)
        self.view.pack(fill="both", expand=True)
        self.text = self.view.text
        self.root.update()
        self.text.focus_force()
        self.root.update()

    @property
    def shown(self) -> str:
        return self.text.get("1.0", "end - 1 indices")

    @property
    def selected(self) -> str:
        return self.text.get("sel.first", "sel.last") if self.text.tag_ranges("sel") else ""

    def settle(self, seconds: float = 0.06) -> None:
        """For so many seconds, and as many rounds of events as an idle machine has in them."""
        self.root.update()
        for _ in range(round(seconds / 0.005)):
            time.sleep(0.005)
            self.root.update()

    def press(self, key: str) -> None:
        self.text.event_generate(key)
        self.settle()

    def click(self, words: str) -> None:
        x, y = self.place_of(words)
        self.text.event_generate("<Motion>", x=x, y=y)
        self.text.event_generate("<Button-1>", x=x, y=y)
        self.text.event_generate("<ButtonRelease-1>", x=x, y=y)
        self.settle()

    def drag(self, begin: str, end: str) -> None:
        (x, y), (to_x, to_y) = self.place_of(begin), self.place_of(end)
        self.text.event_generate("<Button-1>", x=x, y=y)
        self.text.event_generate("<B1-Motion>", x=to_x, y=to_y, state=0x100)
        self.text.event_generate("<ButtonRelease-1>", x=to_x, y=to_y)
        self.settle()

    def place_of(self, words: str) -> tuple[int, int]:
        index = self.text.search(words, "1.0")
        assert index, self.shown
        box = self.text.bbox(f"{index} + 1 indices")
        assert box, f"{words!r} is not seen"
        return box[0] + 2, box[1] + box[3] // 2

    def eventually(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it never came to hold"
            self.settle(0.01)


def pieces(text: str, size: int = 5) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@program("tkinter")
def test_all_of_a_text_is_shown() -> None:
    window = Window()
    for piece in pieces(TEXT, 1):
        window.view.append(piece)
        window.settle(0)
    window.view.finish()
    check_is_whole(window.shown.replace("│", "|"))
    assert window.view.markdown == TEXT
    window.view.clear()
    assert (window.shown, window.view.markdown) == ("", "")
    window.root.destroy()


@program("tkinter")
def test_in_pieces_it_is_shown_as_the_whole_and_no_word_is_lost() -> None:
    """Shown after each piece, so that tails of all kinds are replaced."""
    from hypothesis import given, settings
    from hypothesis import strategies as st
    from markdown_documents import LINES, documents

    window, whole = Window(), Window()
    lines = (*LINES, "😀 *so* 😀 **a", "List<int> x<y", "~~gone~~ __un *done", "[x](https://e.com")

    def shown(view: Any) -> list[Any]:
        """Also with its tags, each with its beginning and its end."""
        text = view.text
        tags = [tag for tag in text.tag_names() if tag != "sel"]
        ranges = {tag: [str(index) for index in text.tag_ranges(tag)] for tag in tags}
        return [text.get("1.0", "end"), {tag: at for tag, at in ranges.items() if at}]

    @given(documents(lines), st.booleans())
    @settings(max_examples=300, database=None, derandomize=True, deadline=None)
    def compare(document: tuple[str, list[str]], is_seen: bool) -> None:
        text, cut = document
        window.view.clear()
        for piece in cut:
            window.view.append(piece)
            if is_seen:
                window.view._writer.update()
        window.view.finish()
        whole.view.set(text)
        assert shown(window.view) == shown(whole.view)
        found = window.shown + " ".join(window.text.tag_names())
        for word in set(re.findall(r"\w{2,}", text)) - {"lt", "gt", "amp"}:
            assert found.count(word) >= 1, (word, text, found)
        words = iter(re.findall(r"\w+", window.shown))
        plain = [w for w in re.findall(r"[A-Za-z]{2,}", text) if w in ("Some", "line", "heading")]
        assert all(word in words for word in plain), (text, window.shown)

    compare()
    window.root.destroy()
    whole.root.destroy()


@program("tkinter")
def test_characters_that_tk_cannot_show_hide_nothing() -> None:
    window = Window()
    for piece in ("a\0b \ud83d", "c [x]: \ufdd0d \u2028e\n\n```\nf\0g\ufdd1h\n```\n"):
        window.view.append(piece)
    window.view.finish()
    assert re.findall("[a-hx]", window.shown.replace("code\tCopy", "")) == list("abcxdefgh")


@program("tkinter")
def test_updates_are_rare_however_many_pieces_come() -> None:
    window = Window()
    updates: list[float] = []
    window.view._writer._after_update = lambda: updates.append(time.monotonic())
    begun = time.monotonic()
    for _ in range(3000):
        window.view.append("word ")
    assert len(updates) <= (time.monotonic() - begun) / 0.033 + 2
    window.eventually(lambda: window.shown.count("word") == 3000)


@program("tkinter")
def test_a_selection_and_the_scroll_position_stay() -> None:
    window = Window()
    window.view.append("Some words to select\n\n" + "A paragraph.\n\n" * 30 + "The ta")
    window.settle()
    assert window.text.yview()[1] == 1.0  # it follows
    window.press("<Control-Home>")
    assert window.text.yview()[0] == 0.0
    window.drag("Some", "select")
    assert "words to" in window.selected
    selected = window.selected
    for piece in ["il\n\n", *["More.\n\n"] * 30, "```\ncode", "\n```\n", "End"]:
        window.view.append(piece)
        window.settle(0.04)
        assert (window.selected, window.text.yview()[0]) == (selected, 0.0)
    window.view.finish()
    assert (window.selected, window.text.yview()[0]) == (selected, 0.0)


@program("tkinter")
def test_a_selection_in_the_tail_stays() -> None:
    window = Window()
    window.view.append("Above\n\nThe tail of it")
    window.settle()
    window.drag("tail", "of")
    selected = window.selected
    assert selected
    for piece in (" goes", " on", " *and", " on*", "\n\nto", " the end"):
        window.view.append(piece)
        window.settle()
        assert window.selected == selected


@program("tkinter")
def test_it_follows_again_at_the_end() -> None:
    window = Window()
    window.view.append("A paragraph.\n\n" * 30)
    window.settle()
    window.press("<Prior>")
    top = window.text.index("@0,0")
    window.view.append("More.\n\n" * 10)
    window.settle()
    assert window.text.index("@0,0") == top
    down = window.view._down
    assert down.winfo_ismapped()
    for event in ("<Enter>", "<Button-1>", "<ButtonRelease-1>"):
        down.event_generate(event, x=5, y=5)
    window.settle()
    assert window.view.is_at_end()
    assert not down.winfo_ismapped()
    window.view.append("More.\n\n" * 10)
    window.settle()
    window.root.geometry("200x100")
    window.settle(0.2)
    assert window.view.is_at_end()


@program("tkinter")
def test_no_key_changes_the_text_and_it_is_copied_by_the_keyboard() -> None:
    window = Window()
    window.view.set("One *two* three\n\nFour")
    before = window.shown
    keys = ["a", "<BackSpace>", "<Delete>", "<Return>", "<Tab>", "<space>", "<Insert>"]
    keys += [f"<Control-{key}>" for key in "dhikotvxyz"] + ["<<Cut>>", "<<Paste>>", "<<Undo>>"]
    for key in keys:
        window.text.focus_force()
        window.press(key)
    window.text.event_generate("<<PasteSelection>>", x=5, y=5)
    assert window.shown == before
    window.text.focus_force()
    window.press("<Control-Home>")
    for _ in range(3):
        window.press("<Shift-Right>")
    assert window.selected == "One"
    window.press("<Control-c>")
    assert window.root.clipboard_get() == "One"
    window.press("<Control-a>")
    window.press("<Control-c>")
    assert window.root.clipboard_get().strip() == before.strip()


@program("tkinter")
def test_a_link_is_opened_by_the_host_or_by_a_browser() -> None:
    import webbrowser
    from unittest import mock

    window = Window()
    window.view.set("See [the documents](https://example.com/a?b=1) or [here](file:///etc/x).\n")
    window.settle()
    with mock.patch.object(webbrowser, "open") as browser:
        window.click("documents")
        window.click("here")
    browser.assert_called_once_with("https://example.com/a?b=1")
    opened: list[str] = []
    window.view.open_link = opened.append
    window.click("documents")
    window.text.mark_set("insert", window.text.search("here", "1.0"))
    window.press("<Return>")
    assert opened == ["https://example.com/a?b=1", "file:///etc/x"]


@program("tkinter")
def test_code_is_copied_as_it_was_written() -> None:
    window = Window(500, 400)
    long = "".join(f"x[{n}]: List<int> = [{n}]  # and so on\n" for n in range(60))
    window.view.set(f"One\n\n```python\n{long}```\n\nTwo\n\n```\n\n  <b>\n\n```\n")
    window.view.follows = False
    window.press("<Control-Home>")
    window.click("Copy")
    assert window.root.clipboard_get() == long[:-1]
    window.press("<Control-End>")
    window.text.mark_set("insert", f"{window.text.search('Copy', 'end', backwards=True)}")
    window.press("<Return>")
    assert window.root.clipboard_get() == "\n  <b>\n"


@program("tkinter")
def test_another_theme_colors_all_of_it_anew() -> None:
    from tkinter import ttk

    window = Window()
    window.view.set("Text [link](https://e.com)\n\n```\ncode\n```\n")
    style = ttk.Style(window.root)
    style.theme_use("clam")
    for base, ink in (("#101010", "#eeeeee"), ("#fafafa", "#111111")):
        style.configure(".", fieldbackground=base, foreground=ink, background=base)
        style.configure("TEntry", fieldbackground=base, foreground=ink)
        window.root.event_generate("<<ThemeChanged>>")
        window.view.event_generate("<<ThemeChanged>>")
        window.settle()
        assert (window.text.cget("background"), window.text.cget("foreground")) == (base, ink)
        [tint] = {
            window.text.tag_cget(tag, "background")
            for tag in window.text.tag_names()
            if tag.startswith("line:code")
        }
        red = window.root.winfo_rgb(tint)[0] - window.root.winfo_rgb(base)[0]
        assert 0 < abs(red) < 9000


@program("tkinter")
def test_150_views_that_are_destroyed_in_mid_answer() -> None:
    import gc
    import tkinter
    import weakref

    from suggestions.views.tk import MarkdownText

    root = tkinter.Tk()
    refs = []
    for number in range(150):
        view = MarkdownText(root)
        view.pack()
        for piece in ("```\ncode\n```\n", "more", " *and"):
            view.append(piece)
        if number % 3 == 0:
            root.update()
        if number % 5 == 0:
            view.pack_forget()
        view.destroy()
        refs.append(weakref.ref(view))
        del view
    root.update()
    gc.collect()
    assert not [ref for ref in refs if ref() is not None]
    fonts = root.tk.splitlist(root.tk.call("font", "names"))
    assert not [font for font in fonts if str(font).startswith("suggestions")]
    assert not root.tk.call("after", "info")
    root.destroy()
