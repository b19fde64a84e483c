"""`EventTarget` in any order of commands, held against a plain list of connections for each name.

A connection is called with the events of its name from the first one on, in order, as long as it
stands: that is checked at each call. Nothing may be owed to it when all has been delivered.
"""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from test_target import settle

from suggestions import Event, EventTarget

NAMES = st.sampled_from(("news", "other"))
SLOTS = st.integers(0, 1)
WEAK_SLOTS = st.just(2)  # only this one is let go of, and it never raises
WITHIN = st.sampled_from((None, None, None, None, 0, 1, 2))  # mostly at once
_numbers = itertools.count()


class Controller:
    aborted = False


class Connection:
    """One in the model."""

    def __init__(self, key: tuple[int, str], once: bool, controller: Controller | None) -> None:
        self.key = key  # the handler's number, and how it is called
        self.order = next(_numbers)
        self.once = once
        self.controller = controller
        self.received = 0

    @property
    def aborted(self) -> bool:
        return self.controller is not None and self.controller.aborted


class Model:
    """Who is connected, what was sent, and what was wrong about a call."""

    def __init__(self) -> None:
        self.connections: dict[str, list[Connection]] = {"news": [], "other": []}
        self.sent: dict[str, list[int]] = {"news": [], "other": []}
        self.last_called: dict[int, int] = {}  # by the event, the order of who was called last
        self.raised: list[int] = []
        self.wrong: list[str] = []

    def find(self, name: str, key: tuple[int, str]) -> Connection | None:
        return next((c for c in self.connections[name] if c.key == key), None)

    def connect(self, name: str, key: tuple[int, str], once: bool, signal: Any = None) -> None:
        known = self.find(name, key)
        if known is not None and known.aborted:
            self.connections[name].remove(known)
        if known is None or known.aborted:
            self.connections[name].append(Connection(key, once, signal))

    def disconnect(self, name: str, key: tuple[int, str]) -> None:
        self.connections[name] = [c for c in self.connections[name] if c.key != key]

    def call(self, key: tuple[int, str], event: Event[Any]) -> None:
        connection = self.find(event.type, key)
        if connection is None or connection.aborted:
            self.wrong.append(f"{key} is not connected, and was called with {event}")
            return
        expected = self.sent[event.type][connection.received]
        if event.detail != expected:
            self.wrong.append(f"{key} was called with {event} before {expected}")
        if self.last_called.get(event.detail, -1) >= connection.order:
            self.wrong.append(f"{key} was called with {event} after one connected later")
        self.last_called[event.detail] = connection.order
        connection.received += 1
        if connection.once:
            self.connections[event.type].remove(connection)

    def check_nothing_is_owed(self) -> None:
        assert self.wrong == []
        for name, connections in self.connections.items():
            sent = len(self.sent[name])
            # One that was aborted goes with the next event.
            connections[:] = [c for c in connections if not (c.aborted and c.received < sent)]
            assert [c.received for c in connections] == [sent] * len(connections), name


class Handler:
    """Reports to the model that it is called, and then does once what it was given to do."""

    def __init__(self, model: Model) -> None:
        self.number = next(_numbers)
        self.then: list[Callable[[], object]] = []
        self._model = model

    def hear(self, target: EventTarget, event: Event[Any]) -> None:
        self._model.call((self.number, "hear"), event)
        self._act()

    def listen(self, event: Event[Any]) -> None:
        self._model.call((self.number, "listen"), event)
        self._act()

    def _act(self) -> None:
        if self.then:
            self.then.pop()()


class AnyOrder(RuleBasedStateMachine):
    """Each rule is also what a handler does when it is called, if it was given to it before."""

    @initialize(posted=st.booleans())
    def begin(self, posted: bool) -> None:
        self.posts: queue.SimpleQueue[Callable[[], None]] | None = None
        if posted:
            self.posts = queue.SimpleQueue()
        self.target = EventTarget(dispatch=self.posts.put if self.posts else None)
        self.model = Model()
        self.handlers = [Handler(self.model) for _ in range(3)]
        self.controllers = [Controller() for _ in range(3)]
        self.reported: list[BaseException] = []
        self.target.connect("handler_error", self._report)

    def _report(self, target: EventTarget, event: Event[Any]) -> None:
        self.reported.append(event.detail.exception)

    def _do(self, action: Callable[[], object], within: int | None) -> None:
        """Now, or when that handler is called next."""
        if within is None:
            action()
        else:
            self.handlers[within].then.append(action)
        self._settle()
        self.model.check_nothing_is_owed()
        assert [error.args[0] for error in self.reported] == self.model.raised

    def _settle(self) -> None:
        while self.posts is not None and not self.posts.empty():
            self.posts.get()()
        settle()

    @rule(name=NAMES, slot=SLOTS, once=st.booleans(), within=WITHIN)
    def connect(self, name: str, slot: int, once: bool, within: int | None) -> None:
        def act() -> None:
            handler = self.handlers[slot]
            self.model.connect(name, (handler.number, "hear"), once)
            connect = self.target.once if once else self.target.connect
            assert connect(name, handler.hear) == handler.hear

        self._do(act, within)

    @rule(name=NAMES, slot=WEAK_SLOTS, within=WITHIN)
    def connect_weakly(self, name: str, slot: int, within: int | None) -> None:
        def act() -> None:
            handler = self.handlers[slot]
            self.model.connect(name, (handler.number, "hear"), False)
            self.target.connect(name, handler.hear, weak=True)

        self._do(act, within)

    @rule(name=NAMES, slot=SLOTS, once=st.booleans(), with_signal=st.booleans(), within=WITHIN)
    def add_event_listener(
        self, name: str, slot: int, once: bool, with_signal: bool, within: int | None
    ) -> None:
        def act() -> None:
            handler = self.handlers[slot]
            signal = self.controllers[slot] if with_signal else None
            self.model.connect(name, (handler.number, "listen"), once, signal)
            self.target.add_event_listener(name, handler.listen, once, signal)

        self._do(act, within)

    @rule(name=NAMES, slot=SLOTS | WEAK_SLOTS, listener=st.booleans(), within=WITHIN)
    def disconnect(self, name: str, slot: int, listener: bool, within: int | None) -> None:
        def act() -> None:
            handler = self.handlers[slot]
            self.model.disconnect(name, (handler.number, "listen" if listener else "hear"))
            if listener:
                self.target.remove_event_listener(name, handler.listen)
            else:
                self.target.disconnect(name, handler.hear)

        self._do(act, within)

    @rule(slot=SLOTS, within=WITHIN)
    def abort(self, slot: int, within: int | None) -> None:
        def act() -> None:
            self.controllers[slot].aborted = True
            self.controllers[slot] = Controller()

        self._do(act, within)

    @rule(name=NAMES, within=WITHIN)
    def dispatch(self, name: str, within: int | None) -> None:
        def act() -> None:
            number = next(_numbers)
            self.model.sent[name].append(number)
            self.target.dispatch_event(Event(name, number))

        self._do(act, within)

    @rule(slot=SLOTS)
    def fail(self, slot: int) -> None:
        def act() -> None:
            self.model.raised.append(next(_numbers))
            raise ZeroDivisionError(self.model.raised[-1])

        self._do(act, slot)

    @rule(slot=WEAK_SLOTS)
    def let_go(self, slot: int) -> None:
        number = self.handlers[slot].number
        self.handlers[slot] = Handler(self.model)
        for name in ("news", "other"):
            self.model.disconnect(name, (number, "hear"))
        self._do(lambda: None, None)


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestAnyOrder = AnyOrder.TestCase
