"""The chat panel for Qt, in each of its bindings, used as a person uses it."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from chat_service import ChatService, numbered
from script import DONE, HOLD, chunk
from test_qt_views import Host, each_binding
from waiting import our_threads

from suggestions import Conversation
from suggestions.toolkits import qt

LONG = "A paragraph that is long enough to be wrapped, with *some* words more.\n\n" * 4


def saved(texts: Iterable[str], **given: Any) -> Conversation:
    """A conversation with questions and answers in turn."""
    roles = ("user", "assistant")
    messages = [{"id": str(n), "role": roles[n % 2], "text": text} for n, text in enumerate(texts)]
    text = json.dumps({"version": 1, "messages": messages})
    return Conversation.from_json(text, dispatch=qt(), throttle=None, **given)


def many(count: int, **given: Any) -> Conversation:
    return saved((f"Number {n}.\n\n{LONG}" for n in range(count)), **given)


class Panel(Host):
    """A panel in a window, and the service that its conversation asks."""

    def __init__(self, binding: str) -> None:
        super().__init__(binding)
        self.service = ChatService()
        self.asked = 0

    def opened(self, chat: Conversation | None = None, width: int = 400, height: int = 500) -> Any:
        from suggestions.views.qt import ChatPanel

        self.chat = chat or self.new_chat()
        self.panel = ChatPanel(self.chat)
        # The platform of the tests has no windows that could have a least size.
        self.panel.layout().setSizeConstraint(self.panel.layout().SizeConstraint.SetNoConstraint)
        self.list = self.panel.findChild(self.widgets.QAbstractScrollArea, "messageList")
        self.bar = self.list.verticalScrollBar()
        self.field = self.panel.findChild(self.widgets.QPlainTextEdit)
        self.button = self.panel.findChild(self.widgets.QPushButton, "send")
        self.down = self.panel.findChild(self.widgets.QToolButton, "scrollToEnd")
        self.shown(self.panel, width, height)
        self.rest()
        return self.panel

    def new_chat(self) -> Conversation:
        return Conversation(dispatch=qt(), throttle=None, **self.service.given())

    def ask(self, text: str, *steps: object) -> None:
        """Types the question, and sends it. The answer is what is fed."""
        self.asked += 1
        self.chat._defaults = {**self.chat._defaults, **numbered(self.asked)}
        self.service.feed(self.asked, *steps)
        self.field.setFocus()
        self.write(self.field, text)
        self.press(self.field, "Return")

    def rest(self) -> None:
        """Until rows are made that may be seen next."""
        self.eventually(lambda: not self.list._timer.isActive())

    def rows(self) -> list[Any]:
        rows = self.list.findChildren(self.widgets.QFrame, "messageRow")
        return sorted((row for row in rows if not row.isHidden()), key=lambda row: row.y())

    def texts(self) -> list[str]:
        """What each row says."""
        return [self.text_of(row) for row in self.rows()]

    def text_of(self, row: Any) -> str:
        views = [v for v in row.findChildren(self.widgets.QTextBrowser) if v.isVisibleTo(row)]
        views.sort(key=lambda view: view.mapTo(row, self.core.QPoint(0, 0)).y())
        return "\n".join(view.toPlainText() for view in views)

    def row_with(self, text: str) -> Any:
        [row] = [row for row in self.rows() if text in self.text_of(row)]
        return row

    def view_of(self, row: Any) -> Any:
        return row.findChildren(self.widgets.QTextBrowser)[0]

    def top_of(self, text: str) -> int:
        return int(self.row_with(text).y())

    def is_seen(self, text: str) -> bool:
        found = [row for row in self.rows() if text in self.text_of(row)]
        height = self.list.viewport().height()
        return any(row.y() < height and row.y() + row.height() > 0 for row in found)

    def says(self, *texts: str) -> None:
        """The last messages come to say this."""
        self.eventually(
            lambda: (
                len(self.texts()) >= len(texts)
                and all(a in b for a, b in zip(texts, self.texts()[-len(texts) :], strict=True))
            )
        )

    def press_button(self, name: str) -> None:
        found = self.panel.findChildren(self.widgets.QAbstractButton, name)
        [button] = [each for each in found if each.isVisible()]
        self.click(button, button.rect().center())

    def select(self, view: Any, first: str, last: str) -> str:
        self.drag(view.viewport(), self.place_of(view, first), self.place_of(view, last))
        return str(view.textCursor().selectedText())

    def wheel(self, widget: Any, notches: int) -> None:
        """As Qt itself does: to the widget, or to the first one around it that takes it."""
        point, flags = self.core.QPoint, self.core.Qt
        while widget is not None:
            place = widget.rect().center()
            event = self.gui.QWheelEvent(
                self.core.QPointF(place),
                self.core.QPointF(widget.mapToGlobal(place)),
                point(0, 0),
                point(0, 120 * notches),
                flags.MouseButton.NoButton,
                self.none,
                flags.ScrollPhase.NoScrollPhase,
                False,
            )
            if self.app.sendEvent(widget, event) and event.isAccepted():
                break
            widget = widget.parentWidget()
        self.settle()


# The conversation


@each_binding
def test_a_whole_chat(binding: str) -> None:
    host = Panel(binding)
    host.opened()
    hint = host.panel.findChild(host.widgets.QLabel, "emptyConversation")
    assert hint.isVisible()
    host.ask("Why?", chunk("Be"), HOLD)
    host.says("Why?", "Be")
    assert not hint.isVisible()
    assert host.field.toPlainText() == ""
    assert host.button.text() == "Stop"
    host.click(host.button, host.button.rect().center())
    host.says("Why?", "Be\nStopped")
    assert host.button.text() == "Send"

    host.service.feed(2, chunk("Because."), DONE)
    host.chat._defaults.update(numbered(2))
    host.press_button("regenerate")
    host.eventually(lambda: host.texts() == ["Why?", "Because."])
    host.asked = 2

    host.ask("And then?", chunk("Half"), OSError("gone"))
    host.says("And then?", "Half\n")
    host.service.feed(4, chunk("Whole"), DONE)
    host.chat._defaults.update(numbered(4))
    host.press_button("retry")
    host.eventually(lambda: host.texts()[2:] == ["And then?", "Whole"])
    host.asked = 4

    host.press(host.field, "Up")
    assert host.field.toPlainText() == "And then?"
    host.field.clear()
    host.ask("What else?", chunk("That"), DONE)
    host.eventually(lambda: host.texts() == ["Why?", "Because.", "What else?", "That"])
    assert host.field.toPlainText() == ""
    assert [message["content"] for message in host.service.asked["5"]["messages"]][-1] == (
        "What else?"
    )


@each_binding
def test_a_tool_that_asks_first(binding: str) -> None:
    host = Panel(binding)
    called: list[str] = []

    def look(place: str) -> str:
        """Looks."""
        called.append(place)
        return "It rains."

    call = {"index": 0, "id": "c1", "function": {"name": "look", "arguments": '{"place": "here"}'}}
    given = host.service.given()
    chat = Conversation(dispatch=qt(), throttle=None, tools=[look], approve=[look], **given)
    host.opened(chat)
    host.ask("Rain?", chunk(tool_calls=[call]), chunk(finish="tool_calls"), DONE)
    host.eventually(
        lambda: any(
            b.isVisible() for b in host.panel.findChildren(host.widgets.QPushButton, "allow")
        )
    )
    assert not called
    host.service.feed(1, chunk("Yes."), DONE)
    host.press_button("allow")
    host.says("Yes.")
    assert called == ["here"]


@each_binding
def test_handlers_have_to_run_on_the_thread_of_the_windows(binding: str) -> None:
    Host(binding)
    from suggestions.views.qt import ChatPanel

    with pytest.raises(ValueError, match=r"dispatch=qt\(\)"):
        ChatPanel(Conversation())
    with pytest.raises(TypeError, match="Conversation"):
        ChatPanel("Why?")


@each_binding
def test_what_a_command_raises_is_shown_in_place(binding: str) -> None:
    host = Panel(binding)
    host.opened()
    host.chat.close()
    host.ask("Why?")
    problem = host.panel.findChild(host.widgets.QFrame, "problem")
    assert problem.isVisible()
    assert "closed" in problem.findChild(host.widgets.QTextBrowser).toPlainText()
    assert host.field.toPlainText() == "Why?"
    host.press(host.field, "Left")
    assert not problem.isVisible()


@each_binding
def test_changes_that_were_on_their_way_are_shown_once(binding: str) -> None:
    host = Panel(binding)
    chat = host.new_chat()
    host.service.feed(1, chunk("one"), HOLD)
    chat.send("First", **numbered(1))
    host.service.feed(2, chunk("two"), DONE)
    chat.edit(chat.messages[0], "Second", **numbered(2))
    host.opened(chat)
    host.eventually(lambda: host.texts() == ["Second", "two"])
    host.settle(0.05)
    assert host.texts() == ["Second", "two"]


@each_binding
def test_another_conversation_in_mid_answer(binding: str) -> None:
    host = Panel(binding)
    host.opened()
    old = host.chat
    host.ask("Why?", chunk("Be"), HOLD)
    host.says("Why?", "Be")
    host.chat = saved(["Hello", "Good day"], **host.service.given())
    host.panel.setConversation(host.chat)
    assert host.panel.conversation() is host.chat
    assert host.texts() == ["Hello", "Good day"]
    assert host.button.text() == "Send"
    old.stop()
    host.service.feed(1, chunk("cause"), DONE)
    host.ask("And then?", chunk("That"), DONE)
    host.eventually(lambda: host.texts() == ["Hello", "Good day", "And then?", "That"])
    with pytest.raises(ValueError, match="dispatch"):
        host.panel.setConversation(Conversation())
    assert len(host.texts()) == 4


# What is seen


@each_binding
def test_only_what_is_seen_has_a_row(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(1000))
    assert host.is_seen("Number 999.")
    assert len(host.rows()) < 20
    for key in ("PageUp", "PageUp", "Up", "PageDown"):
        host.press(host.list, key)
        host.rest()
    assert len(host.rows()) < 30
    host.bar.setValue(host.bar.maximum() // 2)
    host.rest()
    assert not host.is_seen("Number 999.")
    assert len(host.rows()) < 30
    host.press(host.list, "Home")
    host.rest()
    assert host.top_of("Number 0.") >= 0
    tops = [(row.y(), row.y() + row.height()) for row in host.rows()]
    assert all(end <= begin for (_, end), (begin, _) in pairwise(tops))
    host.press(host.list, "End")
    assert host.bar.value() == host.bar.maximum()
    assert host.is_seen("Number 999.")


@each_binding
def test_a_change_touches_one_row(binding: str) -> None:
    host = Panel(binding)
    host.opened(saved(["One", "Two"], **host.service.given()))
    host.ask("Three", chunk("Fo"))
    host.says("One", "Two", "Three", "Fo")
    rows, changed = host.rows(), []
    for row in rows[:3]:
        document = host.view_of(row).document()
        document.contentsChange.connect(lambda *_: changed.append(1))
    host.service.feed(1, chunk("ur"), DONE)
    host.says("One", "Two", "Three", "Four")
    assert host.rows() == rows
    assert not changed


@each_binding
def test_it_follows_until_the_person_scrolls_up(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(6, **host.service.given()))
    host.ask("Go on", *[chunk(LONG) for _ in range(3)])
    host.says("Go on", "A paragraph")
    host.eventually(lambda: host.bar.value() == host.bar.maximum())
    assert not host.down.isVisible()
    host.wheel(host.view_of(host.rows()[-1]).viewport(), 3)
    at = host.bar.value()
    assert at < host.bar.maximum() - 20
    shown = {host.text_of(row)[:20]: row.y() for row in host.rows()}
    end = host.bar.maximum()
    host.service.feed(1, *[chunk(LONG) for _ in range(9)], chunk("The end."))
    host.eventually(lambda: host.bar.maximum() > end + 300)
    assert {host.text_of(row)[:20]: row.y() for row in host.rows()} == shown
    assert host.down.isVisible()
    assert host.down.accessibleName() == host.down.toolTip() != ""
    host.click(host.down, host.down.rect().center())
    assert host.bar.value() == host.bar.maximum()
    assert not host.down.isVisible()
    host.service.feed(1, *[chunk(LONG) for _ in range(9)], DONE)
    end = host.bar.maximum()
    host.eventually(lambda: host.button.text() == "Send" and host.bar.maximum() > end + 300)
    host.settle(0.1)
    assert host.bar.value() == host.bar.maximum()
    for size in ((250, 300), (600, 200), (300, 900)):
        host.panel.resize(*size)
        host.settle()
        assert host.bar.value() == host.bar.maximum(), size
    assert host.is_seen("The end.")


@each_binding
def test_sending_goes_to_the_end(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(30, **host.service.given()))
    host.press(host.list, "Home")
    host.ask("Go on", chunk("I do"), DONE)
    host.says("Go on", "I do")
    host.settle()
    assert host.bar.value() == host.bar.maximum()
    assert host.is_seen("I do")


@each_binding
def test_what_is_seen_stays_where_it_is(binding: str) -> None:
    """If another width changes all heights, and if messages after it are removed."""
    host = Panel(binding)
    host.opened(many(60, **host.service.given()))
    host.bar.setValue(host.bar.maximum() // 2)
    host.rest()
    for width in (700, 300, 400):
        first = next(row for row in host.rows() if row.y() >= 0)
        words, at = host.text_of(first).split("\n")[0], first.y()
        host.panel.resize(width, 500)
        host.rest()
        assert host.top_of(words) == at
    host.service.feed(1, chunk("More."), DONE)
    host.chat._defaults.update(numbered(1))
    host.chat.regenerate()
    host.eventually(lambda: host.chat.status == "ready")
    host.settle()
    assert host.top_of(words) == at


@each_binding
def test_what_is_above_may_grow(binding: str) -> None:
    host = Panel(binding)
    reasoning = chunk(reasoning_content=LONG * 3)
    host.opened()
    host.ask("Think", reasoning, chunk("Thought"), DONE)
    host.says("Think", "Thought")
    host.ask("More", chunk(LONG * 5), DONE)
    host.says("More", "A paragraph")
    host.settle(0.1)
    host.rest()
    host.bar.setValue(0)
    thought = host.row_with("Thought")
    host.bar.setValue(host.top_of("More"))
    host.rest()
    assert thought.y() + thought.height() <= 0
    at, height = host.top_of("More"), thought.height()
    fold = thought.findChild(host.widgets.QToolButton, "foldButton")
    fold.click()
    host.eventually(lambda: thought.height() > height + 100)
    assert host.top_of("More") == at


@each_binding
def test_a_selection_stays(binding: str) -> None:
    """While text comes, and if its row is far away."""
    host = Panel(binding)
    host.opened(many(40, **host.service.given()))
    host.ask("Go on", chunk("The beginning"))
    host.says("Go on", "The beginning")
    row = host.row_with("Number 39.")
    view = host.view_of(row)
    selected = host.select(view, "long", "wrapped")
    assert "enough" in selected
    at = row.y()
    host.service.feed(1, *[chunk(LONG) for _ in range(9)])
    host.eventually(lambda: host.bar.value() < host.bar.maximum() - 300)
    assert row.y() == at  # what is selected does not move away
    host.press(host.list, "Home")
    host.rest()
    assert row in host.rows()
    host.press(host.list, "End")
    host.settle()
    assert view.textCursor().selectedText() == selected
    host.service.feed(1, *[chunk(LONG) for _ in range(9)], DONE)
    host.eventually(lambda: host.button.text() == "Send")
    host.settle(0.1)
    assert host.bar.value() == host.bar.maximum()  # the person has gone to the end
    assert view.textCursor().selectedText() == selected


# Keys, mouse, links


@each_binding
def test_keys_that_scroll(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(30, **host.service.given()))
    bottom = host.bar.value()
    host.press(host.field, "PageUp")
    assert host.bar.value() < bottom
    host.press(host.field, "Home", "ControlModifier")
    assert host.bar.value() == 0
    host.rest()
    host.press(host.view_of(host.rows()[0]), "PageDown")
    assert host.bar.value() > 0
    host.press(host.view_of(host.rows()[0]), "End")
    assert host.bar.value() == host.bar.maximum()
    host.write(host.field, "two words")
    host.press(host.field, "Home")
    assert host.field.textCursor().position() == 0
    host.press(host.field, "End", "ControlModifier")
    assert host.field.textCursor().position() == 9
    host.press(host.field, "Home", "ControlModifier")
    assert host.field.textCursor().position() == 0
    assert host.bar.value() == host.bar.maximum()


@each_binding
def test_esc_stops_from_anywhere(binding: str) -> None:
    host = Panel(binding)
    host.opened()
    for widget in (
        lambda: host.field,
        lambda: host.list,
        lambda: host.view_of(host.rows()[0]),
        lambda: host.button,
        lambda: host.panel.findChild(host.widgets.QToolButton, "copy"),
    ):
        host.ask("Why?", chunk("Be"), HOLD)
        host.says("Why?", "Be")
        widget().setFocus()
        host.press(widget(), "Escape")
        host.says("Why?", "Stopped")


@each_binding
def test_tab_goes_through_the_rows_as_they_are_seen(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(30, **host.service.given()), height=300)
    host.press(host.list, "Home")
    host.rest()
    host.list.setFocus()
    visited: list[str] = []
    for _ in range(60):
        focused = host.app.focusWidget()
        host.press(focused, "Tab")
        host.rest()
        focused = host.app.focusWidget()
        row = next((row for row in host.rows() if row.isAncestorOf(focused)), None)
        assert row is not None
        top = focused.mapTo(host.list.viewport(), host.core.QPoint(0, 0)).y()
        assert -focused.height() < top < host.list.viewport().height()
        words = host.text_of(row).split("\n")[0]
        if not visited or visited[-1] != words:
            visited.append(words)
    assert visited == [f"Number {n}." for n in range(len(visited))]
    assert len(visited) > 10
    host.press(host.app.focusWidget(), "Backtab", "ShiftModifier")
    focused = host.app.focusWidget()
    assert host.list.isAncestorOf(focused)
    host.list.setFocus()
    host.press(host.list, "End")
    host.rest()
    host.view_of(host.rows()[-1]).setFocus()
    for _ in range(5):
        host.press(host.app.focusWidget(), "Tab")
        if not host.list.isAncestorOf(host.app.focusWidget()):
            break
    assert host.app.focusWidget() in (host.field, host.button)


@each_binding
def test_the_focus_keeps_its_row(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(100, **host.service.given()))
    row = host.rows()[-1]
    host.view_of(row).setFocus()
    host.press(host.view_of(row), "Home")
    host.rest()
    assert host.app.focusWidget() is host.view_of(row)
    host.press(host.view_of(row), "End")
    assert host.bar.value() == host.bar.maximum()
    assert row in host.rows()


@each_binding
def test_links(binding: str) -> None:
    host = Panel(binding)
    text = (
        "[the web](https://example.com/a) [a file](file:///etc/passwd) [mail](mailto:a@b.example)"
    )
    host.opened(saved(["Links?", text]))
    activated: list[str] = []
    view = host.view_of(host.rows()[1])
    with mock.patch.object(host.gui, "QDesktopServices") as desktop:
        for word in ("web", "file", "mail"):
            host.click(view.viewport(), host.place_of(view, word))
        opened = [call.args[0].toString() for call in desktop.openUrl.call_args_list]
        assert opened == ["https://example.com/a", "mailto:a@b.example"]
        host.panel.linkActivated.connect(lambda url: activated.append(url.toString()))
        assert host.panel.openLinks()
        host.panel.setOpenLinks(False)
        host.click(view.viewport(), host.place_of(view, "file"))
        host.click(view.viewport(), host.place_of(view, "web"))
        assert activated == ["file:///etc/passwd", "https://example.com/a"]
        assert desktop.openUrl.call_count == 2


@each_binding
def test_the_whole_conversation_is_copied(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(200))
    view = host.view_of(host.rows()[-1])
    place = host.place_of(view, "long")
    event = host.gui.QContextMenuEvent(
        host.gui.QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place)
    )
    with mock.patch.object(host.widgets.QMenu, "popup"):  # the platform has no popups
        host.app.sendEvent(view.viewport(), event)
    [menu] = [each for each in host.app.allWidgets() if isinstance(each, host.widgets.QMenu)]
    assert len(menu.actions()) > 2  # and the text's own
    [action] = [each for each in menu.actions() if each.text() == "Copy conversation"]
    action.trigger()
    copied = host.app.clipboard().text()
    assert copied == host.panel.toMarkdown()
    assert copied.count("### Question") == copied.count("### Answer") == 100
    assert [n for n in range(200) if f"Number {n}.\n\n{LONG.strip()}" not in copied] == []


@each_binding
def test_what_is_dropped_on_the_messages(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(4, **host.service.given()))
    flags = host.core.Qt

    def drop(data: Any) -> None:
        place = host.panel.rect().center()
        for kind, where in (
            (host.gui.QDragEnterEvent, place),
            (host.gui.QDropEvent, host.core.QPointF(place)),
        ):
            event = kind(
                where, flags.DropAction.CopyAction, data, flags.MouseButton.LeftButton, host.none
            )
            host.app.sendEvent(host.panel, event)
            assert event.isAccepted()

    for widget in (host.view_of(host.rows()[-1]), host.list):
        while widget is not host.panel:  # Qt goes to the first that takes drops, if it takes this
            assert not (widget.acceptDrops() and not hasattr(widget, "document"))
            widget = widget.parentWidget()
    text = host.core.QMimeData()
    text.setText("some words")
    drop(text)
    assert host.field.toPlainText() == "some words"
    picture = host.core.QMimeData()
    image = host.gui.QImage(8, 8, host.gui.QImage.Format.Format_RGB32)
    image.fill(0xFF0000)
    picture.setImageData(image)
    drop(picture)
    host.ask("", chunk("Red"), DONE)
    host.says("some words", "Red")
    [_, part] = host.service.asked["1"]["messages"][-1]["content"]
    assert part["image_url"]["url"].startswith("data:image/png")


# What goes in mid-answer


@each_binding
def test_hidden_and_shown_in_mid_answer(binding: str) -> None:
    host = Panel(binding)
    host.opened(many(4, **host.service.given()))
    host.ask("Go on", chunk("The beginning"))
    host.says("Go on", "The beginning")
    host.panel.hide()
    host.service.feed(1, chunk("\n\n" + LONG * 4 + "The end"), DONE)
    host.eventually(lambda: host.button.text() == "Send")
    host.settle(0.1)
    host.panel.show()
    host.rest()
    assert host.is_seen("The end")
    assert host.bar.value() == host.bar.maximum()
    around = host.widgets.QWidget()
    main = host.widgets.QMainWindow(around, host.core.Qt.WindowType.Widget)
    dock = host.widgets.QDockWidget(main)
    dock.setWidget(host.panel)
    main.addDockWidget(host.core.Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    main.resize(300, 400)
    host.shown(around, 300, 400)
    host.rest()
    assert host.is_seen("The end")
    assert host.bar.value() == host.bar.maximum()
    host.panel.setParent(None)
    host.panel.show()
    host.rest()
    assert host.is_seen("The end")


@each_binding
def test_nothing_is_left_of_panels_that_go_in_mid_answer(binding: str) -> None:
    """38 times in each of four bindings: deleted, dropped, replaced, hidden, put elsewhere."""
    host = Panel(binding)
    from suggestions.views.qt import ChatPanel

    def delete(panel: Any) -> None:
        panel.deleteLater()

    def replace(panel: Any) -> None:
        panel.setConversation(saved(["Hello"]))
        panel.deleteLater()

    def hide(panel: Any) -> None:
        panel.hide()
        panel.close()

    def reparent(panel: Any) -> None:
        panel.setParent(other)
        panel.show()

    parent, other = host.widgets.QWidget(), host.widgets.QWidget()
    host.shown(parent, 300, 300)
    host.shown(other, 300, 300)
    ways = (lambda panel: None, delete, replace, hide, reparent)
    chats = []
    for number in range(38):
        host.service.feed(number, *[chunk(f"piece {n}\n\n") for n in range(40)])
        chat = host.new_chat()
        chats.append(chat)
        panel = ChatPanel(chat, parent if number % 5 else None)
        panel.resize(200, 200)
        panel.layout().setSizeConstraint(panel.layout().SizeConstraint.SetNoConstraint)
        panel.show()
        chat.send("Go on", **numbered(number))
        host.eventually(lambda chat=chat: len(chat.messages) > 1 and chat.messages[1].text)
        ways[number % len(ways)](panel)
        host.settle(0.003 * (number % 3))
        del panel
        host.service.feed(number, chunk("more"), DONE)
    for chat in chats:
        host.eventually(lambda chat=chat: chat.status == "ready")
        assert chat.messages[1].text.endswith("more")
    deferred = host.core.QEvent.Type.DeferredDelete
    host.core.QCoreApplication.sendPostedEvents(None, deferred)
    parent.deleteLater()
    other.deleteLater()
    host.core.QCoreApplication.sendPostedEvents(None, deferred)
    host.settle(0.05)
    gc.collect()
    host.settle()
    left = [each.objectName() for each in host.app.allWidgets()]
    assert "messageRow" not in left
    assert "chatPanel" not in left
    assert not any(chat._delivery.has_handler("change", "status") for chat in chats)
    host.eventually(lambda: not our_threads("stream"))


@each_binding
def test_any_height_of_the_window(binding: str) -> None:
    """The bar comes and goes, and the widths of the rows do not."""
    host = Panel(binding)
    host.opened(saved(["Why?", LONG]))
    [_, row] = host.rows()
    width = row.width()
    for height in range(150, 420, 6):
        host.panel.resize(400, height)
        host.settle()
        assert row.width() == width
        assert host.bar.value() == host.bar.maximum()
    assert host.bar.maximum() == 0
