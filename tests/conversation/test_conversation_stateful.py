"""`Conversation`: commands in any order, against answers that end, fail, stop and lag.

Each piece of text has the number of its request, so that text in a wrong message would show. Rules
have no preconditions: what an answer has come to is a matter of time, and Hypothesis wants to know
the rules beforehand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from chat_service import CUT, ChatService, ChatView, numbered
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from loop import Loop
from script import DONE, chunk

from suggestions import Conversation

UNDER_WAY = ("submitted", "streaming")
elsewhere = st.booleans()


class AnyOrder(RuleBasedStateMachine):
    @initialize(throttle=st.sampled_from((None, 0.005)))
    def begin(self, throttle: float | None) -> None:
        self.loop = Loop()
        self.service = ChatService()
        self.given = {
            **self.service.given(),
            "dispatch": self.loop.post,
            "throttle": throttle,
        }
        self.count = 0  # of requests
        self.fed: dict[int, str] = {}
        self.over: set[int] = set()
        self.number_of: dict[str, int] = {}  # by the id of the answer
        self.ended: set[str] = set()  # answers whose conversation was closed
        self.use(Conversation(**self.given))

    def use(self, chat: Conversation) -> None:
        self.chat, self.view = chat, ChatView(chat)

    # Commands

    @rule(elsewhere=elsewhere)
    def send(self, elsewhere: bool) -> None:
        number = self.begin_answer()
        before = self.chat.messages
        self.command(lambda: self.chat.send(f"{number}?", **numbered(number)), elsewhere)
        self.check_asked(number)
        assert [m.id for m in self.chat.messages[:-2]] == [m.id for m in before]

    @rule(elsewhere=elsewhere)
    def regenerate(self, elsewhere: bool) -> None:
        if not self.chat.messages:
            return
        number = self.begin_answer()
        before = self.chat.messages
        self.command(lambda: self.chat.regenerate(**numbered(number)), elsewhere)
        self.check_asked(number)
        assert self.chat.messages[-1].id not in [message.id for message in before]

    @rule(elsewhere=elsewhere)
    def retry(self, elsewhere: bool) -> None:
        if self.chat.status != "error":
            return
        number = self.begin_answer()
        self.command(lambda: self.chat.retry(**numbered(number)), elsewhere)
        self.check_asked(number)

    @rule(number=st.integers(0, 5), elsewhere=elsewhere)
    def edit(self, number: int, elsewhere: bool) -> None:
        before = self.chat.messages
        places = [place for place, message in enumerate(before) if message.role == "user"]
        if not places:
            return
        place = places[number % len(places)]
        number = self.begin_answer()
        self.command(
            lambda: self.chat.edit(before[place], f"{number}!", **numbered(number)), elsewhere
        )
        self.check_asked(number)
        assert len(self.chat.messages) == place + 2
        assert self.chat.messages[place].text == f"{number}!"

    @rule(elsewhere=elsewhere)
    def stop(self, elsewhere: bool) -> None:
        was_under_way = self.chat.status in UNDER_WAY
        self.command(self.chat.stop, elsewhere)
        assert self.chat.status in ("ready", "error")
        if was_under_way:
            assert self.chat.messages[-1].status in ("stopped", "done", "error")

    @rule(elsewhere=elsewhere)
    def clear(self, elsewhere: bool) -> None:
        self.command(self.chat.clear, elsewhere)
        assert (self.chat.messages, self.chat.status) == ((), "ready")

    @rule()
    def save_and_load(self) -> None:
        """The saved one is closed, and its loop may have posts of it left."""
        saved, ends = self.chat.to_json(), len(self.view.ends)
        closed, view = self.chat, self.view
        closed.close()
        self.use(Conversation.from_json(saved, **self.given))
        assert self.chat.to_json() == saved
        known = {message.id: message for message in closed.messages}
        for message in self.chat.messages:
            if known[message.id].text == message.text:  # else more came before it was closed
                same = known[message.id].status == "stopped" or known[message.id] == message
                assert same or message.status == "stopped"
        self.ended |= set(self.number_of)
        self.loop.run_once()
        assert len(view.ends) == ends, "nothing is reported after close()"

    # The service and the loop

    @rule(back=st.integers(0, 2), words=st.lists(st.sampled_from("abc"), min_size=1, max_size=3))
    def feed(self, back: int, words: list[str]) -> None:
        """Older answers go on, too."""
        number = self.count - back
        if number > 0 and number not in self.over:
            pieces = [f"{number}{word} " for word in words]
            self.fed[number] += "".join(pieces)
            self.service.feed(number, *map(chunk, pieces))

    @rule(ending=st.sampled_from((DONE, CUT)))
    def finish(self, ending: object) -> None:
        if self.count and self.count not in self.over:
            self.over.add(self.count)
            self.service.feed(self.count, ending)

    @rule()
    def turn(self) -> None:
        self.loop.run_once()

    @rule()
    def settle(self) -> None:
        """All that was fed has come, and handlers were called for it."""
        chat, view = self.chat, self.view
        newest = chat.messages[-1] if chat.messages else None
        if newest is not None and chat.status in UNDER_WAY:
            number = self.number_of[newest.id]
            if number in self.over:
                self.loop.run_until(lambda: chat.status not in UNDER_WAY)
                assert chat.messages[-1].text == self.fed[number]
            else:
                self.loop.run_until(lambda: chat.messages[-1].text == self.fed[number])
        self.loop.run_until(lambda: view.is_up_to_date)
        due = {id for id in self.number_of if id not in self.ended}
        if chat.status in UNDER_WAY:
            due.discard(chat.messages[-1].id)
        self.loop.run_until(lambda: {id for id, _ in view.ends} == due)

    # What always holds

    @invariant()
    def no_text_is_in_a_wrong_message(self) -> None:
        for messages in (self.chat.messages, self.view.shown):
            for message in messages:
                if message.role == "assistant":
                    assert self.fed[self.number_of[message.id]].startswith(message.text)
        assert self.view.wrong == []

    @invariant()
    def each_answer_ends_once(self) -> None:
        ends = [id for id, _ in self.view.ends]
        assert len(ends) == len(set(ends))

    @invariant()
    def the_status_is_that_of_the_newest_answer(self) -> None:
        messages = self.chat.messages
        assert not any(message.status in UNDER_WAY for message in messages[:-1])
        status, newest = self.chat.status, self.chat.messages[-1:]
        if status in UNDER_WAY:
            # More may have come in between.
            assert newest[0].status in (status, "streaming", "done", "error")
        else:
            assert (status == "error") == (newest != () and newest[0].status == "error")

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.settle()
            self.no_text_is_in_a_wrong_message()
            self.each_answer_ends_once()
            self.chat.close()
            self.service.cut()

    def begin_answer(self) -> int:
        self.count += 1
        self.fed[self.count] = ""
        return self.count

    def check_asked(self, number: int) -> None:
        answer = self.chat.messages[-1]
        self.number_of[answer.id] = number
        assert (answer.role, answer.text) == ("assistant", "")
        assert self.chat.status == "submitted"

    def command(self, command: Callable[[], object], elsewhere: bool) -> None:
        if not elsewhere:
            command()
            return
        thread = threading.Thread(target=command)
        thread.start()
        thread.join()


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAnyOrder = AnyOrder.TestCase
