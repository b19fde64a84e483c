"""A host ends a plugin's sub-interpreter: if one thread of ours is left, the process is aborted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest
from process import run
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    Peer,
    Server,
    answering,
    connecting,
    framed,
    said,
    sized,
    staying,
)

ROUNDS = 3
"""Sub-interpreters for each phase, one after the other in one process."""

PLUGIN = """
import socket, threading, time, warnings

# charset_normalizer can be imported only once in a process, and requests warns that it is missing.
warnings.simplefilter("ignore")
import suggestions
from suggestions import EventSource, SuggestionsEventSource

def slow(host, *rest, look_up=socket.getaddrinfo):
    if host == "slow.invalid":
        reached.set()
        time.sleep(0.5)
    return look_up(host, *rest)

def connect(sock, address, connect=socket.socket.connect):
    reached.set()
    return connect(sock, address)

def hear(source, event):
    if event.type == where:
        reached.set()

url, where, kind = {url!r}, {where!r}, {kind!r}
reached = threading.Event()
if where in ("resolving", "connecting"):
    socket.getaddrinfo, socket.socket.connect = slow, connect
if kind == "EventSource":
    source = EventSource(url, method="POST", start=False)
else:
    source = SuggestionsEventSource("?", url=url, retries=3, throttle=60, start=False)
for name in ("open", "retry", "message", "suggestion", "error", "end"):
    source.connect(name, hear)
source.start()
assert reached.wait(30)
{ending}
"""
HOST = """
import sys
try:
    import _interpreters as interpreters
    options = ("legacy",)
except ImportError:
    import _xxsubinterpreters as interpreters
    options = ()

plugin = sys.argv[1]
for number in range(int(sys.argv[2])):
    try:
        interpreter = interpreters.create(*options, **({} if options else {"isolated": False}))
    except TypeError:
        interpreter = interpreters.create()
    failure = interpreters.run_string(interpreter, plugin)
    assert failure is None, failure
    interpreters.destroy(interpreter)
    print(number, flush=True)
"""


@contextlib.contextmanager
def resolving() -> Iterator[str]:
    yield "http://slow.invalid/"


@contextlib.contextmanager
def served(script: Callable[[Peer], object]) -> Iterator[str]:
    with Server(script) as server:
        yield server.url


def flood(peer: Peer) -> None:
    peer.request()
    peer.send(CHUNKED)
    while True:
        peer.send(framed(said("word ")) * 100)


def throttled(peer: Peer) -> None:
    """A suggestion is held back when it is shut down."""
    peer.request()
    peer.send(CHUNKED, framed(said("a")), framed(said("b")))
    peer.wait_for_end()


PHASES: dict[str, tuple[Callable[[], contextlib.AbstractContextManager[str]], str]] = {
    "resolving": (resolving, "resolving"),
    "connecting": (connecting, "connecting"),
    "awaiting headers": (lambda: served(Peer.wait_for_end), "connecting"),
    "after the headers": (lambda: staying(CHUNKED), "open"),
    "a suggestion held back": (lambda: served(throttled), "suggestion"),
    "flood": (lambda: served(flood), "message"),
    "ended": (lambda: served(answering(CHUNKED, framed(ANSWER), LAST_CHUNK)), "end"),
    "delay before a retry": (lambda: served(answering(sized("503 No", Retry_After="29"))), "retry"),
}
OF_STREAMS = ("resolving", "connecting", "awaiting headers", "after the headers", "flood")


def unload(url: str, where: str, kind: str, ending: str) -> None:
    plugin = PLUGIN.format(url=url, where=where, kind=kind, ending=ending)
    assert run(HOST, plugin, str(ROUNDS)).split() == [str(number) for number in range(ROUNDS)]


@pytest.mark.parametrize("phase", PHASES)
def test_shutdown_in_a_sub_interpreter(phase: str) -> None:
    serve, where = PHASES[phase]
    with serve() as url:
        unload(url, where, "SuggestionsEventSource", "assert suggestions.shutdown(30)")


@pytest.mark.parametrize("phase", OF_STREAMS)
def test_shutdown_of_an_event_source(phase: str) -> None:
    serve, where = PHASES[phase]
    with serve() as url:
        unload(url, where, "EventSource", "assert suggestions.shutdown(30)")


@pytest.mark.parametrize("kind", ["SuggestionsEventSource", "EventSource"])
def test_join_of_the_one_source(kind: str) -> None:
    serve, where = PHASES["flood"]
    with serve() as url:
        unload(url, where, kind, "source.close()\nassert source.join(30)")
