"""A store in Redis when something fails: no gap, no double, one end."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from browsers import Events
from proxy import Proxy
from redis_server import LEASE, RedisServer, redis_cluster, redis_server
from script import DONE, HOLD, Script, chunk
from waiting import SOON, eventually

from suggestions import shutdown
from suggestions.dialects.openai import OpenAI
from suggestions.relay import RelayResponse, follow, relay
from suggestions.relay.frames import FramesName
from suggestions.relay.stores import Endings, RedisStore, Store, StoredAnswer, StoreError

SERVICE = OpenAI("https://service.example/v1", "secret-key", "m1")
STOPPED, LOST, END = (
    f"data: {json.dumps({'type': each})}\n\n".encode() for each in ("stopped", "lost", "done")
)


def frames(*pieces: str) -> list[bytes]:
    return [
        f"data: {json.dumps({'type': 'content', 'data': piece})}\n\n".encode() for piece in pieces
    ]


class Writing:
    """An answer of `count` pieces, written in this process; `text` is all of it so far."""

    def __init__(self, store: Store, id: str = "a") -> None:
        self.answer = StoredAnswer(id, store, Endings(STOPPED, LOST))
        assert store.create(self.answer)
        self.text = ""
        self._number = 0

    def write(self, count: int = 1, pause: float = 0.0) -> None:
        for _ in range(count):
            self._number += 1
            piece = f"{self._number} "
            self.text += piece
            self.answer.append(frames(piece))
            time.sleep(pause)


class Reading(threading.Thread):
    """A browser in another process, which loses its connection again and again."""

    def __init__(self, store: Store, id: str = "a", *, seed: int = 0, cuts: int = 0) -> None:
        super().__init__(daemon=True)
        self.events = Events()
        self._store = store
        self._id = id
        self._random = random.Random(seed)
        self._cuts = cuts
        self.start()

    def run(self) -> None:
        while not self.events.ends:
            response = follow(self._id, self.events.last_id, store=self._store, heartbeat=0.01)
            stream = iter(response)
            left = self._random.randrange(200) if self._cuts else sys.maxsize
            self._cuts -= 1
            for data in stream:
                self.events.feed(data[:left])
                left -= len(data)
                if left <= 0:
                    break
            stream.close()  # type: ignore[attr-defined]
            self.events.lose_connection()

    def has_all_of(self, writing: Writing) -> bool:
        """Waits until it has what was written so far."""
        return eventually(lambda: self.events.text == writing.text)

    def whole(self) -> Events:
        self.join(SOON)
        assert not self.is_alive(), self.events.frames[-3:]
        return self.events


def test_many_come_and_go_while_it_is_written(redis: RedisServer) -> None:
    with redis.store() as asking, redis.store() as other:
        writing = Writing(asking)
        readers = [Reading(other, seed=number, cuts=30) for number in range(6)]
        readers += [Reading(asking, seed=number, cuts=30) for number in range(2)]
        writing.write(300, pause=0.002)
        writing.answer.end(END)
        for reader in readers:
            events = reader.whole()
            assert events.text == writing.text
            assert events.ends == [{"type": "done"}]


def test_all_race_for_the_end_and_there_is_one(redis: RedisServer) -> None:
    with redis.store() as asking, redis.store() as one, redis.store() as two:
        ends: set[str] = set()
        for number in range(20):
            id = f"a{number}"
            writing = Writing(asking, id)
            readers = [Reading(store, id) for store in (asking, one, two)]
            writing.write(5)
            others = [store.open(id) for store in (one, two)]
            threads = [threading.Thread(target=writing.answer.end, args=(END,))]
            threads += [threading.Thread(target=each.stop) for each in others if each]
            for thread in threads:
                thread.start()
            seen = {json.dumps(reader.whole().ends) for reader in readers}
            late = Reading(one, id).whole()
            seen.add(json.dumps(late.ends))
            assert len(seen) == 1
            ends |= seen
        assert ends <= {'[{"type": "done"}]', '[{"type": "stopped"}]'}


@pytest.mark.parametrize("appendonly", [False, True], ids=["without its data", "with its data"])
def test_a_redis_that_restarts_is_waited_for(appendonly: bool, tmp_path: Path) -> None:
    with (
        redis_server(tmp_path, appendonly=appendonly) as redis,
        redis.store() as asking,
        redis.store() as other,
    ):
        writing = Writing(asking)
        readers = [Reading(store, seed=1, cuts=5) for store in (asking, other, other)]
        writing.write(50, pause=0.005)
        redis.kill()
        writing.write(50, pause=0.005)
        redis.start()
        writing.write(50, pause=0.005)
        writing.answer.end(END)
        for reader in [*readers, Reading(other)]:
            events = reader.whole()
            assert events.text == writing.text
            assert events.ends == [{"type": "done"}]


@pytest.mark.parametrize("lag", [False, True], ids=["has all", "lacks the newest"])
def test_a_failover_to_a_standby_leaves_no_gap(lag: bool, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("primary", "standby")]
    for folder in folders:
        folder.mkdir()
    with contextlib.ExitStack() as stack:
        primary = RedisServer(folders[0])
        stack.callback(primary.kill)
        standby = RedisServer(folders[1], "--replicaof", "127.0.0.1", str(primary.port))
        stack.callback(standby.kill)
        is_synced = standby.client().info
        assert eventually(lambda: is_synced("replication")["master_link_status"] == "up")
        proxy = stack.enter_context(Proxy(primary.port))
        url = f"redis://127.0.0.1:{proxy.port}/0"
        asking, other = (
            stack.enter_context(contextlib.closing(RedisStore(url, lease=LEASE))) for _ in range(2)
        )
        answers = [Writing(asking, f"a{number}") for number in range(5)]
        readers = [Reading(other, each.answer.id) for each in answers]
        _write_all(answers, 20)
        if lag:
            standby.process.send_signal(signal.SIGSTOP)
        _write_all(answers, 20)
        for each, reader in zip(answers, readers, strict=True):
            assert reader.has_all_of(each)
        primary.kill()
        if lag:
            standby.process.send_signal(signal.SIGCONT)
        proxy.cut()
        proxy.target = standby.port
        standby.client().replicaof("NO", "ONE")
        for each in answers:
            each.write(5, pause=0.05)  # one answer at a time: a failure is seen with none of them
            each.answer.end(END)
        for each, reader in zip(answers, readers, strict=True):
            for events in (reader.whole(), Reading(other, each.answer.id).whole()):
                assert events.text == each.text
                assert events.ends == [{"type": "done"}]


def _write_all(answers: list[Writing], count: int) -> None:
    for _ in range(count):
        for each in answers:
            each.write()
        time.sleep(0.005)


def test_a_redis_that_stays_away_is_an_error(tmp_path: Path) -> None:
    with (
        redis_server(tmp_path) as redis,
        redis.store(lease=0.4) as asking,
        redis.store(lease=0.4) as other,
    ):
        writing = Writing(asking)
        readers = [Reading(store) for store in (asking, other)]
        writing.write(5)
        assert eventually(lambda: all(each.events.text == writing.text for each in readers))
        redis.kill()
        writing.write(5)
        for reader in readers:
            assert reader.whole().ends == [{"type": "lost"}]
        with pytest.raises(StoreError, match="Redis cannot be reached"):
            other.open("b")
        session = Script([chunk("one"), DONE]).session()
        response = relay("Why?", dialect=SERVICE, session=session, store=asking)
        events = Events()
        events.feed(b"".join(response))
        assert [each["code"] for each in events.ends] == ["error_network"]
        for name in get_args(FramesName):
            check_unavailable(
                relay("Why?", dialect=SERVICE, session=session, store=asking, frames=name)
            )
            check_unavailable(follow("b", store=other, frames=name))


def check_unavailable(response: RelayResponse) -> None:
    """A front end shows the text of a failed response as it is."""
    begun: list[Any] = []
    environ = {"REQUEST_METHOD": "GET"}
    body = b"".join(response(environ, lambda *head: begun.extend(head)))
    assert begun[0] == "503 Service Unavailable"
    headers = dict(begun[1])
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert int(headers["Content-Length"]) == len(body)
    assert body == b"The answer cannot be read now. Please try again in a moment.\n"


def test_an_answer_that_was_lost_while_redis_was_away_has_ended_when_it_is_back(
    tmp_path: Path,
) -> None:
    with (
        redis_server(tmp_path, appendonly=True) as redis,
        redis.store(lease=0.4) as asking,
        redis.store() as later,
    ):
        writing = Writing(asking)
        reader = Reading(asking)
        writing.write(5)
        assert eventually(lambda: redis.client().xlen("suggestions:{a}") > 1)
        redis.kill()
        writing.write(5)
        assert reader.whole().ends == [{"type": "lost"}]
        redis.start()
        events = Reading(later).whole()
        assert events.ends == [{"type": "lost"}]
        assert events.text == writing.text


# A proxy that loses replies


class Cutting:
    """Now and then, a reply is cut off anywhere."""

    def __init__(self, seed: int, every: int) -> None:
        self.times = 0
        self._random = random.Random(seed)
        self._every = every

    def __call__(self, reply: bytes) -> tuple[bytes, bool]:
        if self._random.randrange(self._every):
            return reply, False
        self.times += 1
        return reply[: self._random.randrange(len(reply))], True


@pytest.mark.parametrize("seed", range(4))
def test_replies_that_are_cut_off_double_nothing(redis: RedisServer, seed: int) -> None:
    from suggestions.relay.stores import RedisStore

    cutting = Cutting(seed, every=5)
    with (
        Proxy(redis.port, cutting) as proxy,
        contextlib.closing(RedisStore(f"redis://127.0.0.1:{proxy.port}", lease=5)) as asking,
        contextlib.closing(RedisStore(f"redis://127.0.0.1:{proxy.port}", lease=5)) as other,
    ):
        writing = Writing(asking)
        readers = [Reading(store, seed=1, cuts=5) for store in (asking, other, other)]
        writing.write(150, pause=0.005)
        writing.answer.end(END)
        for reader in [*readers, Reading(other)]:
            events = reader.whole()
            assert events.text == writing.text
            assert events.ends == [{"type": "done"}]
        assert cutting.times > 3


def test_a_network_that_is_slow_and_stalls_is_waited_for(redis: RedisServer) -> None:
    from suggestions.relay.stores import RedisStore

    def late(reply: bytes) -> tuple[bytes, bool]:
        time.sleep(0.03)
        return reply, False

    with (
        Proxy(redis.port, late) as proxy,
        contextlib.closing(RedisStore(f"redis://127.0.0.1:{proxy.port}", lease=2)) as asking,
        contextlib.closing(RedisStore(f"redis://127.0.0.1:{proxy.port}", lease=2)) as other,
    ):
        writing = Writing(asking)
        readers = [Reading(store, seed=1, cuts=5) for store in (asking, other, other)]
        writing.write(50, pause=0.005)
        proxy.stall()
        writing.write(50, pause=0.03)
        proxy.go_on()
        writing.write(50, pause=0.005)
        writing.answer.end(END)
        for reader in [*readers, Reading(other)]:
            events = reader.whole()
            assert events.text == writing.text
            assert events.ends == [{"type": "done"}]


# A process that asks, and dies


ASKING = """
import json, sys, time
wall, off = time.time, float(sys.argv[3])
time.time = lambda: wall() + off
from suggestions.relay.stores import Endings, RedisStore, StoredAnswer

store = RedisStore(sys.argv[1], lease=float(sys.argv[2]))
frame = lambda **fields: f"data: {json.dumps(fields)}\\n\\n".encode()
answer = StoredAnswer("a", store, Endings(frame(type="stopped"), frame(type="lost")))
assert store.create(answer)
answer.follow()
number = 0
while not answer.has_ended:
    number += 1
    answer.append([frame(type="content", data=f"{number} ")])
    time.sleep(0.01)
print(answer.read(2**62).data.decode(), flush=True)
"""


@contextlib.contextmanager
def asking_process(redis: RedisServer, clock_off: float = 0) -> Iterator[subprocess.Popen[str]]:
    """`clock_off`: seconds by which its clock differs from that of the machine."""
    command = [sys.executable, "-c", ASKING, redis.url, str(LEASE), str(clock_off)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert eventually(lambda: redis.client().exists("suggestions:{a}"))
        yield process
    finally:
        process.kill()
        process.communicate()


def is_whole_so_far(text: str) -> bool:
    numbers = text.split()
    return numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_a_process_that_is_killed_ends_its_answer_within_the_lease(redis: RedisServer) -> None:
    with redis.store() as one, redis.store() as two, asking_process(redis) as process:
        readers = [Reading(store, seed=1, cuts=3) for store in (one, two, two)]
        assert eventually(lambda: all(len(each.events.ids) > 20 for each in readers))
        process.kill()
        since = time.monotonic()
        seen = [reader.whole() for reader in readers]
        assert time.monotonic() - since < 4 / 3 * LEASE + 2  # on a machine that has much to do
        seen.append(Reading(one).whole())
        for events in seen:
            assert events.ends == [{"type": "lost"}]
            assert is_whole_so_far(events.text)
            assert events.text == seen[0].text


LEAVING = """
import sys
from suggestions.relay.stores import Endings, RedisStore, StoredAnswer

store = RedisStore(sys.argv[1])
answer = StoredAnswer(sys.argv[2], store, Endings(b"data: stopped\\n\\n", b"data: lost\\n\\n"))
assert store.create(answer)
answer.append([b"data: one\\n\\n"])
exec(sys.argv[3])
"""


@pytest.mark.parametrize(
    ("work", "last"),
    [
        ("pass", b"lost"),
        ("store.close()", b"lost"),
        ("answer.end(b'data: done\\n\\n')", b"done"),
        ("answer.end(b'data: done\\n\\n'); store.close()", b"done"),
        ("import time; answer.end(b'data: done\\n\\n'); time.sleep(0.001)", b"done"),
    ],
)
def test_a_process_that_exits_ends_its_answers(redis: RedisServer, work: str, last: bytes) -> None:
    id = f"exit{abs(hash((work, last)))}"
    command = [sys.executable, "-c", LEAVING, redis.url, id, work]
    subprocess.run(command, check=True, timeout=SOON)
    *_, (_, end) = redis.client().xrange(f"suggestions:{{{id}}}")
    assert end == {b"e": b"data: %b\n\n" % last}


def test_a_store_that_is_closed_ends_what_it_follows(redis: RedisServer) -> None:
    with redis.store() as asking, redis.store() as other:
        writing = Writing(asking, "closed")
        readers = [Reading(store, "closed") for store in (asking, other)]
        writing.write(3)
        assert eventually(lambda: all(each.events.text == writing.text for each in readers))
        other.close()
        assert readers[1].whole().ends == [{"type": "lost"}]
        writing.write()
        writing.answer.end(END)
        assert readers[0].whole().ends == [{"type": "done"}]


@pytest.mark.parametrize("off", [3600, -3600])
def test_a_clock_that_is_off_by_an_hour_changes_nothing(redis: RedisServer, off: float) -> None:
    with redis.store() as one, asking_process(redis, off) as process:
        reader = Reading(one)
        time.sleep(2 * LEASE)
        assert not reader.events.ends
        process.kill()
        events = reader.whole()
        assert events.ends == [{"type": "lost"}]
        assert is_whole_so_far(events.text)
        assert len(events.ids) > 20


def test_those_who_come_later_get_the_same(redis: RedisServer) -> None:
    with redis.store() as one, asking_process(redis) as process:
        assert eventually(lambda: redis.client().xlen("suggestions:{a}") > 20)
        process.kill()
        time.sleep(LEASE + 0.2)
        events = Reading(one).whole()
        assert events.ends == [{"type": "lost"}]
        assert is_whole_so_far(events.text)
        assert Reading(one).whole().frames == events.frames


def test_a_process_that_was_stopped_for_longer_than_its_lease_writes_no_more(
    redis: RedisServer,
) -> None:
    import signal

    with redis.store() as one, asking_process(redis) as process:
        reader = Reading(one)
        assert eventually(lambda: len(reader.events.ids) > 20)
        process.send_signal(signal.SIGSTOP)
        events = reader.whole()
        assert events.ends == [{"type": "lost"}]
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=SOON)
        assert '"lost"' in said  # its own readers get the same end
        assert Reading(one).whole().frames == events.frames


# What is in Redis


def test_an_answer_expires_and_needs_little_memory(redis: RedisServer) -> None:
    with redis.store(keep=1, prefix="mine") as store:
        writing = Writing(store)
        client = redis.client()
        writing.write(400, pause=0.001)
        assert eventually(lambda: client.xrevrange("mine:{a}", count=1)[0][0] == b"400-0")
        assert (live := client.memory_usage("mine:{a}")) < 40_000
        assert client.pttl("mine:{a}") > 30_000
        writing.answer.end(END)
        assert eventually(lambda: client.xlen("mine:{a}") == 3)
        assert client.memory_usage("mine:{a}") < live / 4
        assert list(client.scan_iter("mine:*{a}*")) == [b"mine:{a}"]
        assert {key.split(b":")[0] for key in client.scan_iter()} == {b"mine"}
        assert 0 < client.pttl("mine:{a}") <= 1000
        assert eventually(lambda: not client.exists("mine:{a}"))
        assert eventually(lambda: follow("a", store=store).status == 404)


def test_a_redis_that_refuses_to_compact_keeps_the_answer_as_it_is(redis: RedisServer) -> None:
    from suggestions.relay.stores import RedisStore

    rules = {"passwords": ["+secret"], "keys": ["*"], "channels": ["*"]}
    redis.client().acl_setuser("narrow", True, categories=["+@all"], commands=["-rename"], **rules)
    url = f"redis://narrow:secret@127.0.0.1:{redis.port}"
    with contextlib.closing(RedisStore(url, lease=0.3)) as store:
        ended, writing = Writing(store, "ended"), Writing(store, "other")
        ended.write(3)
        ended.answer.end(END)
        writing.write(40, pause=0.05)
        writing.answer.end(END)
        for each in (ended, writing):
            events = Reading(store, each.answer.id).whole()
            assert events.ends == [{"type": "done"}]
            assert events.text == each.text


def test_an_answer_that_is_too_large_ends_in_an_error(redis: RedisServer) -> None:
    with redis.store(largest=1000) as store, redis.store() as other:
        session = Script([chunk("x" * 600), chunk("y" * 600), HOLD]).session()
        response = relay("Why?", dialect=SERVICE, session=session, store=store, id="a")
        events = Events()
        events.feed(b"".join(response))
        assert [each["code"] for each in events.ends] == ["error_network"]
        assert Reading(other).whole().ends == events.ends


def test_a_client_of_the_program_is_taken_and_left_as_it_is(redis: RedisServer) -> None:
    import redis as package

    from suggestions.relay.stores import RedisStore

    with contextlib.closing(RedisStore(package.Redis(port=redis.port))) as store:
        writing = Writing(store)
        writing.write(3)
        writing.answer.end(END)
        assert Reading(store).whole().text == writing.text
    with pytest.raises(ValueError, match="decode_responses=False"):
        RedisStore(package.Redis(port=redis.port, decode_responses=True))
    with pytest.raises(TypeError, match=r"redis must be an address or a redis\.Redis"):
        RedisStore(5)
    with pytest.raises(ValueError, match="lease must be more than 0"):
        RedisStore(redis.url, lease=0)
    with pytest.raises(TypeError, match="prefix must be a str"):
        RedisStore(redis.url, prefix=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="decode_responses=False"):
        RedisStore(f"{redis.url}?decode_responses=1")


def test_no_message_has_a_password_in_it() -> None:
    from suggestions.relay.stores import RedisStore

    assert "secret" not in repr(RedisStore("redis://:secret@localhost"))
    with pytest.raises(ValueError, match="redis: expected an address") as invalid:
        RedisStore("redis://:secret/word@localhost")
    assert "secret" not in str(invalid.value)
    with pytest.raises(TypeError, match=r"not str$"):
        follow("a", store="redis://:secret@localhost")  # type: ignore[arg-type]


def test_a_client_for_asyncio_says_where_the_redis_is(redis: RedisServer) -> None:
    import redis.asyncio as package

    from suggestions.relay.stores import RedisStore

    given = package.Redis.from_url(f"redis://127.0.0.1:{redis.port}/3", decode_responses=True)
    with contextlib.closing(RedisStore(given)) as store:
        writing = Writing(store)
        writing.write(3)
        assert eventually(lambda: redis_has(redis, "suggestions:{a}", 3))
        writing.answer.end(END)
        assert Reading(store).whole().text == writing.text


def redis_has(redis: RedisServer, key: str, database: int) -> bool:
    import redis as package

    return bool(package.Redis(port=redis.port, db=database).exists(key))


def test_a_cluster(tmp_path: Path) -> None:
    import redis as package

    with redis_cluster(tmp_path) as ports:
        clients = [package.RedisCluster(host="127.0.0.1", port=ports[0]) for _ in range(2)]
        with (
            contextlib.closing(RedisStore(clients[0], lease=LEASE)) as asking,
            contextlib.closing(RedisStore(clients[1], lease=LEASE)) as other,
        ):
            answers = [Writing(asking, f"a{number}") for number in range(12)]
            readers = [Reading(other, each.answer.id, seed=1, cuts=3) for each in answers]
            for _ in range(60):
                for each in answers:
                    each.write()
                time.sleep(0.005)
            for each in answers:
                each.answer.end(END)
            for each, reader in zip(answers, readers, strict=True):
                events = reader.whole()
                assert events.text == each.text
                assert events.ends == [{"type": "done"}]
        assert all(package.Redis(port=port).dbsize() for port in ports)


def test_shutdown_ends_its_threads_and_a_later_answer_starts_them_again(redis: RedisServer) -> None:
    with redis.store() as store:
        for id in ("a", "b"):
            writing = Writing(store, id)
            writing.write(3)
            writing.answer.end(END)
            assert Reading(store, id).whole().text == writing.text
            assert shutdown(SOON)
            left = [each.name for each in threading.enumerate()]
            assert not [name for name in left if name.startswith("suggestions-")]


def test_without_redis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from suggestions.relay.stores import RedisStore

    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImportError, match=r"install `suggestions-sdk\[redis\]`"):
        RedisStore("redis://localhost")


def test_followers_share_three_connections(redis: RedisServer) -> None:
    with redis.store() as asking, redis.store() as other:
        before = len(redis.client().client_list())
        writings = [Writing(asking, f"a{number}") for number in range(50)]
        readers = [Reading(other, f"a{number}") for number in range(50)]
        for writing in writings:
            writing.write(3)
        assert len(redis.client().client_list()) - before <= 6
        for writing in writings:
            writing.answer.end(END)
        for reader, writing in zip(readers, writings, strict=True):
            assert reader.whole().text == writing.text
