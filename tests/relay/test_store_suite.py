"""Our stores pass the suite that is public, and a store with a fault does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis_server import LEASE, RedisServer

from suggestions.relay.stores import MemoryStore, Store, StoredAnswer
from suggestions.testing import StoreSuite

TESTS = sorted(name for name in vars(StoreSuite) if name.startswith("test_"))


class TestMemoryStore(StoreSuite):
    def make_stores(self) -> Sequence[Store]:
        return [MemoryStore()] * 2


class TestRedisStore(StoreSuite):
    @pytest.fixture(autouse=True)
    def _redis(self, redis: RedisServer) -> None:
        self.url = redis.url

    def make_stores(self) -> Sequence[Store]:
        from suggestions.relay.stores import RedisStore

        return [RedisStore(self.url, lease=LEASE) for _ in range(2)]


class Forgetful(MemoryStore):
    def open(self, id: str) -> StoredAnswer | None:
        return None


class Careless(MemoryStore):
    def create(self, answer: StoredAnswer) -> bool:
        with self._lock:
            self._answers.pop(answer.id, None)
        return super().create(answer)


class Endless(MemoryStore):
    def end(self, answer: StoredAnswer, last: bytes) -> None:
        if last == answer.endings.stopped:
            super().end(answer, last)


class Unsure(MemoryStore):
    """Each process has an end of its own."""

    def end(self, answer: StoredAnswer, last: bytes) -> None:
        answer._last = None
        super().end(answer, last)


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (Forgetful, "test_a_follower_gets_all_of_it_whenever_it_comes"),
        (Careless, "test_an_answer_is_created_once"),
        (Endless, "test_nothing_comes_after_the_end"),
        (Unsure, "test_nothing_comes_after_the_end"),
    ],
)
def test_a_store_with_a_fault_does_not_pass(
    kind: type[MemoryStore], test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Suite(StoreSuite):
        def make_stores(self) -> Sequence[Store]:
            return [kind()] * 2

    monkeypatch.setattr("suggestions.testing.store_suite._SOON", 0.5)
    with pytest.raises(AssertionError):
        getattr(Suite(), test)()


def test_a_suite_without_stores_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="must return two stores"):
        getattr(StoreSuite(), TESTS[0])()
