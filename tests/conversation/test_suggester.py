"""`Suggester`: what a view gets, what its attributes say, and that the latest request wins."""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
import requests
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from loop import Loop
from process import run
from script import DONE, Script, chunk

from suggestions import Suggester

CUT = object()
"""Fed to a service: the connection ends."""


class Service(Script):
    """Answers each question with what is fed to it, when it is fed."""

    def __init__(self, status: int = 200) -> None:
        super().__init__([], status=status)
        self._one_at_a_time = threading.Lock()
        self._fed: dict[str, queue.SimpleQueue[object]] = {}

    def feed(self, question: str, *steps: object) -> None:
        for step in steps:
            self._queue(question).put(step)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        question = json.loads(request.body or b"")["question"]
        with self._one_at_a_time:
            self._steps = iter(self._queue(question).get, CUT)
            return super().send(request)

    def _queue(self, question: str) -> queue.SimpleQueue[object]:
        # Not a defaultdict: two threads that ask at once may each be given one of their own.
        return self._fed.setdefault(question, queue.SimpleQueue())

    def cut(self) -> None:
        for question in list(self._fed):
            self.feed(question, CUT)


class Shown:
    """Writes down what it gets, and compares it with the attributes."""

    def __init__(self, service: Service, *, nests: bool = False, **options: Any) -> None:
        self._nests = nests
        self.told: list[tuple[str, str]] = []
        self.wrong: list[str] = []
        self.threads: set[int] = set()
        self._running = 0
        self.then: dict[str, Callable[[], object]] = {}
        self.suggester = Suggester(
            on_suggestion=lambda text: self._hear("suggestion", text, self.suggester.suggestion),
            on_done=lambda text: self._hear("done", text, self.suggester.suggestion),
            on_stop=lambda text: self._hear("stop", text, self.suggester.suggestion),
            on_error=lambda error: self._hear("error", error, self.suggester.error),
            on_state=lambda state: self._hear("state", state, self.suggester.state),
            **{"url": "https://service.example/", "session": service.session(), **options},
        )

    def _hear(self, name: str, value: object, attribute: object) -> None:
        self._running += 1
        if self._running > 1 and not self._nests:
            self.wrong.append(f"{name} within another callback")
        if value != attribute:
            self.wrong.append(f"{name} {value!r} was reported, {attribute!r} is kept")
        self.told.append((name, getattr(value, "code", str(value))))
        self.threads.add(threading.get_ident())
        try:
            self.then.pop(f"{name} {value}", lambda: None)()
        finally:
            self._running -= 1

    @property
    def states(self) -> list[str]:
        return [value for name, value in self.told if name == "state"]


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.cut()


REQUESTING = ("state", "requesting")
SUGGESTING = ("state", "suggesting")
AB = [REQUESTING, SUGGESTING, ("suggestion", "a"), ("suggestion", "ab")]

ANSWERS: dict[str, tuple[int, list[object], list[tuple[str, str]], str]] = {
    "done": (
        200,
        [chunk("a"), chunk("b"), DONE],
        [*AB, ("state", "done"), ("done", "ab")],
        "ab",
    ),
    "nothing": (200, [chunk(""), DONE], [REQUESTING, ("state", "done"), ("done", "")], ""),
    "refused": (
        429,
        [CUT],
        [REQUESTING, ("state", "error"), ("error", "error_quota_exceeded")],
        "",
    ),
    "stops early": (
        200,
        [chunk("a"), chunk("b"), CUT],
        [*AB, ("state", "error"), ("error", "error_network")],
        "ab",
    ),
}


@pytest.mark.parametrize("posted", [False, True])
@pytest.mark.parametrize(("status", "steps", "told", "text"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_view_gets_of_an_answer(
    loop: Loop,
    posted: bool,
    status: int,
    steps: list[object],
    told: list[tuple[str, str]],
    text: str,
) -> None:
    service = Service(status)
    view = Shown(service, dispatch=loop.post if posted else None)
    suggester = view.suggester
    assert (suggester.state, suggester.suggestion, suggester.error) == ("init", "", None)
    suggester.request("Why?")
    assert suggester.state == "requesting" or not posted
    service.feed("Why?", *steps)
    loop.run_until(lambda: view.told[-1:] == told[-1:])
    assert view.told == told
    assert view.wrong == []
    assert (suggester.state, suggester.suggestion) == (told[-2][1], text)
    assert (suggester.error is None) == (told[-1][0] != "error")
    assert (threading.get_ident() in view.threads) == posted
    service.cut()


def test_requesting_is_told_before_the_service_has_said_anything(
    service: Service, loop: Loop
) -> None:
    view = Shown(service)
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told == [REQUESTING])
    view.suggester.stop()


def suggesting(service: Service, loop: Loop, **options: Any) -> Shown:
    """A view in the middle of an answer."""
    view = Shown(service, dispatch=loop.post, **options)
    view.suggester.request("Why?")
    service.feed("Why?", chunk("a"))
    loop.run_until(lambda: view.told == AB[:3])
    view.told.clear()
    return view


def test_stop_counts_at_once_and_keeps_the_text(service: Service, loop: Loop) -> None:
    view = suggesting(service, loop)
    suggester = view.suggester
    suggester.stop()
    suggester.stop()
    assert (suggester.state, suggester.suggestion, view.told) == ("aborted", "a", [])
    loop.run_until(lambda: len(view.told) == 2)
    suggester.stop()
    loop.run_once()
    assert view.told == [("state", "aborted"), ("stop", "a")]
    assert view.wrong == []


def test_reset_closes_without_a_word(service: Service, loop: Loop) -> None:
    view = suggesting(service, loop)
    source = view.suggester.source
    view.suggester.reset()
    assert source is not None
    assert source.state == "aborted"
    assert (view.suggester.state, view.suggester.suggestion) == ("init", "")
    assert view.suggester.source is None
    loop.run_until(lambda: bool(view.told))
    view.suggester.reset()
    loop.run_once()
    assert view.told == [("state", "init")]
    assert view.wrong == []


@pytest.mark.parametrize("posted", [False, True])
def test_reset_after_the_end_is_told_too(service: Service, loop: Loop, posted: bool) -> None:
    view = Shown(service, dispatch=loop.post if posted else None)
    service.feed("Why?", CUT)
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("error", "error_network")])
    source = view.suggester.source
    view.suggester.stop()
    assert view.suggester.state == "error"
    view.suggester.reset()
    assert (view.suggester.state, view.suggester.error) == ("init", None)
    loop.run_until(lambda: view.told[-1:] == [("state", "init")])
    assert source is not None
    assert source.state == "error"
    assert (threading.get_ident() in view.threads) == posted


@pytest.mark.parametrize("command", ["stop", "reset"])
def test_without_a_request_there_is_nothing_to_stop(service: Service, command: str) -> None:
    view = Shown(service)
    getattr(view.suggester, command)()
    assert (view.suggester.state, view.told) == ("init", [])


def test_the_latest_request_wins(service: Service, loop: Loop) -> None:
    view = suggesting(service, loop)
    older = view.suggester.source
    assert older is not None
    service.feed("Why?", chunk("b"), DONE)
    assert older.result(10) == "ab"  # all of it is there, and none of the rest is delivered
    view.suggester.request("How?")
    assert (view.suggester.state, view.suggester.suggestion) == ("requesting", "")
    service.feed("How?", chunk("c"), DONE)
    loop.run_until(lambda: view.told[-1:] == [("done", "c")])
    assert view.told == [
        REQUESTING,
        SUGGESTING,
        ("suggestion", "c"),
        ("state", "done"),
        ("done", "c"),
    ]
    assert view.wrong == []


@pytest.mark.parametrize(
    ("moment", "command", "told", "state"),
    [
        ("state requesting", "stop", [REQUESTING, ("state", "aborted"), ("stop", "")], "aborted"),
        (
            "state suggesting",
            "stop",
            [REQUESTING, SUGGESTING, ("state", "aborted"), ("stop", "a")],
            "aborted",
        ),
        (
            "suggestion a",
            "stop",
            [*AB[:3], ("state", "aborted"), ("stop", "a")],
            "aborted",
        ),
        ("suggestion a", "reset", [*AB[:3], ("state", "init")], "init"),
        ("state done", "stop", [*AB[:3], ("state", "done"), ("done", "a")], "done"),
        ("state done", "reset", [*AB[:3], ("state", "done"), ("state", "init")], "init"),
    ],
)
@pytest.mark.parametrize("posted", [False, True])
def test_a_command_in_a_callback(
    service: Service,
    loop: Loop,
    posted: bool,
    moment: str,
    command: str,
    told: list[tuple[str, str]],
    state: str,
) -> None:
    view = Shown(service, dispatch=loop.post if posted else None)
    commanded = threading.Event()

    def give_the_command() -> None:
        getattr(view.suggester, command)()
        commanded.set()

    view.then[moment] = give_the_command
    view.suggester.request("Why?")
    if moment == "state requesting":
        loop.run_until(commanded.is_set)
    service.feed("Why?", chunk("a"))
    if moment == "state done":
        loop.run_until(lambda: view.told[-1:] == [AB[2]])
    else:
        loop.run_until(commanded.is_set)
    service.feed("Why?", DONE)
    loop.run_until(lambda: view.told[-1:] == told[-1:])
    assert view.told == told
    assert view.suggester.state == state
    assert view.wrong == []


@pytest.mark.parametrize("posted", [False, True])
def test_a_request_in_a_callback_of_the_one_before_it(
    service: Service, loop: Loop, posted: bool
) -> None:
    view = Shown(service, dispatch=loop.post if posted else None)
    view.then["done a"] = lambda: view.suggester.request("And?")
    service.feed("Why?", chunk("a"), DONE)
    service.feed("And?", chunk("b"), DONE)
    view.suggester.request("Why?")
    loop.run_until(lambda: view.told[-1:] == [("done", "b")])
    assert view.states == ["requesting", "suggesting", "done"] * 2
    assert view.wrong == []


@pytest.mark.parametrize("moment", ["state requesting", "state suggesting", "suggestion a"])
def test_callbacks_go_on_in_a_loop_that_one_of_them_runs(
    service: Service, loop: Loop, moment: str
) -> None:
    view = Shown(service, dispatch=loop.post, nests=True)
    in_dialog: list[tuple[str, str]] = []

    def run_a_dialog() -> None:
        service.feed("Why?", *([] if moment != "state requesting" else [chunk("a")]))
        service.feed("Why?", chunk("b"), DONE)
        loop.run_until(lambda: view.told[-1:] == [("done", "ab")])
        in_dialog.extend(view.told)

    view.then[moment] = run_a_dialog
    view.suggester.request("Why?")
    if moment != "state requesting":
        service.feed("Why?", chunk("a"))
    loop.run_until(lambda: in_dialog)
    for _ in range(5):
        loop.run_once()
    assert view.told == in_dialog, "nothing is called twice, or after what follows it"
    assert view.told == ANSWERS["done"][2]
    assert view.wrong == []


@pytest.mark.parametrize("moment", ["suggestion a", "state done", "done a"])
def test_another_question_is_asked_in_a_dialog(service: Service, loop: Loop, moment: str) -> None:
    view = Shown(service, dispatch=loop.post, nests=True)
    at_the_end: list[int] = []

    def ask_in_a_dialog() -> None:
        view.suggester.request("And?")
        loop.run_until(lambda: view.told[-1:] == [("done", "c")])
        at_the_end.append(len(view.told))

    view.then[moment] = ask_in_a_dialog
    service.feed("Why?", chunk("a"), DONE)
    service.feed("And?", chunk("c"), DONE)
    view.suggester.request("Why?")
    loop.run_until(lambda: at_the_end)
    for _ in range(5):
        loop.run_once()
    assert view.told[-4:] == [SUGGESTING, ("suggestion", "c"), ("state", "done"), ("done", "c")]
    assert at_the_end == [len(view.told)]
    assert view.wrong == []


@pytest.mark.parametrize("posted", [False, True])
def test_a_callback_that_raises_is_logged_and_told_and_harms_nothing(
    service: Service, loop: Loop, posted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def raise_it() -> None:
        raise ZeroDivisionError

    failures: list[object] = []
    view = Shown(
        service,
        dispatch=loop.post if posted else None,
        on={"handler_error": lambda source, event: failures.append(event.detail.exception)},
    )
    view.then["state suggesting"] = view.then["suggestion a"] = raise_it
    service.feed("Why?", chunk("a"), chunk("b"), DONE)
    with caplog.at_level(logging.ERROR, "suggestions"):
        view.suggester.request("Why?")
        loop.run_until(lambda: view.told[-1:] == [("done", "ab")])
    assert view.told == ANSWERS["done"][2]
    assert [record.exc_info is not None for record in caplog.records] == [True, True]
    loop.run_until(lambda: len(failures) == 2)


def test_ctrl_c_in_a_callback_is_the_hosts_and_the_rest_is_told(
    service: Service, loop: Loop
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    view = suggesting(service, loop)
    view.then["state done"] = interrupt
    service.feed("Why?", DONE)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until(lambda: False)
    view.suggester.request("And?")
    service.feed("And?", chunk("c"), DONE)
    loop.run_until(lambda: view.told[-1:] == [("done", "c")])


def test_commands_from_many_threads_leave_one_request(service: Service, loop: Loop) -> None:
    ended: list[str] = []

    def hear(source: Any, event: Any) -> None:
        ended.append(source.state)

    view = Shown(service, dispatch=loop.post, on={"end": hear})
    questions = [f"{n}?" for n in range(12)]
    for question in questions:
        service.feed(question, chunk(question), DONE)
    threads = [
        threading.Thread(target=view.suggester.request, args=(question,)) for question in questions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    source = view.suggester.source
    assert source is not None
    text = source.result(10)
    loop.run_until(lambda: view.told[-1:] == [("done", text)] and len(ended) == len(questions))
    assert view.told[-1] == ("done", text)
    assert {value for name, value in view.told if name in ("suggestion", "done")} == {text}
    assert sorted(ended) == ["aborted"] * 11 + ["done"]
    assert view.wrong == []


# Where callbacks run, and that a command waits for one that is just being called


def in_a_callback(service: Service, loop: Loop) -> tuple[Shown, threading.Event]:
    """A view whose first request, without a `dispatch`, is in a callback until the event is set."""
    view = Shown(service)
    entered, leave = threading.Event(), threading.Event()

    def stay() -> None:
        entered.set()
        leave.wait(60)

    view.then["suggestion a"] = stay
    view.suggester.request("Why?")
    service.feed("Why?", chunk("a"))
    loop.run_until(entered.is_set)
    view.told.clear()
    view.threads.clear()
    return view, leave


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (None, [*AB, ("state", "done"), ("done", "ab")]),
        ("stop", [("state", "aborted"), ("stop", "ab")]),
        ("reset", [("state", "init")]),
    ],
)
def test_news_that_had_to_wait_is_told_where_its_own_source_calls_handlers(
    service: Service, loop: Loop, command: str | None, told: list[tuple[str, str]]
) -> None:
    view, leave = in_a_callback(service, loop)
    ended: list[object] = []
    view.suggester.request(
        "And?", dispatch=loop.post, on={"end": lambda source, event: ended.append(event)}
    )
    source = view.suggester.source
    assert source is not None
    service.feed("And?", chunk("a"), chunk("b"))
    loop.run_until(lambda: source.full_message == "ab")
    if command is None:
        service.feed("And?", DONE)
    else:
        getattr(view.suggester, command)()
    loop.run_until(lambda: bool(ended))
    for _ in range(5):
        loop.run_once()
    assert view.told == []  # all of it has been delivered, while the first one's callback runs
    leave.set()
    loop.run_until(lambda: view.told[-1:] == told[-1:])
    assert view.told == told
    assert view.threads == {threading.get_ident()}
    assert view.wrong == []


def test_the_rest_is_told_behind_an_exception_that_is_the_hosts(
    service: Service, loop: Loop
) -> None:
    view, leave = in_a_callback(service, loop)

    def interrupt() -> None:
        raise KeyboardInterrupt

    ended: list[object] = []
    view.then["suggestion a"] = interrupt
    view.suggester.request(
        "And?", dispatch=loop.post, on={"end": lambda source, event: ended.append(event)}
    )
    service.feed("And?", chunk("a"), DONE)
    loop.run_until(lambda: bool(ended))
    leave.set()
    with pytest.raises(KeyboardInterrupt):
        loop.run_until(lambda: False)
    loop.run_until(lambda: view.told[-1:] == [("done", "a")])


# In a forked child

FORKING = """
import os, sys, threading, time
sys.path.insert(0, "tests/helpers")
from script import DONE, HOLD, Script, chunk
from suggestions import Suggester

told = []
entered, leave, done = threading.Event(), threading.Event(), threading.Event()

def show(text):
    told.append(("suggestion", text))
    if text == "a":
        in_callback()

def end(text):
    told.append(("done", text))
    done.set()

def asking(*steps):
    return {"url": "https://service.example/", "session": Script(steps).session()}

suggester = Suggester(
    on_suggestion=show, on_done=end, on_state=lambda state: told.append(("state", state))
)
"""
ANOTHER = [
    ("state", "requesting"),
    SUGGESTING,
    ("suggestion", "b"),
    ("state", "done"),
    ("done", "b"),
]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_asks_anew_where_a_callback_ran_in_the_parent() -> None:
    run(
        FORKING
        + f"""
def in_callback():
    entered.set()
    leave.wait(60)

suggester.request("Why?", **asking(chunk("a"), DONE))
assert entered.wait(60)
child = os.fork()
if child == 0:
    assert (suggester.state, suggester.suggestion, suggester.error) == ("aborted", "a", None)
    del told[:]
    suggester.request("And?", **asking(chunk("b"), DONE))
    assert done.wait(60)
    assert told == {ANOTHER}, told
    assert (suggester.state, suggester.suggestion) == ("done", "b")
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
leave.set()
assert done.wait(60)
assert told[-2:] == [("state", "done"), ("done", "a")], told
"""
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_goes_back_to_the_beginning() -> None:
    run(
        FORKING
        + """
def in_callback():
    entered.set()

suggester.request("Why?", **asking(chunk("a"), HOLD))
assert entered.wait(60)
child = os.fork()
if child == 0:
    suggester.stop()
    assert suggester.state == "aborted"
    suggester.reset()
    assert (suggester.state, suggester.suggestion, suggester.source) == ("init", "", None)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert (suggester.state, suggester.suggestion) == ("suggesting", "a")
suggester.reset()
"""
    )


# Arguments


def test_a_request_that_is_refused_leaves_everything_as_it_was(
    service: Service, loop: Loop
) -> None:
    view = suggesting(service, loop)
    source = view.suggester.source
    with pytest.raises(ValueError, match="question"):
        view.suggester.request("")
    with pytest.raises(TypeError, match="tokn"):
        view.suggester.request("How?", tokn="t")
    assert (view.suggester.source, view.suggester.state) == (source, "suggesting")
    service.feed("Why?", DONE)
    loop.run_until(lambda: view.told == [("state", "done"), ("done", "a")])


async def awaited(_: object) -> None:
    """An async function, which no loop would await."""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tokn": "t"}, "tokn"),
        ({"question": "Why?"}, "question"),
        ({"start": True}, "start"),
        ({"on_done": "print"}, "callback"),
        ({"on_state": awaited}, "callback"),
    ],
)
def test_what_no_request_could_take_is_refused_at_once(
    arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        Suggester(**arguments)


def test_options_of_a_request_take_the_place_of_the_defaults(service: Service, loop: Loop) -> None:
    view = Shown(service, dispatch=loop.post, token="default", headers={"X-From": "default"})
    view.suggester.request("Why?", token="option")
    service.feed("Why?", DONE)
    loop.run_until(lambda: view.suggester.state == "done")
    sent = service.requests[0].headers
    assert (sent["Authorization"], sent["X-From"]) == ("Bearer option", "default")


# Any order of commands, news and turns of the loop


class AnyOrder(RuleBasedStateMachine):
    """Texts have the number of their request, so that a report of an older one would show."""

    @initialize()
    def begin(self) -> None:
        self.loop = Loop()
        self.service = Service()
        self.view = Shown(self.service, dispatch=self.loop.post)
        self.suggester = self.view.suggester
        self.count = 0
        self.asked_at = 0  # how much was delivered when the newest request came
        self.fed = ""
        self.is_over = False

    @rule(elsewhere=st.booleans())
    def request(self, elsewhere: bool) -> None:
        self.count += 1
        self._command(lambda: self.suggester.request(f"{self.count}?"), elsewhere)
        self._forget()
        assert (self.suggester.state, self.suggester.suggestion) == ("requesting", "")

    @rule(elsewhere=st.booleans())
    def reset(self, elsewhere: bool) -> None:
        self._command(self.suggester.reset, elsewhere)
        self._forget()
        assert (self.suggester.state, self.suggester.suggestion) == ("init", "")

    @rule(elsewhere=st.booleans())
    def stop(self, elsewhere: bool) -> None:
        self._command(self.suggester.stop, elsewhere)
        if self.suggester.source is not None:
            assert self.suggester.source.state in ("aborted", "done", "error")

    @rule(words=st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
    def feed(self, words: list[str]) -> None:
        if self._is_open():
            pieces = [f"{self.count}{word} " for word in words]
            self.fed += "".join(pieces)
            self.service.feed(f"{self.count}?", *map(chunk, pieces))

    @rule(ending=st.sampled_from([DONE, CUT]))
    def end(self, ending: object) -> None:
        if self._is_open():
            self.is_over = True
            self.service.feed(f"{self.count}?", ending)

    @rule()
    def turn(self) -> None:
        self.loop.run_once()

    @rule()
    def settle(self) -> None:
        source, suggester, view = self.suggester.source, self.suggester, self.view
        if source is None:
            self.loop.run_until(lambda: ["init", *view.states][-1] == "init")
            return
        ended = ("done", "error", "aborted")
        self.loop.run_until(
            lambda: (
                source.state == "aborted"
                or (source.full_message == self.fed and (source.state in ended) == self.is_over)
            )
        )
        self.loop.run_until(lambda: source.state == suggester.state)
        self.loop.run_until(lambda: view.states[-1:] == [source.state])
        self.loop.run_until(lambda: suggester.suggestion == source.full_message)
        if source.state in ended:
            ending = "stop" if source.state == "aborted" else source.state
            self.loop.run_until(lambda: ending in [name for name, _ in view.told[self.asked_at :]])
        assert suggester.error is source.error

    @invariant()
    def what_is_told_is_what_is_kept_and_the_newest(self) -> None:
        assert self.view.wrong == []
        told = self.view.told[self.asked_at :]
        texts = [value for name, value in told if name in ("suggestion", "done", "stop")]
        assert all(self.fed.startswith(text) for text in texts)
        assert texts == sorted(texts, key=len)
        assert self.fed.startswith(self.suggester.suggestion)

    @invariant()
    def states_come_in_order_each_once(self) -> None:
        states = self.view.states
        assert all(one != following for one, following in pairwise(states))
        order = ["init", "requesting", "suggesting", "done", "error", "aborted"]
        places = [
            order.index(value)
            for name, value in self.view.told[self.asked_at :]
            if name == "state" and value != "init"
        ]
        assert places == sorted(places)
        assert sum(place > 2 for place in places) <= 1

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.settle()
            self.what_is_told_is_what_is_kept_and_the_newest()
            self.suggester.reset()
            self.service.cut()

    def _command(self, command: Callable[[], object], elsewhere: bool) -> None:
        if not elsewhere:
            command()
            return
        thread = threading.Thread(target=command)
        thread.start()
        thread.join()

    def _forget(self) -> None:
        self.asked_at = len(self.view.told)
        self.fed, self.is_over = "", False

    def _is_open(self) -> bool:
        return self.suggester.source is not None and not self.is_over


AnyOrder.TestCase.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)
TestAnyOrder = AnyOrder.TestCase
