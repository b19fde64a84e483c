"""A chat window of Qt with a tool that asks first, kept in a file.

pip install suggestions-sdk PyQt6
OPENAI_API_KEY=your_key_here AI_MODEL_NAME=your_model_here python examples/qt_panel.py
"""

from pathlib import Path

from PyQt6.QtWidgets import QApplication

from suggestions import Conversation
from suggestions.toolkits import qt
from suggestions.views.qt import ChatPanel


def delete_file(name: str) -> None:
    """Deletes a file of the current directory."""
    (Path.cwd() / Path(name).name).unlink()


app = QApplication([])
file = Path("chat.json")
saved = file.read_text("utf-8") if file.exists() else Conversation().to_json()
tools = {"tools": [delete_file], "approve": [delete_file]}
chat = Conversation.from_json(saved, dialect="openai", dispatch=qt(), **tools)
panel = ChatPanel(chat)
panel.show()
app.exec()
file.write_text(chat.to_json(), "utf-8")
