"""A chat in a dock of Anki. The folder is the add-on, with what it needs in `vendor/`:

pip install --target vendor suggestions-sdk
"""

import sys
from pathlib import Path

from aqt import gui_hooks, mw
from aqt.qt import QDockWidget, Qt

sys.path.append(str(Path(__file__).parent / "vendor"))  # at the end: Anki has most of it

from .vendor.suggestions import Conversation
from .vendor.suggestions.toolkits import qt
from .vendor.suggestions.views.qt import ChatPanel


def open_chat():
    chat = Conversation(dialect="openai", system="You help to learn.", dispatch=qt(mw))
    dock = QDockWidget("Chat", mw, objectName="ChatDock")
    dock.setWidget(ChatPanel(chat))
    mw.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)

    def close_chat():
        # The window outlives the profile, and its collection of cards.
        gui_hooks.profile_will_close.remove(close_chat)
        chat.close()
        dock.deleteLater()

    gui_hooks.profile_will_close.append(close_chat)


gui_hooks.profile_did_open.append(open_chat)
