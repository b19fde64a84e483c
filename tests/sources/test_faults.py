"""Everything that a service can do wrong, and what comes of it: one table.

Each row is asked over http and https, and read by a thread and by a loop. It has to end within
`SOON` seconds, in one terminal event, in the memory that `CEILING` allows, and with all the text
that had arrived.
"""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
import trustme
from waiting import our_threads
from wire_server import SOON, TOKEN, Told, eventually

from suggestions import errors
from suggestions.testing import FAULTS, SuggestionsServer
from suggestions.testing.faults import PIECES, TEXT, find
from suggestions.toolkits import Dispatcher

CEILING = 64 * 1024 * 1024
"""Bytes over the start, for any of them."""
FOR_EVER = dict.fromkeys(("connect", "first_byte", "idle", "content", "total"))
NOTHING, BEGUN, WHOLE = "", "".join(PIECES[:2]), TEXT


class Row(NamedTuple):
    """The error that ends it, None for `done`; the text; the only timeout that there is.

    The ssl of some Pythons reports a reset as an end (gh-115627):
    over https, `or_over_tls` will do as well.
    """

    error: type[errors.SuggestionsError] | None
    text: str
    timeouts: dict[str, float] = {}
    or_over_tls: type[errors.SuggestionsError] | None = None


TABLE = {
    # The connection is reset.
    "reset before headers": Row(errors.ConnectionLostError, NOTHING),
    "reset in headers": Row(errors.ConnectionLostError, NOTHING),
    "reset in mid-stream": Row(
        errors.ConnectionLostError, BEGUN, or_over_tls=errors.IncompleteStreamError
    ),
    "reset after [DONE]": Row(None, WHOLE),
    # It ends, as TCP has it.
    "end before headers": Row(errors.ConnectionLostError, NOTHING),
    "end in headers": Row(errors.ConnectionLostError, NOTHING),
    "end after headers": Row(errors.IncompleteStreamError, NOTHING),
    "end in mid-stream": Row(errors.IncompleteStreamError, BEGUN),
    "end in mid-stream with the terminating chunk": Row(errors.IncompleteStreamError, BEGUN),
    "end in an event": Row(errors.IncompleteStreamError, BEGUN),
    "end in a chunk": Row(errors.IncompleteStreamError, BEGUN),
    "end before its length": Row(errors.IncompleteStreamError, BEGUN),
    "end after [DONE]": Row(None, WHOLE),
    # Its framing or its compression lies.
    "chunk size that is none": Row(errors.MalformedStreamError, BEGUN),
    "chunk size too small": Row(errors.MalformedStreamError, BEGUN),
    "chunk size too large": Row(errors.IncompleteStreamError, BEGUN),
    "endless chunk size": Row(errors.MalformedStreamError, BEGUN),
    "truncated gzip": Row(errors.IncompleteStreamError, BEGUN),
    "gzip that is none": Row(errors.MalformedStreamError, NOTHING),
    "gzip that breaks": Row(errors.MalformedStreamError, BEGUN),
    "gzip with a wrong checksum": Row(None, WHOLE),
    "gzip bomb": Row(errors.MalformedStreamError, NOTHING),
    "trailers": Row(None, WHOLE),
    "endless trailers": Row(None, WHOLE),
    "HTTP/1.0": Row(None, WHOLE),
    # It is slow, or says nothing.
    "silence before headers": Row(errors.FirstByteTimeoutError, NOTHING, {"first_byte": 0.2}),
    "silence in headers": Row(errors.FirstByteTimeoutError, NOTHING, {"first_byte": 0.2}),
    "silence after headers": Row(errors.FirstByteTimeoutError, NOTHING, {"first_byte": 0.2}),
    "silence in mid-stream": Row(errors.IdleTimeoutError, BEGUN, {"idle": 0.2}),
    "silence after [DONE]": Row(None, WHOLE),
    "drip": Row(None, WHOLE),
    "drip in headers": Row(errors.FirstByteTimeoutError, NOTHING, {"first_byte": 0.2}),
    "pings for ever": Row(errors.ContentTimeoutError, BEGUN, {"content": 0.5}),
    "pings as messages for ever": Row(errors.ContentTimeoutError, BEGUN, {"content": 0.5}),
    "flood of pings": Row(errors.TotalTimeoutError, BEGUN, {"total": 1.5}),
    # It has no end.
    "endless status line": Row(errors.MalformedStreamError, NOTHING),
    "endless header": Row(errors.MalformedStreamError, NOTHING),
    "endless headers": Row(errors.MalformedStreamError, NOTHING),
    "endless line": Row(errors.EventTooLargeError, BEGUN),
    "endless event": Row(errors.EventTooLargeError, BEGUN),
    "endless HTML": Row(errors.NotAnAnswerError, NOTHING),
    "endless JSON": Row(errors.NotAnAnswerError, NOTHING),
    "endless error": Row(errors.StatusError, NOTHING),
    # It is not what was asked for, or not where.
    "HTML with 200": Row(errors.NotAnAnswerError, NOTHING),
    "HTML as a stream": Row(errors.MalformedStreamError, NOTHING),
    "JSON with 200": Row(errors.NotAnAnswerError, NOTHING),
    "JSON error with 200": Row(errors.ServiceUnavailableError, NOTHING),
    "empty JSON with 200": Row(errors.NotAnAnswerError, NOTHING),
    "empty with 200": Row(errors.IncompleteStreamError, NOTHING),
    "redirect loop": Row(errors.RedirectError, NOTHING),
    "redirect to another host": Row(None, WHOLE),
    "1xx preludes": Row(None, WHOLE),
    "endless 1xx preludes": Row(errors.StatusError, NOTHING),
    "no HTTP": Row(errors.MalformedStreamError, NOTHING),
    # There is no connection to be trusted.
    "reset in TLS": Row(errors.ConnectionFailedError, NOTHING),
    "silence in TLS": Row(errors.ConnectTimeoutError, NOTHING, {"connect": 0.2}),
    "slow TLS": Row(errors.ConnectTimeoutError, NOTHING, {"connect": 0.2}),
    "bad certificate": Row(errors.TLSError, NOTHING),
    "no TLS": Row(errors.TLSError, NOTHING),
}
CASES = [
    pytest.param(name, scheme, id=f"{name} over {scheme}")
    for name in TABLE
    for scheme in ("http", "https")
    if scheme == "https" or not find(name).does_tls
]


class Place(NamedTuple):
    """Where the faults are served over https, and who trusts that."""

    certificate: Path
    session: requests.Session


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(directory / "ca.pem")
        yield Place(directory / "server.pem", session)


@pytest.fixture(scope="module")
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def serve(name: str, scheme: str, place: Place) -> SuggestionsServer:
    own = scheme == "https" and not find(name).does_tls
    server = SuggestionsServer(certificate=place.certificate if own else None)
    server.misbehaves(name)
    assert server.url.startswith(f"{scheme}://")
    return server


def test_the_table_has_every_fault() -> None:
    assert list(TABLE) == list(FAULTS)


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_each_fault(name: str, scheme: str, place: Place, dispatch: Dispatcher | None) -> None:
    row = TABLE[name]
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for times in (1, 10):
        timeouts = {name: times * seconds for name, seconds in row.timeouts.items()}
        with serve(name, scheme, place) as server:
            told = Told(
                server.url,
                timeouts={**FOR_EVER, **timeouts},
                session=place.session,
                retries=0,
                dispatch=dispatch,
            )
            ended = told.source.wait(SOON)
            memory = tracemalloc.get_traced_memory()[1] - before
            told.source.close()  # what did not end is not to hold up the server
            assert ended, told.names
        if not timeouts or told.source.full_message == row.text:
            break  # else a slow machine has missed a short time, and is given more

    if row.error is not None:
        expected = (row.error, *filter(None, (row.or_over_tls,)))
        assert isinstance(told.source.error, expected if scheme == "https" else row.error)
        assert told.error().partial_text == told.source.full_message
        assert TOKEN not in f"{told.source.error!r} {told.source.error} {told.source.error.body}"
    else:
        assert told.names[-2:] == ["done", "end"]
    terminal = [event for event in told.names if event in ("done", "abort", "error")]
    assert len(terminal) == told.names.count("end") == 1

    text = told.source.full_message
    assert text == row.text
    assert text.startswith("".join(told.of("chunk")))
    assert memory < CEILING, f"{memory / 2**20:.0f} MiB"
    assert len(server.requests) <= 1 or name.startswith("redirect"), "asked again"
    assert eventually(lambda: not our_threads())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_another_host_gets_no_token(scheme: str, place: Place) -> None:
    with serve("redirect to another host", scheme, place) as server:
        assert Told(server.url, session=place.session).wait().source.result() == TEXT
    first, second = server.requests
    assert first.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Authorization" not in second.headers
    assert first.json == second.json


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_close_within_each_fault(
    name: str, scheme: str, place: Place, dispatch: Dispatcher | None
) -> None:
    with serve(name, scheme, place) as server:
        told = Told(
            server.url, timeouts=FOR_EVER, session=place.session, retries=0, dispatch=dispatch
        )
        time.sleep(random.uniform(0, 0.02))
        told.source.close()
        names = told.wait().names
    terminal = [event for event in names if event in ("done", "abort", "error")]
    assert len(terminal) == names.count("end") == 1
    assert names[-1] == "end"
    assert eventually(lambda: not our_threads())
