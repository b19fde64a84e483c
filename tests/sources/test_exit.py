"""What a program does while the interpreter exits: nothing hangs, nothing is printed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from process import run
from script import DONE, Script, chunk
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    Peer,
    Server,
    answering,
    eventually,
    framed,
    said,
)

from suggestions import SuggestionsEventSource
from suggestions.toolkits import Pump

OWNER = """
import os, sys, time
from suggestions import EventSource, SuggestionsEventSource

class Owner:
    def __init__(self, source):
        self.source = source

    def __del__(self):
        source = self.source
        {does}
        os.write(1, b"%d" % sys.is_finalizing())

source = {source}
# No handler: it would keep the module, and the object would never be deleted.
while not ({until}):
    time.sleep(0.01)
owner = Owner(source)
"""
SOURCES = {
    "SuggestionsEventSource": (
        'SuggestionsEventSource("?", url=sys.argv[1])',
        "source.full_message",
    ),
    "EventSource": (
        'EventSource(sys.argv[1], method="POST")',
        "source.ready_state == EventSource.OPEN",
    ),
}
WHAT_IT_DOES = {
    "closes": "source.close()",
    "connects": "source.connect('message', print)",
    "connects and closes": "source.connect('message', print); source.close()",
    "closes and joins": "source.close(); source.join(0.1)",
}


def flood(peer: Peer) -> None:
    """A thread reads and delivers whenever the exit begins."""
    peer.request()
    peer.send(CHUNKED)
    while True:
        peer.send(framed(said("word ")) * 100)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("what", WHAT_IT_DOES)
def test_an_object_of_the_module_that_uses_its_source_at_exit(kind: str, what: str) -> None:
    source, until = SOURCES[kind]
    script = OWNER.format(source=source, until=until, does=WHAT_IT_DOES[what])
    with Server(flood) as server:
        for _ in range(2):
            assert run(script, server.url) == "1"


@pytest.mark.parametrize("what", WHAT_IT_DOES)
def test_after_the_answer(what: str) -> None:
    source, _ = SOURCES["SuggestionsEventSource"]
    script = OWNER.format(source=source, until="source.wait(10)", does=WHAT_IT_DOES[what])
    with Server(answering(CHUNKED, framed(ANSWER), LAST_CHUNK)) as server:
        assert run(script, server.url) == "1"


def test_a_source_that_is_made_at_exit_says_so() -> None:
    script = """
import sys
from suggestions import EventSource, SuggestionsEventSource

class Owner:
    def __del__(self):
        for source in sources:
            try:
                source.start()
            except RuntimeError:
                print("RuntimeError", flush=True)

url = "http://localhost:9/"
sources = [SuggestionsEventSource("?", url=url, start=False), EventSource(url, start=False)]
owner = Owner()
"""
    assert run(script) == "RuntimeError\n" * 2


def test_a_host_that_quits_can_make_no_thread_for_a_throttled_suggestion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From Python 3.12 on, to make the thread raises as well, and not only to start it."""

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    texts: list[str] = []
    go_on = threading.Event()
    pump = Pump()
    session = Script([chunk("a"), chunk("b"), lambda: go_on.wait(30), DONE]).session()
    source = SuggestionsEventSource(
        "?",
        url="https://service.example/",
        session=session,
        throttle=60,
        dispatch=pump,
        on={"suggestion": lambda source, event: texts.append(event.detail)},
    )
    assert eventually(lambda: source.full_message == "ab")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "__init__", refuse)
        while pump.run(60):  # in the host's main loop
            pass
        assert texts == ["a"]
    go_on.set()
    assert eventually(lambda: not pump.run() and source.state == "done")
    assert eventually(lambda: not pump.run() and texts == ["a", "ab"])
