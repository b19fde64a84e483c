"""A token at every place of a response, and over every cut that we make of one."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from wire_server import CHUNKED, SOON, UNTIL_CLOSE, Peer, Server, eventually, sized

from suggestions import SuggestionsEventSource, errors
from suggestions.dialects import Delta
from suggestions.dialects.openai import OpenAI
from suggestions.events import ServerSentEvent
from suggestions.relay import relay

KEY = "sk/Abcdefgh Ijklmnop+<01234567>"
PARTS = ("Abcdefgh", "Ijklmnop", "01234567")
"""None of them may stay. Fewer than 8 characters of the beginning may."""
WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "in a URL": lambda text: quote(text, safe=""),
    "in JSON": lambda text: json.dumps(text)[1:-1].replace("<", "\\u003c"),
}
CUTS = (0, 32, 40, 50, 60, 150, 200, 490, 500, 520, 4096, 65_536, 131_072)


def in_body(status: str, kind: str) -> Callable[[bytes], bytes]:
    return lambda text: sized(status, text, content_type=kind)


def in_json(text: bytes) -> bytes:
    report = {"error": {"message": text.decode("latin-1"), "type": "invalid_api_key"}}
    return sized("401 No", json.dumps(report).encode(), content_type="application/json")


def in_header(name: str, status: str = "403 No") -> Callable[[bytes], bytes]:
    return lambda text: sized(status, b"{}").replace(
        b"\r\n\r\n", b"\r\n" + name.encode() + b": " + _in_a_line(text) + b"\r\n\r\n", 1
    )


def _in_a_line(text: bytes) -> bytes:
    return text.replace(b"\n", b" ").replace(b"\r", b" ")


PLACES: dict[str, Callable[[bytes], bytes]] = {
    "the status line": lambda text: b"HTTP/1.1 500 " + _in_a_line(text) + b"\r\n\r\n",
    "no status line": lambda text: b"What: " + _in_a_line(text) + b"\r\n\r\n",
    "the request's id": in_header("x-request-id"),
    "the type": lambda text: (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/" + _in_a_line(text) + b"\r\n\r\n<p>"
    ),
    "the type alone": lambda text: (
        b"HTTP/1.1 200 OK\r\nContent-Type: " + _in_a_line(text) + b"\r\n\r\n<p>"
    ),
    "the compression": in_header("Content-Encoding", "200 OK"),
    "the time to wait": in_header("Retry-After", "429 No"),
    "another address": lambda text: in_header("Location", "307 Elsewhere")(b"/ask?to=" + text),
    "another path": lambda text: in_header("Location", "302 Elsewhere")(b"/" + text),
    "no header": lambda text: sized("403 No", b"{}").replace(
        b"\r\n\r\n", b"\r\n" + _in_a_line(text) + b"\r\n\r\n", 1
    ),
    "a text": in_body("500 Oops", "text/plain"),
    "a refusal": in_json,
    "a refusal as a text": in_body("401 No", "application/json"),
    "a page": lambda text: in_body("502 Oops", "text/html")(b"<title>" + text + b"</title>"),
    "no answer": in_body("200 OK", "text/html"),
    "broken JSON": lambda text: in_body("200 OK", "application/json")(b'{"a": "' + text),
    "other JSON": lambda text: in_body("200 OK", "application/json")(
        json.dumps({"a": text.decode("latin-1")}).encode()
    ),
    "a chunk's size": lambda text: CHUNKED + _in_a_line(text) + b"\r\n",
    "a chunk's end": lambda text: CHUNKED + b"2\r\n: " + _in_a_line(text) + b"\r\n",
    "a message": lambda text: UNTIL_CLOSE + b"data: {" + _in_a_line(text) + b"\n\n",
    "a reported error": lambda text: (
        UNTIL_CLOSE
        + b"data: "
        + json.dumps({"error": {"message": text.decode("latin-1")}}).encode()
        + b"\n\n"
    ),
    "a reason to stop": lambda text: (
        UNTIL_CLOSE
        + b'data: {"choices": [{"delta": {}, "finish_reason": '
        + json.dumps("error " + text.decode("latin-1")).encode()
        + b"}]}\n\n"
    ),
    "no event": lambda text: UNTIL_CLOSE + text + b"\n\n",
    "half an event": lambda text: UNTIL_CLOSE + b"data: " + text,
    "an event's name": lambda text: UNTIL_CLOSE + b"event: " + _in_a_line(text) + b"\ndata: {}\n\n",
}


class Echo:
    """A service whose next response is `response`."""

    response = b""

    def __call__(self, peer: Peer) -> None:
        peer.request()
        peer.send(self.response)


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Echo, str]]:
    script = Echo()
    with Server(script) as server:
        yield script, server.url


def all_told(url: str, caplog: pytest.LogCaptureFixture, dump: Path) -> str:
    """All that our errors, logs and dumps say of one answer."""
    caplog.clear()
    source = SuggestionsEventSource("Why?", KEY, url=url, dialect="openai", retries=0)
    with pytest.raises(errors.SuggestionsError) as caught:
        source.result(SOON)
    assert source.wait(SOON)
    error = caught.value
    assert error.message.isprintable()
    assert len(error.body or "") <= 65_536
    source.debug_dump(dump)
    return "\n".join(
        [
            f"{error!r} {error} {error.args} {error.body} {error.request_id} {source!r}",
            *traceback.format_exception(error),
            f"{error.__cause__!r} {vars(error.__cause__ or error)}",
            caplog.text,
            dump.read_text("utf-8"),
        ]
    )


@settings(
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.sampled_from(sorted(PLACES)),
    st.sampled_from(sorted(WRITTEN)),
    st.sampled_from(CUTS),
    st.integers(-40, 4),
    st.sampled_from(["x", " ", "x ", "\x1b", "\\", "[", "-"]),
    st.sampled_from(["", " ", "'", "x" * 70_000]),
)
@example("a text", "plain", 131_072, -20, "x", "")
@example("a text", "in a URL", 65_536, -10, "x", "x" * 70_000)
@example("no status line", "plain", 200, -10, " ", "")
@example("a chunk's size", "plain", 32, -16, "x", "")
@example("the request's id", "plain", 0, 0, "x", "")
@example("no header", "plain", 0, 0, "x", "")
@example("another address", "plain", 0, 0, "x", "")
@example("broken JSON", "plain", 32, 0, "x", "")
@example("a refusal as a text", "in a URL", 131_072, -13, " ", "")
@example("an event's name", "in JSON", 490, -10, "x ", "")
def test_no_cut_leaves_half_a_token(
    echo: tuple[Echo, str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    place: str,
    written: str,
    cut: int,
    shift: int,
    filler: str,
    after: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    length = max(0, cut + shift)
    before = (filler * (length // len(filler) + 1))[:length]
    script, url = echo
    script.response = PLACES[place]((before + WRITTEN[written](KEY) + after).encode("latin-1"))
    told = all_told(url, caplog, tmp_path / "dump.json")
    assert [part for part in PARTS if part in told] == []


@pytest.mark.parametrize(
    "line",
    [
        b"\x1b]0;owned\x07\x1b[2J \xc2\x9b31m",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00",
        "\u202egpj.exe\u2066".encode(),
    ],
    ids=["escapes", "HTTP/2", "a frame of HTTP/2", "turned text"],
)
@pytest.mark.parametrize("place", sorted(PLACES))
def test_no_message_has_a_control_character(
    echo: tuple[Echo, str],
    caplog: pytest.LogCaptureFixture,
    place: str,
    line: bytes,
) -> None:
    caplog.set_level(logging.INFO)
    script, url = echo
    script.response = PLACES[place](line)
    source = SuggestionsEventSource("Why?", KEY, url=url, dialect="openai", retries=0)
    # Nothing asks for the end, or the source would warn of no error.
    assert eventually(lambda: "No handler was called for it" in caplog.text)
    assert source.error is not None
    assert source.error.message.isprintable()
    assert all(record.getMessage().isprintable() for record in caplog.records)


@pytest.mark.parametrize("place", ["/ask?key={}", "/{}/ask"])
def test_no_redirect_puts_the_token_into_an_address(
    echo: tuple[Echo, str], caplog: pytest.LogCaptureFixture, place: str
) -> None:
    caplog.set_level(logging.DEBUG)
    script, url = echo
    location = place.format(quote(KEY, safe=""))
    script.response = sized("307 Elsewhere", Location=location)
    source = SuggestionsEventSource("Why?", KEY, url=url, dialect="openai", retries=0)
    with pytest.raises(errors.RedirectError, match="a secret of the request"):
        source.result(SOON)
    assert "Abcdefgh" not in caplog.text


FORGED = "x\n2026-01-01 INFO all is well\x1b[2J"


def test_no_context_of_a_relay_forges_a_line_of_the_log(
    echo: tuple[Echo, str], caplog: pytest.LogCaptureFixture
) -> None:
    script, url = echo
    script.response = sized("500 Oops", FORGED.encode())
    list(relay("Why?", url=url, dialect="openai", error_context=FORGED))
    [message] = [record.getMessage() for record in caplog.records]
    assert message.startswith("x 2026-01-01 INFO all is well [2J: the answer failed")
    assert message.isprintable()


def test_no_error_of_a_dialect_forges_a_line_of_the_log(
    echo: tuple[Echo, str], caplog: pytest.LogCaptureFixture
) -> None:
    class Forging(OpenAI):
        def choose(self, content_type: str, first: ServerSentEvent | None = None) -> None:
            raise LookupError(FORGED)

        def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
            return ()

    script, url = echo
    script.response = UNTIL_CLOSE
    source = SuggestionsEventSource("Why?", url=url, dialect=Forging())
    assert source.wait(SOON)
    [logged] = [
        record.getMessage() for record in caplog.records if "no fault" in record.getMessage()
    ]
    _first, *lines = logged.split("\n")
    assert any("all is well" in line for line in lines)
    assert all(line.startswith("  ") and line.isprintable() for line in lines)
