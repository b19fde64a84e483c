"""`HttpAgent` of `@ag-ui/client` in a page, with a relay with `frames="ag-ui"`."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from node_packages import folder_of
from ui_backend import Backends
from waiting import SOON
from wire_server import CHUNKED, Peer, Server, framed

from suggestions.testing.answer_bytes import said

SCRIPT = 'import { HttpAgent } from "@ag-ui/client"; window.HttpAgent = HttpAgent;'
ASK = """async (question) => {
    const agent = new HttpAgent({ url: "/agent", threadId: "thread-1" });
    agent.addMessage({ id: "u1", role: "user", content: question });
    const errors = [];
    const subscriber = { onRunErrorEvent: ({ event }) => { errors.push(event.code); } };
    if (question.includes("leave"))
        subscriber.onTextMessageContentEvent = () => agent.abortRun();
    await agent.runAgent({}, subscriber);
    return [agent.messages.slice(1), errors];
}"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a page loads, with the packages in it."""
    esbuild = folder_of("ai7") / "node_modules" / ".bin" / "esbuild"
    made = tmp_path_factory.mktemp("ag_ui") / "page.js"
    command = [str(esbuild), "--bundle", "--format=iife", "--log-level=error", f"--outfile={made}"]
    folder = folder_of("ag_ui")
    subprocess.run(command, cwd=folder, input=SCRIPT.encode(), check=True, timeout=60)
    return made


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Backends]:
    with Backends(tmp_path, app="ag_ui_app") as backends:
        yield backends


def ask(tab: Any, port: int, script: Path, question: str) -> Any:
    tab.goto(f"http://127.0.0.1:{port}/openapi.json")  # any page of the same site
    tab.add_script_tag(path=str(script))
    return tab.evaluate(ASK, question)


def test_text_a_tool_and_failures(tab: Any, serve: Backends, script: Path) -> None:
    port = serve().port
    (thought, answer), errors = ask(
        tab, port, script, "Please think: who won the world cup in 2022?"
    )
    assert thought["role"] == "reasoning"
    assert answer["content"].startswith("**Argentina** won")
    assert errors == []
    (call, result, _), errors = ask(tab, port, script, "What does get time say of Oslo?")
    assert result["toolCallId"] == call["toolCalls"][0]["id"]
    assert errors == []
    messages, errors = ask(tab, port, script, "Hello, fail=429")
    assert (messages, errors) == ([], ["error_quota_exceeded"])
    _, errors = ask(tab, port, script, "Give me a list of tips for streaming, fail=cut")
    assert errors == ["error_network"]


def test_the_service_sees_that_the_page_stops(tab: Any, serve: Backends, script: Path) -> None:
    has_left = threading.Event()

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("It is ")))
        peer.wait_until_closed()
        has_left.set()

    with Server(answer) as service:
        port = serve(UPSTREAM=f"{service.url}/v1").port
        [message], _ = ask(tab, port, script, "leave")
        assert has_left.wait(SOON)
    assert message["content"] == "It is "
