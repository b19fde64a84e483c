"""What takes the time of an event: each step of the corridor fed from a list, no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clients import QUESTION
from benchmarks.meter import Meter
from benchmarks.report import Row, Section
from benchmarks.rounds import Rounds, take_turns
from benchmarks.wire_bytes import HEAD, TOKEN, chunk, event, text, writes
from benchmarks.worker import Worker

_STEPS = ("transfer coding", "sse", "decode", "answer", "delivery")


def ablate(events: int, per_read: int) -> dict[str, float]:
    """Nanoseconds of CPU an event of each step: what it adds to the steps before it."""
    from suggestions._sources.answer import Answer
    from suggestions._wire.body import Chunked
    from suggestions._wire.sse import EventDecoder
    from suggestions.dialects import find

    framed = [*writes(0, events, per_read, TOKEN), b"0\r\n\r\n"]
    reads = list(_unframed(events, per_read))
    dialect: Any = find("openai")

    def transfer_coding() -> None:
        chunked = Chunked()
        for read in framed:
            chunked.feed(read)

    def sse() -> None:
        events = EventDecoder()
        for read in reads:
            events.feed(read)

    def decode() -> None:
        events = EventDecoder()
        for read in reads:
            for message in events.feed(read):
                dialect.decode(message)

    def answer() -> None:
        log: list[Any] = []
        feed = Answer(log.append).feed
        events = EventDecoder()
        for read in reads:
            for message in events.feed(read):
                for delta in dialect.decode(message):
                    feed(delta)

    def timed(step: Callable[[], None]) -> float:
        begun = process_time()
        step()
        return (process_time() - begun) / events * 1e9

    coding, framing, decoding, feeding = map(timed, (transfer_coding, sse, decode, answer))
    whole = _whole_source(reads, events)
    costs = (coding, framing, decoding - framing, feeding - decoding, whole - feeding)
    return dict(zip(_STEPS, costs, strict=True))


def _unframed(events: int, per_read: int) -> Iterator[bytes]:
    for start in range(0, events, per_read):
        numbers = range(start, min(start + per_read, events))
        yield b"".join(chunk(number).partition(b"\r\n")[2][:-2] for number in numbers)


class _Reads:
    """A response to be read from, as an adapter of the user's own gives it."""

    def __init__(self, reads: list[bytes]) -> None:
        self._reads = iter(reads)

    def read1(self, amount: int, decode_content: bool = True) -> bytes:
        return next(self._reads, b"")

    def close(self) -> None:
        """Nothing to free."""


def _whole_source(reads: list[bytes], events: int) -> float:
    """The same from the outside: a source with a `chunk` handler, asking a list."""
    import requests
    from requests.adapters import BaseAdapter

    from suggestions import SuggestionsEventSource

    class Adapter(BaseAdapter):
        def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
            response = requests.Response()
            response.status_code = 200
            response.url, response.request = request.url, request
            response.raw = _Reads([*reads, b"data: [DONE]\n\n"])
            return response

        def close(self) -> None:
            """Nothing to free."""

    session = requests.Session()
    session.mount("http://", Adapter())
    meter = Meter(HEAD, events)
    source = SuggestionsEventSource(
        QUESTION,
        url="http://localhost/",
        dialect="openai",
        session=session,
        on={"chunk": meter.hear_event},
    )
    source.wait()
    return meter.seconds[0] / (events - HEAD) * 1e9


def without_handler(entries: int) -> dict[str, float]:
    """Nanoseconds of CPU that delivery takes for each name without a handler."""
    from suggestions import SuggestionsEventSource
    from suggestions._wire.sse import EventStream

    message = next(iter(EventStream([event({"content": text(1)})])))

    def drained(kept: list[Any]) -> float:
        url = "http://localhost/chat/completions"  # it is never asked
        source = SuggestionsEventSource(QUESTION, url=url, dialect="openai", start=False)
        # Straight into the log: what is asked is what walking over it costs.
        source._delivery.log.extend(kept)
        begun = process_time()
        source._delivery.drain()
        return (process_time() - begun) / entries * 1e9

    return {
        "`message`": drained([tuple(message)] * entries),
        # One entry for both names.
        "`chunk` and `suggestion`, each": drained([text(1)] * entries) / 2,
    }


def stages(bench: Bench) -> Section:
    events = bench.pick(20_000, 10_000, 200)
    sets, rounds = bench.pick((3, 5), (1, 5), (1, 1))
    rows = []
    for per_read in (100, 1):

        def turn(worker: Worker, _: str, per_read: int = per_read) -> dict[str, float]:
            steps: dict[str, float] = worker.call(ablate, events, per_read)
            return steps

        measured = take_turns(
            ["steps"],
            turn,
            lambda steps: sum(steps.values()),
            sets=sets,
            rounds=rounds,
            warm_up=turn,
        )
        title = f"{per_read} events a read" if per_read > 1 else "one event a read"
        rows += _rows(title, measured, _STEPS, None)
        together = measured.figure(lambda one: sum(one["steps"].values()))
        rows.append(Row(f"{title}: together", together, unit=" ns"))

    def turn_without_handler(worker: Worker, _: str) -> dict[str, float]:
        costs: dict[str, float] = worker.call(without_handler, events)
        return costs

    skipped = take_turns(
        ["steps"],
        turn_without_handler,
        lambda costs: sum(costs.values()),
        sets=sets,
        rounds=rounds,
        warm_up=turn_without_handler,
    )
    names = tuple(skipped.rounds[0]["steps"])
    rows += _rows("without a handler", skipped, names, 100)
    return Section("Stages", _TEXT, rows)


def _rows(
    title: str, measured: Rounds[dict[str, float]], names: tuple[str, ...], limit: float | None
) -> list[Row]:
    return [
        Row(
            f"{title}: {name}",
            measured.figure(lambda one, name=name: one["steps"][name]),  # type: ignore[misc]
            limit,
            " ns",
        )
        for name in names
    ]


_TEXT = """\
Nanoseconds of CPU for each event, each step fed from a list; a step's figure is what it adds to
those before it, and what a flood costs beyond their sum is the socket. "Delivery" is everything
from the assembled answer to the handler: log, locks, baton, thread."""
