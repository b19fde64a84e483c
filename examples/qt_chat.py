"""A chat window of Qt by hand: stop, regenerate, edit, retry, another model, save and load.

It asks the playground, and keeps the chat in the file qt_chat.json from one run to the next.

    pip install 'suggestions-sdk[playground]' PyQt6
    python examples/qt_chat.py
"""

from pathlib import Path

from PyQt6 import QtGui, QtWidgets

from suggestions import Conversation
from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.toolkits import qt

FEATURES = QtGui.QTextDocument.MarkdownFeature
# Tags in an answer, such as List<int>, are text. PyQt6 6.4 makes nothing of the two together.
TAGS_AS_TEXT = (FEATURES.MarkdownDialectGitHub | FEATURES.MarkdownNoHTML) or FEATURES.MarkdownNoHTML


class Row(QtWidgets.QTextBrowser):
    def __init__(self, message, edit) -> None:
        super().__init__(openLinks=False)
        self.anchorClicked.connect(lambda url: edit(message) if url.path() == "edit" else None)
        resized = self.document().documentLayout().documentSizeChanged
        resized.connect(lambda size: self.setFixedHeight(int(size.height()) + 4))
        self.show_message(message)

    def show_message(self, message) -> None:
        state = "[edit](edit)" if message.role == "user" else message.status
        error = message.error.message if message.error else ""
        text = f"**{message.model or message.role}** ({state})\n\n{message.text}\n\n{error}"
        self.document().setMarkdown(text, TAGS_AS_TEXT)


class Window(QtWidgets.QMainWindow):
    def __init__(self, chat, models) -> None:
        super().__init__(windowTitle="A chat with Qt", minimumWidth=720, minimumHeight=480)
        self.chat = chat
        chat.connect("change", self.show_change)
        chat.connect("status", lambda chat, event: self.statusBar().showMessage(event.detail))
        area = QtWidgets.QScrollArea(widgetResizable=True)
        area.setWidget(QtWidgets.QWidget())
        self.setCentralWidget(area)
        self.rows = QtWidgets.QVBoxLayout(area.widget())
        self.rows.addStretch()
        for position, message in enumerate(chat.messages):
            self.rows.insertWidget(position, Row(message, self.edit))
        scroll_bar = area.verticalScrollBar()
        scroll_bar.rangeChanged.connect(lambda start, end: scroll_bar.setValue(end))
        self.models = QtWidgets.QComboBox()
        self.models.addItems(models)
        self.field = QtWidgets.QLineEdit(placeholderText="Ask")
        self.field.returnPressed.connect(lambda: self.ask(chat.send, self.field.text()))
        self.field.returnPressed.connect(self.field.clear)
        bar = self.addToolBar("Chat")
        bar.addWidget(self.field)
        bar.addWidget(self.models)
        bar.addAction("Stop", chat.stop)
        bar.addAction("Regenerate", lambda: self.ask(chat.regenerate))
        bar.addAction("Retry", lambda: self.ask(chat.retry))
        bar.addAction("Clear", chat.clear)

    def show_change(self, chat, event) -> None:
        change = event.detail
        if change.kind == "added":
            self.rows.insertWidget(change.position, Row(change.message, self.edit))
        elif change.kind == "removed":
            self.rows.takeAt(change.position).widget().deleteLater()
        else:
            self.rows.itemAt(change.position).widget().show_message(change.message)

    def ask(self, command, *given) -> None:
        try:
            command(*given, options={"model": self.models.currentText()})
        except (RuntimeError, ValueError) as error:  # such as an empty text, or nothing to retry
            self.statusBar().showMessage(str(error))

    def edit(self, message) -> None:
        text, is_given = QtWidgets.QInputDialog.getMultiLineText(self, "Edit", "", message.text)
        if is_given:
            self.ask(self.chat.edit, message, text)


if __name__ == "__main__":
    with Playground() as playground:  # a model on this machine: no key, no network
        app = QtWidgets.QApplication([])
        file = Path("qt_chat.json")
        saved = file.read_text("utf-8") if file.exists() else Conversation().to_json()
        chat = Conversation.from_json(saved, dialect=OpenAI(playground.openai_url), dispatch=qt())
        window = Window(chat, ["playground", "playground-reasoner"])
        window.show()
        app.exec()
        file.write_text(chat.to_json(), "utf-8")
