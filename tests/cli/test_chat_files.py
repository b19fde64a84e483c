"""The files of `suggestions chat`: whole, private, and there whatever happens."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import threading
from pathlib import Path

import pytest
from chat_program import chats, command, echo, messages, prepare, run
from waiting import SOON, eventually
from wire_server import TOKEN, UNTIL_CLOSE, Peer, Server, said

from suggestions import Conversation
from suggestions.cli import exit_codes
from suggestions.testing.answer_bytes import DONE


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prepare(monkeypatch, tmp_path)


def test_a_file_goes_on_in_a_window_and_back(tmp_path: Path) -> None:
    with Server(echo) as server:
        run("--url", server.url, "--file", "chat.json", stdin="One\n")
        with Conversation.from_json(Path("chat.json").read_text(), url=server.url) as window:
            window.send("Two")
            assert eventually(lambda: window.status == "ready")
            Path("chat.json").write_text(window.to_json())
        result = run("--url", server.url, "--file", "chat.json", stdin="Three\n")
    assert result.stdout == "5: Three\n"
    assert len(messages(tmp_path / "chat.json")) == 6
    assert chats(tmp_path) == []


def test_continue_takes_the_newest_with_its_system(tmp_path: Path) -> None:
    with Server(echo) as server:
        run("--url", server.url, stdin="Old\n")
        run("--url", server.url, "--system", "Be brief.", stdin="New\n")
        old, new = chats(tmp_path)
        os.utime(old, (0, 0))
        assert run("--url", server.url, "--continue", stdin="Go on\n").stdout == "4: Go on\n"
    assert chats(tmp_path) == [old, new]
    assert len(messages(new)) == 4
    assert json.loads(new.read_text())["system"] == "Be brief."


def test_files_are_for_their_user_alone_and_have_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with Server(echo) as server:
        env = {"SUGGESTIONS_TOKEN": TOKEN}
        results = [
            run("--url", server.url, "--token-file", "token", stdin="One\n/help\n/nothing\n"),
            run("--url", server.url, "--file", "chat.json", stdin="Two\n", env=env),
        ]
    (made,) = chats(tmp_path)
    for path in (made, tmp_path / "chat.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert TOKEN not in path.read_text()
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    assert not any(TOKEN in result.output for result in results)


def test_a_link_stays_one_and_no_file_is_left_beside(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    Path("chat.json").symlink_to("there/real.json")
    with Server(echo) as server:
        run("--url", server.url, "--file", "chat.json", stdin="One\nTwo\n")
    assert Path("chat.json").is_symlink()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["real.json"]


def test_what_another_program_has_saved_meanwhile_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    with (
        Server(echo) as server,
        subprocess.Popen(
            command("--url", server.url, "--file", "chat.json"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as child,
    ):
        assert child.stdin is not None
        child.stdin.write(b"One\n")
        child.stdin.flush()
        assert eventually(lambda: path.exists() and messages(path)[1][1])
        with Conversation.from_json(path.read_text(), url=server.url) as window:
            window.send("In the window")
            assert eventually(lambda: window.status == "ready")
            path.write_text(window.to_json())
        _, told = child.communicate(b"Two\nThree\n", SOON)
    assert child.returncode == 0
    assert told.count(b"another program has changed") == 1
    assert [text for _, text in messages(path)][2:] == ["In the window", "3: In the window"]
    (other,) = chats(tmp_path)
    assert [text for role, text in messages(other) if role == "user"] == ["One", "Two", "Three"]


def test_without_a_question_there_is_no_file(tmp_path: Path) -> None:
    assert run("--url", "http://localhost:1", stdin="/help\n").exit_code == 0
    assert run("--url", "http://localhost:1", "--file", "chat.json", stdin="").exit_code == 0
    assert chats(tmp_path) == []
    assert not Path("chat.json").exists()


def test_a_chat_that_cannot_be_saved_is_answered(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no directory")
    with Server(echo) as server:
        result = run("--url", server.url, stdin="One\nTwo\n")
    assert result.stdout == "1: One\n\n3: Two\n"
    assert "Error: The chat is not saved: " in result.stderr
    assert result.exit_code == exit_codes.FAILED


def writing_for_ever(peer: Peer) -> None:
    peer.request()
    peer.send(UNTIL_CLOSE, said("so far "))
    peer.wait_for_end()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_in_mid_answer_saves_what_there_is(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    with Server(writing_for_ever) as server:
        with subprocess.Popen(
            command("--url", server.url, "--file", "chat.json"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(b"One\nTwo\n")
            child.stdin.flush()
            assert child.stdout.read(7) == b"so far "
            child.send_signal(number)
            _, told = child.communicate(timeout=SOON)
        assert child.returncode == code
    assert told == b""
    assert messages(tmp_path / "chat.json") == [("user", "One"), ("assistant", "so far ")]


def test_the_question_is_saved_before_its_answer(tmp_path: Path) -> None:
    with (
        Server(writing_for_ever) as server,
        subprocess.Popen(
            command("--url", server.url, "--file", "chat.json"), stdin=subprocess.PIPE
        ) as child,
    ):
        assert child.stdin is not None
        child.stdin.write(b"One\n")
        child.stdin.flush()
        path = tmp_path / "chat.json"
        assert eventually(path.exists)
        child.kill()
    assert ("user", "One") in messages(path)


def test_a_reader_that_goes_away_ends_it_quietly_and_the_chat_is_saved(tmp_path: Path) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, said("first "))
        gone.wait(SOON)
        peer.send(said("second"), DONE)

    with (
        Server(script) as server,
        subprocess.Popen(
            command("--url", server.url, "--file", "chat.json"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(b"One\n")
        child.stdin.close()
        assert child.stdout.read(5) == b"first"
        child.stdout.close()
        gone.set()
        assert child.wait(SOON) == exit_codes.BROKEN_PIPE
        assert child.stderr.read() == b""
    assert messages(tmp_path / "chat.json")[0] == ("user", "One")
