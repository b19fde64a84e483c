"""A wxPython frame that shows an answer while it is being written; Stop ends it at once.

    python examples/wx_window.py

It needs wxPython; Debian's is python3-wxgtk4.0, for /usr/bin/python3. It asks the playground, a
model on this machine: no key, no network.
"""

import wx

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import wx_


class Frame(wx.Frame):
    def __init__(self, url):
        super().__init__(None, title="Suggestions", size=(520, 320))
        self.url = url
        self.source = None

        panel = wx.Panel(self)
        self.question = wx.TextCtrl(
            panel, value="Who won the world cup in 2022?", style=wx.TE_PROCESS_ENTER
        )
        self.question.Bind(wx.EVT_TEXT_ENTER, self.ask)
        self.button = wx.Button(panel, label="Ask")
        self.button.Bind(wx.EVT_BUTTON, self.ask_or_stop)
        self.answer = wx.TextCtrl(panel, style=wx.TE_MULTILINE | wx.TE_READONLY)

        row = wx.BoxSizer(wx.HORIZONTAL)
        row.Add(self.question, 1, wx.RIGHT | wx.ALIGN_CENTER_VERTICAL, 12)
        row.Add(self.button)
        column = wx.BoxSizer(wx.VERTICAL)
        column.Add(row, 0, wx.EXPAND | wx.ALL, 12)
        column.Add(self.answer, 1, wx.EXPAND | wx.LEFT | wx.RIGHT | wx.BOTTOM, 12)
        panel.SetSizer(column)

    def ask_or_stop(self, event):
        if self.source and self.source.state in ("requesting", "suggesting"):
            self.source.close()
        else:
            self.ask(event)

    def ask(self, event):
        if self.source:
            self.source.close()
        self.button.SetLabel("Stop")
        self.source = SuggestionsEventSource(
            self.question.GetValue(),
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=wx_(self),  # handlers run here, and stop when this frame is closed
            throttle=1 / 30,  # as often as the eye can see
            on={"suggestion": self.show, "error": self.fail, "end": self.rest},
        )

    def show(self, source, event):
        self.answer.ChangeValue(event.detail)

    def fail(self, source, event):
        self.answer.ChangeValue(event.detail.message)

    def rest(self, source, event):
        if source is self.source:
            self.button.SetLabel("Ask")


with Playground() as playground:
    application = wx.App()
    Frame(playground.jetpack_url).Show()
    application.MainLoop()
