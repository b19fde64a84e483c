"""Checks the commands of a document: that they, their files, targets and options exist.

None of them is run, but for `--help`.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Programs whose options `--help` lists.
WITH_HELP = frozenset(("suggestions", "gunicorn", "uvicorn", "waitress-serve", "curl", "flask"))
OTHERS = frozenset(
    ("bash", "git", "jq", "keyring", "make", "pip", "pytest", "python", "python3", "uv")
)
SEPARATORS = frozenset(("|", "&&", "||", ";", "&"))


def check(script: str) -> None:
    """Fails for what does not exist; skips the test where a program is not installed."""
    if shutil.which("bash") is None:
        pytest.skip("not installed: bash")
    subprocess.run(["bash", "-n", "-c", script], check=True, timeout=10)
    for line in script.replace("\\\n", " ").splitlines():
        for words in _commands(line):
            _check_command(words)


def _commands(line: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if word in SEPARATORS:
            commands.append([])
        elif word != "export" and (commands[-1] or not re.match(r"\w+=", word)):
            commands[-1].append(word)
    return [words for words in commands if words]


def _check_command(words: list[str]) -> None:
    name = Path(words[0]).name
    if name not in WITH_HELP | OTHERS:
        pytest.fail(f"{name}: expected a program that {__name__} knows how to check")
    if name == "make":
        subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, capture_output=True)
    elif name == "pip" or words[:3] == ["uv", "pip", "install"]:
        _check_extras(" ".join(words))
    elif name in ("python", "python3", "bash"):
        for word in words[1:]:
            assert not word.endswith(".py") or (ROOT / word).exists(), f"there is no {word}"
    elif name in WITH_HELP:
        _check_options(name, words[1:])


def _check_extras(line: str) -> None:
    known = re.findall(r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    for extras in re.findall(r"\[([\w,]+)]", line):
        assert set(extras.split(",")) <= set(known), f"pyproject.toml has not all of {extras}"


def _check_options(name: str, words: list[str]) -> None:
    options = [word.partition("=")[0] for word in words if re.match(r"--?[A-Za-z]", word)]
    command = words[:1] if name == "suggestions" and words and words[0].isalpha() else []
    text = help_of(name, *command) if options or command else ""
    for option in options:
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", text), f"{name} has no {option}"


@functools.cache
def help_of(name: str, *command: str) -> str:
    """What the program says of itself; skips the test where it is not installed."""
    own = Path(sys.executable).parent / name
    program = str(own) if own.exists() else shutil.which(name)
    if program is None:
        pytest.skip(f"not installed: {name}")
    done = subprocess.run(
        [program, *command, "--help", *(["all"] if name == "curl" else [])],
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
