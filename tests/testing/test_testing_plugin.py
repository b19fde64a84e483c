"""The pytest plugin, as the tests of a program that is built on this library use it."""

from __future__ import annotations

import json
import math
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from wire_server import SOON, eventually

from suggestions import SuggestionsEventSource, ask_question_sync, errors, testing
from suggestions.testing import FAULTS, SuggestionsServer, replay

pytest_plugins = ["pytester"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "testing.md"
A_USERS_TESTS = """
    import pytest
    from suggestions import SuggestionsEventSource, errors
    from suggestions.testing import FAULTS


    def ask(server, **options):
        return SuggestionsEventSource("Hi", "token", url=server.url, **options)


    def test_an_answer(suggestions_server):
        suggestions_server.answer("Hello there, you", delay=0.001)
        source = ask(suggestions_server)
        assert list(source) == ["Hello", " there,", " you"]
        (request,) = suggestions_server.requests
        assert request.json == {"question": "Hi"}
        assert request.headers["authorization"] == "Bearer token"
        assert "token" not in repr(request)


    def test_a_status(suggestions_server):
        suggestions_server.fails(429, retry_after=7)
        with pytest.raises(errors.QuotaExceededError) as caught:
            ask(suggestions_server).result()
        assert caught.value.retry_after == 7


    def test_a_cut(suggestions_server):
        suggestions_server.cut_after(3, "One two three four")
        with pytest.raises(errors.IncompleteStreamError) as caught:
            ask(suggestions_server).result()
        assert caught.value.partial_text == "One two three"


    @pytest.mark.parametrize("name", ["reset in mid-stream", "bad certificate"])
    def test_a_fault(suggestions_server, name):
        suggestions_server.misbehaves(name)
        with pytest.raises(errors.NetworkError):
            ask(suggestions_server).result()
"""


@pytest.fixture
def server() -> Iterator[SuggestionsServer]:
    with SuggestionsServer() as server:
        yield server


def ask(server: SuggestionsServer, **options: Any) -> SuggestionsEventSource:
    return SuggestionsEventSource("Hi", "token", url=server.url, **options)


def test_a_users_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(A_USERS_TESTS)
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=5)


def test_a_test_that_fails_does_not_hang(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from suggestions import SuggestionsEventSource

        def test_silence(suggestions_server):
            suggestions_server.misbehaves("silence in mid-stream")
            source = SuggestionsEventSource("Hi", url=suggestions_server.url)
            assert source.wait(0.1)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(failed=1)


def test_pytest_lists_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.runpytest_subprocess("--fixtures").stdout.fnmatch_lines(
        ["suggestions_server*", "*service*"]
    )


def test_pytest_finds_it() -> None:
    (entry,) = entry_points(group="pytest11", name="suggestions")
    assert entry.value == "suggestions.testing.plugin"


def test_it_costs_nothing_until_it_is_used() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import suggestions.testing.plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [
        "suggestions",
        "suggestions._util",
        "suggestions._util.lazy",
        "suggestions.testing",
        "suggestions.testing.plugin",
    ]


# The server itself


def test_one_answer_after_another_and_the_last_for_ever(server: SuggestionsServer) -> None:
    server.fails(503)
    server.answer("one")
    server.answer(["t", "wo"])
    assert ask(server, retries=1).result() == "one"
    assert [ask(server).result() for _ in range(3)] == ["two"] * 3
    assert len(server.requests) == 5


def connection_to(server: SuggestionsServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), SOON)


def test_a_connection_without_a_request_uses_nothing_up(server: SuggestionsServer) -> None:
    server.fails(503)
    server.answer("Hello")
    connection_to(server).close()
    with connection_to(server), pytest.raises(errors.ServiceUnavailableError):
        ask(server).result()
    assert ask(server).result() == "Hello"


def test_a_handshake_without_a_request_uses_nothing_up() -> None:
    # No authority has signed this certificate: what asks here does not verify it.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with SuggestionsServer(certificate=Path(testing.__file__).with_name("untrusted.pem")) as server:
        server.fails(503)
        server.answer("Hello")
        connection_to(server).close()
        with connection_to(server) as plain, context.wrap_socket(plain):
            pass
        for status in (b"503", b"200"):
            with connection_to(server) as plain, context.wrap_socket(plain) as sock:
                sock.sendall(b"POST /ask HTTP/1.1\r\n\r\n")
                assert sock.makefile("rb").readline().split()[1] == status


def test_what_a_script_leaves_unread_costs_no_answer(server: SuggestionsServer) -> None:
    server.plays(lambda peer: peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nHi"))
    with connection_to(server) as sock:
        sock.sendall(b"POST /ask HTTP/1.1\r\nContent-Length: 6\r\n\r\nunread")
        # A reset, which is what follows where unread bytes are left, would be raised here.
        assert sock.makefile("rb").read().endswith(b"Hi")


@pytest.mark.parametrize(
    ("seconds", "header"),
    [(7, "7"), (7.0, "7"), (0, "0"), (0.05, "0.05"), (2_592_000, "2592000"), (1e20, f"{10**20}")],
)
def test_retry_after_is_told_in_digits(
    server: SuggestionsServer, seconds: float, header: str
) -> None:
    server.fails(429, retry_after=seconds)
    source = ask(server)
    assert isinstance(source.wait(SOON) and source.error, errors.QuotaExceededError)
    assert source.error
    assert source.error.retry_after == seconds
    with connection_to(server) as sock:
        sock.sendall(b"POST /ask HTTP/1.1\r\n\r\n")
        lines = sock.makefile("rb").read().split(b"\r\n")
    assert f"Retry-After: {header}".encode() in lines


def test_a_whole_answer(server: SuggestionsServer) -> None:
    server.answer("Hello there")
    assert ask_question_sync("Hi", url=server.url) == "Hello there"
    assert server.requests[0].json == {"question": "Hi", "stream": False}


def test_a_body_of_ones_own(server: SuggestionsServer) -> None:
    server.sends(b'{"message": "a"}\n', b'{"message": "b"}\n', content_type="application/x-ndjson")
    assert ask(server, dialect="json_lines").result() == "ab"


def test_a_script_of_ones_own(server: SuggestionsServer) -> None:
    server.plays(lambda peer: peer.send(b"HTTP/1.1 418 Teapot\r\n\r\n"))
    with pytest.raises(errors.StatusError) as caught:
        ask(server).result()
    assert caught.value.status == 418


def test_a_server_without_a_script_says_so(server: SuggestionsServer) -> None:
    with pytest.raises(errors.StatusError, match="has set nothing up"):
        ask(server).result()


def test_a_misbehaviour_that_is_none(server: SuggestionsServer) -> None:
    with pytest.raises(ValueError, match="is no fault: expected one of reset before"):
        server.misbehaves("reset")


HALF_A_PAIR = "a \ud800 b"


@pytest.mark.parametrize(
    ("tell", "kind", "words"),
    [
        (lambda server: server.answer(None), TypeError, "text must be a str or a sequence of str"),
        (lambda server: server.answer(b"abc"), TypeError, "a sequence of str, not b'abc'"),
        (lambda server: server.answer(["a", 2]), TypeError, "text[1] must be a str, not 2"),
        (
            lambda server: server.answer(HALF_A_PAIR),
            ValueError,
            "text must be what UTF-8 can write",
        ),
        (
            lambda server: server.answer(["a", HALF_A_PAIR]),
            ValueError,
            "text[1] must be what UTF-8",
        ),
        (lambda server: server.fails("429"), TypeError, "status must be an int, not '429'"),
        (lambda server: server.fails(True), TypeError, "status must be an int, not True"),
        (lambda server: server.fails(200), ValueError, "status must be from 400 to 599, not 200"),
        (lambda server: server.fails(399), ValueError, "status must be from 400 to 599, not 399"),
        (lambda server: server.fails(99999), ValueError, "from 400 to 599, not 99999"),
        (lambda server: server.fails(429, None), TypeError, "message must be a str, not None"),
        (lambda server: server.fails(429, HALF_A_PAIR), ValueError, "message must be what UTF-8"),
        (lambda server: server.cut_after("1"), TypeError, "chunks must be an int, not '1'"),
        (lambda server: server.cut_after(True), TypeError, "chunks must be an int, not True"),
        (lambda server: server.cut_after(-1), ValueError, "chunks must be 0 or more, not -1"),
        (lambda server: server.cut_after(1, None), TypeError, "text must be a str or a sequence"),
        (lambda server: server.sends("data: Hi"), TypeError, "parts[0] must be bytes, not 'data: "),
        (lambda server: server.sends(b"a", None), TypeError, "parts[1] must be bytes, not None"),
        (lambda server: server.sends(status="200"), TypeError, "status must be an int, not '200'"),
        (lambda server: server.sends(status=199), ValueError, "from 200 to 599, not 199"),
        (lambda server: server.sends(status=600), ValueError, "from 200 to 599, not 600"),
        (lambda server: server.sends(content_type=None), TypeError, "content_type must be a str"),
        (
            lambda server: server.sends(content_type="a\nb"),
            ValueError,
            "content_type must be print",
        ),
        (lambda server: server.sends(content_type="\u20ac"), ValueError, "content_type must be pr"),
        (lambda server: server.plays(None), TypeError, "script must be callable, not None"),
    ],
)
def test_a_wrong_argument_raises_at_the_call(
    server: SuggestionsServer, tell: Callable[[Any], object], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        tell(server)
    assert server._steps == []


@pytest.mark.parametrize(
    ("seconds", "kind", "words"),
    [
        ("1", TypeError, "must be a number of seconds, not str"),
        (True, TypeError, "must be a number of seconds, not bool"),
        (-1, ValueError, "must be 0 seconds or more, not -1"),
        (math.nan, ValueError, "must be 0 seconds or more, not nan"),
        (math.inf, ValueError, "must be at most .* seconds, not inf"),
    ],
)
def test_a_time_that_is_none_raises_at_the_call(
    server: SuggestionsServer, seconds: Any, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=f"delay {words}"):
        server.answer("a", delay=seconds)
    with pytest.raises(kind, match=f"delay {words}"):
        server.cut_after(1, delay=seconds)
    with pytest.raises(kind, match=f"delay {words}"):
        server.sends(b"a", delay=seconds)
    with pytest.raises(kind, match=f"retry_after {words}"):
        server.fails(429, retry_after=seconds)
    assert server._steps == []


def test_what_is_at_the_edge_is_done(server: SuggestionsServer) -> None:
    server.answer("")
    server.answer(("a", "b"))
    server.cut_after(0)
    server.cut_after(100, "a b")
    server.sends(bytearray(b"data: Hi\n\n"), delay=0)
    server.fails(599, "", retry_after=0)
    assert ask(server).result(SOON) == ""
    assert ask(server).result(SOON) == "ab"
    for told in ("", "a b"):
        with pytest.raises(errors.IncompleteStreamError) as caught:
            ask(server).result(SOON)
        assert caught.value.partial_text == told
    assert ask(server, dialect="text").result(SOON) == "Hi"
    with pytest.raises(errors.StatusError) as refused:
        ask(server, retries=0).result(SOON)
    assert (refused.value.status, refused.value.retry_after) == (599, 0)


def test_each_misbehaviour_is_a_sentence() -> None:
    assert all(re.fullmatch(r"[A-Z].*\.", tells) for tells in FAULTS.values())


def test_what_a_script_raises_fails_the_test() -> None:
    server = SuggestionsServer()
    server.plays(lambda peer: peer.request().json["nothing"])
    with pytest.raises(errors.ConnectionLostError):
        ask(server).result()
    with pytest.raises(KeyError, match="nothing"):
        server.close()


def test_close_ends_what_goes_on() -> None:
    with SuggestionsServer() as server:
        server.answer("never", delay=1000)
        source = ask(server)
        assert eventually(lambda: server.requests)
    with pytest.raises(errors.NetworkError):
        source.result(SOON)


# Replay


@pytest.mark.parametrize(
    "name", ["empty JSON with 200", "empty with 200", "JSON with 200", "HTML with 200"]
)
def test_a_replay_ends_as_the_answer_did(
    server: SuggestionsServer, name: str, tmp_path: Path
) -> None:
    server.misbehaves(name)
    source = ask(server)
    assert source.wait(SOON)
    source.debug_dump(tmp_path / "dump.json")
    again = replay(tmp_path / "dump.json")
    assert again.wait(SOON)
    assert source.error
    assert again.error
    assert type(again.error) is type(source.error)
    assert (again.error.status, again.error.message) == (source.error.status, source.error.message)


def test_a_replay_tells_when_to_try_again(server: SuggestionsServer, tmp_path: Path) -> None:
    server.fails(429, retry_after=90)
    source = ask(server)
    assert source.wait(SOON)
    place = tmp_path / "dump.json"
    source.debug_dump(place)
    dump = json.loads(place.read_text("utf-8"))
    for seconds in (90, 0.5, None):
        dump["error"]["retry_after"] = seconds
        place.write_text(json.dumps(dump), "utf-8")
        again = replay(place)
        assert again.wait(SOON)
        assert isinstance(again.error, errors.QuotaExceededError)
        assert again.error.retry_after == seconds
    del dump["error"]["retry_after"]  # as dumps were before
    place.write_text(json.dumps(dump), "utf-8")
    with pytest.raises(errors.QuotaExceededError):
        replay(place).result(SOON)


def test_the_documents_example(pytester: pytest.Pytester) -> None:
    section = DOCUMENT.read_text("utf-8").partition("\n## In short\n")[2]
    section = section.partition("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    assert blocks
    pytester.makepyfile("\n".join(blocks))
    outcomes = pytester.runpytest_subprocess("-W", "error").parseoutcomes()
    assert set(outcomes) == {"passed"}
