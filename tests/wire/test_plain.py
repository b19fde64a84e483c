"""Messages out of lines and out of bare text, however the bytes are cut."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suggestions._wire import decode
from suggestions._wire.plain import LineDecoder, TextDecoder
from suggestions.errors import EventTooLargeError, IncompleteStreamError
from suggestions.events import ServerSentEvent

BODY = '\ufeff{"a": "Grüße"}\r\n\n  \r\n{"b": "你好 👋"}\n[1]\n"last"'.encode()
LINES = ['{"a": "Grüße"}', '{"b": "你好 👋"}', "[1]", '"last"']


def lines(chunks: Iterable[bytes], **options: int) -> Iterator[list[ServerSentEvent]]:
    return filter(None, decode(LineDecoder(**options), chunks))


def text(chunks: Iterable[bytes]) -> Iterator[list[ServerSentEvent]]:
    return filter(None, decode(TextDecoder(), chunks))


def read_lines(chunks: list[bytes], **options: int) -> list[str]:
    return [message.data for batch in lines(chunks, **options) for message in batch]


def until_cut(chunks: list[bytes]) -> list[str]:
    told: list[str] = []
    try:
        for batch in lines(chunks):
            told += [message.data for message in batch]
    except IncompleteStreamError:
        told.append("cut")
    return told


def read_text(chunks: list[bytes]) -> list[str]:
    return [message.data for batch in text(chunks) for message in batch]


def cuts(whole: bytes) -> Iterator[list[bytes]]:
    """Every cut in two, every cut in three with one byte between, and one byte at a time."""
    for place in range(len(whole) + 1):
        yield [whole[:place], whole[place:]]
        yield [whole[:place], whole[place : place + 1], whole[place + 1 :]]
    yield [whole[n : n + 1] for n in range(len(whole))]


def test_lines_are_the_same_however_they_are_cut() -> None:
    for chunks in cuts(BODY):
        assert read_lines(chunks) == LINES


def test_text_is_the_same_however_it_is_cut() -> None:
    whole = BODY.decode("utf-8-sig")
    for chunks in cuts(BODY):
        assert "".join(read_text(chunks)) == whole


@example(b'["a"]\n{"a": 1', [3])
@example(b"\xef", [])
@example(b"\xef\xbb", [1])
@example("\ufeff".encode() * 2, [])
@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=5))
def test_any_bytes_are_read_as_if_they_had_come_at_once(data: bytes, places: list[int]) -> None:
    ends = sorted({min(place, len(data)) for place in places} | {len(data)})
    chunks = [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert until_cut(chunks) == until_cut([data])
    whole = data.decode("utf-8", "replace").removeprefix("\ufeff")
    assert "".join(read_text(chunks)) == whole


def test_what_is_whole_and_no_json_is_a_message() -> None:
    assert read_lines([b'{"a": 1}{"b": 2}']) == ['{"a": 1}{"b": 2}']


def test_every_message_is_a_message_without_an_id() -> None:
    for read in (lines, text):
        [[message]] = read([b"one"])
        assert (message.type, message.data, message.last_event_id) == ("message", "one", "")


def test_lines_that_arrive_together_are_returned_together() -> None:
    assert [len(batch) for batch in lines([b"1\n2\n3", b"\n", b"4"])] == [2, 1, 1]


def test_text_is_returned_as_soon_as_it_is_there() -> None:
    assert read_text([b"Gr\xc3", b"\xbc\xc3", b"\x9fe"]) == ["Gr", "\u00fc", "\u00dfe"]


def test_bad_bytes_are_replaced_and_lose_nothing_else() -> None:
    assert read_text([b"a\xffb\xc3"]) == ["a\ufffdb", "\ufffd"]
    assert read_lines([b"a\xffb\n"]) == ["a\ufffdb"]


@pytest.mark.parametrize("chunks", [[], [b""], [b"\n"], [b"\r\n \n", b"\n"]])
def test_blank_lines_are_none(chunks: list[bytes]) -> None:
    assert read_lines(chunks) == []


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_is_bounded(end: bytes) -> None:
    assert read_lines([b"x" * 10 + end], max_line_size=10) == ["x" * 10]
    for chunks in ([b"x" * 11 + end], [b"x" * 6, b"x" * 5 + end], [b"a\n" + b"x" * 11 + end]):
        with pytest.raises(EventTooLargeError, match="longer than 10 bytes"):
            read_lines(chunks, max_line_size=10)


def test_what_came_before_a_line_that_is_too_long_is_returned() -> None:
    for chunks in ([b"one\n", b"x" * 11], [b"one\n" + b"x" * 11], [b"one\nxxxxxxxxxxx\ntwo\n"]):
        batches = lines(chunks, max_line_size=10)
        assert [message.data for message in next(batches)] == ["one"]
        with pytest.raises(EventTooLargeError):
            next(batches)


def test_by_default_a_line_may_have_16_mebibytes() -> None:
    pulled = 0
    piece = b"x" * 65_536

    def chunks() -> Iterator[bytes]:
        nonlocal pulled
        while True:
            pulled += len(piece)
            yield piece

    with pytest.raises(EventTooLargeError, match="longer than 16777216 bytes"):
        list(lines(chunks()))
    assert pulled == 16 * 1024 * 1024 + len(piece)
    [line] = read_lines([piece] * 256)
    assert len(line) == 16 * 1024 * 1024


def test_a_line_without_end_takes_bounded_memory() -> None:
    chunk = b"x" * 65_536
    tracemalloc.start()
    try:
        with pytest.raises(EventTooLargeError):
            read_lines([chunk] * 1600)  # 100 MB
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024
