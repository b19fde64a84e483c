"""One message of a chat's window in Qt, in each of its bindings, with real keys and mouse."""

from __future__ import annotations

import base64
from typing import Any

from test_qt_views import Host as BaseHost
from test_qt_views import each_binding

from suggestions import ChatMessage
from suggestions.conversation.chat_message import ChatError
from suggestions.events import AnswerFile, Citation, ToolCall

LONG = "Some words of a sentence that is wrapped in each narrow window. " * 6
CODE = "Text with `List<int>`:\n\n```python\nx: List[int] = []\n```\n\n- one\n- two\n\n"
TABLE = "| a | b |\n| - | - |\n| 1 | 2 |\n"


class Host(BaseHost):
    def row(self, message: ChatMessage, width: int = 400) -> Any:
        """A row as a list has it: at the height that it says, now and later."""
        from suggestions.views.qt._binding import loaded_binding
        from suggestions.views.qt._message_row import message_row

        window = self.widgets.QWidget()
        row = message_row(loaded_binding())(message, window)
        row.holder = window  # a widget goes with the last reference to its window

        def fit() -> None:
            row.setGeometry(0, 0, width, row.heightFor(width))

        row.heightChanged.connect(fit)
        fit()
        self.shown(window, width, 900)
        return row

    def part(self, row: Any, name: str) -> Any:
        """None if it is not to be seen."""
        found = row.findChild(self.widgets.QWidget, name)
        return found if found is not None and found.isVisible() else None

    def words(self, row: Any) -> str:
        """All that is to be read in it."""
        shown = []
        for widget in row.findChildren(self.widgets.QWidget):
            if widget.isVisible() and not widget.visibleRegion().isEmpty():
                reads = (getattr(widget, name, None) for name in ("toPlainText", "text"))
                shown += [read() for read in reads if read is not None]
        return "\n".join(shown)

    def press_button(self, button: Any) -> None:
        self.click(button, button.rect().center())

    def image(self, width: int, height: int, form: str = "PNG") -> str:
        picture = self.gui.QImage(width, height, self.gui.QImage.Format.Format_RGB32)
        picture.fill(self.gui.QColor("#2060c0"))
        stored = self.core.QBuffer()
        stored.open(stored.OpenModeFlag.WriteOnly)
        picture.save(stored, form)
        return "data:image/png;base64," + base64.b64encode(bytes(stored.data())).decode()


def question(text: str, *images: str) -> ChatMessage:
    parts = tuple({"type": "image_url", "image_url": {"url": url}} for url in images)
    return ChatMessage("q", "user", text, ({"type": "text", "text": text}, *parts))


def answer(text: str, **fields: Any) -> ChatMessage:
    return ChatMessage("a", "assistant", text, **fields)


def call(status: Any, result: str = "", **fields: Any) -> ChatMessage:
    tool_calls = (ToolCall("c1", "get_weather", '{"city": "Paris"}'),)
    return ChatMessage("t", "tool", result, status=status, tool_calls=tool_calls, **fields)


FAILED = ChatError("error_network", "The connection <was> lost")


@each_binding
def test_the_height_is_known_before_it_is_shown(binding: str) -> None:
    host = Host(binding)
    image = host.image(900, 300)
    for message in (
        question(LONG),
        question("See:", image, image),
        answer(LONG + "\n\n" + CODE + TABLE, reasoning="Hm"),
        answer("Half", status="error", error=FAILED),
        answer("Half", status="stopped", citations=(Citation("https://a.example", "A"),)),
        answer("", files=(AnswerFile("image/png", image),)),
        call("waiting"),
        call("done", "18"),
    ):
        for width in (300, 600):
            row = host.row(message, width)
            row.setLast(True)
            host.settle()
            reported = row.height()
            host.settle(0.05)
            assert row.height() == row.heightFor(width) == reported
            lowest = 0
            for part in row.findChildren(host.widgets.QWidget):
                if part.isVisible():
                    corner = part.mapTo(row, host.core.QPoint(0, part.height()))
                    lowest = max(lowest, corner.y())
                bar = getattr(part, "verticalScrollBar", None)
                assert bar is None or bar().maximum() == 0, part.objectName()
            assert reported - 6 <= lowest <= reported, (message, reported, lowest)


@each_binding
def test_a_question_is_shown_as_it_was_typed(binding: str) -> None:
    host = Host(binding)
    row = host.row(question("<b>Why</b>\n  *so*?", host.image(300, 200), "https://a.example/x.png"))
    text = host.part(row, "questionText")
    assert text.toPlainText() == "<b>Why</b>\n  *so*?"
    (thumbnail,) = row.findChildren(host.widgets.QWidget, "picture")
    assert thumbnail.isVisible()
    assert max(thumbnail.width(), thumbnail.height()) <= 72
    assert host.part(row, "questionImages").height() >= thumbnail.height()
    assert row.grab().toImage().pixelColor(thumbnail.mapTo(row, thumbnail.rect().center())) == (
        host.gui.QColor("#2060c0")
    )


@each_binding
def test_an_answer_grows_and_a_selection_stays(binding: str) -> None:
    host = Host(binding)
    message = answer("Some words to select\n\nand", status="streaming")
    row = host.row(message)
    view = host.part(row, "answerText")
    host.drag(view.viewport(), host.place_of(view, "Some"), host.place_of(view, "select"))
    selected = view.textCursor().selectedText()
    assert "words to" in selected
    assert row.hasSelection()
    heights = [row.height()]
    for piece in (" more", " " + LONG, "\n\n" + CODE + TABLE):
        text_from = len(message.text)
        message = message._replace(text=message.text + piece)
        row.updateMessage(message, text_from)
        host.settle(0.1)
        heights.append(row.height())
        assert view.textCursor().selectedText() == selected
        assert view.verticalScrollBar().value() == 0
        assert view.height() >= view.document().size().height()
    assert heights[0] == heights[1] < heights[2] < heights[3]
    for end, status in (("\n\nThe", "streaming"), (" end", "done")):  # at once
        message = message._replace(text=message.text + end, status=status)
        row.updateMessage(message)
    assert view.toPlainText().endswith("The end")
    assert view.toMarkdown() == message.text
    row.updateMessage(message._replace(text="Another", status="done"))
    assert view.toPlainText() == "Another"


@each_binding
def test_a_table_that_is_too_wide_is_scrolled(binding: str) -> None:
    host = Host(binding)
    lines = ([f"cell{n}" for n in range(40)], ["---"] * 40, ["x"] * 39 + ["last"])
    table = "\n".join(f"|{'|'.join(cells)}|" for cells in lines)
    row = host.row(answer(f"Text\n\n{table}\n"), 300)
    view = host.part(row, "answerText")
    bar = view.horizontalScrollBar()
    assert bar.isVisible()
    assert (bar.value(), view.verticalScrollBar().maximum()) == (0, 0)
    last = host.place_of(view, "last")
    assert last.x() > 300
    assert last.y() < view.viewport().height()
    bar.setFocus()
    host.press(bar, "End")
    assert 0 < host.place_of(view, "last").x() < 300


@each_binding
def test_it_grows_while_it_is_hidden(binding: str) -> None:
    host = Host(binding)
    row = host.row(answer("Short", status="streaming"))
    before = row.height()
    row.holder.hide()
    row.updateMessage(answer(LONG * 2, status="done"))
    row.holder.show()
    host.settle(0.05)
    assert row.height() > 3 * before
    assert host.part(row, "answerText").height() >= row.height() - 40


@each_binding
def test_reasoning_is_folded(binding: str) -> None:
    host = Host(binding)
    row = host.row(answer("", status="submitted"))
    assert "Waiting …" in host.words(row)
    height = row.height()
    row.updateMessage(answer("", status="streaming"))
    host.settle()
    assert "Waiting …" in host.words(row)
    assert row.height() == height
    row.updateMessage(answer("", status="streaming", reasoning="First *I*"))
    host.settle()
    button = host.part(row, "foldButton")
    assert button.text() == "Thinking …"
    assert "Waiting" not in host.words(row)
    folded = row.height()
    host.press_button(button)
    host.settle()
    text = host.part(row, "foldText")
    assert text.toPlainText() == "First *I*"
    assert row.height() > folded
    text.selectAll()
    row.updateMessage(answer("", status="streaming", reasoning="First *I*\nthen"))
    assert text.toPlainText() == "First *I*\nthen"
    assert text.textCursor().selectedText() == "First *I*"
    row.updateMessage(answer("So", status="streaming", reasoning="First *I*\nthen"))
    assert button.text() == button.accessibleName() == "Reasoning"
    button.setFocus()
    host.press(button, "Space")
    assert host.part(row, "foldText") is None


@each_binding
def test_a_call_says_its_state_and_unfolds_its_result(binding: str) -> None:
    host = Host(binding)
    row = host.row(call("calling"))
    button = host.part(row, "foldButton")
    assert button.text() == 'Calling get_weather(city="Paris") …'
    assert host.part(row, "allow") is None
    row.updateMessage(call("done", "18 <degrees>"))
    assert button.text() == 'Called get_weather(city="Paris")'
    assert "18" not in host.words(row)
    host.press_button(button)
    host.settle()
    assert host.part(row, "foldText").toPlainText() == "18 <degrees>"
    row.updateMessage(call("error", "no", error=ChatError("failed", "no")))
    assert button.text() == 'get_weather(city="Paris") failed'


@each_binding
def test_a_call_that_waits_is_allowed_or_refused(binding: str) -> None:
    host = Host(binding)
    row = host.row(call("waiting"))
    signals: list[tuple[str, str]] = []
    row.approved.connect(lambda id: signals.append(("approved", id)))
    row.refused.connect(lambda id: signals.append(("refused", id)))
    assert host.part(row, "foldButton").text() == 'Allow get_weather(city="Paris")?'
    assert 'get_weather({"city": "Paris"})' in host.words(row)  # all of it
    allow, refuse = host.part(row, "allow"), host.part(row, "refuse")
    assert (allow.text(), refuse.text()) == ("Allow", "Refuse")
    assert allow.accessibleName() == 'Allow get_weather(city="Paris")'
    host.press_button(allow)
    refuse.setFocus()
    host.press(refuse, "Space")
    assert signals == [("approved", "t"), ("refused", "t")]
    row.updateMessage(call("calling"))
    host.settle()
    assert host.part(row, "allow") is None
    assert row.height() < 40


@each_binding
def test_an_error_is_beside_the_partial_text(binding: str) -> None:
    host = Host(binding)
    row = host.row(answer("Half an ans", status="streaming"))
    signals: list[str] = []
    row.retryRequested.connect(lambda: signals.append("retry"))
    row.regenerateRequested.connect(lambda: signals.append("regenerate"))
    row.updateMessage(answer("Half an ans", status="error", error=FAILED._replace(retry_after=0.6)))
    host.settle()
    assert host.part(row, "answerText").toPlainText() == "Half an ans"
    notice = host.part(row, "errorMessage")
    assert notice.toPlainText() == "The connection <was> lost"
    notice.selectAll()
    assert row.hasSelection()
    assert host.part(row, "retry") is None
    row.setLast(True)
    host.settle()
    retry = host.part(row, "retry")
    assert host.part(row, "regenerate") is None
    assert retry.text() == "Retry in 1 s"
    host.press_button(retry)
    assert signals == []
    host.eventually(retry.isEnabled)
    assert retry.text() == "Retry"
    host.press_button(retry)
    retry.setFocus()
    host.press(retry, "Space")
    assert signals == ["retry", "retry"]


@each_binding
def test_what_else_is_said_of_an_answer(binding: str) -> None:
    host = Host(binding)
    row = host.row(answer("Half", status="stopped"))
    assert host.part(row, "state").toPlainText() == "Stopped"
    assert "No text came" in host.words(host.row(answer("")))
    only_calls = host.row(answer("", tool_calls=(ToolCall("c", "f", "{}"),)))
    assert only_calls.height() == 0
    assert host.words(only_calls).strip() == ""


@each_binding
def test_sources_are_links_for_the_program_to_open(binding: str) -> None:
    host = Host(binding)
    cited = (Citation("https://a.example/<x>?b=1&c", "The <sky>"), Citation("https://b.example"))
    row = host.row(answer("See [this](https://c.example/).", citations=cited))
    signals: list[str] = []
    row.linkActivated.connect(lambda url: signals.append(url.toString()))
    sources = host.part(row, "sources")
    assert sources.toPlainText() == "Sources\nThe <sky>\nhttps://b.example"
    for view, words in ((sources, "<sky>"), (host.part(row, "answerText"), "this")):
        host.click(view.viewport(), host.place_of(view, words))
    assert signals[0].startswith("https://a.example/")
    assert signals[1:] == ["https://c.example/"]
    sources.setFocus()
    host.press(sources, "Tab")
    host.press(sources, "Return")
    assert signals[2:] == signals[:1]


@each_binding
def test_images_of_the_model(binding: str) -> None:
    host = Host(binding)
    files = (
        AnswerFile("image/png", host.image(900, 300)),
        AnswerFile("image/png", "https://a.example/cat.png"),
        AnswerFile("image/svg+xml", "data:image/svg+xml;base64,PHN2Zz48L3N2Zz4="),
        AnswerFile("image/png", "data:image/png;base64,@@"),
        AnswerFile("image/bmp", host.image(90, 30, "BMP")),
    )
    row = host.row(answer("Two:", files=files))
    (picture,) = row.findChildren(host.widgets.QWidget, "picture")
    assert 300 < picture.width() <= 400
    assert abs(picture.width() / picture.height() - 3) < 0.1
    assert "https://a.example/cat.png" in host.part(row, "links").toPlainText()
    for kind in ("svg+xml", "bmp"):
        assert f"This file cannot be shown: image/{kind}" in host.words(row)
    row.updateMessage(answer("Two:", files=files[:1]))
    host.settle()
    assert host.part(row, "links") is None
    assert "cannot be shown" not in host.words(row)


@each_binding
def test_what_can_be_done_with_a_message(binding: str) -> None:
    host = Host(binding)
    signals: list[str] = []
    row = host.row(question("Why?"))
    row.editRequested.connect(signals.append)
    host.press_button(host.part(row, "edit"))
    assert signals == ["q"]
    copy = host.part(row, "copy")
    copy.setFocus()
    host.press(copy, "Space")
    assert host.app.clipboard().text() == "Why?"
    row = host.row(answer("Why *not*?", status="streaming"))
    row.regenerateRequested.connect(lambda: signals.append("again"))
    row.setLast(True)
    assert host.part(row, "regenerate") is None
    height = row.height()
    row.updateMessage(answer("Why *not*?"))
    host.settle()
    host.press_button(host.part(row, "copy"))
    assert host.app.clipboard().text() == "Why *not*?"
    host.press_button(host.part(row, "regenerate"))
    assert signals == ["q", "again"]
    row.setLast(False)
    host.settle()
    assert host.part(row, "regenerate") is None
    assert row.height() == height


@each_binding
def test_the_buttons_are_painted_if_they_matter(binding: str) -> None:
    host = Host(binding)
    row = host.row(question("Why?"))
    edit = host.part(row, "edit")

    def is_painted() -> bool:
        host.settle()
        image = row.holder.grab(host.core.QRect(edit.pos(), edit.size())).toImage()
        seen = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
        return len(seen) > 1

    at = edit.mapTo(row.holder, host.core.QPoint(0, 0))
    edit.pos = lambda: at
    host.app.sendEvent(row, host.core.QEvent(host.core.QEvent.Type.Leave))
    row.setAttribute(host.core.Qt.WidgetAttribute.WA_UnderMouse, False)
    row.holder.setFocus()
    assert not is_painted()
    edit.setFocus()
    assert is_painted()
    row.holder.setFocus()
    assert not is_painted()
    row.setLast(True)
    assert is_painted()


@each_binding
def test_a_text_has_its_own_direction(binding: str) -> None:
    host = Host(binding)
    for name, row in (
        ("questionText", host.row(question("لماذا؟\nWhy?"))),
        ("answerText", host.row(answer("לָמָה?\n\nWhy?"))),
    ):
        view = host.part(row, name)
        first, last = view.document().firstBlock(), view.document().lastBlock()
        directions = host.core.Qt.LayoutDirection
        assert first.textDirection() == directions.RightToLeft
        assert last.textDirection() == directions.LeftToRight
    host.app.setLayoutDirection(directions.RightToLeft)
    row = host.row(question("Why?"))
    assert host.part(row, "question").x() < row.width() - host.part(row, "question").width() - 4


@each_binding
def test_other_colors_and_another_font(binding: str) -> None:
    host = Host(binding)
    row = host.row(answer(LONG, status="stopped"))
    before = row.height()
    state = host.part(row, "state")
    roles = host.gui.QPalette.ColorRole
    for base, text in (("#ffffff", "#000000"), ("#101010", "#f0f0f0")):
        palette = host.gui.QPalette()
        palette.setColor(roles.Base, host.gui.QColor(base))
        palette.setColor(roles.Text, host.gui.QColor(text))
        row.holder.setPalette(palette)
        host.settle()
        between = state.palette().color(roles.Text).lightness()
        assert abs(between - host.gui.QColor(text).lightness()) < 110
        assert between != host.gui.QColor(text).lightness()
    font = row.holder.font()
    font.setPointSize(font.pointSize() * 2)
    row.holder.setFont(font)
    host.settle(0.05)
    assert row.height() > 2 * before
    assert row.height() == row.heightFor(row.width())


@each_binding
def test_each_text_can_be_translated(binding: str) -> None:
    host = Host(binding)

    class Shout(host.core.QTranslator):  # type: ignore[misc, name-defined]
        def translate(self, context: str, text: str, *_: Any) -> str:
            return text.upper() if context == "suggestions" else ""

        def isEmpty(self) -> bool:
            return False

    shout = Shout()
    host.app.installTranslator(shout)
    row = host.row(call("waiting"))
    for words in ('ALLOW get_weather(city="Paris")?', "REFUSE"):
        assert words in host.words(row)
    row = host.row(answer("Half", status="error", error=FAILED._replace(retry_after=30)))
    row.setLast(True)
    host.settle()
    assert "RETRY IN 30 S" in host.words(row)
    row = host.row(answer("x", reasoning="y", citations=(Citation("https://a.example"),)))
    for words in ("REASONING", "SOURCES", "COPY"):
        assert words in host.words(row)


@each_binding
def test_each_part_has_a_name(binding: str) -> None:
    host = Host(binding)
    row = host.row(answer("Half", status="error", error=FAILED, reasoning="Hm"))
    row.setLast(True)
    for part in row.findChildren(host.widgets.QWidget):
        if part.isVisible() and part.focusPolicy() & host.core.Qt.FocusPolicy.TabFocus:
            assert part.objectName(), part
            assert part.accessibleName() or part.text(), part.objectName()
    assert (row.objectName(), row.property("role")) == ("messageRow", "assistant")
    assert row.accessibleName() == "Answer"


@each_binding
def test_the_key_tab_goes_from_top_to_bottom(binding: str) -> None:
    host = Host(binding)
    row = host.row(answer("", status="submitted"))
    row.setLast(True)
    row.updateMessage(answer("See\n\n```\ncode\n```\n", status="streaming"))
    fields = {"reasoning": "Hm", "citations": (Citation("https://a.example"),)}
    row.updateMessage(answer("See\n\n```\ncode\n```\n", status="stopped", **fields))
    host.settle()
    host.part(row, "foldButton").setFocus()
    reached = ["foldButton"]
    while reached[-1] != "regenerate":
        focused = host.app.focusWidget()
        host.press(focused, "Tab")
        if host.app.focusWidget() is not focused:  # it was not another link
            reached.append(host.app.focusWidget().objectName())
        assert len(reached) < 12, reached
    assert reached == [*("foldButton", "answerText", "copyCode", "sources", "copy", "regenerate")]


@each_binding
def test_150_rows_that_are_deleted_in_mid_answer(binding: str) -> None:
    host = Host(binding)
    error = FAILED._replace(retry_after=0.3)
    rows = [host.row(answer("x", status="error", error=error, reasoning="y")) for _ in range(75)]
    rows += [host.row(answer("```\ncode\n```\nx", status="streaming")) for _ in range(75)]
    for row in rows:
        row.setLast(True)
        row.updateMessage(row.message()._replace(text="```\ncode\n```\nx and so on"))
        row.deleteLater()
    host.core.QCoreApplication.sendPostedEvents(None, host.core.QEvent.Type.DeferredDelete)
    del row, rows
    host.settle(0.4)
