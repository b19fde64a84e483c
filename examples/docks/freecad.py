"""A chat in a dock of FreeCAD: `Mod/Chat/InitGui.py` in its folder for the user's add-ons.

`pip install --target Mod/Chat suggestions-sdk` brings the library: FreeCAD adds the folders of
add-ons to its `sys.path`. Start FreeCAD anew.
"""

import FreeCADGui
from PySide import QtCore, QtGui

from suggestions import Conversation
from suggestions.toolkits import qt
from suggestions.views.qt import ChatPanel

window = FreeCADGui.getMainWindow()
chat = Conversation(dialect="openai", system="You help with FreeCAD.", dispatch=qt(window))
dock = QtGui.QDockWidget("Chat", window)
dock.setObjectName("ChatDock")
dock.setWidget(ChatPanel(chat))
window.addDockWidget(QtCore.Qt.DockWidgetArea.RightDockWidgetArea, dock)
