"""`examples/react_chat`, built and started as its first comment says, in a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from node_packages import folder_of
from server_process import Host, running
from ui_backend import check_packages
from wire_server import free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "react_chat"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    check_packages()
    npm = shutil.which("npm")
    modules = folder_of("ai7") / "node_modules"
    if npm is None:
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("example") / "react_chat"
    shutil.copytree(EXAMPLE, folder)
    (folder / "node_modules").symlink_to(modules)
    subprocess.run([npm, "run", "build"], cwd=folder, check=True, capture_output=True, timeout=60)
    port, log = free_port(), folder / "example.log"
    names = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME", "REDIS_URL")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        with running([sys.executable, str(folder / "app.py")], port, log, PORT=str(port)) as host:
            yield host
    finally:
        os.environ |= kept


def ask(tab: Any, host: Host, question: str) -> None:
    tab.goto("about:blank")
    tab.goto(f"http://127.0.0.1:{host.port}/")
    tab.fill("textarea", question)
    tab.click("#send")


def until(tab: Any, words: str, status: str) -> None:
    tab.wait_for_function(
        """([words, status]) => document.querySelector(".assistant")?.textContent.includes(words)
            && document.querySelector("#status").textContent === status""",
        arg=[words, status],
    )


def test_a_tool_runs_in_the_relay(tab: Any, host: Host) -> None:
    ask(tab, host, "What does get weather say of Oslo?")
    until(tab, "The tool answered", "ready")
    assert "3 degrees and rain in" in tab.locator(".tool").inner_text()
    tab.fill("textarea", "Write a haiku")  # with the round of the tool in its history
    tab.click("#send")
    tab.wait_for_function(
        """() => document.querySelectorAll(".assistant").length === 2
            && document.querySelector("#status").textContent === "ready" """
    )
    assert "the stream finds the sea" in tab.locator(".assistant").last.inner_text()


def test_it_goes_on_after_a_reload_and_stops(tab: Any, host: Host) -> None:
    ask(tab, host, "Give me a list of tips for streaming")
    until(tab, "Start early", "streaming")
    tab.reload()
    until(tab, "Keep still", "streaming")
    tab.click("#stop")
    until(tab, "Keep still", "ready")
    assert "offer to try again." not in tab.locator(".assistant").inner_text()


def test_only_its_page_is_served(tab: Any, host: Host) -> None:
    for name in ("app.py", "package.json", "..%2Fapp.py"):
        response = tab.goto(f"http://127.0.0.1:{host.port}/{name}")
        assert response.status == 404
