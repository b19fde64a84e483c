"""`Conversation` in the hands of programs that do what none should do, and still has to go on."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from chat_service import ChatService, numbered
from process import run
from script import DONE, chunk

from suggestions import Conversation
from suggestions.playground import Playground

SOON = 30  # seconds
CALL = [
    chunk(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "look", "arguments": "{}"}}]),
    chunk(finish="tool_calls"),
    DONE,
]


def look() -> str:
    return "blue"


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_stop_while_a_call_waits_logs_nothing(
    service: ChatService, caplog: pytest.LogCaptureFixture
) -> None:
    with Conversation(**service.given(), tools=[look], approve=[look]) as chat:
        service.feed(1, *CALL)
        chat.send("q", **numbered(1))
        until(lambda: chat.messages[-1].status == "waiting")
        before = {each for each in threading.enumerate() if each.name == "suggestions-tools"}
        chat.stop()
        until(lambda: not before & set(threading.enumerate()))
        assert [m.status for m in chat.messages] == ["done", "stopped", "stopped"]
    assert [each for each in caplog.records if each.levelname != "DEBUG"] == []


def test_approve_that_exits_ends_the_turn(service: ChatService) -> None:
    def leave(*_: object) -> bool:
        sys.exit("the user has closed the dialog")

    with Conversation(**service.given(), tools=[look], approve=leave) as chat:
        service.feed(1, *CALL)
        chat.send("q", **numbered(1))
        assert chat.wait(SOON)
        error = chat.messages[-1].error
        assert error is not None
        assert "SystemExit" in error.message


def test_history_that_exits_ends_the_turn(service: ChatService) -> None:
    def leave(messages: list[Any]) -> list[Any]:
        if len(messages) > 1:
            sys.exit()
        return messages

    with Conversation(**service.given(), tools=[look], history=leave) as chat:
        service.feed(1, *CALL)
        chat.send("q", **numbered(1))
        assert chat.wait(SOON)
        assert [m.status for m in chat.messages] == ["done", "done", "done", "error"]


def test_the_next_calls_need_not_wait_for_the_thread_of_the_last(service: ChatService) -> None:
    def delay(frame: Any, event: str, _: object) -> None:
        """As a busy machine does: the thread of the calls gets no time before it returns."""
        if event == "return" and frame.f_code.co_name == "_run_calls":
            time.sleep(0.2)

    with Conversation(**service.given(), tools=[look]) as chat:
        service.feed(1, *CALL, *CALL, chunk("It is blue."), DONE)
        threading.setprofile(delay)
        try:
            chat.send("q", **numbered(1))
            assert chat.wait(SOON)
        finally:
            threading.setprofile(None)
        assert chat.messages[-1].text == "It is blue."


def test_the_window_is_not_blocked_while_history_takes_its_time(service: ChatService) -> None:
    is_reading, was_read = threading.Event(), threading.Event()

    def ask_the_window(messages: list[Any]) -> list[Any]:
        if len(messages) > 1:
            is_reading.set()
            assert was_read.wait(SOON)
        return messages

    with Conversation(**service.given(), tools=[look], history=ask_the_window) as chat:
        service.feed(1, *CALL, chunk("It is blue."), DONE)
        chat.send("q", **numbered(1))
        assert is_reading.wait(SOON)
        assert chat.status == "calling"
        was_read.set()
        assert chat.wait(SOON)
        assert chat.messages[-1].text == "It is blue."


def test_stop_while_history_takes_its_time_asks_nothing_more(service: ChatService) -> None:
    is_reading, was_stopped = threading.Event(), threading.Event()

    def ask_the_window(messages: list[Any]) -> list[Any]:
        if len(messages) > 1:
            is_reading.set()
            assert was_stopped.wait(SOON)
        return messages

    with Conversation(**service.given(), tools=[look], history=ask_the_window) as chat:
        service.feed(1, *CALL)
        chat.send("q", **numbered(1))
        assert is_reading.wait(SOON)
        chat.stop()
        was_stopped.set()
        assert chat.wait(SOON)
        assert [m.status for m in chat.messages] == ["done", "stopped", "done"]
        assert len(service.requests) == 1


FORK = """
import os, sys, time
sys.path.append("tests/helpers")
from chat_service import ChatService, numbered
from script import DONE, chunk
from suggestions import Conversation
from suggestions.playground import Playground

def look() -> str:
    time.sleep(60)

service = ChatService()
called = [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": "{}"}}]
service.feed(1, chunk(tool_calls=called), chunk(finish="tool_calls"), DONE)
chat = Conversation(**service.given(), tools=[look])
chat.send("q", **numbered(1))
while chat.status != "calling" or len(chat.messages) < 3:
    time.sleep(0.01)
if child := os.fork():
    os.waitpid(child, 0)
else:
    print(chat.wait(), chat.status, *(message.status for message in chat.messages), flush=True)
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_nothing_is_under_way_in_a_forked_child() -> None:
    assert run(FORK) == "True ready done stopped stopped\n"


@pytest.mark.parametrize("images", [[{}], [{"type": None}], 5, None])
def test_images_that_are_none_are_named(service: ChatService, images: Any) -> None:
    chat = Conversation(**service.given())
    with pytest.raises(TypeError, match=r"images must be a list|\['type'\] must be a str"):
        chat.send("q", images=images)
    assert chat.messages == ()


def test_what_becomes_of_an_image_after_send_changes_no_message(service: ChatService) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://images.example/1.png"}}
    with Conversation(**service.given()) as chat:
        chat.send("q", images=[picture], **numbered(1))
        picture["image_url"] = {"url": "https://images.example/2.png"}
        assert "1.png" in chat.to_json()


def saved_with(**fields: Any) -> str:
    """A file with an answer that has these fields."""
    answer = {"id": "b", "role": "assistant", "text": "x", **fields}
    return json.dumps(
        {"version": 1, "messages": [{"id": "a", "role": "user", "text": "q"}, answer]}
    )


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tool_calls": [{"id": "1", "name": "look", "arguments": {}}]}, "arguments"),
        ({"tool_calls": [{"id": 1, "name": "look", "arguments": ""}]}, "id"),
        ({"tool_calls": [{"id": "1", "name": None, "arguments": ""}]}, "name"),
        ({"error": {"code": 7, "message": "m"}}, "code"),
        ({"error": {"code": "c", "message": ["m"]}}, "message"),
        ({"error": {"code": "c", "message": "m", "retry_after": "soon"}}, "retry_after"),
        (
            {
                "usage": {
                    "prompt_tokens": "many",
                    "completion_tokens": 1,
                    "total_tokens": 1,
                    "details": {},
                }
            },
            "prompt_tokens",
        ),
        ({"parts": [{"type": "text", "text": 5}]}, "parts"),
        ({"citations": {"url": "https://example.com"}}, "citations"),
        ({"citations": [{"url": 7}]}, "url"),
        ({"files": [{"media_type": "image/png", "url": ["data:"]}]}, "url"),
    ],
)
def test_a_file_with_a_value_of_the_wrong_kind_is_refused(
    fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=rf"^.*messages\[1\].*'{named}'.* must "):
        Conversation.from_json(saved_with(**fields))


def test_a_file_with_empty_parts_is_the_same_when_it_is_saved_and_loaded() -> None:
    chat = Conversation.from_json(saved_with(parts=[]))
    assert Conversation.from_json(chat.to_json()).messages == chat.messages


@pytest.mark.parametrize("name", ["", "functions.look", "look" * 100])
def test_a_call_of_a_name_that_services_refuse_spoils_no_later_question(
    service: ChatService, name: str
) -> None:
    with Conversation(**service.given(), tools=[look]) as chat:
        call = {"index": 0, "id": "c1", "function": {"name": name, "arguments": "{}"}}
        service.feed(1, chunk(tool_calls=[call]), chunk(finish="tool_calls"), DONE)
        service.feed(1, chunk("Sorry."), DONE)
        chat.send("q", **numbered(1))
        assert chat.wait(SOON)
        assert [m.status for m in chat.messages] == ["done", "done", "error", "done"]
        service.feed(2, chunk("Yes."), DONE)
        chat.send("And now?", **numbered(2))
        assert chat.wait(SOON)
        (sent,) = service.asked["2"]["messages"][1]["tool_calls"]
        assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", sent["function"]["name"])


def test_stop_just_before_the_calls_begin_stops_them(service: ChatService) -> None:
    has_stopped = threading.Event()

    def stop(chat: Conversation, event: object) -> None:
        until(lambda: chat.status == "calling")  # if another thread reads the rest
        chat.stop()
        has_stopped.set()

    def wait(*_: object) -> bool:
        # If the machine is so busy that the handler comes after it, the call waits for it.
        return has_stopped.wait(SOON)

    with Conversation(**service.given(), tools=[look], approve=wait) as chat:
        # All comes at once, so that the answer is complete before handlers have run.
        chat.connect("message", stop)
        service.feed(1, b"".join(CALL))
        chat.send("q", **numbered(1))
        assert chat.wait(SOON)
        assert [m.status for m in chat.messages] == ["done", "stopped", "stopped"]


def test_a_call_that_is_gone_meanwhile_may_be_approved(service: ChatService) -> None:
    with Conversation(**service.given(), tools=[look], approve=[look]) as chat:
        service.feed(1, *CALL)
        chat.send("q", **numbered(1))
        until(lambda: chat.messages[-1].status == "waiting")
        message = chat.messages[-1]
        chat.clear()
        chat.approve(message)
        chat.refuse(message)
        with pytest.raises(ValueError, match="one of this conversation"):
            chat.approve(message.id)


def test_the_playground_of_jetpack_answers_with_the_result_of_a_function() -> None:
    with (
        Playground(pace=0) as playground,
        Conversation(url=playground.jetpack_url, token="t", tools=[look]) as chat,
    ):
        chat.send("Please look")
        assert chat.wait(SOON)
        assert [m.role for m in chat.messages] == ["user", "assistant", "tool", "assistant"]
        assert '"blue"' in chat.messages[-1].text
