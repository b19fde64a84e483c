"""What a store is, and an answer in it, as one process sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from ..._util.elapsed import monotonic
from ..._util.waiting import Waiters

# Cursors. One below _END is the number of the last frame that was read. One from there on is _END
# and the number of the last of the closing frames. These are counted apart, because a process that
# dies may have sent a few frames that it had not stored. If all were counted together, a browser
# that has those would believe that it has read the closing frame.
_END = 2**62
_CLOSING = "end."
_LONGEST_READ = 512
"""Frames at a time, so that a browser that reads slowly does not hold a second copy of it all."""
_LONGEST_CURSOR = 18
"""Digits."""


class StoreError(Exception):
    """The store cannot keep the answer: it is full, or it cannot be reached."""

    __module__ = __name__.rpartition(".")[0]


class Endings(NamedTuple):
    """The last frames of an answer that does not end by itself, in the format of its frames.

    They are made when the answer begins, so that any process can end it.
    """

    stopped: bytes
    lost: bytes
    """If the store or the process that asks is lost."""


Endings.__module__ = __name__.rpartition(".")[0]


class Store(Protocol):
    """Keeps answers by their ids. Its methods are called from any thread.

    Each `StoredAnswer` has the frames that this process has seen, and wakes its readers here. The
    store moves frames between processes, bounds what is kept, and lets an answer end once.
    """

    blocks: bool
    """Whether `create` and `open` wait for a network: then an event loop calls them on a thread."""

    def create(self, answer: StoredAnswer) -> bool:
        """Begins to keep the answer. Returns False if there is one with its id already.

        Raises `StoreError`.
        """
        ...

    def open(self, id: str) -> StoredAnswer | None:
        """The answer with that id; None if there is none, or not any more. Raises `StoreError`."""
        ...

    def keep(self, answer: StoredAnswer, frames: list[bytes]) -> None:
        """Called after these frames were added to the answer by the process that asks.

        Never blocks. If they cannot be kept, it calls `end(answer, answer.endings.lost)`.
        """
        ...

    def end(self, answer: StoredAnswer, last: bytes) -> None:
        """Called to end the answer with these last frames; several may try at once.

        Never blocks. One of them is the end, here and in every other process:
        `answer.finish(last)` is called with the frames of that one.
        """
        ...

    def follow(self, answer: StoredAnswer) -> None:
        """Called when something in this process begins to follow the answer. Never blocks."""
        ...


class Read(NamedTuple):
    """What is new for a reader."""

    data: bytes
    cursor: int
    is_over: bool
    """Nothing will come after it."""


class StoredAnswer:
    """The frames of one answer, each with an `id:`, and its readers in this process.

    A relay makes it if this process asks; otherwise the store does, in `open`. `id` is a text,
    `endings` are of the class `Endings`. `on_end()` is called once, on any thread, when the answer
    has ended.
    """

    __module__ = __name__.rpartition(".")[0]

    def __init__(
        self,
        id: str,
        store: Store,
        endings: Endings,
        on_end: Callable[[], object] | None = None,
    ) -> None:
        self.id = id
        self.endings = endings
        self.waiters = Waiters()
        """Its readers here. They are woken when there is more to read."""
        self.followed_until = monotonic()
        """A store that knows of followers in other processes sets this moment ahead."""
        self.place: object = None
        """For the store's own use."""
        self._store = store
        self._on_end = on_end or _do_nothing
        self._lock = threading.Lock()
        self._frames: list[bytes] = []
        self._last: list[bytes] | None = None
        self._followers = 0

    # For the relay

    def append(self, frames: list[bytes]) -> None:
        """More of the answer, in the process that asks. After the end it does nothing."""
        if added := self.add(frames):
            self._store.keep(self, added)

    def end(self, last: bytes) -> None:
        """The answer has ended with these frames, unless it had ended before."""
        self._store.end(self, last)

    def stop(self) -> None:
        """As `end`, from any process, for a person who wants no more of it."""
        self._store.end(self, self.endings.stopped)

    def read(self, cursor: int) -> Read:
        """What comes after the cursor, as far as it has come."""
        with self._lock:
            frames, last = self._frames, self._last
            new = frames[cursor : cursor + _LONGEST_READ] if cursor < _END else []
            if last is None or cursor + len(new) < len(frames):
                return Read(b"".join(new), cursor + len(new), False)
            new += last[max(0, cursor - _END) :]
            return Read(b"".join(new), _END + len(last), True)

    def has_more(self, cursor: int) -> bool:
        return self._last is not None or len(self._frames) > cursor

    def follow(self) -> None:
        """Called when something in this process begins to follow it; `leave` when that ends."""
        with self._lock:
            self._followers += 1
        self._store.follow(self)

    def leave(self) -> None:
        with self._lock:
            self._followers -= 1
            self.followed_until = max(self.followed_until, monotonic())

    def idle_for(self) -> float:
        """Seconds since anything last followed it, in any process; 0 while something follows it."""
        return 0.0 if self._followers else max(0.0, monotonic() - self.followed_until)

    # For the store

    @property
    def count(self) -> int:
        """How many frames there are, without the closing ones."""
        return len(self._frames)

    @property
    def has_ended(self) -> bool:
        return self._last is not None

    @property
    def is_followed(self) -> bool:
        """In this process."""
        return self._followers > 0

    def frames_after(self, number: int) -> list[bytes]:
        """All that come after the frame with this number, each with its `id:`."""
        with self._lock:
            return self._frames[number:]

    def add(self, frames: list[bytes]) -> list[bytes]:
        """Adds frames. Returns them with the `id:` of each; nothing after the end."""
        with self._lock:
            if self._last is not None:
                return []
            start = len(self._frames) + 1
            added = [_with_id(frame, b"%d" % n) for n, frame in enumerate(frames, start)]
            self._frames += added
        if added:
            self.waiters.wake()
        return added

    def add_from_elsewhere(self, frames: list[bytes], number: int) -> bool:
        """Adds frames that have their `id:` already, the last of them this number. Those that are
        here are passed over. Returns False if some before them are missing."""
        with self._lock:
            passed = len(self._frames) - (number - len(frames))
            if passed < 0:
                return False
            if self._last is None:
                self._frames += frames[passed:]
        self.waiters.wake()
        return True

    def finish(self, last: bytes) -> bool:
        """Ends the answer with these frames. Returns False if it had ended before."""
        with self._lock:
            if self._last is not None:
                return False
            self._last = [
                _with_id(frame, b"%b%d" % (_CLOSING.encode(), number))
                for number, frame in enumerate(split(last), 1)
            ]
            on_end, self._on_end = self._on_end, _do_nothing  # it may hold the whole source
        self.waiters.wake()
        on_end()
        return True


def _do_nothing() -> None:
    pass


def _with_id(frame: bytes, id: bytes) -> bytes:
    """The id is the last line of the frame: some clients count an event as read as soon as they see
    its id, and would lose a frame that is cut after it."""
    return frame[:-1] + b"id: %b\n\n" % id


def split(frames: bytes) -> list[bytes]:
    """One by one: an empty line ends each (WHATWG HTML, section 9.2.5)."""
    return [frame + b"\n\n" for frame in frames.split(b"\n\n")[:-1]]


def cursor_of(last_event_id: str | None) -> int:
    """The cursor of a browser whose last id is this. Any other text begins with the first frame."""
    text = last_event_id or ""
    is_closing = text.startswith(_CLOSING)
    digits = text.removeprefix(_CLOSING)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_CURSOR):
        return 0
    return int(digits) + (_END if is_closing else 0)
