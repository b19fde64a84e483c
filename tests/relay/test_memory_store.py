"""The bounds of a memory store."""

from __future__ import annotations

import gc
import time
import weakref
from typing import Any

import pytest
from browsers import Events
from script import DONE, HOLD, Script, Step, chunk
from waiting import eventually

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, follow, relay, stop
from suggestions.relay.stores import MemoryStore

SERVICE = OpenAI("https://service.example/v1", "secret-key", "m1")


def asked(store: MemoryStore, id: str, *steps: Step, **options: Any) -> RelayResponse:
    session = Script(steps).session()
    return relay("Why?", dialect=SERVICE, session=session, store=store, id=id, **options)


def codes(wire: bytes) -> list[str]:
    events = Events()
    events.feed(wire)
    return [each.get("code", each["type"]) for each in events.ends]


def test_an_answer_expires() -> None:
    store = MemoryStore(keep=0.2)
    b"".join(asked(store, "a", chunk("one"), DONE))
    assert follow("a", store=store).status == 200
    time.sleep(0.3)
    assert follow("a", store=store).status == 404
    assert repr(store) == "<MemoryStore 0 answers, 0 bytes>"


def test_those_that_ended_first_make_room() -> None:
    store = MemoryStore(max_answers=2)
    for id in "abc":
        assert codes(b"".join(asked(store, id, DONE))) == ["done"]
    assert [follow(id, store=store).status for id in "abc"] == [404, 200, 200]
    store = MemoryStore(max_bytes=2000)
    for id in "abc":
        assert codes(b"".join(asked(store, id, chunk("x" * 700), DONE))) == ["done"]
    assert [follow(id, store=store).status for id in "abc"] == [404, 200, 200]


def test_a_full_store_is_an_error_for_the_browser() -> None:
    store = MemoryStore(max_answers=1)
    running = iter(asked(store, "a", chunk("one"), HOLD))
    assert b"one" in next(running) + next(running)
    other = asked(store, "b", chunk("two"), DONE)
    assert codes(b"".join(other)) == ["error_network"]
    stop("a", store=store)
    assert codes(b"".join(running)) == ["aborted"]


def test_an_answer_that_is_too_large_ends_in_an_error_with_all_that_was_kept(caplog: Any) -> None:
    store = MemoryStore(largest=3000)
    pieces = [chunk("x" * 1000) for _ in range(5)]
    response = asked(store, "a", *pieces, HOLD)
    wire = b"".join(response)
    assert codes(wire) == ["error_network"]
    assert b"".join(follow("a", store=store)) == wire
    assert "has no room for the rest of answer a" in caplog.text
    source = response.source
    assert source is not None
    assert eventually(lambda: source.state == "aborted")


def test_a_kept_answer_does_not_keep_its_source() -> None:
    store = MemoryStore()
    response = asked(store, "a", chunk("one"), DONE)
    source = weakref.ref(response.source)  # type: ignore[arg-type]
    b"".join(response)
    del response
    assert eventually(lambda: gc.collect() is not None and source() is None)
    assert codes(b"".join(follow("a", store=store))) == ["done"]


def test_an_answer_for_which_no_thread_starts_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()

    def refuse(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("suggestions._util.threads.start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        b"".join(asked(store, "a", chunk("one"), DONE))
    assert codes(b"".join(follow("a", store=store))) == ["error_network"]


@pytest.mark.parametrize("name", ["largest", "max_answers", "max_bytes"])
def test_a_wrong_bound_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0: expected 1 or more"):
        MemoryStore(**{name: 0})
    with pytest.raises(TypeError, match=f"{name} must be an int, not str"):
        MemoryStore(**{name: "5"})
    with pytest.raises(ValueError, match="keep must be more than 0"):
        MemoryStore(keep=0)
