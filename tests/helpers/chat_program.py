"""`suggestions chat` as a program, in a pipe."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from wire_server import UNTIL_CLOSE, Peer, said

from suggestions import Conversation
from suggestions.cli.program import group
from suggestions.testing.answer_bytes import DONE

TOOLS = '''
import time

def get_weather(city: str) -> str:
    """The weather in a city now."""
    return f"18 degrees in {city}\\nand no wind"

def slow(words: str) -> str:
    """Takes long."""
    time.sleep(600)

def boom() -> str:
    """Fails."""
    raise LookupError("nothing there")

def of_bytes(data: bytes) -> str:
    """A model cannot give bytes."""

def of_nothing(data) -> str:
    """It has no hint."""

not_callable = 1
'''


def prepare(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """No service is set, and the chats, and the module `my_tools`, are in `home`."""
    for name in ("SUGGESTIONS_TOKEN", "OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.chdir(home)
    (home / "my_tools.py").write_text(TOOLS)


def run(*args: str, stdin: str = "", env: dict[str, str] | None = None) -> Result:
    """The program in this process, with pipes."""
    asked = ["chat", *args]
    result = CliRunner().invoke(group, asked, input=stdin, env=env, prog_name="suggestions")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    sys.modules.pop("my_tools", None)
    return result


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "suggestions", "chat", *args]


def chats(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "data/suggestions/chats").glob("*"), key=lambda p: p.stat().st_mtime)


def messages(path: Path) -> list[tuple[str, str]]:
    return [(m.role, m.text) for m in Conversation.from_json(path.read_text()).messages]


def echo(peer: Peer) -> None:
    """Answers with the number of messages that it got, and the last of them."""
    sent = json.loads(peer.request().body)
    sent = sent.get("messages") or [{"role": "user", "content": sent["question"]}]
    peer.send(UNTIL_CLOSE, said(f"{len(sent)}: {sent[-1]['content']}"), DONE)
