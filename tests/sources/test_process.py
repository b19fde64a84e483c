"""Importing, leaving, forking, signals: what a process does besides the answer."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from process import ROOT, run
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    SOON,
    Peer,
    Server,
    answering,
    connecting,
    framed,
    said,
    sized,
    staying,
)

# Importing

IMPORTING = """
import logging, os, sys, threading, warnings
def state():
    return (
        threading.enumerate(), os.listdir("/proc/self/fd"), logging.root.handlers[:],
        sys.excepthook, threading.excepthook, warnings.filters[:], os.environ.copy(),
    )
before = state()
%s
assert state() == before, state()
assert not logging.getLogger("suggestions").handlers
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
TOOLKITS = {
    "tkinter",
    "PyQt5",
    "PyQt6",
    "PySide2",
    "PySide6",
    "gi",
    "wx",
    "textual",
    "trio",
    "IPython",
}
HEAVY = {
    "requests",
    "urllib3",
    "ssl",
    "hypothesis",
    "flask",
    "click",
    "rich",
    "openai",
}


def test_importing_does_nothing() -> None:
    modules = set(run(IMPORTING % "import suggestions").split())
    assert not modules & (TOOLKITS | HEAVY | {"blinker", "asyncio"})


@pytest.mark.parametrize(
    "statement",
    [
        "from suggestions import *",
        "from suggestions import SuggestionsEventSource",
        "from suggestions import SuggestionsEventSource; SuggestionsEventSource('?', start=False)",
    ],
)
def test_importing_the_names_needs_no_requests(statement: str) -> None:
    modules = set(run(IMPORTING % statement).split())
    assert not modules & (TOOLKITS | HEAVY)


# Leaving


@contextlib.contextmanager
def flooding() -> Iterator[str]:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        while True:
            peer.send(framed(said("word ")) * 100)

    with Server(script) as server:
        yield server.url


@contextlib.contextmanager
def busy() -> Iterator[str]:
    with Server(answering(sized("503 Busy", Retry_After="29"))) as server:
        yield server.url


@contextlib.contextmanager
def shaking_hands() -> Iterator[str]:
    with Server(Peer.wait_for_end) as server:
        yield server.url.replace("http", "https")


@contextlib.contextmanager
def resolving() -> Iterator[str]:
    yield "https://slow.invalid/"


ASKING = """
import atexit, os, random, signal, socket, sys, threading, time
from suggestions import SuggestionsEventSource, SuggestionsError

def slow(host, *rest, look_up=socket.getaddrinfo):
    if host == "slow.invalid":
        reached.set()
        time.sleep(60)
    return look_up(host, *rest)

def connect(sock, address, connect=socket.socket.connect):
    reached.set()
    return connect(sock, address)

names = []
reached = threading.Event()
source = SuggestionsEventSource("?", token="t", url=sys.argv[1], retries=3, start=False)
for name in ("open", "retry", "chunk", "done", "abort", "error", "end"):
    source.connect(name, lambda source, event: names.append(event.type))

def reach(where):
    if where in ("resolving", "connecting"):
        socket.getaddrinfo, socket.socket.connect = slow, connect
    else:
        source.connect(where, lambda source, event: reached.set())
    source.start()
    assert reached.wait(10), names
    if where == "connecting":
        # A process that ends while a thread computes within OpenSSL may crash, in any library:
        # what is left here is the waiting for the server.
        looks = 0
        while looks < 20:
            looks = looks + 1 if waits() else 0
            time.sleep(0.01)

def waits():
    # Whether each thread of ours sleeps, if the system reports it.
    ours = [thread for thread in threading.enumerate() if thread.name.startswith("suggestions-")]
    try:
        stats = [open(f"/proc/self/task/{thread.native_id}/stat").read() for thread in ours]
    except OSError:
        return not os.path.exists("/proc/self/task")
    return all(stat.rpartition(")")[2].split()[0] == "S" for stat in stats)
"""
PHASES: dict[str, tuple[Callable[[], contextlib.AbstractContextManager[str]], str]] = {
    "resolving": (resolving, "resolving"),
    "connecting": (connecting, "connecting"),
    "TLS handshake": (shaking_hands, "connecting"),
    "behind the headers": (lambda: staying(CHUNKED), "open"),
    "silent in mid-stream": (lambda: staying(CHUNKED, framed(said("a"))), "chunk"),
    "flood": (flooding, "chunk"),
    "delay before a retry": (busy, "retry"),
}


@pytest.mark.parametrize("way", ["", "sys.exit()", "atexit.register(source.close)"])
@pytest.mark.parametrize("phase", PHASES)
def test_leaving_in_each_phase(phase: str, way: str) -> None:
    serve, where = PHASES[phase]
    with serve() as url:
        run(f"{ASKING}\nreach({where!r})\n{way}", url)


def test_leaving_while_a_handler_runs() -> None:
    with flooding() as url:
        run(
            ASKING
            + "source.connect('chunk', lambda source, event: (reached.set(), time.sleep(60)))\n"
            "source.start()\nassert reached.wait(10)",
            url,
        )


def test_leaving_while_certificates_are_loaded() -> None:
    """OpenSSL must not be cleaned up under the thread that loads them."""
    script = """
import ssl

def load(context, *rest, load=ssl.SSLContext.load_verify_locations, **options):
    reached.set()
    time.sleep(0.2)
    load(context, *rest, **options)
    os.write(1, b"loaded")

ssl.SSLContext.load_verify_locations = load
source.start()
assert reached.wait(10)
"""
    with shaking_hands() as url:
        assert run(ASKING + script, url) == "loaded"


def test_close_at_exit_is_seen_by_the_server() -> None:
    ended = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        peer.wait_for_end()
        ended.set()

    with Server(script) as server:
        run(ASKING + "reach('chunk')\natexit.register(source.close)", server.url)
        assert ended.wait(SOON)


def test_waiting_at_exit_for_what_close_tells() -> None:
    script = """
def leave():
    source.close()
    assert source.wait(10)
    print(names[-2:])

atexit.register(leave)
reach("chunk")
"""
    with staying(CHUNKED, framed(said("a"))) as url:
        assert run(ASKING + script, url) == "['abort', 'end']\n"


# Forking


@contextlib.contextmanager
def in_halves() -> Iterator[str]:
    """Sends the second half of an answer when a client connects once more."""
    go = threading.Event()

    def script(peer: Peer) -> None:
        if peer.number > 1:
            go.set()
            return
        peer.request()
        peer.send(CHUNKED, framed(said("Argen")))
        assert go.wait(SOON)
        peer.send(framed(said("tina")), framed(ANSWER[-14:]), LAST_CHUNK)

    with Server(script) as server:
        yield server.url


FORKING = """
reach("chunk")
child = os.fork()
if child == 0:
    %s
    sys.exit()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
address = ("localhost", int(sys.argv[1].split(":")[2].split("/")[0]))
with socket.create_connection(address) as another:
    another.sendall(b".")
assert source.wait(10)
print(source.state, source.full_message, names[-2:])
"""
IN_CHILD = {
    "leaves": "pass",
    "leaves at once": "os._exit(0)",
    "closes": "source.close()",
    "waits": "assert source.wait(10)",
    "looks": "assert (source.state, source.controller.aborted) == ('aborted', True)",
    "asks for the result": "assert raises(lambda: source.result(10))",
    "iterates": "assert list(source) == []",
    "lets go": "del source; import gc; gc.collect()",
    "connects": "source.connect('done', lambda source, event: print('told')); time.sleep(0.2)",
    "connects late": "source.connect('chunk', lambda source, event: print('told'));time.sleep(0.2)",
    "asks anew": "assert SuggestionsEventSource('?', url=sys.argv[2]).result(10) == 'Argentina'",
}


@pytest.mark.parametrize("what", IN_CHILD)
def test_a_child_does_not_disturb_the_parent(what: str) -> None:
    raises = """
def raises(work):
    try:
        work()
    except SuggestionsError as error:
        return error.code == "aborted"
"""
    with in_halves() as url, staying(CHUNKED, framed(ANSWER)) as other:
        said = run(ASKING + raises + FORKING % IN_CHILD[what], url, other)
    assert said == "done Argentina ['done', 'end']\n"


@pytest.mark.parametrize("where", ["chunk", "open"])
def test_a_child_that_a_handler_forks_reads_nothing_of_the_answer(where: str) -> None:
    script = """
def fork(source, event):
    source.disconnect(sys.argv[2], fork)
    child = os.fork()
    if child != 0:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with socket.create_connection(address) as another:
            another.sendall(b".")

address = ("localhost", int(sys.argv[1].split(":")[2].split("/")[0]))
source.connect(sys.argv[2], fork)
source.start()
assert source.wait(10)
print(source.state, source.full_message, names[-2:])
"""
    with in_halves() as url:
        assert run(ASKING + script, url, where) == "done Argentina ['done', 'end']\n"


def test_a_child_that_lives_on_does_not_keep_the_connection() -> None:
    ended = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED, framed(said("a")))
        peer.wait_for_end()
        ended.set()

    living = """
reach("chunk")
reader, writer = os.pipe()
if os.fork() == 0:
    os.close(writer)
    os.read(reader, 1)  # lives as long as its parent
    os._exit(0)
os.close(reader)
source.close()
assert source.wait(10)
sys.stdin.read()
"""
    with Server(script) as server:
        process = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "ignore::DeprecationWarning",
                "-c",
                ASKING + living,
                server.url,
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
        )
        try:
            assert ended.wait(SOON)
        finally:
            process.communicate(timeout=SOON)
    assert process.returncode == 0


# Signals


@pytest.mark.parametrize("waiting", ["source.wait()", "raises(source.result)", "list(source)"])
def test_close_in_a_signal_handler_while_the_main_thread_waits(waiting: str) -> None:
    script = f"""
def raises(work):
    try:
        work()
    except SuggestionsError as error:
        assert error.code == "aborted"

signal.signal(signal.SIGALRM, lambda *_: source.close())
reach("chunk")
signal.setitimer(signal.ITIMER_REAL, 0.05)
{waiting}
assert source.wait(10)
print(names[-2:])
"""
    with staying(CHUNKED, framed(said("a"))) as url:
        assert run(ASKING + script, url) == "['abort', 'end']\n"


@pytest.mark.parametrize("waiting", ["source.wait()", "list(source)"])
def test_a_signal_that_wakes_another_thread_is_noticed_soon(waiting: str) -> None:
    """As one does that arrives just before the wait begins: its handler runs between waits."""
    script = f"""
def hear():
    time.sleep(0.05)
    signal.pthread_kill(threading.get_ident(), signal.SIGALRM)

signal.signal(signal.SIGALRM, lambda *_: source.close())
reach("chunk")
threading.Thread(target=hear).start()
{waiting}
assert source.wait(10)
print(names[-2:])
"""
    with staying(CHUNKED, framed(said("a"))) as url:
        assert run(ASKING + script, url) == "['abort', 'end']\n"


@contextlib.contextmanager
def trickling() -> Iterator[str]:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED)
        while True:
            peer.send(framed(said("word ")))
            time.sleep(0.0005)

    with Server(script) as server:
        yield server.url


@pytest.mark.parametrize(
    "waiting",
    ["source.wait()", "list(source)"],
)
def test_closes_in_signal_handlers_at_any_moment(waiting: str) -> None:
    script = f"""
moments = random.Random(1)
for _ in range(60):
    source = SuggestionsEventSource("?", token="t", url=sys.argv[1], start=False)
    source.connect("chunk", lambda source, event: reached.set())
    signal.signal(signal.SIGALRM, lambda *_: source.close())
    reached.clear()
    source.start()
    assert reached.wait(10)
    signal.setitimer(signal.ITIMER_REAL, 0.0001 + moments.random() * 0.005)
    {waiting}
    assert source.wait(10)
    assert source.state == "aborted"
"""
    with trickling() as url:
        run(ASKING + script, url)


@pytest.mark.parametrize("waiting", ["source.wait()", "list(source)"])
def test_close_in_a_signal_handler_at_the_worst_moment(waiting: str) -> None:
    """The signal comes when the main thread, about to wait, holds what waiting needs."""
    script = f"""
def wait(self, timeout=None, wait=threading.Condition.wait):
    if threading.current_thread() is threading.main_thread():
        threading.Condition.wait = original
        signal.raise_signal(signal.SIGALRM)
    return wait(self, timeout)

signal.signal(signal.SIGALRM, lambda *_: source.close())
reach("chunk")
watchdog = threading.Timer(20, os._exit, (1,))
watchdog.daemon = True
watchdog.start()
original, threading.Condition.wait = threading.Condition.wait, wait
signal.setitimer(signal.ITIMER_REAL, 0.1)
{waiting}
assert source.state == "aborted"
"""
    with staying(CHUNKED, framed(said("a"))) as url:
        run(ASKING + script, url)
