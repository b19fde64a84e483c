"""The plugin's action, which shows and hides the dock."""

from qt.core import QDockWidget, Qt

from calibre.gui2.actions import InterfaceAction


class ChatAction(InterfaceAction):
    name = "Chat"
    action_spec = ("Chat", None, "Ask an AI", None)

    def genesis(self):
        with self.interface_action_base_plugin:  # the plugin's packages are on the path within
            from suggestions import Conversation, preload, toolkits
            from suggestions.views.qt import ChatPanel

            preload()
            chat = Conversation(dialect="openai", dispatch=toolkits.qt(self.gui))
            self.dock = QDockWidget("Chat", self.gui, objectName="ChatDock")
            self.dock.setWidget(ChatPanel(chat))
        self.gui.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.qaction.triggered.connect(self.dock.toggleViewAction().trigger)
