"""GTK 4: a text in a window, written to from the main loop."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from host import HERE, program
from service import Notes, Service, timed
from waiting import eventually

from suggestions import Event, SuggestionsEventSource

EXAMPLES = HERE.parent.parent / "examples"

# Without a session bus, GTK warns of having no accessibility service.
gtk = functools.partial(program, "gi", env={"GTK_A11Y": "none"})


def in_a_window(activate: Callable[[Any, Any, Any], None]) -> None:
    """Runs a GTK application with a text in a window: `activate(application, window, text)`."""
    import gi

    gi.require_version("Gtk", "4.0")
    from gi.repository import GLib, Gtk

    def begin(application: Any) -> None:
        window = Gtk.ApplicationWindow(application=application)
        view, scrolled = Gtk.TextView(), Gtk.ScrolledWindow()
        scrolled.set_child(view)
        window.set_child(scrolled)
        window.present()
        activate(application, window, view.get_buffer())

    application = Gtk.Application(application_id=None)
    application.connect("activate", begin)
    overdue = threading.Timer(60, lambda: GLib.idle_add(application.quit))
    overdue.daemon = True
    overdue.start()
    application.run([])


def when(condition: Callable[[], object], then: Callable[[], object]) -> None:
    from gi.repository import GLib

    def look() -> bool:
        holds = bool(condition())
        if holds:
            then()
        return not holds

    GLib.timeout_add(5, look)


@gtk()
def test_an_answer_is_told_on_the_gtk_thread() -> None:
    from suggestions.toolkits import glib

    service, notes = Service(2000), Notes()

    def activate(application: Any, window: Any, text: Any) -> None:
        def show(source: SuggestionsEventSource, event: Event[str]) -> None:
            text.set_text(event.detail)

        def finish(source: SuggestionsEventSource, event: Event[str]) -> None:
            assert text.props.text == event.detail == "".join(notes.chunks)
            assert glib().runs_here()
            source.connect("end", lambda source, event: application.quit())

        def fail(source: SuggestionsEventSource, event: Event[Any]) -> None:
            raise ValueError("a handler that raises")

        import logging

        logging.getLogger("suggestions").addHandler(logging.NullHandler())
        logging.getLogger("suggestions").propagate = False
        on = {**notes.on(), "open": fail}
        source = service.ask(glib(), throttle=1 / 30, on=on)
        source.connect("suggestion", show)
        source.connect("done", finish)

    in_a_window(activate)
    notes.check(service.text, throttle=1 / 30)
    assert notes.names.count("handler_error") == 1


@gtk()
def test_each_post_runs_once_and_true_is_no_reason_to_run_again() -> None:
    from gi.repository import GLib

    from suggestions.toolkits import glib

    ran: list[int] = []
    post: Any = glib()
    threads = [
        threading.Thread(target=lambda: [post(lambda: ran.append(1) or True) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == []
    context = GLib.MainContext.default()
    while len(ran) < 200:
        context.iteration(True)
    for _ in range(1000):
        context.iteration(False)
    assert len(ran) == 200


@gtk()
def test_a_context_of_its_own_runs_on_its_own_thread() -> None:
    from gi.repository import GLib

    from suggestions.toolkits import glib

    service, notes = Service(100), Notes()
    context = GLib.MainContext()

    def iterate() -> None:
        context.push_thread_default()
        while not notes.ended:
            context.iteration(True)
        context.pop_thread_default()

    thread = threading.Thread(target=iterate, daemon=True)
    source = service.ask(glib(context), on=notes.on())
    thread.start()
    assert source.wait(30)
    assert notes.threads == {thread.ident}
    assert "".join(notes.chunks) == service.text


@gtk()
def test_close_in_silence_returns_at_once_and_nothing_follows() -> None:
    from gi.repository import GLib

    from suggestions.toolkits import glib

    service, notes = Service(5, silent=True), Notes()

    def activate(application: Any, window: Any, text: Any) -> None:
        source = service.ask(glib(), throttle=1 / 30, smooth=True, on=notes.on())

        def close() -> None:
            timed(source.close)
            notes.names.clear()
            when(lambda: notes.ended, lambda: GLib.timeout_add(300, application.quit))

        # The last suggestion comes, though nothing follows it.
        when(lambda: notes.suggestions[-1:] == [service.text], close)

    in_a_window(activate)
    assert notes.names == ["abort", "end"]
    assert eventually(service.has_seen_all_hang_up)


@gtk()
def test_a_window_closed_in_mid_stream_closes_the_source() -> None:
    import gc

    from suggestions.toolkits import glib

    service, notes = Service(100_000), Notes()

    def activate(application: Any, window: Any, text: Any) -> None:
        def show(source: SuggestionsEventSource, event: Event[str]) -> None:
            text.set_text(event.detail[-80:])

        source = service.ask(glib(), on={**notes.on(), "suggestion": show})
        # The last window: the application shuts down.
        when(lambda: notes.chunks, window.close)
        application.source = source

    in_a_window(activate)
    received = len(notes.chunks)
    assert eventually(service.has_seen_all_hang_up)
    assert len(notes.chunks) == received
    gc.collect()


@gtk()
@pytest.mark.parametrize("owner", ["window", "label"])
@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.parametrize("end", ["close", "destroy"])
def test_a_source_closes_with_its_owner(owner: str, is_kept: bool, end: str) -> None:
    import gc

    from suggestions.toolkits import glib

    service, notes = Service(100_000), Notes()
    kept: list[Any] = []

    def activate(application: Any, window: Any, text: Any) -> None:
        from gi.repository import GLib, Gtk

        other, label = Gtk.Window(), Gtk.Label()
        other.set_child(label)
        other.present()
        dispatcher = glib(owner=label if owner == "label" else other)
        on: dict[str, Any] = dict(notes.on())
        if is_kept:  # as by a handler that shows text in it
            on["suggestion"] = lambda source, event: label.set_text(event.detail[-80:])
        source = service.ask(dispatcher, on=on)

        def leave(other: Any) -> None:
            other.close() if end == "close" else other.destroy()

        def check() -> None:
            assert source.state == "aborted"
            received = len(notes.chunks)
            with pytest.raises(RuntimeError, match="the GTK widget is gone"):
                dispatcher(lambda: kept.append("called"))
            assert len(notes.chunks) == received
            GLib.timeout_add(100, application.quit)

        when(lambda: notes.chunks, functools.partial(leave, other))
        when(lambda: source.state == "aborted", check)

    in_a_window(activate)
    assert not kept
    assert "done" not in notes.names
    assert eventually(service.has_seen_all_hang_up)
    gc.collect()


@gtk()
def test_a_hidden_window_and_a_moved_widget_go_on() -> None:
    from suggestions.toolkits import glib

    service, notes = Service(500), Notes()

    def activate(application: Any, window: Any, text: Any) -> None:
        from gi.repository import Gtk

        other, third, label = Gtk.Window(), Gtk.Window(), Gtk.Label()
        other.set_child(label)
        other.present()
        third.present()
        source = service.ask(glib(owner=label), on=notes.on())

        def move() -> None:
            other.set_visible(False)
            other.set_visible(True)
            other.set_child(None)
            third.set_child(label)
            other.destroy()

        source.once("open", lambda source, event: move())
        source.connect("end", lambda source, event: application.quit())

    in_a_window(activate)
    assert "done" in notes.names
    assert "".join(notes.chunks) == service.text


@gtk()
def test_many_questions_leave_nothing_at_their_owner() -> None:
    import gc
    import weakref

    from suggestions.toolkits import glib

    service = Service(3)

    def activate(application: Any, window: Any, text: Any) -> None:
        dispatchers: list[Any] = []

        def ask(*_: object) -> None:
            if len(dispatchers) == 20:
                application.quit()
                return
            dispatcher = glib(owner=window)
            dispatchers.append(weakref.ref(dispatcher))
            service.ask(dispatcher, on={"end": ask})

        ask()
        application.dispatchers = dispatchers
        application.window = window
        checked.append(dispatchers)

    checked: list[list[Any]] = []
    in_a_window(activate)
    gc.collect()
    assert sum(each() is not None for each in checked[0]) <= 1


@gtk()
def test_an_owner_that_is_no_widget() -> None:
    import gi

    gi.require_version("Gtk", "4.0")
    from gi.repository import Gtk

    from suggestions.toolkits import glib

    for wrong in (5, Gtk.TextBuffer()):
        with pytest.raises(TypeError, match=r"the owner must be a Gtk\.Widget, not"):
            glib(owner=wrong)


@gtk()
def test_windows_that_only_a_source_still_knows() -> None:
    """Many sources whose handlers hold the last reference to a widget."""
    import gc

    from gi.repository import GLib

    from suggestions.toolkits import glib

    service = Service(30)

    def activate(application: Any, window: Any, text: Any) -> None:
        from gi.repository import Gtk

        left = [40]

        def ask() -> bool:
            other = Gtk.Window()
            view = Gtk.TextView()
            other.set_child(view)
            other.present()
            source = service.ask(glib())
            source.connect(
                "suggestion", lambda source, event: view.get_buffer().set_text(event.detail)
            )
            source.connect("end", lambda source, event: other.destroy())
            left[0] -= 1
            if not left[0]:
                GLib.timeout_add(800, application.quit)
            return bool(left[0])

        GLib.timeout_add(20, ask)

    in_a_window(activate)
    gc.collect()


@gtk()
def test_a_program_that_ends_in_mid_stream() -> None:
    from gi.repository import GLib

    from suggestions.toolkits import glib

    service, notes = Service(100_000), Notes()
    loop = GLib.MainLoop()
    service.ask(glib(), on=notes.on())
    when(lambda: notes.chunks, loop.quit)
    loop.run()
    assert notes.chunks


@gtk()
def test_the_example() -> None:
    import runpy

    import gi

    gi.require_version("Gtk", "4.0")
    from gi.repository import GLib, Gtk

    shown: list[str] = []

    def begin() -> bool:
        application = Gtk.Application.get_default()
        windows = application.get_windows() if application else []
        if windows:
            windows[0].ask_or_stop(None)
            GLib.timeout_add(50, finish, windows[0])
        return not windows

    def finish(window: Any) -> bool:
        if window.source.state != "done" or window.button.get_label() != "Ask":
            return True
        text = window.answer.get_buffer()
        shown.append(text.get_text(*text.get_bounds(), True))
        window.ask()  # and closed in mid-answer
        GLib.timeout_add(200, window.close)
        return False

    GLib.timeout_add(50, begin)
    runpy.run_path(str(EXAMPLES / "gtk_window.py"), run_name="__main__")
    assert shown[0].startswith("**Argentina** won")
