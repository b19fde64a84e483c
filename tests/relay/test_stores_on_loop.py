"""Answers of a store under asyncio and trio: browsers leave, the loop goes on asking."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest
import waiting
from browsers import Events
from wire_server import CHUNKED, LAST_CHUNK, SOON, Peer, Server, framed

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, follow, relay, stop
from suggestions.relay.stores import MemoryStore
from suggestions.testing.answer_bytes import DONE, said

trio: Any = pytest.importorskip("trio")
until = functools.partial(waiting.until, sleep=asyncio.sleep)


class Service:
    """Says "one" at once. Then it says "two" when it may, or waits until the request is closed."""

    def __init__(self, *, ends: bool = True) -> None:
        self.may_go_on = threading.Event()
        self.was_left = threading.Event()
        self._ends = ends

    def answer(self, peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("one ")))
        if self._ends:
            assert self.may_go_on.wait(SOON)
            peer.send(framed(said("two") + DONE), LAST_CHUNK)
        else:
            peer.wait_for_end()
            self.was_left.set()


class Client:
    """What an ASGI server is to an application; its browser leaves when `leave` is set."""

    def __init__(self, leave: Any, **headers: str) -> None:
        names = [(name.replace("_", "-").encode(), headers[name].encode()) for name in headers]
        self.scope = {"type": "http", "method": "GET", "headers": names}
        self.status = 0
        self.events = Events()
        self._leave = leave

    async def receive(self) -> dict[str, Any]:
        await self._leave.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.events.feed(message.get("body", b""))

    async def get(self, response: RelayResponse) -> Events:
        await response(self.scope, self.receive, self.send)
        return self.events


def asking(url: str, store: MemoryStore, **options: Any) -> RelayResponse:
    return relay("Why?", dialect=OpenAI(url, "secret-key", "m1"), store=store, id="a", **options)


def test_a_browser_leaves_and_comes_back_under_asyncio() -> None:
    service, store, texts = Service(), MemoryStore(), list[str]()

    async def save(text: str) -> None:
        await asyncio.sleep(0)
        texts.append(text)

    async def main(url: str) -> None:
        leave, stay = asyncio.Event(), asyncio.Event()
        client = Client(leave)
        task = asyncio.ensure_future(client.get(asking(url, store, on_complete=save)))
        await until(lambda: client.events.text == "one ")
        leave.set()
        await task
        assert client.events.ends == []
        service.may_go_on.set()
        back = Client(stay, last_event_id=client.events.last_id)
        events = await back.get(follow("a", store=store))
        assert (back.status, events.text, events.ends) == (200, "two", [{"type": "done"}])
        assert texts == ["one two"]
        seen = Client(stay, last_event_id=events.last_id)
        await seen.get(follow("a", store=store))
        assert (seen.status, seen.events.frames) == (204, [])
        unknown = Client(stay)
        await unknown.get(follow("b", store=store))
        assert unknown.status == 404

    with Server(service.answer) as server:
        asyncio.run(main(server.url))


def test_a_cancelled_task_does_not_end_the_answer() -> None:
    """As frameworks do it that iterate the response themselves."""
    service, store = Service(), MemoryStore()

    async def take(response: RelayResponse, events: Events) -> None:
        async for data in response:
            events.feed(data)

    async def main(url: str) -> None:
        events, rest = Events(), Events()
        task = asyncio.ensure_future(take(asking(url, store), events))
        await until(lambda: events.text == "one ")
        task.cancel()
        await asyncio.wait([task])
        service.may_go_on.set()
        await take(follow("a", events.last_id, store=store), rest)
        assert (rest.text, rest.ends) == ("two", [{"type": "done"}])

    with Server(service.answer) as server:
        asyncio.run(main(server.url))


@pytest.mark.parametrize("how", ["stop", "abandon"])
def test_the_request_to_the_service_is_closed(how: str) -> None:
    service, store, texts = Service(ends=False), MemoryStore(), list[str]()

    async def main(url: str) -> None:
        leave, stay = asyncio.Event(), asyncio.Event()
        client = Client(leave)
        response = asking(url, store, abandon_after=0.3, on_abort=texts.append)
        task = asyncio.ensure_future(client.get(response))
        await until(lambda: client.events.text == "one ")
        if how == "stop":
            assert stop("a", store=store)
        else:
            leave.set()
        await task
        await until(service.was_left.is_set)
        await until(lambda: bool(texts))
        late = await Client(stay).get(follow("a", store=store))
        assert (late.text, [each["code"] for each in late.ends]) == ("one ", ["aborted"])

    with Server(service.answer) as server:
        asyncio.run(main(server.url))
    assert texts == ["one "]


def test_a_loop_that_ends_ends_the_answer() -> None:
    service, store = Service(ends=False), MemoryStore()

    async def main(url: str) -> None:
        stream = aiter(asking(url, store))
        events = Events()
        while events.text != "one ":
            events.feed(await anext(stream))
        await stream.aclose()

    with Server(service.answer) as server:
        asyncio.run(main(server.url))
        assert service.was_left.wait(SOON)
    late = Events()
    late.feed(b"".join(follow("a", store=store)))
    assert (late.text, [each["code"] for each in late.ends]) == ("one ", ["error_network"])


def test_a_browser_leaves_and_comes_back_under_trio() -> None:
    service, store = Service(), MemoryStore()

    async def eventually(condition: Callable[[], object]) -> None:
        await waiting.until(condition, sleep=trio.sleep)

    async def main(url: str) -> None:
        leave, stay = trio.Event(), trio.Event()
        client = Client(leave)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.get, asking(url, store))
            await eventually(lambda: client.events.text == "one ")
            leave.set()
        service.may_go_on.set()
        back = Client(stay, last_event_id=client.events.last_id)
        events = await back.get(follow("a", store=store))
        assert (back.status, events.text, events.ends) == (200, "two", [{"type": "done"}])

    with Server(service.answer) as server:
        trio.run(main, server.url)
