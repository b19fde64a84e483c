"""`run_calls`: the calls of one answer, side by side, each with a result for the model."""

from __future__ import annotations

import contextvars
import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from suggestions import Tool
from suggestions.conversation import Cancellation, ToolResult, run_calls, tool_of
from suggestions.events import ToolCall

SOON = 30  # seconds


class Colour(Enum):
    RED = "red"


@dataclass
class Place:
    city: str
    colour: Colour


def call(name: str, id: str = "1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, json.dumps(arguments))


def returning(value: Any) -> Tool:
    return Tool("it", "", {}, lambda: value)


def text_of(value: Any) -> str:
    (result,) = run_calls([call("it")], [returning(value)])
    assert result.outcome == "returned"
    return result.text


def raising(error: BaseException) -> Tool:
    def function() -> None:
        raise error

    return Tool("it", "", {}, function)


@pytest.fixture
def hanging() -> Iterator[Tool]:
    """A tool that hangs until the end of the test."""
    is_over = threading.Event()

    def hang() -> str:
        is_over.wait(SOON)
        return "late"

    yield tool_of(hang)
    is_over.set()


def test_each_call_has_a_result_in_the_order_of_the_calls() -> None:
    def double(number: int) -> int:
        return 2 * number

    calls = [call("double", str(number), number=number) for number in range(100)]
    results = run_calls(calls, [double])
    assert [result.text for result in results] == [str(2 * number) for number in range(100)]
    assert results[3].message == {"role": "tool", "tool_call_id": "3", "content": "6"}


def test_calls_run_side_by_side_on_named_threads() -> None:
    barrier = threading.Barrier(3, timeout=SOON)
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("the caller's")

    def meet() -> list[str]:
        barrier.wait()
        return [threading.current_thread().name, variable.get()]

    results = run_calls([call("meet", id) for id in "abc"], [meet])
    assert [result.text for result in results] == ['["suggestions-tool-meet", "the caller\'s"]'] * 3


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (None, "null"),
        ({"é": [1, 2.5, True]}, '{"é": [1, 2.5, true]}'),
        (Place("Rome", Colour.RED), '{"city": "Rome", "colour": "red"}'),
        ([date(2026, 1, 2), Decimal("1.50"), {3}], '["2026-01-02", "1.50", [3]]'),
        ({(1, 2): 3}, "{(1, 2): 3}"),
        ("half \ud800", "half ?"),
    ],
)
def test_what_a_tool_returns_becomes_a_text(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_a_pydantic_model_becomes_json() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Order", when=(date, ...))
    assert text_of(model(when="2026-01-02")) == '{"when": "2026-01-02"}'


def test_a_long_result_is_cut() -> None:
    text = text_of("x" * 1_000_000)
    assert len(text) < 101_000
    assert text.endswith("x… (cut off: it has 1000000 characters)")


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (LookupError("no such city"), "it failed: LookupError: no such city"),
        (SystemExit(1), "it failed: SystemExit: 1"),
        (Mute(), "it failed: Mute"),
    ],
)
def test_what_a_tool_raises_is_its_result(error: BaseException, text: str) -> None:
    (result,) = run_calls([call("it")], [raising(error)])
    assert result == ToolResult(call("it"), text, "failed", error)


def test_a_call_that_does_not_fit_does_not_run() -> None:
    def double(number: int) -> int:
        raise AssertionError

    calls = [call("double", number="x"), ToolCall("2", "double", "{"), call("halve")]
    results = run_calls(calls, [double])
    assert [result.outcome for result in results] == ["wrong"] * 3
    assert results[0].text == 'double was not called: number must be a whole number, not "x"'
    assert results[1].text.startswith("double was not called: the arguments are no JSON: ")
    assert results[2].text == "There is no tool 'halve': expected double."


def test_what_is_wrong_is_said_in_short() -> None:
    tool = Tool("it", "", {"properties": {"a": {"type": "string"}}}, print)
    (result,) = run_calls([call("it", a=["x"] * 50_000)], [tool])
    assert result.text.startswith("it was not called: a: ['x', 'x', ")
    assert len(result.text) <= 2_000


def test_a_call_that_takes_too_long_is_left_behind(hanging: Tool) -> None:
    results = run_calls([call("hang"), call("it")], [hanging, returning("done")], timeout=0.05)
    assert [result.outcome for result in results] == ["timeout", "returned"]
    assert results[0].text == "hang did not answer within 0.05 seconds."


def test_more_calls_than_run_at_once_all_get_their_turn(hanging: Tool) -> None:
    calls = [call("hang")] * 20 + [call("it")]
    results = run_calls(calls, [hanging, returning("done")], timeout=0.05)
    assert [result.outcome for result in results] == ["timeout"] * 20 + ["returned"]


def test_the_user_is_asked_before_a_call_runs() -> None:
    asked: list[tuple[ToolCall, dict[str, Any]]] = []
    ran: list[Colour] = []

    def paint(colour: Colour) -> str:
        ran.append(colour)
        return "painted"

    def approve(call: ToolCall, arguments: dict[str, Any]) -> bool:
        asked.append((call, arguments))
        return call.id == "yes"

    calls = [call("paint", "yes", colour="red"), call("paint", "no", colour="red")]
    results = run_calls([*calls, call("paint", "wrong")], [paint], approve=approve)
    assert asked == [(each, {"colour": Colour.RED}) for each in calls]
    assert ran == [Colour.RED]
    assert [result.outcome for result in results] == ["returned", "refused", "wrong"]
    assert results[1].text == "The user has refused this call of paint."


def test_nothing_runs_if_the_question_to_the_user_fails() -> None:
    ran: list[int] = []
    tool = Tool("it", "", {}, lambda: ran.append(1))

    async def later(call: ToolCall, arguments: dict[str, Any]) -> bool:
        return True

    def broken(call: ToolCall, arguments: dict[str, Any]) -> bool:
        if call.id == "2":
            raise LookupError("no window")
        return True

    with pytest.raises(LookupError, match="no window"):
        run_calls([call("it", "1"), call("it", "2")], [tool], approve=broken)
    with pytest.warns(RuntimeWarning), pytest.raises(TypeError, match="a bool, not coroutine"):
        run_calls([call("it")], [tool], approve=later)  # type: ignore[arg-type]
    assert ran == []


def test_a_cancel_returns_at_once(hanging: Tool) -> None:
    cancellation = Cancellation()
    first = Tool("first", "", {}, cancellation.cancel)
    results = run_calls(
        [call("hang"), call("first")], [hanging, first], timeout=None, cancellation=cancellation
    )
    assert results[0] == ToolResult(call("hang"), "This call was cancelled.", "cancelled")
    (after,) = run_calls([call("hang")], [hanging], cancellation=cancellation)
    assert after.outcome == "cancelled"


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="two of the name 'it'"):
        run_calls([], [returning(1), returning(2)])
    with pytest.raises(TypeError, match="tools must be a list of functions, not builtin_function"):
        run_calls([], print)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="timeout must be more than 0 seconds"):
        run_calls([], [], timeout=0)
    with pytest.raises(TypeError, match="approve must be a callable, not bool"):
        run_calls([], [], approve=True)  # type: ignore[arg-type]


def test_a_tool_that_hangs_does_not_keep_the_program() -> None:
    import subprocess

    program = (
        "import time; from suggestions.conversation import run_calls; "
        "from suggestions.events import ToolCall\n"
        "def hang() -> None: time.sleep(1000)\n"
        "print(run_calls([ToolCall('1', 'hang', '')], [hang], timeout=0.05)[0].outcome)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=SOON, check=True
    )
    assert (done.stdout, done.stderr) == ("timeout\n", "")


def test_each_result_is_reported_when_it_is_there() -> None:
    reported: list[str] = []
    quick_is_reported = threading.Event()

    def quick() -> str:
        return "quick"

    def slow() -> str:
        assert quick_is_reported.wait(SOON)
        return "slow"

    def report(result: ToolResult) -> None:
        reported.append(result.text)
        if result.text == "quick":
            quick_is_reported.set()

    calls = [call("slow", "1"), call("quick", "2"), call("none", "3")]
    results = run_calls(calls, [quick, slow], on_result=report)
    assert [result.call.id for result in results] == ["1", "2", "3"]
    assert reported[0].startswith("There is no tool")
    assert reported[1:] == ["quick", "slow"]
