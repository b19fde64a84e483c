"""An extension of LibreOffice: Tools > Add-Ons types the answer to what is selected into Writer.

The folder is the extension, with the packages that it needs in `pythonpath/`. Zip what is in it:

    pip install --target pythonpath suggestions-sdk && zip -r ../ask.oxt .
    unopkg add ../ask.oxt
"""

import unohelper
from com.sun.star.task import XJobExecutor

from suggestions import SuggestionsEventSource
from suggestions.toolkits import libreoffice

NAME = "org.example.suggestions.Ask"
answers = {}
"""The answer of each document, by the office's name of the document."""


class Ask(unohelper.Base, XJobExecutor):
    def __init__(self, context):
        desktop = context.ServiceManager.createInstance("com.sun.star.frame.Desktop")
        self.document = desktop.getCurrentComponent()

    def trigger(self, command):
        """The menu calls it, with what follows the question mark in `Addons.xcu`."""
        if not self.document.supportsService("com.sun.star.text.TextDocument"):
            return
        if answer := answers.pop(self.document.RuntimeUID, None):
            answer.close()
        if command == "ask":
            self.ask()

    def ask(self):
        cursor = self.document.getCurrentController().getViewCursor()
        text, place = cursor.getText(), cursor.getText().createTextCursorByRange(cursor.getEnd())

        def type_in(source, event):
            text.insertString(place, event.detail, False)

        def fail(source, event):
            text.insertString(place, f"[{event.detail.message}]", False)

        answers[self.document.RuntimeUID] = SuggestionsEventSource(
            cursor.getString() or "Say hello.",
            dialect="openai",
            dispatch=libreoffice(self.document),
            on={"chunk": type_in, "error": fail},
        )


g_ImplementationHelper = unohelper.ImplementationHelper()
g_ImplementationHelper.addImplementation(Ask, NAME, (NAME,))
