"""wxPython: a text in a frame, written to from the main loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from host import HERE, program
from service import Notes, Service, timed
from waiting import eventually

from suggestions import Event, SuggestionsEventSource

EXAMPLES = HERE.parent.parent / "examples"


def in_a_frame(begin: Callable[[Any, Any], None]) -> None:
    """Runs a wx application with a frame that has a text: `begin(frame, text)`."""
    import wx

    application = wx.App()
    frame = wx.Frame(None, title="suggestions")
    text = wx.TextCtrl(frame, style=wx.TE_MULTILINE)
    frame.Show()
    begin(frame, text)
    wx.CallLater(60_000, application.ExitMainLoop)
    application.MainLoop()


def when(condition: Callable[[], object], then: Callable[[], object]) -> None:
    import wx

    if condition():
        then()
    else:
        wx.CallLater(5, when, condition, then)


@program("wx")
def test_an_answer_is_told_on_the_wx_thread() -> None:
    import logging

    from suggestions.toolkits import wx_

    logging.getLogger("suggestions").addHandler(logging.NullHandler())
    logging.getLogger("suggestions").propagate = False
    service, notes = Service(2000), Notes()

    def begin(frame: Any, text: Any) -> None:
        def show(source: SuggestionsEventSource, event: Event[str]) -> None:
            text.SetValue(event.detail)

        def finish(source: SuggestionsEventSource, event: Event[str]) -> None:
            assert text.GetValue() == event.detail == "".join(notes.chunks)
            source.connect("end", lambda source, event: frame.Close())

        def fail(source: SuggestionsEventSource, event: Event[Any]) -> None:
            raise ValueError("a handler that raises")

        on = {**notes.on(), "open": fail}
        source = service.ask(wx_(frame), throttle=1 / 30, on=on)
        source.connect("suggestion", show)
        source.connect("done", finish)
        assert wx_(frame) is wx_(frame)
        assert wx_(frame).runs_here()

    in_a_frame(begin)
    notes.check(service.text, throttle=1 / 30)
    assert notes.names.count("handler_error") == 1


@program("wx")
def test_close_in_silence_returns_at_once_and_nothing_follows() -> None:
    import wx

    from suggestions.toolkits import wx_

    service, notes = Service(5, silent=True), Notes()

    def begin(frame: Any, text: Any) -> None:
        source = service.ask(wx_(), throttle=1 / 30, smooth=True, on=notes.on())

        def close() -> None:
            timed(source.close)
            notes.names.clear()
            when(lambda: notes.ended, lambda: wx.CallLater(300, frame.Close))

        # The last suggestion comes, though nothing follows it.
        when(lambda: notes.suggestions[-1:] == [service.text], close)

    in_a_frame(begin)
    assert notes.names == ["abort", "end"]
    assert eventually(service.has_seen_all_hang_up)


@program("wx")
def test_a_frame_closed_in_mid_stream_closes_the_source() -> None:
    import wx

    from suggestions.toolkits import wx_

    service, notes = Service(100_000), Notes()
    sources: list[SuggestionsEventSource] = []
    names_at_close: list[int] = []

    def begin(frame: Any, text: Any) -> None:
        other = wx.Frame(None)  # the application goes on

        def show(source: SuggestionsEventSource, event: Event[str]) -> None:
            text.SetValue(event.detail[-80:])  # would raise once the text is destroyed

        sources.append(service.ask(wx_(frame), on={**notes.on(), "suggestion": show}))

        def close() -> None:
            frame.Destroy()
            wx.CallLater(100, lambda: names_at_close.append(len(notes.names)))
            wx.CallLater(400, other.Destroy)

        # The end of a child is not the end of the frame.
        child = wx.Panel(frame)
        wx.CallLater(100, child.Destroy)
        wx.CallLater(200, when, lambda: notes.chunks and not child, close)

    in_a_frame(begin)
    assert "handler_error" not in notes.names
    assert names_at_close == [len(notes.names)]
    assert sources[0].state == "aborted"
    assert not sources[0].wait(1)  # its handlers cannot run any more
    assert eventually(service.has_seen_all_hang_up)


@program("wx")
def test_a_panel_that_is_destroyed_alone_closes_its_sources() -> None:
    import wx

    from suggestions.toolkits import wx_

    service = Service(5, silent=True)

    def begin(frame: Any, text: Any) -> None:
        for part in (wx.Panel(frame), text):
            notes = Notes()
            source = service.ask(wx_(part), on=notes.on())
            sources.append(source)
            when(lambda notes=notes: len(notes.chunks) == 5, part.Destroy)
        when(lambda: all(source.controller.aborted for source in sources), frame.Close)

    sources: list[SuggestionsEventSource] = []
    in_a_frame(begin)
    assert [source.state for source in sources] == ["aborted", "aborted"]
    assert eventually(service.has_seen_all_hang_up)


@program("wx")
def test_a_long_backlog_leaves_the_window_its_turns() -> None:
    import itertools
    import time

    import wx

    from suggestions.toolkits import wx_

    service, notes = Service(300, pace=0), Notes()
    ticks: list[float] = []

    def begin(frame: Any, text: Any) -> None:
        frame.timer = wx.Timer(frame)
        frame.Bind(wx.EVT_TIMER, lambda event: ticks.append(time.monotonic()))
        frame.timer.Start(20)
        source = service.ask(wx_(frame), on=notes.on())
        source.connect("chunk", lambda source, event: time.sleep(0.003))
        source.connect("end", lambda source, event: frame.Close())

    in_a_frame(begin)
    longest = max(later - earlier for earlier, later in itertools.pairwise(ticks))
    print(f"longest time without a tick: {longest * 1000:.0f} ms")
    assert len(ticks) > 10


@program("wx")
def test_frames_that_only_a_source_still_knows() -> None:
    """Many sources whose handlers hold the last reference to a widget."""
    import gc

    import wx

    from suggestions.toolkits import wx_

    service = Service(30)

    def begin(frame: Any, text: Any) -> None:
        left = [40]

        def ask() -> None:
            other = wx.Frame(frame)
            text = wx.TextCtrl(other)
            source = service.ask(wx_(other))
            source.connect("suggestion", lambda source, event: text.SetValue(event.detail))
            source.connect("end", lambda source, event: other.Destroy())
            left[0] -= 1
            if left[0]:
                wx.CallLater(20, ask)
            else:
                wx.CallLater(800, frame.Close)

        ask()

    in_a_frame(begin)
    gc.collect()


@program("wx")
def test_a_program_that_ends_in_mid_stream() -> None:

    from suggestions.toolkits import wx_

    service, notes = Service(100_000), Notes()

    def begin(frame: Any, text: Any) -> None:
        service.ask(wx_(), on=notes.on())
        when(lambda: notes.chunks, frame.Close)

    in_a_frame(begin)
    assert notes.chunks


@program("wx", display=False)
def test_without_an_application_it_says_so() -> None:
    import pytest

    from suggestions.toolkits import wx_

    with pytest.raises(RuntimeError, match=r"wx\.App"):
        wx_()
    assert threading.active_count() == 1


@program("wx.stc")
def test_the_example() -> None:
    import runpy

    import wx

    shown: list[str] = []

    class App(wx.App):
        def OnInit(self) -> bool:
            wx.CallLater(300, begin)
            return True

    def begin() -> None:
        frame = wx.GetTopLevelWindows()[0]
        frame.ask_or_stop(None)
        finish(frame)

    def finish(frame: Any) -> None:
        if frame.source.state != "done" or frame.button.GetLabel() != "Ask":
            wx.CallLater(50, finish, frame)
            return
        shown.append(frame.answer.GetText())
        frame.ask(None)  # and closed in mid-answer
        wx.CallLater(200, frame.Close)

    wx.App = App
    runpy.run_path(str(EXAMPLES / "wx_window.py"), run_name="__main__")
    assert shown[0].startswith("**Argentina** won")
