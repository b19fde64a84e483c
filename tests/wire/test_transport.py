"""The transport over real sockets: timeouts, sessions, redirects, failures, retries."""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import re
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import responses
import urllib3
from requests.adapters import HTTPAdapter
from wire_server import (
    ANSWER,
    CHUNKED,
    DONE,
    LAST_CHUNK,
    SOON,
    TOKEN,
    Peer,
    Script,
    Server,
    Told,
    answering,
    authority,
    ca_file,
    eventually,
    framed,
    free_port,
    full_backlog,
    said,
    server_tls,
    sized,
    tunnel,
    unknown_host,
)

from suggestions import errors
from suggestions._wire.abort import Cancellation
from suggestions._wire.headers import retry_after
from suggestions._wire.retry import retry_delay
from suggestions._wire.timeouts import Deadlines, check_timeouts
from suggestions._wire.transport import Transport
from suggestions.auth import JetpackToken

STREAM = CHUNKED + framed(ANSWER) + LAST_CHUNK
FOR_EVER = dict.fromkeys(("connect", "first_byte", "idle", "content", "total"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What requests reads of the environment is the test's own."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[requests.Session]:
    """One that trusts the tests' own authority."""
    with requests.Session() as session:
        session.verify = ca_file(tmp_path)
        yield session


def answer(url: str, **options: Any) -> str:
    return Told(url, **options).wait().source.result()


def failure(url: str, **options: Any) -> Any:
    return Told(url, **{"retries": 0, **options}).error()


# What is sent


def test_the_request() -> None:
    with Server(answering(STREAM)) as server:
        assert answer(server.url + "?a=1") == "Argentina"
    (request,) = server.requests
    assert request.line == "POST /ask?a=1 HTTP/1.1"
    assert json.loads(request.body) == {"question": "Who won the world cup in 2022?"}
    assert dict(request.headers) == {
        "Host": f"localhost:{server.port}",
        "User-Agent": requests.utils.default_user_agent(),
        "Accept": "text/event-stream",
        "Accept-Encoding": "identity",
        "Cache-Control": "no-store",
        "Connection": "keep-alive",
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Content-Length": str(len(request.body)),
    }


def test_headers_of_the_caller_come_first() -> None:
    headers = {"accept": "text/plain", "X-Mine": "1", "cache-control": "max-age=1"}
    with Server(answering(STREAM)) as server:
        assert answer(server.url, headers=headers) == "Argentina"
    (request,) = server.requests
    assert request.headers.get_all("Accept") == ["text/plain"]
    assert request.headers.get_all("Cache-Control") == ["max-age=1"]
    assert request.headers["X-Mine"] == "1"


def test_without_a_token_there_is_no_authorization() -> None:
    with Server(answering(STREAM)) as server:
        assert answer(server.url, token=None) == "Argentina"
    assert "Authorization" not in server.requests[0].headers


# Timeouts. Each place at which a service can keep one waiting, and the timeout that is for it.

Stall = AbstractContextManager[tuple[str, requests.Session | None]]


@contextlib.contextmanager
def stalled_lookup() -> Iterator[tuple[str, None]]:
    over = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(SOON) and [])
        yield "https://slow.localhost/", None
        over.set()


@contextlib.contextmanager
def stalled_connect() -> Iterator[tuple[str, None]]:
    with full_backlog() as port:
        yield f"http://127.0.0.1:{port}/", None


@contextlib.contextmanager
def stalled_tunnel() -> Iterator[tuple[str, requests.Session]]:
    with Server(Peer.wait_for_end) as proxy, requests.Session() as session:
        session.proxies = {"https": proxy.url}
        yield "https://localhost/", session


@contextlib.contextmanager
def stalled_behind_a_tunnel() -> Iterator[tuple[str, requests.Session]]:
    script = silent_after(b"HTTP/1.1 200 Connected\r\n\r\n")
    with Server(script) as proxy, requests.Session() as session:
        session.proxies = {"https": proxy.url}
        yield "https://localhost/", session


@contextlib.contextmanager
def stalled(script: Script, scheme: str = "http") -> Iterator[tuple[str, None]]:
    with Server(script) as server:
        yield server.url.replace("http", scheme), None


def silent_after(*parts: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        peer.wait_for_end()

    return script


def dripping_after(*parts: bytes, drops: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        while True:
            peer.drip(drops)

    return script


WHOLE = CHUNKED.replace(b"text/event-stream", b"application/json")
STALLS: dict[str, dict[str, Callable[[], Stall]]] = {
    "connect": {
        "resolving": stalled_lookup,
        "connecting": stalled_connect,
        "TLS handshake": lambda: stalled(Peer.wait_for_end, "https"),
        "a proxy's tunnel": stalled_tunnel,
        "TLS handshake after a proxy's tunnel": stalled_behind_a_tunnel,
    },
    "first_byte": {
        "awaiting headers": lambda: stalled(silent_after()),
        "headers in drops": lambda: stalled(dripping_after(CHUNKED[:-2], drops=b"A: b\r\n")),
        "preludes in drops": lambda: stalled(dripping_after(drops=b"HTTP/1.1 100 Go\r\n\r\n")),
        "awaiting the first chunk": lambda: stalled(silent_after(CHUNKED)),
        "awaiting a whole answer": lambda: stalled(silent_after(WHOLE)),
        "the first chunk's size in drops": lambda: stalled(dripping_after(CHUNKED, drops=b"0")),
    },
    "idle": {
        "silent after an event": lambda: stalled(silent_after(CHUNKED, framed(said("a")))),
        "silent within an event": lambda: stalled(silent_after(CHUNKED, framed(b"data: "))),
        "silent within a whole answer": lambda: stalled(silent_after(WHOLE, framed(b" "))),
    },
    "content": {
        "comments": lambda: stalled(dripping_after(CHUNKED, drops=framed(b": ping\n\n"))),
        "pings": lambda: stalled(
            dripping_after(CHUNKED, drops=framed(b"event: ping\ndata:{}\n\n"))
        ),
        "empty lines": lambda: stalled(dripping_after(CHUNKED, drops=framed(b"\n"))),
        "an event in drops": lambda: stalled(dripping_after(CHUNKED, drops=framed(b"data"))),
        "comments after an event": lambda: stalled(
            dripping_after(CHUNKED, framed(said("a")), drops=framed(b":\n"))
        ),
        "silent after pings": lambda: stalled(silent_after(CHUNKED, framed(b":\n\n"))),
    },
}
PLACES = [
    pytest.param(name, make, id=place)
    for name, stalls in STALLS.items()
    for place, make in stalls.items()
]
ERROR_OF = {
    "connect": errors.ConnectTimeoutError,
    "first_byte": errors.FirstByteTimeoutError,
    "idle": errors.IdleTimeoutError,
    "content": errors.ContentTimeoutError,
}


@pytest.mark.parametrize(("name", "make"), PLACES)
def test_each_timeout_in_its_place(name: str, make: Callable[[], Stall]) -> None:
    with make() as (url, session):
        error = failure(url, session=session, timeouts={**FOR_EVER, name: 0.15})
    assert type(error) is ERROR_OF[name]
    assert error.message.endswith(" within 0.15 seconds.")


@pytest.mark.parametrize(("name", "make"), PLACES)
def test_the_total_timeout_in_every_place(name: str, make: Callable[[], Stall]) -> None:
    with make() as (url, session):
        error = failure(url, session=session, timeouts={**FOR_EVER, "total": 0.15})
    assert type(error) is errors.TotalTimeoutError
    assert error.message == "The answer was not complete within 0.15 seconds."


@pytest.fixture
def each_look_an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggestions._wire.timeouts.monotonic", itertools.count(0, 3600).__next__)


@pytest.mark.usefixtures("each_look_an_hour_later")
def test_a_whole_answer_may_take_long_while_bytes_arrive() -> None:
    """DeepSeek keeps a busy service's connections alive with blank lines, for minutes."""
    body = b'{"choices": [{"message": {"content": "Argentina"}}]}'
    answer = WHOLE + framed(b"\n") * 5 + framed(body) + framed(b"")

    def script(peer: Peer) -> None:
        peer.request()
        peer.drip(answer, 0.001)

    with Server(script) as server:
        source = Told(server.url, timeouts={**FOR_EVER, "idle": 60, "content": 60}).wait().source
    assert source.result() == "Argentina"


@pytest.mark.usefixtures("each_look_an_hour_later")
def test_a_page_has_one_idle_time() -> None:
    """What it is has been seen by then, and it may go on for ever."""
    page = CHUNKED.replace(b"text/event-stream", b"text/html")
    with stalled(dripping_after(page, drops=framed(b"<p>"))) as (url, _):
        error = failure(url, timeouts={**FOR_EVER, "idle": 60})
    assert type(error) is errors.NotAnAnswerError


def test_the_total_timeout_of_a_stream_that_never_ends() -> None:
    with stalled(dripping_after(CHUNKED, drops=framed(said("a")))) as (url, _):
        assert type(failure(url, timeouts={"total": 0.3})) is errors.TotalTimeoutError


def test_the_total_timeout_counts_across_attempts() -> None:
    with Server(answering(sized("503 Busy"))) as server:
        error = failure(server.url, retries=1000, timeouts={"total": 0.3})
    # Either it passes within an attempt, or no other attempt fits into what is left.
    assert type(error) in (errors.TotalTimeoutError, errors.ServiceUnavailableError)


def test_no_delay_is_longer_than_the_total_timeout() -> None:
    with Server(answering(sized("503 Busy", Retry_After="29"))) as server:
        told = Told(server.url, retries=1, timeouts={"total": 28.9})
        assert type(told.error()) is errors.ServiceUnavailableError
    assert "retry" not in told.names


@pytest.mark.parametrize(
    "script",
    [
        silent_after(b"HTTP/1.1 429 No\r\nContent-Length: 100\r\n\r\n{"),
        answering(b"HTTP/1.1 429 No\r\nContent-Length: 100\r\n\r\n{"),
        answering(b"HTTP/1.1 429 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\nno\r\n"),
        dripping_after(b"HTTP/1.1 429 No\r\n\r\n{", drops=b"{"),
    ],
    ids=["silent", "broken off", "malformed", "in drops"],
)
def test_a_status_counts_though_its_body_does_not_come(script: Script) -> None:
    with Server(script) as server:
        error = failure(server.url, timeouts={"idle": 0.2})
    assert (type(error), error.status) == (errors.QuotaExceededError, 429)
    assert error.body.startswith("{")


def test_a_question_that_is_not_read() -> None:
    with Server(Peer.wait_until_closed) as server:
        error = failure(server.url, question="?" * 30_000_000, timeouts={"first_byte": 0.3})
    assert type(error) is errors.FirstByteTimeoutError


def test_a_slow_stream_is_no_silent_one() -> None:
    peers: list[Peer] = []

    def script(peer: Peer) -> None:
        peers.append(peer)
        peer.request()
        peer.send(CHUNKED)
        peer.drip(framed(ANSWER), 0.02)

    def attempt() -> Told:
        with Server(script) as server:
            return Told(server.url, timeouts={"idle": 1.4, "first_byte": 30}).wait()

    told = attempt()
    while told.source.error is not None and peers[-1].longest_silence > 1:
        told = attempt()  # it was the machine that was silent
    assert told.source.result() == "Argentina"


def test_addresses_share_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_backlog() as dead, Server(answering(STREAM)) as server:
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
            for port in (dead, dead, server.port)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        for seconds in (2.1, 21):  # more, where the machine has other things to do
            told = Told(server.url, retries=0, timeouts={"connect": seconds}).wait()
            if told.source.error is None:
                break
        assert told.source.result() == "Argentina"


@pytest.mark.parametrize("idle", [None, 5])
def test_a_timeout_of_the_systems_own(monkeypatch: pytest.MonkeyPatch, idle: float | None) -> None:
    def no_answer(*_: Any) -> Any:
        raise TimeoutError(110, "Connection timed out")

    monkeypatch.setattr(socket.socket, "connect", no_answer)
    error = failure("http://localhost:1/", timeouts={**FOR_EVER, "connect": idle})
    assert type(error) is errors.ConnectTimeoutError
    assert error.message.startswith("No connection was made ")


BY_DEFAULT = {"connect": 10, "first_byte": 120, "idle": 60, "content": 120, "total": None}


@pytest.mark.parametrize(
    ("timeouts", "checked"),
    [
        (None, BY_DEFAULT),
        ({}, BY_DEFAULT),
        ({"idle": 1}, {**BY_DEFAULT, "idle": 1}),
        ({"content": 2, "total": 3}, {**BY_DEFAULT, "content": 2, "total": 3}),
        ({"content": None}, {**BY_DEFAULT, "content": None}),
        # Who allows a long silence did not ask for a shorter time between messages.
        ({"idle": 300}, {**BY_DEFAULT, "idle": 300, "content": 300}),
        ({"idle": None}, {**BY_DEFAULT, "idle": None, "content": None}),
        ({"idle": 300, "content": 90}, {**BY_DEFAULT, "idle": 300, "content": 90}),
        ({"idle": None, "content": 90}, {**BY_DEFAULT, "idle": None, "content": 90}),
        (FOR_EVER, FOR_EVER),
        (dict.fromkeys(FOR_EVER, float("inf")), FOR_EVER),
        (dict.fromkeys(FOR_EVER, 1e300), FOR_EVER),
    ],
)
def test_timeouts(timeouts: Mapping[str, float | None] | None, checked: object) -> None:
    assert check_timeouts(timeouts) == checked


@pytest.mark.parametrize(
    ("timeouts", "error"),
    [
        ({"read": 1}, ValueError),
        ({"idle": 0}, ValueError),
        ({"idle": -1}, ValueError),
        ({"idle": float("nan")}, ValueError),
        ({"idle": "1"}, TypeError),
        ({"idle": True}, TypeError),
        ({"content": 0}, ValueError),
        ({"content": -1}, ValueError),
        ({"content": "120"}, TypeError),
    ],
)
def test_timeouts_that_are_none(timeouts: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"timeouts\['"):
        check_timeouts(timeouts)


# A user's session


def state(session: requests.Session) -> dict[str, Any]:
    """All of it, down to the pools of its adapters."""
    frozen = {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in vars(session).items()
    }
    frozen["cookies"] = [vars(cookie) for cookie in session.cookies]
    frozen["adapters"] = [
        (prefix, adapter, dict(vars(adapter)), len(adapter.poolmanager.pools))
        for prefix, adapter in session.adapters.items()
    ]
    frozen["hooks"] = {name: list(hooks) for name, hooks in session.hooks.items()}
    return frozen


@pytest.fixture
def unchanged(session: requests.Session) -> Iterator[Callable[[], None]]:
    """Call it when the session is made up; at the end it must be the same."""
    before: list[dict[str, Any]] = []
    yield lambda: before.append(state(session))
    assert before
    assert state(session) == before[0]


def test_headers_cookies_and_the_like(
    session: requests.Session, unchanged: Callable[[], None]
) -> None:
    received: list[int] = []
    session.headers.update({"X-Mine": "1", "User-Agent": "plugin", "Accept": "*/*"})
    session.cookies.set("kept", "2")
    session.params = {"key": "3"}
    session.hooks["response"].append(lambda response, **_: received.append(response.status_code))
    unchanged()
    response = CHUNKED.replace(b"\r\n", b"\r\nSet-Cookie: new=4\r\n", 1) + framed(ANSWER)
    with Server(answering(response)) as server:
        assert answer(server.url, session=session) == "Argentina"
    (request,) = server.requests
    assert request.line == "POST /ask?key=3 HTTP/1.1"
    assert request.headers["X-Mine"] == "1"
    assert request.headers["User-Agent"] == "plugin"
    assert request.headers["Accept"] == "text/event-stream"
    assert request.headers["Cookie"] == "kept=2"
    assert received == [200]


@pytest.mark.parametrize(
    ("token", "header", "expected"),
    [
        (TOKEN, None, f"Bearer {TOKEN}"),
        (None, None, "Basic dXNlcjpwYXNz"),
        (None, "Key 1", "Key 1"),
    ],
)
def test_the_sessions_own_auth(
    session: requests.Session,
    unchanged: Callable[[], None],
    token: str | None,
    header: str | None,
    expected: str,
) -> None:
    session.auth = ("user", "pass")
    unchanged()
    headers = {"Authorization": header} if header else None
    with Server(answering(STREAM)) as server:
        assert answer(server.url, session=session, token=token, headers=headers) == "Argentina"
    assert server.requests[0].headers.get_all("Authorization") == [expected]


def test_a_proxy_that_forwards(session: requests.Session, unchanged: Callable[[], None]) -> None:
    with Server(answering(STREAM)) as proxy:
        session.proxies = {"http": proxy.url.replace("//", "//user:pass@")}
        unchanged()
        url = "http://localhost:9/ask"
        assert answer(url, session=session) == "Argentina"
    (request,) = proxy.requests
    assert request.line == f"POST {url} HTTP/1.1"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Proxy-Authorization"] == "Basic dXNlcjpwYXNz"


def test_a_proxy_with_a_tunnel(session: requests.Session, unchanged: Callable[[], None]) -> None:
    with Server(answering(STREAM), tls=server_tls()) as server, Server(tunnel) as proxy:
        session.proxies = {"https": proxy.url.replace("//", "//user:pass@")}
        unchanged()
        assert answer(server.url, session=session) == "Argentina"
    (connect,), (request,) = proxy.requests, server.requests
    assert connect.line.startswith(f"CONNECT localhost:{server.port} ")
    assert connect.headers["Proxy-Authorization"] == "Basic dXNlcjpwYXNz"
    assert "Authorization" not in connect.headers
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Proxy-Authorization" not in request.headers


def test_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(STREAM)) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert answer("http://localhost:9/ask") == "Argentina"


def test_a_custom_authority(session: requests.Session, unchanged: Callable[[], None]) -> None:
    unchanged()
    with Server(answering(STREAM), tls=server_tls()) as server:
        assert answer(server.url, session=session) == "Argentina"


def test_the_sessions_authority_comes_before_the_environments(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", requests.certs.where())
    with Server(answering(STREAM), tls=server_tls()) as server:
        assert answer(server.url, session=session) == "Argentina"


def test_the_environments_authority(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(session.verify))
    with Server(answering(STREAM), tls=server_tls()) as server:
        assert answer(server.url) == "Argentina"


def test_a_client_certificate(
    session: requests.Session, unchanged: Callable[[], None], tmp_path: Path
) -> None:
    certificate = tmp_path / "client.pem"
    authority().issue_cert("client@localhost").private_key_and_cert_chain_pem.write_to_path(
        str(certificate)
    )
    session.cert = str(certificate)
    unchanged()
    with Server(answering(STREAM), tls=server_tls(wants_client=True)) as server:
        assert answer(server.url, session=session) == "Argentina"


class Counting(HTTPAdapter):
    """An adapter of the user's own."""

    count = 0

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.count += 1
        return super().send(*args, **kwargs)


class Tagged(requests.Session):
    """A session class of the user's own, with what it needs to work."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.tag = tag
        self.mount("http://", Counting())

    def request(self, method: Any, url: Any, **kwargs: Any) -> requests.Response:
        headers = {**kwargs.pop("headers"), "X-Tag": self.tag}
        return super().request(method, url, headers=headers, **kwargs)


def test_an_adapter_of_the_users_own_is_used_as_it_is() -> None:
    with Server(answering(STREAM)) as server, requests.Session() as session:
        adapter = Counting()
        session.mount(server.url, adapter)
        before = dict(vars(adapter))
        assert answer(server.url, session=session) == "Argentina"
        assert vars(adapter) == {**before, "count": 1}
        assert list(session.adapters.values()).count(adapter) == 1


def test_a_session_class_of_the_users_own() -> None:
    with Server(answering(STREAM)) as server, Tagged("mine") as session:
        assert answer(server.url, session=session) == "Argentina"
        assert vars(session)["tag"] == "mine"
        assert session.adapters["http://"].count == 1
    assert server.requests[0].headers["X-Tag"] == "mine"


@pytest.mark.parametrize(
    ("script", "timeouts", "error"),
    [
        (silent_after(), {"first_byte": 0.2}, errors.FirstByteTimeoutError),
        (silent_after(), {"total": 0.2}, errors.TotalTimeoutError),
        (silent_after(CHUNKED), {"first_byte": 0.2}, errors.FirstByteTimeoutError),
        (silent_after(CHUNKED + framed(said("a"))), {"idle": 0.2}, errors.IdleTimeoutError),
        (silent_after(CHUNKED + framed(said("a"))), {"content": 0.2}, errors.ContentTimeoutError),
        (
            dripping_after(CHUNKED + framed(said("a")), drops=framed(b": ping\n\n")),
            {"content": 0.3},
            errors.ContentTimeoutError,
        ),
        (
            dripping_after(CHUNKED, drops=framed(said("a"))),
            {"total": 0.3},
            errors.TotalTimeoutError,
        ),
    ],
)
def test_timeouts_with_an_adapter_of_the_users_own(
    script: Script, timeouts: dict[str, float], error: type[Exception]
) -> None:
    with Server(script) as server, requests.Session() as session:
        session.mount("http://", Counting())
        assert type(failure(server.url, session=session, timeouts=timeouts)) is error


def test_a_pause_with_an_adapter_of_the_users_own_may_be_as_long_as_any() -> None:
    def pause(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED + framed(said("Argen")))
        time.sleep(2.5 * seconds)
        peer.send(framed(said("tina")) + framed(DONE) + LAST_CHUNK)

    for seconds in (0.2, 4.0):
        with Server(pause) as server, requests.Session() as session:
            session.mount("http://", Counting())
            told = Told(server.url, session=session, timeouts={"first_byte": seconds}).wait()
        if "chunk" in told.names:
            break  # else a slow machine has missed a short time, and is given more
    assert told.source.result() == "Argentina"


# Hooks of the session


@pytest.fixture
def hooked(session: requests.Session) -> Callable[[Callable[..., Any]], requests.Session]:
    """Makes a session whose hook is called with each response."""

    def hook(call: Callable[..., Any]) -> requests.Session:
        session.hooks["response"].append(lambda response, **_: call(response))
        return session

    return hook


Hooked = Callable[[Callable[..., Any]], requests.Session]


@pytest.mark.parametrize("own", [False, True], ids=["ours", "the user's adapter"])
def test_a_hook_that_raises_for_a_status(hooked: Hooked, own: bool) -> None:
    session = hooked(requests.Response.raise_for_status)
    if own:
        session.mount("http://", Counting())
    with Server(answering(sized("429 Slow down", b"No.", Retry_After="5"))) as server:
        error = failure(server.url, session=session)
    assert type(error) is errors.QuotaExceededError
    assert (error.status, error.body, error.retry_after) == (429, "No.", 5)


def test_a_hook_that_takes_an_answer_for_an_error(hooked: Hooked) -> None:
    def refuse(response: requests.Response) -> None:
        response.close()
        raise requests.HTTPError("not for you", response=response)

    with Server(answering(STREAM)) as server:
        error = failure(server.url, session=hooked(refuse))
    assert isinstance(error, errors.NetworkError)
    assert "not for you" in error.message


@pytest.mark.parametrize("kind", [ValueError, KeyError])
def test_a_hook_that_fails_is_not_the_services_fault(
    hooked: Hooked, kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(response: requests.Response) -> None:
        raise kind("a slip")

    with Server(answering(STREAM)) as server:
        error = failure(server.url, session=hooked(fail))
    assert type(error) is errors.NetworkError
    assert error.message == f"The answer could not be read: {kind.__name__}."
    assert 'raise kind("a slip")' in caplog.text


@pytest.mark.parametrize("own", [False, True], ids=["ours", "the user's adapter"])
@pytest.mark.parametrize("status", ["200 OK", "422 No"])
def test_a_hook_that_reads_the_body(hooked: Hooked, own: bool, status: str) -> None:
    session = hooked(lambda response: response.content and None)
    if own:
        session.mount("http://", Counting())
    with Server(answering(sized(status, ANSWER))) as server:
        told = Told(server.url, session=session).wait()
    if status == "200 OK":
        assert told.source.result() == "Argentina"
    else:
        assert type(told.source.error) is errors.ModerationError
        assert told.source.error.body == ANSWER.decode()


def test_a_hook_that_takes_the_body_away(hooked: Hooked) -> None:
    session = hooked(lambda response: list(response.iter_content(9)) and None)
    with Server(answering(STREAM)) as server:
        assert isinstance(failure(server.url, session=session), errors.NetworkError)


@pytest.mark.parametrize("again", ["another session", "its connection"])
def test_a_hook_that_asks_again(hooked: Hooked, again: str) -> None:
    def renew(response: requests.Response) -> requests.Response | None:
        if response.status_code != 401:
            return None
        request = response.request.copy()
        request.hooks = requests.hooks.default_hooks()
        request.headers["Authorization"] = "Bearer new"
        renewed: requests.Response = (
            stack.enter_context(requests.Session())
            if again == "another session"
            else response.connection
        ).send(request, stream=True)
        renewed.history.append(response)
        stack.callback(response.close)
        return renewed

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            Server(in_turn(answering(sized("401 No", b"old")), answering(STREAM)))
        )
        assert answer(server.url, session=hooked(renew)) == "Argentina"
    assert [request.headers["Authorization"] for request in server.requests] == [
        f"Bearer {TOKEN}",
        "Bearer new",
    ]


def test_close_ends_what_a_hook_has_asked_for(hooked: Hooked) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        if peer.number == 1:
            peer.send(sized("401 No"))
            return
        peer.send(CHUNKED, framed(said("Argen")))
        peer.wait_for_end()
        gone.set()

    def renew(response: requests.Response) -> requests.Response:
        response.close()
        return stack.enter_context(requests.Session()).send(
            requests.Request("POST", response.url).prepare(), stream=True
        )

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(script))
        told = Told(server.url, session=hooked(renew), start=False)
        told.source.connect("chunk", lambda source, event: source.close())
        told.source.start()
        assert told.wait().names[-2:] == ["abort", "end"]
        assert gone.wait(SOON)


# .netrc


@pytest.fixture
def netrc(tmp_path: Path) -> None:
    path = tmp_path / ".netrc"
    path.write_text("default login thief password stolen\n")
    path.chmod(0o600)


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize(
    ("token", "expected"), [(TOKEN, [f"Bearer {TOKEN}"]), (None, None)], ids=["token", "none"]
)
@pytest.mark.parametrize("given", [True, False], ids=["a session", "no session"])
def test_netrc_replaces_nothing(token: str | None, expected: object, given: bool) -> None:
    with Server(redirecting(307, "/there")) as server, requests.Session() as session:
        url = server.url
        assert requests.utils.get_netrc_auth(url) == ("thief", "stolen")
        assert answer(url, token=token, session=session if given else None) == "Argentina"
    assert [request.headers.get_all("Authorization") for request in server.requests] == [
        expected,
        expected,
    ]


@pytest.mark.usefixtures("netrc")
def test_netrc_adds_nothing_on_another_host() -> None:
    with Server(answering(STREAM)) as there, Server(redirecting(307, there.url)) as server:
        assert answer(server.url) == "Argentina"
    assert "Authorization" not in there.requests[0].headers


# Redirects


def redirecting(status: int, place: str, **headers: str) -> Script:
    """The script of a server that redirects from /ask, and answers anywhere else."""

    def script(peer: Peer) -> None:
        if "/ask" in peer.request().line:
            peer.send(sized(f"{status} Elsewhere", b"Elsewhere.", Location=place, **headers))
        else:
            peer.send(STREAM)

    return script


SECRETS = {"api-key": "secret", "X-Goog-Api-Key": "secret", "Cookie": "session=secret"}


def headers_of(request: Any) -> set[str]:
    """Which of those that carry a secret are there."""
    return {"Authorization", *SECRETS} & set(request.headers.keys())


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize(
    "place", ["/there", "//localhost:{port}/there", "http://LOCALHOST:{port}/there"]
)
def test_a_redirect_on_the_same_host_keeps_the_token(status: int, place: str) -> None:
    script: list[Script] = []
    with Server(lambda peer: script[0](peer)) as server:
        script.append(redirecting(status, place.format(port=server.port)))
        assert answer(server.url, headers={"api-key": "secret"}) == "Argentina"
    first, second = server.requests
    assert second.line == "POST /there HTTP/1.1"
    assert second.body == first.body
    for name in ("Authorization", "api-key", "Accept", "Cache-Control", "Content-Type"):
        assert second.headers[name] == first.headers[name]


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("name", ["another port", "another host", "https"])
def test_a_redirect_elsewhere_carries_no_secret(
    session: requests.Session, status: int, name: str
) -> None:
    script: list[Script] = []
    session.headers["X-Session-Secret"] = "secret"
    with (
        Server(lambda peer: script[0](peer)) as server,
        Server(answering(STREAM)) as other,
        Server(answering(STREAM), tls=server_tls()) as secure,
    ):
        target, place = {
            "another port": (other, other.url),
            "another host": (server, f"http://127.0.0.1:{server.port}/there"),
            "https": (secure, secure.url),
        }[name]
        script.append(redirecting(status, place))
        assert answer(server.url, session=session, headers=SECRETS) == "Argentina"
        first, second = server.requests[0], target.requests[-1]
    assert headers_of(first) == {"Authorization", *SECRETS}
    assert second.line.startswith("POST ")
    assert second.body == first.body
    assert {header.lower() for header in second.headers} == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "cache-control",
        "connection",
        "content-type",
        "content-length",
    }


def test_a_redirect_from_https_to_http_carries_no_secret(session: requests.Session) -> None:
    with (
        Server(answering(STREAM)) as plain,
        Server(redirecting(307, plain.url), tls=server_tls()) as server,
    ):
        assert answer(server.url, session=session, headers=SECRETS) == "Argentina"
    assert headers_of(server.requests[0]) == {"Authorization", *SECRETS}
    assert headers_of(plain.requests[0]) == set()


def test_a_secret_that_was_dropped_does_not_come_back() -> None:
    home: list[str] = []
    with (
        Server(lambda peer: redirecting(307, home[0])(peer)) as other,
        Server(redirecting(307, other.url)) as server,
    ):
        home.append(server.url.replace("/ask", "/there"))
        assert answer(server.url, headers=SECRETS) == "Argentina"
    assert [headers_of(request) for request in server.requests] == [
        {"Authorization", *SECRETS},
        set(),
    ]


def test_cookies_of_the_session_go_where_they_belong(
    session: requests.Session, unchanged: Callable[[], None]
) -> None:
    session.cookies.set("here", "1", domain="localhost.local")
    session.cookies.set("there", "2", domain="127.0.0.1")
    unchanged()
    script: list[Script] = []
    with Server(lambda peer: script[0](peer)) as server:
        place = f"http://127.0.0.1:{server.port}/there"
        script.append(redirecting(307, place, Set_Cookie="new=3"))
        assert answer(server.url, session=session) == "Argentina"
    assert [request.headers["Cookie"] for request in server.requests] == ["here=1", "there=2"]


def test_a_cookie_without_a_domain_goes_to_no_other_host(
    session: requests.Session, unchanged: Callable[[], None]
) -> None:
    session.cookies.set("anywhere", "secret")
    session.cookies.set("there", "2", domain="127.0.0.1")
    unchanged()
    script: list[Script] = []
    with Server(lambda peer: script[0](peer)) as server:
        script.append(redirecting(307, "/here"))
        assert answer(server.url, session=session) == "Argentina"
        script[0] = redirecting(307, f"http://127.0.0.1:{server.port}/there")
        assert answer(server.url, session=session) == "Argentina"
    assert [request.headers["Cookie"] for request in server.requests] == [
        "anywhere=secret",
        "anywhere=secret",
        "anywhere=secret",
        "there=2",
    ]


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_drops_the_question(status: int) -> None:
    with Server(redirecting(status, "/there?key=secret")) as server:
        error = failure(server.url)
    assert type(error) is errors.RedirectError
    assert f"http://localhost:{server.port}/there " in error.message
    assert len(server.requests) == 1


def test_a_get_may_be_redirected_by_303() -> None:
    with Server(redirecting(303, "/there")) as server:
        assert fetch(server.url) == ANSWER
    assert [request.line[:4] for request in server.requests] == ["GET ", "GET "]


@pytest.mark.parametrize("most", [0, 3])
def test_redirects_end(session: requests.Session, most: int) -> None:
    session.max_redirects = most
    with Server(redirecting(307, "/ask")) as server:
        error = failure(server.url, session=session)
    assert type(error) is errors.RedirectError
    assert error.message == "localhost redirects without end. Is the URL right?"
    assert len(server.requests) == most + 1


def test_redirects_between_two_hosts_end() -> None:
    place: list[str] = []
    with (
        Server(lambda peer: redirecting(307, place[0])(peer)) as one,
        Server(redirecting(307, one.url)) as other,
    ):
        place.append(other.url)
        assert type(failure(one.url)) is errors.RedirectError


def test_the_body_of_a_redirect_is_not_read() -> None:
    def script(peer: Peer) -> None:
        if "/ask" not in peer.request().line:
            peer.send(STREAM)
            return
        peer.send(b"HTTP/1.1 307 Elsewhere\r\nLocation: /there\r\n\r\n")
        while True:
            peer.send(b"for ever and ever " * 1000)

    with Server(script) as server:
        assert answer(server.url) == "Argentina"


def test_the_body_of_a_redirect_is_not_the_next_response() -> None:
    forged = sized("200 OK", said("Germany") + DONE)

    def script(peer: Peer) -> None:
        while "/ask" in peer.request().line:
            peer.send(
                b"HTTP/1.1 307 Elsewhere\r\nLocation: /there\r\nContent-Length: %d\r\n\r\n"
                % len(forged)
            )
            peer.pause()
            peer.send(forged)
        peer.send(STREAM)

    with Server(script) as server:
        assert answer(server.url) == "Argentina"


@pytest.mark.parametrize(
    "place", ["ftp://localhost/", "http://[::1/", "http://localhost:99999999/", "x:y"]
)
def test_a_redirect_to_an_address_that_cannot_be_used(place: str) -> None:
    with Server(redirecting(307, place)) as server:
        error = failure(server.url)
    assert type(error) is errors.RedirectError
    assert "redirects to an address that cannot be used" in error.message


@pytest.mark.parametrize("status", ["300 Choices", "304 Not Modified", "307 Nowhere"])
def test_a_redirect_to_nowhere_is_a_status_like_others(status: str) -> None:
    with Server(answering(sized(status))) as server:
        error = failure(server.url)
    assert (type(error), error.status) == (errors.StatusError, int(status[:3]))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("given", ["session", "nonce"])
def test_no_redirect_carries_a_login(status: int, given: str) -> None:
    script = redirecting(status, "/ask/there?key=secret")
    with Server(script) as server, requests.Session() as session:
        session.auth = ("user", "password")
        login = (
            JetpackToken(server.url, session=session)
            if given == "session"
            else JetpackToken(server.url, nonce="secret")
        )
        with pytest.raises(errors.RedirectError, match="redirects the login") as caught:
            login()
    assert len(server.requests) == 1
    assert f"http://localhost:{server.port}/ask/there " in caught.value.message


# Responses of all kinds


def fetch(url: str, method: str = "GET", **timeouts: float | None) -> bytes:
    """A request over the bare transport: the bytes of its body."""
    transport = Transport(Deadlines(check_timeouts(timeouts)), Cancellation())
    try:
        transport.open(method, url, {}, None)
        return b"".join(iter(transport.read, b""))
    finally:
        transport.close()


@pytest.mark.parametrize(
    "preludes",
    [
        [b"HTTP/1.1 100 Continue\r\n\r\n"],
        [b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\nContent-Length: 3\r\n\r\n"],
        [b"HTTP/1.1 102 Processing\r\n\r\n"] * 5,
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"] * 3,
    ],
)
def test_preludes(preludes: list[bytes]) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        for prelude in preludes:
            peer.send(prelude)
            peer.pause()
        peer.send(STREAM)

    with Server(script) as server:
        told = Told(server.url).wait()
    assert told.source.result() == "Argentina"
    (info,) = told.of("open")
    assert dict(info.headers) == {
        "Content-Type": "text/event-stream",
        "Transfer-Encoding": "chunked",
    }


@pytest.mark.parametrize("status", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_endless_preludes_end(status: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        while True:
            peer.send(f"HTTP/1.1 {status}\r\n\r\n".encode())

    with Server(script) as server:
        error = failure(server.url)
    assert (type(error), error.status) == (errors.StatusError, int(status[:3]))


@pytest.mark.parametrize("headers", [b"", b"Connection: keep-alive\r\n"])
def test_http_1_0(headers: bytes) -> None:
    response = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n" + headers + b"\r\n"
    with Server(answering(response, ANSWER)) as server:
        assert answer(server.url) == "Argentina"


def test_a_response_without_a_type_is_taken_for_a_stream() -> None:
    with Server(answering(b"HTTP/1.1 200 OK\r\n\r\n", ANSWER)) as server:
        assert answer(server.url) == "Argentina"


# Failures


def no_tls(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 400 This is no TLS\r\nContent-Length: 0\r\n\r\n")
    peer.wait_for_end()


def resetting_the_handshake(peer: Peer) -> None:
    peer.sock.recv(100)
    peer.reset()


def resetting(*parts: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        if parts:
            peer.pause()
        peer.reset()

    return script


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    yield f"http://localhost:{free_port()}/"


@contextlib.contextmanager
def at(url: str) -> Iterator[str]:
    yield url


@contextlib.contextmanager
def unknown() -> Iterator[str]:
    with unknown_host("nonexistent.invalid"):
        yield "https://nonexistent.invalid/"


@contextlib.contextmanager
def serving(script: Script, *, tls: bool = False, scheme: str | None = None) -> Iterator[str]:
    with Server(script, tls=server_tls() if tls else None) as server:
        yield server.url if scheme is None else re.sub("^https?", scheme, server.url)


LOST = r"The connection to localhost was lost: "
NO_HTTP = r"localhost does not speak HTTP as it should: "


def fails(
    name: str, make: Callable[[], AbstractContextManager[str]], kind: type[Exception], words: str
) -> Any:
    return pytest.param(make, kind, words, id=name)


FAILURES = [
    fails(
        "refused",
        refusing,
        errors.ConnectionFailedError,
        r"No connection to localhost, port \d+: .*refused\.",
    ),
    fails(
        "unknown host",
        unknown,
        errors.NameResolutionError,
        r"The address of nonexistent\.invalid was not found\.",
    ),
    fails(
        "a name that is too long",
        lambda: at(f"https://{'a' * 70}.invalid/"),
        errors.NameResolutionError,
        r"The address of a+\.invalid was not found\.",
    ),
    fails(
        "reset before the headers",
        lambda: serving(resetting()),
        errors.ConnectionLostError,
        LOST + r".*reset.*\.",
    ),
    fails(
        "reset within the headers",
        lambda: serving(resetting(b"HTTP/1.1 200 OK\r\nContent-")),
        errors.ConnectionLostError,
        LOST + r".*reset.*\.",
    ),
    fails(
        "closed before the headers",
        lambda: serving(answering()),
        errors.ConnectionLostError,
        LOST + r".*closed.*\.",
    ),
    fails(
        "reset in mid-stream",
        lambda: serving(resetting(CHUNKED, framed(said("a")))),
        errors.ConnectionLostError,
        LOST + r".*reset.*\.",
    ),
    fails(
        "reset in the TLS handshake",
        lambda: serving(resetting_the_handshake, scheme="https"),
        errors.ConnectionFailedError,
        r"No connection to localhost: .*reset.*\.",
    ),
    fails(
        "unknown authority",
        lambda: serving(answering(STREAM), tls=True),
        errors.TLSError,
        r"No secure connection to localhost: unable to get local issuer certificate\.",
    ),
    fails(
        "no TLS there",
        lambda: serving(no_tls, scheme="https"),
        errors.TLSError,
        r"No secure connection to localhost: \D+\.",
    ),
    fails(
        "TLS there",
        lambda: serving(answering(STREAM), tls=True, scheme="http"),
        errors.ConnectionLostError,
        LOST + r".*\.",
    ),
    fails(
        "no HTTP",
        lambda: serving(answering(b"SSH-2.0-OpenSSH_9.9\r\n")),
        errors.MalformedStreamError,
        NO_HTTP + r"SSH-2\.0-OpenSSH_9\.9\.",
    ),
    fails(
        "a status that is none",
        lambda: serving(answering(b"HTTP/1.1 OK\r\n\r\n")),
        errors.MalformedStreamError,
        NO_HTTP + r".*\.",
    ),
    fails(
        "too many headers",
        lambda: serving(answering(CHUNKED[:-2], b"A: b\r\n" * 1000, b"\r\n")),
        errors.MalformedStreamError,
        NO_HTTP + r"got more than 100 headers\.",
    ),
    fails(
        "a header that is too long",
        lambda: serving(answering(CHUNKED[:-2], b"A: " + b"b" * 100_000, b"\r\n\r\n")),
        errors.MalformedStreamError,
        NO_HTTP + r".*\.",
    ),
]


def causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(("make", "kind", "words"), FAILURES)
def test_failures(
    make: Callable[[], AbstractContextManager[str]], kind: type[Exception], words: str
) -> None:
    with make() as url:
        error = failure(url)
    assert (type(error), error.code) == (kind, "error_network")
    assert re.fullmatch(words, error.message), error.message
    for cause in causes(error):
        assert TOKEN not in f"{cause} {cause!r} {cause.args}"


# Before 2.0, urllib3 itself compared the names; now OpenSSL does.
ANOTHER_NAME = (
    "hostname 'localhost' doesn't match 'another.test'"
    if urllib3.__version__.startswith("1.")
    else "Hostname mismatch, certificate is not valid for 'localhost'"
)


@pytest.mark.parametrize(
    ("host", "options", "words"),
    [
        ("another.test", {}, ANOTHER_NAME),
        ("localhost", {"not_after": datetime(2020, 1, 1, tzinfo=timezone.utc)}, "expired"),
    ],
)
def test_a_certificate_that_is_not_right(
    session: requests.Session, host: str, options: dict[str, Any], words: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(host, **options).configure_cert(context)
    with Server(answering(STREAM), tls=context) as server:
        error = failure(server.url, session=session)
    assert type(error) is errors.TLSError
    assert words in error.message


def test_a_client_certificate_that_is_missing(session: requests.Session) -> None:
    with Server(answering(STREAM), tls=server_tls(wants_client=True)) as server:
        error = failure(server.url, session=session)
    assert type(error) in (errors.TLSError, errors.ConnectionLostError)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(session: requests.Session, scheme: str) -> None:
    session.proxies = {scheme: f"http://localhost:{free_port()}"}
    error = failure(f"{scheme}://localhost/", session=session)
    assert type(error) is errors.ConnectionFailedError
    assert error.message.startswith("No connection to the proxy localhost, port ")


def test_a_proxy_that_refuses(session: requests.Session) -> None:
    with Server(answering(sized("403 Forbidden"))) as proxy:
        session.proxies = {"https": proxy.url}
        error = failure("https://nonexistent.invalid/", session=session)
    assert type(error) is errors.ConnectionFailedError
    assert error.message.startswith("The proxy does not reach nonexistent.invalid: ")
    assert "403" in error.message


@pytest.mark.parametrize(
    "script",
    [answering(sized("403 Forbidden")), answering(), Peer.wait_for_end],
    ids=["refused", "closed", "silent"],
)
def test_a_tunnel_that_fails_leaves_nothing_to_the_garbage_collector(
    session: requests.Session, script: Script
) -> None:
    process = psutil.Process()
    with Server(script) as proxy:
        session.proxies = {"https": proxy.url}
        gc.collect()
        gc.disable()
        try:
            before = process.num_fds()
            assert failure("https://localhost/", session=session, timeouts={"connect": 0.15})
            assert eventually(lambda: process.num_fds() <= before)
        finally:
            gc.enable()


@pytest.mark.parametrize("proxy", ["http://:x:y", "socks5://localhost:9", "nonsense://"])
def test_a_proxy_that_is_none(session: requests.Session, proxy: str) -> None:
    session.proxies = {"https": proxy}
    error = failure("https://localhost/", session=session)
    assert type(error) is errors.ConnectionFailedError


@pytest.mark.parametrize("mark", "#/?")
def test_a_proxys_password_that_is_not_escaped_is_not_quoted(
    session: requests.Session, mark: str
) -> None:
    session.proxies = {"https": f"http://user:hunter2{mark}Geheim@localhost:9"}
    error = failure("https://localhost/", session=session)
    assert type(error) is errors.ConnectionFailedError
    assert "must be written as %23, %2F and %3F" in error.message
    told = "".join(traceback.format_exception(error))
    assert "hunter2" not in told
    assert "Geheim" not in told


def test_a_header_that_cannot_be_sent(session: requests.Session) -> None:
    session.headers["X-Name"] = "日本"
    with Server(answering(STREAM)) as server:
        error = failure(server.url, session=session)
    assert error.message == "A header cannot be sent: check those of the session."


def test_what_had_arrived_is_kept() -> None:
    read = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("Argen")))
        assert read.wait(SOON)  # a reset drops what was not read yet
        peer.reset()

    with Server(script) as server:
        told = Told(server.url, on={"chunk": lambda source, event: read.set()})
        assert type(told.error()) is errors.ConnectionLostError
    assert told.of("chunk") == ["Argen"]
    assert told.source.error.partial_text == told.source.full_message == "Argen"


# Retries


@pytest.fixture
def no_delay(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were to be waited for, and were not."""
    waits: list[float] = []
    monkeypatch.setattr(Cancellation, "sleep", lambda self, seconds: waits.append(seconds))
    return waits


def in_turn(*scripts: Script) -> Script:
    """Another script for each connection; the last one for all that follow."""
    return lambda peer: scripts[min(peer.number, len(scripts)) - 1](peer)


def test_a_connection_that_was_refused_is_tried_again() -> None:
    port = free_port()
    with contextlib.ExitStack() as servers:

        def listen(source: Any, event: Any) -> None:
            if event.detail.attempt == 3:
                servers.enter_context(Server(answering(STREAM), port=port))

        told = Told(f"http://localhost:{port}/", on={"retry": listen}).wait()
        assert told.source.result() == "Argentina"
    assert [retry.attempt for retry in told.of("retry")] == [2, 3]
    for retry, least, most in zip(told.of("retry"), (0.125, 0.25), (0.25, 0.5), strict=True):
        assert least <= retry.delay <= most
        assert type(retry.error) is errors.ConnectionFailedError
    assert told.names[:3] == ["retry", "retry", "open"]


@pytest.mark.usefixtures("no_delay")
def test_by_default_a_connection_is_tried_three_times() -> None:
    told = Told(f"http://localhost:{free_port()}/")
    assert type(told.error()) is errors.ConnectionFailedError
    assert told.names == ["retry", "retry", "error_network", "error_response", "error", "end"]


@pytest.mark.parametrize(
    "script",
    [answering(sized("503 Busy", Retry_After="0")), answering(), resetting(), silent_after()],
    ids=["503", "closed", "reset", "silent"],
)
def test_by_default_what_was_sent_is_not_sent_again(script: Script) -> None:
    with Server(script) as server:
        told = Told(server.url, timeouts={"first_byte": 0.2})
        assert told.error()
    assert "retry" not in told.names
    assert server.connections == 1


@pytest.mark.usefixtures("no_delay")
@pytest.mark.parametrize(
    ("status", "again"),
    [
        *((status, True) for status in (408, 429, 500, 502, 503, 504, 529)),
        *((status, False) for status in (204, 400, 401, 402, 403, 404, 409, 413, 422)),
    ],
)
def test_with_retries_what_may_pass_is_tried_again(status: int, again: bool) -> None:
    with Server(in_turn(answering(sized(f"{status} No")), answering(STREAM))) as server:
        told = Told(server.url, retries=1).wait()
    assert told.of("done") == (["Argentina"] if again else [])
    assert [retry.error.status for retry in told.of("retry")] == ([status] if again else [])
    assert server.connections == 1 + again


@pytest.mark.usefixtures("no_delay")
@pytest.mark.parametrize("retries", [0, 1, 4])
def test_retries_are_how_many_more_attempts(retries: int) -> None:
    with Server(answering(sized("503 Busy"))) as server:
        told = Told(server.url, retries=retries)
        assert type(told.error()) is errors.ServiceUnavailableError
    assert [retry.attempt for retry in told.of("retry")] == list(range(2, retries + 2))
    assert len(server.requests) == retries + 1
    assert told.names.count("error") == 1


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("3", 3, 3),
        ("0", 0.125, 0.25),
        (None, 0.125, 0.25),
        ("soon", 0.125, 0.25),
        (lambda now: format_datetime(now + timedelta(seconds=20), usegmt=True), 15, 20),
        (lambda now: format_datetime(now - timedelta(hours=1), usegmt=True), 0.125, 0.25),
    ],
    ids=["seconds", "zero", "none", "a word", "a date", "a date in the past"],
)
def test_retry_after_is_honoured(
    no_delay: list[float], value: Any, least: float, most: float
) -> None:
    def busy(peer: Peer) -> None:
        peer.request()
        wanted = value(datetime.now(timezone.utc)) if callable(value) else value
        headers = {} if wanted is None else {"Retry_After": wanted}
        peer.send(sized("503 Busy", **headers))

    with Server(in_turn(busy, answering(STREAM))) as server:
        told = Told(server.url, retries=1).wait()
    assert told.source.result() == "Argentina"
    (retry,) = told.of("retry")
    assert no_delay == [retry.delay]
    assert least <= retry.delay <= most


def test_a_service_that_wants_a_long_delay_is_not_asked_again() -> None:
    with Server(answering(sized("429 Slow down", Retry_After="31"))) as server:
        told = Told(server.url, retries=5)
        assert told.error().retry_after == 31
    assert "retry" not in told.names


@pytest.mark.usefixtures("no_delay")
def test_a_heartbeat_is_no_beginning_of_an_answer() -> None:
    heartbeat = framed(b"event: ping\ndata: 12:00\n\n")
    with Server(in_turn(answering(CHUNKED, heartbeat), answering(STREAM))) as server:
        told = Told(server.url, retries=1).wait()
    assert told.of("done") == ["Argentina"]
    assert len(told.of("retry")) == 1


@pytest.mark.usefixtures("no_delay")
@pytest.mark.parametrize("end", [b"", LAST_CHUNK])
def test_no_retry_after_a_message(end: bytes) -> None:
    with Server(answering(CHUNKED, framed(said("Argen")), end)) as server:
        told = Told(server.url, retries=5)
        assert type(told.error()) is errors.IncompleteStreamError
    assert "retry" not in told.names
    assert server.connections == 1


@pytest.mark.usefixtures("no_delay")
@pytest.mark.parametrize(
    "start", [b"", b": just a comment\n\n", b"retry: 5\n\n", b"data: unfinished\n"]
)
def test_a_retry_before_the_first_message(start: bytes) -> None:
    broken = answering(CHUNKED, framed(start) if start else b"")
    with Server(in_turn(broken, answering(STREAM))) as server:
        told = Told(server.url, retries=1).wait()
    assert told.source.result() == "Argentina"
    assert len(told.of("retry")) == 1


def test_close_in_the_delay_ends_at_once() -> None:
    waiting = threading.Event()
    with Server(answering(sized("503 Busy", Retry_After="29"))) as server:
        told = Told(server.url, retries=5, start=False)
        # After the handlers that note it, of which none begins after close().
        told.source.connect("retry", lambda source, event: waiting.set())
        told.source.start()
        assert waiting.wait(SOON)
        told.source.close()
        assert told.wait().names == ["retry", "abort", "end"]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("٣", None),
        (".", None),
        ("tomorrow", None),
        ("Fri, 99 Dec 1999 23:59:59 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}) == seconds


def test_delays_grow_up_to_a_bound() -> None:
    def delay(attempt: int) -> float:
        error = errors.ServiceUnavailableError("busy", status=503)
        seconds = retry_delay(error, attempt, 100, never_connected=False)
        assert seconds is not None
        return seconds

    for attempt, longest in [(1, 0.25), (2, 0.5), (3, 1.0), (8, 30.0), (99, 30.0)]:
        assert all(longest / 2 <= delay(attempt) <= longest for _ in range(50))


# Mocked by `responses`, as a user's tests would


STATUSES: dict[int, type[errors.SuggestionsError]] = {
    400: errors.StatusError,
    401: errors.AuthenticationError,
    402: errors.QuotaExceededError,
    403: errors.AuthenticationError,
    404: errors.StatusError,
    413: errors.ContextTooLargeError,
    418: errors.StatusError,
    422: errors.ModerationError,
    429: errors.QuotaExceededError,
    500: errors.StatusError,
    502: errors.StatusError,
    503: errors.ServiceUnavailableError,
    529: errors.ServiceUnavailableError,
}
URL = "https://service.test/ask"


@responses.activate
def test_responses_mocks_an_answer() -> None:
    responses.post(URL, body=ANSWER, content_type="text/event-stream")
    assert answer(URL) == "Argentina"
    (call,) = responses.calls
    assert call.request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert call.request.headers["Accept"] == "text/event-stream"


@responses.activate
def test_responses_mocks_an_answer_for_a_session() -> None:
    responses.post(URL, body=ANSWER, content_type="text/event-stream")
    with requests.Session() as session:
        assert answer(URL, session=session) == "Argentina"


@responses.activate
def test_responses_mocks_a_whole_answer() -> None:
    responses.post(URL, json={"choices": [{"message": {"content": "Argentina"}}]})
    assert answer(URL) == "Argentina"


@responses.activate
def test_responses_mocks_a_redirect() -> None:
    responses.post(URL, status=307, headers={"Location": "https://other.test/"})
    responses.post("https://other.test/", body=ANSWER, content_type="text/event-stream")
    assert answer(URL) == "Argentina"
    assert "Authorization" not in responses.calls[1].request.headers


@responses.activate
@pytest.mark.parametrize("status", STATUSES)
def test_responses_mocks_each_status(status: int) -> None:
    responses.post(URL, status=status, body="No.", headers={"X-Request-Id": "r1"})
    error = failure(URL)
    assert type(error) is STATUSES[status]
    assert (error.status, error.body, error.request_id) == (status, "No.", "r1")


@responses.activate
def test_responses_mocks_no_content() -> None:
    responses.post(URL, status=204)
    assert failure(URL).status == 204


@responses.activate
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"code": "content_filter"}}, errors.ModerationError),
        (400, {"error": {"code": "context_length_exceeded"}}, errors.ContextTooLargeError),
        (200, {"error": {"code": "rate_limit_exceeded"}}, errors.QuotaExceededError),
        (200, {"no": "answer"}, errors.NotAnAnswerError),
    ],
)
def test_responses_mocks_a_body(status: int, body: object, kind: type[Exception]) -> None:
    responses.post(URL, status=status, json=body)
    assert type(failure(URL)) is kind


@responses.activate
def test_responses_mocks_html() -> None:
    responses.post(URL, body="<html>Sign in</html>", content_type="text/html")
    assert type(failure(URL)) is errors.NotAnAnswerError


@responses.activate
@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (requests.ConnectionError("refused"), errors.ConnectionLostError),
        (responses.ConnectionError("no mock"), errors.ConnectionLostError),
        (ConnectionResetError(104, "reset"), errors.ConnectionLostError),
        (requests.Timeout(), errors.ConnectTimeoutError),
        (requests.ConnectTimeout(), errors.ConnectTimeoutError),
        (requests.ReadTimeout(), errors.FirstByteTimeoutError),
        (requests.exceptions.SSLError("certificate"), errors.TLSError),
        (requests.exceptions.ProxyError("proxy"), errors.ConnectionFailedError),
        (requests.TooManyRedirects(), errors.RedirectError),
        (requests.exceptions.ChunkedEncodingError("cut"), errors.ConnectionLostError),
    ],
)
def test_responses_mocks_failures(raised: Exception, kind: type[Exception]) -> None:
    responses.post(URL, body=raised)
    assert type(failure(URL)) is kind


@responses.activate
@pytest.mark.usefixtures("no_delay")
def test_responses_mocks_a_retry() -> None:
    responses.post(URL, status=503)
    responses.post(URL, body=ANSWER, content_type="text/event-stream")
    assert answer(URL, retries=1) == "Argentina"
