"""A chat in a dock of QGIS: the `__init__.py` of a plugin, beside its `metadata.txt`.

`pip install suggestions-sdk`, with QGIS's Python, brings the library; `examples/hosts/qgis` is the
same plugin with a copy of its own.
"""

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDockWidget

from suggestions import Conversation
from suggestions.toolkits import qt
from suggestions.views.qt import ChatPanel


class Plugin:
    def __init__(self, iface):
        self.iface = iface

    def initGui(self):
        self.chat = Conversation(dialect="openai", system="You help with QGIS.", dispatch=qt())
        self.dock = QDockWidget("Chat", self.iface.mainWindow(), objectName="ChatDock")
        self.dock.setWidget(ChatPanel(self.chat))
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)

    def unload(self):
        self.chat.close()
        self.iface.removeDockWidget(self.dock)
        self.dock.deleteLater()


def classFactory(iface):
    return Plugin(iface)
