"""A `Conversation` in Tk's main loop, shown by a list of rows that touches what has changed."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from chat_service import ChatView
from host import program
from service import Service
from test_tk import run

from suggestions import Conversation
from suggestions.toolkits import tk


class Rows:
    """A listbox with a line for each message."""

    def __init__(self, root: Any, chat: Conversation) -> None:
        import tkinter

        self.box = tkinter.Listbox(root, width=80)
        self.box.pack()
        chat.connect("change", self._change)

    def _change(self, chat: Conversation, event: Any) -> None:
        change = event.detail
        if change.kind != "added":
            self.box.delete(change.position)
        if change.kind != "removed":
            self.box.insert(change.position, f"{change.message.role}: {change.message.text}")

    def lines(self) -> list[str]:
        return list(self.box.get(0, "end"))


@program("tkinter")
def test_a_chat_in_the_main_loop() -> None:
    import tkinter

    root, service = tkinter.Tk(), Service(50, held_at=25)
    half = "".join(f"{n} " for n in range(25))
    chat = Conversation(url=service.url, dispatch=tk(root))
    view, rows = ChatView(chat), Rows(root, chat)

    chat.send("Why?")
    assert chat.status in ("submitted", "streaming")  # the answer may have begun
    run(root, lambda: rows.lines() == ["user: Why?", f"assistant: {half}"])
    chat.stop()
    assert chat.status == "ready"
    run(root, lambda: len(view.ends) == 1 and view.status == "ready")
    assert rows.lines() == ["user: Why?", f"assistant: {half}"]
    assert chat.messages[1].status == "stopped"

    chat.regenerate()
    run(root, lambda: chat.messages[1].text == half)
    stopped = chat.messages[1].id
    chat.regenerate()  # in mid-answer
    run(root, lambda: chat.messages[1].text == half)
    assert chat.messages[1].id != stopped
    assert view.status == "streaming"

    service.go_on.set()
    run(root, lambda: len(view.ends) == 3 and view.status == "ready")
    assert rows.lines() == ["user: Why?", f"assistant: {service.text}"]
    assert [status for _, status in view.ends] == ["stopped", "stopped", "done"]
    assert view.is_up_to_date
    assert (view.wrong, view.threads) == ([], {threading.get_ident()})
    root.destroy()


@program("tkinter")
def test_a_command_after_the_window_has_gone_is_refused() -> None:
    import tkinter

    root = tkinter.Tk()
    chat = Conversation(url=Service(5).url, dispatch=tk(root))
    root.destroy()
    with pytest.raises(RuntimeError):
        chat.send("Why?")
    assert chat.messages == ()


@program("tkinter")
def test_a_window_that_is_destroyed_stops_the_answer() -> None:
    import tkinter

    root, service = tkinter.Tk(), Service(5, silent=True)
    chat = Conversation(url=service.url, dispatch=tk(root))
    rows = Rows(root, chat)
    chat.send("Why?")
    run(root, lambda: rows.lines() == ["user: Why?", f"assistant: {service.text}"])
    root.destroy()
    assert chat.messages[1].status == "stopped"
    assert chat.messages[1].text == service.text
    root = tkinter.Tk()
    run(root, service.has_seen_all_hang_up)
    root.destroy()


@program("tkinter")
def test_without_an_answer_nothing_is_polled() -> None:
    import tkinter

    root, service = tkinter.Tk(), Service(5)

    def waiting() -> Any:
        return root.tk.call("after", "info")

    chat = Conversation(url=service.url, dispatch=tk(root))
    view = ChatView(chat)
    assert not waiting()
    chat.send("Why?")
    assert waiting()
    run(root, lambda: len(view.ends) == 1 and view.status == "ready")
    run(root, lambda: not waiting())
    chat.clear()
    run(root, lambda: view.shown == [])
    run(root, lambda: not waiting())
    chat.close()
    root.destroy()


@program("tkinter")
def test_a_tool_asks_in_a_dialog_of_the_main_loop() -> None:
    """The call waits for the window, and its function runs on another thread."""
    import tkinter

    from chat_service import ChatService, numbered
    from script import DONE, chunk

    root, service = tkinter.Tk(), ChatService()
    called_on: list[int] = []

    def get_weather(city: str) -> str:
        """The weather in a city now."""
        called_on.append(threading.get_ident())
        return f"{len(city)} degrees"

    chat = Conversation(
        **service.given(), tools=[get_weather], approve=[get_weather], dispatch=tk(root)
    )
    view, rows = ChatView(chat), Rows(root, chat)
    call = {
        "index": 0,
        "id": "c",
        "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'},
    }
    service.feed(1, chunk(tool_calls=[call]), chunk(finish="tool_calls"), DONE)
    service.feed(1, chunk("It is 4 degrees."), DONE)

    def ask(chat: Conversation, event: Any) -> None:
        dialog = tkinter.Toplevel(root)
        dialog.after(20, lambda: (chat.approve(event.detail), dialog.destroy()))
        root.wait_window(dialog)

    chat.connect("tool_call", ask)
    chat.send("How warm?", **numbered(1))
    run(root, lambda: len(view.ends) == 1 and view.status == "ready")
    assert rows.lines()[2:] == ["tool: 4 degrees", "assistant: It is 4 degrees."]
    assert view.is_up_to_date
    assert (view.wrong, view.threads) == ([], {threading.get_ident()})
    assert called_on != [threading.get_ident()]
    chat.close()
    root.destroy()
    service.cut()


@program("tkinter")
def test_what_is_held_back_when_an_answer_ends_does_no_harm() -> None:
    import tkinter

    root, service = tkinter.Tk(), Service(5)
    chat = Conversation(url=service.url, dispatch=tk(root))
    view = ChatView(chat)
    for number in range(1, 6):
        chat.send("Why?")
        run(root, lambda number=number: len(view.ends) == number and view.status == "ready")
        later = time.monotonic() + 0.1  # after the interval of `throttle`
        run(root, lambda later=later: time.monotonic() > later)
    assert view.is_up_to_date
    raised: list[RuntimeError] = []

    def send_elsewhere() -> None:
        try:
            chat.send("Why?")
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=send_elsewhere)
    thread.start()
    thread.join()
    assert "Tk's own thread" in str(raised[0])
    assert (len(chat.messages), chat.status) == (10, "ready")
    chat.close()
    root.destroy()
