"""`StoreSuite`: the tests that every store of a relay has to pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from ..relay.stores import Endings, Store, StoredAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

_SOON = 30.0  # seconds; a bound for what comes at once, never a measure
_STOPPED, _LOST, _DONE = (b"data: %b\n\n" % word for word in (b"stopped", b"lost", b"done"))
_numbers = count()


class StoreSuite:
    """Tests of a store, for pytest or any runner that calls methods named `test_…`.

        class TestMyStore(StoreSuite):
            def make_stores(self):
                return MyStore("db.example"), MyStore("db.example")

    Each test makes its stores anew, and calls their `close()` if they have one. They raise
    `AssertionError` that says what was expected.
    """

    __module__ = __name__.rpartition(".")[0]

    def make_stores(self) -> Sequence[Store]:
        """Two stores that share what they keep, like those of two processes. If answers cannot be
        shared, twice the same one."""
        raise NotImplementedError("make_stores() must return two stores")

    # Beginning

    def test_an_answer_is_created_once(self) -> None:
        with self._stores() as (asking, other):
            first = _Writing(asking)
            second = StoredAnswer(first.id, other, _ENDINGS)
            assert not other.create(second), "create() must return False for an id that is taken"
            first.write(b"one")
            first.end()
            assert _read(other, first.id) == [*first.frames, _DONE]

    def test_an_unknown_answer_is_none(self) -> None:
        with self._stores() as (asking, other):
            for store in (asking, other):
                assert store.open("unknown") is None, "open() must return None for an unknown id"

    # Following

    def test_a_follower_gets_all_of_it_whenever_it_comes(self) -> None:
        with self._stores() as (asking, other):
            writing = _Writing(asking)
            followers = [_Follower(store, writing.id) for store in (asking, other, other)]
            for number in range(50):
                writing.write(b"%d" % number)
                if number == 25:
                    followers.append(_Follower(other, writing.id))
                time.sleep(0.001)
            writing.end()
            followers.append(_Follower(other, writing.id))
            for follower in followers:
                assert follower.all() == [*writing.frames, _DONE]

    def test_it_is_resumed_at_each_place(self) -> None:
        with self._stores() as (asking, other):
            writing = _Writing(asking)
            writing.write(*(b"%d" % number for number in range(10)))
            writing.end()
            for place in range(11):
                rest = _read(other, writing.id, place)
                assert rest == [*writing.frames[place:], _DONE], f"after frame {place}"

    def test_answers_do_not_mix(self) -> None:
        with self._stores() as (asking, other):
            all_writing = [_Writing(asking) for _ in range(20)]
            followers = [_Follower(other, each.id) for each in all_writing]
            for number in range(20):
                for place, writing in enumerate(all_writing):
                    writing.write(b"%d of %d" % (number, place))
            for writing in all_writing:
                writing.end()
            for writing, follower in zip(all_writing, followers, strict=True):
                assert follower.all() == [*writing.frames, _DONE]

    def test_bytes_of_all_kinds_are_kept(self) -> None:
        with self._stores() as (asking, other):
            writing = _Writing(asking)
            writing.write("Grüße 👩‍💻".encode(), b"x" * 100_000, b"\\n \\0 {} id: 7")
            writing.end()
            assert _read(other, writing.id) == [*writing.frames, _DONE]

    # The end

    def test_of_several_ends_there_is_one(self) -> None:
        with self._stores() as (asking, other):
            for _ in range(10):
                writing = _Writing(asking)
                writing.write(b"one")
                elsewhere = _opened(other, writing.id)
                followers = [_Follower(store, writing.id) for store in (asking, other)]
                # What is not stored yet when another process ends the answer may be lost.
                _until(followers[1].has_begun, "a follower elsewhere must get a frame")
                ways: list[Callable[[], object]] = [writing.end, elsewhere.stop]
                threads = [threading.Thread(target=way) for way in ways]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(_SOON)
                seen = [follower.all() for follower in followers]
                seen.append(_read(other, writing.id))
                assert seen[0][-1] in (_DONE, _STOPPED)
                assert seen == [seen[0]] * 3, "all readers must get the same end"

    def test_it_is_stopped_from_elsewhere(self) -> None:
        with self._stores() as (asking, other):
            ended = threading.Event()
            writing = _Writing(asking, ended.set)
            writing.write(b"one")
            follower = _Follower(other, writing.id)
            _until(follower.has_begun, "a follower elsewhere must get a frame")
            _opened(other, writing.id).stop()
            assert ended.wait(_SOON), "stop() must end the answer in the process that asks"
            assert follower.all() == [*writing.frames, _STOPPED]

    def test_nothing_comes_after_the_end(self) -> None:
        with self._stores() as (asking, other):
            writing = _Writing(asking)
            writing.write(b"one")
            whole = [*writing.frames, _DONE]
            writing.end()
            _until(lambda: writing.answer.has_ended, "end() must end the answer")
            writing.write(b"two")
            _opened(other, writing.id).stop()
            assert _read(other, writing.id) == whole

    # Who follows

    def test_it_is_known_that_an_answer_is_followed_elsewhere(self) -> None:
        with self._stores() as (asking, other):
            writing = _Writing(asking)
            time.sleep(0.1)
            _opened(other, writing.id).follow()
            _until(
                lambda: writing.answer.idle_for() < 0.05,
                "a follower elsewhere must count: set followed_until of the answer, or follow it",
            )
            writing.end()

    @contextmanager
    def _stores(self) -> Iterator[tuple[Store, Store]]:
        asking, other = self.make_stores()
        try:
            yield asking, other
        finally:
            for store in (asking, other):
                close = getattr(store, "close", None)
                if close is not None:
                    close()


_ENDINGS = Endings(_STOPPED, _LOST)


class _Writing:
    """An answer that this process asks for."""

    def __init__(self, store: Store, on_end: Callable[[], object] | None = None) -> None:
        self.id = f"suite-{next(_numbers)}-{time.monotonic_ns()}"
        self.answer = StoredAnswer(self.id, store, _ENDINGS, on_end)
        assert store.create(self.answer), "create() must return True for a new id"
        self.frames: list[bytes] = []

    def write(self, *pieces: bytes) -> None:
        frames = [b"data: %b\n\n" % piece for piece in pieces]
        self.frames += frames
        self.answer.append(frames)

    def end(self) -> None:
        self.answer.end(_DONE)


class _Follower:
    """Reads an answer to its end, on a thread of its own."""

    def __init__(self, store: Store, id: str, cursor: int = 0) -> None:
        self._answer = _opened(store, id)
        self._cursor = cursor
        self._frames: list[bytes] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def has_begun(self) -> bool:
        return bool(self._frames)

    def all(self) -> list[bytes]:
        """Every frame, without its id."""
        self._thread.join(_SOON)
        assert not self._thread.is_alive(), f"no end has come, after {self._frames[-1:]}"
        return self._frames

    def _read(self) -> None:
        answer, is_over = self._answer, False
        answer.follow()
        try:
            while not is_over:
                answer.waiters.block_until(lambda: answer.has_more(self._cursor), 0.1)
                data, self._cursor, is_over = answer.read(self._cursor)
                for frame in data.split(b"\n\n")[:-1]:
                    said, _, _ = frame.rpartition(b"\nid: ")
                    self._frames.append(said + b"\n\n")
        finally:
            answer.leave()


def _opened(store: Store, id: str) -> StoredAnswer:
    answer = store.open(id)
    assert answer is not None, "open() must find an answer that another store has created"
    return answer


def _read(store: Store, id: str, cursor: int = 0) -> list[bytes]:
    return _Follower(store, id, cursor).all()


def _until(condition: Callable[[], bool], expected: str) -> None:
    deadline = time.monotonic() + _SOON
    while not condition():
        assert time.monotonic() < deadline, expected
        time.sleep(0.005)
