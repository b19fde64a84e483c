"""Under gevent and eventlet every timeout passes, and `close()` ends, in a process of their own."""

from __future__ import annotations

import contextlib
import importlib.util
import json
from pathlib import Path

import pytest
from process import run
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    Peer,
    Script,
    Server,
    answering,
    ca_file,
    connecting,
    eventually,
    framed,
    said,
    server_tls,
)

# Patches the standard library first, as the manuals of both say; then asks at all addresses at
# once, and prints how each source has ended.
PROGRAM = """
import json, sys, time, warnings
library, authority, asked, addresses = sys.argv[1:]
if library == "gevent":
    from gevent import monkey
    monkey.patch_all()
else:
    warnings.simplefilter("ignore")  # it says of itself that it is old
    import eventlet
    eventlet.monkey_patch()

import requests
from suggestions import SuggestionsEventSource

for_ever = dict.fromkeys(("connect", "first_byte", "idle", "content", "total"))
session = requests.Session()
session.trust_env, session.verify = False, authority
sources = {}
for name, url in json.loads(addresses).items():
    timeout = name.split(":")[0]
    timeouts = {**for_ever, timeout: 0.3} if timeout in for_ever else for_ever
    sources[name] = SuggestionsEventSource(
        "Why?", url=url, session=session, timeouts=timeouts, retries=0,
        on={"error": lambda source, event: None},
    )
for name, source in sources.items():
    if name.startswith("close"):
        while name not in open(asked).read().split("\\n"):
            time.sleep(0.05)
        if name == "close:in mid-stream":
            next(iter(source))
        source.close()
print(json.dumps({
    name: source.wait(20) and (type(source.error).__name__ if source.error else source.state)
    for name, source in sources.items()
}))
"""
ONE = (CHUNKED, framed(said("a")))


def silent(*parts: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)
        peer.wait_for_end()

    return script


def pinging(peer: Peer) -> None:
    peer.request()
    peer.send(*ONE)
    while True:
        peer.drip(framed(b": ping\n\n"))


SCRIPTS: dict[str, tuple[Script, str]] = {
    "first_byte": (silent(), "FirstByteTimeoutError"),
    "idle": (silent(*ONE), "IdleTimeoutError"),
    "content": (silent(*ONE), "ContentTimeoutError"),
    "content:pings": (pinging, "ContentTimeoutError"),
    "total:awaiting headers": (silent(), "TotalTimeoutError"),
    "total:in mid-stream": (silent(*ONE), "TotalTimeoutError"),
    "close:awaiting headers": (silent(), "aborted"),
    "close:in mid-stream": (silent(*ONE), "aborted"),
    "answer": (answering(CHUNKED, framed(ANSWER), LAST_CHUNK), "done"),
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("library", ["gevent", "eventlet"])
def test_timeouts_and_close_under_green_threads(library: str, scheme: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    tls = server_tls() if scheme == "https" else None
    asked = tmp_path / "asked"
    asked.touch()
    left: list[str] = []

    def noting(name: str, script: Script) -> Script:
        def play(peer: Peer) -> None:
            try:
                with asked.open("a") as names:
                    names.write(name + "\n")
                script(peer)
            finally:
                left.append(name)

        return play

    with contextlib.ExitStack() as stack:
        addresses = {
            name: stack.enter_context(Server(noting(name, script), tls=tls)).url
            for name, (script, _) in SCRIPTS.items()
        }
        addresses["connect"] = stack.enter_context(connecting())
        arguments = library, ca_file(tmp_path), str(asked), json.dumps(addresses)
        # eventlet's own lookup of addresses imports trio, if that is installed too, and fails.
        ended = json.loads(run(PROGRAM, *arguments, EVENTLET_NO_GREENDNS="yes"))
        assert eventually(lambda: sorted(left) == sorted(SCRIPTS))
    expected = {name: kind for name, (_, kind) in SCRIPTS.items()}
    assert ended == {**expected, "connect": "ConnectTimeoutError"}
