"""What holds for each step from bytes to messages: the rule of `Decoder`, however bytes are cut."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wire_server import LAST_CHUNK, framed

from suggestions._wire import Decoder
from suggestions._wire.body import Chunked, Sized, joined
from suggestions._wire.coding import decompressors
from suggestions._wire.plain import LineDecoder, TextDecoder
from suggestions._wire.sse import EventDecoder
from suggestions.errors import NetworkError

DECODERS: dict[str, Callable[[], Decoder[Any]]] = {
    "events": EventDecoder,
    "events and comments, bounded": lambda: EventDecoder(max_event_size=12, with_comments=True),
    "events of an answer": lambda: EventDecoder(strict=True),
    "lines": LineDecoder,
    "lines, bounded": lambda: LineDecoder(max_line_size=8),
    "text": TextDecoder,
    "text in UTF-16": lambda: TextDecoder("utf-16"),
    "chunks": Chunked,
    "a length": lambda: Sized(20),
    "no length": Sized,
    "gzip": lambda: joined(*decompressors(["gzip"])),
    "deflate": lambda: joined(*decompressors(["deflate"])),
    "two codings in chunks": lambda: joined(Chunked(), *decompressors(["deflate", "gzip"])),
    "gzip of a length": lambda: joined(Sized(40), *decompressors(["gzip"])),
}


def compressed(kind: int, data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=kind)
    return compressor.compress(data) + compressor.flush()


def in_chunks(data: bytes) -> bytes:
    return framed(data[:7]) + framed(data[7:] + b"!") + LAST_CHUNK


FRAGMENTS = (
    *(
        b"data: a",
        b"data",
        b"id: 1",
        b"retry: 5",
        b": c",
        b"x",
        b":",
        b" ",
        b"\0",
        b'{"a": 1}',
        b"{",
    ),
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\xef\xbb\xbf", b"\xe2\x82", b"\xac", b"\xff"),
)
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(b"".join)
wires = st.one_of(
    texts,
    texts.map(in_chunks),
    texts.map(lambda text: compressed(31, text)),
    texts.map(lambda text: compressed(31, text) + compressed(31, b"more")),
    texts.map(lambda text: compressed(-15, text)),
    texts.map(lambda text: in_chunks(compressed(31, compressed(15, text)))),
)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A wire that may be cut off, and may have a few bytes that are not as they were."""
    data = draw(wires)
    data = data[: draw(st.integers(0, len(data)) | st.just(len(data)))]
    for place in draw(st.lists(st.integers(0, 200), max_size=2)):
        data = data[:place] + draw(st.binary(max_size=2)) + data[place + 1 :]
    return data


def read(decoder: Decoder[Any], received: list[bytes]) -> tuple[object, object]:
    """All that it has returned, and the fault after it. Only `finish` may raise."""
    results: list[Any] = [decoder.feed(b"")]
    for data in received:
        results.append(decoder.feed(data))
        while decoder.pending:
            results.append(decoder.feed(b""))
        if decoder.ended:
            break
    try:
        results.append(decoder.finish())
    except NetworkError as error:
        return together(results), (type(error), error.message)
    return together(results), None


def together(results: list[Any]) -> object:
    if isinstance(results[0], bytes):
        return b"".join(results)
    return list(itertools.chain.from_iterable(results))


@pytest.mark.parametrize("name", DECODERS)
@example(b"data: a\n\ndata: much too long\n\n", [3])
@example(b": cdata: adata: a\n", [13])
@example(b": many\n: comments\ndata: a\n\n: c\n", [3])
@example(b"one\ntwo\nmuch too long\nthree\n", [3])
@example(in_chunks(b"text")[:-3] + b"no size\r\n", [2])
@example(compressed(31, b"text")[:-4] + b"\xff\xff\xff\xff", [2])
@given(broken(), st.lists(st.integers(0, 300), max_size=6))
def test_any_cut_gives_the_same_and_then_the_same_fault(
    name: str, data: bytes, places: list[int]
) -> None:
    make = DECODERS[name]

    def outcome(received: list[bytes]) -> tuple[object, object]:
        results, fault = read(make(), received)
        if isinstance(make(), TextDecoder):
            assert isinstance(results, list)
            return "".join(message.data for message in results), fault
        return results, fault

    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    whole = outcome([data])
    assert outcome([data[start:end] for start, end in itertools.pairwise(edges)]) == whole
    assert outcome([data[at : at + 1] for at in range(len(data))]) == whole
