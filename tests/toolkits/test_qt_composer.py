"""Where a question is written in Qt, in each of its bindings, with real keys and mouse."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from test_qt_message_row import Host as BaseHost
from test_qt_message_row import question
from test_qt_views import each_binding


class Host(BaseHost):
    def composer(self, width: int = 320, takes_images: bool = False) -> Any:
        """At the bottom of a window, as in a panel. `sent` is what it has sent."""
        from suggestions.views.qt._binding import loaded_binding
        from suggestions.views.qt._composer import composer

        window = self.widgets.QWidget()
        column = self.widgets.QVBoxLayout(window)
        column.setSizeConstraint(
            column.SizeConstraint.SetNoConstraint
        )  # no window is offscreen's to size
        column.setContentsMargins(0, 0, 0, 0)
        column.addStretch(1)
        made = composer(loaded_binding())()
        made.holder = window  # a widget goes with the last reference to its window
        made.setTakesImages(takes_images)
        column.addWidget(made)
        self.sent: list[Any] = []
        made.sent.connect(lambda text, images: self.sent.append((text, images)))
        made.stopped.connect(lambda: self.sent.append("stopped"))
        made.editLastRequested.connect(lambda: self.sent.append("edit last"))
        self.shown(window, width, 400)
        made.setFocus()
        return made

    def thumbnails(self, made: Any) -> list[Any]:
        found = made.findChildren(self.widgets.QWidget, "picture")
        return [each for each in found if each.isVisible()]

    def picture(self, side: int = 90) -> Any:
        picture = self.gui.QImage(side, side, self.gui.QImage.Format.Format_RGB32)
        picture.fill(self.gui.QColor("#2060c0"))
        return picture

    def stored(self, directory: str, name: str) -> str:
        path = str(Path(directory, name))
        assert self.picture().save(path)
        return path

    def files(self, *paths: str) -> Any:
        data = self.core.QMimeData()
        data.setUrls([self.core.QUrl.fromLocalFile(path) for path in paths])
        return data

    def drop(self, widget: Any, data: Any) -> bool:
        """Returns whether it was taken."""
        at = widget.rect().center()
        action = self.core.Qt.DropAction.CopyAction
        place = self.core.QPointF(at) if self.core.__name__[5:6] == "6" else at
        if self.core.__name__.startswith("PySide6"):
            place = self.core.QPointF(at)
        enter = self.gui.QDragEnterEvent(at, action, data, self.left, self.none)
        enter.setAccepted(False)
        self.app.sendEvent(widget, enter)
        drop = self.gui.QDropEvent(self.core.QPointF(place), action, data, self.left, self.none)
        self.app.sendEvent(widget, drop)
        return bool(enter.isAccepted())


@each_binding
def test_enter_and_the_button_send(binding: str) -> None:
    host = Host(binding)
    made = host.composer()
    button = host.part(made, "send")
    assert (button.text(), button.isEnabled()) == ("Send", False)
    host.press(made.field, "Return")
    host.write(made.field, "  ")
    host.press(made.field, "Return")
    host.press_button(button)
    assert host.sent == []
    host.write(made.field, "Why?")
    host.press(made.field, "Return")
    host.press_button(button)
    assert host.sent == [("  Why?", []), ("  Why?", [])]
    assert made.field.toPlainText() == "  Why?"  # it is not known whether it was taken
    host.press(made.field, "Return", "ShiftModifier")
    assert made.field.toPlainText() == "  Why?\n"
    made.clear()
    assert made.field.toPlainText() == ""
    host.press(made.field, "Up")
    assert host.sent[2:] == ["edit last"]


@each_binding
def test_while_an_answer_is_under_way(binding: str) -> None:
    host = Host(binding)
    made = host.composer()
    button = host.part(made, "send")
    width = button.width()
    made.setBusy(True)
    host.settle(0.05)
    assert (button.text(), button.isEnabled(), button.width()) == ("Stop", True, width)
    host.write(made.field, "And?")
    host.press_button(button)
    host.press(made.field, "Escape")
    host.press(made.field, "Return")
    assert host.sent == ["stopped", "stopped", ("And?", [])]
    made.setBusy(False)
    host.settle(0.05)
    assert (button.text(), button.width()) == ("Send", width)


@each_binding
def test_nothing_moves_if_the_button_says_something_else(binding: str) -> None:
    host = Host(binding)

    class Long(host.core.QTranslator):  # type: ignore[misc, name-defined]
        def translate(self, context: str, text: str, *_: Any) -> str:
            return "Stop what is written" if text == "Stop" else ""

        def isEmpty(self) -> bool:
            return False

    translator = Long()
    host.app.installTranslator(translator)
    made = host.composer()
    button, before = host.part(made, "send"), made.field.geometry()
    made.setBusy(True)
    host.settle(0.05)
    assert button.text() == "Stop what is written"
    assert button.fontMetrics().boundingRect(button.text()).width() < button.width()
    assert made.field.geometry() == before


@each_binding
def test_a_question_has_its_own_direction(binding: str) -> None:
    host = Host(binding)
    made = host.composer()
    middle = made.field.width() / 2
    for direction in ("LeftToRight", "RightToLeft"):
        host.app.setLayoutDirection(getattr(host.core.Qt.LayoutDirection, direction))
        host.settle(0.05)
        assert (made.field.cursorRect().x() > middle) == (direction == "RightToLeft")
        for text, is_right in (("Why?", False), ("لماذا؟", True)):
            made.field.setPlainText(text)
            assert (made.field.cursorRect().x() > middle) == is_right
        made.clear()


@each_binding
def test_a_message_is_edited(binding: str) -> None:
    host = Host(binding)
    made = host.composer()
    assert made.editing is None
    host.write(made.field, "A draft")
    made.beginEdit(question("The first <b>"))
    host.settle(0.05)
    assert made.editing == "q"
    assert made.field.toPlainText() == "The first <b>"
    assert "Editing" in host.words(made)
    host.write(made.field, "!")
    host.press(made.field, "Return")
    assert host.sent == [("The first <b>!", [])]
    assert made.editing == "q"  # until it is taken
    made.clear()
    host.settle(0.05)
    assert made.editing is None
    assert made.field.toPlainText() == "A draft"
    assert "Editing" not in host.words(made)
    for leaves_by_key in (False, True):
        made.beginEdit(question("The first"))
        made.beginEdit(question("The second"))
        host.settle(0.05)
        if leaves_by_key:
            host.press(made.field, "Escape")
        else:
            host.press_button(host.part(made, "cancelEdit"))
        assert (made.editing, made.field.toPlainText()) == (None, "A draft")
        assert made.field.hasFocus()
    assert host.sent[1:] == []


@each_binding
def test_a_problem_is_shown_until_the_next_key(binding: str) -> None:
    host = Host(binding)
    made = host.composer()
    host.write(made.field, "Why?")
    height = made.height()
    problem = "A problem <that> is said in a sentence, which is wrapped in a narrow window"
    made.showProblem(problem)
    host.settle(0.05)
    notice = host.part(made, "problem")
    assert problem in host.words(notice)
    assert made.height() >= height + notice.height()
    assert notice.y() + notice.height() <= made.field.y()
    assert made.field.toPlainText() == "Why?"
    host.press(made.field, "Left")
    host.settle(0.05)
    assert host.part(made, "problem") is None
    assert made.height() == height


@each_binding
def test_an_image_is_pasted_and_removed(binding: str) -> None:
    host = Host(binding)
    made = host.composer(takes_images=True)
    height = made.height()
    clipboard = host.app.clipboard()
    for _ in range(2):
        clipboard.setImage(host.picture())
        host.press(made.field, "V", "ControlModifier")
    host.settle(0.05)
    first, second = host.thumbnails(made)
    assert first.width() == second.width() == 72
    assert made.height() >= height + 72
    assert first.mapTo(made, first.rect().topLeft()) != second.mapTo(made, second.rect().topLeft())
    host.press(made.field, "Return")  # without a text
    ((text, images),) = host.sent
    assert text == ""
    assert len(images) == 2
    assert images[0]["image_url"]["url"].startswith("data:image/png;base64,")
    remove = first.parentWidget().findChild(host.widgets.QToolButton, "removeAttachment")
    assert remove.accessibleName() == "Remove image"
    host.press_button(remove)
    host.settle(0.05)
    assert len(host.thumbnails(made)) == 1
    made.clear()
    host.settle(0.05)
    assert host.thumbnails(made) == []
    assert made.height() == height
    assert not host.part(made, "send").isEnabled()
    spreadsheet = host.core.QMimeData()
    spreadsheet.setText("a cell")
    spreadsheet.setImageData(host.picture())
    clipboard.setMimeData(spreadsheet)
    host.press(made.field, "V", "ControlModifier")
    clipboard.clear()  # PySide would free it too late
    assert made.field.toPlainText() == "a cell"
    assert host.thumbnails(made) == []


@each_binding
def test_files_are_pasted_and_dropped(binding: str) -> None:
    host = Host(binding)
    made = host.composer(takes_images=True)
    with tempfile.TemporaryDirectory() as directory:
        one, two = host.stored(directory, "one.png"), host.stored(directory, "two.jpg")
        none = Path(directory, "none.txt")
        none.write_text("none")
        host.app.clipboard().setMimeData(host.files(one))
        host.press(made.field, "V", "ControlModifier")
        host.app.clipboard().clear()  # PySide would free it too late
        assert len(host.thumbnails(made)) == 1
        assert host.drop(made.field.viewport(), host.files(two))
        assert host.drop(made, host.files(one, two))
        assert len(host.thumbnails(made)) == 4
        assert made.field.toPlainText() == ""
        host.drop(made, host.files(str(none), str(Path(directory, "gone.png"))))
        assert len(host.thumbnails(made)) == 4
        host.settle(0.05)
        said = host.words(host.part(made, "problem"))
        assert "image is no PNG, JPEG, GIF or WebP file" in said
        assert "gone.png" in said
    host.settle(0.05)
    host.press(made.field, "Return")
    ((_, images),) = host.sent
    assert [image["image_url"]["url"][:15] for image in images] == [
        *("data:image/png;", "data:image/jpeg", "data:image/png;", "data:image/jpeg")
    ]


@each_binding
def test_files_are_chosen(binding: str) -> None:
    host = Host(binding)
    made = host.composer(takes_images=True)
    host.app.setAttribute(host.core.Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    host.core.qInstallMessageHandler(lambda *_: None)  # offscreen cannot size a dialog
    with tempfile.TemporaryDirectory() as directory:
        path = host.stored(directory, "one.png")
        host.press_button(host.part(made, "attach"))
        host.settle(0.05)
        (dialog,) = made.findChildren(host.widgets.QFileDialog)
        name = dialog.findChild(host.widgets.QLineEdit, "fileNameEdit")
        name.setText(path)
        host.press(name, "Return")
        host.eventually(lambda: host.thumbnails(made))


@each_binding
def test_no_images_if_they_are_not_taken(binding: str) -> None:
    host = Host(binding)
    made = host.composer(takes_images=True)
    assert host.part(made, "attach").accessibleName() == "Attach images"
    host.app.clipboard().setImage(host.picture())
    host.press(made.field, "V", "ControlModifier")
    made.beginEdit(question("The first"))  # its own images stay
    host.settle(0.05)
    assert host.part(made, "attach") is None
    assert host.thumbnails(made) == []
    host.press(made.field, "Return")
    assert host.sent == [("The first", [])]
    made.clear()
    host.settle(0.05)
    assert len(host.thumbnails(made)) == 1
    made.setTakesImages(False)
    host.press(made.field, "V", "ControlModifier")
    host.settle(0.05)
    assert host.part(made, "attach") is None
    assert host.thumbnails(made) == []
    assert not host.drop(made, host.files("/tmp/one.png"))


@each_binding
def test_many_images_in_a_narrow_window(binding: str) -> None:
    host = Host(binding)
    made = host.composer(width=300, takes_images=True)
    for _ in range(7):
        host.app.clipboard().setImage(host.picture())
        host.press(made.field, "V", "ControlModifier")
    host.settle(0.05)
    places = {each.mapTo(made, each.rect().topLeft()).y() for each in host.thumbnails(made)}
    assert 2 < len(places) < 6
    for each in host.thumbnails(made):
        corner = each.mapTo(made, each.rect().bottomRight())
        assert made.rect().contains(corner)
        assert corner.y() < made.field.y()


@each_binding
def test_it_grows_with_its_text(binding: str) -> None:
    host = Host(binding)
    made = host.composer()
    heights = []
    for _ in range(3):
        host.settle(0.05)
        heights.append(made.height())
        assert made.geometry().bottom() == 399
        host.press(made.field, "Return", "ShiftModifier")
    assert heights == sorted(set(heights))
