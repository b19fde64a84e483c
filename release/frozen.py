"""Freezes programs as their authors would, with no option for this library, and runs them.

python -m release.frozen [KIND ...]    of `KINDS`; without any: all of them

Each program asks in every dialect, against the playground in this process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import NamedTuple

from suggestions.dialects import NAMES
from suggestions.playground import Playground

ROOT = Path(__file__).parent.parent

_ASKING = """
import sys
from suggestions import SuggestionsEventSource
from suggestions.auth import ChatbotLogin

MODEL = {"model": "small"}
left = sys.argv[1:]
failed = []

def ask_next():
    if not left:
        leave()
        return
    name, _, url = left.pop().partition("=")
    options = MODEL if name in ("openai", "responses", "anthropic", "ollama") else {}
    login = ChatbotLogin(url.rpartition("/")[0], "demo", "demo")
    token = login if name == "chatbot" else "key"
    source = SuggestionsEventSource(
        "Hello", url=url, dialect=name, token=token, options=options, dispatch=dispatch,
        timeouts={"total": 30},
    )
    source.connect("end", on_end)

def on_end(source, event):
    if not source.full_message:
        failed.append(repr(source.error))
    ask_next()
"""
_PLAIN = """
import threading
over = threading.Event()
dispatch, leave = None, over.set
ask_next()
over.wait(60)
"""
_TK = """
import tkinter
from suggestions.toolkits import tk
root = tkinter.Tk()
dispatch, leave = tk(root), root.quit
root.after(0, ask_next)
root.mainloop()
"""
_QT = """
from PySide6.QtWidgets import QApplication
from PySide6.QtCore import QTimer
from suggestions.toolkits import qt
application = QApplication([])
dispatch, leave = qt(), application.quit
QTimer.singleShot(0, ask_next)
application.exec()
"""
_ENDING = """
if left or failed:
    sys.exit(f"not asked: {left}; failed: {failed}")
print("frozen" if getattr(sys, "frozen", False) else "not frozen")
"""


class Kind(NamedTuple):
    """How a program is frozen, and what runs its handlers."""

    host: str
    package: str
    """What freezes it."""
    command: tuple[str, ...]
    """To be run in a folder with `program.py`, which leaves the result in `dist/`."""
    result: str


_ONE_DIR = ("-m", "PyInstaller", "program.py")
_ONE_FILE = (*_ONE_DIR, "--onefile")
_CX_FREEZE = ("-m", "cx_Freeze", "build_exe", "--script", "program.py", "--build-exe", "dist")

KINDS = {
    "one-dir": Kind(_PLAIN, "pyinstaller", _ONE_DIR, "dist/program/program"),
    "one-file": Kind(_PLAIN, "pyinstaller", _ONE_FILE, "dist/program"),
    "tk-one-dir": Kind(_TK, "pyinstaller", _ONE_DIR, "dist/program/program"),
    "tk-one-file": Kind(_TK, "pyinstaller", _ONE_FILE, "dist/program"),
    "qt-one-dir": Kind(_QT, "pyinstaller", _ONE_DIR, "dist/program/program"),
    "qt-one-file": Kind(_QT, "pyinstaller", _ONE_FILE, "dist/program"),
    "cx_freeze": Kind(_PLAIN, "cx_Freeze", _CX_FREEZE, "dist/program"),
}


_NOT_SERVED = ("ui", "ag-ui")
"""The playground does not speak these."""


def main() -> None:
    names = sys.argv[1:] or list(KINDS)
    if unknown := set(names) - set(KINDS):
        raise SystemExit(f"error: {sorted(unknown)}: expected some of {', '.join(KINDS)}")
    kinds = {name: KINDS[name] for name in names}
    with tempfile.TemporaryDirectory() as folder, Playground() as playground:
        python = environment(Path(folder, "venv"), kinds)
        served = [name for name in NAMES if name not in _NOT_SERVED]
        asked = [f"{name}={address_of(playground, name)}" for name in served]
        for name, kind in kinds.items():
            check(name, kind, python, Path(folder, name), asked)
    print(f"Frozen, and asked in {len(served)} dialects: {', '.join(kinds)}.")


def environment(folder: Path, kinds: dict[str, Kind]) -> Path:
    """Installs this library and what freezes; returns the interpreter."""
    venv.create(folder, with_pip=True)
    [python] = [*folder.glob("bin/python"), *folder.glob("Scripts/python.exe")]
    packages = {kind.package for kind in kinds.values()}
    if any(kind.host is _QT for kind in kinds.values()):
        packages.add("PySide6-Essentials")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, str(ROOT), *sorted(packages)], check=True)
    return python


def address_of(playground: Playground, name: str) -> str:
    """Where the playground answers in that dialect; "auto" is asked as "text" is."""
    base = str(getattr(playground, "text_url" if name == "auto" else f"{name}_url"))
    paths = {
        "openai": "/chat/completions",
        "responses": "/responses",
        "anthropic": "/v1/messages",
        "ollama": "/api/chat",
        "chatbot": "/chatCompletionStream",
    }
    return f"{base}{paths.get(name, '')}?pace=0"


def check(name: str, kind: Kind, python: Path, folder: Path, asked: list[str]) -> None:
    """Freezes the program in `folder`, and runs it."""
    folder.mkdir()
    (folder / "program.py").write_text(_ASKING + kind.host + _ENDING, encoding="utf-8")
    print(f"=== {name}", flush=True)
    alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (folder / "log").open("w", encoding="utf-8") as log:
        command = [str(python), *kind.command]
        freezing = subprocess.run(command, cwd=folder, env=alone, stdout=log, stderr=log)
    if freezing.returncode != 0:
        raise SystemExit(f"error: {name}: {(folder / 'log').read_text(encoding='utf-8')}")
    display = shutil.which("xvfb-run") if kind.host is not _PLAIN else None
    program = [str(folder / kind.result), *asked]
    done = subprocess.run(
        [display, "-a", *program] if display else program,
        env=alone,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if (done.returncode, done.stdout.strip()) != (0, "frozen"):
        raise SystemExit(f"error: the program of {name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
