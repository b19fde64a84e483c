"""What every store has to do, by what browsers see."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from browsers import Events
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_server import RedisServer
from script import DONE, HOLD, Script, Step, chunk
from waiting import SOON, eventually

from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, follow, relay, stop
from suggestions.relay.stores import Endings, MemoryStore, Store, StoredAnswer

SERVICE = OpenAI("https://service.example/v1", "secret-key", "m1")
STOPPED = {"type": "error", "error": "The answer was stopped.", "code": "aborted"}


@pytest.fixture(params=["memory", "redis", "redis, elsewhere"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[Store, Store]]:
    if request.param == "memory":
        store = MemoryStore()
        yield store, store
        return
    server: RedisServer = request.getfixturevalue("redis")
    with server.store() as asking, server.store() as other:
        yield asking, asking if request.param == "redis" else other


@pytest.fixture
def store(stores: tuple[Store, Store]) -> Store:
    """Of the process that asks."""
    return stores[0]


@pytest.fixture
def elsewhere(stores: tuple[Store, Store]) -> Store:
    """Of the process that follows, and stops."""
    return stores[1]


class Service:
    """Sends one piece for each call of `go_on()`."""

    def __init__(self, *pieces: str) -> None:
        self._gates = [threading.Event() for _ in range(len(pieces) + 1)]
        steps: list[Step] = []
        for gate, piece in zip(self._gates, [*pieces, None], strict=True):
            steps += [lambda gate=gate: gate.wait(SOON), DONE if piece is None else chunk(piece)]
        self.script = Script(steps)

    def go_on(self, count: int = 1) -> None:
        for gate in [gate for gate in self._gates if not gate.is_set()][:count]:
            gate.set()

    def finish(self) -> None:
        self.go_on(len(self._gates))

    def asked(self, **options: Any) -> RelayResponse:
        return relay("Why?", dialect=SERVICE, session=self.script.session(), **options)


def read(response: Iterator[bytes], events: Events, text: str) -> None:
    while events.text != text:
        events.feed(next(response))


# Coming back


def test_a_browser_that_comes_back_gets_the_rest(store: Store, elsewhere: Store) -> None:
    service = Service("one ", "two ", "three")
    response = service.asked(store=store)
    id, events = response.answer_id or "", Events()
    first = iter(response)
    service.go_on()
    read(first, events, "one ")
    first.close()  # type: ignore[attr-defined]  # a generator, as PEP 3333 has it
    service.go_on()
    service.finish()
    for data in follow(id, events.last_id, store=elsewhere):
        events.feed(data)
    assert (events.text, events.ends) == ("one two three", [{"type": "done"}])
    whole = Events()
    whole.feed(b"".join(follow(id, store=elsewhere)))
    assert whole.frames == events.frames
    assert len(service.script.requests) == 1


def test_several_follow_one_answer(store: Store, elsewhere: Store) -> None:
    service = Service("one ", "two")
    response = service.asked(store=store, id="an-answer")
    first, all_events = iter(response), [Events() for _ in range(3)]
    next(first)
    others = [iter(follow("an-answer", store=elsewhere)) for _ in range(2)]
    service.finish()
    for stream, events in zip([first, *others], all_events, strict=True):
        for data in stream:
            events.feed(data)
        assert (events.text, events.ends) == ("one two", [{"type": "done"}])


def test_the_same_id_attaches_and_does_not_ask_again(store: Store) -> None:
    service = Service("one ", "two")
    service.finish()
    for _ in range(2):
        events = Events()
        events.feed(b"".join(service.asked(store=store, id="an-answer")))
        assert events.text == "one two"
    rest = Events()
    rest.feed(b"".join(service.asked(store=store, id="an-answer", last_event_id="1")))
    assert rest.text == "two"
    assert len(service.script.requests) == 1


def test_frames_of_openai_go_on_as_well(store: Store, elsewhere: Store) -> None:
    service = Service("one ", "two")
    service.finish()
    wire = b"".join(service.asked(store=store, id="an-answer", frames="openai"))
    blocks = wire.split(b"\n\n")[1:-1]
    assert [block.split(b"\n")[-1] for block in blocks] == [
        b"id: 1", b"id: 2", b"id: end.1", b"id: end.2"
    ]  # fmt: skip
    assert blocks[-1].startswith(b"data: [DONE]\n")
    for number, block in enumerate(blocks):
        last_id = block.split(b"\n")[-1].removeprefix(b"id: ").decode()
        rest = b"".join(follow("an-answer", last_id, store=elsewhere))
        assert rest.split(b"\n\n")[1:-1] == blocks[number + 1 :]


def test_without_a_store_the_memory_of_the_process_keeps_it() -> None:
    service = Service("one ", "two")
    service.finish()
    id = f"own-{uuid.uuid4().hex}"
    wire = b"".join(service.asked(id=id))
    assert b"".join(follow(id, "1")).count(b"data: ") == 2
    assert b"".join(follow(id)).split(b"\n\n")[1:] == wire.split(b"\n\n")[1:]
    assert not stop(id)
    assert follow("another").status == 404


# Property: any pieces, any cuts, any interleaving


def frame(**fields: str) -> bytes:
    return f"data: {json.dumps(fields)}\n\n".encode()


class Following:
    """A browser whose connection may be cut after any byte."""

    def __init__(self, store: Store) -> None:
        self.events = Events()
        self._store = store
        self._stream: Any = None

    def take(self, data: st.DataObject) -> None:
        """What is there now; of the last part, only some if the connection is cut then."""
        if self._stream is None:
            last_id = self.events.last_id or None
            self._stream = iter(follow("a", last_id, store=self._store, heartbeat=0.001))
            next(self._stream)
        part = next(self._stream, b"")
        if data.draw(st.booleans(), "cut"):
            part = part[: data.draw(st.integers(0, len(part)), "bytes")]
            self._stream.close()
            self._stream = None
        self.events.feed(part)
        if self._stream is None:
            self.events.lose_connection()

    def finish(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self.events.lose_connection()
        last_id = self.events.last_id or None
        for part in follow("a", last_id, store=self._store):
            self.events.feed(part)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=3), max_size=3), max_size=12),
    st.sampled_from(["done", "stop", "lost", "both"]),
    st.data(),
)
def test_nothing_is_lost_nothing_comes_twice_and_there_is_one_end(
    batches: list[list[str]], how: str, data: st.DataObject
) -> None:
    store = MemoryStore()
    stopped, lost, done = frame(type="stopped"), frame(type="lost"), frame(type="done")
    answer = StoredAnswer("a", store, Endings(stopped, lost))
    assert store.create(answer)
    browsers = [Following(store) for _ in range(3)]
    for batch in batches:
        answer.append([frame(type="content", data=piece) for piece in batch])
        for browser in data.draw(st.lists(st.sampled_from(browsers), max_size=4), "who reads"):
            browser.take(data)
    if how in ("stop", "both"):
        answer.stop()
    if how in ("done", "both"):
        answer.end(done)
    if how == "lost":
        answer.end(lost)
    end = {"done": "done", "stop": "stopped", "both": "stopped", "lost": "lost"}[how]
    answer.append([frame(type="content", data="after the end")])
    for browser in browsers:
        browser.finish()
        assert browser.events.text == "".join(piece for batch in batches for piece in batch)
        assert browser.events.ends == [{"type": end}]
        assert len(set(browser.events.ids)) == len(browser.events.ids)


# Stopping


def test_stop_ends_it_for_all_and_closes_the_request(store: Store, elsewhere: Store) -> None:
    texts: list[str] = []
    script = Script([chunk("one"), HOLD])
    response = relay(
        "Why?", dialect=SERVICE, session=script.session(), store=store, on_abort=texts.append
    )
    id, events = response.answer_id or "", Events()
    stream = iter(response)
    read(stream, events, "one")
    read(iter(follow(id, store=elsewhere)), Events(), "one")  # it is stored
    assert stop(id, store=elsewhere)
    for data in stream:
        events.feed(data)
    assert events.ends == [STOPPED]
    late = Events()
    late.feed(b"".join(follow(id, store=elsewhere)))
    assert late.frames == events.frames
    source = response.source
    assert source is not None
    assert source.wait(SOON)
    assert source.state == "aborted"
    assert eventually(lambda: texts == ["one"])
    assert not stop(id, store=elsewhere)
    assert not stop("unknown", store=elsewhere)
    assert not stop("../odd", store=elsewhere)


def test_an_answer_that_nothing_follows_is_stopped(store: Store, elsewhere: Store) -> None:
    texts: list[str] = []
    script = Script([chunk("one"), HOLD])
    response = relay(
        "Why?",
        dialect=SERVICE,
        session=script.session(),
        store=store,
        abandon_after=0.2,
        on_abort=texts.append,
    )
    id, events = response.answer_id or "", Events()
    stream = iter(response)
    read(stream, events, "one")
    stream.close()  # type: ignore[attr-defined]
    source = response.source
    assert source is not None
    assert source.wait(SOON)
    assert source.state == "aborted"
    assert eventually(lambda: texts == ["one"])
    for data in follow(id, events.last_id, store=elsewhere):
        events.feed(data)
    assert (events.text, events.ends) == ("one", [STOPPED])


def test_an_answer_that_is_followed_goes_on(store: Store) -> None:
    service = Service("one ", "two")
    response = service.asked(store=store, abandon_after=0.1)
    stream, events = iter(response), Events()
    next(stream)
    threading.Event().wait(0.5)
    service.finish()
    for data in stream:
        events.feed(data)
    assert (events.text, events.ends) == ("one two", [{"type": "done"}])


def test_callbacks_run_once_browser_or_no_browser(store: Store, elsewhere: Store) -> None:
    texts: list[str] = []
    pieces: list[str] = []
    service = Service("one ", "two")
    response = service.asked(store=store, on_complete=texts.append, on_content=pieces.append)
    stream = iter(response)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    service.finish()
    assert eventually(lambda: texts)
    for _ in range(2):
        b"".join(follow(response.answer_id or "", store=elsewhere))
    assert (texts, pieces) == (["one two"], ["one ", "two"])


def test_an_error_of_the_service_is_the_end(store: Store, elsewhere: Store) -> None:
    errors: list[Any] = []
    script = Script([b"{}"], status=429)
    response = relay(
        "Why?", dialect=SERVICE, session=script.session(), store=store, on_error=errors.append
    )
    events = Events()
    events.feed(b"".join(response))
    assert [each["code"] for each in events.ends] == ["error_quota_exceeded"]
    assert len(errors) == 1
    late = Events()
    late.feed(b"".join(follow(response.answer_id or "", store=elsewhere)))
    assert late.frames == events.frames


# Responses


def test_the_response_names_the_answer(store: Store) -> None:
    service = Service()
    response = service.asked(store=store, address="/answers/{id}", cors="*")
    headers = response.headers
    assert headers["X-Answer-Id"] == response.answer_id
    assert headers["Content-Location"] == f"/answers/{response.answer_id}"
    assert headers["Access-Control-Expose-Headers"] == "X-Answer-Id, Content-Location"
    assert len(response.answer_id or "") >= 20
    assert response.answer_id != service.asked(store=store).answer_id
    assert service.asked().answer_id is None
    assert "X-Answer-Id" not in service.asked().headers


def test_what_is_unknown_is_404_and_what_was_sent_whole_is_204(
    store: Store, elsewhere: Store
) -> None:
    assert follow("unknown", store=elsewhere).status == 404
    assert follow("odd/id\r\n", store=elsewhere).status == 404
    assert b"no such answer" in b"".join(follow("unknown", store=elsewhere))
    service = Service("one")
    service.finish()
    events = Events()
    events.feed(b"".join(service.asked(store=store, id="a")))
    assert follow("a", store=elsewhere).status == 200
    assert follow("a", events.last_id, store=elsewhere).status == 204
    assert b"".join(follow("a", events.last_id, store=elsewhere)) == b""
    statuses: list[str] = []
    for id in ("a", "unknown"):  # `HEAD` says what `GET` would
        response = follow(id, store=elsewhere)
        assert not list(
            response({"REQUEST_METHOD": "HEAD"}, lambda status, _: statuses.append(status))
        )
    assert statuses == ["200 OK", "404 Not Found"]


@pytest.mark.parametrize("last_event_id", ["", "0", "-1", "x", "1.5", "end.", "²", "9" * 200])
def test_an_id_that_is_none_of_its_own_begins_anew(
    store: Store, elsewhere: Store, last_event_id: str
) -> None:
    service = Service("one")
    service.finish()
    b"".join(service.asked(store=store, id="a"))
    events = Events()
    events.feed(b"".join(follow("a", last_event_id, store=elsewhere)))
    assert (events.text, events.ends) == ("one", [{"type": "done"}])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"id": "a/b"}, "id is 'a/b': expected 1 to 128 letters"),
        ({"id": "a" * 129}, "expected 1 to 128 letters"),
        ({"id": ""}, "expected 1 to 128 letters"),
        ({"id": 5}, "id must be a str or None, not int"),
        ({"address": "/answers"}, "with '{id}'"),
        ({"address": "/{id}\r\nX: y"}, "expected a path or URL in ASCII"),
        ({"address": 5}, "address must be a str or None, not int"),
        ({"last_event_id": "a\nb"}, "last_event_id has a line end"),
        ({"abandon_after": -1}, "abandon_after must be more than 0 seconds"),
        ({"store": MemoryStore}, r"store must be a store like suggestions.relay.stores.MemoryS"),
        ({"store": {}}, "store must be a store like"),
    ],
)
def test_a_wrong_argument_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        relay("Why?", dialect=SERVICE, **{"store": MemoryStore(), **options})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"id": 5}, "id must be a str, not int"),
        ({"id": "a", "store": 5}, "store must be a store like"),
        ({"id": "a", "heartbeat": 0}, "heartbeat must be more than 0"),
        ({"id": "a", "last_event_id": 5}, "last_event_id must be a str, not int"),
    ],
)
def test_a_wrong_argument_of_follow_is_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        follow(**{"store": MemoryStore(), **arguments})
