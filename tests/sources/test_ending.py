"""`join()` and `shutdown()` wait for the threads of a source, and of all."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from loop_thread import LoopThread
from waiting import eventually, our_threads
from wire_server import ANSWER, CHUNKED, LAST_CHUNK, SOON, Peer, Server, answering, framed, said

import suggestions
from suggestions import Event, EventSource, Suggester, SuggestionsEventSource
from suggestions.relay import relay
from suggestions.toolkits import Dispatcher


def speaks(peer: Peer) -> None:
    """Never ends by itself."""
    peer.request()
    peer.send(CHUNKED, framed(said("a")))
    peer.wait_for_end()


@pytest.fixture
def url() -> Iterator[str]:
    with Server(speaks) as server:
        yield server.url


def brought_to(name: str, source: Any) -> None:
    here = threading.Event()
    source.connect(name, lambda source, event: here.set())
    source.start()
    assert here.wait(SOON)


@contextlib.contextmanager
def slow_resolver() -> Iterator[threading.Event]:
    over = threading.Event()

    def look_up(*_: Any, **__: Any) -> list[Any]:
        over.wait(SOON)
        return []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        yield over
        over.set()


# join


def test_join_waits_for_the_end(dispatch: Dispatcher | None) -> None:
    earlier = our_threads()
    with Server(answering(CHUNKED, framed(ANSWER), LAST_CHUNK)) as server:
        source = SuggestionsEventSource("?", url=server.url, dispatch=dispatch)
        assert source.wait(SOON)
        assert source.join(SOON)
    assert our_threads() - earlier <= our_threads("clock")
    assert source.state == "done"


def test_join_does_not_close(url: str) -> None:
    source = SuggestionsEventSource("?", url=url, start=False)
    brought_to("chunk", source)
    assert not source.join(0.05)
    assert source.state == "suggesting"
    source.close()
    assert source.join(SOON)


def test_join_of_an_event_source(url: str) -> None:
    source = EventSource(url, method="POST", start=False)
    brought_to("message", source)
    assert not source.join(0.05)
    source.close()
    assert source.join()


def test_join_waits_for_a_lookup() -> None:
    with slow_resolver() as over:
        source = SuggestionsEventSource("?", url="http://slow.invalid/")
        assert eventually(lambda: our_threads("lookup"))
        source.close()
        assert not source.join(0.05)
        over.set()
        assert source.join(SOON)


def test_join_waits_for_a_handler(url: str) -> None:
    go_on = threading.Event()
    source = SuggestionsEventSource("?", url=url, start=False)
    source.connect("abort", lambda source, event: go_on.wait(SOON))
    brought_to("chunk", source)
    source.close()
    assert not source.join(0.05)
    go_on.set()
    assert source.join(SOON)


def test_join_before_the_start() -> None:
    assert SuggestionsEventSource("?", url="http://localhost/", start=False).join()


@pytest.mark.parametrize("wrong", ["1", -1, True])
@pytest.mark.parametrize("call", [suggestions.shutdown, SuggestionsEventSource.join])
def test_a_wrong_timeout_is_refused(call: Any, wrong: Any) -> None:
    source = SuggestionsEventSource("?", url="http://localhost/", start=False)
    with pytest.raises((TypeError, ValueError), match="timeout must be"):
        call(timeout=wrong) if call is suggestions.shutdown else call(source, wrong)


@pytest.mark.parametrize("what", ["join", "shutdown"])
@pytest.mark.parametrize("name", ["chunk", "mine"])
def test_a_handler_cannot_wait_for_its_own_thread(name: str, what: str, url: str) -> None:
    """Nor if the program itself has called it: a thread of ours may wait until it has returned."""
    raised: list[str] = []

    def wait(source: SuggestionsEventSource, event: Any) -> None:
        try:
            source.join() if what == "join" else suggestions.shutdown()
        except RuntimeError as error:
            raised.append(str(error))

    source = SuggestionsEventSource("?", url=url, start=False)
    source.connect(name, wait)
    brought_to("chunk", source)
    source.dispatch_event(Event("mine"))
    assert eventually(lambda: raised)
    assert raised == [f"{what}() would wait for the thread that calls it"]
    assert source.state == "suggesting", "it was closed"
    source.close()
    assert source.join(SOON)


def test_a_handler_on_a_host_may_join(url: str, loop_thread: LoopThread) -> None:
    joined: list[bool] = []
    source = SuggestionsEventSource("?", url=url, dispatch=loop_thread.dispatch, start=False)
    source.connect("end", lambda source, event: joined.append(source.join(SOON)))
    brought_to("chunk", source)
    source.close()
    assert eventually(lambda: joined)
    assert joined == [True]


# shutdown


def test_shutdown_closes_sources_of_every_kind(url: str, loop_thread: LoopThread) -> None:
    texts: list[str] = []
    source = SuggestionsEventSource("?", url=url, throttle=60, start=False)
    brought_to("chunk", source)
    on_loop = SuggestionsEventSource("?", url=url, dispatch=loop_thread.dispatch, start=False)
    brought_to("chunk", on_loop)
    stream = EventSource(url, method="POST", start=False)
    brought_to("message", stream)
    suggester = Suggester(on_suggestion=texts.append, url=url)
    suggester.request("?")
    frames = iter(relay("?", url=url, dialect="openai"))
    assert b"content" in next(frame for frame in frames if b"data" in frame)
    assert eventually(lambda: texts)

    assert suggestions.shutdown(SOON)
    assert not our_threads()
    assert source.state == on_loop.state == suggester.state == "aborted"
    assert stream.ready_state == EventSource.CLOSED
    assert suggestions.shutdown(0), "there is nothing left"


def test_sources_can_be_started_after_shutdown() -> None:
    assert suggestions.shutdown(SOON)
    with Server(answering(CHUNKED, framed(ANSWER), LAST_CHUNK)) as server:
        assert SuggestionsEventSource("?", url=server.url).result(SOON) == "Argentina"


@pytest.mark.parametrize("kind", ["SuggestionsEventSource", "EventSource"])
def test_no_source_starts_while_shutdown_waits(kind: str, url: str) -> None:
    """A program that asks the next question at each end would go on for ever."""
    refused: list[str] = []

    def ask_again(source: Any, event: Any) -> None:
        try:
            if kind == "EventSource":
                EventSource(url)
            else:
                SuggestionsEventSource("?", url=url)
        except RuntimeError as error:
            refused.append(str(error))

    source = SuggestionsEventSource("?", url=url, start=False)
    source.connect("end", ask_again)
    brought_to("chunk", source)
    assert suggestions.shutdown(SOON)
    assert refused == ["no source can be started while suggestions.shutdown() waits"]


def test_shutdown_returns_false_if_a_thread_is_left() -> None:
    with slow_resolver() as over:
        source = SuggestionsEventSource("?", url="http://slow.invalid/")
        assert eventually(lambda: our_threads("lookup"))
        assert not suggestions.shutdown(0.05)
        assert source.state == "aborted"
        over.set()
        assert suggestions.shutdown(SOON)


def test_shutdown_does_not_wait_for_a_deadline_of_the_clock(
    url: str, loop_thread: LoopThread
) -> None:
    """A loop reads, and the clock would call back in an hour."""
    timeouts = dict.fromkeys(("first_byte", "idle", "content"), 3600.0)
    source = SuggestionsEventSource(
        "?", url=url, dispatch=loop_thread.dispatch, timeouts=timeouts, start=False
    )
    brought_to("chunk", source)
    assert suggestions.shutdown(SOON)
    assert not our_threads()
