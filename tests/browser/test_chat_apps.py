"""Real Streamlit and Gradio: Stop and a closed tab end the answer, and the bill with it."""

from __future__ import annotations

import contextlib
import select
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from server_process import running
from wire_server import CHUNKED, SOON, Peer, Server, framed, free_port, said

HOSTS = Path(__file__).parents[2] / "examples" / "hosts"
ENDLESS = 1_000_000_000  # pieces

WRITE_STREAM = """
import os
import streamlit as st
from suggestions import SuggestionsEventSource

if question := st.chat_input("Ask"):
    st.write_stream(SuggestionsEventSource(question, url=os.environ["TEST_URL"]))
"""
CHAT_INTERFACE = """
import os
import gradio
from suggestions import SuggestionsEventSource

def respond(message, history):
    text = ""
    for piece in SuggestionsEventSource(message, url=os.environ["TEST_URL"]):
        text += piece
        yield text

gradio.ChatInterface(respond).launch(server_port=int(os.environ["PORT"]))
"""
CANCELS = """
import os
import gradio
from suggestions import SuggestionsEventSource

async def respond(message):
    text = ""
    async for piece in SuggestionsEventSource(message, url=os.environ["TEST_URL"]):
        text += piece
        yield text

with gradio.Blocks() as blocks:
    question, answer = gradio.Textbox(), gradio.Markdown()
    asking = question.submit(respond, question, answer)
    gradio.Button("Stop").click(None, cancels=asking)
blocks.launch(server_port=int(os.environ["PORT"]))
"""


class Model:
    """Writes words until the client leaves; falls silent after `pieces` of them."""

    def __init__(self) -> None:
        self.begin(ENDLESS)

    def begin(self, pieces: int) -> None:
        self.pieces = pieces
        self.questions = 0
        self.asked = threading.Event()
        self.left = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.request()
        self.questions += 1
        peer.send(CHUNKED)
        self.asked.set()
        place = 0
        with contextlib.suppress(OSError):  # the client may leave at any moment
            while not select.select([peer.sock], [], [], 0.02)[0]:
                if place < self.pieces:
                    peer.send(framed(said(f"word{place} ")))
                    place += 1
        self.left.set()


class App(NamedTuple):
    """A program with a chat, and how its Stop is found in the page."""

    package: str
    program: str | Path
    stop: str


STREAMLIT, GRADIO = "[data-testid=stStatusWidget] button", ".stop-button"
APPS = {
    "st.write_stream": App("streamlit", WRITE_STREAM, STREAMLIT),
    "gr.ChatInterface": App("gradio", CHAT_INTERFACE, GRADIO),
    "gr.Blocks": App("gradio", CANCELS, "button:text('Stop')"),
    "streamlit_chat.py": App("streamlit", HOSTS / "streamlit" / "streamlit_chat.py", STREAMLIT),
    "gradio_chat.py": App("gradio", HOSTS / "gradio" / "gradio_chat.py", GRADIO),
}
# They look often whether they are to stop. The others do so only when a piece has come.
PATIENT = ["streamlit_chat.py", "gradio_chat.py"]


@contextlib.contextmanager
def serving(name: str, folder: Path, **environ: str) -> Iterator[str]:
    """The address of that program's page."""
    app, port = APPS[name], free_port()
    path = app.program
    if isinstance(path, str):
        path = folder / "app.py"
        path.write_text(str(app.program), encoding="utf-8")
    command = [sys.executable, str(path)]
    if app.package == "streamlit":
        options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
        options += ["--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]
        command[1:1] = ["-m", "streamlit", "run", *options]
    environ |= {"PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    with running(command, port, folder / "log", **environ):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def address(
    model: Model, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """Starts each program once; the service of all is `model`."""
    addresses: dict[str, str] = {}
    with Server(model) as server, contextlib.ExitStack() as stack:
        environ = {
            "TEST_URL": server.url,
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "any",
            "AI_MODEL_NAME": "any",
        }

        def start(name: str) -> str:
            pytest.importorskip(APPS[name].package, reason=f"not installed: {APPS[name].package}")
            if name not in addresses:
                folder = tmp_path_factory.mktemp("app")
                addresses[name] = stack.enter_context(serving(name, folder, **environ))
            return addresses[name]

        yield start


@contextlib.contextmanager
def asking(browser: Any, url: str) -> Iterator[Any]:
    """A tab in which a question was just sent."""
    page = browser.new_page()
    page.set_default_timeout(SOON * 1000)
    page.goto(url)
    question = page.locator("textarea").first
    question.fill("Hello")
    question.press("Enter")
    yield page
    page.close()


def leave(page: Any, way: str, app: str) -> None:
    if way == "close":
        page.close()
    else:
        page.click(APPS[app].stop)


ways = pytest.mark.parametrize("way", ["stop", "close"])


@ways
@pytest.mark.parametrize("app", sorted(set(APPS) - set(PATIENT)))
def test_in_mid_answer(
    app: str, way: str, model: Model, address: Callable[[str], str], browser: Any
) -> None:
    url = address(app)
    model.begin(ENDLESS)
    with asking(browser, url) as page:
        page.get_by_text("word2 ").first.wait_for()
        assert not model.left.is_set()
        leave(page, way, app)
        assert model.left.wait(SOON), "the service goes on"
    assert model.questions == 1


@ways
@pytest.mark.parametrize("pieces", [0, 3])
@pytest.mark.parametrize("app", PATIENT)
def test_while_the_model_is_silent(
    app: str, pieces: int, way: str, model: Model, address: Callable[[str], str], browser: Any
) -> None:
    url = address(app)
    model.begin(pieces)
    with asking(browser, url) as page:
        assert model.asked.wait(SOON)
        # A tab that is closed before it has asked for the answer is one that Gradio waits for.
        page.wait_for_selector(APPS[app].stop)
        if pieces:
            page.get_by_text("word2").first.wait_for()
        assert not model.left.is_set()
        leave(page, way, app)
        assert model.left.wait(SOON), "the service goes on"
    assert model.questions == 1


@pytest.mark.parametrize("app", PATIENT)
def test_the_example_has_a_chat_without_a_key(
    app: str, browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(APPS[app].package, reason=f"not installed: {APPS[app].package}")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)
    with serving(app, tmp_path) as url, asking(browser, url) as page:
        page.get_by_text("Hello!").first.wait_for()
        question = page.locator("textarea").first
        question.fill("What is 17 + 25?")
        question.press("Enter")
        page.get_by_text("42").first.wait_for()
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log
