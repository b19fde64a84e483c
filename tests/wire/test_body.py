"""Body framing: chunks, a length, or the connection's end; each byte as soon as it is here."""

from __future__ import annotations

import gzip
import io
import itertools
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter, HTTPAdapter
from wire_server import (
    ANSWER,
    CHUNKED,
    DONE,
    LAST_CHUNK,
    SOON,
    UNTIL_CLOSE,
    Peer,
    Server,
    Told,
    answering,
    framed,
    said,
    sized,
)

from suggestions._wire import Decoder, decode
from suggestions._wire.body import Chunked, joined
from suggestions._wire.coding import decompressors
from suggestions.errors import (
    IncompleteStreamError,
    MalformedStreamError,
    ModerationError,
    NetworkError,
)

Failure = type[NetworkError]


def undo(decoder: Decoder[bytes], received: Iterable[bytes]) -> tuple[bytes, Failure | None]:
    """The decoded bytes, and the error at their end."""
    parts: list[bytes] = []
    try:
        parts.extend(decode(decoder, received))
    except NetworkError as error:
        return b"".join(parts), type(error)
    return b"".join(parts), None


def dechunk(received: Iterable[bytes]) -> tuple[bytes, Failure | None]:
    return undo(Chunked(), received)


def undo_codings(names: list[str], received: Iterable[bytes]) -> Iterator[bytes]:
    return decode(joined(*decompressors(names)), received)


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, in two at every place."""
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(len(data)):
        yield [data[:at], data[at:]]


GOOD = {
    "nothing": (b"0\r\n\r\n", b""),
    "one chunk": (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    "several": (b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
    "hexadecimal sizes": (b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
    "zeros in front": (b"003\r\nabc\r\n000\r\n\r\n", b"abc"),
    "line ends within": (b"6\r\na\r\nb\nc\r\n0\r\n\r\n", b"a\r\nb\nc"),
    "what looks like a size within": (b"5\r\n0\r\n\r\n\r\n1\r\na\r\n0\r\n\r\n", b"0\r\n\r\na"),
    "an extension": (b"3;name=value\r\nabc\r\n0;x\r\n\r\n", b"abc"),
    "an extension after a blank": (b'3 ; name="a;b"\r\nabc\r\n0\r\n\r\n', b"abc"),
    "a blank after the size": (b"3  \t\r\nabc\r\n0 \r\n\r\n", b"abc"),
    "LF alone": (b"3\nabc\n0\n\n", b"abc"),
    "trailers": (b"3\r\nabc\r\n0\r\nExpires: never\r\n\r\n", b"abc"),
    "trailers cut off": (b"3\r\nabc\r\n0\r\nExp", b"abc"),
    "something after it": (b"3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", b"abc"),
}
MALFORMED = {
    "no size": (b"\r\n", b""),
    "no size at all": (b"3\r\nabc\r\n\r\nabc\r\n", b"abc"),
    "letters": (b"3\r\nabc\r\nxyz\r\n", b"abc"),
    "HTML": (b"<html>\r\n", b""),
    "a plus": (b"+3\r\nabc\r\n", b""),
    "a minus": (b"-3\r\nabc\r\n", b""),
    "an underscore": (b"1_0\r\n0123456789abcdef\r\n", b""),
    "a prefix": (b"0x3\r\nabc\r\n", b""),
    "a blank in front": (b" 3\r\nabc\r\n", b""),
    "a blank within": (b"1 0\r\nabc\r\n", b""),
    "digits of another script": ("٣\r\nabc\r\n".encode(), b""),
    "a CR in the extension": (b"3;a\rb\r\nabc\r\n", b""),
    "too many digits": (b"1" * 17 + b"\r\nabc", b""),
    "no line end after the chunk": (b"3\r\nabcdef\r\n0\r\n\r\n", b"abc"),
    "a chunk shorter than it says": (b"5\r\nabc\r\n0\r\n\r\n", b"abc\r\n"),
    "an endless size": (b"0" * 5000, b""),
    "an endless extension": (b"3;" + b"x" * 5000 + b"\r\nabc\r\n0\r\n\r\n", b""),
    "an endless line end": (b"3\r\nabc" + b"\r" * 5000, b"abc"),
}
CUT_OFF = {
    "nothing": (b"", b""),
    "within the size": (b"3", b""),
    "after the size": (b"3\r\n", b""),
    "within a chunk": (b"3\r\nab", b"ab"),
    "after a chunk": (b"3\r\nabc", b"abc"),
    "within the line end": (b"3\r\nabc\r", b"abc"),
    "between chunks": (b"3\r\nabc\r\n", b"abc"),
    "within the last chunk's size": (b"3\r\nabc\r\n0", b"abc"),
    "a huge size": (b"ffffffffffffffff\r\nabc", b"abc"),
}
CHUNKS = [
    *(("good: " + name, *case, None) for name, case in GOOD.items()),
    *(("malformed: " + name, *case, MalformedStreamError) for name, case in MALFORMED.items()),
    *(("cut off: " + name, *case, IncompleteStreamError) for name, case in CUT_OFF.items()),
]


@pytest.mark.parametrize(
    ("data", "body", "failure"), [case[1:] for case in CHUNKS], ids=[case[0] for case in CHUNKS]
)
def test_chunks_however_they_are_cut(data: bytes, body: bytes, failure: Failure | None) -> None:
    # Of what is very long, not every place is worth a cut.
    for received in cuts(data) if len(data) < 500 else itertools.islice(cuts(data), 50):
        assert dechunk(received) == (body, failure)


@given(
    st.lists(st.binary(min_size=1, max_size=30), max_size=8),
    st.lists(st.integers(0, 400), max_size=8),
    st.binary(max_size=5),
)
def test_any_chunks_however_they_are_cut(
    parts: list[bytes], places: list[int], after: bytes
) -> None:
    data = b"".join(map(framed, parts)) + LAST_CHUNK + after
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    received = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert dechunk(received) == (b"".join(parts), None)


@given(st.binary(max_size=40) | st.text("01a;x\r\n ", max_size=30).map(str.encode))
def test_any_bytes_end_in_the_same_way_whole_or_one_by_one(data: bytes) -> None:
    assert dechunk([data]) == dechunk([data[at : at + 1] for at in range(len(data))])


@pytest.mark.parametrize("data", [b"0\r\n", b"0\n", b"3\r\nabc\r\n0\r\n"])
def test_what_follows_the_last_chunk_is_not_awaited(data: bytes) -> None:
    def received() -> Iterator[bytes]:
        yield data
        raise AssertionError("asked for more")

    assert dechunk(received())[1] is None


def test_a_part_of_a_chunk_is_handed_on_at_once() -> None:
    assert Chunked().feed(b"ff\r\nabc") == b"abc"


def test_chunks_that_arrive_together_are_handed_on_together() -> None:
    chunked = Chunked()
    assert chunked.feed(b"1\r\na\r\n1\r\nb\r\n") == b"ab"
    assert chunked.feed(b"1\r\nc\r\n0\r\n") == b"c"
    assert chunked.ended


# Content codings

UNDONE = b"Argentina " * 20_000 + bytes(range(256))


def compressed(kind: int, data: bytes = UNDONE) -> bytes:
    compressor = zlib.compressobj(wbits=kind)
    return compressor.compress(data) + compressor.flush()


CODED = {
    "gzip": (["gzip"], compressed(31)),
    "several members": (["gzip"], compressed(31, UNDONE[:9]) + compressed(31, UNDONE[9:])),
    "an empty member": (["gzip"], compressed(31, b"") + compressed(31)),
    "zeros after it": (["gzip"], compressed(31) + bytes(9)),
    "half a beginning after it": (["gzip"], compressed(31) + b"\x1f"),
    "deflate": (["deflate"], compressed(15)),
    "raw deflate": (["deflate"], compressed(-15)),
    "something after deflate": (["deflate"], compressed(15) + b"abc"),
    "two layers": (["deflate", "gzip"], compressed(31, compressed(15))),
}


@pytest.mark.parametrize(("names", "data"), CODED.values(), ids=CODED.keys())
def test_codings_however_they_are_cut(names: list[str], data: bytes) -> None:
    for received in ([data], [data[at : at + 1] for at in range(len(data))]):
        assert b"".join(undo_codings(names, received)) == UNDONE


def test_what_comes_before_bytes_that_cannot_be_undone_is_returned() -> None:
    half = len(UNDONE) // 2
    compressor = zlib.compressobj(wbits=31)
    data = compressor.compress(UNDONE[:half]) + compressor.flush(zlib.Z_SYNC_FLUSH) + b"\xff" * 9
    wrong_checksum = compressed(31)[:-8] + bytes(8)
    for broken, told in ((data, UNDONE[:half]), (wrong_checksum, UNDONE)):
        for received in ([broken], [broken[at : at + 1] for at in range(len(broken))]):
            undone: list[bytes] = []
            with pytest.raises(MalformedStreamError):
                undone.extend(undo_codings(["gzip"], received))
            assert b"".join(undone) == told


@given(st.binary(max_size=200) | st.binary(max_size=100).map(gzip.compress), st.integers(0, 200))
@pytest.mark.parametrize("names", [["gzip"], ["deflate"]])
def test_any_coded_bytes_end_in_one_way(names: list[str], data: bytes, cut: int) -> None:
    assert undo(joined(*decompressors(names)), [data[:cut], b"", data[cut:]]) == undo(
        joined(*decompressors(names)), [data]
    )


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 128 * 1024])
@pytest.mark.parametrize("kind", [31, 15, -15])
def test_a_body_as_long_as_what_is_undone_at_once(kind: int, size: int) -> None:
    names = ["gzip"] if kind == 31 else ["deflate"]
    assert b"".join(undo_codings(names, [compressed(kind, bytes(size))])) == bytes(size)


@pytest.mark.parametrize("names", [["gzip"], ["deflate"], ["gzip", "deflate"]])
def test_no_body_is_a_whole_one(names: list[str]) -> None:
    assert b"".join(undo_codings(names, [b""])) == b""


@pytest.mark.parametrize("names", [["gzip"], ["deflate", "gzip"]])
def test_what_becomes_very_long_comes_in_parts(names: list[str]) -> None:
    data = bytes(1024 * 1024)
    for name in names:
        data = compressed(31 if name == "gzip" else 15, data)
    parts = list(decode(joined(Chunked(), *decompressors(names)), [framed(data) + LAST_CHUNK]))
    assert sum(map(len, parts)) == 1024 * 1024
    assert max(map(len, parts)) == 64 * 1024


@pytest.mark.parametrize("names", [["gzip"], ["gzip", "gzip"]])
def test_a_bomb_is_known_before_it_is_large(names: list[str]) -> None:
    data = bytes(64 * 1024 * 1024)
    for _ in names:
        data = compressed(31, data)
    body, failure = undo(joined(*decompressors(names)), [data])
    assert failure is MalformedStreamError
    assert len(body) <= max(4 * 1024 * 1024, 100 * len(data))


# Over a socket

EVENTS = [said(word) for word in ("Argentina ", "won ", "the ", "World ", "Cup.")] + [DONE]


class Identity:
    def compress(self, data: bytes) -> bytes:
        return data

    def flush(self, _: int = 0) -> bytes:
        return b""


CODINGS: dict[str, Callable[[], Any]] = {
    "identity": Identity,
    "gzip": lambda: zlib.compressobj(wbits=31),
    "x-gzip": lambda: zlib.compressobj(wbits=31),
    "deflate": zlib.compressobj,
    "raw deflate": lambda: zlib.compressobj(wbits=-15),
}


def head(framing: str, coding: str, length: int) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream"]
    if coding != "identity":
        lines.append(f"Content-Encoding: {coding.removeprefix('raw ')}")
    if framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif framing == "length":
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize("asked", [True, False], ids=["asked for", "not asked for"])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("framing", ["chunked", "length", "until close"])
def test_each_event_is_delivered_at_once(framing: str, coding: str, asked: bool) -> None:
    seen = threading.Semaphore(0)
    compress = CODINGS[coding]()
    parts = [compress.compress(event) + compress.flush(zlib.Z_SYNC_FLUSH) for event in EVENTS]

    def script(peer: Peer) -> None:
        asked_for = peer.request().headers["Accept-Encoding"]
        assert asked_for == ("gzip, deflate" if asked else "identity")
        peer.send(head(framing, coding, sum(map(len, parts)) + 100))
        for part in parts:
            peer.send(framed(part) if framing == "chunked" else part)
            # The next is sent only when this one was delivered.
            assert seen.acquire(timeout=SOON)

    headers = {"Accept-Encoding": "gzip, deflate"} if asked else {}
    with Server(script) as server:
        told = Told(server.url, headers=headers, start=False)
        told.source.connect("message", lambda source, event: seen.release())
        told.source.start()
        told.wait()
    assert told.of("chunk") == ["Argentina ", "won ", "the ", "World ", "Cup."]
    assert told.names[-2:] == ["done", "end"]


@pytest.mark.parametrize("framing", ["chunked", "length", "until close"])
def test_the_end_of_the_connection_is_not_awaited(framing: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head(framing, "identity", 10_000))
        peer.send(framed(ANSWER) if framing == "chunked" else ANSWER)
        peer.wait_for_end()

    with Server(script) as server:
        assert Told(server.url).wait().source.result() == "Argentina"


@pytest.mark.parametrize("pause", [0, 0.001])
def test_a_body_one_byte_at_a_time(pause: float) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        for part in (CHUNKED, framed(ANSWER)):
            peer.drip(part, pause)

    with Server(script) as server:
        assert Told(server.url).wait().source.result() == "Argentina"


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_a_body_that_breaks_off(framing: str, coding: str) -> None:
    compress = CODINGS[coding]()
    part = compress.compress(said("Argentina")) + compress.flush(zlib.Z_SYNC_FLUSH)
    part = framed(part) if framing == "chunked" else part
    with Server(answering(head(framing, coding, 10_000), part)) as server:
        told = Told(server.url)
        assert type(told.error()) is IncompleteStreamError
    assert told.source.error.partial_text == told.source.full_message == "Argentina"
    assert told.of("chunk") == ["Argentina"]


TEXT = b"Argentina has won the World Cup. " + bytes(range(256)) * 3


def coded(coding: str, data: bytes) -> bytes:
    compress = CODINGS[coding]()
    return bytes(compress.compress(data) + compress.flush())


@pytest.mark.parametrize("own", [False, True], ids=["ours", "the user's adapter"])
@pytest.mark.parametrize("coding", [name for name in CODINGS if name != "identity"])
@pytest.mark.parametrize("framing", ["chunked", "length", "until close"])
def test_compression_that_is_cut_off(framing: str, coding: str, own: bool) -> None:
    whole = coded(coding, TEXT)

    def read(data: bytes) -> Any:
        start = head(framing, coding, len(data)).replace(b"text/event-stream", b"text/plain")
        body = framed(data) + LAST_CHUNK if framing == "chunked" else data
        with Server(answering(start, body)) as server, requests.Session() as session:
            if own:
                session.mount("http://", Plain())
            return Told(server.url, dialect="text", session=session).wait().source

    assert read(whole).result() == TEXT.decode("utf-8", "replace")
    for length in (1, len(whole) // 2, len(whole) - 1):
        source = read(whole[:length])
        assert type(source.error) is IncompleteStreamError
        assert TEXT.decode("utf-8", "replace").startswith(source.full_message.rstrip("\ufffd"))


@pytest.mark.parametrize("own", [False, True], ids=["ours", "the user's adapter"])
@pytest.mark.parametrize("coding", ["compress", "gzip, exi", "gzip" + ", gzip" * 5])
def test_a_compression_that_is_not_known(coding: str, own: bool) -> None:
    response = sized("200 OK", b"secret", "text/plain", Content_Encoding=coding)
    with Server(answering(response)) as server, requests.Session() as session:
        if own:
            session.mount("http://", Plain())
        told = Told(server.url, dialect="text", session=session)
        assert type(told.error()) is MalformedStreamError
    assert told.source.full_message == ""


@pytest.mark.parametrize("own", [False, True], ids=["ours", "the user's adapter"])
@pytest.mark.parametrize("coding", ["none", "utf-8", "identity", ", ,", "off, Identity"])
def test_what_names_no_compression_stands_for_none(coding: str, own: bool) -> None:
    """As many write it who mean that there is none."""
    response = sized("200 OK", TEXT, "text/plain", Content_Encoding=coding)
    with Server(answering(response)) as server, requests.Session() as session:
        if own:
            session.mount("http://", Plain())
        source = Told(server.url, dialect="text", session=session).wait().source
        assert source.result() == TEXT.decode("utf-8", "replace")


MARK = b"\xef\xbb\xbf"
WHOLE = b'{"choices": [{"message": {"content": "Argentina"}, "finish_reason": "stop"}]}'
FILTERED = b'{"error": {"code": "content_filter", "message": "No."}}'


def test_json_may_begin_with_a_byte_order_mark() -> None:
    """As browsers take it (Fetch, `json()`)."""
    with Server(answering(sized("200 OK", MARK + WHOLE, "application/json"))) as server:
        assert Told(server.url).wait().source.result() == "Argentina"
    with Server(answering(sized("400 Bad", MARK + FILTERED, "application/json"))) as server:
        assert type(Told(server.url).error()) is ModerationError


def test_the_last_media_type_counts() -> None:
    twice = "text/html\r\nContent-Type: text/event-stream"
    response = sized("200 OK", said("Argentina") + DONE, twice)
    with Server(answering(response)) as server:
        assert Told(server.url).wait().source.result() == "Argentina"


class Plain(HTTPAdapter):
    """An adapter of a user's own, that is as requests' own is."""


def test_a_body_until_close_that_stops_early() -> None:
    with Server(answering(UNTIL_CLOSE, said("Argentina"))) as server:
        assert type(Told(server.url).error()) is IncompleteStreamError


def test_a_length_is_the_end_of_the_body() -> None:
    response = sized("200 OK", said("Argentina"))

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(response, DONE)
        peer.wait_for_end()

    with Server(script) as server:
        assert type(Told(server.url).error()) is IncompleteStreamError


@pytest.mark.parametrize(
    "response",
    [
        CHUNKED + b"xyz\r\n",
        CHUNKED + framed(said("Arg")) + b"-5\r\n",
        head("until close", "gzip", 0) + b"this is no gzip at all",
    ],
    ids=["bad size", "bad size in mid-stream", "no gzip"],
)
def test_a_malformed_body(response: bytes) -> None:
    with Server(answering(response)) as server:
        assert type(Told(server.url).error()) is MalformedStreamError


@pytest.mark.parametrize("status", ["204 No Content", "205 Reset Content"])
def test_a_response_without_a_body(status: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        peer.wait_for_end()

    with Server(script) as server:
        assert isinstance(Told(server.url).error(), NetworkError)


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "shift_jis", "none-such", '"'])
def test_whatever_the_charset_says_it_is_utf_8(charset: str) -> None:
    body = said("Weltmeisterschaft für 日本") + DONE
    response = sized("200 OK", body, f"text/event-stream; charset={charset}")
    with Server(answering(response)) as server:
        assert Told(server.url).wait().source.result() == "Weltmeisterschaft für 日本"


# Responses that are not from the transport's own connections


class Own(BaseAdapter):
    """An adapter of a user's, whose responses read from whatever it has."""

    def __init__(self, raw: Any, headers: dict[str, str]) -> None:
        super().__init__()
        self._raw = raw
        self._headers = headers

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.headers.update({"Content-Type": "text/event-stream", **self._headers})
        response.raw = self._raw
        response.request = request
        response.url = request.url or ""
        return response

    def close(self) -> None:
        """Nothing to free."""


class Unbuffered(io.RawIOBase):
    """A file with `read` alone."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


def urllib3_response(data: bytes) -> Any:
    from urllib3 import HTTPResponse

    return HTTPResponse(
        io.BytesIO(gzip.compress(data)), {"Content-Encoding": "gzip"}, preload_content=False
    )


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (io.BytesIO(ANSWER), {}),
        (io.BufferedReader(Unbuffered(ANSWER)), {}),
        (Unbuffered(ANSWER), {}),
        (urllib3_response(ANSWER), {"Content-Encoding": "gzip"}),
    ],
    ids=["BytesIO", "BufferedReader", "RawIOBase", "urllib3"],
)
def test_a_response_of_a_users_own_adapter(raw: Any, headers: dict[str, str]) -> None:
    with requests.Session() as session:
        session.mount("http://", Own(raw, headers))
        assert Told("http://localhost/", session=session).wait().source.result() == "Argentina"
