"""Beside the tools of users' own tests: VCR.py, freezegun, HTTPretty, each in a process of its own.

Each of them patches what a program has imported, and what it imports later; so each is tried with
a first question before and after it has begun.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from process import run
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    Peer,
    Server,
    framed,
    said,
)

STREAM = CHUNKED + framed(ANSWER) + LAST_CHUNK
FIRST = pytest.mark.parametrize("first", ["before", "within"])
ASK = """
import os, sys, warnings
warnings.simplefilter("ignore")
url, first, *rest = sys.argv[1:]

def ask(url=url, **options):
    from suggestions import SuggestionsEventSource
    options.setdefault("timeouts", {"idle": 30})
    return SuggestionsEventSource("Why?", url=url, retries=0, **options)

def result(url=url, **options):
    source = ask(url, on={"error": lambda source, event: None}, **options)
    assert source.wait(20), source.state
    return source.full_message if source.error is None else type(source.error).__name__

if first == "before":
    result()
"""


def needs(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


def script(peer: Peer) -> None:
    silent = peer.request().path.endswith("silent")
    peer.send(*((CHUNKED, framed(said("a"))) if silent else (STREAM,)))
    if silent:
        peer.wait_for_end()


VCR = """
import vcr
for _ in range(2):
    with vcr.use_cassette(rest[0], match_on=["method", "uri"]) as tape:
        print(result(), "played" if tape.play_count else "recorded")
# After the cassette, connections are ours again: they keep time.
print(result(), result(url + "?silent", timeouts={"idle": 0.5}))
with vcr.use_cassette(rest[0] + ".another", match_on=["method", "uri"]) as tape:
    print(result(), len(tape))
"""


@FIRST
def test_vcr(first: str, tmp_path: Path) -> None:
    needs("vcr")
    with Server(script) as server:
        lines = run(ASK + VCR, server.url, first, str(tmp_path / "tape.yaml")).splitlines()
    assert lines == [
        "Argentina recorded",
        "Argentina played",
        "Argentina IdleTimeoutError",
        "Argentina 1",
    ]


FREEZE = """
from freezegun import freeze_time
with freeze_time("2022-12-18"):
    print(result())
    source = ask(url + "?silent")
    print(source.wait(0.2), source.state)
    source.close()
    print(source.wait(20), source.state)
    print(result(url + "?silent", timeouts={"idle": 0.3}))
    print(result(url + "?silent", timeouts={"total": 0.3}))
    print(result(url + "?silent", timeouts={"total": 0.3}, dispatch=pump()))
print(result(url + "?silent", timeouts={"total": 0.3}))
"""
PUMP = """
def pump():
    import threading, queue
    calls = queue.SimpleQueue()
    threading.Thread(target=lambda: [call() for call in iter(calls.get, None)], daemon=True).start()
    return calls.put
"""


@FIRST
def test_freezegun(first: str) -> None:
    needs("freezegun")
    with Server(script) as server:
        lines = run(ASK + PUMP + FREEZE, server.url, first).splitlines()
    assert lines == [
        "Argentina",
        "False suggesting",
        "True aborted",
        "IdleTimeoutError",
        "TotalTimeoutError",
        "TotalTimeoutError",
        "TotalTimeoutError",
    ]


HTTPRETTY = """
import httpretty
for place in ("http://service.test/ask", "https://service.test/ask"):
    with httpretty.enabled(allow_net_connect=True):
        body, kind = rest[0], "text/event-stream"
        httpretty.register_uri(httpretty.POST, place, body=body, content_type=kind)
        print(result(place), httpretty.last_request().headers["Accept"])
print(result(), result(url + "?silent", timeouts={"idle": 0.5}))
"""


@FIRST
def test_httpretty(first: str) -> None:
    needs("httpretty")
    with Server(script) as server:
        # It imports eventlet, if that is installed, which then imports trio, and fails.
        environment = {"EVENTLET_NO_GREENDNS": "yes"}
        program = ASK + HTTPRETTY
        lines = run(program, server.url, first, ANSWER.decode(), **environment).splitlines()
    assert lines == ["Argentina text/event-stream"] * 2 + ["Argentina IdleTimeoutError"]
