"""Token providers: logins over real sockets, one at a time, with no secret in what they show."""

from __future__ import annotations

import base64
import gc
import json
import logging
import os
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import keyring
import keyring.backend
import keyring.errors
import pytest
import requests
from wire_server import (
    DONE,
    SOON,
    Peer,
    Request,
    Server,
    ca_file,
    eventually,
    free_port,
    said,
    server_tls,
    sized,
)

from suggestions import EventSource, SuggestionsEventSource
from suggestions.auth import ChatbotLogin, EnvironmentToken, JetpackToken, KeyringToken
from suggestions.auth.chatbot import expiry
from suggestions.auth.login import TIMEOUTS
from suggestions.auth.renewed import Renewed
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.chatbot import Chatbot
from suggestions.errors import (
    AuthenticationError,
    ConnectionFailedError,
    FirstByteTimeoutError,
    RedirectError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
)
from suggestions.playground import Playground

PASSWORD = "pass&word=with/signs and+blanks"
NOT_FOUND = "Authentication failed: cannot find username/password in request body."
WRONG = "Authentication failed: cannot authenticate with provided username and password."
FAKE = "Invalid token: expired or fake token."


def jwt(**claims: Any) -> str:
    parts = ({"alg": "none"}, {"identity": "me", **claims})
    head, payload = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    return f"{head}.{payload}.signature"


def in_an_hour() -> float:
    return time.time() + 3600


def answer(body: object, status: str = "200 OK", **headers: str) -> bytes:
    return sized(status, json.dumps(body).encode(), "application/json", **headers)


def handing_out(*tokens: str) -> Callable[[Peer], None]:
    """A script: each login gets the next token, the last one from then on."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer({"accessToken": tokens[min(peer.number, len(tokens)) - 1]}))

    return script


def base(server: Server) -> str:
    return server.url.removesuffix("/ask")


def path(request: Request) -> str:
    return request.line.split()[1]


# The login's request


def test_a_form_has_both_fields_and_no_address_has() -> None:
    with Server(handing_out("the-token")) as server:
        assert ChatbotLogin(base(server) + "/", "m\u00fcller", PASSWORD)() == "the-token"
    [request] = server.requests
    assert request.line == "POST /auth HTTP/1.1"
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert request.headers["Accept"] == "application/json"
    assert "Authorization" not in request.headers
    for name, value in (("username", "m\u00fcller"), ("password", PASSWORD)):
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in request.body


def test_parameters_are_in_the_address_alone() -> None:
    with Server(handing_out("the-token")) as server:
        assert ChatbotLogin(base(server), "m\u00fcller", PASSWORD, send="params")() == "the-token"
    [request] = server.requests
    assert urlsplit(path(request)).path == "/auth"
    sent = parse_qs(urlsplit(path(request)).query)
    assert sent == {"username": ["m\u00fcller"], "password": [PASSWORD]}
    assert request.body == b""


@pytest.mark.parametrize("send", ["form", "params"])
def test_the_playground_lets_in_both_ways(send: Any) -> None:
    with Playground(pace=0) as playground:
        login = ChatbotLogin(playground.chatbot_url, "demo", "demo", send)
        source = SuggestionsEventSource("Hi", login, dialect=Chatbot(playground.chatbot_url))
        assert "playground" in source.result(SOON)
        end = expiry(login())
        assert end is not None
        assert end > time.time()


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("http://localhost", 5, "p"), TypeError, "username must be a str, not int"),
        (("http://localhost", "u", None), TypeError, "password must be a str, not NoneType"),
        (("http://localhost", "", "p"), ValueError, "username is empty"),
        (("http://localhost", "u", ""), ValueError, "password is empty"),
        (("localhost", "u", "p"), ValueError, "url must be a whole address"),
        (("http://localhost", "u", "p", "json"), ValueError, "send is 'json': expected one of"),
    ],
)
def test_wrong_arguments_of_a_login(arguments: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=f"^{words}"):
        ChatbotLogin(*arguments)


def test_a_password_over_plain_http_to_another_machine_warns() -> None:
    with pytest.warns(UserWarning, match="^the password goes to chat.example over plain http") as w:
        ChatbotLogin("http://chat.example", "u", "p")
    assert w[0].filename == __file__


def test_netrc_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine localhost login other password other\n")
    monkeypatch.setenv("NETRC", str(file))
    with Server(handing_out("the-token")) as server:
        ChatbotLogin(base(server), "me", PASSWORD)()
    assert "Authorization" not in server.requests[0].headers


@pytest.mark.parametrize("send", ["form", "params"])
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_no_redirect_carries_the_password_along(status: str, send: Any) -> None:
    with Server(handing_out("stolen")) as other:

        def away(peer: Peer) -> None:
            asked = path(peer.request())
            location = f"http://127.0.0.1:{other.port}{asked}"
            peer.send(answer({}, status, Location=location))

        with Server(away) as server, pytest.raises(RedirectError, match="redirects the login") as e:
            ChatbotLogin(base(server), "me", PASSWORD, send)()
    assert other.requests == []
    assert f"http://127.0.0.1:{other.port}/auth " in e.value.message
    assert "username" not in e.value.message


def test_a_redirect_to_no_address_is_told_as_one() -> None:
    def away(peer: Peer) -> None:
        peer.request()
        peer.send(answer({}, "302 Found", Location="http://["))

    with Server(away) as server, pytest.raises(RedirectError, match="redirects the login"):
        ChatbotLogin(base(server), "me", PASSWORD)()


# Failures of a login


@pytest.mark.parametrize(("said_", "advice"), [(NOT_FOUND, "send="), (WRONG, "is wrong")])
def test_a_login_that_is_refused_says_what_to_do(said_: str, advice: str) -> None:
    with Server(lambda peer: _refuse(peer, said_)) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        source = SuggestionsEventSource("Hi", login, dialect=Chatbot(base(server)))
        with pytest.raises(AuthenticationError) as caught:
            source.result(SOON)
    assert advice in caught.value.message
    assert said_ in caught.value.message
    assert caught.value.status == 401
    assert [path(request) for request in server.requests] == ["/auth"]


def _refuse(peer: Peer, message: str) -> None:
    peer.request()
    peer.send(answer({"errorMessage": message}, "401 Unauthorized"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<html>",
        b'{"accessToken": 5}',
        b'{"accessToken": ""}',
        b'{"accessToken": "a\\nb"}',
        b'{"token": "secret-under-another-name"}',
        b"[" * 60_000,
    ],
)
def test_an_answer_without_a_token_is_not_quoted(body: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sized("200 OK", body, "application/json"))

    with Server(script) as server, pytest.raises(AuthenticationError) as caught:
        ChatbotLogin(base(server), "me", PASSWORD)()
    assert "expected JSON with 'accessToken'" in caught.value.message
    assert caught.value.body is None
    assert "secret-under" not in repr(caught.value)


def test_an_answer_may_begin_with_a_byte_order_mark() -> None:
    """As that of a plugin whose source was saved with one."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(sized("200 OK", b'\xef\xbb\xbf{"accessToken": "one"}', "application/json"))

    with Server(script) as server:
        assert ChatbotLogin(base(server), "me", PASSWORD)() == "one"


def test_what_a_busy_service_says_is_kept() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer({"errorMessage": "later"}, "503 Busy", Retry_After="7"))

    with Server(script) as server, pytest.raises(ServiceUnavailableError, match="later") as caught:
        ChatbotLogin(base(server), "me", PASSWORD)()
    assert caught.value.retry_after == 7


def test_no_service_there() -> None:
    with pytest.raises(ConnectionFailedError):
        ChatbotLogin(f"http://localhost:{free_port()}", "me", PASSWORD)()


@pytest.mark.parametrize("send", ["form", "params"])
def test_a_silent_service_is_given_up(send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIMEOUTS, "first_byte", 0.2)

    def script(peer: Peer) -> None:
        peer.request()
        peer.wait_for_end()

    with Server(script) as server, pytest.raises(FirstByteTimeoutError):
        ChatbotLogin(base(server), "me", PASSWORD, send)()


@pytest.mark.parametrize("send", ["form", "params"])
def test_a_service_that_drips_is_given_up(send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TIMEOUTS, "first_byte", 0.3)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n")
        peer.drip(b"X-Header: x\r\n" * 1000)

    with Server(script) as server, pytest.raises(FirstByteTimeoutError):
        ChatbotLogin(base(server), "me", PASSWORD, send)()


@pytest.mark.parametrize("send", ["form", "params"])
def test_a_login_over_tls(send: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca_file(tmp_path))
    with Server(handing_out("the-token"), tls=server_tls()) as server:
        assert ChatbotLogin(base(server), "me", PASSWORD, send)() == "the-token"
    assert ("password=" in path(server.requests[0])) == (send == "params")


# No secret in what a login shows


def with_locals(error: BaseException) -> str:
    """The traceback below the test itself, with the variables of each frame."""
    assert error.__cause__ is None
    assert error.__context__ is None
    assert error.__traceback__ is not None
    below = error.with_traceback(error.__traceback__.tb_next)
    return "".join(traceback.TracebackException.from_exception(below, capture_locals=True).format())


@pytest.mark.parametrize("send", ["form", "params"])
@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized", "307 Temporary", "reset"])
def test_no_secret_is_told(status: str, send: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = "token-of-the-tests"

    def script(peer: Peer) -> None:
        request = peer.request()
        if status == "reset":
            peer.reset()
            return
        echo = f"{path(request)} {PASSWORD} {request.body.decode()}"
        body = {"accessToken": token} if status == "200 OK" else {"errorMessage": echo}
        peer.send(answer(body, status, Location="/auth2?" + urlsplit(path(request)).query))

    told = ""
    with Server(script) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD, send)
        if status == "200 OK":
            assert login() == token
        else:
            with pytest.raises(SuggestionsError) as caught:
                login()
            told = with_locals(caught.value) + repr(vars(caught.value))
    told += repr(login) + str(login) + caplog.text
    assert "urllib3" in caplog.text
    for secret in (PASSWORD, "pass%26word", token):
        assert secret not in told


def test_the_environment_and_the_keyring_are_silent_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "secret-value")
    provider = EnvironmentToken("TOKEN_OF_THE_TESTS")
    provider()
    assert repr(provider) == "EnvironmentToken('TOKEN_OF_THE_TESTS')"
    assert "n0nce" not in repr(JetpackToken("https://site.example", nonce="n0nce"))


# Keeping a token


def test_a_token_is_kept_until_it_expires() -> None:
    tokens = [jwt(exp=in_an_hour(), n=1), jwt(exp=in_an_hour(), n=2)]
    with Server(handing_out(*tokens)) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        assert [login() for _ in range(5)] == [tokens[0]] * 5
        assert len(server.requests) == 1


def test_a_token_that_expires_is_fetched_again() -> None:
    tokens = [jwt(exp=time.time() + 1), jwt(exp=in_an_hour())]
    with Server(handing_out(*tokens)) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        assert [login() for _ in range(3)] == [tokens[0], tokens[1], tokens[1]]
        assert len(server.requests) == 2


@pytest.mark.parametrize("token", ["opaque", "a.b.c", jwt(), jwt(exp="soon"), jwt(exp=None)])
def test_a_token_without_a_readable_end_is_kept_until_it_is_refused(token: str) -> None:
    with Server(handing_out(token, "second")) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        assert [login(), login()] == [token, token]
        assert login.refused(token)
        assert [login(), login()] == ["second", "second"]


@pytest.mark.parametrize(
    ("token", "end"),
    [
        (jwt(exp=1_700_000_000), 1_700_000_000.0),
        (jwt(exp=1.5), 1.5),
        (jwt(exp=True), None),
        (jwt(exp=float("nan")), None),
        (jwt(exp=float("inf")), None),
        (jwt(exp=[]), None),
        (jwt(), None),
        ("", None),
        ("one.two", None),
        ("..", None),
        ("a.\u00e9.c", None),
        ("a." + base64.urlsafe_b64encode(b"[" * 90_000).decode() + ".c", None),
        ("a." + base64.urlsafe_b64encode(b"\xff\xfe").decode() + ".c", None),
        ("a." + base64.urlsafe_b64encode(b"[1]").decode() + ".c", None),
        ("a." + base64.urlsafe_b64encode(b'{"exp":1' + b"0" * 5000 + b"}").decode() + ".c", None),
        ("a." + base64.urlsafe_b64encode(b'{"exp":1' + b"0" * 400 + b"}").decode() + ".c", None),
    ],
)
def test_the_end_of_a_json_web_token(token: str, end: float | None) -> None:
    assert expiry(token) == end


def test_only_a_token_of_ours_can_be_refused() -> None:
    with Server(handing_out("first", "second", "third")) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        assert not login.refused("")  # there was none: the login itself has failed
        assert login() == "first"
        assert login.refused("first")
        assert login() == "second"
        # Another thread has sent the first as well, and its refusal comes late.
        assert login.refused("first")
        assert login() == "second"


# Refused by the service, within a question


def chatting(tokens: list[str], good: set[str], *pieces: bytes) -> Callable[[Peer], None]:
    """A script: logs in with the next token; answers to the good ones."""

    def script(peer: Peer) -> None:
        request = peer.request()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if path(request) == "/auth":
            peer.send(answer({"accessToken": tokens.pop(0)}))
        elif token in good:
            peer.send(sized("200 OK", b"".join(pieces) or b"data: Hi\n\n"))
        else:
            peer.send(answer({"errorMessage": FAKE}, "401 Unauthorized"))

    return script


def asked(server: Server) -> list[str]:
    return [path(request) for request in server.requests]


STREAM = "/chatCompletionStream"
SENT = "token-of-the-tests"


def quoting_in_a_key_error(token: str) -> bool:
    raise KeyError(token)


def leaving(token: str) -> bool:
    raise SystemExit(f"no other than {token}")


def failing_to_log_in(token: str) -> bool:
    raise AuthenticationError(f"No login with {token}.", status=500)


class Doubtful:
    def __init__(self, token: str) -> None:
        self.token = token

    def __bool__(self) -> bool:
        raise LookupError(self.token)


class RefusalsFail:
    """A provider that raises in `refused`."""

    def __init__(self, refused: Callable[[str], Any]) -> None:
        self.refused = refused
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        return SENT


REFUSALS = [quoting_in_a_key_error, leaving, failing_to_log_in, Doubtful]


@pytest.mark.parametrize("refused", REFUSALS)
def test_a_provider_that_fails_at_a_refusal_has_no_other(
    refused: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = RefusalsFail(refused)
    with Server(lambda peer: _refuse(peer, FAKE)) as server:
        source = SuggestionsEventSource("Why?", provider, url=server.url, retries=0)
        with pytest.raises(AuthenticationError, match="expired or fake") as caught:
            source.result(SOON)
        assert source.wait(SOON)
    assert caught.value.status == 401
    assert provider.calls == len(server.requests) == 1
    assert "raised in refused()" in caplog.text
    assert SENT not in caplog.text
    assert SENT not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("refused", REFUSALS)
def test_a_provider_that_fails_at_the_refusal_of_a_stream_has_no_other(
    refused: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    failures: list[SuggestionsError] = []
    with Server(lambda peer: _refuse(peer, FAKE)) as server:
        source = EventSource(server.url, token=RefusalsFail(refused), start=False)
        source.connect("error", lambda source, event: failures.append(event.detail))
        source.start()
        assert eventually(lambda: failures)
        source.close()
    assert [(type(error), error.status) for error in failures] == [(AuthenticationError, 401)]
    assert SENT not in caplog.text
    assert SENT not in "".join(traceback.format_exception(failures[0]))


@pytest.mark.parametrize("kind", [KeyError, SystemExit, KeyboardInterrupt, BaseException])
def test_whatever_a_provider_raises_is_told_without_its_words(
    kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def provider() -> str:
        raise kind(f"no login with {PASSWORD}")

    caplog.set_level(logging.DEBUG)
    words = f"^The token provider failed: {kind.__name__}\\.$"
    source = SuggestionsEventSource("Why?", provider, url="http://localhost:9/")
    with pytest.raises(AuthenticationError, match=words) as caught:
        source.result(SOON)
    assert source.wait(SOON)
    told = "".join(traceback.format_exception(caught.value))
    assert PASSWORD not in told + caplog.text


def test_what_a_provider_tells_is_told_without_what_it_is_of() -> None:
    def provider() -> str:
        try:
            raise KeyError(PASSWORD)
        except KeyError as error:
            raise ServiceUnavailableError("The login is closed.") from error

    source = SuggestionsEventSource("Why?", provider, url="http://localhost:9/", retries=0)
    with pytest.raises(ServiceUnavailableError, match="login is closed") as caught:
        source.result(SOON)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


# Blanks around a token


@pytest.mark.parametrize("token", [f" {SENT}", f"{SENT} ", f"  {SENT}  "])
def test_a_token_has_no_blank_at_an_end(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "has a blank at its beginning or end: expected the token alone"
    monkeypatch.setenv("ANTHROPIC_API_KEY", token)
    calls: dict[str, Callable[[], object]] = {
        "token": lambda: SuggestionsEventSource("Why?", token, start=False),
        "api_key": lambda: Anthropic(api_key=token),
        "ANTHROPIC_API_KEY": Anthropic,
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"^{name} {words}$") as caught:
            call()
        assert SENT not in str(caught.value)
    source = SuggestionsEventSource("Why?", lambda: token, url="http://localhost:9/")
    with pytest.raises(AuthenticationError, match=words) as refused:
        source.result(SOON)
    assert SENT not in "".join(traceback.format_exception(refused.value))


def test_a_refused_token_is_renewed_once_and_the_question_sent_again() -> None:
    with Server(chatting(["old", "new"], {"new"})) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        source = SuggestionsEventSource("Why?", login, dialect=Chatbot(base(server)))
        assert source.result(SOON) == "Hi"
    assert asked(server) == ["/auth", STREAM, "/auth", STREAM]


def test_a_token_that_is_refused_again_is_told() -> None:
    with Server(chatting(["old", "new", "other"], set())) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        source = SuggestionsEventSource("Why?", login, dialect=Chatbot(base(server)))
        with pytest.raises(AuthenticationError, match="Log in again"):
            source.result(SOON)
    assert asked(server) == ["/auth", STREAM, "/auth", STREAM]


def test_a_login_that_fails_refuses_no_token_that_was_sent_before() -> None:
    class Provider:
        refusals: list[str] = []
        calls = 0

        def __call__(self) -> str:
            self.calls += 1
            if self.calls == 1:
                return "first"
            raise AuthenticationError("The login failed.", status=401)

        def refused(self, token: str) -> bool:
            self.refusals.append(token)
            return True

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer({}, "503 Busy"))

    provider = Provider()
    with Server(script) as server:
        source = SuggestionsEventSource("Why?", provider, url=server.url, retries=3)
        with pytest.raises(AuthenticationError, match="login failed"):
            source.result(SOON)
    assert (provider.calls, provider.refusals) == (2, [])


def test_after_the_first_byte_nothing_is_sent_again() -> None:
    told = b'data: Hi\n\nevent: error\ndata: {"errorMessage": "%s"}\n\n' % FAKE.encode()
    with Server(chatting(["old", "new"], {"old"}, told)) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        source = SuggestionsEventSource("Why?", login, dialect=Chatbot(base(server)))
        with pytest.raises(SuggestionsError) as caught:
            source.result(SOON)
    assert caught.value.partial_text == "Hi"
    assert asked(server) == ["/auth", STREAM]


def test_a_token_that_has_expired_at_its_birth_is_told() -> None:
    with Playground(pace=0) as playground:
        login = ChatbotLogin(playground.chatbot_url, "expired", "expired")
        source = SuggestionsEventSource("Hi", login, dialect=Chatbot(playground.chatbot_url))
        with pytest.raises(AuthenticationError, match="expired or fake"):
            source.result(SOON)


def test_a_token_of_before_a_restart_is_renewed() -> None:
    port = free_port()
    with Playground(pace=0, port=port) as playground:
        url = playground.chatbot_url
        login = ChatbotLogin(url, "demo", "demo")
        first = login()
    with Playground(pace=0, port=port):
        source = SuggestionsEventSource("Hi", login, dialect=Chatbot(url))
        assert source.result(SOON)
    assert login() != first


# Many threads


class Crowd:
    """A hundred threads that call a provider at once, and what each of them got."""

    def __init__(self, provider: Callable[[], str]) -> None:
        self.tokens: list[str] = []
        self.errors: list[SuggestionsError] = []
        self._provider = provider
        self._gate = threading.Barrier(100)
        self.threads = [threading.Thread(target=self._call) for _ in range(100)]
        for thread in self.threads:
            thread.start()

    def _call(self) -> None:
        self._gate.wait(SOON)
        try:
            self.tokens.append(self._provider())
        except SuggestionsError as error:
            self.errors.append(error)

    def waiting(self) -> int:
        """How many of them wait for another one's login."""
        frames = sys._current_frames()
        return sum(self._waits(frames.get(thread.ident or 0)) for thread in self.threads)

    @staticmethod
    def _waits(frame: Any) -> bool:
        while frame is not None:
            if frame.f_code.co_name == "result":
                return True
            frame = frame.f_back
        return False

    def join(self) -> None:
        for thread in self.threads:
            thread.join(SOON)
            assert not thread.is_alive()


def held_until_all_wait(crowds: list[Crowd], response: bytes) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        peer.request()
        assert eventually(lambda: crowds and crowds[0].waiting() == 99)
        peer.send(response)

    return script


@pytest.mark.parametrize("send", ["form", "params"])
def test_a_hundred_threads_make_one_login(send: Any) -> None:
    crowds: list[Crowd] = []
    response = answer({"accessToken": jwt(exp=in_an_hour())})
    with Server(held_until_all_wait(crowds, response)) as server:
        crowds.append(Crowd(ChatbotLogin(base(server), "me", PASSWORD, send)))
        crowds[0].join()
        assert len(server.requests) == 1
    assert len(crowds[0].tokens) == 100
    assert len(set(crowds[0].tokens)) == 1


def test_a_hundred_threads_hear_of_one_failure_each_in_an_error_of_its_own() -> None:
    crowds: list[Crowd] = []
    response = answer({"errorMessage": WRONG}, "401 Unauthorized")
    with Server(held_until_all_wait(crowds, response)) as server:
        crowds.append(Crowd(ChatbotLogin(base(server), "me", PASSWORD)))
        crowds[0].join()
        assert len(server.requests) == 1
    errors = crowds[0].errors
    assert len({id(error) for error in errors}) == len(errors) == 100
    assert {(type(error), error.message, error.status) for error in errors} == {
        (AuthenticationError, errors[0].message, 401)
    }
    assert "is wrong" in errors[0].message


def test_a_hundred_threads_that_were_refused_make_one_login() -> None:
    with Server(handing_out("old", "new", "newer")) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        old = login()

        def again() -> str:
            assert login.refused(old)
            return login()

        crowd = Crowd(again)
        crowd.join()
        assert len(server.requests) == 2
    assert crowd.tokens == ["new"] * 100


def test_a_failure_is_not_kept() -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer({}, "500 Oh") if peer.number == 1 else answer({"accessToken": "t"}))

    with Server(script) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        with pytest.raises(StatusError):
            login()
        assert login() == "t"


class Broken(Renewed):
    def fetch(self) -> tuple[str, float | None]:
        raise RuntimeError(f"quotes {PASSWORD}")


def test_a_provider_with_a_bug_is_told_without_its_words() -> None:
    with pytest.raises(AuthenticationError, match=r"^Broken failed: RuntimeError\.$") as caught:
        Broken()()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


class Interrupted(Renewed):
    """Its fetch ends by an exception that is no error, as soon as another thread waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.fetching = threading.Event()
        self.is_awaited: Callable[[], bool] = lambda: True

    def fetch(self) -> tuple[str, float | None]:
        self.fetching.set()
        assert eventually(self.is_awaited)
        raise SystemExit(PASSWORD)


def test_those_who_wait_for_a_fetch_that_is_interrupted_hear_of_a_failure() -> None:
    provider = Interrupted()
    outcomes: list[BaseException | str] = []

    def call() -> None:
        try:
            outcomes.append(provider())
        except BaseException as error:
            outcomes.append(error)

    threads = [threading.Thread(target=call) for _ in range(2)]
    provider.is_awaited = lambda: any(
        Crowd._waits(sys._current_frames().get(thread.ident or 0)) for thread in threads
    )
    for thread in threads:
        thread.start()
        assert provider.fetching.wait(SOON)
    for thread in threads:
        thread.join(SOON)
    # The thread that fetches gets the exception itself.
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "AuthenticationError",
        "SystemExit",
    ]
    failures = [error for error in outcomes if isinstance(error, AuthenticationError)]
    assert failures[0].message == "Interrupted failed: SystemExit."


def test_closing_while_it_logs_in_returns_at_once() -> None:
    logging_in, go_on = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        logging_in.set()
        go_on.wait(SOON)
        peer.send(answer({"accessToken": "the-token"}))

    names: list[str] = []
    with Server(script) as server:
        login = ChatbotLogin(base(server), "me", PASSWORD)
        source = SuggestionsEventSource("Why?", login, dialect=Chatbot(base(server)))
        for name in ("open", "abort", "error", "end"):
            source.connect(name, lambda source, event: names.append(event.type))
        assert logging_in.wait(SOON)
        source.close()
        assert source.state == "aborted"
        assert not go_on.is_set()
        go_on.set()
        assert source.wait(SOON)
        # The login is not lost for the others.
        assert login() == "the-token"
        assert len(server.requests) == 1
    assert names == ["abort", "end"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_logs_in_by_itself() -> None:
    script = """
import os, sys, threading, time
from suggestions.auth import Secret
from suggestions.auth.renewed import Renewed

class Slow(Renewed):
    def fetch(self):
        if os.getpid() == parent:
            began.set()
            time.sleep(60)
        return Secret("of the child"), None

parent = os.getpid()
began = threading.Event()
slow = Slow()
threading.Thread(target=slow, daemon=True).start()
began.wait(10)
child = os.fork()
if child == 0:
    os._exit(0 if slow() == "of the child" else 1)
os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=30).returncode == 0


# Jetpack


@pytest.mark.parametrize(
    ("site_id", "wanted"),
    [
        (None, "/wp-json/jetpack/v4/jetpack-ai-jwt"),
        (7, "/wpcom/v2/sites/7/jetpack-openai-query/jwt"),
        ("a/b.example", "/wpcom/v2/sites/a%2Fb.example/jetpack-openai-query/jwt"),
    ],
)
def test_jetpack_asks_its_site(site_id: Any, wanted: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer({"token": f"token-{peer.number}", "blog_id": 7}))

    with Server(script) as server:
        provider = JetpackToken(base(server), nonce="n0nce", site_id=site_id)
        assert [provider(), provider()] == ["token-1", "token-1"]
        assert provider.refused("token-1")
        assert provider() == "token-2"
    request = server.requests[0]
    assert request.line == f"POST {wanted} HTTP/1.1"
    assert request.headers["X-WP-Nonce"] == "n0nce"


def test_jetpack_with_an_application_password() -> None:
    def script(peer: Peer) -> None:
        request = peer.request()
        assert request.headers["Authorization"] == (
            "Basic " + base64.b64encode(b"me:abcd efgh ijkl").decode()
        )
        assert "X-WP-Nonce" not in request.headers
        peer.send(answer({"message": "No: abcd efgh ijkl"}, "403 Forbidden"))

    session = requests.Session()
    session.auth = ("me", "abcd efgh ijkl")
    with Server(script) as server, pytest.raises(AuthenticationError, match="No: ") as caught:
        JetpackToken(base(server), session=session)()
    assert "efgh" not in caught.value.message + str(caught.value.body)


def test_a_token_of_jetpack_is_kept_for_its_lifetime(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer({"token": f"token-{peer.number}"}))

    with Server(script) as server:
        provider = JetpackToken(base(server), nonce="n", lifetime=120)
        assert provider() == "token-1"
        now[0] += 100
        assert provider() == "token-1"
        now[0] += 20
        assert provider() == "token-2"


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({}, ValueError, "JetpackToken needs a nonce, or a session"),
        ({"nonce": "a\nb"}, ValueError, "headers"),
        ({"nonce": "n", "session": 5}, TypeError, "session must be a requests.Session"),
        ({"nonce": "n", "lifetime": "120"}, TypeError, "lifetime must be a number of seconds"),
        ({"nonce": "n", "lifetime": 0}, ValueError, "lifetime must be more than 0"),
        ({"nonce": "n", "site_id": 1.5}, TypeError, "site_id must be an int or a str"),
    ],
)
def test_wrong_arguments_of_jetpack(options: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=f"^{words}"):
        JetpackToken("https://site.example", **options)


# The environment and the keyring


def test_the_environment_is_read_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = EnvironmentToken("TOKEN_OF_THE_TESTS")
    monkeypatch.delenv("TOKEN_OF_THE_TESTS", raising=False)
    with pytest.raises(AuthenticationError, match="set the environment variable TOKEN_OF_THE"):
        provider()
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "one")
    assert provider() == "one"
    assert not provider.refused("one")
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "two")
    assert provider.refused("one")
    assert provider() == "two"


def test_a_variable_of_the_environment_has_a_name() -> None:
    with pytest.raises(TypeError, match=r"^name must be a str, not int"):
        EnvironmentToken(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^name is empty"):
        EnvironmentToken("")


class Drawer(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        self.secrets: dict[tuple[str, str], str] = {}
        self.reads = 0
        self.failure: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self.reads += 1
        if self.failure:
            raise self.failure
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before = keyring.get_keyring()
    drawer = Drawer()
    keyring.set_keyring(drawer)
    yield drawer
    keyring.set_keyring(before)


def test_the_keyring_is_read_once(drawer: Drawer) -> None:
    keyring.set_password("service", "me", "secret-one")
    provider = KeyringToken("service", "me")
    assert [provider(), provider()] == ["secret-one", "secret-one"]
    assert drawer.reads == 1
    assert repr(provider) == "KeyringToken('service', 'me')"


def test_the_keyring_has_another_one_only_where_it_has_changed(drawer: Drawer) -> None:
    keyring.set_password("service", "me", "one")
    provider = KeyringToken("service", "me")
    assert not provider.refused("")
    assert provider() == "one"
    assert not provider.refused("one")
    keyring.set_password("service", "me", "two")
    assert provider.refused("one")
    assert provider() == "two"
    drawer.secrets.clear()
    assert not provider.refused("two")


def test_a_keyring_without_it_says_how_to_store_it(drawer: Drawer) -> None:
    with pytest.raises(AuthenticationError, match=r"it has none.*`keyring set service me`"):
        KeyringToken("service", "me")()
    drawer.failure = keyring.errors.KeyringLocked(f"quotes {PASSWORD}")
    with pytest.raises(AuthenticationError, match=r"\(KeyringLocked\): unlock it") as caught:
        KeyringToken("service", "me")()
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_without_keyring_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ImportError, match=r"install `suggestions-sdk\[keyring\]`"):
        KeyringToken("service", "me")
    with pytest.raises(TypeError, match=r"^username must be a str"):
        KeyringToken("service", 5)  # type: ignore[arg-type]


# The package


def test_importing_it_is_cheap_and_its_names_are_there() -> None:
    script = """
import sys
before = set(sys.modules)  # a measurement of coverage imports json
import suggestions.auth
imported = set(sys.modules) - before
assert not {"requests", "urllib3", "keyring", "json"} & imported, imported
assert set(suggestions.auth.__all__) <= set(dir(suggestions.auth))
from suggestions.auth import Token, check_token, current_token, redact
assert "requests" not in sys.modules
for name in suggestions.auth.__all__:
    getattr(suggestions.auth, name)
try:
    suggestions.auth.nothing
except AttributeError as error:
    assert "'nothing'" in str(error)
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=30).returncode == 0


def test_a_public_class_says_its_public_module() -> None:
    for provider in (ChatbotLogin, EnvironmentToken, JetpackToken, KeyringToken):
        assert provider.__module__ == "suggestions.auth"


def test_a_provider_is_not_kept_alive() -> None:
    login = ChatbotLogin("http://localhost", "u", "p")
    known = weakref.ref(login)
    del login
    gc.collect()
    assert known() is None


def test_a_token_may_be_any_callable() -> None:
    def script(peer: Peer) -> None:
        assert peer.request().headers["Authorization"] == "Bearer called"
        peer.send(sized("200 OK", said("Hi") + DONE))

    with Server(script) as server:
        assert SuggestionsEventSource("Why?", lambda: "called", url=server.url).result(SOON) == "Hi"
