"""Real hosts with their windows in a browser: Stop, and the end of the server, in mid-answer."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from real_host import HOSTS, SOON, environment, hangs_up_soon
from server_process import listens
from service import Service
from waiting import eventually
from wire_server import free_port

NICEGUI = """
import os
from nicegui import ui
from suggestions import SuggestionsEventSource
from suggestions.toolkits import aio

@ui.page("/")
async def ask():
    answer = ui.label()
    source = SuggestionsEventSource(
        "Why?", dialect="openai", dispatch=aio(), throttle=0.05,
        on={"suggestion": lambda source, event: answer.set_text(event.detail)},
    )
    ui.button("Stop", on_click=source.close)
    ui.context.client.on_delete(source.close)

ui.run(host="127.0.0.1", port=int(os.environ["PORT"]), show=False, reload=False)
"""
PANEL = """
import panel as pn
from suggestions import SuggestionsEventSource

answer = pn.pane.Str("")
source = SuggestionsEventSource(
    "Why?", dialect="openai", dispatch=pn.state.curdoc.add_next_tick_callback, throttle=0.05,
    on={"suggestion": lambda source, event: setattr(answer, "object", event.detail)},
)
stop = pn.widgets.Button(name="Stop", on_click=lambda event: source.close())
pn.state.on_session_destroyed(lambda context: source.close())
pn.Column(stop, answer).servable()
"""
SHINY = """
from shiny import App, reactive, render, ui
from suggestions import SuggestionsEventSource

def server(input, output, session):
    source = SuggestionsEventSource("Why?", dialect="openai")
    session.on_ended(source.close)

    @render.text
    def answer():
        if not source.wait(0):
            reactive.invalidate_later(0.05)
        return source.full_message

    @reactive.effect
    @reactive.event(input.stop)
    def stop():
        source.close()

app = App(ui.page_fluid(ui.input_action_button("stop", "Stop"), ui.output_text("answer")), server)
"""
MARIMO = """
import marimo
app = marimo.App()

@app.cell
def _():
    import marimo as mo
    from suggestions import SuggestionsEventSource
    with SuggestionsEventSource("Why?", dialect="openai") as source:
        while not source.wait(0.05):
            mo.output.replace(mo.plain_text(source.full_message))
    return

if __name__ == "__main__":
    app.run()
"""
FLET = """
import os
import flet
from suggestions import SuggestionsEventSource
from suggestions.toolkits import aio

async def main(page):
    def show(source, event):
        answer.value = event.detail
        page.update()

    answer = flet.Text(height=200)
    source = SuggestionsEventSource(
        "Why?", dialect="openai", dispatch=aio(), throttle=0.05, on={"suggestion": show}
    )
    page.on_disconnect = lambda event: source.close()
    page.add(flet.Button("Stop", on_click=lambda event: source.close()), answer)

flet.run(main, host="127.0.0.1", port=int(os.environ["PORT"]), view=flet.AppView.WEB_BROWSER,
         no_cdn=True)
"""


class Host(NamedTuple):
    program: str
    command: tuple[str, ...]
    """What follows Python, with `{app}` and `{port}` in it."""
    stop: str = "button:has-text('Stop')"


RUNS = {
    "nicegui": Host(NICEGUI, ("{app}",)),
    "panel": Host(PANEL, ("-m", "panel", "serve", "{app}", "--port={port}")),
    "shiny": Host(SHINY, ("-m", "shiny", "run", "{app}", "--port={port}")),
    "marimo": Host(
        MARIMO,
        ("-m", "marimo", "edit", "{app}", "--headless", "--no-token", "--port={port}"),
        "[data-testid=interrupt-button]",
    ),
    "flet_web": Host(FLET, ("{app}",), "flt-semantics[role=button]"),
}


def reads(page: Any, name: str) -> None:
    """The page shows the answer's beginning."""
    if name == "flet_web":  # it draws its texts, unless it has to read them out
        page.locator("flt-semantics-placeholder").evaluate("element => element.click()")
    page.get_by_text("10 11").first.wait_for()


def shown(page: Any) -> str:
    """The text of the answer; of marimo, which takes it away after Stop, "" then."""
    found = page.get_by_text("10 11").all()
    return found[0].inner_text() if found else ""


@pytest.mark.parametrize("name", RUNS)
def test_stop_and_the_servers_end_in_mid_answer(name: str, browser: Any, tmp_path: Path) -> None:
    if find_spec(name) is None:
        pytest.skip(f"not installed: {name}")
    host, port, app = RUNS[name], free_port(), tmp_path / "app.py"
    app.write_text(host.program, "utf-8")
    command = [sys.executable, *(each.format(app=app, port=port) for each in host.command)]
    with Service(1_000_000, pace=0.02) as service:
        env = environment(tmp_path, service.url, AI_MODEL_NAME="any", PORT=str(port))
        env["PYTHONPATH"] = str(HOSTS.parents[1])
        (tmp_path / "config" / "marimo").mkdir()
        runs_at_once = "[runtime]\nauto_instantiate = true\n"
        (tmp_path / "config" / "marimo" / "marimo.toml").write_text(runs_at_once, "utf-8")
        env.pop("PYTEST_CURRENT_TEST")  # with it, NiceGUI waits for its own tests
        server = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert eventually(lambda: listens(port) or server.poll() is not None, SOON)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            reads(page, name)
            page.get_by_text("40 41").first.wait_for()
            hangs_up_soon(service, lambda: page.click(host.stop))
            time.sleep(0.5)  # for what is under way
            text = shown(page)
            assert text or name == "marimo"
            time.sleep(0.5)
            assert shown(page) == text
            if name == "marimo":  # its answer belongs to the notebook, not to the tab
                page.locator("[data-testid=run-button]").first.click(force=True)
            else:
                page.reload()
            reads(page, name)
            hangs_up_soon(service, lambda: server.send_signal(signal.SIGTERM))
            printed, stderr = server.communicate(timeout=SOON)
        finally:
            server.kill()
            server.communicate()
    assert server.returncode in (0, -signal.SIGTERM), stderr  # as the host does by itself
    assert "Traceback" not in printed + stderr, stderr
