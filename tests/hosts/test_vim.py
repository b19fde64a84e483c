"""A real Vim with Python: its timer runs a `Pump`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from driven_host import answers, bring_along

VIM = shutil.which("vim.nox") or shutil.which("vim")
pytestmark = pytest.mark.skipif(VIM is None, reason="there is no Vim")
SCRIPT = """
py3 << end
import sys
sys.path.insert(0, {vendor!r})
import vim
from answer_in_host import asking, driver
from suggestions.toolkits import Pump

pump = Pump()

def show(text):
    vim.current.buffer[:] = text.splitlines()

def leave():
    vim.command("quitall!")  # in mid-answer

step = driver(asking(pump, show), lambda: "\\n".join(vim.current.buffer[:]), leave)
end
call timer_start(20, {{-> execute('py3 pump.run()')}}, {{'repeat': -1}})
call timer_start(20, {{-> execute('py3 step()')}}, {{'repeat': -1}})
"""


def test_a_timer_runs_the_pump(tmp_path: Path) -> None:
    assert VIM is not None
    version = subprocess.run([VIM, "--version"], capture_output=True, text=True).stdout
    if "+python3" not in version:
        pytest.skip("this Vim has no Python")
    bring_along(tmp_path / "vendor")
    script = tmp_path / "ask.vim"
    script.write_text(SCRIPT.format(vendor=str(tmp_path / "vendor")), "utf-8")
    flags = ["--not-a-term", "-N", "-n", "-u", "NONE", "-i", "NONE"]
    assert answers([VIM, *flags, "-S", str(script)], tmp_path) == []
