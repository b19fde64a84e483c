"""`on_abort`: the program gets the text so far of an answer whose browser has left."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
import waiting
from script import DONE, HOLD, Script, chunk
from wire_server import CHUNKED, SOON, Peer, Server, framed

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, relay
from suggestions.testing.answer_bytes import said

until = functools.partial(waiting.until, sleep=asyncio.sleep)
SERVICE = OpenAI("https://service.example/v1", "secret-key", "m1")


class Calls:
    """What was called, and with what."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def asking(self, url: str | None = None, *steps: Any, wait: Any = None) -> RelayResponse:
        async def on_abort(text: str) -> None:
            if wait is not None:
                await wait()
            self.calls.append(("abort", text))

        options: dict[str, Any] = {"dialect": OpenAI(url, "key", "m1")} if url else {}
        if url is None:
            options = {"dialect": SERVICE, "session": Script(steps).session()}
        return relay(
            "Why?",
            on_abort=on_abort,
            on_complete=lambda text: self.calls.append(("complete", text)),
            on_error=lambda error: self.calls.append(("error", error.code)),
            **options,
        )


def answer(peer: Peer) -> None:
    peer.request()
    peer.send(CHUNKED, framed(said("one")))
    peer.wait_for_end()


def test_a_server_that_closes_the_response() -> None:
    calls = Calls()
    stream = iter(calls.asking(None, chunk("one"), HOLD))
    while b"one" not in next(stream):
        pass
    stream.close()  # type: ignore[attr-defined]  # PEP 3333
    assert calls.calls == [("abort", "one")]


@pytest.mark.parametrize("at", [1, 2, 3])
def test_an_answer_that_has_ended_was_not_left(at: int) -> None:
    calls = Calls()
    stream = iter(calls.asking(None, chunk("one"), DONE))
    wire = b""
    while b'"done"' not in wire:
        wire += next(stream)
    for _ in range(at):
        next(stream, b"")
    stream.close()  # type: ignore[attr-defined]
    assert calls.calls == [("complete", "one")]


def test_a_response_that_is_never_sent_is_not_left() -> None:
    calls = Calls()
    calls.asking(None, chunk("one"), DONE).close()
    assert calls.calls == []


@pytest.mark.parametrize("how", ["disconnect", "cancel", "aclose"])
def test_under_asyncio(how: str) -> None:
    calls = Calls()
    wire: list[bytes] = []

    async def main(url: str) -> None:
        has_left = asyncio.Event()
        response = calls.asking(url, wait=lambda: asyncio.sleep(0.01))

        async def receive() -> dict[str, Any]:
            await has_left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            wire.append(message.get("body", b""))

        async def take() -> None:
            stream = aiter(response)
            async for data in stream:
                wire.append(data)
                if b"one" in data and how == "aclose":
                    await stream.aclose()

        scope = {"type": "http", "method": "POST", "headers": []}
        work = response(scope, receive, send) if how == "disconnect" else take()
        task = asyncio.ensure_future(work)
        await until(lambda: b"one" in b"".join(wire))
        if how == "cancel":
            task.cancel()
        has_left.set()
        await asyncio.wait([task])
        await until(lambda: calls.calls)

    with Server(answer) as server:
        asyncio.run(asyncio.wait_for(main(server.url), SOON))
    assert calls.calls == [("abort", "one")]


def test_under_trio() -> None:
    trio: Any = pytest.importorskip("trio")
    calls, wire = Calls(), list[bytes]()

    async def main(url: str) -> None:
        response = calls.asking(url, wait=lambda: trio.sleep(0.01))

        async def take() -> None:
            async for data in response:
                wire.append(data)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            await waiting.until(lambda: b"one" in b"".join(wire), sleep=trio.sleep)
            nursery.cancel_scope.cancel()
        await waiting.until(lambda: calls.calls, sleep=trio.sleep)

    with Server(answer) as server:
        trio.run(main, server.url)
    assert calls.calls == [("abort", "one")]


def test_a_wrong_callback_is_named() -> None:
    with pytest.raises(TypeError, match="on_abort must be callable"):
        relay("Why?", dialect=SERVICE, on_abort=5)  # type: ignore[arg-type]
