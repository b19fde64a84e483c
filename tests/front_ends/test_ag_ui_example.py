"""`examples/ag_ui`: the agent and its client in the terminal, as their first comments say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_packages import folder_of
from server_process import running
from ui_backend import check_packages
from wire_server import free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "ag_ui"
WITHIN = 60.0  # seconds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """With the client; the agent runs, and `AGENT_URL` names it."""
    check_packages()
    modules = folder_of("ag_ui") / "node_modules"
    folder = tmp_path_factory.mktemp("example") / "ag_ui"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(modules)
    port = free_port()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME"):
            patched.delenv(name, raising=False)
        patched.setenv("AGENT_URL", f"http://127.0.0.1:{port}/agent")
        command = [sys.executable, str(folder / "app.py")]
        with running(command, port, folder / "example.log", PORT=str(port)):
            yield folder


def ask(folder: Path, question: str) -> subprocess.CompletedProcess[str]:
    command = ["node", "chat.mjs", question]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=WITHIN, env=os.environ
    )


def test_a_tool_of_the_client_and_one_of_the_agent(folder: Path) -> None:
    told = ask(folder, "What does get weather say of Oslo?")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("[get_weather {")
    assert "3 degrees and rain in" in told.stdout
    told = ask(folder, "What does get time say of Oslo?")
    assert told.stdout.startswith("[get_time {")
    assert "It is noon in" in told.stdout


def test_a_text(folder: Path) -> None:
    told = ask(folder, "Write a haiku")
    assert (told.returncode, told.stderr) == (0, "")
    assert "the stream finds the sea" in told.stdout


def test_a_question_that_is_refused(folder: Path) -> None:
    told = ask(folder, " ")
    assert told.returncode != 0
    assert "messages[0].content is empty" in told.stderr
