"""The panel of a chat in Textual, in a real app, with real keys and clicks."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from host import HERE, program

EXAMPLES = HERE.parent.parent / "examples"
sys.path.insert(0, str(HERE.parent / "helpers"))

TEXT = """\
# About `List<int>`

A paragraph with **bold** words, [a link](https://example.com/page) and <b>tags.

```python
def answer():
    return 42
```

| a | b |
| --- | --- |
| one<br>two | three | four |

"""


def make_app(base: str = "https://service.example", **given: Any) -> Any:
    """An app with a panel of a chat. `events` are those that the panel has posted."""
    from textual.app import App, ComposeResult
    from textual.widgets import Footer

    from suggestions import Conversation
    from suggestions.toolkits import textual
    from suggestions.views.textual import ChatPanel

    class ChatApp(App[None]):
        def __init__(self) -> None:
            super().__init__()
            saved = given.pop("saved", None) or Conversation().to_json()
            defaults = {"dialect": "openai", "url": f"{base}/chat/completions", "token": "a-token"}
            self.chat = Conversation.from_json(
                saved, dispatch=textual(self), **{**defaults, **given}
            )
            self.links: list[str] = []
            self.opened: list[str] = []

        def compose(self) -> ComposeResult:
            yield ChatPanel(self.chat)
            yield Footer()

        def on_chat_panel_link_activated(self, event: ChatPanel.LinkActivated) -> None:
            self.links.append(event.url)

        def open_url(self, url: str, *, new_tab: bool = True) -> None:
            self.opened.append(url)

    return ChatApp()


def saved_chat(*texts: str) -> str:
    """A question and an answer in turn."""
    import json

    from suggestions import Conversation

    whole = json.loads(Conversation().to_json())
    whole["messages"] = [
        {"id": f"m{n}", "role": ("user", "assistant")[n % 2], "text": text, "status": "done"}
        | {"parts": [{"type": "text", "text": text}]}
        for n, text in enumerate(texts)
    ]
    return json.dumps(whole)


async def until(pilot: Any, holds: Callable[[], object]) -> None:
    for _ in range(400):
        if holds():
            await pilot.pause()
            return
        await pilot.pause(0.025)
    raise AssertionError("it does not come\n" + screen(pilot.app))


def screen(app: Any) -> str:
    """What the terminal shows, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in lines)


def run(app: Any, use: Callable[[Any], Any], size: tuple[int, int] = (80, 30)) -> None:
    async def main() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await use(pilot)
            app.chat.close()

    asyncio.run(main())


async def type_text(pilot: Any, text: str) -> None:
    names = {" ": "space", "?": "question_mark", "\n": "ctrl+j"}
    await pilot.press(*(names.get(character, character) for character in text))


@program("textual", display=False)
def test_a_chat_by_keys() -> None:
    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        app, chat = pilot.app, pilot.app.chat
        from textual.widgets import Button, TextArea

        field, button = app.query_one(TextArea), app.query_one(".send", Button)
        assert app.focused is field
        await pilot.press("enter")
        assert not chat.messages  # nothing to send
        await type_text(pilot, "one\ntwo")
        assert field.text == "one\ntwo"
        await pilot.press("enter")
        assert field.text == ""
        await until(pilot, lambda: chat.status == "ready" and str(button.label) == "Send")
        await until(pilot, lambda: "Regenerate" in screen(app))
        shown = screen(app)
        assert [m.role for m in chat.messages] == ["user", "assistant"]
        assert "playground" in shown
        assert "**" not in shown

        await pilot.press("up")
        assert field.text == "one\ntwo"
        assert "Editing" in screen(app)
        await pilot.press("escape")
        assert field.text == ""
        assert "Editing" not in screen(app)
        await pilot.press("up", "backspace", "enter")
        await until(pilot, lambda: chat.status == "ready")
        assert [m.text for m in chat.messages if m.role == "user"] == ["one\ntw"]
        answer = chat.messages[-1].id
        await pilot.press("ctrl+r")
        await until(pilot, lambda: chat.status == "ready" and chat.messages[-1].id != answer)

    with Playground(pace=0.002) as playground:
        run(make_app(playground.openai_url), use)


@program("textual", display=False)
def test_a_field_grows_up_to_eight_lines() -> None:
    async def use(pilot: Any) -> None:
        from textual.widgets import TextArea

        field = pilot.app.query_one(TextArea)
        heights = []
        for _ in range(12):
            heights.append(field.content_size.height)
            await pilot.press("a", "ctrl+j")
        assert heights[:9] == [1, 2, 3, 4, 5, 6, 7, 8, 8]
        assert heights[-1] == 8

    run(make_app(), use)


@program("textual", display=False)
def test_a_stopped_answer_says_so_beside_its_text() -> None:
    from textual.widgets import Button

    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        app, chat = pilot.app, pilot.app.chat
        await type_text(pilot, "Why?")
        await pilot.press("enter")
        await until(pilot, lambda: "You asked" in screen(app))
        assert str(app.query_one(".send", Button).label) == "Stop"
        assert "Stop" in screen(app).splitlines()[-1]  # the key, in the footer
        await pilot.press("escape")
        await until(pilot, lambda: "Stopped" in screen(app))
        assert chat.messages[-1].status == "stopped"
        await until(pilot, lambda: str(app.query_one(".send", Button).label) == "Send")
        assert "You asked" in screen(app)

    with Playground(pace=0.2) as playground:
        run(make_app(playground.openai_url), use)


@program("textual", display=False)
def test_an_error_is_beside_the_partial_text_with_retry() -> None:
    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        app, chat = pilot.app, pilot.app.chat
        await type_text(pilot, "Why?")
        await pilot.press("enter")
        await until(pilot, lambda: chat.status == "error" and "Retry" in screen(app))
        shown = screen(app)
        error = chat.messages[-1].error
        assert chat.messages[-1].text.split()[0] in shown
        assert error.message.split()[0] in shown
        failed = chat.messages[-1].id
        await pilot.click(".retry")
        await until(pilot, lambda: chat.status == "error" and chat.messages[-1].id != failed)
        assert app.focused is not None

    with Playground(pace=0.002) as playground:
        fails = f"{playground.openai_url}/chat/completions?fail=cut&after=8"
        run(make_app(playground.openai_url, url=fails), use)


@program("textual", display=False)
def test_the_seconds_until_a_retry_are_counted() -> None:
    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        from textual.widgets import Button

        app, chat = pilot.app, pilot.app.chat
        await type_text(pilot, "Why?")
        await pilot.press("enter")
        await until(pilot, lambda: chat.status == "error")
        assert chat.messages[-1].error.retry_after
        await until(pilot, lambda: "Retry in 1 s" in screen(app))
        assert app.query_one(".retry", Button).disabled
        await until(pilot, lambda: "Retry in" not in screen(app))
        assert not app.query_one(".retry", Button).disabled

    with Playground(pace=0.002) as playground:
        fails = f"{playground.openai_url}/chat/completions?fail=429"
        run(make_app(playground.openai_url, url=fails), use)


@program("textual", display=False)
def test_a_call_waits_for_a_click_or_a_key() -> None:
    from suggestions.playground import Playground

    called = []

    def get_weather(city: str) -> dict[str, int]:
        """The weather in a city now."""
        called.append(city)
        return {"degrees": 18}

    async def use(pilot: Any) -> None:
        app, chat = pilot.app, pilot.app.chat
        for decide in (lambda: pilot.click(".allow"), lambda: pilot.press("shift+tab", "enter")):
            await type_text(pilot, "Get weather for Paris")
            await pilot.press("enter")
            await until(pilot, lambda: "Allow get_weather(" in screen(app))
            await until(pilot, lambda: "Refuse" in screen(app))
            await decide()
            await until(pilot, lambda: chat.status == "ready")
        shown = screen(app)
        assert called == ["Paris"]
        assert "Called get_weather(" in shown
        assert "Refused get_weather(" in shown

    with Playground(pace=0.002) as playground:
        tools = {"tools": [get_weather], "approve": [get_weather]}
        run(make_app(playground.openai_url, **tools), use, (80, 60))


@program("textual", display=False)
def test_reasoning_is_folded_and_sources_are_links() -> None:
    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        app, chat = pilot.app, pilot.app.chat
        await type_text(pilot, "cite")
        await pilot.press("enter")
        await until(pilot, lambda: chat.status == "ready")
        await until(pilot, lambda: "Sources" in screen(app))
        answer = chat.messages[-1]
        thought = " ".join(answer.reasoning.split()[:3])
        assert thought not in screen(app)
        assert "▶ Reasoning" in screen(app)
        await pilot.click("FoldLine")
        await until(pilot, lambda: thought in screen(app))
        url = answer.citations[0].url
        await pilot.click("Links", offset=(4, 1))
        assert app.links == [url] == app.opened

    with Playground(pace=0.002) as playground:
        model = {"options": {"model": "playground-reasoner"}}
        run(make_app(playground.openai_url, **model), use, (80, 60))


@program("textual", display=False)
def test_markdown_links_code_and_copies() -> None:
    async def use(pilot: Any) -> None:
        app = pilot.app
        shown = screen(app)
        for piece in ("List<int>", "<b>tags.", "return 42", "one", "two", "| four", "Copy"):
            assert piece in shown, shown
        lines = shown.splitlines()
        y = next(n for n, line in enumerate(lines) if "a link" in line)
        await pilot.click(offset=(lines[y].index("a link") + 1, y))
        assert app.links == ["https://example.com/page"] == app.opened
        y = next(n for n, line in enumerate(lines) if "python  Copy" in line)
        await pilot.click(offset=(lines[y].index("Copy") + 1, y))
        assert app.clipboard == "def answer():\n    return 42"
        await pilot.press("shift+tab", "shift+tab", "shift+tab", "c")  # past the buttons
        assert app.clipboard == TEXT
        await pilot.press("shift+tab", "shift+tab", "shift+tab", "e")
        await pilot.pause()
        assert app.query_one("QuestionEdit").text == "Show"

    run(make_app(saved=saved_chat("Show", TEXT)), use, (80, 40))


@program("textual", display=False)
def test_a_selection_and_the_place_stay_while_text_comes() -> None:
    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        app, chat = pilot.app, pilot.app.chat
        from suggestions.views.textual._message_list import MessageList

        rows = app.query_one(MessageList)
        assert "word 199" in screen(app)  # it begins at the end
        await type_text(pilot, "Why?")
        await pilot.press("enter")
        await until(pilot, lambda: "You asked" in screen(app))
        await pilot.press("pageup")
        await until(pilot, lambda: "↓" in screen(app))
        await pilot.pause(0.5)
        y = rows.scroll_y
        line = next(n for n, text in enumerate(screen(app).splitlines()) if "word 1" in text)
        await pilot.mouse_down(offset=(2, line))
        await pilot.hover(offset=(9, line))
        await pilot.mouse_up(offset=(9, line))
        selected = app.screen.get_selected_text()
        assert selected
        assert selected.startswith("word")
        before = len(chat.messages[-1].text)
        await until(pilot, lambda: len(chat.messages[-1].text) > before + 20)
        assert rows.scroll_y == y
        assert app.screen.get_selected_text() == selected
        await pilot.click("EndLine")
        await until(pilot, lambda: "↓" not in screen(app))
        await until(pilot, lambda: chat.status == "ready")
        await until(pilot, lambda: "Regenerate" in screen(app))

    long = "\n\n".join(f"word {n}" for n in range(200))
    with Playground(pace=0.03) as playground:
        run(make_app(playground.openai_url, saved=saved_chat("Show", long)), use)


@program("textual", display=False)
def test_a_long_chat_is_mounted_bit_by_bit() -> None:
    async def use(pilot: Any) -> None:
        app = pilot.app
        from suggestions.views.textual._message_list import MessageList

        rows = app.query_one(MessageList)
        await until(pilot, lambda: "text 999" in screen(app))
        assert len(app.query("MessageRow")) < 100
        await pilot.press("tab", "shift+tab")
        for _ in range(60):
            await pilot.press("pageup")
            await pilot.pause(0.02)
            if "text 985 " in screen(app):
                break
        else:
            raise AssertionError(screen(app))
        rows.scroll_home(animate=False)
        await until(pilot, lambda: len(app.query("MessageRow")) > 20)
        assert "Show earlier" not in screen(app)  # what was seen stays in its place

    texts = [f"text {n} " + "and more words of it " * 20 for n in range(1000)]
    run(make_app(saved=saved_chat(*texts)), use)


@program("textual", display=False)
def test_the_path_of_an_image_is_attached() -> None:
    import base64
    import tempfile

    from suggestions.playground import Playground

    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )

    async def use(pilot: Any) -> None:
        from textual import events

        app, chat = pilot.app, pilot.app.chat
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "a pixel.png"
            file.write_bytes(pixel)
            app.post_message(events.Paste(str(file).replace(" ", "\\ ")))
            await until(pilot, lambda: "Image: a pixel.png" in screen(app))
        await type_text(pilot, "What?")
        await pilot.press("enter")
        await until(pilot, lambda: chat.status == "ready")
        assert [part["type"] for part in chat.messages[0].parts] == ["text", "image_url"]
        assert "Image: PNG, 1 kB" in screen(app)
        assert "a pixel.png" not in screen(app)

    with Playground(pace=0.002) as playground:
        run(make_app(playground.openai_url), use, (80, 60))


@program("textual", display=False)
def test_what_a_command_raises_is_shown_and_the_text_stays() -> None:
    async def use(pilot: Any) -> None:
        pilot.app.chat.close()
        await type_text(pilot, "Why?")
        await pilot.press("enter")
        await until(pilot, lambda: "closed" in screen(pilot.app))
        assert pilot.app.query_one("QuestionEdit").text == "Why?"
        await pilot.press("a")
        assert "closed" not in screen(pilot.app)

    run(make_app(), use)


@program("textual", display=False)
def test_a_chat_without_dispatch_is_refused() -> None:
    from suggestions import Conversation
    from suggestions.views.textual import ChatPanel

    with pytest.raises(ValueError, match=r"write Conversation\(\.\.\., dispatch=textual\(app\)\)"):
        ChatPanel(Conversation())


@program("textual", display=False)
def test_a_panel_that_goes_in_mid_answer_is_silent() -> None:
    """150 times: replaced, removed, and an app that exits."""
    import gc
    import logging
    import weakref

    from suggestions import Conversation
    from suggestions.playground import Playground
    from suggestions.toolkits import textual
    from suggestions.views.textual import ChatPanel

    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("suggestions").addHandler(handler)
    panels: list[Any] = []
    apps: list[Any] = []

    def ask(app: Any, url: str) -> Conversation:
        chat = Conversation(dialect="openai", url=url, dispatch=textual(app))
        chat.send("Why?")
        return chat

    async def replace_and_remove(pilot: Any, url: str) -> None:
        app = pilot.app
        panel = app.query_one(ChatPanel)
        for number in range(70):
            chat = ask(app, url)
            panel.conversation = chat
            await asyncio.sleep(0.01 * (number % 5))
            panel.conversation.close()
        await pilot.pause()
        assert len(app.query("MessageRow")) <= 4
        await panel.remove()
        for number in range(60):
            chat = ask(app, url)
            panel = ChatPanel(chat)
            panels.append(weakref.ref(panel))
            app.mount(panel)
            await asyncio.sleep(0.01 * (number % 5))
            await panel.remove()
            chat.close()

    async def exit_early(url: str, number: int) -> None:
        app = make_app(url)
        apps.append(weakref.ref(app))
        async with app.run_test() as pilot:
            app.chat.send("Why?")
            await pilot.pause(0.003 * (number % 7))
            app.exit()

    with Playground(pace=0.001) as playground:
        url = f"{playground.openai_url}/chat/completions"
        run(make_app(playground.openai_url), lambda pilot: replace_and_remove(pilot, url))
        for number in range(20):
            asyncio.run(exit_early(playground.openai_url, number))
    gc.collect()
    assert sum(panel() is not None for panel in panels) <= 2
    assert sum(app() is not None for app in apps) <= 2
    assert not said, said


@program("textual", "hypothesis", display=False)
def test_all_of_a_text_is_shown_however_it_is_cut() -> None:
    from hypothesis import given, settings
    from markdown_documents import LINES, documents

    from suggestions.views._blocks import MarkdownBlocks
    from suggestions.views.textual._rows import Rows
    from suggestions.views.textual._writer import MarkdownWriter

    # Without what is to be seen only as a link or a language, and without entities.
    seen = tuple(line for line in LINES if not re.search(r"[`~]{3} ?[a-z]|\]\(|&|\\<", line))

    def shown(pieces: list[str], width: int) -> str:
        blocks, writer, rows = MarkdownBlocks(), MarkdownWriter(), Rows(width)
        finished = [block for piece in pieces for block in blocks.feed(piece)]
        for block in [*finished, *blocks.finish()]:
            rows.add(writer.write(block))
        drawn = [rows[number] for number in range(len(rows))]
        return "\n".join(row.before.plain + row.body.plain for row in drawn)

    @given(documents(seen))
    @settings(max_examples=150, database=None, derandomize=True, deadline=None)
    def compare(document: tuple[str, list[str]]) -> None:
        text, cut = document
        whole = shown([text], 200)
        assert shown(cut, 200) == whole
        words = iter(re.findall(r"\w+", whole))
        assert all(word in words for word in re.findall(r"[A-Za-z]{2,}", text)), (text, whole)
        for width in (8, 23):
            narrow = shown(cut, width)
            letters = sorted(re.findall(r"[A-Za-z]", narrow))
            assert letters == sorted(re.findall(r"[A-Za-z]", whole)), (text, narrow)

    compare()


@program("textual", display=False)
def test_no_answer_can_move_the_cursor() -> None:
    async def use(pilot: Any) -> None:
        shown = screen(pilot.app)
        assert "\x1b" not in shown
        assert "␛[31mred" in shown
        assert "␛[2J" in shown

    text = "\x1b[31mred and `\x1b[2J`\n\n```\n\x1b]0;title\x07\n```"
    run(make_app(saved=saved_chat("\x1b[5m", text)), use)


def test_in_a_terminal(tmp_path: Path) -> None:
    pytest.importorskip("textual")
    from pseudo_terminal import Terminal

    env = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "PYTHONWARNINGS": "error"}
    with Terminal(str(EXAMPLES / "textual_chat.py"), env=env, cwd=tmp_path) as terminal:
        terminal.expect("Ask a question")
        terminal.type("One line")
        terminal.type("\n")  # Ctrl+J
        terminal.type("and two\r")
        terminal.expect("You asked")
        terminal.expect("Regenerate")
        terminal.type("\x11")  # Ctrl+Q
        assert terminal.end() == 0
        assert terminal.is_as_before
    saved = (tmp_path / "textual_chat.json").read_text("utf-8")
    assert "One line\\nand two" in saved
    assert "playground" in saved


@program("textual", display=False)
def test_the_example() -> None:
    import runpy

    from suggestions import Conversation
    from suggestions.playground import Playground

    source = (EXAMPLES / "textual_chat.py").read_text()
    lines = [line for line in source.split('"""', 2)[2].splitlines() if line.strip()]
    assert len(lines) <= 25
    names = runpy.run_path(str(EXAMPLES / "textual_chat.py"))

    async def use(pilot: Any) -> None:
        await type_text(pilot, "Get weather for Paris")
        await pilot.press("enter")
        await until(pilot, lambda: "Allow get_weather(" in screen(pilot.app))
        await pilot.click(".allow")
        await until(pilot, lambda: "degrees" in screen(pilot.app))
        await until(pilot, lambda: pilot.app.chat.status == "ready")

    with Playground(pace=0.002) as playground:
        run(names["ChatApp"](Conversation().to_json(), playground.openai_url), use)
