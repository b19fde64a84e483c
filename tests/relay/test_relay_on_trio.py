"""The relay in a task of trio. `tests/servers` serves it with hypercorn's trio workers."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from wire_server import (
    CHUNKED,
    LAST_CHUNK,
    SOON,
    Peer,
    Script,
    Server,
    answering,
    framed,
)

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, relay
from suggestions.testing.answer_bytes import DONE, said

trio: Any = pytest.importorskip("trio")


class Client:
    """What an ASGI server is to an application, played by hand."""

    def __init__(self) -> None:
        self.scope = {"type": "http", "method": "POST", "headers": []}
        self.wire = b""
        self.has_left = trio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.wire += message.get("body", b"")

    async def call(self, response: RelayResponse) -> None:
        await response(self.scope, self.receive, self.send)

    async def until(self, words: bytes) -> None:
        with trio.fail_after(SOON):
            while words not in self.wire:
                await trio.sleep(0.005)


def asking(url: str, **options: Any) -> RelayResponse:
    return relay("Why?", dialect=OpenAI(url, "secret-key", "m1"), **options)


def ending(*pieces: str) -> Script:
    """Sends an answer."""
    return answering(CHUNKED, *(framed(said(piece)) for piece in pieces), framed(DONE), LAST_CHUNK)


class Staying:
    """Sends a piece, and then nothing until the client leaves."""

    def __init__(self, piece: str) -> None:
        self._piece = piece
        self.is_left = threading.Event()

    def __call__(self, peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said(self._piece)))
        peer.wait_for_end()
        self.is_left.set()


def test_callbacks_may_await_what_trio_has(caplog: pytest.LogCaptureFixture) -> None:
    received: list[str] = []

    async def keep(piece: str) -> None:
        await trio.sleep(0.01)
        received.append(piece)

    async def fail(text: str) -> None:
        async with trio.open_nursery():
            raise ValueError(text)

    async def main(url: str) -> bytes:
        client = Client()
        await client.call(asking(url, on_content=keep, on_complete=fail, error_context="chat 5"))
        return client.wire

    with Server(ending("a", "b")) as server:
        wire = trio.run(main, server.url)
    assert received == ["a", "b"]
    assert wire.endswith(b'data: {"type": "done"}\n\n')
    assert "chat 5: the callback for 'done' raised" in caplog.text


def test_heartbeats() -> None:
    async def main(url: str) -> bytes:
        client = Client()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.call, asking(url, heartbeat=0.05))
            await client.until(b'"a"}\n\n:\n:\n\n')
            wire = client.wire
            client.has_left.set()
        return wire

    with Server(Staying("a")) as server:
        assert b"error" not in trio.run(main, server.url)


@pytest.mark.parametrize("leaves", ["disconnect", "cancel"])
def test_a_browser_that_leaves_ends_the_request_to_the_service(leaves: str) -> None:
    service = Staying("a")

    async def main(url: str) -> None:
        client = Client()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.call, asking(url, heartbeat=60))
            await client.until(b'"a"}')
            if leaves == "cancel":
                nursery.cancel_scope.cancel()
            client.has_left.set()

    with Server(service) as server:
        trio.run(main, server.url)
        assert service.is_left.wait(SOON)


def test_it_may_be_iterated() -> None:
    async def main(url: str) -> bytes:
        return b"".join([data async for data in asking(url)])

    with Server(ending("a")) as server:
        assert trio.run(main, server.url).startswith(b':\n\ndata: {"type": "content", "data": "a"}')


def test_asyncio_is_served_as_well_if_trio_is_imported() -> None:
    async def main(url: str) -> bytes:
        return b"".join([data async for data in asking(url)])

    with Server(ending("a")) as server:
        assert b"done" in asyncio.run(main(server.url))
