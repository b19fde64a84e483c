"""What SECURITY.md promises, and no other file tests; and that each of its lines has a test."""

from __future__ import annotations

import ast
import gzip
import json
import logging
import random
import re
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from ipaddress import ip_address
from itertools import repeat
from pathlib import Path
from traceback import TracebackException
from typing import Any
from unicodedata import bidirectional
from urllib.parse import quote

import pytest
import requests
from packaging.requirements import Requirement
from packaging.version import Version
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from requests.cookies import cookiejar_from_dict
from script import Script as ScriptedAdapter
from wire_server import (
    CHUNKED,
    DONE,
    LAST_CHUNK,
    SOON,
    TOKEN,
    UNTIL_CLOSE,
    Peer,
    Script,
    Server,
    Told,
    answering,
    eventually,
    framed,
    free_port,
    said,
    server_tls,
    sized,
)

from suggestions import EventSource, SuggestionsEventSource, errors
from suggestions.cli.command_serve import serve
from suggestions.cli.plain_text import visible
from suggestions.dialects import NAMES
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground

ROOT = Path(__file__).parents[2]


# The document


def promises() -> list[str]:
    """Each line of SECURITY.md that promises something, with the names of its tests."""
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    return [" ".join(item.split()) for item in re.findall(r"(?ms)^- (.*?)(?=^- |^#|^$|\Z)", text)]


def named_in(promise: str) -> list[tuple[str, str]]:
    return re.findall(r"`(test_\w+\.py)::(test_\w+)`", promise)


@cache
def all_in(file: str) -> set[str]:
    [path] = (ROOT / "tests").rglob(file)
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("promise", promises())
def test_each_promise_names_tests_that_exist(promise: str) -> None:
    assert named_in(promise)
    assert promise.count("::") == len(named_in(promise))
    for file, test in named_in(promise):
        assert test in all_in(file), f"{file} has no {test}"


def test_each_test_of_this_file_is_named_by_a_promise() -> None:
    named = {test for promise in promises() for file, test in named_in(promise)}
    own = {test for test in all_in(Path(__file__).name) if test.startswith("test_")}
    of_the_document = {test for test in own if test.startswith("test_each_")}
    assert len(of_the_document) == 2
    assert own - of_the_document <= named


# Tokens

Service = AbstractContextManager[str]


def serving(script: Script, **options: Any) -> Callable[[], Service]:
    @contextmanager
    def service() -> Iterator[str]:
        with Server(script, **options) as server:
            yield server.url

    return service


@contextmanager
def no_service() -> Iterator[str]:
    yield f"http://localhost:{free_port()}/ask"


def resetting(peer: Peer) -> None:
    peer.request()
    peer.reset()


def redirecting(peer: Peer) -> None:
    peer.request()
    peer.send(sized("307 Elsewhere", Location="/ask"))


def echoing(peer: Peer) -> None:
    """As the status line, which is no HTTP."""
    peer.send(f"No such key: {peer.request().headers['Authorization']}\r\n\r\n".encode())


def echoing_as_a_size(peer: Peer) -> None:
    peer.send(CHUNKED, f"{peer.request().headers['Authorization']}\r\n".encode())


FAILURES: dict[str, Callable[[], Service]] = {
    "refused": no_service,
    "reset": serving(resetting),
    "a status": serving(answering(sized("500 Oops", b"Oops"))),
    "no HTTP": serving(answering(b"What?\r\n\r\n")),
    "no TLS": lambda: _as_https(serving(lambda peer: peer.send(b"What?\r\n"))()),
    "no HTTP, but the token": serving(echoing),
    "no size, but the token": serving(echoing_as_a_size),
    "redirects": serving(redirecting),
    "malformed": serving(answering(UNTIL_CLOSE, b"data: {\n\n")),
    "cut": serving(answering(CHUNKED, framed(said("Argen")))),
    "no answer": serving(answering(sized("200 OK", b"<p>", content_type="text/html"))),
}


@contextmanager
def _as_https(service: Service) -> Iterator[str]:
    with service as url:
        yield url.replace("http:", "https:")


def with_variables(error: BaseException) -> str:
    """Its traceback as reporters of crashes write it, below the frame of the test itself."""
    assert error.__traceback__ is not None
    below = error.with_traceback(error.__traceback__.tb_next)
    return "".join(TracebackException.from_exception(below, capture_locals=True).format())


@pytest.mark.parametrize("service", FAILURES.values(), ids=FAILURES)
def test_no_log_has_the_token(
    service: Callable[[], Service], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with service() as url:
        source = SuggestionsEventSource("Why?", TOKEN, url=url, dialect="openai", retries=0)
        assert source.wait(SOON)
    assert source.state == "error"
    assert eventually(lambda: "No handler was called for it" in caplog.text)
    assert {"suggestions", "urllib3.connectionpool"} <= {record.name for record in caplog.records}
    logged = [f"{record.getMessage()} {record.args!r}" for record in caplog.records]
    assert TOKEN not in "\n".join([*logged, caplog.text, repr(source)])


@pytest.mark.parametrize("service", FAILURES.values(), ids=FAILURES)
def test_no_traceback_has_the_token(service: Callable[[], Service]) -> None:
    tokens: dict[str, Any] = {"a text": TOKEN, "a provider": lambda: TOKEN}
    for token in tokens.values():
        with service() as url:
            source = SuggestionsEventSource("Why?", token, url=url, dialect="openai", retries=0)
            with pytest.raises(errors.SuggestionsError) as caught:
                source.result(SOON)
            assert source.wait(SOON)
        told = with_variables(caught.value)
        assert caught.value.message in told
        assert TOKEN not in told
    with service() as url:
        failed: list[errors.SuggestionsError] = []
        events = EventSource(url, token=TOKEN, start=False)
        events.connect("error", lambda source, event: failed.append(event.detail))
        events.start()
        assert eventually(lambda: failed)
        events.close()
    told = "".join(TracebackException.from_exception(failed[0], capture_locals=True).format())
    assert TOKEN not in told


SECRET = "sk-secret/\u00fc-1"
OTHER_SECRETS: dict[str, dict[str, Any]] = {
    "Authorization": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "Proxy-Authorization": {"headers": {"Proxy-Authorization": f"Basic {SECRET}"}},
    "api-key": {"headers": {"api-key": SECRET}},
    "a header of ones own": {"headers": {"X-Gateway": SECRET}},
    "in the body": {"dialect": OpenAI("http://x", model="m", apikey=SECRET)},
    "deep in the body": {"options": {"auth": {"user": "u", "values": [[SECRET]]}}},
    "in the query": {"url": f"https://service.example/ask?key={quote(SECRET)}"},
    "in a cookie": {"headers": {"Cookie": f"lang=en; session={SECRET}; mode=dark"}},
    "in a quoted cookie": {"headers": {"Cookie": f'lang=en; session="{SECRET}"'}},
}


SECRETS_OF_SESSIONS: dict[str, dict[str, Any]] = {
    "Authorization": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "a header of ones own": {"headers": {"X-Gateway": SECRET}},
    "a name and a password": {"auth": ("name", SECRET)},
    "Basic": {"auth": HTTPBasicAuth("name", SECRET)},
    "Digest": {"auth": HTTPDigestAuth("name", SECRET)},
    "a name and a password in bytes": {"auth": (b"name", SECRET.encode("latin-1"))},
    "a header in bytes": {"headers": {"X-Gateway": SECRET.encode("latin-1")}},
    "in a cookie": {"cookies": cookiejar_from_dict({"sid": SECRET})},
    "in a quoted cookie": {"cookies": cookiejar_from_dict({"sid": f'"{SECRET}"'})},
    "in the query": {"params": {"key": SECRET}},
    "in the query, as a list": {"params": [("lang", "en"), ("key", SECRET)]},
}
ECHO = [
    json.dumps({"error": {"message": f"Incorrect key: {SECRET}."}}, ensure_ascii=ascii).encode()
    for ascii in (True, False)
]


@pytest.mark.parametrize("given", OTHER_SECRETS.values(), ids=OTHER_SECRETS)
@pytest.mark.parametrize("echo", ECHO, ids=["ASCII", "UTF-8"])
def test_no_error_has_a_secret_that_is_no_token(
    echo: bytes, given: dict[str, Any], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    session = ScriptedAdapter([echo], status=401, content_type="application/json").session()
    url = "https://service.example/ask"
    options = {"url": url, "dialect": "openai", "session": session, "retries": 0, **given}
    source = SuggestionsEventSource("Why?", **options)
    assert source.wait(SOON)
    source.debug_dump(tmp_path / "dump.json")
    assert eventually(lambda: "No handler was called for it" in caplog.text)
    error = source.error
    assert error is not None
    assert error.message.endswith("(It says: Incorrect key: [token].)")
    told = f"{error!r} {error.args} {error.body}{caplog.text}"
    assert "sk-secret" not in told + (tmp_path / "dump.json").read_text("utf-8")


@pytest.mark.parametrize("given", SECRETS_OF_SESSIONS.values(), ids=SECRETS_OF_SESSIONS)
def test_no_error_has_a_secret_of_the_session(
    given: dict[str, Any], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    session = ScriptedAdapter([ECHO[1]], status=403, content_type="application/json").session()
    vars(session).update(given)
    failed: list[errors.SuggestionsError] = []
    url = "https://service.example/ask"
    events = EventSource(url, session=session, start=False)
    events.connect("error", lambda source, event: failed.append(event.detail))
    events.start()
    source = SuggestionsEventSource("Why?", url=url, dialect="openai", session=session)
    assert source.wait(SOON)
    source.debug_dump(tmp_path / "dump.json")
    assert eventually(lambda: failed)
    error = source.error
    assert error is not None
    assert error.message.endswith("(It says: Incorrect key: [token].)")
    told = "".join(f"{told!r} {told.args} {told.body}" for told in (error, *failed)) + caplog.text
    assert "sk-secret" not in told + (tmp_path / "dump.json").read_text("utf-8")


class NoPassword(AuthBase):
    @property
    def username(self) -> str:
        raise RuntimeError("the keyring is locked")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


@pytest.mark.parametrize(
    "given",
    [
        {"cookies": {"sid": SECRET}},
        {"headers": None, "cookies": {"sid": SECRET}},
        {"auth": NoPassword(), "cookies": {"sid": SECRET}},
        {"params": "lang=en", "headers": {"X-Gateway": SECRET}},
    ],
    ids=["a dict of cookies", "no headers", "no password", "a query as a text"],
)
def test_an_odd_session_keeps_no_error_from_being_told(given: dict[str, Any]) -> None:
    session = ScriptedAdapter([ECHO[1]], status=403, content_type="application/json").session()
    vars(session).update(given)
    source = SuggestionsEventSource("Why?", url="https://x.example/", session=session)
    with pytest.raises(errors.AuthenticationError) as caught:
        source.result(SOON)
    assert "sk-secret" not in f"{caught.value!r} {caught.value.body}"


def test_a_password_is_taken_out_as_the_session_sends_it() -> None:
    sent = b64encode(b"name:" + SECRET.encode("latin-1")).decode()
    echo = json.dumps({"error": f"Not known: Basic {sent}"}).encode()
    session = ScriptedAdapter([echo], status=403, content_type="application/json").session()
    session.auth = ("name", SECRET)
    source = SuggestionsEventSource("Why?", url="https://x.example/", session=session)
    with pytest.raises(errors.SuggestionsError) as caught:
        source.result(SOON)
    assert "Not known: Basic [token]" in str(caught.value.body)


def test_no_error_has_a_key_as_it_was_pasted_into_the_query() -> None:
    key = "ab+cdEFGHIJ/klm+nop=="  # where a "+" is a blank, by the letter
    echo = f"Cannot POST /ask?api-key={key}".encode()
    session = ScriptedAdapter([echo], status=404, content_type="text/plain").session()
    url = f"https://service.example/ask?api-key={key}"
    source = SuggestionsEventSource("Why?", url=url, dialect="openai", session=session)
    assert source.wait(SOON)
    error = source.error
    assert error is not None
    assert error.body == "Cannot POST /ask?api-key=[token]"
    assert "cdEFGH" not in f"{error!r} {error.args}"


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"body": {"keys": [SECRET]}, "method": "POST"},
        {"body": json.dumps({"key": SECRET}), "method": "POST"},
    ],
    ids=["a header", "the body", "the body as a text"],
)
def test_no_error_of_a_stream_has_a_secret_that_is_no_token(given: dict[str, Any]) -> None:
    failures: list[errors.SuggestionsError] = []
    session = ScriptedAdapter([ECHO[1]], status=401).session()
    source = EventSource("https://service.example/", session=session, start=False, **given)
    source.connect("error", lambda source, event: failures.append(event.detail))
    source.start()
    assert eventually(lambda: failures)
    assert "Incorrect key: [token]." in str(failures[0].body)
    assert "sk-secret" not in f"{failures[0]!r} {failures[0].args} {failures[0].body}"


@pytest.mark.parametrize(("size", "is_one"), [(7, False), (8, True), (8192, True), (8193, False)])
@pytest.mark.parametrize("place", ["a header", "the body", "the query"])
def test_a_secret_that_is_no_token_has_8_to_8192_characters(
    place: str, size: int, is_one: bool
) -> None:
    secret = "z" * size
    given: dict[str, dict[str, Any]] = {
        "a header": {"headers": {"X-Gateway": secret}},
        "the body": {"options": {"key": secret}},
        "the query": {"url": f"https://service.example/ask?key={secret}"},
    }
    echo = f"Not known: {secret}."
    session = ScriptedAdapter([echo.encode()], status=403, content_type="text/plain").session()
    options = {"url": "https://service.example/ask", "dialect": "openai", **given[place]}
    source = SuggestionsEventSource("Why?", session=session, **options)
    with pytest.raises(errors.SuggestionsError) as caught:
        source.result(SOON)
    assert caught.value.body == ("Not known: [token]." if is_one else echo)


def test_what_can_be_no_secret_stays_in_an_error() -> None:
    document = "What they are: " + "word, " * 2000
    said = "The demo model is not for English users of /ask: true session, application/json."
    said += document
    session = ScriptedAdapter([said.encode()], status=404, content_type="text/plain").session()
    source = SuggestionsEventSource(
        "The demo model?",
        url="https://service.example/ask?model=English%20users",
        dialect="openai",
        session=session,
        headers={"X-Model": "demo", "X-Empty": "", "Accept": "application/json"},
        options={
            "session": "true",
            "user": "English users",
            "tokens": [8, "model"],
            "keywords": document,
        },
    )
    with pytest.raises(errors.StatusError) as caught:
        source.result(SOON)
    assert caught.value.body == said


def test_what_lies_below_an_error_stays_where_it_quotes_no_secret() -> None:
    with no_service() as url:
        source = SuggestionsEventSource("Why?", TOKEN, url=url, retries=0)
        with pytest.raises(errors.ConnectionFailedError) as caught:
            source.result(SOON)
    assert "The above exception was the direct cause" in with_variables(caught.value)


@pytest.mark.parametrize(
    "dialect",
    [
        *NAMES,
        OpenAI("https://service.example", TOKEN, "model"),
        Responses("https://service.example", TOKEN, "model"),
        Anthropic("https://service.example", TOKEN, "model"),
    ],
    ids=str,
)
def test_no_address_has_the_token(dialect: Any) -> None:
    script = ScriptedAdapter([b""])
    url = "https://service.example/ask" if isinstance(dialect, str) else None
    source = SuggestionsEventSource(
        "Why?", TOKEN, url=url, dialect=dialect, session=script.session()
    )
    assert source.wait(SOON)
    [request] = script.requests
    assert TOKEN in str(request.headers)
    assert TOKEN not in str(request.url)
    assert TOKEN not in repr(dialect)


# The wire


def test_certificates_are_verified_by_default() -> None:
    with Server(answering(UNTIL_CLOSE, said("Hi"), DONE), tls=server_tls()) as server:
        assert type(Told(server.url).error()) is errors.TLSError
    assert not server.requests


LITTLE = 64 * 1024 * 1024
"""Bytes, at most, over what there was before."""


def error_and_memory(script: Script, **options: Any) -> tuple[errors.SuggestionsError, int]:
    """The one error that it ends in, and the bytes that were held at most."""
    with Server(script) as server:
        tracemalloc.start()
        try:
            source = SuggestionsEventSource("Why?", TOKEN, url=server.url, **options)
            with pytest.raises(errors.SuggestionsError) as caught:
                source.result(SOON * 3)  # to trace memory is slow
            return caught.value, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def for_ever(head: bytes, piece: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head)
        for part in repeat(piece):
            peer.send(part)

    return script


@pytest.mark.parametrize(
    ("status", "kind", "bound", "expected"),
    [
        ("200 OK", "application/json", 16 * 1024 * 1024, errors.NotAnAnswerError),
        ("200 OK", "text/html", 64 * 1024, errors.NotAnAnswerError),
        ("500 Oops", "application/json", 64 * 1024, errors.StatusError),
    ],
)
def test_an_endless_body_is_read_up_to_a_bound(
    status: str, kind: str, bound: int, expected: type[Exception]
) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n".encode()
    error, memory = error_and_memory(for_ever(head, b"x" * 65536), dialect="openai")
    assert type(error) is expected
    assert len(error.body or "") == 64 * 1024
    assert memory < 4 * bound + 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("status", "kind", "bound"),
    [
        (200, "application/json", 16 * 1024 * 1024),
        (200, "text/html", 128 * 1024),
        (500, "application/json", 128 * 1024),
    ],
)
def test_no_more_of_a_body_is_read_than_its_bound(status: int, kind: str, bound: int) -> None:
    piece = b"x" * 4096
    read: list[bytes] = []
    steps = [lambda: read.append(piece), piece] * (2 * bound // len(piece))
    session = ScriptedAdapter(steps, status=status, content_type=kind).session()
    source = SuggestionsEventSource(
        "Why?", url="https://service.example/ask", dialect="openai", session=session, retries=0
    )
    with pytest.raises(errors.NetworkError):
        source.result(SOON)
    assert len(read) * len(piece) == bound


@pytest.mark.parametrize(("size", "fits"), [(16 * 1024**2 - 1, True), (16 * 1024**2, False)])
def test_an_answer_in_one_piece_has_less_than_16_mebibytes(size: int, fits: bool) -> None:
    begin, end = b'{"choices": [{"message": {"content": "', b'"}, "finish_reason": "stop"}]}'
    text = b"x" * (size - len(begin + end))
    session = ScriptedAdapter([begin, text, end], content_type="application/json").session()
    source = SuggestionsEventSource(
        "Why?", url="https://service.example/ask", dialect="openai", session=session
    )
    if fits:
        assert source.result(SOON) == text.decode()
    else:
        with pytest.raises(errors.NotAnAnswerError):
            source.result(SOON)


def bomb(pattern: bytes) -> bytes:
    """10 to 45 MiB of gzip, which become 10 GiB of the pattern."""
    coder = zlib.compressobj(9, wbits=31)
    head = coder.compress(b"") + coder.flush(zlib.Z_FULL_FLUSH)
    # After a full flush, a piece stands by itself, and so may be repeated.
    mebibyte = pattern * (1024 * 1024 // len(pattern))
    piece = coder.compress(mebibyte) + coder.flush(zlib.Z_FULL_FLUSH)
    return head + piece * (10 * 1024)


@pytest.mark.parametrize("layers", ["gzip", "gzip, gzip"])
@pytest.mark.parametrize(
    ("pattern", "kind", "dialect"),
    [
        (b"\0", "text/event-stream", "openai"),
        (b": ping\n\n", "text/event-stream", "openai"),
        (said("a" * 13), "text/event-stream", "openai"),
        (b"\0", "application/json", "openai"),
        (b"\n", "application/x-ndjson", "ollama"),
        (b"a", "text/plain", "text"),
    ],
    ids=["one event", "pings", "chunks", "JSON", "lines", "text"],
)
def test_a_bomb_ends_in_an_error_and_little_memory(
    pattern: bytes, kind: str, dialect: str, layers: str
) -> None:
    data = bomb(pattern)
    assert len(data) < 45 * 1024 * 1024
    for _ in layers.split()[1:]:
        data = gzip.compress(data)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Encoding: {layers}\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    error, memory = error_and_memory(answering(head.encode(), data), dialect=dialect)
    assert type(error) is errors.MalformedStreamError
    assert "100 times" in error.message
    assert memory < LITTLE


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "length"])
def test_a_long_answer_that_compresses_well_is_no_bomb(chunked: bool) -> None:
    numbers = random.Random(1)
    blocks = [f"{numbers.getrandbits(8 * 1024):x}" * 25 for _ in range(100)]
    text = "".join(blocks)
    data = gzip.compress(text.encode())
    assert len(text) > 5_000_000
    assert 25 < len(text) / len(data) < 50
    size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(data)}"
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n{size}\r\n\r\n"
    )
    pieces = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    body = [*map(framed, pieces), LAST_CHUNK] if chunked else [data]
    with Server(answering(head.encode(), *body)) as server:
        source = SuggestionsEventSource("Why?", TOKEN, url=server.url, dialect="text")
        assert source.result(SOON) == text


def test_an_answer_without_end_ends_with_its_time() -> None:
    with Server(for_ever(CHUNKED, framed(said("a")))) as server:
        told = Told(server.url, timeouts={"total": 0.3})
        assert type(told.error()) is errors.TotalTimeoutError


# What a person sees

TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
"""The classes of what makes text read other than it is written (Unicode, annex 9)."""


def test_what_turns_text_round_is_shown() -> None:
    turning = [char for char in map(chr, range(0x110000)) if bidirectional(char) in TURNS]
    assert len(turning) == 9
    for char in turning:
        assert visible(f"a{char}b") == f"a\\u{ord(char):04x}b"


# The playground


def test_the_playground_listens_to_this_machine_alone() -> None:
    with Playground() as playground:
        assert playground._server is not None
        assert ip_address(playground._server.server_address[0]).is_loopback
    [host] = [option.default for option in serve.params if option.name == "host"]
    assert ip_address(host).is_loopback


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("", False),
        ("0", False),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_the_playground_says_where_it_is_open(
    host: str, loopback: bool, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        with Playground(host=host):
            said = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    except OSError:
        pytest.skip(f"this machine has no {host}")
    assert len(said) == (0 if loopback else 1), said
    assert loopback or "other machines can reach" in said[0]


# Dependencies

FIXED = {"requests": "2.33.0"}  # CVE-2026-25645
"""The oldest version without an advisory that was known on 2026-11-21."""


def test_no_lower_bound_has_a_known_advisory() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    [dependencies] = re.findall(r"(?ms)^dependencies = \[(.*?)^\]", text)
    bounds = {
        requirement.name: requirement.specifier
        for requirement in map(Requirement, re.findall(r'"(.*)"', dependencies))
    }
    for name, specifier in bounds.items():
        assert [each.operator for each in specifier] == [">="], f"{name} has no lower bound"
    for name, version in FIXED.items():
        [bound] = bounds[name]
        assert Version(bound.version) >= Version(version)
