"""The relay under ASGI: its loop reads the answer, no faster than the browser takes it."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
import time
from typing import Any

import pytest
import waiting
from waiting import our_threads
from wire_server import CHUNKED, LAST_CHUNK, SOON, Peer, Server, framed

from suggestions.dialects.openai import OpenAI
from suggestions.relay import relay
from suggestions.testing.answer_bytes import DONE, said

until = functools.partial(waiting.until, sleep=asyncio.sleep)
PIECE = "word " * 200
COUNT = 40_000
"""40 MB, which no buffers of the system hold."""


def content(body: bytes) -> list[str]:
    frames = [line[6:] for line in body.decode().split("\n") if line.startswith("data: ")]
    return [frame["data"] for frame in map(json.loads, frames) if frame["type"] == "content"]


async def ask(url: str, take: Any) -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(SOON)
        return {"type": "http.disconnect"}

    response = relay("Why?", dialect=OpenAI(url, "secret-key", "m1"))
    scope = {"type": "http", "method": "POST", "headers": []}
    await response(scope, receive, take)


def test_no_thread_once_the_headers_are_here() -> None:
    go_on = threading.Event()
    bodies: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        peer.pause()
        peer.send(framed(said("a")))
        go_on.wait(SOON)
        peer.send(framed(said("b") + DONE), LAST_CHUNK)

    async def take(message: dict[str, Any]) -> None:
        bodies.append(message.get("body", b""))

    async def main(url: str) -> None:
        task = asyncio.ensure_future(ask(url, take))
        await until(lambda: content(b"".join(bodies)) == ["a"])
        await until(lambda: our_threads() == our_threads("clock"))
        go_on.set()
        await task

    with Server(script) as server:
        asyncio.run(main(server.url))
    assert content(b"".join(bodies)) == ["a", "b"]


@pytest.mark.timeout(120)
def test_a_browser_that_does_not_read_makes_the_service_wait() -> None:
    sent = 0
    bodies: list[bytes] = []

    def script(peer: Peer) -> None:
        nonlocal sent
        peer.request()
        peer.send(CHUNKED)
        piece = framed(said(PIECE))
        for _ in range(COUNT):
            peer.send(piece)
            sent += 1
        peer.send(framed(DONE), LAST_CHUNK)

    async def main(url: str) -> None:
        reads = asyncio.Event()

        async def take(message: dict[str, Any]) -> None:
            bodies.append(message.get("body", b""))
            if content(bodies[-1]):
                await reads.wait()

        task = asyncio.ensure_future(ask(url, take))
        await until(lambda: sent > 0)
        seen, since = -1, time.monotonic()
        while time.monotonic() < since + 0.5:  # the service has sent nothing for that long
            if sent != seen:
                seen, since = sent, time.monotonic()
            await asyncio.sleep(0.02)
        assert seen < COUNT
        reads.set()
        await task

    with Server(script) as server:
        asyncio.run(main(server.url))
    assert sent == COUNT
    assert content(b"".join(bodies)) == [PIECE] * COUNT


LARGE = "word " * 600_000
"""3 MB: with one such piece, a browser lags."""


@pytest.mark.parametrize("framing", [lambda part: [part], lambda part: [part] * 3], ids=["1", "3"])
def test_pieces_that_are_larger_than_the_backlog_all_arrive(framing: Any) -> None:
    bodies: list[bytes] = []
    parts = framing(said(LARGE))

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        peer.pause()  # until the relay waits
        for part in parts:
            peer.send(framed(part))
            peer.pause()
        peer.send(framed(said("b") + DONE), LAST_CHUNK)

    async def take(message: dict[str, Any]) -> None:
        bodies.append(message.get("body", b""))

    with Server(script) as server:
        asyncio.run(asyncio.wait_for(ask(server.url, take), SOON))
    assert content(b"".join(bodies)) == [LARGE] * len(parts) + ["b"]


def test_thousands_of_pieces_that_come_at_once_all_arrive() -> None:
    bodies: list[bytes] = []
    pieces = [said("a")] * 5000

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        peer.pause()
        peer.send(framed(b"".join(pieces)))
        peer.pause()
        peer.send(framed(said("b") + DONE), LAST_CHUNK)

    async def take(message: dict[str, Any]) -> None:
        bodies.append(message.get("body", b""))

    with Server(script) as server:
        asyncio.run(asyncio.wait_for(ask(server.url, take), SOON))
    assert "".join(content(b"".join(bodies))) == "a" * 5000 + "b"
