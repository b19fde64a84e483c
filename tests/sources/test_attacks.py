"""What a hostile or careless service can send: each row costs linear time and bounded memory.

Time is measured as a ratio within one run: four times as much may take nine times as long, which is
three times for each doubling. A cost that grows with the square takes sixteen times as long.
"""

from __future__ import annotations

import gc
import json
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from waiting import our_threads
from wire_server import DONE, SOON, UNTIL_CLOSE, Peer, Server, Told, eventually

from suggestions import SuggestionsEventSource, errors
from suggestions._sources.answer import Answer
from suggestions.dialects import Delta, Dialect
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.events import ServerSentEvent

CEILING = 64 * 1024 * 1024
"""Bytes over the start, for any of them."""
STEEPEST = 9
ROUNDS = 5
ONE_HASH = 2**61 - 1
"""The multiples of this have one hash in CPython on 64 bits."""


def event(value: object) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def chat(**delta: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": delta}]})


def call(name: str = "", arguments: str = "", **place: Any) -> dict[str, Any]:
    return {**place, "function": {"name": name, "arguments": arguments}}


def tools(*calls: dict[str, Any]) -> bytes:
    return chat(tool_calls=list(calls))


def function(**fields: str) -> bytes:
    return chat(function_call=fields)


def piece(kind: str, n: int, **fields: Any) -> bytes:
    return event({"type": kind, "output_index": n, "content_index": 0, **fields})


def openai(*, think_tags: bool = False) -> Dialect:
    return OpenAI("http://x", "key", "m", think_tags=think_tags)


class Attack(NamedTuple):
    """What a service sends for the number `i` of `n`, before the end of its answer."""

    part: Callable[[int, int], bytes]
    n: int = 1500
    dialect: Callable[[], Dialect] = openai
    handler: str = ""
    """A handler of this event is connected, at the start and after the end."""


def responses() -> Dialect:
    return Responses("http://x", "key", "m")


def anthropic() -> Dialect:
    return Anthropic("http://x", "key", "m")


def ollama() -> Dialect:
    return Ollama("http://x", "key", "m")


def thoughts() -> Dialect:
    return openai(think_tags=True)


def long(i: int) -> str:
    return f"{i:0200}"


def brackets(i: int) -> str:
    return "{" if i == 0 else '"}"}' if i % 2 else '{"'


PAD = " " * 200
OBJECT = '{"a":1}'
WITH_MESSAGE = {"delta": {"content": "a"}, "message": {"content": "b"}, "finish_reason": "stop"}

TABLE = {
    # The legacy function call.
    "its name in pieces": Attack(lambda i, n: function(name=long(i))),
    "its name in pieces, received": Attack(
        lambda i, n: function(name=long(i)), handler="function_call_chunk"
    ),
    "its arguments in pieces": Attack(lambda i, n: function(arguments=long(i))),
    "its arguments in pieces, received": Attack(
        lambda i, n: function(arguments=long(i)), handler="function_call_chunk"
    ),
    # Calls of tools.
    "a name in pieces": Attack(lambda i, n: tools(call(long(i), index=0))),
    "a name in pieces without an index": Attack(lambda i, n: tools(call(long(i)))),
    "a name in each piece": Attack(lambda i, n: tools(call("f", PAD + "}", index=0, id="a"))),
    "arguments in pieces": Attack(lambda i, n: tools(call("", long(i), index=0, id="a"))),
    "arguments that end again": Attack(lambda i, n: tools(call("f", "{}}" + PAD, index=0))),
    "arguments that seem to end": Attack(lambda i, n: tools(call("f", PAD + brackets(i), index=0))),
    "arguments in arguments": Attack(lambda i, n: tools(call("f", PAD + '{"a":', index=0))),
    "blanks after arguments": Attack(
        lambda i, n: tools(call("f", "" if i else "{}" + " " * 50 * n, index=0))
    ),
    "calls without an index": Attack(lambda i, n: tools(call("f", OBJECT, id=f"id{i}"))),
    "calls with one index": Attack(lambda i, n: tools(call("f", OBJECT, index=0, id=f"id{i}"))),
    "calls with one id": Attack(lambda i, n: tools(call("f", f'{{"a":{i}}}', index=0, id="a"))),
    "calls with neither": Attack(lambda i, n: tools(call("f", f'{{"a":{i}}}'))),
    "calls with an index each": Attack(lambda i, n: tools(call("f", "{}", index=i, id=f"id{i}"))),
    "indexes of one hash": Attack(lambda i, n: tools(call("f", "{}", index=i * ONE_HASH, id="a"))),
    "thousands of calls in one message": Attack(
        lambda i, n: b"" if i else tools(*(call("f", "{}", index=k, id=f"id{k}") for k in range(n)))
    ),
    # All the rest of an answer.
    "text": Attack(lambda i, n: chat(content="a"), n=3000),
    "text, received": Attack(lambda i, n: chat(content="a"), n=3000, handler="suggestion"),
    "emphasis": Attack(lambda i, n: chat(content="*")),
    "reasoning": Attack(lambda i, n: chat(reasoning_content="a"), n=3000),
    "usage with new names": Attack(lambda i, n: event({"choices": [], "usage": {f"k{i}": 1}})),
    "other choices": Attack(
        lambda i, n: event({"choices": [{"index": i + 1, "delta": {"content": "a"}}]})
    ),
    "the whole message with each piece": Attack(lambda i, n: event({"choices": [WITH_MESSAGE]})),
    "an endless thought": Attack(
        lambda i, n: chat(content=long(i) if i else "<think>"), dialect=thoughts
    ),
    "thoughts in one piece": Attack(
        lambda i, n: b"" if i else chat(content="<think>\n</think>\n" * 5 * n), dialect=thoughts
    ),
    "blanks before a thought": Attack(lambda i, n: chat(content=" "), dialect=thoughts),
    "an event with a name each": Attack(lambda i, n: f"event: e{i}\ndata: a\n\n".encode()),
    "messages that say nothing": Attack(lambda i, n: b"data: {}\n\n", n=3000),
    "comments": Attack(lambda i, n: b":\n\n: ping\n: ping\n\n", n=20_000),
    # Other wires.
    "parts that are repeated": Attack(
        lambda i, n: piece("response.output_text.delta", i, delta=long(i))
        + piece("response.output_text.done", i, text=long(i)),
        dialect=responses,
    ),
    "thoughts that are repeated": Attack(
        lambda i, n: piece("response.reasoning_text.delta", i, delta=long(i))
        + piece("response.reasoning_text.done", i, text=long(i)),
        dialect=responses,
    ),
    "arguments that are repeated": Attack(
        lambda i, n: piece(
            "response.function_call_arguments.done",
            0,
            arguments=OBJECT + " " * (0 if i else 50 * n),
            call_id="a",
        ),
        dialect=responses,
    ),
    "usage of an answer": Attack(
        lambda i, n: event({"type": "message_delta", "usage": {f"k{i}": 1, "output_tokens": i}}),
        dialect=anthropic,
    ),
    "whole calls": Attack(
        lambda i, n: event({"message": {"tool_calls": [call("f", "{}")]}}), dialect=ollama
    ),
}  # fmt: skip


def cost(attack: Attack, n: int) -> float:
    """Seconds of the processor for asking, and taking all that there is of the answer."""
    body = b"".join(attack.part(i, n) for i in range(n)) + DONE

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, body)

    names = filter(None, ("error", attack.handler))
    on = {name: lambda source, event: None for name in names}
    gc.collect()
    gc.freeze()  # else it would look through what other tests have left, the more, the longer
    try:
        with Server(script) as server:
            began = time.process_time()
            source = SuggestionsEventSource("Why?", url=server.url, dialect=attack.dialect(), on=on)
            assert source.wait(SOON * 2)
            for name in on:  # late handlers, which get all of it once more
                source.connect(name, lambda source, event: None)
            assert eventually(lambda: not our_threads())
            return time.process_time() - began
    finally:
        gc.unfreeze()


def check_time(attack: Attack) -> None:
    """It takes linear time."""
    once, four_times = float("inf"), float("inf")
    for _ in range(ROUNDS):
        once = min(once, cost(attack, attack.n))
        four_times = min(four_times, cost(attack, 4 * attack.n))
        if four_times < STEEPEST * once:
            return
    pytest.fail(f"{once:.3f} s, and {four_times:.3f} s for four times as much")


def check_memory(attack: Attack) -> None:
    """It takes bounded memory."""
    gc.collect()
    tracemalloc.start()
    try:
        cost(attack, 2 * attack.n)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < CEILING, f"{peak / 2**20:.0f} MiB"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", list(TABLE))
def test_it_costs_linear_time(name: str) -> None:
    check_time(TABLE[name])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", list(TABLE))
def test_it_takes_bounded_memory(name: str) -> None:
    check_memory(TABLE[name])


# The bound of all that is kept


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> int:
    """Much less than the real one, so that a test need not send so much."""
    monkeypatch.setattr(Answer, "LARGEST", 2**20)
    return 2**20


ENDLESS = {
    "text": lambda i: chat(content="word " * 100),
    "reasoning": lambda i: chat(reasoning_content="word " * 100),
    "small messages": lambda i: b"data: {}\n\n",
    "arguments": lambda i: tools(call("", "word " * 100, index=0, id="a")),
    "calls": lambda i: tools(call("f", "{}", index=i, id=f"id{i}")),
    "calls in a message": lambda i: tools(*(call("f", index=k, id=f"{k}") for k in range(5000))),
    "usage": lambda i: event({"choices": [], "usage": {"prompt_tokens": 1}}),
    "choices": lambda i: event({"choices": [{"index": 1, "delta": {"content": "a" * 100}}]}),
}


@pytest.mark.parametrize("name", list(ENDLESS))
def test_an_answer_without_end_is_an_error_that_names_the_bound(name: str, bound: int) -> None:
    sent = 0

    def script(peer: Peer) -> None:
        nonlocal sent
        peer.request()
        peer.send(UNTIL_CLOSE, chat(content="Argentina"))
        while True:
            peer.send(ENDLESS[name](sent))
            sent += 1

    with Server(script) as server:
        told = Told(server.url, dialect=openai())
        error = told.error()
    assert type(error) is errors.AnswerTooLargeError
    assert "1 MiB" in error.message
    assert error.partial_text.startswith("Argentina")
    assert error.partial_text == told.source.full_message == "".join(told.of("chunk"))
    assert told.names[-1] == "end"


def test_the_bound_is_128_mebibytes() -> None:
    piece = "word " * 400_000

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE)
        part = chat(content=piece)
        while True:
            peer.send(part)

    with Server(script) as server:
        source = SuggestionsEventSource("Why?", url=server.url, dialect=openai(), start=False)
        source.connect("error", lambda source, event: None)
        source.start()
        assert source.wait(SOON * 2)
    assert type(source.error) is errors.AnswerTooLargeError
    assert "128 MiB" in str(source.error)
    assert 120 * 2**20 < len(source.full_message) < 130 * 2**20


# A large message


class Slow(OpenAI):
    """Takes its time for a large message, before or while it says what is in it."""

    def __init__(self, *, before: bool) -> None:
        super().__init__("http://x", "key", "m")
        self.before = before
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        deltas = super().decode(message)
        if len(message.data) < 2**20:
            return deltas
        if self.before:
            self.wait()
        return self.said(deltas)

    def said(self, deltas: Iterable[Delta]) -> Iterator[Delta]:
        for number, delta in enumerate(deltas):
            if number == 5000:
                self.wait()
            yield delta

    def wait(self) -> None:
        self.has_begun.set()
        self.may_go_on.wait(SOON)


@pytest.mark.parametrize("before", [True, False], ids=["decoded", "added"])
def test_neither_close_nor_state_waits_for_a_large_message(before: bool) -> None:
    dialect = Slow(before=before)
    calls = tools(*(call("f", "{}", index=k, id=f"id{k}") for k in range(20_000)))

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, chat(content="a"), calls)
        peer.wait_for_end()

    with Server(script) as server:
        told = Told(server.url, dialect=dialect)
        assert dialect.has_begun.wait(SOON)
        began = time.monotonic()
        assert (told.source.state, told.source.full_message) == ("suggesting", "a")
        told.source.close()
        assert told.source.state == "aborted"
        assert time.monotonic() - began < SOON / 2
        dialect.may_go_on.set()
        told.wait()
    assert told.names[-2:] == ["abort", "end"]
    assert not told.source.tool_calls
