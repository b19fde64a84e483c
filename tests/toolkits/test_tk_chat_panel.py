"""A panel of Tk with a whole chat, with real keys and mouse, against real sockets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from host import program
from service import Service

from suggestions import Conversation
from suggestions.toolkits import tk


class Window:
    """A window with a panel, and what a person does in it."""

    def __init__(self, width: int = 500, height: int = 500, **given: Any) -> None:
        import tkinter

        from suggestions.views.tk import ChatPanel

        self.root = tkinter.Tk()
        self.root.geometry(f"{width}x{height}+0+0")
        self.chat = Conversation(dispatch=tk(self.root), **given)
        self.panel = ChatPanel(self.root, self.chat)
        self.panel.pack(fill="both", expand=True)
        self.field, self.text = self.panel.field, self.panel.messages.text
        self.settle()
        self.field.focus_force()
        self.settle()

    @property
    def shown(self) -> str:
        return self.text.get("1.0", "end - 1 indices")

    def settle(self, seconds: float = 0.05) -> None:
        """For so many seconds, and as many rounds of events as an idle machine has in them."""
        self.root.update()
        for _ in range(round(seconds / 0.005)):
            time.sleep(0.005)
            self.root.update()

    def eventually(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, f"it never came to hold: {self.shown!r}"
            self.settle(0.01)

    def type(self, text: str) -> None:
        for character in text:
            self.field.event_generate("<space>" if character == " " else f"<Key-{character}>")
        self.settle()

    def press(self, key: str, widget: Any = None) -> None:
        (widget or self.field).event_generate(key)
        self.settle()

    def ask(self, text: str) -> None:
        self.type(text)
        self.press("<Return>")

    def buttons(self) -> dict[str, Any]:
        """Those that are seen in the text."""
        names = self.text.window_names()
        found = [self.root.nametowidget(str(name)) for name in names]
        return {str(button.cget("text")): button for button in found}

    def click(self, button: Any) -> None:
        for event in ("<Enter>", "<Button-1>", "<ButtonRelease-1>", "<Leave>"):
            button.event_generate(event, x=5, y=5)
        self.settle()

    def until_ready(self) -> None:
        self.eventually(lambda: self.chat.status in ("ready", "error"))
        self.settle()

    def end(self) -> None:
        self.chat.close()
        self.root.destroy()


@program("tkinter")
def test_a_question_is_sent_by_enter_and_esc_stops_the_answer() -> None:
    service = Service(50, held_at=25)
    window = Window(url=service.url)
    send = window.panel._button
    assert send.cget("text") == "Send"
    window.press("<Return>")
    assert not window.chat.messages
    window.ask("Why")
    assert window.chat.messages[0].text == "Why"
    assert window.field.content == ""
    window.eventually(lambda: "24" in window.shown)
    assert send.cget("text") == "Stop"
    window.press("<Escape>")
    window.eventually(lambda: "Stopped" in window.shown)
    assert "24" in window.shown
    assert send.cget("text") == "Send"
    assert window.chat.status == "ready"
    window.click(window.buttons()["Regenerate"])
    window.eventually(lambda: window.chat.messages[1].text.startswith("0 1"))
    window.click(send)
    assert window.chat.messages[1].status == "stopped"
    window.end()


@program("tkinter")
def test_the_keys_of_the_field() -> None:
    service = Service(3)
    window = Window(url=service.url)
    window.ask("One")
    window.until_ready()
    window.press("<Up>")
    assert window.field.content == "One"
    window.press("<Escape>")
    assert window.field.content == ""
    window.type("Two")
    window.press("<Up>")
    assert window.field.content == "Two"
    heights = [window.field.winfo_height()]
    for _ in range(10):
        window.press("<Shift-Return>")
        heights.append(window.field.winfo_height())
    assert heights[:8] == sorted(set(heights[:8]))
    assert heights[7:] == heights[7:8] * 4
    window.press("<Tab>")
    assert window.root.focus_get() is window.panel._button
    window.field.content = ""
    window.settle()
    assert window.field.winfo_height() == heights[0]
    window.field.focus_force()
    window.press("<Up>")
    window.type("X")
    window.press("<Return>")
    window.until_ready()
    assert [m.text for m in window.chat.messages if m.role == "user"] == ["OneX"]
    window.end()


@program("tkinter")
def test_what_a_command_raises_is_shown_and_the_text_is_kept() -> None:
    window = Window(url="http://127.0.0.1:9/")
    window.chat.close()
    window.ask("Why")
    assert "closed" in window.panel._notice.cget("text")
    assert window.panel._notice.winfo_ismapped()
    assert window.field.content == "Why"
    window.end()


@program("tkinter")
def test_an_error_stands_beside_the_text_with_retry() -> None:
    from suggestions.testing import SuggestionsServer

    with SuggestionsServer() as server:
        server.fails(429, "Slow down", retry_after=2)
        server.answer("All is *well*")
        window = Window(url=server.url, retries=0)
        window.ask("Why")
        window.eventually(lambda: window.chat.status == "error")
        window.settle()
        assert window.chat.messages[1].error is not None
        assert window.chat.messages[1].error.message in window.shown
        [label] = [name for name in window.buttons() if name.startswith("Retry")]
        assert label in ("Retry in 2 s", "Retry in 1 s")
        assert window.buttons()[label].instate(["disabled"])
        window.eventually(lambda: "Retry" in window.buttons())
        window.settle()
        button = window.buttons()["Retry"]
        button.focus_force()
        window.settle()
        window.press("<Return>", button)
        window.until_ready()
        assert "All is well" in window.shown
        assert not [name for name in window.buttons() if name.startswith("Retry")]
        window.end()


def get_weather(city: str) -> dict[str, int]:
    """The weather in a city now."""
    return {"degrees": 18}


@program("tkinter", "flask")
@pytest.mark.parametrize("decision", ["Allow", "Refuse"])
def test_a_call_waits_for_the_person(decision: str) -> None:
    from suggestions.dialects.openai import OpenAI
    from suggestions.playground import Playground

    with Playground() as playground:
        dialect = OpenAI(playground.openai_url)
        window = Window(dialect=dialect, tools=[get_weather], approve=[get_weather])
        window.chat.send('Get weather for "Paris".')
        window.eventually(lambda: 'Allow get_weather(city="Paris")?' in window.shown)
        window.click(window.buttons()[decision])
        window.until_ready()
        said = {"Allow": "Called", "Refuse": "Refused"}[decision]
        assert f'{said} get_weather(city="Paris")' in window.shown
        assert not {"Allow", "Refuse"} & set(window.buttons())
        window.end()


@program("tkinter", "flask")
def test_reasoning_is_folded_and_sources_are_links() -> None:
    from suggestions.dialects.openai import OpenAI
    from suggestions.playground import Playground

    with Playground() as playground:
        dialect = OpenAI(playground.openai_url)
        options = {"model": "playground-reasoner"}
        window = Window(dialect=dialect, options=options)
        opened: list[str] = []
        window.panel.open_link = opened.append
        window.chat.send("Please cite sources.")
        window.until_ready()
        [answer] = [m for m in window.chat.messages if m.role == "assistant"]
        assert answer.reasoning
        assert answer.citations
        window.eventually(lambda: "Sources" in window.shown)
        fold = window.text.search("Reasoning", "1.0")
        inner = window.text.tag_ranges("fold:r1")
        assert answer.reasoning.strip()[:20] in window.text.get(*inner)
        assert window.text.bbox(inner[0]) is None
        window.text.see(fold)
        window.settle()
        x, y, _, height = window.text.bbox(fold) or (0, 0, 0, 0)
        for event in ("<Motion>", "<Button-1>", "<ButtonRelease-1>"):
            window.text.event_generate(event, x=x + 2, y=y + height // 2)
        window.settle()
        inner = window.text.tag_ranges("fold:r1")
        assert window.text.bbox(inner[0]) is not None
        title = answer.citations[0].title
        window.text.mark_set("insert", window.text.search(title, "1.0"))
        window.text.focus_force()
        window.press("<Return>", window.text)
        assert opened == [answer.citations[0].url]
        window.end()


@program("tkinter")
def test_copy_edit_and_regenerate_of_each_message() -> None:
    service = Service(3)
    window = Window(url=service.url)
    for text in ("One", "Two"):
        window.ask(text)
        window.until_ready()
    window.eventually(lambda: {"Edit", "Copy", "Regenerate"} <= set(window.buttons()))
    menu = dict(window.panel.messages.menu_of(window.text.search("One", "1.0")))
    menu["Copy message"]()
    assert window.root.clipboard_get() == "One"
    menu["Copy conversation"]()
    assert "### Question\n\nTwo" in window.root.clipboard_get()
    menu["Edit"]()
    window.settle()
    assert window.field.content == "One"
    window.press("<End>")
    window.ask("X")
    window.until_ready()
    assert [m.text for m in window.chat.messages] == ["OneX", service.text]
    assert "Two" not in window.shown
    window.end()


@program("tkinter")
def test_a_conversation_without_a_dispatcher_is_refused() -> None:
    import tkinter

    from suggestions.views.tk import ChatPanel

    root = tkinter.Tk()
    with pytest.raises(ValueError, match=r"dispatch=tk\(root\)"):
        ChatPanel(root, Conversation())
    with pytest.raises(TypeError, match="must be a Conversation"):
        ChatPanel(root, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"another copy of the package, their\.vendor"):
        ChatPanel(root, type("Conversation", (), {"__module__": "their.vendor"})())
    root.destroy()


def long_chat(count: int) -> str:
    text = "Some *words* of a paragraph with `code` and **more**.\n\n" * 36
    roles = ("user", "assistant")
    messages = [
        {"id": str(n), "role": roles[n % 2], "status": "done", "text": f"Number {n}\n\n{text}"}
        for n in range(count)
    ]
    return json.dumps({"version": 1, "system": None, "messages": messages})


@program("tkinter")
def test_a_long_conversation_is_formatted_as_it_is_seen() -> None:
    window = Window()
    chat = Conversation.from_json(long_chat(1000), dispatch=tk(window.root))
    window.panel.conversation = chat
    window.settle(0.2)
    assert window.panel.messages.is_at_end()
    assert "**more**" not in window.text.get("end - 5 lines", "end")
    assert window.shown.count("Number ") == 1000
    window.text.focus_force()
    window.settle()
    for _ in range(30):
        window.press("<Prior>", window.text)
        assert "**" not in window.text.get("@0,0", "@0,490") or "Question" in window.shown
    raw = [row for row in window.panel.messages._rows if row.is_raw]
    assert 900 < len(raw) < 1000
    window.press("<Control-Home>", window.text)
    assert window.text.get("1.0", "4.0").startswith("Question\nNumber 0")
    chat.close()
    window.end()


@program("tkinter")
def test_images_that_are_there_are_shown_and_none_is_loaded() -> None:
    import base64
    import tkinter

    window = Window()
    picture = tkinter.PhotoImage(master=window.root, width=8, height=8)
    picture.put("red", to=(0, 0, 8, 8))
    data = base64.b64encode(picture.tk.call(str(picture), "data", "-format", "png")).decode()
    urls = [
        f"data:image/png;base64,{data}",
        "https://example.com/a.png",
        "data:image/png;base64,xx",
    ]
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    messages = [
        {"id": str(n), "role": "user", "status": "done", "text": f"Look {n}", "parts": parts}
        for n in range(2)
    ]
    saved = json.dumps({"version": 1, "system": None, "messages": messages})
    chat = Conversation.from_json(
        saved, dialect="openai", url="http://localhost:1", dispatch=tk(window.root)
    )
    window.panel.conversation = chat
    window.eventually(lambda: len(window.text.image_names()) == 2)
    assert window.shown.count("Image: https://example.com/a.png\n") == 2
    assert window.shown.count("Image\n") == 2
    assert window.panel._attach.winfo_ismapped()
    window.panel.destroy()
    window.settle()
    names = window.root.tk.splitlist(window.root.tk.call("image", "names"))
    assert not [name for name in names if str(name).startswith("pyimage") and name != str(picture)]
    chat.close()
    window.end()


@program("tkinter")
def test_a_conversation_is_replaced_in_mid_answer() -> None:
    service = Service(100_000)
    window = Window(url=service.url)
    window.ask("One")
    window.eventually(lambda: "20 21" in window.shown)
    other = Conversation(url=service.url, dispatch=tk(window.root))
    window.panel.conversation = other
    assert "20 21" not in window.shown
    window.settle(0.2)
    assert window.shown.strip() == ""
    window.ask("Two")
    window.eventually(lambda: "20 21" in window.shown)
    assert "One" not in window.shown
    window.panel.pack_forget()
    window.settle(0.1)
    window.panel.destroy()
    window.settle(0.1)
    other.close()
    window.end()


@program("tkinter")
def test_a_conversation_is_replaced_again_and_again_while_more_text_is_to_be_shown() -> None:
    service = Service(100_000)
    window = Window(url=service.url)
    for _ in range(20):
        window.ask("One")
        window.eventually(lambda: "20 21" in window.shown)
        old = window.panel.conversation
        window.eventually(lambda: old.messages[-1].text.split()[-2] not in window.shown)  # noqa: B023
        window.panel.conversation = Conversation(url=service.url, dispatch=tk(window.root))
        old.close()
        window.settle(0.1)
        assert window.shown.strip() == ""
    window.panel.conversation.close()
    window.end()


@program("tkinter")
def test_150_panels_that_are_destroyed_in_mid_answer() -> None:
    import gc
    import tkinter
    import weakref

    from suggestions.views.tk import ChatPanel

    service = Service(100_000)
    root = tkinter.Tk()
    chat = Conversation(url=service.url, dispatch=tk(root))
    chat.send("Why?")
    refs = []
    for number in range(150):
        panel = ChatPanel(root, chat)
        panel.pack()
        if number % 3 == 0:
            root.update()
        if number % 5 == 0:
            panel.pack_forget()
            root.update()
        if number % 7 == 0:
            chat.regenerate()
        panel.destroy()
        refs.append(weakref.ref(panel))
        del panel
    root.update()
    gc.collect()
    assert not [ref for ref in refs if ref() is not None]
    fonts = root.tk.splitlist(root.tk.call("font", "names"))
    assert not [font for font in fonts if str(font).startswith("suggestions")]
    chat.close()
    root.destroy()
