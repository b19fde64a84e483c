"""The text so far: linear with a handler, not made at all without one."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clients import connected, ours
from benchmarks.meter import Meter
from benchmarks.report import Row, Section
from benchmarks.rounds import Pair, take_turns
from benchmarks.wire_bytes import HEAD, answer_length
from benchmarks.wire_bytes import text as token
from benchmarks.worker import Worker, call

_LOCAL = "local +="
_SUGGESTION = "`suggestion` handler"
_CHUNK = "`chunk` handler"


def local_sum(url: str, meter: Meter) -> int:
    """The raw socket of the other workloads, whose handler is given the text so far."""
    hear = meter.hear
    text = ""
    rest = b""
    with connected(url) as sock:
        while data := sock.recv(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if content:
                        text += content
                        hear(text)
                elif line == b"data: [DONE]":
                    return len(text)
    return 0


def suggestion_handler(url: str, meter: Meter) -> int:
    from suggestions import SuggestionsEventSource

    source = SuggestionsEventSource(
        "Who?", url=url + "/chat/completions", dialect="openai", on={"suggestion": meter.hear_event}
    )
    source.wait()
    return len(source.result())


def chunk_handler(url: str, meter: Meter) -> int:
    return len(ours(url, meter))


_READERS = {_LOCAL: local_sum, _SUGGESTION: suggestion_handler, _CHUNK: chunk_handler}


def read_text(reader: str, url: str, events: int) -> float:
    """CPU microseconds an event."""
    meter = Meter(HEAD, events)
    if _READERS[reader](url, meter) != answer_length(events):
        raise RuntimeError(f"{reader} read another answer")
    return meter.seconds[0] / (events - HEAD) * 1e6


def grow_alone(pieces: int) -> tuple[float, float]:
    """Nanoseconds a piece: a local `+=`, and the class that keeps the text so far."""
    from suggestions._sources.text_so_far import TextSoFar

    tokens = [token(number) for number in range(pieces)]
    begun = process_time()
    text = ""
    for piece in tokens:
        text += piece
    local = process_time() - begun
    begun = process_time()
    upto = TextSoFar(tokens).upto
    for count in range(1, pieces + 1):
        upto(count)
    return local / pieces * 1e9, (process_time() - begun) / pieces * 1e9


def texts_made(url: str) -> int:
    """How often a text was put together, if only `done` reports it."""
    from suggestions import SuggestionsEventSource
    from suggestions._sources.text_so_far import TextSoFar

    upto, made = TextSoFar.upto, 0

    def counting(self: Any, count: int) -> str:
        nonlocal made
        made += 1
        return upto(self, count)

    TextSoFar.upto = counting  # type: ignore[method-assign]
    source = SuggestionsEventSource(
        "Who?", url=url + "/chat/completions", dialect="openai", start=False
    )
    source.connect("chunk", lambda source, event: None)
    source.start()
    source.wait()
    return made


def text(bench: Bench) -> Section:
    rows = []
    for events in bench.pick((1_000, 10_000, 100_000), (1_000, 30_000), (1_000,)):
        url = bench.server.url(events=events, per_write=32)
        sets, rounds = bench.pick((1, 5), (1, 2), (1, 1))

        def turn(worker: Worker, reader: str, url: str = url, events: int = events) -> float:
            cost: float = worker.call(read_text, reader, url, events)
            return cost

        measured = take_turns(tuple(_READERS), turn, float, sets=sets, rounds=rounds, warm_up=turn)
        told = ", ".join(
            f"{measured.figure(lambda one, name=name: one[name]).median:.1f} µs: {name}"  # type: ignore[misc]
            for name in _READERS
        )
        ratio = measured.figure(lambda one: one[_SUGGESTION] / one[_LOCAL])
        rows.append(Row(f"{events:,} chunks: {_SUGGESTION} to {_LOCAL}", ratio, 2, detail=told))
    local, kept = call(grow_alone, bench.pick(100_000, 100_000, 1_000))
    made = call(texts_made, bench.server.url(events=1000, per_write=32))
    rows += [
        Row("a piece, the text alone", Pair(kept), unit=" ns", detail=f"local +=: {local:.0f} ns"),
        Row("texts made without a handler of `suggestion`", Pair(made), 1, detail="for `done`"),
    ]
    return Section("Text so far", _TEXT, rows)


_TEXT = """\
CPU for each event of a flood whose handler is given the whole text so far and keeps nothing of
it, against the raw socket with a `text += content` in a local variable, which CPython grows in
place. A sum in an attribute, or a join for each chunk, is quadratic."""
