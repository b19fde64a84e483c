"""`follow(..., frames="ui")`: an answer that a page with `useChat` comes back to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from script import DONE, Script, chunk
from waiting import SOON, eventually

from suggestions.relay import RelayResponse, follow, relay, stop
from suggestions.relay.stores import MemoryStore

URL = "https://service.example/ask"


class Service:
    """One that sends a piece, waits, and sends the rest."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self._script = Script(
            [chunk("It is "), lambda: self.goes_on.wait(SOON), chunk("so."), DONE]
        )

    def answer(self, store: MemoryStore, **options: Any) -> RelayResponse:
        return relay(
            "Why?",
            dialect="openai",
            url=URL,
            session=self._script.session(),
            frames="ui",
            store=store,
            **options,
        )


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.goes_on.set()


def until(chunks: Iterator[bytes], words: bytes) -> bytes:
    wire = b""
    while words not in wire:
        wire += next(chunks)
    return wire


def without_comments(wire: bytes) -> list[bytes]:
    return [block for block in wire.split(b"\n\n") if block.startswith(b"data")]


def test_a_chat_has_an_answer_a_replay_and_then_nothing(service: Service) -> None:
    store = MemoryStore()
    assert follow("unknown", store=store, frames="ui").status == 204
    assert follow("", store=store, frames="ui").status == 204
    assert follow("of no chat: /", store=store, frames="ui").status == 204
    assert follow("unknown", store=store).status == 404

    answer = service.answer(store)
    id = answer.answer_id
    assert id
    page = iter(answer)
    wire = until(page, b'"It is "')
    assert f'"messageId": "{id}"'.encode() in wire
    again = follow(id, store=store, frames="ui")
    assert again.status == 200
    assert again.headers["x-vercel-ai-ui-message-stream"] == "v1"
    service.goes_on.set()
    wire += b"".join(page)
    assert without_comments(b"".join(again)) == without_comments(wire)
    assert without_comments(wire)[-1].startswith(b"data: [DONE]")

    assert follow(id, store=store, frames="ui").status == 204
    assert list(follow(id, store=store, frames="ui")) == []
    replay = follow(id, store=store, frames="ui", ended=True)
    assert replay.status == 200
    assert without_comments(b"".join(replay)) == without_comments(wire)
    assert follow(id, store=store, ended=False).status == 204
    assert follow(id, store=store).status == 200


def test_what_is_stopped_is_not_active(service: Service) -> None:
    store = MemoryStore()
    page = iter(service.answer(store, id="mine"))
    wire = until(page, b'"It is "')
    assert stop("mine", store=store)
    wire += b"".join(page)
    assert [block.split(b"\nid")[0] for block in without_comments(wire)[-2:]] == [
        b'data: {"type": "abort"}',
        b"data: [DONE]",
    ]
    assert follow("mine", store=store, frames="ui").status == 204
    assert not stop("mine", store=store)


def test_what_fails_closes_its_block(service: Service) -> None:
    store = MemoryStore()
    session = Script([chunk("It is ")]).session()
    answer = relay(
        "Why?", dialect="openai", url=URL, session=session, frames="ui", store=store, id="mine"
    )
    kinds = [block.split(b'"')[3] for block in without_comments(b"".join(answer))[:-1]]
    assert kinds == [
        *(b"start", b"start-step", b"text-start", b"text-delta", b"text-end"),
        b"error",
    ]
    assert eventually(lambda: follow("mine", store=store, frames="ui").status == 204)


def test_wrong_arguments() -> None:
    wrong: Any = "morse"
    with pytest.raises(ValueError, match=r"^frames is 'morse': expected"):
        follow("a", frames=wrong)
    with pytest.raises(TypeError, match=r"^ended must be"):
        follow("a", frames="ui", ended=wrong)
