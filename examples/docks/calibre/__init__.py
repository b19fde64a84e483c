"""A chat in a dock of calibre's main window: a plugin, whose zip also has `ui.py`, the file
`plugin-import-name-chat.txt`, which is empty, and the packages that it needs."""

from calibre.customize import InterfaceActionBase


class ChatPlugin(InterfaceActionBase):
    name = "Chat"
    supported_platforms = ["windows", "osx", "linux"]
    actual_plugin = "calibre_plugins.chat.ui:ChatAction"
