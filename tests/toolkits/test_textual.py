"""Textual: a Markdown-like text in an app, written to from its own queue."""

from __future__ import annotations

import asyncio
from typing import Any

from host import HERE, program
from service import Notes, Service, timed
from waiting import eventually

from suggestions import Event, SuggestionsEventSource

EXAMPLES = HERE.parent.parent / "examples"


def make_app(ask: Any) -> Any:
    """An app with a text, `#text`; `ask(app)` is called once it runs."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class TextApp(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(id="text", markup=False)

        def on_mount(self) -> None:
            self.text = self.query_one("#text", Static)
            self.source = ask(self)

    return TextApp()


@program("textual", display=False)
def test_an_answer_is_told_in_the_app() -> None:
    import logging

    from textual._context import active_app

    from suggestions.toolkits import textual

    logging.getLogger("suggestions").addHandler(logging.NullHandler())
    logging.getLogger("suggestions").propagate = False
    service, notes = Service(2000), Notes()
    apps: list[Any] = []
    shown: list[str] = []

    def ask(app: Any) -> SuggestionsEventSource:
        def show(source: SuggestionsEventSource, event: Event[str]) -> None:
            apps.append(active_app.get())
            app.text.update(event.detail)

        def finish(source: SuggestionsEventSource, event: Event[str]) -> None:
            assert event.detail == "".join(notes.chunks)
            shown.append(str(app.text.content))
            source.connect("end", lambda source, event: app.exit())

        def fail(source: SuggestionsEventSource, event: Event[Any]) -> None:
            raise ValueError("a handler that raises")

        on = {**notes.on(), "open": fail}
        source = service.ask(textual(app), throttle=1 / 30, on=on)
        source.connect("suggestion", show)
        source.connect("done", finish)
        assert textual(app).runs_here()
        return source

    app = make_app(ask)
    app.run(headless=True)
    notes.check(service.text, throttle=1 / 30)
    assert shown == [service.text]
    assert set(apps) == {app}
    assert notes.names.count("handler_error") == 1


@program("textual", display=False)
def test_a_source_of_a_thread_worker() -> None:
    from suggestions.toolkits import textual

    service, notes = Service(100), Notes()

    def ask(app: Any) -> None:
        def work() -> None:
            source = service.ask(textual(app), on=notes.on())
            assert not textual(app).runs_here()
            assert source.wait(30)
            app.call_from_thread(app.exit)

        app.run_worker(work, thread=True)

    make_app(ask).run(headless=True)
    notes.check(service.text)


@program("textual", display=False)
def test_close_in_silence_returns_at_once_and_nothing_follows() -> None:
    from suggestions.toolkits import textual

    service, notes = Service(5, silent=True), Notes()

    def ask(app: Any) -> SuggestionsEventSource:
        def close() -> None:
            # The last suggestion comes, though nothing follows it.
            if notes.suggestions[-1:] != [service.text]:
                app.set_timer(0.01, close)
                return
            timed(app.source.close)
            notes.names.clear()
            leave()

        def leave() -> None:
            app.set_timer(*((0.3, app.exit) if notes.ended else (0.01, leave)))

        app.set_timer(0.01, close)
        return service.ask(textual(app), throttle=1 / 30, smooth=True, on=notes.on())

    make_app(ask).run(headless=True)
    assert notes.names == ["abort", "end"]
    assert eventually(service.has_seen_all_hang_up)


@program("textual", display=False)
def test_an_app_that_exits_in_mid_stream_closes_the_source() -> None:
    """The loop goes on after the app."""
    from suggestions.toolkits import textual

    service, notes = Service(100_000), Notes()

    async def main() -> None:
        app = make_app(lambda app: service.ask(textual(app), on=notes.on()))
        async with app.run_test() as pilot:
            while not notes.chunks:
                await pilot.pause(0.01)
            app.exit()
        received = len(notes.names)
        await asyncio.sleep(0.3)
        assert app.source.state == "aborted"
        assert len(notes.names) == received
        assert not await asyncio.to_thread(app.source.wait, 1)
        assert eventually(service.has_seen_all_hang_up)

    asyncio.run(main())


@program("textual", display=False)
def test_many_apps_that_exit_at_any_moment() -> None:
    from suggestions.toolkits import textual

    service = Service(100_000)
    for n in range(8):
        moment = 0.001 + n * 0.004

        def ask(app: Any, moment: float = moment) -> SuggestionsEventSource:
            app.set_timer(moment, app.exit)
            return service.ask(textual(app), throttle=1 / 30, on=Notes().on())

        app = make_app(ask)
        app.run(headless=True)
        source = app.source
        assert eventually(lambda source=source: source.state == "aborted")
    assert eventually(service.has_seen_all_hang_up)


@program("textual", display=False)
def test_a_program_that_ends_in_mid_stream() -> None:
    from suggestions.toolkits import textual

    service, notes = Service(100_000), Notes()

    def ask(app: Any) -> SuggestionsEventSource:
        source = service.ask(textual(app), on=notes.on())
        source.once("chunk", lambda source, event: app.exit())
        return source

    make_app(ask).run(headless=True)
    assert notes.chunks


@program("textual", display=False)
def test_a_source_that_is_asked_before_the_app_runs() -> None:
    from suggestions.toolkits import textual

    service, notes = Service(50), Notes()
    app = make_app(lambda app: None)
    source = service.ask(textual(app), on=notes.on())
    source.connect("end", lambda source, event: app.exit())
    assert eventually(lambda: source.state == "done")
    app.run(headless=True)
    notes.check(service.text)


@program("textual", display=False)
def test_the_example() -> None:
    import runpy

    from textual.widgets import Markdown

    from suggestions.playground import Playground

    names = runpy.run_path(str(EXAMPLES / "textual_app.py"))

    async def main() -> None:
        with Playground(pace=0.01) as playground, Playground(pace=1) as slow:
            app = names["SuggestionsApp"](playground.jetpack_url)
            async with app.run_test() as pilot:
                await pilot.press("enter")
                while app.sub_title != "done":
                    await pilot.pause(0.05)
                await pilot.pause(0.2)
                assert app.query_one(Markdown).source == app.source.full_message
                app.url = slow.jetpack_url
                await pilot.press("enter")
                while not app.source.full_message:
                    await pilot.pause(0.05)
                await pilot.press("escape")
                while app.sub_title != "aborted":
                    await pilot.pause(0.05)

    asyncio.run(main())
