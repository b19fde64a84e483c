"""`Conversation` with tools: commands in any order, against calls that end, hang, wait and fail.

Each piece of text and each call has the number of its request, so that what is in a wrong message
would show. Rules have no preconditions: what an answer has come to is a matter of time, and
Hypothesis wants to know the rules beforehand.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
import time
from typing import Any

from chat_service import CUT, ChatService, ChatView, numbered
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from loop import Loop
from script import DONE, chunk

from suggestions import Conversation

UNDER_WAY = ("submitted", "streaming", "calling")
CANCELLED = "This call was cancelled."
SOON = 30  # seconds


class AnyOrderWithTools(RuleBasedStateMachine):
    @initialize(throttle=st.sampled_from((None, 0.005)), max_steps=st.integers(1, 4))
    def begin(self, throttle: float | None, max_steps: int) -> None:
        self.loop, self.service = Loop(), ChatService()
        self.may_return = threading.Event()

        def work(key: str) -> str:
            return f"result {key}"

        def ask_first(key: str) -> str:
            return f"result {key}"

        def lag(key: str) -> str:
            self.may_return.wait(SOON)
            return f"result {key}"

        def fail(key: str) -> str:
            raise LookupError(key)

        self.names = ("work", "ask_first", "lag", "fail", "unknown")
        self.given = {
            **self.service.given(),
            "tools": [work, ask_first, lag, fail],
            "approve": ["ask_first"],
            "max_steps": max_steps,
            "dispatch": self.loop.post,
            "throttle": throttle,
        }
        self.count = 0  # of turns
        self.keys = itertools.count(1)  # of calls
        self.open: set[int] = set()  # turns whose newest answer has not been fed an end
        self.use(Conversation(**self.given))

    def use(self, chat: Conversation) -> None:
        self.chat, self.view = chat, ChatView(chat)
        self.results: list[tuple[str, str]] = []
        chat.connect(
            "tool_result",
            lambda _, event: self.results.append((event.detail.id, event.detail.text)),
        )
        self.turns = 0  # of this conversation

    # Commands

    @rule()
    def send(self) -> None:
        self.begin_turn()
        self.chat.send(f"{self.count}?", **numbered(self.count))

    @rule()
    def regenerate(self) -> None:
        if not self.chat.messages:
            return
        self.begin_turn()
        self.chat.regenerate(**numbered(self.count))
        assert [m.role for m in self.chat.messages[-2:]] == ["user", "assistant"]

    @rule()
    def retry(self) -> None:
        if self.chat.status != "error":
            return
        kept = self.chat.messages[:-1]
        self.begin_turn()
        self.chat.retry(**numbered(self.count))
        assert self.chat.messages[:-1] == kept

    @rule()
    def stop(self) -> None:
        self.chat.stop()
        assert self.chat.status in ("ready", "error")
        self.open.clear()

    @rule(is_allowed=st.booleans(), place=st.integers(0, 2))
    def decide(self, is_allowed: bool, place: int) -> None:
        tools = [message for message in self.chat.messages if message.role == "tool"]
        for message in tools[-3:][place : place + 1]:
            (self.chat.approve if is_allowed else self.chat.refuse)(message)

    @rule()
    def save_and_load(self) -> None:
        saved, closed = self.chat.to_json(), self.chat
        closed.close()
        self.open.clear()
        self.use(Conversation.from_json(saved, **self.given))
        assert self.chat.to_json() == saved
        ids = [m.id for m in self.chat.messages]
        # Calls may have begun between the two: their messages are the last.
        assert [m.id for m in closed.messages][: len(ids)] == ids

    # The service, the tools and the loop

    @rule(words=st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
    def feed(self, words: list[str]) -> None:
        for word in words if self.open else ():
            self.service.feed(self.count, chunk(f"{self.count}{word} "))

    @rule(names=st.lists(st.integers(0, 4), min_size=1, max_size=3), settles=st.booleans())
    def call(self, names: list[int], settles: bool) -> None:
        """An answer ends with calls; another one follows, unless there were too many."""
        if not self.open:
            return
        calls = [
            {
                "index": place,
                "id": f"call_{place}",
                "function": {
                    "name": self.names[number],
                    "arguments": json.dumps({"key": f"{self.count}.{next(self.keys)}"}),
                },
            }
            for place, number in enumerate(names)
        ]
        self.service.feed(self.count, chunk(tool_calls=calls), chunk(finish="tool_calls"), DONE)
        if settles:
            self.settle()

    @rule(ending=st.sampled_from((DONE, CUT)), settles=st.booleans())
    def finish(self, ending: object, settles: bool) -> None:
        if not self.open:
            return
        self.service.feed(self.count, ending)
        self.open.clear()
        if settles:
            self.settle()

    @rule()
    def return_late(self) -> None:
        self.may_return.set()
        self.may_return.clear()

    @rule()
    def turn(self) -> None:
        self.loop.run_once()

    @rule()
    def settle(self) -> None:
        """All that can end has ended, and handlers were called for it."""
        self.may_return.set()
        deadline = time.monotonic() + SOON
        while not self.is_idle():
            assert time.monotonic() < deadline, "it did not come true"
            for message in self.chat.messages:
                if message.status == "waiting":
                    self.chat.approve(message)
            self.loop.run_once()
        self.may_return.clear()
        self.loop.run_until(lambda: self.view.is_up_to_date)
        self.loop.run_until(
            lambda: len(self.view.ends) == self.turns - (self.chat.status in UNDER_WAY)
        )

    def is_idle(self) -> bool:
        """Whether the newest turn is over, or waits for the service, which says no more."""
        if self.chat.status not in UNDER_WAY:
            return True
        fed = self.service._queue(str(self.count))
        return bool(self.open) and fed.empty() and self.chat.status in ("submitted", "streaming")

    # What always holds

    @invariant()
    def nothing_is_in_a_wrong_message(self) -> None:
        assert self.view.wrong == []
        for messages in (self.chat.messages, self.view.shown):
            for message in messages:
                if message.role == "assistant":
                    assert len(set(re.findall(r"\d+", message.text))) <= 1
                elif message.role == "tool":
                    self.check_call(message)

    def check_call(self, message: Any) -> None:
        (call,) = message.tool_calls
        key = call.parsed["key"]
        texts = {
            "work": f"result {key}",
            "ask_first": f"result {key}",
            "lag": f"result {key}",
            "fail": f"fail failed: LookupError: {key}",
        }
        text = texts.get(call.name, "There is no tool")
        assert message.text.startswith(text) or message.text in (
            *("", CANCELLED),
            "The user has refused this call of ask_first.",
        )
        assert (message.text == "") == (message.status in ("waiting", "calling"))

    @invariant()
    def the_status_is_that_of_the_newest_turn(self) -> None:
        # In this order: more may come in between.
        status, messages = self.chat.status, self.chat.messages
        under_way = [m for m in messages if m.status in ("waiting", *UNDER_WAY)]
        if status not in UNDER_WAY:
            assert under_way == []
            is_error = bool(messages) and messages[-1].role == "assistant" and messages[-1].error
            assert (status == "error") == bool(is_error)

    @invariant()
    def what_is_sent_is_a_history_that_services_take(self) -> None:
        for asked in self.service.asked.values():
            messages = asked["messages"]
            assert messages[0]["role"] == "user"
            due: list[str] = []
            for message in messages:
                if message["role"] == "tool":
                    assert message["tool_call_id"] == due.pop(0)
                    assert message["content"]
                else:
                    assert due == []
                    due = [call["id"] for call in message.get("tool_calls", ())]
            assert due == []

    @invariant()
    def each_turn_ends_once_and_each_call_has_one_result(self) -> None:
        ends = [id for id, _ in self.view.ends]
        assert len(ends) == len(set(ends)) <= self.turns
        results = [id for id, _ in self.results]
        assert len(results) == len(set(results))

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.settle()
            self.nothing_is_in_a_wrong_message()
            self.each_turn_ends_once_and_each_call_has_one_result()
            self.chat.close()
            self.service.cut()

    def begin_turn(self) -> None:
        self.count += 1
        self.turns += 1
        self.open = {self.count}


AnyOrderWithTools.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None
)
TestAnyOrderWithTools = AnyOrderWithTools.TestCase
