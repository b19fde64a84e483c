"""A window of Qt that shows an answer as Markdown while it is being written.

Enter asks, Esc stops. It asks the playground, a model on this machine: no key, no network.

    pip install 'suggestions-sdk[playground]' PyQt6
    python examples/qt_window.py
"""

try:
    from PyQt6 import QtCore, QtGui, QtWidgets
except ModuleNotFoundError:
    from PySide6 import QtCore, QtGui, QtWidgets

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import qt
from suggestions.views.qt import MarkdownView

KEYS = "Enter asks, Esc stops."


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
        self.text = MarkdownView()  # follows the end, and keeps a selection
        self.text.document().setDocumentMargin(12)
        self.status = QtWidgets.QLabel(KEYS, wordWrap=True)
        self.status.setTextFormat(QtCore.Qt.TextFormat.PlainText)  # an error may quote HTML
        QtGui.QShortcut(QtGui.QKeySequence("Esc"), self, self.stop)
        layout = QtWidgets.QGridLayout(self)
        layout.addWidget(self.question, 0, 0)
        layout.addWidget(self.button, 0, 1)
        layout.addWidget(self.text, 1, 0, 1, 2)
        layout.addWidget(self.status, 2, 0, 1, 2)

    def ask(self) -> None:
        self.stop()
        self.text.clear()
        self.button.setText("Stop")
        self.status.setText(f"Answering … {KEYS}")
        self.source = SuggestionsEventSource(
            self.question.text(),
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=qt(self),  # handlers run in the main loop; the answer ends with the window
            on={"chunk": self.append, "end": self.rest},
        )

    def stop(self) -> None:
        if self.source is not None:
            self.source.close()

    def ask_or_stop(self) -> None:
        if self.source is not None and self.source.state in ("requesting", "suggesting"):
            self.stop()
        else:
            self.ask()

    def append(self, source: SuggestionsEventSource, event) -> None:
        if source is self.source:  # no other question has been asked since
            self.text.appendMarkdown(event.detail)

    def rest(self, source: SuggestionsEventSource, event) -> None:
        if source is self.source:
            self.text.finish()
            self.button.setText("Ask")
            outcome = source.error.message if source.error else f"{source.state.capitalize()}."
            self.status.setText(f"{outcome} {KEYS}")


if __name__ == "__main__":
    with Playground() as playground:
        app = QtWidgets.QApplication([])
        window = Window(playground.jetpack_url)
        window.show()
        window.ask()
        app.exec()
