"""A chat in a docker of Krita: `pykrita/chat/__init__.py`, beside `pykrita/chat.desktop`.

`pip install --target pykrita suggestions-sdk` brings the library; Krita lists the plugin in its
settings, by what `chat.desktop`, beside this file, says of it.
"""

from krita import DockWidget, DockWidgetFactory, DockWidgetFactoryBase, Krita

from suggestions import Conversation
from suggestions.toolkits import qt
from suggestions.views.qt import ChatPanel


class ChatDocker(DockWidget):
    def __init__(self):
        super().__init__()
        self.setWindowTitle("Chat")
        chat = Conversation(dialect="openai", system="You help with Krita.", dispatch=qt(self))
        self.setWidget(ChatPanel(chat))

    def canvasChanged(self, canvas):
        """Krita calls it."""


right = DockWidgetFactoryBase.DockRight
Krita.instance().addDockWidgetFactory(DockWidgetFactory("chat", right, ChatDocker))
