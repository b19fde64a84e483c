"""`suggestions chat` in a pipe."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_program import TOOLS, chats, echo, messages, prepare, run
from wire_server import UNTIL_CLOSE, Peer, Server, said, sized

from suggestions import Conversation
from suggestions.cli import exit_codes
from suggestions.playground import Playground
from suggestions.testing.answer_bytes import DONE


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prepare(monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


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


def test_an_edit_without_a_text_takes_the_next_line(tmp_path: Path) -> None:
    with Server(echo) as server:
        result = run("--url", server.url, stdin="One\n/edit\nTwo\n/edit\n")
    assert (result.exit_code, result.stdout) == (0, "1: One\n\n1: Two\n")


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
    assert re.search(r"a file: image/png, \d+ bytes. The chat's file has it", result.stderr)
    result = run("--base-url", playground.openai_url, "--model", "m", stdin="Draw a picture\n")
    assert re.search(r"a file: image/png, \d+ bytes. The chat does not keep it", result.stderr)


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
