"""A window of Qt that shows an answer as Markdown while it is being written, and can stop it.

It asks the playground, a model on this machine: no key, no network.

    pip install PyQt6 && python examples/qt_window.py
"""

try:
    from PyQt6 import QtCore, QtGui, QtWidgets
except ModuleNotFoundError:
    from PySide6 import QtCore, QtGui, QtWidgets

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import qt

FEATURES = QtGui.QTextDocument.MarkdownFeature
# Tags in an answer, such as List<int>, are text. PyQt6 6.4 makes nothing of the two together.
TAGS_AS_TEXT = (FEATURES.MarkdownDialectGitHub | FEATURES.MarkdownNoHTML) or FEATURES.MarkdownNoHTML


class Window(QtWidgets.QWidget):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.setWindowTitle("suggestions with Qt")
        self.resize(640, 340)
        self.url = url
        self.source: SuggestionsEventSource | None = None
        self.question = QtWidgets.QLineEdit("Tips for showing an answer while it is being written")
        self.question.returnPressed.connect(self.ask)
        self.button = QtWidgets.QPushButton("Ask")
        self.button.clicked.connect(self.ask_or_stop)
        self.text = QtWidgets.QTextBrowser()
        self.text.document().setDocumentMargin(12)
        self.status = QtWidgets.QLabel("Ready")
        self.status.setTextFormat(QtCore.Qt.TextFormat.PlainText)  # an error may quote HTML
        layout = QtWidgets.QGridLayout(self)
        layout.addWidget(self.question, 0, 0)
        layout.addWidget(self.button, 0, 1)
        layout.addWidget(self.text, 1, 0, 1, 2)
        layout.addWidget(self.status, 2, 0, 1, 2)

    def ask(self) -> None:
        if self.source is not None:
            self.source.close()
        self.button.setText("Stop")
        self.status.setText("Waiting …")
        self.source = SuggestionsEventSource(
            self.question.text(),
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=qt(self),  # handlers run in the main loop; the answer ends with the window
            throttle=1 / 30,  # at most so often, the whole text is laid out anew
            on={"suggestion": self.show_text, "end": self.rest},
        )

    def ask_or_stop(self) -> None:
        if self.source is not None and self.source.state in ("requesting", "suggesting"):
            self.source.close()
        else:
            self.ask()

    def show_text(self, source: SuggestionsEventSource, event) -> None:
        self.text.document().setMarkdown(event.detail, TAGS_AS_TEXT)
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())
        self.status.setText(f"Writing … {len(event.detail)} characters")

    def rest(self, source: SuggestionsEventSource, event) -> None:
        if source is not self.source:
            return  # another question has been asked since
        self.button.setText("Ask")
        outcome = source.error.message if source.error else source.state.capitalize()
        self.status.setText(f"{outcome}: {len(source.full_message)} characters")


if __name__ == "__main__":
    with Playground() as playground:
        app = QtWidgets.QApplication([])
        window = Window(playground.jetpack_url)
        window.show()
        window.ask()
        app.exec()
