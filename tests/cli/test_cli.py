"""The command line, as a person and a script see it: real processes, pipes, and a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from suggestions import __version__, dialects
from suggestions.cli import exit_codes
from suggestions.cli.markdown import AnswerMarkdown, split_blocks
from suggestions.cli.plain_text import Plain, visible
from suggestions.cli.program import group
from suggestions.dialects.model_api import ModelAPI
from suggestions.events import Event
from suggestions.playground import Playground

QUESTION = "Who won the world cup in 2022?"
SOON = 30.0  # seconds; a bound for what ends at once, never a measure
OURS = ("SUGGESTIONS_TOKEN", "OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME")
TERMINALS = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES")
HOSTILE = "\x1b]0;owned\x07 \x1b[2J \x1b]8;;http://evil\x1b\\link \x9b31m \x7f \u202egpj.exe\u202c"
BOLD = "[bold]not bold[/bold]"


# What the tests stand on


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (*OURS, *TERMINALS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    # A test run in the background ignores Ctrl-C, and would hand that down to the children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


class Service(ThreadingHTTPServer):
    """A raw service: sends `pieces` of text as an answer, or a `body`, and remembers requests.

    While it is `held`, the answer goes on after the pieces with what there is `meanwhile`, a
    comment by default, until the client leaves.
    """

    daemon_threads = True

    def __init__(self, pieces: list[str], *, body: bytes = b"", status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pieces = pieces
        self.body = body
        self.status = status
        self.retry_after = ""
        self.held = False
        self.meanwhile = b": still here\n\n"
        self.left = threading.Event()  # the client has
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        is_json = self.server.body.startswith(b"{")
        self.send_header("Content-Type", "application/json" if is_json else "text/event-stream")
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.end_headers()
        try:
            self._answer()
        except OSError:
            self.server.left.set()

    def _answer(self) -> None:
        if self.server.body:
            self.wfile.write(self.server.body)
            return
        for piece in self.server.pieces:
            self.wfile.write(_message(piece))
        while self.server.held:
            self.wfile.write(self.server.meanwhile)
            time.sleep(0.02)
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


def _message(piece: str) -> bytes:
    chunk = {"choices": [{"delta": {"content": piece}}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


@contextmanager
def service(*pieces: str, held: bool = False, **options: Any) -> Iterator[Service]:
    with Service(list(pieces), **options) as server:
        server.held = held
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.held = False
            server.shutdown()
            thread.join(SOON)


def run(*args: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Result:
    """The program in this process, with pipes."""
    result = CliRunner().invoke(group, args, input=stdin, env=env, prog_name="suggestions")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "suggestions", *args]


@contextmanager
def process(*args: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The program as a process of its own, with pipes."""
    options = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options}
    with subprocess.Popen(command(*args), stdout=subprocess.PIPE, **options) as child:
        try:
            yield child
        finally:
            child.kill()


def run_on_terminal(
    *args: str,
    size: tuple[int, int] = (24, 80),
    interrupt_at: str | None = None,
    env: dict[str, str] | None = None,
) -> tuple[int, str]:
    """The exit code, and all that the program writes to a terminal of `size` (rows, columns)."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    with subprocess.Popen(
        command(*args),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **(env or {})},
    ) as child:
        os.close(theirs)
        written = b""
        while piece := _read(ours):
            written += piece
            if interrupt_at and interrupt_at in written.decode(errors="replace"):
                interrupt_at = None
                child.send_signal(signal.SIGINT)
        os.close(ours)
        return child.wait(SOON), written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux reports that the other side is closed
        return b""


class Screen:
    """What a person who scrolls back sees: as much of a terminal as rich makes use of."""

    _PART = re.compile(r"\x1b\[(\??[\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")

    def __init__(self, written: str, rows: int = 24) -> None:
        self.lines = [""]
        self._row = self._column = 0
        for part in self._PART.finditer(written):
            amount, control, line_end, text = part.groups()
            if control == "A":
                top = max(0, len(self.lines) - rows)  # what has scrolled out is out of reach
                self._row = max(top, self._row - int(amount or 1))
            elif control == "K":
                self.lines[self._row] = ""
            elif line_end == "\r":
                self._column = 0
            elif line_end == "\n":
                self._row += 1
                self.lines += [""] * (self._row + 1 - len(self.lines))
            elif text:
                line = self.lines[self._row].ljust(self._column)
                end = self._column + len(text)
                self.lines[self._row] = line[: self._column] + text + line[end:]
                self._column = end
        assert not self._PART.sub("", written), "a control that no view has use for"

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines).strip()


# The program


def test_version_and_help() -> None:
    assert run("--version").output == f"suggestions {__version__}\n"
    helped = run("ask", "--help").output
    for code, words in exit_codes.TABLE.items():
        assert re.search(rf"^ +{code} +{re.escape(words)}$", helped, re.MULTILINE)
    assert f"[{'|'.join(dialects.NAMES)}]" in re.sub(r"\s", "", helped)
    for name in dialects.NAMES:
        kind = type(dialects.find(name))
        if issubclass(kind, ModelAPI) and kind.key_variable:
            variables = [kind.key_variable, kind.url_variable, kind.model_variable]
            for variable in filter(None, variables):
                assert variable in helped, f"--help has no {variable}"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_one_line(missing: str) -> None:
    _missing(missing, "--version", 'pip install "suggestions-sdk[cli,playground]"')


@pytest.mark.parametrize("name", ["demo", "serve"])
def test_the_playground_without_flask_is_one_line(name: str) -> None:
    _missing("flask", name, 'pip install "suggestions-sdk[cli,playground]"')


def _missing(module: str, argument: str, told: str) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None; sys.argv = ['suggestions', {argument!r}]\n"
        "from suggestions.cli import main; main()"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert child.returncode == 2
    assert child.stdout == ""
    assert told in child.stderr
    assert child.stderr.count("\n") == 1


def test_ask_does_without_flask_and_help_without_rich() -> None:
    code = (
        "import sys; from suggestions.cli.program import group\n"
        "group(['ask', '--help'], standalone_mode=False)\n"
        "assert not {'rich', 'flask', 'requests'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


# Whom to ask


_SETTINGS = {"SUGGESTIONS_TOKEN", "OPENAI_API_KEY", "AI_MODEL_NAME", "ANTHROPIC_API_KEY"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], _SETTINGS),
        (["--dialect", "jetpack"], {"SUGGESTIONS_TOKEN"}),
        (["--dialect", "openai"], {"OPENAI_API_KEY", "AI_MODEL_NAME"}),
        (["--dialect", "responses"], {"OPENAI_API_KEY", "AI_MODEL_NAME"}),
        (["--dialect", "anthropic"], {"ANTHROPIC_API_KEY"}),
    ],
)
def test_without_an_endpoint_it_says_what_to_set(options: list[str], named: set[str]) -> None:
    result = run("ask", *options, "Hello")
    assert result.exit_code == 2
    assert {name for name in _SETTINGS if name in result.output} == named
    assert "suggestions demo" in result.output


def test_without_a_model_it_says_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    result = run("ask", "Hello")
    assert result.exit_code == 2
    assert "api.openai.com wants a model: see --model" in result.output


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--url", "http://a", "--base-url", "http://b", "Hi"], "give one"),
        (["--dialect", "jetpack", "--base-url", "http://b", "Hi"], "--dialect openai"),
        (["--dialect", "text", "--base-url", "http://b", "Hi"], "--dialect openai"),
        (["--dialect", "relay", "Hi"], "--dialect relay has no address of its own"),
        (["--dialect", "xml", "Hi"], "xml"),
        (["--url", "nowhere", "Hi"], "http(s)://host/path"),
        (["--url", "http://a", "--option", "post_id", "Hi"], "NAME=VALUE"),
        (["--url", "http://a", "--option", "stream=false", "Hi"], "stream"),
        (["--url", "http://a", "--option", "post_id=one", "Hi"], "post_id"),
        (["--url", "http://a", "--option", "a=" + "[" * 100_000, "Hi"], "nested too deep"),
        (["--url", "http://a", "--token-file", "no such file", "Hi"], "no such file"),
        (["--url", "http://a", "--token-file", os.devnull, "Hi"], "--token-file"),
        (["--url", "http://a"], "no question"),
        (["--url", "http://a", "  "], "no question"),
        (["--url", "http://a", "two", "words"], "words"),
    ],
)
def test_wrong_usage_is_told(args: list[str], told: str) -> None:
    result = run("ask", *args)
    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("responses", lambda served: ["--base-url", served.responses_url]),
        ("anthropic", lambda served: ["--base-url", served.anthropic_url, "--model", "m"]),
        ("ollama", lambda served: ["--base-url", served.ollama_url, "--model", "m"]),
        ("relay", lambda served: ["--url", served.relay_url]),
        ("text", lambda served: ["--url", served.raw_url]),
        ("json_lines", lambda served: ["--url", served.json_lines_url]),
        ("auto", lambda served: ["--url", served.openai_url + "/chat/completions"]),
    ],
)
def test_every_dialect_can_be_asked(playground: Playground, dialect: str, options: Any) -> None:
    result = run("ask", "--dialect", dialect, *options(playground), QUESTION)
    assert "Argentina" in result.output
    assert result.exit_code == 0


def test_a_key_in_the_environment_that_cannot_be_sent_is_told() -> None:
    result = run("ask", "--dialect", "anthropic", "Hi", env={"ANTHROPIC_API_KEY": "a\nb"})
    assert result.exit_code == 2
    assert "ANTHROPIC_API_KEY" in result.output


def test_two_services_in_the_environment_are_not_guessed_between() -> None:
    env = {"SUGGESTIONS_TOKEN": "one", "OPENAI_API_KEY": "two"}
    result = run("ask", "Hello", env=env)
    assert result.exit_code == 2
    assert "--dialect" in result.output


def test_jetpack_gets_its_own_token_and_options() -> None:
    env = {"SUGGESTIONS_TOKEN": "own", "OPENAI_API_KEY": "foreign", "AI_MODEL_NAME": "foreign"}
    options = ["--option", "post_id=7", "--option", "feature=test me", "--model", "m"]
    with service("Yes.") as server:
        assert run("ask", "--url", server.url, *options, "Hi", env=env).output == "Yes.\n"
    ((_, headers, body),) = server.requests
    assert headers["Authorization"] == "Bearer own"
    assert body == {"question": "Hi", "post_id": 7, "feature": "test me", "model": "m"}


def test_openai_gets_its_own_key_and_model() -> None:
    with service("Yes.") as server:
        env = {
            "OPENAI_BASE_URL": f"{server.url}/v1",
            "OPENAI_API_KEY": "own",
            "AI_MODEL_NAME": "m",
        }
        assert run("ask", "Hi", "--option", "temperature=0.5", env=env).output == "Yes.\n"
        env["SUGGESTIONS_TOKEN"] = "foreign"
        assert run("ask", "Hi", "--dialect", "openai", env=env).output == "Yes.\n"
    (path, headers, body), (_, headers_again, _) = server.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == headers_again["Authorization"] == "Bearer own"
    assert body == {
        "model": "m",
        "temperature": 0.5,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }


def test_a_token_comes_from_a_file(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    env = {"OPENAI_API_KEY": "other", "SUGGESTIONS_TOKEN": "another"}
    with service("Yes.") as server:
        for where in (["--url", server.url], ["--base-url", server.url, "--model", "m"]):
            run("ask", *where, "--token-file", str(token), "Hi", env=env)
    assert [headers["Authorization"] for _, headers, _ in server.requests] == ["Bearer secret"] * 2


def test_a_token_comes_from_a_file_of_an_editor_that_marks_utf_8(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(b"\xef\xbb\xbfsecret\r\n")
    with service("Yes.") as server:
        run("ask", "--url", server.url, "--token-file", str(token), "Hi")
    assert [headers["Authorization"] for _, headers, _ in server.requests] == ["Bearer secret"]


def test_a_token_over_plain_http_is_warned_of_in_one_line() -> None:
    args = ["ask", "--url", "http://host.invalid/", "Hi"]
    result = run(*args, env={"SUGGESTIONS_TOKEN": "secret"})
    assert result.exit_code == exit_codes.BY_ERROR["error_network"]
    assert re.match(r"Warning: .* plain http.*\nError: .*\n$", result.output)


# What is asked


@pytest.mark.parametrize(
    ("args", "stdin", "asked"),
    [
        (["Hi"], None, "Hi"),
        (["Hi"], "", "Hi"),
        ([], "From a pipe\n", "From a pipe"),
        (["-"], "From a pipe\n", "From a pipe"),
        (["Explain"], "line 1\nline 2\n", "Explain\n\nline 1\nline 2"),
        ([], "\ufeffGr\u00fc\u00dfe", "Gr\u00fc\u00dfe"),
    ],
)
def test_the_question(args: list[str], stdin: str | None, asked: str) -> None:
    with service("Yes.") as server:
        run("ask", "--url", server.url, *args, stdin=stdin)
    assert server.requests[0][2] == {"question": asked}


def test_the_system_message_comes_first() -> None:
    with service("Yes.") as server:
        run("ask", "--url", server.url, "--system", "Be brief", "Hi")
    assert server.requests[0][2]["messages"] == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hi"},
    ]


# Exit codes


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("429", 3),
        ("402", 3),
        ("stream-quota", 3),
        ("422", 4),
        ("finish-content-filter", 4),
        ("503", 5),
        ("stream-overloaded", 5),
        ("413", 6),
        ("marker", 7),
        ("marker-cut", 7),
        ("401", 8),
        ("500", 8),
        ("cut", 8),
        ("no-done", 0),
        ("html", 8),
        ("whole", 0),
    ],
)
def test_each_failure_has_its_code_and_one_line(
    playground: Playground, failure: str, code: int
) -> None:
    with process("ask", "--url", f"{playground.jetpack_url}?fail={failure}", QUESTION) as child:
        written, told = child.communicate(timeout=SOON)
    assert child.returncode == code
    assert bool(told) == bool(code)
    if code:
        assert re.fullmatch(rb"Error: [^\n]+\n", told.replace(b"\r\n", b"\n"))
        assert b"JETPACK_AI_ERROR" not in written
    if failure in ("cut", "stream-quota", "no-done"):
        assert written.startswith(b"**Argentina")


@pytest.mark.parametrize(("failure", "code"), [("content_filter", 4), ("context", 6)])
def test_a_status_400_that_says_more_has_its_own_code(
    playground: Playground, failure: str, code: int
) -> None:
    url = f"{playground.openai_url}/chat/completions?fail={failure}"
    assert run("ask", "--dialect", "openai", "--url", url, QUESTION).exit_code == code


def test_the_codes_are_the_documented_ones() -> None:
    assert list(exit_codes.BY_ERROR.values()) == [3, 4, 5, 6, 7, 8]
    assert sorted(exit_codes.TABLE) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 130, 141]


def test_an_empty_answer_and_one_that_was_cut_off_are_noted(playground: Playground) -> None:
    empty = run("ask", "--url", f"{playground.jetpack_url}?fail=empty-answer", "Hi")
    assert (empty.exit_code, empty.output) == (0, "Note: the answer is empty.\n")
    limit = ["--base-url", playground.openai_url, "--option", "max_tokens=3"]
    cut = run("ask", *limit, QUESTION)
    assert cut.exit_code == 0
    assert cut.output.endswith("\nNote: the answer stopped at the allowed length.\n")


# In a pipe


def test_a_pipe_gets_the_text_unchanged(playground: Playground) -> None:
    result = run("ask", "--url", playground.jetpack_url, QUESTION)
    assert result.exit_code == 0
    assert result.output.startswith("**Argentina** won the 2022 FIFA World Cup.")
    assert result.output.endswith(" 1986.\n")
    with service(HOSTILE, BOLD) as server:
        assert run("ask", "--url", server.url, "Hi").output == f"{HOSTILE}{BOLD}\n"


@given(st.lists(st.text("ab\n\x1b", min_size=1, max_size=4)))
def test_plain_text_ends_in_exactly_one_line_end(pieces: list[str]) -> None:
    stream = StringIO()
    with Plain(stream) as plain:
        for piece in pieces:
            plain.show(Event("chunk", piece))
    text = "".join(pieces)
    assert stream.getvalue() == (text.rstrip("\n") + "\n" if text else "")


def test_a_pipe_gets_each_piece_at_once_and_ctrl_c_keeps_them() -> None:
    with service("Half an ", "answer", held=True) as server:
        with process("ask", "--url", server.url, "Hi") as child:
            assert child.stdout
            assert child.stdout.read(14) == b"Half an answer"
            child.send_signal(signal.SIGINT)
            assert child.communicate(timeout=SOON) == (b"\n", b"")
        assert child.returncode == 130
        assert server.left.wait(SOON)


def test_further_ctrl_c_ends_what_the_first_cannot() -> None:
    # The pipe is not read, so that writing blocks.
    with (
        service(*["x" * 1000] * 200, held=True) as server,
        process("ask", "--url", server.url, "Hi") as child,
    ):
        assert child.stdout
        assert child.stdout.read(1) == b"x"
        deadline = time.monotonic() + SOON
        while child.poll() is None and time.monotonic() < deadline:
            child.send_signal(signal.SIGINT)
            time.sleep(0.3)
        # One that comes while the interpreter exits ends it by itself; a shell reports both as 130.
        assert child.poll() in (130, -signal.SIGINT)


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_goes_away_ends_it_quietly(form: list[str]) -> None:
    with service("line\n", held=True) as server:
        server.meanwhile = _message("another line\n")
        with process("ask", *form, "--url", server.url, "Hi") as child:
            assert child.stdout
            assert child.stderr
            child.stdout.readline()
            child.stdout.close()
            assert child.stderr.read() == b""
            assert child.wait(SOON) == 141
        assert server.left.wait(SOON)


@pytest.mark.parametrize("args", [["ask"], ["ask", "--json"], ["ask", "--plain"], ["demo"]])
def test_a_closed_output_is_told_in_one_line(args: list[str]) -> None:
    with service("Hello") as server:
        asked = ["--url", server.url, "Hi"] if args[0] == "ask" else []
        child = subprocess.run(
            ["sh", "-c", 'exec "$@" >&-', "sh", *command(*args, *asked)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert child.stderr == "Error: standard output is closed: there is nowhere to write to.\n"
        assert child.returncode == exit_codes.FAILED
        assert not server.requests


def test_an_encoding_without_the_character_is_no_failure() -> None:
    with (
        service("caf\u00e9 \ud83d") as server,
        process(
            "ask", "--url", server.url, "Hi", env={**os.environ, "PYTHONIOENCODING": "ascii"}
        ) as child,
    ):
        assert child.communicate(timeout=SOON) == (b"caf? ?\n", b"")


# As JSON


def json_lines(result: Result) -> list[dict[str, Any]]:
    # Threads of other tests may print as well.
    lines = [line for line in result.output.splitlines() if line.startswith("{")]
    return [json.loads(line, parse_constant=pytest.fail) for line in lines]


def test_json_has_every_event_up_to_the_end(playground: Playground) -> None:
    usage = ["--option", 'stream_options={"include_usage": true}']
    args = ["--json", "--base-url", playground.openai_url, "--model", "playground-reasoner"]
    result = run("ask", *args, *usage, "17 + 25")
    lines = json_lines(result)
    assert result.exit_code == 0
    assert result.output.isascii()
    assert all(line.keys() == {"type", "detail"} for line in lines)
    assert [line["type"] for line in lines[-2:]] == ["done", "end"]
    told = {line["type"]: line["detail"] for line in lines}
    assert told["open"]["status"] == 200
    assert told["open"]["request_id"]
    assert told["message"].keys() == {"type", "data", "last_event_id"}
    assert told["usage"]["total_tokens"] > 0
    assert told["usage"]["details"]["total_tokens"] == told["usage"]["total_tokens"]
    assert told["reasoning"]
    chunks = "".join(line["detail"] for line in lines if line["type"] == "chunk")
    assert chunks == told["done"] == told["suggestion"]


def test_json_tells_a_failure_once_under_each_of_its_names(playground: Playground) -> None:
    result = run("ask", "--json", "--url", f"{playground.jetpack_url}?fail=stream-quota", "Hi")
    lines = json_lines(result)
    assert result.exit_code == 3
    names = ["error_quota_exceeded", "error_response", "error", "end"]
    assert [line["type"] for line in lines[-4:]] == names
    failure = lines[-4]["detail"]
    assert failure == lines[-3]["detail"] == lines[-2]["detail"]
    assert failure["code"] == "error_quota_exceeded"
    assert failure["class"] == "QuotaExceededError"
    assert failure["severity"] == "info"
    assert failure["partial_text"] == "".join(
        line["detail"] for line in lines if line["type"] == "chunk"
    )


def test_json_has_no_number_that_json_lacks() -> None:
    details = b'{"prompt_tokens": 1, "cost": NaN, "costs": [Infinity, {"a": -Infinity}, 1e999, 2]}'
    body = b'data: {"choices": [], "usage": %s}\n\ndata: [DONE]\n\n' % details
    with service(body=body) as server:
        result = run("ask", "--json", "--url", server.url, "Hi")
    assert result.exit_code == 0
    (usage,) = (line["detail"] for line in json_lines(result) if line["type"] == "usage")
    assert usage["details"] == {
        "prompt_tokens": 1,
        "cost": None,
        "costs": [None, {"a": None}, None, 2],
    }
    with service(body=b'{"message": "later"}', status=429) as server:
        server.retry_after = "9" * 400
        result = run("ask", "--json", "--url", server.url, "Hi")
    assert result.exit_code == 3
    failures = [line["detail"] for line in json_lines(result)]
    assert [failure and failure["retry_after"] for failure in failures] == [None] * len(failures)


def test_json_has_calls(playground: Playground) -> None:
    tool = {"type": "function", "function": {"name": "get_time", "parameters": {}}}
    args = ["--base-url", playground.openai_url, "--option", f"tools={json.dumps([tool])}"]
    result = run("ask", "--json", *args, "Call get_time")
    (call,) = (line["detail"] for line in json_lines(result) if line["type"] == "tool_call")
    assert call["name"] == "get_time"
    assert call["arguments"] == "{}"
    assert "--json" in run("ask", *args, "Call get_time").output


def test_json_ends_after_ctrl_c_as_well() -> None:
    with (
        service("\x7fHalf", held=True) as server,
        process("ask", "--json", "--url", server.url, "Hi") as child,
    ):
        assert child.stdout
        while b'"chunk"' not in child.stdout.readline():
            pass
        child.send_signal(signal.SIGINT)
        rest, told = child.communicate(timeout=SOON)
        assert told == b""
        assert child.returncode == 130
        abort, end = map(json.loads, rest.splitlines()[-2:])
        assert abort == {"type": "abort", "detail": "\x7fHalf"}
        assert end == {"type": "end", "detail": None}


# On a terminal

LONG = "".join(
    f"## Part {part}\n\n"
    + "".join(f"{item}. item {part}-{item}\n" for item in range(1, 40))
    + "\n```python\n"
    + "".join(f"line_{part}_{line} = {line}\n" for line in range(40))
    + f"```\n\nA last paragraph, number {part},\nin two lines ({part}).\n\n"
    for part in range(3)
)


def test_a_long_answer_is_whole_in_the_scrollback() -> None:
    pieces = [LONG[at : at + 13] for at in range(0, len(LONG), 13)]
    with service(*pieces) as server:
        status, written = run_on_terminal("ask", "--url", server.url, "Hi")
    assert status == 0
    lines = [line.strip() for line in Screen(written).lines]
    for part in range(3):
        expected = [
            f"Part {part}",
            *(f"{item} item {part}-{item}" for item in range(1, 40)),
            *(f"line_{part}_{line} = {line}" for line in range(40)),
            f"A last paragraph, number {part},",
            f"in two lines ({part}).",
        ]
        assert [line for line in lines if line in expected] == expected
    assert "\u22ee" not in lines
    assert "\x1b[?25l" in written
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l"), "the cursor stays hidden"


@pytest.mark.parametrize("form", [[], ["--plain"]])
@pytest.mark.parametrize("rows", [24, 3])
def test_an_answer_cannot_drive_the_terminal(form: list[str], rows: int) -> None:
    with service("Look: ", *HOSTILE, "\n\n", BOLD, " &#x202e;&#13; <b>tag</b>") as server:
        status, written = run_on_terminal("ask", *form, "--url", server.url, "Hi", size=(rows, 80))
    assert status == 0
    shown = Screen(written, rows).text
    assert "\u241b]0;owned\u2407 \u241b[2J \u241b]8;;http://evil\u241b" in shown
    assert "\\x9b31m \u2421 \\u202egpj.exe\\u202c" in shown
    assert BOLD in shown
    assert "<b>tag</b>" in shown
    _assert_harmless(written)


def _assert_harmless(written: str) -> None:
    """Nothing but line ends and what rich itself uses to paint."""
    rest = re.sub(r"\x1b\[(\?25[lh]|1A|2K|[\d;]*m)|[\r\n]", "", written)
    assert visible(rest) == rest


@pytest.mark.parametrize("form", [[], ["--plain"], ["--json"]])
def test_an_error_cannot_drive_the_terminal(form: list[str]) -> None:
    body = json.dumps({"error": {"message": f"{HOSTILE}\n{BOLD}", "code": "x"}}).encode()
    with service(body=body, status=400) as server:
        status, written = run_on_terminal("ask", *form, "--url", server.url, "Hi")
    assert status == 8
    assert "]0;owned" in written
    assert BOLD in written
    _assert_harmless(written)


def test_links_are_shown_with_their_address() -> None:
    with service("A [link](https://example.org/) and ![image](https://example.net/).") as server:
        _, written = run_on_terminal("ask", "--url", server.url, "Hi")
    shown = Screen(written).text
    assert "link (https://example.org/)" in shown
    assert "https://example.net/" in shown
    assert "\x1b]8" not in written


def rendered(markdown: str, width: int) -> str:
    stream = StringIO()
    Console(file=stream, width=width).print(AnswerMarkdown(markdown))
    return stream.getvalue()


def test_a_long_word_in_a_table_is_all_there() -> None:
    address = "https://example.org/" + "-".join(str(n) for n in range(50))
    shown = rendered(f"|name|where|\n|--|--|\n|here|{address}|", 40)
    assert f"here{address}" in "".join(shown.split())
    shown = rendered(f"|{address}|\n|--|\n|here|", 40)
    assert address in "".join(shown.split())


def test_bullets_that_are_nested_deep_are_all_there() -> None:
    shown = rendered("\n".join(f"{'  ' * depth}- item {depth}" for depth in range(20)), 100)
    assert re.findall(r"item (\d+)", shown) == [str(depth) for depth in range(20)]


def test_plain_text_on_a_terminal_has_no_markdown_and_no_controls() -> None:
    with service("# Not\n", "a *title*\n\n\n") as server:
        plain = run_on_terminal("ask", "--plain", "--url", server.url, "Hi")
        dumb = run_on_terminal("ask", "--url", server.url, "Hi", env={"TERM": "dumb"})
    assert plain == dumb == (0, "# Not\r\na *title*\r\n")


@pytest.mark.parametrize("form", [[], ["--plain"]])
def test_ctrl_c_keeps_what_there_is_on_the_screen(form: list[str]) -> None:
    with service("First\n\n", "**Second** half", held=True) as server:
        status, written = run_on_terminal(
            "ask", *form, "--url", server.url, "Hi", interrupt_at="half"
        )
        assert server.left.wait(SOON)
    assert status == 130
    assert re.fullmatch(r"First\n+(\*\*)?Second(\*\*)? half", Screen(written).text)


def test_ctrl_c_before_the_first_text() -> None:
    with service(held=True) as server:
        status, written = run_on_terminal(
            "ask", "--url", server.url, "Hi", interrupt_at="Waiting for the answer"
        )
    assert (status, Screen(written).text) == (130, "")


def test_a_failure_on_a_terminal_keeps_the_text_and_tells_the_error(
    playground: Playground,
) -> None:
    status, written = run_on_terminal("ask", "--url", f"{playground.jetpack_url}?fail=cut", "Hi")
    assert status == 8
    assert re.fullmatch(r"Hello! .*\nError: The connection .*", Screen(written).text)


@given(st.text())
def test_nothing_that_is_shown_is_obeyed(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not re.search(r"[^\t\n -~\xa0-\U0010ffff]", shown)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)


SYNTAX = """\
#|-|1.|*|**|_|`|```|~~|>|!|[x](y)|[r]: http://x|<b>|<div>|&#x202e;|&#12;|***|\\|a|   |\t"""
MARKDOWN = st.lists(st.sampled_from([*SYNTAX.split("|"), "|", "\n", "\n\n", " "]), max_size=25)


@given(MARKDOWN)
def test_a_text_is_cut_into_blocks_and_none_of_it_is_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert "\n".join(split_blocks(text)) == text


@given(MARKDOWN, st.integers(2, 40))
def test_any_markdown_is_rendered_and_obeyed_by_no_terminal(pieces: list[str], width: int) -> None:
    shown = rendered("".join(pieces), width)
    assert visible(shown) == shown


# serve


@contextmanager
def served(*args: str, **env: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A playground that serves, and its introduction."""
    with process("serve", "--port", "0", *args, env={**os.environ, **env}) as child:
        assert child.stdout
        lines = iter(child.stdout.readline, b"")
        told = b""
        for line in lines:
            told += line
            if b"fail=429" in line:
                break
        yield child, told.decode()


def test_serve_answers_until_ctrl_c() -> None:
    with served("--pace", "0") as (child, told):
        base_url = re.search(r"OPENAI_BASE_URL=(\S+)", told)
        assert base_url
        result = run("ask", QUESTION, env={"OPENAI_BASE_URL": base_url[1]})
        assert result.output.startswith("**Argentina**")
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=SOON)[1] == b""
        assert child.returncode == 0


def test_what_serve_tells_to_try_works_as_it_stands(tmp_path: Path) -> None:
    with served("--token-env", "MINE", "--pace", "0", MINE="secret") as (_, told):
        assert "secret" not in told
        commands = [part.strip() for part in told.split("another terminal:")[1].split("\n\n")]
        bin_folder = str(Path(sys.executable).parent)
        env = {**os.environ, "MINE": "secret", "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        codes = []
        for line in filter(None, commands):
            if line.startswith("curl "):
                continue  # it need not be on this machine
            done = subprocess.run(
                ["sh", "-c", line], env=env, stdin=subprocess.DEVNULL, capture_output=True
            )
            codes.append(done.returncode)
    assert codes == [0, 3]


def test_serve_wants_the_token_it_was_given() -> None:
    with served("--token-env", "MINE", MINE="secret") as (_, told):
        url = re.search(r"http://\S+/jetpack-ai-query", told)
        assert url
        for token, status in (("wrong", 401), ("secret", 200)):
            response = requests.post(
                url[0],
                json={"question": "Hi", "stream": False},
                headers={"Authorization": f"Bearer {token}"},
                timeout=SOON,
            )
            assert response.status_code == status


def test_serve_warns_of_an_open_host() -> None:
    with served("--host", "0.0.0.0") as (child, _):
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=SOON)[1].startswith(
            b"Warning: other machines can reach 0.0.0.0."
        )


def test_serve_on_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "--port 0" in result.output
    assert result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--host", ""], "--host"),
        (["--host", "\udcff"], "--host"),
        (["--pace", "nan"], "--pace"),
        (["--pace", "-1"], "--pace"),
    ],
)
def test_what_serve_cannot_do_is_told(args: list[str], told: str) -> None:
    result = run("serve", "--port", "0", *args)
    assert result.exit_code == 2
    assert told in result.output.splitlines()[-1]


def test_serve_without_the_token_it_was_promised() -> None:
    result = run("serve", "--token-env", "NOT_SET_ANYWHERE")
    assert result.exit_code == 2
    assert "NOT_SET_ANYWHERE" in result.output
