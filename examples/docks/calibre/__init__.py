"""A chat in a dock of calibre's main window: a plugin, which is a zip with the packages it needs.

touch plugin-import-name-chat.txt
pip install --target . suggestions-sdk && zip -r ../chat.zip .
calibre-customize -a ../chat.zip
"""

from calibre.customize import InterfaceActionBase


class ChatPlugin(InterfaceActionBase):
    name = "Chat"
    supported_platforms = ["windows", "osx", "linux"]
    actual_plugin = "calibre_plugins.chat.ui:ChatAction"
