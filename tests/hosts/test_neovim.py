"""A real Neovim: `vim.async_call` runs the handlers where `vim` may be used."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from host import SYSTEM
from real_host import environment, run, vendor
from service import Service
from waiting import eventually

NEOVIM = shutil.which("nvim")
pytestmark = pytest.mark.skipif(NEOVIM is None, reason="there is no Neovim")
SCRIPT = """
import sys
sys.path.insert(0, {vendor!r})
import vim
from suggestions import SuggestionsEventSource

def show(source, event):
    vim.current.buffer[:] = event.detail.splitlines()
    if len(event.detail) > 200:
        source.close()

def leave(source, event):
    if len(event.detail) > 200:
        vim.command("silent write " + {file!r})
        vim.async_call(vim.command, "quitall!")  # in mid-answer

def ask(**on):
    SuggestionsEventSource("Why?", dialect="openai", dispatch=vim.async_call, on=on)

ask(suggestion=show, abort=lambda source, event: ask(suggestion=leave))
"""


def test_the_answer_is_told_by_async_call(tmp_path: Path) -> None:
    assert NEOVIM is not None
    if subprocess.run([SYSTEM, "-c", "import pynvim"], capture_output=True).returncode:
        pytest.skip("there is no pynvim")
    vendor(tmp_path / "vendor")
    script, file = tmp_path / "ask.py", tmp_path / "answer"
    script.write_text(SCRIPT.format(vendor=str(tmp_path / "vendor"), file=str(file)), "utf-8")
    host = f"let g:python3_host_prog = '{SYSTEM}'"
    with Service(1_000_000, pace=0.002) as service:
        env = environment(tmp_path / "home", service.url)
        run([NEOVIM, "--headless", "-u", "NONE", "--cmd", host, "-c", f"py3file {script}"], env)
        assert eventually(service.has_seen_all_hang_up)
        assert service.asked == 2
        assert service.text.startswith(file.read_text("utf-8").strip())
