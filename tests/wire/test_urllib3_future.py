"""With urllib3-future, which takes urllib3's place and reads in its own way.

It cannot be installed beside urllib3: `.ci/urllib3-future` makes an environment for these tests.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from wire_server import (
    ANSWER,
    CHUNKED,
    LAST_CHUNK,
    SOON,
    Peer,
    Server,
    Told,
    answering,
    ca_file,
    eventually,
    framed,
    free_port,
    said,
    server_tls,
)

from suggestions import errors

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("urllib3.backend") is None, reason="urllib3-future is not installed"
)
STREAM = CHUNKED + framed(ANSWER) + LAST_CHUNK
BEGINNING = (CHUNKED, framed(said("a")))
IN_BOTH_SCHEMES = pytest.mark.parametrize("scheme", ["http", "https"])


@pytest.fixture
def session(tmp_path: Path) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env, session.verify = False, ca_file(tmp_path)
        yield session


class Silent:
    """The script of a server that sends these parts, and then nothing more."""

    def __init__(self, scheme: str, *parts: bytes) -> None:
        self.parts = parts
        self.ended: list[int] = []
        self.server = Server(self.play, tls=server_tls() if scheme == "https" else None)

    def play(self, peer: Peer) -> None:
        peer.request()
        peer.send(*self.parts)
        peer.wait_for_end()
        self.ended.append(peer.number)


@IN_BOTH_SCHEMES
def test_an_answer(scheme: str, session: requests.Session) -> None:
    tls = server_tls() if scheme == "https" else None
    with Server(answering(STREAM), tls=tls) as server:
        assert Told(server.url, session=session).wait().source.result() == "Argentina"


@IN_BOTH_SCHEMES
@pytest.mark.parametrize(
    ("parts", "name", "kind"),
    [
        ((), "first_byte", errors.FirstByteTimeoutError),
        (BEGINNING, "idle", errors.IdleTimeoutError),
        (BEGINNING, "content", errors.ContentTimeoutError),
        (BEGINNING, "total", errors.TotalTimeoutError),
    ],
)
def test_timeouts(
    scheme: str,
    parts: tuple[bytes, ...],
    name: str,
    kind: type[Exception],
    session: requests.Session,
) -> None:
    silent = Silent(scheme, *parts)
    with silent.server as server:
        timeouts = {"first_byte": None, "idle": None, "content": None, name: 0.4}
        told = Told(server.url, session=session, timeouts=timeouts, retries=0)
        assert type(told.error()) is kind


@IN_BOTH_SCHEMES
@pytest.mark.parametrize("parts", [(), BEGINNING], ids=["before the headers", "in mid-stream"])
def test_close(scheme: str, parts: tuple[bytes, ...], session: requests.Session) -> None:
    silent = Silent(scheme, *parts)
    with silent.server as server:
        told = Told(server.url, session=session)
        assert eventually(lambda: server.requests)
        assert eventually(lambda: "chunk" in told.names or not parts)
        told.source.close()
        assert eventually(lambda: silent.ended)
        assert told.wait().names[-2:] == ["abort", "end"]


def test_a_connection_that_is_refused(session: requests.Session) -> None:
    told = Told(f"http://127.0.0.1:{free_port()}/", session=session)
    error = told.error()
    assert type(error) is errors.ConnectionFailedError
    assert error.message == "No connection to 127.0.0.1: Connection refused."
    assert told.names.count("retry") == 2
    assert told.source.wait(SOON)
