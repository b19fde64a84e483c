"""What the chat panels of all toolkits do alike, at moments that are rare."""

from __future__ import annotations

import json
from typing import Any

import pytest
from host import program
from script import HOLD, chunk
from service import Service
from test_qt_chat_panel import Panel, many, saved
from test_qt_views import each_binding
from test_textual_chat_panel import make_app, run, screen, type_text, until
from test_tk_chat_panel import Window

from suggestions import Conversation
from suggestions.toolkits import qt, tk
from suggestions.views._words import details_of_call, words_of_call

CALL = {"id": "c1", "name": "look", "arguments": json.dumps({"place": "here " * 40})}
ERROR = {"code": "error_server", "message": "Busy.", "retry_after": 3600}


def chat_file(*messages: dict[str, Any]) -> str:
    whole = json.loads(Conversation().to_json())
    whole["messages"] = [{"id": f"m{n}", "text": "", **each} for n, each in enumerate(messages)]
    return json.dumps(whole)


QUESTION = {"role": "user", "text": "Why?"}
STOPPED_IN_A_CALL = chat_file(
    QUESTION,
    {"role": "assistant", "text": "Let me look.", "status": "stopped", "tool_calls": [CALL]},
    {"role": "tool", "text": "The call was cancelled.", "status": "stopped", "tool_calls": [CALL]},
)
FAILED_LONG_AGO = chat_file(
    QUESTION, {"role": "assistant", "text": "Be", "status": "error", "error": ERROR}
)
HALF = chat_file(QUESTION, {"role": "assistant", "text": "Half \ud83d of it"})


def qt_chat(text: str) -> Conversation:
    return Conversation.from_json(text, dispatch=qt(), dialect="openai", url="https://x.example")


def seen(host: Any, name: str) -> list[Any]:
    found = host.panel.findChildren(host.widgets.QAbstractButton, name)
    return [each for each in found if each.isVisible()]


# An answer that was stopped while its tools were called


@each_binding
def test_qt_offers_regenerate_on_the_answer_above_its_calls(binding: str) -> None:
    host = Panel(binding)
    host.opened(qt_chat(STOPPED_IN_A_CALL))
    assert len(seen(host, "regenerate")) == 1


@program("textual", display=False)
def test_textual_offers_regenerate_on_the_answer_above_its_calls() -> None:
    async def use(pilot: Any) -> None:
        await until(pilot, lambda: "Regenerate" in screen(pilot.app))
        assert pilot.app.query_one("ChatPanel").check_action("regenerate", ())

    run(make_app(saved=STOPPED_IN_A_CALL), use)


# An error of a conversation that was loaded


@each_binding
def test_qt_waits_for_no_retry_of_a_loaded_chat(binding: str) -> None:
    host = Panel(binding)
    host.opened(qt_chat(FAILED_LONG_AGO))
    [retry] = seen(host, "retry")
    assert retry.isEnabled()


@program("textual", display=False)
def test_textual_waits_for_no_retry_of_a_loaded_chat() -> None:
    async def use(pilot: Any) -> None:
        await until(pilot, lambda: "Retry" in screen(pilot.app))
        assert "Retry in" not in screen(pilot.app)

    run(make_app(saved=FAILED_LONG_AGO), use)


@each_binding
def test_qt_keeps_the_row_that_counts_while_the_person_reads_elsewhere(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(60))
    last = host.rows()[-1]
    host.bar.setValue(0)
    host.rest()
    assert last in host.rows()


# A conversation that was closed


@each_binding
def test_qt_shows_that_a_closed_chat_is_not_busy(binding: str) -> None:
    host = Panel(binding)
    host.opened()
    host.ask("Why?", chunk("Be"), HOLD)
    host.says("Why?", "Be")
    host.chat.close()
    host.press_button("send")
    assert host.button.text() == "Send"


@program("tkinter")
def test_tk_shows_that_a_closed_chat_is_not_busy() -> None:
    window = Window(url=Service(5, held_at=3).url)
    window.ask("Why")
    window.eventually(lambda: "2" in window.shown)
    window.chat.close()
    window.click(window.panel._button)
    assert window.panel._button.cget("text") == "Send"
    assert not window.panel._notice.winfo_ismapped()
    window.end()


@program("textual", display=False)
def test_textual_shows_that_a_closed_chat_is_not_busy() -> None:
    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        from textual.widgets import Button

        button = pilot.app.query_one(".send", Button)
        await type_text(pilot, "Why?")
        await pilot.press("enter")
        await until(pilot, lambda: str(button.label) == "Stop")
        pilot.app.chat.close()
        await pilot.click(".send")
        assert str(button.label) == "Send"

    with Playground(pace=0.05) as playground:
        run(make_app(playground.openai_url), use)


# What is typed, pasted and edited


@each_binding
def test_qt_does_not_edit_a_message_of_another_conversation(binding: str) -> None:
    host = Panel(binding)
    host.opened(saved(["Hello", "Good day"]))
    host.write(host.field, "x")
    host.press(host.field, "Backspace")
    host.press(host.field, "Up")
    assert host.field.toPlainText() == "Hello"
    host.panel.setConversation(host.new_chat())
    assert host.panel._composer.editing is None
    assert host.field.toPlainText() == ""


@each_binding
def test_qt_shows_that_what_is_pasted_is_no_image(binding: str) -> None:
    host = Panel(binding)
    host.opened()
    data = host.core.QMimeData()
    data.setData("application/x-qt-image", b"")
    host.field.insertFromMimeData(data)
    assert host.panel.findChild(host.widgets.QFrame, "problem").isVisible()
    picture = host.gui.QPixmap(4, 4)
    picture.fill()
    data.setImageData(picture)
    host.field.insertFromMimeData(data)
    assert host.panel.findChildren(host.widgets.QFrame, "attachment")


@program("tkinter")
def test_tk_gives_back_what_was_typed_before_an_edit() -> None:
    window = Window(url=Service(3).url)
    window.ask("One")
    window.until_ready()
    window.type("Draft")
    window.click(window.buttons()["Edit"])
    assert window.field.content == "One"
    window.press("<Escape>")
    assert window.field.content == "Draft"
    window.click(window.buttons()["Edit"])
    window.press("<Return>")
    window.until_ready()
    assert window.field.content == "Draft"
    window.end()


@pytest.mark.parametrize("text", ["~5 km", "file://[", "~none/x.png"])
def test_textual_takes_a_text_that_looks_like_a_path(text: str) -> None:
    pytest.importorskip("textual")
    from suggestions.views.textual._question import image_path

    assert image_path(text) is None


@program("textual", display=False)
def test_textual_keeps_what_is_typed_ahead() -> None:
    from suggestions.playground import Playground

    async def use(pilot: Any) -> None:
        from textual import events

        app, chat = pilot.app, pilot.app.chat
        await type_text(pilot, "Why?")
        for key in ("enter", "n", "o"):  # all before the app gets to handle the first
            app.focused.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await until(pilot, lambda: chat.messages)
        await pilot.pause()
        assert chat.messages[0].text == "Why?"
        assert app.focused.text == "no"

    with Playground(pace=0.002) as playground:
        run(make_app(playground.openai_url), use)


# What is shown


@program("tkinter")
def test_tk_shows_once_what_was_asked_before_there_was_a_panel() -> None:
    window = Window(url=Service(3).url)
    second = Conversation(dispatch=tk(window.root), url=Service(3).url)
    second.send("Hello")
    window.panel.conversation = second
    window.eventually(lambda: second.status == "ready" and "0 1 2" in window.shown)
    window.settle()
    assert window.shown.count("Hello") == window.shown.count("Answer") == 1
    second.close()
    window.end()


def test_a_call_that_waits_is_said_as_a_whole() -> None:
    waiting = Conversation.from_json(STOPPED_IN_A_CALL).messages[2]
    waiting = waiting._replace(status="waiting", text="")
    assert str(words_of_call(waiting)).endswith("…?")
    assert CALL["arguments"] in details_of_call(waiting)


@program("tkinter")
def test_tk_shows_a_call_that_waits_as_a_whole() -> None:
    from suggestions.views.tk._message_list import MessageList

    window = Window()
    waiting = Conversation.from_json(STOPPED_IN_A_CALL).messages[2]._replace(status="waiting")
    shown = MessageList(window.root, lambda name, message: None)
    shown.show_all([waiting], True)
    assert CALL["arguments"] in shown.text.get("1.0", "end")
    window.end()


@program("tkinter")
def test_tk_copies_and_edits_half_of_a_character() -> None:
    window = Window()
    window.panel.conversation = Conversation.from_json(HALF, dispatch=tk(window.root))
    window.settle()
    assert "Half \ufffd of it" in window.shown
    window.panel._command("Copy", window.panel.conversation.messages[1])
    assert window.root.clipboard_get() == "Half \ufffd of it"
    window.end()


@program("textual", display=False)
def test_textual_copies_half_of_a_character() -> None:
    async def use(pilot: Any) -> None:
        pilot.app.query("MessageRow")[1].ask("copy")
        await pilot.pause()
        assert pilot.app.clipboard == "Half ? of it"

    run(make_app(saved=HALF), use)
