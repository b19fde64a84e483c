"""prompt_toolkit: a buffer in an application, on a pipe and without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from host import HERE, program
from service import Notes, Service, timed
from waiting import eventually

from suggestions import Event, SuggestionsEventSource

EXAMPLES = HERE.parent.parent / "examples"


def with_an_app(use: Callable[[Any, Any], object]) -> None:
    """Calls `use(app, area)`, which runs the application that has the text area."""
    from prompt_toolkit.application import Application
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.layout import Layout
    from prompt_toolkit.output import DummyOutput
    from prompt_toolkit.widgets import TextArea

    keys = KeyBindings()
    keys.add("q")(lambda event: event.app.exit())
    with create_pipe_input() as pipe:
        area = TextArea(read_only=True)
        app: Any = Application(
            layout=Layout(area), key_bindings=keys, input=pipe, output=DummyOutput()
        )
        app.press = pipe.send_text
        use(app, area)


@program("prompt_toolkit", display=False)
def test_an_answer_is_told_in_the_application() -> None:
    import logging

    from prompt_toolkit.application import get_app

    from suggestions.toolkits import prompt_toolkit

    logging.getLogger("suggestions").addHandler(logging.NullHandler())
    logging.getLogger("suggestions").propagate = False
    service, notes = Service(2000, held_at=1000), Notes()
    apps: list[Any] = []
    drawn: list[str] = []

    def use(app: Any, area: Any) -> None:
        def show(source: SuggestionsEventSource, event: Event[str]) -> None:
            apps.append(get_app())
            area.text = event.detail

        def finish(source: SuggestionsEventSource, event: Event[str]) -> None:
            assert area.text == event.detail == "".join(notes.chunks)
            assert dispatch.runs_here()
            source.connect("end", lambda source, event: app.press("q"))

        def fail(source: SuggestionsEventSource, event: Event[Any]) -> None:
            raise ValueError("a handler that raises")

        def look(app: Any) -> None:
            drawn.append(area.text)
            if area.text:
                service.go_on.set()

        app.after_render += look
        dispatch = prompt_toolkit(app)  # before the application runs
        on = {**notes.on(), "open": fail}
        source = service.ask(dispatch, throttle=1 / 30, on=on)
        source.connect("suggestion", show)
        source.connect("done", finish)
        app.run()
        assert set(apps) == {app}

    with_an_app(use)
    notes.check(service.text, throttle=1 / 30)
    assert set(drawn) - {"", service.text}  # it was drawn while it was being written
    assert drawn[-1] == service.text
    assert notes.names.count("handler_error") == 1


@program("prompt_toolkit", display=False)
def test_a_question_asked_while_the_application_runs() -> None:
    from suggestions.toolkits import prompt_toolkit

    service, notes = Service(100), Notes()

    def use(app: Any, area: Any) -> None:
        def ask() -> None:
            source = service.ask(prompt_toolkit(app), on=notes.on())
            source.connect("end", lambda source, event: app.exit())

        app.run(pre_run=ask)

    with_an_app(use)
    notes.check(service.text)


@program("prompt_toolkit", display=False)
def test_close_in_silence_returns_at_once_and_nothing_follows() -> None:
    from suggestions.toolkits import prompt_toolkit

    service, notes = Service(5, silent=True), Notes()

    def use(app: Any, area: Any) -> None:
        async def main() -> None:
            source = service.ask(prompt_toolkit(app), throttle=1 / 30, smooth=True, on=notes.on())
            running = asyncio.create_task(app.run_async())
            # The last suggestion comes, though nothing follows it.
            while notes.suggestions[-1:] != [service.text]:
                await asyncio.sleep(0.01)
            timed(source.close)
            notes.names.clear()
            while not notes.ended:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)
            app.exit()
            await running

        asyncio.run(main())

    with_an_app(use)
    assert notes.names == ["abort", "end"]
    assert eventually(service.has_seen_all_hang_up)


@program("prompt_toolkit", display=False)
def test_an_application_that_exits_in_mid_stream_closes_the_source() -> None:
    """The loop goes on after the application."""
    from suggestions.toolkits import prompt_toolkit

    service, notes = Service(100_000), Notes()

    def use(app: Any, area: Any) -> None:
        async def main() -> None:
            dispatch = prompt_toolkit(app)
            source = service.ask(dispatch, on=notes.on())
            running = asyncio.create_task(app.run_async())
            while not notes.chunks:
                await asyncio.sleep(0.01)
            app.press("q")
            await running
            await asyncio.sleep(0.05)
            received = len(notes.names)
            await asyncio.sleep(0.3)
            assert source.state == "aborted"
            assert len(notes.names) == received
            assert eventually(service.has_seen_all_hang_up)
            late = service.ask(dispatch)
            assert eventually(lambda: late.state == "aborted")

        asyncio.run(main())

    with_an_app(use)


@program("prompt_toolkit", display=False)
def test_a_program_that_ends_in_mid_stream() -> None:
    from suggestions.toolkits import prompt_toolkit

    service, notes = Service(100_000), Notes()

    def use(app: Any, area: Any) -> None:
        source = service.ask(prompt_toolkit(app), on=notes.on())
        source.once("chunk", lambda source, event: app.press("q"))
        app.run()

    with_an_app(use)
    assert notes.chunks


@program("prompt_toolkit", display=False)
def test_the_example() -> None:
    import runpy

    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    from suggestions.playground import Playground

    names = runpy.run_path(str(EXAMPLES / "prompt_toolkit_app.py"))
    shown: list[str] = []

    def look(app: Any) -> None:
        shown.append(list(app.layout.find_all_controls())[-2].buffer.text)
        if shown[-1].endswith("after 1978 and 1986.") and not app.is_done:
            app.exit()

    with Playground(pace=0.01) as playground, create_pipe_input() as pipe:
        app = names["make_app"](playground.jetpack_url, input=pipe, output=DummyOutput())
        app.after_render += look
        pipe.send_text("\r")
        app.run()
    assert len(set(shown)) > 5
