"""`suggestions chat` in a pipe, and its files."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from waiting import SOON, eventually
from wire_server import TOKEN, UNTIL_CLOSE, Peer, Server, said, sized

from suggestions import Conversation
from suggestions.cli import exit_codes
from suggestions.cli.program import group
from suggestions.playground import Playground
from suggestions.testing.answer_bytes import DONE

TOOLS = '''
import time

def get_weather(city: str) -> str:
    """The weather in a city now."""
    return f"18 degrees in {city}\\nand no wind"

def boom() -> str:
    """Fails."""
    raise LookupError("nothing there")

def of_bytes(data: bytes) -> str:
    """A model cannot give bytes."""

def of_nothing(data) -> str:
    """It has no hint."""

not_callable = 1
'''


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SUGGESTIONS_TOKEN", "OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_tools.py").write_text(TOOLS)


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


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


# Questions


def test_each_line_is_a_question_with_all_before_it() -> None:
    with Server(echo) as server:
        result = run("--url", server.url, stdin="One\n\nTwo\nThree")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "1: One\n\n3: Two\n\n5: Three\n"


def test_a_question_may_have_several_lines() -> None:
    with Server(echo) as server:
        result = run(
            "--url", server.url, stdin='a\\\nb\\\nc\n"""x\n\n y"""\n"""z"""\n"""\nw\n"""\n'
        )
    assert result.stdout == "1: a\nb\nc\n\n3: x\n\n y\n\n5: z\n\n7: w\n"


def test_only_what_looks_like_a_command_is_one() -> None:
    with Server(echo) as server:
        result = run("--url", server.url, stdin="/etc/passwd is what?\n /help\nA /retry\n")
    assert result.stdout == "1: /etc/passwd is what?\n\n3:  /help\n\n5: A /retry\n"


def test_an_unknown_command_says_what_there_is() -> None:
    result = run("--url", "http://localhost:1", stdin="/nothing\n")
    assert result.exit_code == exit_codes.USAGE
    for name in ("/nothing", "/retry", "/regenerate", "/edit", "/save", "/clear", "/help", "/quit"):
        assert name in result.stderr


def test_system_model_options_and_images_are_sent(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    args = ["--model", "m1", "--option", "temperature=0.5", "--system", "Be brief."]
    asked: list[Any] = []

    def script(peer: Peer) -> None:
        asked.append(json.loads(peer.request().body))
        peer.send(UNTIL_CLOSE, said("Yes."), DONE)

    with Server(script) as server:
        url = ["--base-url", f"{server.url}/v1"]
        assert run(*url, *args, "--image", "cat.png", stdin="One\nTwo\n").exit_code == 0
    first, second = asked
    assert (first["model"], first["temperature"]) == ("m1", 0.5)
    assert first["messages"][0] == {"role": "system", "content": "Be brief."}
    assert first["messages"][1]["content"][1]["type"] == "image_url"
    assert second["messages"][3:] == [{"role": "user", "content": "Two"}]


def test_commands_ask_again(tmp_path: Path) -> None:
    with Server(echo) as server:
        said_ = "One\n/edit Two\n/regenerate\n/clear\nThree\n/save copy.json\n/quit\nFour\n"
        result = run("--url", server.url, stdin=said_)
    assert result.exit_code == 0
    assert result.stdout == "1: One\n\n1: Two\n\n1: Two\n\n1: Three\n"
    before, after = chats(tmp_path)
    assert messages(before) == [("user", "Two"), ("assistant", "1: Two")]
    assert messages(after) == [("user", "Three"), ("assistant", "1: Three")]
    assert (tmp_path / "copy.json").read_text() == after.read_text()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("/retry", "nothing to retry"),
        ("/regenerate", "nothing to answer"),
        ("/edit x", "no question to edit"),
        ("/save", "needs the name of a file"),
        ("/save my_tools.py", "is no chat"),
        ("/save no/../my_tools.py/x", "my_tools.py"),
    ],
)
def test_what_a_command_cannot_do_is_said(said: str, told: str, tmp_path: Path) -> None:
    result = run("--url", "http://localhost:1", stdin=f"{said}\n")
    assert result.exit_code == exit_codes.USAGE
    assert told in result.stderr
    assert (tmp_path / "my_tools.py").read_text() == TOOLS
    assert chats(tmp_path) == []


def test_sources_and_files_are_listed_beside_the_answers(playground: Playground) -> None:
    url = ["--base-url", playground.responses_url, "--dialect", "responses"]
    result = run(*url, stdin="Cite who won the world cup in 2022\nDraw a picture\n")
    assert result.exit_code == 0
    assert "Sources:\n1. " in result.stderr
    assert "Note: the answer has a file: image/png" in result.stderr


# Errors


@pytest.mark.parametrize(
    ("failure", "code"), [("429", 3), ("503", 5), ("marker", 7), ("cut", 8), ("stream-quota", 3)]
)
def test_the_first_failure_ends_a_pipe_and_nothing_is_lost(
    playground: Playground, failure: str, code: int, tmp_path: Path
) -> None:
    url = f"{playground.jetpack_url}?fail={failure}"
    result = run("--url", url, stdin="Who won the world cup in 2022?\nAnd then?\n")
    assert result.exit_code == code
    assert result.stderr.startswith("Error: ")
    (path,) = chats(tmp_path)
    question, answer = Conversation.from_json(path.read_text()).messages
    assert question.text == "Who won the world cup in 2022?"
    assert answer.status == "error"
    assert answer.error is not None
    assert " ".join(answer.error.message.split()) in result.stderr
    assert answer.text.strip() == result.stdout.strip()
    again = run("--continue", "--url", playground.jetpack_url, stdin="/retry\n")
    assert (again.exit_code, again.stdout[:13]) == (0, "**Argentina**")
    assert [message.status for message in Conversation.from_json(path.read_text()).messages] == [
        "done",
        "done",
    ]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "No service is set yet"),
        (["--url", "nowhere"], "http(s)://host/path"),
        (["--url", "http://a", "--continue"], "no chat to continue"),
        (["--url", "http://a", "--continue", "--file", "x.json"], "give one"),
        (["--url", "http://a", "--file", "my_tools.py"], "my_tools.py: this is no conversation"),
        (["--url", "http://a", "--file", os.devnull], os.devnull),
        (["--url", "http://a", "--file", "binary"], "expected JSON in UTF-8"),
        (["--url", "http://a", "--option", "stream=false"], "stream"),
        (["--dialect", "text", "--url", "http://a", "--tool", "my_tools:boom"], "tools"),
        (["--url", "http://a", "--tool", "my_tools"], "MODULE:FUNCTION"),
        (["--url", "http://a", "--tool", "my_tools:"], "MODULE:FUNCTION"),
        (["--url", "http://a", "--tool", ".:x"], "'.'"),
        (["--url", "http://a", "--tool", "no_tools:boom"], "no module 'no_tools'"),
        (["--url", "http://a", "--tool", "broken:boom"], "raised ModuleNotFoundError"),
        (["--url", "http://a", "--tool", "wrong:boom"], "raised SyntaxError"),
        (["--url", "http://a", "--tool", "my_tools:bang"], "has no 'bang'"),
        (["--url", "http://a", "--tool", "my_tools:not_callable"], "function"),
        (["--url", "http://a", "--tool", "my_tools:of_bytes"], "parameter 'data'"),
        (["--url", "http://a", "--tool", "my_tools:of_nothing"], "no type hint"),
        (["--url", "http://a", *["--tool", "my_tools:boom"] * 2], "two tools"),
    ],
)
def test_wrong_usage_is_said_before_the_first_question(
    args: list[str], told: str, tmp_path: Path
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "broken.py").write_text("import no_such_module")
    (tmp_path / "wrong.py").write_text("def")
    result = run(*args, stdin="Hi\n")
    assert result.exit_code == exit_codes.USAGE
    assert told in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert chats(tmp_path) == []


def test_what_is_refused_at_a_question_is_said(tmp_path: Path) -> None:
    """A chat has an image, and the service it goes on with has none."""
    path = tmp_path / "chat.json"
    chat = Conversation(url="http://localhost:1")
    saved = json.loads(chat.to_json())
    image = {"type": "image_url", "image_url": {"url": "https://x.example/cat.png"}}
    saved["messages"] = [{"id": "1", "role": "user", "text": "Look", "parts": [image]}]
    path.write_text(json.dumps(saved))
    before = path.read_text()
    url = ["--dialect", "ollama", "--url", "http://localhost:1", "--model", "m"]
    result = run(*url, "--file", str(path), stdin="And?\n")
    assert result.exit_code == exit_codes.USAGE
    assert "image" in result.stderr
    assert path.read_text() == before


# Files


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


# Tools


def test_tools_are_called_if_the_user_has_said_yes(playground: Playground, tmp_path: Path) -> None:
    tools = ["--tool", "my_tools:get_weather", "--tool", "my_tools:boom", "--yes"]
    url = ["--base-url", playground.openai_url, "--model", "m"]
    result = run(*url, *tools, stdin="get weather for Paris and boom\n")
    assert result.exit_code == 0
    called, results = result.stderr.splitlines()[:2], result.stderr.splitlines()[2:]
    assert called == ['→ get_weather(city="Paris")', "→ boom()"]
    assert sorted(results) == [
        "← boom: boom failed: LookupError: nothing there",
        "← get_weather: 18 degrees in Paris …",
    ]
    assert "The tool answered" in result.stdout
    (path,) = chats(tmp_path)
    roles = [role for role, _ in messages(path)]
    assert roles == ["user", "assistant", "tool", "tool", "assistant"]


def test_without_a_terminal_they_are_refused(playground: Playground) -> None:
    url = ["--base-url", playground.openai_url, "--model", "m"]
    result = run(*url, "--tool", "my_tools:get_weather", stdin="get weather for Paris\n")
    assert result.exit_code == 0
    assert "--yes" in result.stderr
    assert "18 degrees" not in result.output
    assert "refused" in result.stdout


def test_a_service_that_refuses_is_quoted(tmp_path: Path) -> None:
    body = b'{"error": {"message": "No such \\u001b[31m model"}}'

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sized("404 Not Found", body, "application/json"))

    with Server(script) as server:
        result = run("--url", server.url, stdin="One\n")
    assert "No such" in result.stderr
    assert "\x1b" not in result.stderr
    assert result.exit_code == 8
