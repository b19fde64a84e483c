"""The playground and careless or hostile clients: each gets an answer, and no thread is kept."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
import requests
from waiting import SOON, eventually

from suggestions.playground import Playground, server
from suggestions.playground.request_body import MAX_BODY

PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/api/chat", "/relay", "/ask")
LEAST = b'{"prompt": "Hi", "model": "m", "messages": [{"role": "user", "content": "Hi"}]}'


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


def status(playground: Playground, path: str, body: bytes, **headers: bytes) -> int:
    """That of the response to a request, whatever bytes it has."""
    names = (name.replace("_", "-").encode() for name in headers)
    lines = b"".join(map(b"%s: %s\r\n".__mod__, zip(names, headers.values(), strict=True)))
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" % path.encode()
    with connected(playground) as client:
        client.sendall(head + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        answer = client.makefile("rb").read()
    return int(answer.split(b" ", 2)[1])


def connected(playground: Playground) -> socket.socket:
    port = int(playground.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=SOON)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", [b"Bearer a\x01b", b"Bearer \xff", b"Bearer a\x7fb", b"\x0b\x0c"])
def test_a_token_with_a_strange_character(playground: Playground, path: str, token: bytes) -> None:
    assert status(playground, path, LEAST, Authorization=token) in (200, 400, 401)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fail", ["%ED%A0%80", "%00", "%FF"])
def test_a_failure_that_is_no_text(playground: Playground, path: str, fail: str) -> None:
    assert status(playground, f"{path}?fail={fail}", LEAST) == 400
    assert status(playground, path, LEAST, X_Playground_Fail=b"\xed\xa0\x80") == 400


@pytest.mark.parametrize("fail", ["\ud800", "\x00", "a&b=c"])
def test_a_failure_of_the_page_that_is_no_text(playground: Playground, fail: str) -> None:
    url = f"{playground.url}/ask"
    answer = requests.post(url, json={"prompt": "Hi", "fail": fail}, timeout=SOON)
    assert answer.status_code == 200
    assert "Invalid value for the query parameter 'fail'" in answer.text


@pytest.mark.parametrize("prompt", [" ", "\ud800", "\x00"])
def test_a_strange_prompt_of_the_page(playground: Playground, prompt: str) -> None:
    url = f"{playground.url}/ask"
    answer = requests.post(url, json={"prompt": prompt}, timeout=SOON)
    assert answer.status_code in (200, 400)
    assert answer.text


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_too_large(playground: Playground, path: str) -> None:
    body = json.dumps({"prompt": "x" * (MAX_BODY + 1)}).encode()
    answer = requests.post(f"{playground.url}{path}", data=body, timeout=SOON)
    assert answer.status_code == 413
    assert f"expected at most {MAX_BODY} bytes" in answer.text


def test_a_body_in_chunks_that_is_too_large(playground: Playground) -> None:
    body = (b"x" * 65536 for _ in range(MAX_BODY // 65536 + 2))
    answer = requests.post(f"{playground.openai_url}/chat/completions", data=body, timeout=SOON)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /v1/chat",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"\r\n5\r\nhello\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 79\r\n\r\n"
        + LEAST,
    ],
)
def test_a_client_that_falls_silent_keeps_no_thread(
    sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server._Handler, "timeout", 0.3)
    with Playground(pace=0) as playground, connected(playground) as client:
        client.sendall(sent)
        answer = client.makefile("rb").read()  # to the end that the playground makes
        assert b" 500 " not in answer.partition(b"\r\n")[0]
        assert eventually(lambda: not requests_open())


def requests_open() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "playground-request"]
