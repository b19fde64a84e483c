"""A store in Redis, for any number of workers on any number of machines."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from ..._util import threads
from ..._util.arguments import check_seconds
from ..._util.elapsed import monotonic
from .memory import check_bound
from .redis_inbox import Inbox
from .redis_round import Names
from .redis_stream import Stream, opened
from .redis_worker import RedisWorker
from .stored_answer import StoredAnswer, StoreError

_T = TypeVar("_T")
_PAUSE = 0.1  # seconds between two attempts
_CONNECTIONS = 3  # for the thread that writes, for the inbox, and for `create` and `open`
_SECONDS_AT_EXIT = 1.0
_SETTINGS = ("host", "port", "path", "db", "username", "password", "credential_provider")


class RedisStore:
    """Keeps answers in Redis 6.2 or later, or Valkey, each as one stream (extra `redis`).

    - `redis`: an address like "redis://localhost:6379/0"; or a `redis.Redis` or `RedisCluster` of
      yours that does not decode responses; or a `redis.asyncio.Redis`, of which it takes the
      settings.
    - `keep`: seconds for which an answer is kept after its end.
    - `largest`: bytes of one answer. One that grows beyond it ends in an error.
    - `lease`: seconds. If the process that asks dies, the answer ends in an error within 4/3 of it.
      It waits three times as long for a Redis that is away.
    - `prefix`: the beginning of all keys and channels.

    It has two threads, and at most three connections, both from the first answer on. Raises
    `TypeError`, `ValueError` that name the argument, and `ImportError` without redis-py.
    """

    __module__ = __name__.rpartition(".")[0]
    blocks = True

    def __init__(
        self,
        redis: Any,
        *,
        keep: float = 3600.0,
        largest: int = 16 * 1024 * 1024,
        lease: float = 10.0,
        prefix: str = "suggestions",
    ) -> None:
        self._keep = check_seconds("keep", keep, longest=threading.TIMEOUT_MAX)
        self._lease = check_seconds("lease", lease, longest=3600.0)
        self._largest = check_bound("largest", largest)
        if not isinstance(prefix, str):
            raise TypeError(f"prefix must be a str, not {type(prefix).__name__}")
        self._client = _client_of(redis, self._lease)
        if self._client.get_connection_kwargs().get("decode_responses"):
            raise ValueError("redis decodes responses: expected decode_responses=False")
        self._owns_client = self._client is not redis
        self._names = Names(prefix)
        self._lock = threading.Lock()
        self._worker: RedisWorker | None = None
        self._inbox: Inbox | None = None
        self._process = 0
        _open_stores.add(self)
        threads.add_service(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # an address may have a password

    def create(self, answer: StoredAnswer) -> bool:
        worker = self._running()
        stream = Stream(answer, self._names.stream(answer.id), worker.id, is_ours=True)
        if not self._call(lambda: worker.begin(stream)):
            return False
        answer.place = stream
        worker.attend(stream)
        return True

    def open(self, id: str) -> StoredAnswer | None:
        worker = self._running()
        stream = worker.find(id)
        if stream is None:
            key = self._names.stream(id)
            stream = opened(self._call(lambda: self._client.xrange(key)), id, key, self)
            if stream is None:
                return None
            stream.answer.place = stream
        return stream.answer

    def keep(self, answer: StoredAnswer, frames: list[bytes]) -> None:
        stream = _stream_of(answer)
        stream.size += sum(map(len, frames))
        worker = self._running()
        if stream.size > self._largest:
            worker.end(stream, answer.endings.lost)
        else:
            worker.write(stream)

    def end(self, answer: StoredAnswer, last: bytes) -> None:
        self._running().end(_stream_of(answer), last)

    def follow(self, answer: StoredAnswer) -> None:
        self._running().attend(_stream_of(answer))

    def close(self) -> None:
        """Stores what is left, and ends the threads. A later answer starts them again.

        An answer that is still under way ends in an error.
        """
        with self._lock:
            worker, inbox = self._worker, self._inbox
        if worker is not None and inbox is not None and self._process == os.getpid():
            worker.is_closed = inbox.is_closed = True
            worker.wake()

    def _running(self) -> RedisWorker:
        worker = self._worker
        # A server may have forked its workers: threads and connections are the parent's.
        if worker is not None and not worker.is_closed and self._process == os.getpid():
            return worker
        with self._lock:
            worker = self._worker
            if worker is None or worker.is_closed or self._process != os.getpid():
                id = secrets.token_hex(8)
                worker = RedisWorker(self._client, self._names, id, self._lease, self._keep)
                self._worker = worker
                self._inbox = Inbox(self._client, self._names.inbox(id), worker)
                self._process = os.getpid()
                threads.start(self._inbox.run, "inbox")
                threads.start(partial(self._write_until_closed, worker), "store")
            return worker

    def _write_until_closed(self, worker: RedisWorker) -> None:
        worker.run()
        if self._owns_client:
            self._client.connection_pool.disconnect()

    def _call(self, command: Callable[[], _T]) -> _T:
        """Waits for a Redis that is away, for one lease. Raises `StoreError`."""
        from redis.exceptions import RedisError

        deadline = monotonic() + self._lease
        while True:
            try:
                return command()
            except (RedisError, OSError) as error:
                if monotonic() > deadline:
                    raise StoreError(f"Redis cannot be reached: {error}") from error
            time.sleep(_PAUSE)

    def _store_the_rest(self) -> None:
        worker = self._worker
        if worker is None or self._process != os.getpid():
            return
        deadline = monotonic() + _SECONDS_AT_EXIT
        worker.end_all()
        while not worker.is_idle() and monotonic() < deadline:
            time.sleep(0.005)


def _stream_of(answer: StoredAnswer) -> Stream:
    assert isinstance(answer.place, Stream), "an answer of another store"
    return answer.place


def _client_of(redis: Any, lease: float) -> Any:
    """A client that blocks, with at most three connections if it is ours."""
    if not isinstance(redis, str) and (
        not callable(getattr(redis, "xadd", None)) or isinstance(redis, type)
    ):
        raise TypeError(f"redis must be an address or a redis.Redis, not {type(redis).__name__}")
    is_async = type(redis).__module__.startswith("redis.asyncio")
    if not isinstance(redis, str) and not is_async:
        return redis
    try:
        from redis import BlockingConnectionPool, Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError as missing:
        raise ImportError("RedisStore needs redis: install `suggestions-sdk[redis]`") from missing

    given: dict[str, Any] = {
        "max_connections": _CONNECTIONS,
        "timeout": lease,
        "socket_timeout": max(1.0, lease / 2),
        "socket_connect_timeout": max(1.0, lease / 2),
        # No retries of its own: what has to be looked up after a lost reply is known here alone.
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }
    pools: Any = BlockingConnectionPool
    if isinstance(redis, str):
        try:
            return Redis(connection_pool=pools.from_url(redis, **given))
        except ValueError:  # it may quote a part of the password
            raise ValueError("redis: expected an address like redis://localhost:6379/0") from None
    return Redis(connection_pool=pools(**_settings_of(redis), **given))


def _settings_of(client: Any) -> dict[str, Any]:
    """Where a client for asyncio connects to, and as who."""
    from redis import SSLConnection, UnixDomainSocketConnection

    pool = client.connection_pool
    settings = {n: value for n, value in pool.connection_kwargs.items() if n in _SETTINGS}
    settings |= {n: v for n, v in pool.connection_kwargs.items() if n.startswith("ssl_")}
    if "path" in settings:
        settings["connection_class"] = UnixDomainSocketConnection
    elif issubclass(pool.connection_class, _async_ssl()):
        settings["connection_class"] = SSLConnection
    return settings


def _async_ssl() -> type:
    from redis.asyncio import SSLConnection

    ssl_connection: type = SSLConnection
    return ssl_connection


_open_stores: weakref.WeakSet[RedisStore] = weakref.WeakSet()


def _at_exit() -> None:
    for store in list(_open_stores):
        store._store_the_rest()


atexit.register(_at_exit)
