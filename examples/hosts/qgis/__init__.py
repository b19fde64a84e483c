"""A chat in a dock of QGIS. The folder is the plugin, with what it needs in `vendor/`:

pip install --target vendor suggestions-sdk
"""

import sys
from pathlib import Path

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDockWidget

sys.path.append(str(Path(__file__).parent / "vendor"))  # at the end: QGIS has some of it

from .vendor.suggestions import Conversation
from .vendor.suggestions.toolkits import qt
from .vendor.suggestions.views.qt import ChatPanel


class Plugin:
    def __init__(self, iface):
        self.iface = iface

    def initGui(self):
        window = self.iface.mainWindow()
        self.chat = Conversation(dialect="openai", system="You help with QGIS.", dispatch=qt())
        self.dock = QDockWidget("Chat", window, objectName="ChatDock")
        self.dock.setWidget(ChatPanel(self.chat))
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)

    def unload(self):
        self.chat.close()  # in mid-answer, too
        self.iface.removeDockWidget(self.dock)
        self.dock.deleteLater()


def classFactory(iface):
    return Plugin(iface)
