"""A wxPython frame that shows an answer while it is being written. Enter asks, Esc stops.

    pip install 'suggestions-sdk[playground]' wxPython
    python examples/wx_window.py

Debian has wxPython as python3-wxgtk4.0, for an environment with `--system-site-packages`. It asks
the playground, a model on this machine: no key, no network.
"""

import wx
from wx import stc

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import wx_

KEYS = "Enter asks, Esc stops."


class Answer(stc.StyledTextCtrl):
    """Unlike wx.TextCtrl, it appends without losing the selection and the scroll position."""

    def __init__(self, parent):
        super().__init__(parent)
        self.SetWrapMode(stc.STC_WRAP_WORD)
        self.SetMarginWidth(1, 0)
        self.SetUseHorizontalScrollBar(False)
        self.SetCaretStyle(stc.STC_CARETSTYLE_INVISIBLE)
        self.SetReadOnly(True)

    def append(self, text):
        follows = self.PointFromPosition(self.GetLength()).y < self.GetClientSize().height
        self.SetReadOnly(False)
        self.AppendText(text)
        self.SetReadOnly(True)
        if follows:
            self.ScrollToEnd()


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
        self.answer = Answer(panel)
        self.Bind(wx.EVT_CHAR_HOOK, self.on_key)
        self.CreateStatusBar()
        self.SetStatusText(KEYS)
        self.question.SetFocus()

        row = wx.BoxSizer(wx.HORIZONTAL)
        row.Add(self.question, 1, wx.RIGHT | wx.ALIGN_CENTER_VERTICAL, 12)
        row.Add(self.button)
        column = wx.BoxSizer(wx.VERTICAL)
        column.Add(row, 0, wx.EXPAND | wx.ALL, 12)
        column.Add(self.answer, 1, wx.EXPAND | wx.LEFT | wx.RIGHT | wx.BOTTOM, 12)
        panel.SetSizer(column)

    def on_key(self, event):
        if event.GetKeyCode() == wx.WXK_ESCAPE:
            self.stop()
        else:
            event.Skip()

    def ask_or_stop(self, event):
        if self.source and self.source.state in ("requesting", "suggesting"):
            self.stop()
        else:
            self.ask(event)

    def ask(self, event):
        self.stop()
        self.answer.SetReadOnly(False)
        self.answer.ClearAll()
        self.button.SetLabel("Stop")
        self.SetStatusText(f"Answering … {KEYS}")
        self.source = SuggestionsEventSource(
            self.question.GetValue(),
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=wx_(self),  # handlers run here, and stop when this frame is closed
            on={"chunk": self.append, "end": self.rest},
        )

    def stop(self):
        if self.source:
            self.source.close()

    def append(self, source, event):
        if source is self.source:  # no other question has been asked since
            self.answer.append(event.detail)

    def rest(self, source, event):
        if source is self.source:
            self.button.SetLabel("Ask")
            outcome = source.error.message if source.error else f"{source.state.capitalize()}."
            self.SetStatusText(f"{outcome} {KEYS}")


with Playground() as playground:
    application = wx.App()
    Frame(playground.jetpack_url).Show()
    application.MainLoop()
