"""Qt's main loop, as the host, in both bindings."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from host import program
from service import Notes, Service, interrupt, timed
from waiting import eventually

from suggestions import SuggestionsEventSource
from suggestions.toolkits import qt

OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}
BINDINGS = ("PyQt6", "PySide6")  # PySide6 6.12.0 corrupts reference counts on Python 3.11


def both(body: Callable[..., None]) -> Callable[..., None]:
    """A program for each binding, which gets its name."""
    return pytest.mark.parametrize("binding", BINDINGS)(
        program("{binding}.QtWidgets", display=False, env=OFFSCREEN)(body)
    )


class Host:
    """An application of that binding."""

    def __init__(self, binding: str) -> None:
        self.core = importlib.import_module(f"{binding}.QtCore")
        self.widgets = importlib.import_module(f"{binding}.QtWidgets")
        self.app = self.widgets.QApplication([])

    def run(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Runs the main loop until the condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it never came to hold"
            self.turn(0.005)

    def turn(self, seconds: float) -> None:
        """Runs a loop as a modal dialog does."""
        loop = self.core.QEventLoop()
        self.core.QTimer.singleShot(int(seconds * 1000), loop.quit)
        run = loop.exec_ if self.core.__name__.startswith("PySide2") else loop.exec
        run()

    def delete(self, owner: Any) -> None:
        owner.deleteLater()
        self.core.QCoreApplication.sendPostedEvents(None, self.core.QEvent.Type.DeferredDelete)


@both
def test_the_text_of_a_window_follows_the_answer(binding: str) -> None:
    host, service, notes = Host(binding), Service(1000), Notes()
    window = host.widgets.QPlainTextEdit()
    window.show()
    at_done: list[str] = []
    source = service.ask(qt(window), throttle=1 / 30, on=notes.on())
    source.connect("chunk", lambda source, event: window.insertPlainText(event.detail))
    source.connect("done", lambda source, event: at_done.append(window.toPlainText()))
    with pytest.raises(RuntimeError, match="would block"):
        source.wait()
    host.run(lambda: notes.ended)
    notes.check(service.text, 1 / 30)
    assert at_done == [service.text]


@both
def test_without_an_owner(binding: str) -> None:
    host, service, notes = Host(binding), Service(50), Notes()
    service.ask(qt(), on=notes.on())
    host.run(lambda: notes.ended)
    notes.check(service.text)


@both
def test_a_raising_handler_stops_nothing(binding: str) -> None:
    logging.disable()
    host, service, notes = Host(binding), Service(50), Notes()
    service.ask(qt(), on=notes.on()).connect("chunk", lambda source, event: 1 / 0)
    host.run(lambda: notes.ended)
    assert notes.names.count("handler_error") == 50
    assert "".join(notes.chunks) == service.text


@both
def test_close_takes_no_time_and_nothing_follows(binding: str) -> None:
    host, service, notes = Host(binding), Service(5, silent=True), Notes()
    source = service.ask(qt(), throttle=1 / 30, smooth=True, on=notes.on())
    host.run(lambda: notes.suggestions[-1:] == [service.text])
    timed(source.close)
    received = len(notes.names)
    host.run(lambda: notes.ended and service.has_seen_all_hang_up())
    assert notes.names[received:] == ["abort", "end"]


@both
def test_150_owners_that_are_deleted_in_mid_stream(binding: str) -> None:
    host, service = Host(binding), Service(3000, pace=0.2)
    sources, owners = [], []
    for _ in range(150):
        owner = host.widgets.QLabel()
        notes = Notes()
        source = service.ask(qt(owner), on=notes.on())
        source.connect("suggestion", lambda source, event, owner=owner: owner.setText(event.detail))
        sources.append((source, notes))
        owners.append(owner)
    host.run(lambda: all(notes.chunks for _, notes in sources))
    while owners:
        owner = owners.pop()
        host.delete(owner)
        del owner
        if len(owners) % 10 == 0:
            host.turn(0.001)
    assert {source.state for source, _ in sources} == {"aborted"}
    host.run(service.has_seen_all_hang_up)
    host.turn(0.1)


@both
def test_a_modal_loop_in_a_handler(binding: str) -> None:
    host, service, first, second = Host(binding), Service(100), Notes(), Notes()

    def ask(source: SuggestionsEventSource, event: Any) -> None:
        if event.detail == "5 ":
            service.ask(qt(), on=second.on())
            host.run(lambda: second.ended)

    source = service.ask(qt(), on=first.on())
    source.connect("chunk", ask)
    host.run(lambda: first.ended)
    first.check(service.text)
    second.check(service.text)


@both
@pytest.mark.parametrize("owned", [False, True])
def test_quit_in_mid_stream(binding: str, owned: bool) -> None:
    host, service, notes = Host(binding), Service(100, silent=True), Notes()
    owner = host.widgets.QLabel() if owned else None
    dispatcher = qt(owner)
    source = service.ask(dispatcher, on=notes.on())
    source.connect("chunk", lambda source, event: event.detail == "20 " and host.app.quit())
    host.app.exec()
    assert source.state == "aborted"
    with pytest.raises(RuntimeError, match="gone"):
        dispatcher(lambda: None)
    assert eventually(service.has_seen_all_hang_up)


@both
def test_an_unused_dispatcher_leaves_nothing(binding: str) -> None:
    import gc
    import weakref

    host, service = Host(binding), Service(2)
    owner = host.core.QObject()
    left = []
    for _ in range(10):
        notes = Notes()
        dispatch = qt(owner)
        left.append(weakref.ref(dispatch))
        service.ask(dispatch, on=notes.on())
        del dispatch
        host.run(lambda notes=notes: notes.ended)
    host.run(lambda: gc.collect() is not None and not any(ref() for ref in left))


@both
def test_what_is_no_owner(binding: str) -> None:
    core = importlib.import_module(f"{binding}.QtCore")
    with pytest.raises(RuntimeError, match="QApplication"):
        qt()
    with pytest.raises(TypeError, match="QObject"):
        qt(object())
    app = core.QCoreApplication([])
    assert qt().runs_here()
    assert qt(app).runs_here()


@both
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_later_application_of_the_process(binding: str, elsewhere: bool) -> None:
    """As of a function that shows a window, or of a host whose windows have a thread of their own.

    The bindings delete the relay along with the application.
    """
    os.environ["QT_LOGGING_RULES"] = "default.warning=false"  # that it is not the main thread
    core = importlib.import_module(f"{binding}.QtCore")
    is_pyqt = binding.startswith("PyQt")
    delete = importlib.import_module(f"{binding}.sip" if is_pyqt else "shiboken6").delete
    service = Service(30)
    ended: list[str] = []

    def live() -> None:
        app = core.QCoreApplication([])
        owner, notes = core.QObject(), Notes()
        dispatch = qt(owner)
        source = service.ask(dispatch, on=notes.on())
        source.connect("end", lambda source, event: app.quit())
        core.QTimer.singleShot(30_000, app.quit)
        app.exec()
        notes.check(service.text)
        delete(app)
        assert not dispatch.runs_here()
        assert source.wait()
        ended.append(source.state)

    for _ in range(3):
        if elsewhere:
            thread = threading.Thread(target=live)
            thread.start()
            thread.join()
        else:
            live()
    assert ended == ["done"] * 3


@both
def test_a_fork_leaves_the_stream_to_the_parent(binding: str) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # a fork with threads, as it must be
    host, service, notes = Host(binding), Service(300), Notes()
    source = service.ask(qt(), on=notes.on())
    host.run(lambda: len(notes.chunks) > 20)
    child = os.fork()
    if child == 0:
        source.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    host.run(lambda: notes.ended)
    notes.check(service.text)


@both
@pytest.mark.parametrize("attempt", range(6))  # by itself, each crashes only now and then
def test_exit_while_threads_post(binding: str, attempt: int) -> None:
    host = Host(binding)
    post = qt()

    def work() -> None:
        with suppress(RuntimeError):  # it is over
            while True:
                post(lambda: None)

    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(0.02)
    del host


@program("PySide6.QtWidgets", display=False, env=OFFSCREEN)
def test_ctrl_c_that_is_taken_for_a_handlers_failure_stops_no_answer() -> None:
    """PySide reports it as any exception out of Python, and goes on."""
    host, service, notes = Host("PySide6"), Service(200, held_at=100), Notes()
    sys.excepthook = lambda *_: None
    source = service.ask(qt(), on=notes.on())
    source.connect("end", lambda source, event: host.app.quit())
    host.core.QTimer.singleShot(30_000, host.app.quit)
    try:
        interrupt(service, notes)
        host.app.exec()
    except KeyboardInterrupt:
        host.app.exec()
    assert notes.ended
    assert source.full_message == service.text


@both
@pytest.mark.parametrize("leave", ["end of the file", "sys.exit", "exec"])
def test_exit_in_mid_stream(binding: str, leave: str) -> None:
    host, service, notes = Host(binding), Service(5, silent=True), Notes()
    window = host.widgets.QLabel()
    source = service.ask(qt(window), on=notes.on())
    source.connect("suggestion", lambda source, event: window.setText(event.detail))
    host.run(lambda: len(notes.chunks) == 5)
    if leave == "sys.exit":
        sys.exit(0)
    if leave == "exec":
        host.core.QTimer.singleShot(10, host.app.quit)
        sys.exit(host.app.exec())
