"""An `EventSource` in a process that leaves, forks, or only imports it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from process import ROOT, run
from wire_server import (
    CHUNKED,
    SOON,
    UNTIL_CLOSE,
    Peer,
    Server,
    answering,
    connecting,
    framed,
    staying,
)

LISTENING = """
import os, socket, sys, threading, time
from suggestions import EventSource

names = []
source = EventSource(sys.argv[1], initial_retry_delay=60, start=False)
source.connect("*", lambda source, event: names.append(event.type))

def until(*expected):
    deadline = time.monotonic() + 10
    while tuple(names) != expected:
        assert time.monotonic() < deadline, names
        time.sleep(0.01)
"""


@contextlib.contextmanager
def silent() -> Iterator[str]:
    with Server(Peer.wait_for_end) as server:
        yield server.url


def streaming() -> AbstractContextManager[str]:
    return staying(CHUNKED, framed(b"data: a\n\n"))


@contextlib.contextmanager
def ending() -> Iterator[str]:
    with Server(answering(UNTIL_CLOSE)) as server:
        yield server.url


Phase = tuple[Callable[[], contextlib.AbstractContextManager[str]], str]
PHASES: dict[str, Phase] = {
    "connecting": (connecting, "time.sleep(0.2)"),
    "awaiting headers": (silent, "time.sleep(0.2)"),
    "open": (streaming, "until('open', 'message')"),
    "waiting for the next connection": (ending, "until('open', 'error')"),
}


@pytest.mark.parametrize(
    "way", ["", "source.close()", "import atexit; atexit.register(source.close)"]
)
@pytest.mark.parametrize("phase", PHASES)
def test_leaving_in_each_phase(phase: str, way: str) -> None:
    serve, reach = PHASES[phase]
    with serve() as url:
        run(f"{LISTENING}\nsource.start()\n{reach}\n{way}", url)


def test_a_forked_child_does_not_disturb_the_parent() -> None:
    go = threading.Event()

    def script(peer: Peer) -> None:
        if peer.number > 1:
            go.set()
            return
        peer.request()
        peer.send(CHUNKED, framed(b"data: a\n\n"))
        assert go.wait(SOON)
        peer.send(framed(b"event: later\ndata: b\n\n"))
        peer.wait_for_end()

    forking = """
source.start()
until("open", "message")
child = os.fork()
if child == 0:
    assert source.ready_state == EventSource.CLOSED
    source.close()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
address = ("localhost", int(sys.argv[1].split(":")[2].split("/")[0]))
with socket.create_connection(address) as another:
    another.sendall(b".")
until("open", "message", "later")
assert source.ready_state == EventSource.OPEN
"""
    with Server(script) as server:
        run(LISTENING + forking, server.url)
        assert server.connections == 2


def test_a_forked_child_makes_another_one() -> None:
    forking = """
source.start()
until("open", "message")
child = os.fork()
if child == 0:
    received = threading.Event()
    another = EventSource(sys.argv[1])
    another.connect("message", lambda source, event: received.set())
    os._exit(0 if received.wait(10) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    with streaming() as url:
        run(LISTENING + forking, url)


def test_making_one_needs_no_requests() -> None:
    script = """
import sys
from suggestions import EventSource
EventSource("http://localhost/", start=False)
print({"requests", "urllib3", "ssl", "asyncio"}.intersection(sys.modules))
"""
    assert run(script) == "set()\n"


def test_the_example_runs() -> None:
    said = run((ROOT / "examples" / "event_source.py").read_text(encoding="utf-8"))
    prices = [
        line.split()[1] for line in said.splitlines() if line.startswith("  ") and line[2].isdigit()
    ]
    assert prices == ["101", "104", "99", "97", "103", "108", "110", "107"]
    assert said.endswith("(status 204).\n")
