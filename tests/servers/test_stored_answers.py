"""Answers that a store keeps, under real servers: browsers leave, come back, and stop them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import Events
from hosting import KINDS, Browser, Kind, serving
from wire_server import DONE, SOON, UNTIL_CLOSE, Peer, Script, Server, eventually, said

TEXT = [f"piece {number}, " for number in range(40)]


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    kind = KINDS[request.param]
    return kind._replace(arguments=kind.arguments.replace("app:", "stored_app:"))


@contextlib.contextmanager
def served(kind: Kind, script: Script, directory: Path) -> Iterator[int]:
    # A server that only learns of a browser's leaving when it writes learns it by the heartbeat.
    heartbeat = 3600 if kind.learns_at_once else 0.3
    with (
        Server(script) as upstream,
        serving(kind, upstream.url, directory / "server.log", heartbeat) as host,
    ):
        yield host.port
        assert upstream.connections == 1


def take(browser: Browser, events: Events, text: str) -> None:
    """Until so much of the text has come."""
    while text not in events.text:
        data = browser.response.read1(65536)
        assert data, f"no {text!r} in {events.text!r}"
        events.feed(data)


def test_a_browser_leaves_and_comes_back_again_and_again(kind: Kind, tmp_path: Path) -> None:
    may_send = threading.Semaphore(0)

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE)
        for piece in TEXT:
            assert may_send.acquire(timeout=SOON)
            peer.send(said(piece))
        peer.send(DONE)

    with served(kind, answer, tmp_path) as port:
        events, path = Events(), "/ask/a"
        for number in range(0, len(TEXT), 10):
            may_send.release(10)
            with Browser(port, path, last_event_id=events.last_id) as browser:
                take(browser, events, TEXT[number + 4])
                assert browser.response.getheader("X-Answer-Id") == "a"
            events.lose_connection()
            path = "/answers/a" if number < 20 else "/ask/a"
        with Browser(port, "/answers/a", last_event_id=events.last_id) as browser:
            events.feed(browser.rest())
        assert events.text == "".join(TEXT)
        assert events.ends == [{"type": "done"}]
        with Browser(port, "/answers/a") as browser:
            whole = Events()
            whole.feed(browser.rest())
        assert whole.frames == events.frames
        with Browser(port, "/answers/a", last_event_id=events.last_id) as browser:
            assert browser.response.status == 204
        with Browser(port, "/answers/b") as browser:
            assert browser.response.status == 404
            assert browser.rest() == b"There is no such answer, or it has expired.\n"


def test_another_connection_stops_it(kind: Kind, tmp_path: Path) -> None:
    if kind.at_once == 1:
        pytest.skip("it serves one at a time")
    left = threading.Event()

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, said("one"))
        peer.wait_for_end()
        left.set()

    with served(kind, answer, tmp_path) as port, Browser(port, "/ask/a") as browser:
        events = Events()
        take(browser, events, "one")
        with Browser(port, "/stop/a") as other:
            assert other.response.status == 204
        events.feed(browser.rest())
        assert [each["code"] for each in events.ends] == ["aborted"]
        assert left.wait(SOON)


def test_an_answer_that_no_browser_follows_is_stopped(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ABANDON_AFTER", "0.5")
    left = threading.Event()

    def answer(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, said("one"))
        peer.wait_for_end()
        left.set()

    with served(kind, answer, tmp_path) as port:
        events = Events()
        with Browser(port, "/ask/a") as browser:
            take(browser, events, "one")
            assert not left.wait(1)  # it is followed
        assert eventually(left.is_set)
        with Browser(port, "/answers/a", last_event_id=events.last_id) as browser:
            events.feed(browser.rest())
        assert events.text == "one"
        assert [each["code"] for each in events.ends] == ["aborted"]
