"""`suggestions chat` on a terminal, as a person uses it."""

from __future__ import annotations

import itertools
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chat_program import chats, echo, messages, prepare
from pseudo_terminal import CTRL_C, CTRL_D, UP, Terminal
from waiting import SOON, eventually
from wire_server import UNTIL_CLOSE, Peer, Server, said

from suggestions import Conversation
from suggestions.playground import Playground
from suggestions.testing.answer_bytes import DONE

HIDES = "\x1b[?25l"
PROMPT = "\n> "


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prepare(monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


@contextmanager
def chat(*args: str, piped: bool = False) -> Iterator[Terminal]:
    """The program, at its first prompt."""
    program = ["-m", "suggestions", "chat", *args]
    with Terminal(*program, env=dict(os.environ), cwd=Path.cwd(), piped=piped) as terminal:
        terminal.expect(PROMPT)
        yield terminal


def then_for_ever(peer: Peer) -> None:
    """Answers the first question for ever, and a second one at once."""
    sent = json.loads(peer.request().body)["messages"]
    if len(sent) > 1:
        peer.send(UNTIL_CLOSE, said(f"answer {len(sent)}"), DONE)
        return
    peer.send(UNTIL_CLOSE, said("so far\n\n"))
    for number in itertools.count():
        peer.send(said(f"word {number} "))
        peer.pause(0.01)


# Lines


def test_questions_and_answers(tmp_path: Path) -> None:
    with Server(echo) as server, chat("--url", server.url) as terminal:
        terminal.line("**One**")
        assert "1: **One**" not in terminal.expect(PROMPT)  # it is Markdown
        terminal.line("a\\")
        terminal.expect("\n. ")
        terminal.line("b")
        assert "3: a" in terminal.expect(PROMPT)
        terminal.line('"""x')
        terminal.expect("\n. ")
        terminal.line('y"""')
        assert "5: x" in terminal.expect(PROMPT)
        terminal.type(CTRL_D)
        assert terminal.end() == 0
    (path,) = chats(tmp_path)
    assert [text for role, text in messages(path) if role == "user"] == ["**One**", "a\nb", "x\ny"]


def test_what_is_pasted_is_one_question() -> None:
    with Server(echo) as server, chat("--url", server.url) as terminal:
        terminal.type("\x1b[200~one\rtwo\x1b[201~\r")
        assert "1: one" in terminal.expect(PROMPT)
        terminal.line("/quit")
        assert terminal.end() == 0
        assert len(server.requests) == 1


def test_the_history_of_lines_goes_on_in_the_next_chat(tmp_path: Path) -> None:
    with Server(echo) as server:
        with chat("--url", server.url) as terminal:
            for line in ("One", "Two", "Two"):
                terminal.line(line)
                terminal.expect(PROMPT)
            terminal.process.kill()  # it is there also without an end in peace
            terminal.end()
        history = tmp_path / "data/suggestions/history"
        assert history.read_text() == "One\nTwo\n"
        assert stat.S_IMODE(history.stat().st_mode) == 0o600
        history.write_text("".join(f"line {n}\n" for n in range(1_500)) + history.read_text())
        with chat("--url", server.url) as terminal:
            terminal.type(UP + UP)
            terminal.expect("One")
            terminal.type("!\r")
            assert "1: One!" in terminal.expect(PROMPT)
            terminal.line("/quit")
            assert terminal.end() == 0
    lines = history.read_text().splitlines()
    assert (len(lines), lines[-3:]) == (1_000, ["Two", "One!", "/quit"])
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_a_question_is_edited_in_its_place(tmp_path: Path) -> None:
    with Server(echo) as server, chat("--url", server.url) as terminal:
        terminal.line("One")
        terminal.expect(PROMPT)
        terminal.line("/edit")
        terminal.expect("> One")
        terminal.line(" more")
        assert "1: One more" in terminal.expect(PROMPT)
        terminal.line("/quit")
        assert terminal.end() == 0
    assert [text for _, text in messages(chats(tmp_path)[0])] == ["One more", "1: One more"]


def test_an_edit_that_is_dropped_changes_nothing(tmp_path: Path) -> None:
    with Server(echo) as server, chat("--url", server.url) as terminal:
        terminal.line("One")
        terminal.expect(PROMPT)
        for drop in (lambda: terminal.interrupt_line(), lambda: terminal.type("\x15" + CTRL_D)):
            terminal.line("/edit")
            terminal.expect("> One")
            drop()
            terminal.expect(PROMPT)
        terminal.line("/quit")
        assert terminal.end() == 0
        assert server.connections == 1
    assert len(messages(chats(tmp_path)[0])) == 2


def test_what_the_terminal_sends_is_no_crash() -> None:
    with Server(echo) as server, chat("--url", server.url) as terminal:
        os.write(terminal._ours, b"\xff\xfe x\r")
        assert "1: " in terminal.expect(PROMPT)
        terminal.line("/quit")
        assert terminal.end() == 0


def test_help_says_where_the_chat_is(tmp_path: Path) -> None:
    with Server(echo) as server, chat("--url", server.url) as terminal:
        terminal.line("/help")
        helped = terminal.expect(PROMPT)
        assert str(tmp_path / "data/suggestions/chats") in helped.replace("\n", "")
        assert "/regenerate" in helped
        terminal.line("/nothing")
        assert "/regenerate" in terminal.expect(PROMPT)
        terminal.line("/quit")
        assert terminal.end() == 0
    assert server.connections == 0


# Going on


def test_a_chat_that_goes_on_shows_where_it_was() -> None:
    with Server(echo) as server:
        with chat("--url", server.url) as terminal:
            for line in ("One", "Two"):
                terminal.line(line)
                terminal.expect(PROMPT)
            terminal.line("/quit")
            terminal.end()
        with chat("--url", server.url, "--continue") as terminal:
            assert terminal.shown.startswith("> Two\n\n")
            assert "3: Two\n" in terminal.shown
            assert "One" not in terminal.shown
            terminal.line("Three")
            assert "5: Three" in terminal.expect(PROMPT)


@pytest.mark.parametrize(("status", "hint"), [("error", "/retry"), (None, "/regenerate")])
def test_a_question_without_an_answer_is_asked_again(
    status: str | None, hint: str, tmp_path: Path
) -> None:
    failed = {"id": "2", "role": "assistant", "text": "", "status": "error"}
    failed["error"] = {"code": "error_network", "message": "Lost."}  # type: ignore[assignment]
    saved = [{"id": "1", "role": "user", "text": "One"}, *([failed] if status else [])]
    (tmp_path / "chat.json").write_text(json.dumps({"version": 1, "messages": saved}))
    with Server(echo) as server, chat("--url", server.url, "--file", "chat.json") as terminal:
        assert hint in terminal.shown
        terminal.line(hint)
        assert "1: One" in terminal.expect(PROMPT)


def test_an_error_is_quoted_and_retry_asks_again(playground: Playground) -> None:
    fails = [True]

    def script(peer: Peer) -> None:
        if fails:
            peer.request()
            peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        else:
            echo(peer)

    with Server(script) as server, chat("--url", server.url) as terminal:
        terminal.line("One")
        shown = terminal.expect(PROMPT)
        assert "Error: " in shown
        assert "/retry" in shown
        fails.clear()
        terminal.line("/retry")
        assert "1: One" in terminal.expect(PROMPT)
        terminal.line("/quit")
        assert terminal.end() == 0


# Ctrl-C


@pytest.mark.parametrize("form", [[], ["--plain"]])
def test_ctrl_c_stops_the_answer_and_the_chat_goes_on(form: list[str], tmp_path: Path) -> None:
    with Server(then_for_ever) as server, chat("--url", server.url, *form) as terminal:
        terminal.line("One")
        terminal.expect("word")
        terminal.type(CTRL_C)
        assert "Stopped" in terminal.expect(PROMPT)
        shown = terminal.shown
        terminal.line("Two")
        assert "answer 3" in terminal.expect(PROMPT)
        terminal.line("/quit")
        assert terminal.end() == 0
    (path,) = chats(tmp_path)
    stopped = Conversation.from_json(path.read_text()).messages[1]
    assert stopped.status == "stopped"
    assert stopped.text.split()[-1] in shown  # all that had come was shown


def test_a_second_ctrl_c_leaves_and_the_chat_is_saved(tmp_path: Path) -> None:
    with Server(then_for_ever) as server, chat("--url", server.url) as terminal:
        terminal.line("One")
        terminal.expect("word")
        terminal.type(CTRL_C)
        terminal.expect(PROMPT)
        terminal.interrupt_line()
        assert terminal.end() == 130
        assert HIDES in terminal.written
        assert terminal.is_as_before
    assert messages(chats(tmp_path)[0])[1][1].startswith("so far")


def test_ctrl_c_drops_the_line_and_a_second_one_leaves(tmp_path: Path) -> None:
    with Server(echo) as server, chat("--url", server.url) as terminal:
        terminal.type("not sent")
        terminal.expect("not sent")
        terminal.interrupt_line()
        assert "leaves" in terminal.expect(PROMPT)
        terminal.line("One")  # now the next one is the first again
        assert "1: One" in terminal.expect(PROMPT)
        terminal.interrupt_line()
        terminal.expect(PROMPT)
        terminal.interrupt_line()
        assert terminal.end() == 130
        assert terminal.is_as_before
    assert len(messages(chats(tmp_path)[0])) == 2


@pytest.mark.parametrize("times", [2, 3, 5])
@pytest.mark.parametrize("gap", [0.0, 0.003, 0.02])
def test_any_number_of_ctrl_c_leaves_the_cursor_and_the_file(
    times: int, gap: float, tmp_path: Path
) -> None:
    with Server(then_for_ever) as server, chat("--url", server.url) as terminal:
        terminal.line("One")
        terminal.expect("word")
        for _ in range(times):
            terminal.type(CTRL_C)
            eventually(lambda: False, gap)
        # The kernel makes one signal of two that come before the first was handled.
        if not eventually(lambda: terminal.process.poll() is not None, 1.0):
            terminal.interrupt_line()
        assert terminal.end() in (130, -2)
        assert HIDES in terminal.written
        assert terminal.is_as_before
    (path,) = chats(tmp_path)
    assert [role for role, _ in messages(path)] == ["user", "assistant"]
    assert list(path.parent.iterdir()) == [path]


def test_a_closed_terminal_saves_the_chat(tmp_path: Path) -> None:
    with Server(then_for_ever) as server, chat("--url", server.url) as terminal:
        terminal.line("One")
        terminal.expect("word")
        terminal.close()
        terminal.process.wait(SOON)
    assert messages(chats(tmp_path)[0])[1][1].startswith("so far")


# Tools


@contextmanager
def with_tools(playground: Playground, *args: str) -> Iterator[Terminal]:
    tools = [f"--tool=my_tools:{name}" for name in ("get_weather", "slow", "boom")]
    with chat("--base-url", playground.openai_url, "--model", "m", *tools, *args) as terminal:
        yield terminal


def test_the_user_is_asked_before_a_call(playground: Playground, tmp_path: Path) -> None:
    with with_tools(playground) as terminal:
        terminal.line("get weather for Paris")
        assert '→ get_weather(city="Paris")' in terminal.expect("Allow? [y/N] ")
        terminal.line("y")
        assert "← get_weather: 18 degrees in Paris …" in terminal.expect(PROMPT)
        terminal.line("get weather for Rome and boom")
        terminal.expect("Allow? [y/N] ")
        terminal.line("")
        assert "→ boom()" in terminal.expect("Allow? [y/N] ")
        terminal.line("y")
        shown = terminal.expect(PROMPT)
        assert "refused" in shown
        assert "← boom: boom failed: LookupError: nothing there" in shown
        terminal.type(UP)
        terminal.expect("get weather for Rome and boom")  # and not "y"
        terminal.interrupt_line()
        terminal.expect(PROMPT)
    roles = [role for role, _ in messages(chats(tmp_path)[0])]
    assert roles[:4] == ["user", "assistant", "tool", "assistant"]


def test_keys_that_were_pressed_before_allow_nothing(playground: Playground) -> None:
    with with_tools(playground) as terminal:
        terminal.type("get weather for Paris\ry\r")
        terminal.expect("Allow? [y/N] ")
        terminal.line("n")
        assert "refused" in terminal.expect(PROMPT)


def test_yes_asks_nothing(playground: Playground) -> None:
    with with_tools(playground, "--yes") as terminal:
        terminal.line("get weather for Paris")
        shown = terminal.expect(PROMPT)
        assert "Allow?" not in shown
        assert "18 degrees" in shown


def test_ctrl_c_stops_a_tool_and_a_question_about_it(playground: Playground) -> None:
    with with_tools(playground) as terminal:
        terminal.line("be slow")
        terminal.expect("Allow? [y/N] ")
        terminal.line("y")
        terminal.expect("\n")
        terminal.type(CTRL_C)
        assert "Stopped" in terminal.expect(PROMPT)
        terminal.line("be slow again")
        terminal.expect("Allow? [y/N] ")
        terminal.interrupt_line()
        assert "Stopped" in terminal.expect(PROMPT)
        terminal.interrupt_line()
        assert terminal.end() == 130


def test_a_stop_after_one_of_two_tools_is_no_error(playground: Playground) -> None:
    tools = [f"--tool=my_tools:{name}" for name in ("slow", "boom")]
    url = ["--base-url", playground.openai_url, "--model", "m"]
    with chat(*url, *tools, "--yes") as terminal:
        terminal.line("be slow and boom")
        terminal.expect("nothing there")
        terminal.type(CTRL_C)
        shown = terminal.expect(PROMPT)
        assert "Stopped" in shown
        assert "Error" not in shown


def test_answers_go_into_a_pipe_and_prompts_to_the_terminal(playground: Playground) -> None:
    with Server(echo) as server, chat("--url", server.url, piped=True) as terminal:
        terminal.line("One")
        terminal.expect(PROMPT)
        terminal.line("Two")
        terminal.expect(PROMPT)
        terminal.type(CTRL_D)
        assert terminal.process.stdout is not None
        assert terminal.process.stdout.read() == b"1: One\n\n3: Two\n"
        assert terminal.end() == 0
