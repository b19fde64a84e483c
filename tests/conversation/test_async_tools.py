"""Async tools: tasks on the loop of asyncio or trio, while a worker thread waits for them."""

from __future__ import annotations

import asyncio
import contextvars
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loop import Loop

from suggestions import Tool, run_tools
from suggestions.conversation import Cancellation, run_calls
from suggestions.dialects.openai import OpenAI
from suggestions.errors import AbortedError
from suggestions.events import ToolCall
from suggestions.playground import Playground
from suggestions.toolkits import aio, trio_

SOON = 30  # seconds
who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="unset")


class Asyncio:
    run = staticmethod(lambda main: asyncio.run(main()))
    to_thread = staticmethod(asyncio.to_thread)
    sleep = staticmethod(asyncio.sleep)
    dispatcher = staticmethod(aio)
    cancelled: Any = asyncio.CancelledError


class Trio:
    dispatcher = staticmethod(trio_)

    def __init__(self) -> None:
        trio = pytest.importorskip("trio")
        self.run = trio.run
        self.to_thread = trio.to_thread.run_sync
        self.sleep = trio.sleep
        self.cancelled = trio.Cancelled


@pytest.fixture(params=[Asyncio, Trio])
def host(request: pytest.FixtureRequest) -> Any:
    return request.param()


def call(name: str, id: str = "1", **arguments: Any) -> ToolCall:
    return ToolCall(id, name, json.dumps(arguments))


def run_on(host: Any, do: Callable[[Any], Any]) -> Any:
    """The result of `do(dispatch)`, on a worker thread while the loop goes round."""

    async def main() -> Any:
        dispatch = host.dispatcher()
        return await host.to_thread(lambda: do(dispatch))

    return host.run(main)


def hanging(host: Any, seen: list[str]) -> Callable[..., Any]:
    async def hang() -> None:
        try:
            await host.sleep(SOON)
        except host.cancelled:
            seen.append("cancelled")
            raise

    return hang


def test_calls_run_side_by_side_on_the_loops_thread(host: Any) -> None:
    met: list[str] = []
    threads: set[int] = set()

    async def meet(letter: str) -> dict[str, int]:
        met.append(letter)
        threads.add(threading.get_ident())
        while len(met) < 3:
            await host.sleep(0.001)
        return {letter: 1}

    def plain(letter: str) -> str:
        met.append(letter)
        assert threading.get_ident() not in threads
        return letter

    calls = [call("meet", letter="a"), call("plain", letter="b"), call("meet", letter="c")]
    results = run_on(host, lambda dispatch: run_calls(calls, [meet, plain], dispatch=dispatch))
    assert [result.text for result in results] == ['{"a": 1}', "b", '{"c": 1}']
    assert threads == {threading.get_ident()}


def test_an_object_with_an_async_call_is_a_tool(host: Any) -> None:
    class Doubler:
        async def __call__(self, number: int) -> int:
            await host.sleep(0)
            return 2 * number

    tool = Tool("double", "", {"properties": {"number": {"type": "integer"}}}, Doubler())
    (result,) = run_on(
        host, lambda dispatch: run_calls([call("double", number=3)], [tool], dispatch=dispatch)
    )
    assert result.text == "6"


def test_what_an_async_tool_raises_is_its_result(host: Any) -> None:
    async def fail() -> None:
        raise LookupError("no such city")

    async def give_up() -> None:
        # As a library does whose inner task was cancelled.
        raise asyncio.CancelledError

    tools = [fail] if isinstance(host, Trio) else [fail, give_up]
    calls = [call(tool.__name__) for tool in tools]
    results = run_on(host, lambda dispatch: run_calls(calls, tools, dispatch=dispatch))
    assert {result.outcome for result in results} == {"failed"}
    assert results[0].text == "fail failed: LookupError: no such city"
    assert isinstance(results[0].error, LookupError)
    if len(results) == 2:
        assert results[1].text == "give_up failed: RuntimeError: its task was cancelled"


def test_a_call_that_takes_too_long_is_cancelled(host: Any) -> None:
    seen: list[str] = []

    async def quick() -> str:
        return "done"

    tools = [hanging(host, seen), quick]
    results = run_on(
        host,
        lambda dispatch: run_calls(
            [call("hang"), call("quick")], tools, timeout=0.05, dispatch=dispatch
        ),
    )
    assert [result.outcome for result in results] == ["timeout", "returned"]
    assert results[0].text == "hang did not answer within 0.05 seconds."
    assert seen == ["cancelled"]


def test_a_cancel_cancels_the_task(host: Any) -> None:
    seen: list[str] = []
    cancellation = Cancellation()

    async def stop() -> None:
        cancellation.cancel()

    results = run_on(
        host,
        lambda dispatch: run_calls(
            [call("hang"), call("stop")],
            [hanging(host, seen), stop],
            timeout=None,
            cancellation=cancellation,
            dispatch=dispatch,
        ),
    )
    assert results[0].outcome == "cancelled"
    assert seen == ["cancelled"]


def test_an_exception_of_the_caller_cancels_the_tasks(host: Any) -> None:
    seen: list[str] = []

    async def quick() -> str:
        return "done"

    def broken(result: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_on(
            host,
            lambda dispatch: run_calls(
                [call("hang"), call("quick")],
                [hanging(host, seen), quick],
                on_result=broken,
                dispatch=dispatch,
            ),
        )
    assert seen == ["cancelled"]


def test_a_loop_that_ends_ends_the_calls(host: Any) -> None:
    seen: list[str] = []
    results: list[Any] = []
    began = threading.Event()

    async def hang() -> None:
        began.set()
        await hanging(host, seen)()

    def work(dispatch: Any) -> None:
        results.extend(run_calls([call("hang")], [hang], timeout=None, dispatch=dispatch))
        results.extend(run_calls([call("hang")], [hang], timeout=None, dispatch=dispatch))

    threads: list[threading.Thread] = []

    async def main() -> None:
        threads.append(threading.Thread(target=work, args=(host.dispatcher(),), daemon=True))
        threads[0].start()
        while not began.is_set():
            await host.sleep(0.001)

    host.run(main)
    threads[0].join(SOON)
    assert [result.outcome for result in results] == ["failed", "failed"]
    assert all(result.text.startswith("hang failed: RuntimeError: ") for result in results)
    assert set(seen) == {"cancelled"}  # the second one may have begun in the end of the loop, too


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_is_closed_without_a_shutdown_ends_the_calls() -> None:
    loop = asyncio.new_event_loop()
    dispatch = aio(loop)
    results: list[Any] = []
    began = threading.Event()

    async def hang() -> None:
        began.set()
        loop.call_soon(loop.stop)
        await asyncio.Event().wait()

    def work() -> None:
        results.extend(run_calls([call("hang")], [hang], timeout=None, dispatch=dispatch))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    loop.run_forever()
    loop.close()
    thread.join(SOON)
    assert began.is_set()
    assert results[0].text == "hang failed: RuntimeError: the event loop has ended"


def test_a_loop_that_starts_no_task_ends_the_call() -> None:
    loop = Loop()
    loop.refuses = True
    results: list[Any] = []

    async def late() -> None: ...

    def work() -> None:
        results.extend(run_calls([call("late")], [late], timeout=None, dispatch=loop))

    threading.Thread(target=work, daemon=True).start()
    loop.run_until(lambda: results)
    assert results[0].text == "late failed: RuntimeError: too many tasks"


def test_a_task_that_was_cancelled_before_it_began_never_begins() -> None:
    loop = Loop()

    async def late() -> None: ...

    (result,) = run_calls([call("late")], [late], timeout=0.01, dispatch=loop)
    assert result.outcome == "timeout"
    loop.run()
    assert not loop.spawned


def test_a_task_has_the_callers_context() -> None:
    async def get() -> str:
        return who.get()

    def work(dispatch: Any) -> Any:
        who.set("the worker")
        return run_calls([call("get")], [get], dispatch=dispatch)

    (result,) = run_on(Asyncio(), work)
    assert result.text == "the worker"


async def later() -> str:
    """An async function, which no loop would await."""
    return "later"


def test_without_a_loop_an_async_tool_is_refused_at_once() -> None:
    loop = Loop()
    for dispatch in (None, loop.post):
        with pytest.raises(TypeError, match=r"later is an async function.*toolkits\.aio\(\)"):
            run_calls([], [later], dispatch=dispatch)
        with pytest.raises(TypeError, match="later is an async function"):
            run_tools([], [later], dispatch=dispatch)
    with pytest.raises(TypeError, match="dispatch is aio itself"):
        run_calls([], [later], dispatch=aio)  # type: ignore[arg-type]


def test_on_the_loops_own_thread_it_says_what_to_await(host: Any) -> None:
    async def main() -> None:
        dispatch = host.dispatcher()
        with pytest.raises(RuntimeError, match=r"await asyncio\.to_thread\(run_tools, "):
            run_calls([], [later], dispatch=dispatch)
        with pytest.raises(RuntimeError, match=r"trio\.to_thread\.run_sync"):
            run_tools([], [later], dispatch=dispatch)

    host.run(main)


def test_a_plain_function_that_returns_a_coroutine_fails() -> None:
    tool = Tool("it", "", {}, lambda: later())
    (result,) = run_calls([call("it")], [tool])
    assert result.text == (
        "it failed: TypeError: it returned a coroutine: expected a function made by async def"
    )


# With a model


@pytest.fixture(scope="module")
def dialect() -> Iterator[OpenAI]:
    with Playground(pace=0) as playground:
        yield OpenAI(playground.openai_url, "key", "playground")


def asking(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_run_tools_asks_and_calls_on_one_loop(host: Any, dialect: OpenAI) -> None:
    threads: set[int] = set()

    async def get_weather(city: str) -> str:
        await host.sleep(0.001)
        threads.add(threading.get_ident())
        return f"{city} is warm"

    def note(source: Any, event: Any) -> None:
        threads.add(threading.get_ident())

    messages = asking('Get weather for "Paris".')
    text = run_on(
        host,
        lambda dispatch: run_tools(
            messages,
            [get_weather],
            dialect=dialect,
            dispatch=dispatch,
            on={"done": note},
        ),
    )
    assert text.startswith('The tool answered: "Paris is warm".')
    assert threads == {threading.get_ident()}


def test_a_loop_that_ends_in_mid_round_ends_run_tools(host: Any, dialect: OpenAI) -> None:
    began = threading.Event()
    raised: list[BaseException] = []

    async def hang_now() -> None:
        began.set()
        await host.sleep(SOON)

    def work(dispatch: Any) -> None:
        try:
            run_tools(
                asking("hang now"),
                [hang_now],
                dialect=dialect,
                tool_timeout=None,
                dispatch=dispatch,
            )
        except BaseException as error:
            raised.append(error)

    threads: list[threading.Thread] = []

    async def main() -> None:
        threads.append(threading.Thread(target=work, args=(host.dispatcher(),), daemon=True))
        threads[0].start()
        while not began.is_set() and threads[0].is_alive():
            await host.sleep(0.001)

    host.run(main)
    threads[0].join(SOON)
    assert isinstance(raised[0], AbortedError)
