"""Tk's main loop, as the host."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from host import program
from service import Notes, Service, interrupt, timed
from waiting import eventually

from suggestions import SuggestionsEventSource
from suggestions.toolkits import tk


def run(root: Any, condition: Callable[[], bool], seconds: float = 30) -> None:
    """The main loop, until the condition holds."""
    deadline = time.monotonic() + seconds

    def look() -> None:
        if condition() or time.monotonic() > deadline:
            root.quit()
        else:
            root.after(5, look)

    root.after(0, look)
    root.mainloop()
    assert condition()
    # It knows itself, and the window: as garbage, it could be collected on another thread, and
    # to free a Tk there aborts the process.
    look = None  # type: ignore[assignment]


@program("tkinter")
def test_the_text_of_a_window_follows_the_answer() -> None:
    import tkinter

    service, notes = Service(1000), Notes()
    root = tkinter.Tk()
    text = tkinter.Text(root)
    text.pack()
    at_done: list[str] = []
    source = service.ask(tk(root), throttle=1 / 30, on=notes.on())
    source.connect("chunk", lambda source, event: text.insert("end", event.detail))
    source.connect("done", lambda source, event: at_done.append(text.get("1.0", "end-1c")))
    with pytest.raises(RuntimeError, match="would block"):
        source.wait()
    run(root, lambda: notes.ended)
    notes.check(service.text, 1 / 30)
    assert at_done == [service.text]
    root.destroy()


@program("tkinter")
def test_what_is_no_widget_is_refused() -> None:
    with pytest.raises(TypeError, match="takes a window or another widget of Tk, not NoneType"):
        tk(None)


@program("tkinter")
def test_without_a_source_nothing_is_polled() -> None:
    import tkinter

    root = tkinter.Tk()
    waiting = lambda: root.tk.call("after", "info")  # noqa: E731
    notes = Notes()
    dispatch = tk(root)
    assert tk(root) is dispatch
    assert not waiting()
    source = Service(5).ask(dispatch, on=notes.on())
    assert waiting()
    run(root, lambda: notes.ended)
    run(root, lambda: not waiting())
    late: list[str] = []
    source.connect("done", lambda source, event: late.append(event.detail))
    assert late == []
    run(root, lambda: late == [source.full_message])
    run(root, lambda: not waiting())


@program("tkinter")
def test_a_raising_handler_stops_nothing() -> None:
    import tkinter

    logging.disable()
    service, notes, root = Service(50), Notes(), tkinter.Tk()
    source = service.ask(tk(root), on=notes.on())
    source.connect("chunk", lambda source, event: 1 / 0)
    run(root, lambda: notes.ended)
    assert notes.names.count("handler_error") == 50
    assert "".join(notes.chunks) == service.text


@program("tkinter")
def test_close_takes_no_time_and_nothing_follows() -> None:
    import tkinter

    service, notes, root = Service(5, silent=True), Notes(), tkinter.Tk()
    source = service.ask(tk(root), throttle=1 / 30, smooth=True, on=notes.on())
    run(root, lambda: notes.suggestions[-1:] == [service.text])
    timed(source.close)
    received = len(notes.names)
    run(root, lambda: notes.ended and service.has_seen_all_hang_up())
    assert notes.names[received:] == ["abort", "end"]


@program("tkinter")
@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("silent", [False, True])
def test_a_window_that_is_destroyed_in_mid_stream_and_a_second_one(
    close: bool, silent: bool
) -> None:
    import tkinter

    service = Service(20 if silent else 100_000, silent=silent)
    sources: list[SuggestionsEventSource] = []
    for _ in range(3):
        notes, root = Notes(), tkinter.Tk()
        label = tkinter.Label(root)
        label.pack()
        child = tkinter.Frame(root)
        dispatcher = tk(root)
        source = service.ask(dispatcher, on=notes.on())
        source.connect("suggestion", lambda source, event, label=label: label.config(text="x"))
        sources.append(source)
        child.destroy()
        run(root, lambda notes=notes: len(notes.chunks) >= 20)
        if close:
            timed(source.close)
        timed(root.destroy)
        assert source.state == "aborted"
        with pytest.raises(RuntimeError, match="gone"):
            dispatcher(lambda: None)
    assert eventually(service.has_seen_all_hang_up)


@program("tkinter")
def test_a_window_that_is_destroyed_by_a_handler() -> None:
    import tkinter

    service, notes, root = Service(100_000), Notes(), tkinter.Tk()
    source = service.ask(tk(root), on=notes.on(), start=False)
    source.connect("chunk", lambda source, event: root.destroy())  # before any is here
    source.start()
    root.mainloop()
    assert source.state == "aborted"
    assert eventually(service.has_seen_all_hang_up)
    assert notes.names[1:] in ([], ["abort", "end"])


@program("tkinter")
def test_the_widget_of_a_frame_may_go_alone() -> None:
    import tkinter

    service, notes, root = Service(5, silent=True), Notes(), tkinter.Tk()
    frame = tkinter.Frame(root)
    source = service.ask(tk(frame), on=notes.on())
    run(root, lambda: len(notes.chunks) == 5)
    frame.destroy()
    assert source.state == "aborted"
    run(root, service.has_seen_all_hang_up)


@program("tkinter")
def test_a_dialog_in_a_handler_has_a_loop_of_its_own() -> None:
    import tkinter

    service, first, second = Service(100), Notes(), Notes()
    root = tkinter.Tk()

    def ask(source: SuggestionsEventSource, event: Any) -> None:
        if event.detail == "5 ":
            service.ask(tk(root), on=second.on())
            dialog = tkinter.Toplevel(root)
            second_ended = lambda: dialog.destroy() if second.ended else root.after(5, second_ended)  # noqa: E731
            second_ended()
            root.wait_window(dialog)

    source = service.ask(tk(root), on=first.on())
    source.connect("chunk", ask)
    run(root, lambda: first.ended)
    first.check(service.text)
    second.check(service.text)


@program("tkinter")
@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("ending", ["done", "close", "destroy"])
def test_what_a_handler_alone_knows_is_freed_on_tks_thread(ending: str, raises: bool) -> None:
    import tkinter

    logging.disable()
    freed: list[int] = []

    class Seen(tkinter.StringVar):
        def __del__(self) -> None:
            freed.append(threading.get_ident())
            super().__del__()

    root: Any = tkinter.Tk()
    service = Service(20, silent=ending != "done")
    for _ in range(10):
        notes = Notes()

        def ask(root: Any, notes: Notes) -> weakref.ref[Any]:
            seen = Seen(root)

            def show(source: SuggestionsEventSource, event: Any) -> None:
                seen.set(event.detail)
                if raises:
                    raise ValueError

            on = {**notes.on(), "suggestion": show}
            return weakref.ref(service.ask(tk(root), throttle=0.02, on=on))

        source = ask(root, notes)
        run(root, lambda notes=notes: len(notes.chunks) == 20)
        if ending == "destroy":
            root.destroy()
            root = None
            time.sleep(0.1)
            root = tkinter.Tk()
        elif ending == "close":
            source().close()  # type: ignore[union-attr]
        if ending != "destroy":
            run(root, lambda notes=notes: notes.ended)
        else:
            tk(root)
    gc.collect()
    run(root, lambda: gc.collect() is not None and len(freed) == 10)
    assert set(freed) == {threading.get_ident()}


@program("tkinter")
def test_a_source_is_made_on_tks_thread() -> None:
    import tkinter

    root = tkinter.Tk()
    dispatch = tk(root)
    raised: list[Exception] = []

    def make() -> None:
        try:
            Service(1).ask(dispatch)
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert "on Tk's own thread" in str(raised[0])


@program("tkinter")
def test_a_fork_leaves_the_stream_to_the_parent() -> None:
    import tkinter
    import warnings

    warnings.simplefilter("ignore", DeprecationWarning)  # a fork with threads, as it must be
    service, notes, root = Service(300), Notes(), tkinter.Tk()
    source = service.ask(tk(root), on=notes.on())
    run(root, lambda: len(notes.chunks) > 20)
    child = os.fork()
    if child == 0:
        source.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    run(root, lambda: notes.ended)
    notes.check(service.text)


@program("tkinter")
@pytest.mark.parametrize("leave", ["end of the file", "sys.exit", "destroy"])
def test_exit_in_mid_stream(leave: str) -> None:
    import sys
    import tkinter

    service, notes, root = Service(5, silent=True), Notes(), tkinter.Tk()
    service.ask(tk(root), on=notes.on())
    run(root, lambda: len(notes.chunks) == 5)
    if leave == "sys.exit":
        root.after(1, sys.exit)
        root.mainloop()
    elif leave == "destroy":
        root.destroy()


@program("tkinter")
def test_ctrl_c_stops_no_answer() -> None:
    """It is raised in whatever Python is called next, which here is hardly ever the test's own."""
    import tkinter

    class Window(tkinter.Tk):
        def report_callback_exception(self, *_: Any) -> None:
            """Before Python 3.11, it comes here."""

    root, service, notes = Window(), Service(200, held_at=100), Notes()
    source = service.ask(tk(root), on=notes.on())
    source.connect("end", lambda source, event: root.quit())
    root.after(30_000, root.quit)
    try:
        interrupt(service, notes)
        root.mainloop()
    except KeyboardInterrupt:
        root.mainloop()
    assert notes.ended
    assert source.full_message == service.text
    root.destroy()


@program("tkinter")
@pytest.mark.parametrize("seconds", [0, 0.1])
def test_a_window_that_cancels_all_timers_before_it_goes(seconds: float) -> None:
    """The usual cure for "invalid command name", which also deletes the commands they call."""
    import tkinter

    class Window(tkinter.Tk):
        def report_callback_exception(self, *failure: Any) -> None:
            failures.append(failure)

    failures: list[Any] = []
    root, service = Window(), Service(5, silent=True)
    dispatcher = tk(root)
    source = service.ask(dispatcher)

    def leave(root: Any) -> None:
        for timer in root.tk.call("after", "info"):
            root.after_cancel(timer)
        root.destroy()

    if seconds:
        root.after(int(1000 * seconds), leave, root)
        root.mainloop()
    else:
        leave(root)
    assert not failures
    assert source.state == "aborted"
    source.wait(30)
    gone = weakref.ref(root)
    del root
    gc.collect()
    assert gone() is None  # and the dispatcher is still there


@program("tkinter")
def test_a_window_that_cancels_all_timers_and_lives_on_hears_again_with_its_next_source() -> None:
    import tkinter

    root, service, first, second = tkinter.Tk(), Service(5, silent=True), Notes(), Notes()
    service.ask(tk(root), on=first.on())
    run(root, lambda: len(first.chunks) == 5)
    for timer in root.tk.call("after", "info"):
        root.after_cancel(timer)
    source = service.ask(tk(root), on=second.on())
    run(root, lambda: len(second.chunks) == 5)
    source.close()
    run(root, lambda: second.ended)
    root.destroy()


@program("tkinter")
def test_posts_of_the_windows_own_put_nothing_off() -> None:
    """As of an animation, which posts more often than posts are looked for."""
    import tkinter

    root, service, notes = tkinter.Tk(), Service(5, silent=True), Notes()
    dispatch = tk(root)
    source = service.ask(dispatch, on=notes.on())

    def animate() -> None:
        dispatch(lambda: None)
        root.after(1, animate)

    animate()
    run(root, lambda: len(notes.chunks) == 5)
    source.close()
    root.destroy()


@program("tkinter")
def test_a_window_with_a_method_of_the_name_of_one_of_tkinters() -> None:
    import tkinter

    class Form(tkinter.Tk):
        def register(self, event: Any = None) -> None:  # type: ignore[override]
            users.append(event)

    users: list[Any] = []
    root, service, notes = Form(), Service(30), Notes()
    service.ask(tk(root), on=notes.on())
    run(root, lambda: notes.ended)
    assert not users
    root.destroy()


@program("tkinter")
def test_a_widget_with_a_bind_of_its_own_closes_its_sources() -> None:
    """As the widgets of customtkinter, whose `bind` is for a part of them."""
    import tkinter

    def bind(card: Any, *given: Any, **named: Any) -> None:
        users.append(given)

    users: list[Any] = []
    Card = type("Card", (tkinter.Frame,), {"bind": bind})
    root, service, notes = tkinter.Tk(), Service(5, silent=True), Notes()
    card = Card(root)
    source = service.ask(tk(card), on=notes.on())
    run(root, lambda: len(notes.chunks) == 5)
    card.destroy()
    assert source.state == "aborted"
    run(root, service.has_seen_all_hang_up)
    assert not users
    root.destroy()
