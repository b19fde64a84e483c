"""`Conversation` with tools: what is called, what a view sees of it, and what is sent."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chat_service import CUT, ChatService, ChatView, numbered
from loop import Loop
from script import DONE, chunk

from suggestions import ChatMessage, Conversation, shutdown
from suggestions.toolkits import aio

SOON = 30  # seconds


def get_weather(city: str) -> dict[str, int]:
    """The weather in a city now."""
    return {"degrees": len(city)}


def fail() -> str:
    raise LookupError("no such place")


@pytest.fixture
def is_over() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def calling(*calls: tuple[str, str, str]) -> list[object]:
    """An answer that calls: the id, the name and the arguments of each."""
    pieces = [
        {"index": n, "id": id, "function": {"name": name, "arguments": arguments}}
        for n, (id, name, arguments) in enumerate(calls)
    ]
    return [chunk(tool_calls=pieces), chunk(finish="tool_calls"), DONE]


PARIS = ("c1", "get_weather", '{"city": "Paris"}')


def texts(chat: Conversation) -> list[tuple[str, str, str]]:
    return [(message.role, message.text, message.status) for message in chat.messages]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def asked(service: ChatService, number: int) -> list[dict[str, Any]]:
    """The messages of the newest request of that number."""
    return list(service.asked[str(number)]["messages"])


@pytest.mark.parametrize("posted", [False, True])
def test_a_round_with_two_tools(service: ChatService, loop: Loop, posted: bool) -> None:
    def double(number: int) -> int:
        return number * 2

    chat = Conversation(
        **service.given(),
        tools=[get_weather, double],
        dispatch=loop.post if posted else None,
        throttle=None,
    )
    view = ChatView(chat)
    seen: list[tuple[str, str, str]] = []
    for name in ("tool_call", "tool_result"):
        chat.connect(
            name,
            lambda _, event: seen.append(
                (event.type, event.detail.tool_calls[0].name, event.detail.text)
            ),
        )
    service.feed(1, chunk("I look. "), *calling(PARIS, ("c2", "double", '{"number": 4}')))
    service.feed(1, chunk("It is "), chunk("5."), DONE)
    chat.send("How warm?", **numbered(1))
    loop.run_until(lambda: view.ends)
    loop.run_until(lambda: view.is_up_to_date)
    assert texts(chat) == [
        ("user", "How warm?", "done"),
        ("assistant", "I look. ", "done"),
        ("tool", '{"degrees": 5}', "done"),
        ("tool", "8", "done"),
        ("assistant", "It is 5.", "done"),
    ]
    assert [call.name for call in chat.messages[1].tool_calls] == ["get_weather", "double"]
    assert chat.messages[2].tool_calls == chat.messages[1].tool_calls[:1]
    assert asked(service, 1) == [
        {"role": "user", "content": "How warm?"},
        {
            "role": "assistant",
            "content": "I look. ",
            "tool_calls": [
                {
                    "id": id,
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                }
                for id, name, arguments in (PARIS, ("c2", "double", '{"number": 4}'))
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": '{"degrees": 5}'},
        {"role": "tool", "tool_call_id": "c2", "content": "8"},
    ]
    tools = service.asked["1"]["tools"]
    assert [tool["function"]["name"] for tool in tools] == ["get_weather", "double"]
    assert seen[:2] == [("tool_call", "get_weather", ""), ("tool_call", "double", "")]
    assert sorted(seen[2:]) == [
        ("tool_result", "double", "8"),
        ("tool_result", "get_weather", '{"degrees": 5}'),
    ]
    assert view.ends == [(chat.messages[-1].id, "done")]
    assert view.statuses[-1] == "ready"
    if posted:
        assert view.threads == {threading.get_ident()}
    assert view.wrong == []


def test_what_goes_wrong_with_a_tool_is_its_result(service: ChatService, is_over: Any) -> None:
    def hang() -> None:
        is_over.wait(SOON)

    chat = Conversation(**service.given(), tools=[get_weather, fail, hang], tool_timeout=0.2)
    service.feed(
        1,
        *calling(
            ("c1", "fail", ""),
            ("c2", "get_weather", '{"town": "Paris"}'),
            ("c3", "get_weather", '{"city": "Pa'),
            ("c4", "get_whether", "{}"),
            ("c5", "hang", "{}"),
        ),
    )
    service.feed(1, chunk("Sorry."), DONE)
    chat.send("How warm?", **numbered(1))
    until(lambda: chat.status == "ready")
    results = [message for message in chat.messages if message.role == "tool"]
    assert [message.status for message in results] == ["error"] * 5
    codes = [message.error.code for message in results if message.error]
    assert codes == ["failed", "wrong", "wrong", "wrong", "timeout"]
    assert results[0].text == "fail failed: LookupError: no such place"
    assert texts(chat)[-1] == ("assistant", "Sorry.", "done")
    sent = [each.get("content") for each in asked(service, 1) if each["role"] == "tool"]
    assert sent == [message.text for message in results]
    # A service refuses a history with arguments that are no JSON.
    calls = asked(service, 1)[1]["tool_calls"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [
        {},
        {"town": "Paris"},
        {},
        {},
        {},
    ]


def test_stop_cancels_a_call_and_what_it_returns_is_dropped(
    service: ChatService, loop: Loop, is_over: Any
) -> None:
    has_returned = threading.Event()

    def hang() -> str:
        is_over.wait(SOON)
        has_returned.set()
        return "late"

    chat = Conversation(
        **service.given(), tools=[hang, get_weather], dispatch=loop.post, throttle=None
    )
    view = ChatView(chat)
    service.feed(1, *calling(PARIS, ("c2", "hang", "")))
    chat.send("How warm?", **numbered(1))
    loop.run_until(lambda: [m.status for m in view.shown][2:] == ["done", "calling"])
    assert (chat.status, view.status) == ("calling", "calling")
    chat.stop()
    assert chat.status == "ready"
    cancelled = "This call was cancelled."
    after = [
        ("user", "How warm?", "done"),
        ("assistant", "", "stopped"),
        ("tool", '{"degrees": 5}', "done"),
        ("tool", cancelled, "stopped"),
    ]
    assert texts(chat) == after
    is_over.set()
    assert has_returned.wait(SOON)
    loop.run_until(lambda: view.ends)
    until(lambda: not any("tool" in thread.name for thread in threading.enumerate()))
    loop.run()
    assert texts(chat) == after
    assert len(service.requests) == 1
    assert view.ends == [(chat.messages[1].id, "stopped")]
    service.feed(2, chunk("Well."), DONE)
    chat.send("And now?", **numbered(2))
    until(lambda: chat.status == "ready")
    assert [each["role"] for each in asked(service, 2)] == [
        *("user", "assistant", "tool", "tool", "user")
    ]
    assert asked(service, 2)[3]["content"] == cancelled
    assert view.wrong == []


def test_a_callable_decides_about_calls(service: ChatService) -> None:
    decided: list[tuple[str, dict[str, Any]]] = []

    def approve(call: Any, arguments: dict[str, Any]) -> bool:
        decided.append((call.name, arguments))
        return False

    chat = Conversation(**service.given(), tools=[get_weather], approve=approve)
    service.feed(1, *calling(PARIS))
    service.feed(1, chunk("As you like."), DONE)
    chat.send("How warm?", **numbered(1))
    until(lambda: chat.status == "ready")
    assert decided == [("get_weather", {"city": "Paris"})]
    assert texts(chat)[2:] == [
        ("tool", "The user has refused this call of get_weather.", "error"),
        ("assistant", "As you like.", "done"),
    ]


@pytest.mark.parametrize("tool", [get_weather, "get_weather"])
def test_calls_wait_for_the_user(service: ChatService, loop: Loop, tool: Any) -> None:
    def double(number: int) -> int:
        return number * 2

    chat = Conversation(
        **service.given(),
        tools=[get_weather, double],
        approve=[tool],
        dispatch=loop.post,
        throttle=None,
    )
    view = ChatView(chat)
    waiting: list[ChatMessage] = []
    chat.connect("tool_call", lambda _, event: waiting.append(event.detail))
    oslo = ("c2", "get_weather", '{"city": "Oslo"}')
    service.feed(1, *calling(PARIS, oslo, ("c3", "double", '{"number": 4}')))
    chat.send("How warm?", **numbered(1))
    loop.run_until(lambda: len(waiting) == 3)
    assert [message.status for message in waiting] == ["waiting", "waiting", "calling"]
    assert chat.status == "calling"
    chat.approve(waiting[1].id)
    assert chat.messages[3].status == "calling"
    chat.refuse(waiting[0])
    assert chat.messages[2].status == "error"
    chat.approve(waiting[0])  # too late
    service.feed(1, chunk("4 in Oslo."), DONE)
    loop.run_until(lambda: view.ends)
    loop.run_until(lambda: view.is_up_to_date)
    assert texts(chat)[2:] == [
        ("tool", "The user has refused this call of get_weather.", "error"),
        ("tool", '{"degrees": 4}', "done"),
        ("tool", "8", "done"),
        ("assistant", "4 in Oslo.", "done"),
    ]
    with pytest.raises(ValueError, match="with the role 'tool'"):
        chat.approve(chat.messages[0])
    assert view.wrong == []


def test_a_call_that_waits_keeps_no_other_one_waiting(
    service: ChatService, is_over: threading.Event
) -> None:
    def order(what: str) -> str:
        return f"{what} ordered"

    chat = Conversation(**service.given(), tools=[get_weather, order], approve=[order])
    service.feed(
        1,
        *calling(
            ("c1", "order", '{"what": "pizza"}'),
            PARIS,
            ("c3", "order", '{"what": "wine"}'),
            ("c4", "order", '{"thing": "wine"}'),
        ),
    )
    service.feed(1, chunk("Here it comes."), DONE)
    chat.send("Pizza!", **numbered(1))
    states = ["waiting", "done", "waiting", "error"]
    until(lambda: [message.status for message in chat.messages[2:]] == states)
    chat.approve(chat.messages[4])
    until(lambda: chat.messages[4].text == "wine ordered")
    assert chat.messages[2].status == "waiting"
    chat.approve(chat.messages[2])
    assert chat.wait(SOON)
    assert chat.messages[-1].text == "Here it comes."
    assert len(service.requests) == 2


def test_stop_and_shutdown_end_the_waiting(service: ChatService) -> None:
    for number, stop in enumerate((Conversation.stop, lambda chat: shutdown(SOON))):
        chat = Conversation(**service.given(), tools=[get_weather], approve=[get_weather])
        service.feed(number, *calling(PARIS))
        chat.send("How warm?", **numbered(number))
        until(lambda chat=chat: [m.status for m in chat.messages[2:]] == ["waiting"])
        assert stop(chat) in (None, True)
        assert texts(chat)[2:] == [("tool", "This call was cancelled.", "stopped")]
        assert chat.status == "ready"
        threads = [thread.name for thread in threading.enumerate()]
        until(lambda: not any("tool" in thread.name for thread in threading.enumerate()))
        assert stop is Conversation.stop or not any("tool" in name for name in threads)


def test_max_steps_is_an_error_that_retry_goes_on_from(service: ChatService) -> None:
    chat = Conversation(**service.given(), tools=[get_weather], max_steps=2)
    service.feed(1, *calling(PARIS), *calling(PARIS))
    chat.send("How warm?", **numbered(1))
    until(lambda: chat.status == "error")
    assert [(role, status) for role, _, status in texts(chat)[1:]] == [
        ("assistant", "done"),
        ("tool", "done"),
        ("assistant", "done"),
        ("tool", "done"),
        ("assistant", "error"),
    ]
    error = chat.messages[-1].error
    assert error is not None
    assert error.code == "error_tools"
    assert "max_steps=2" in error.message
    service.feed(2, chunk("5."), DONE)
    chat.retry(**numbered(2))
    until(lambda: chat.status == "ready")
    assert [each["role"] for each in asked(service, 2)] == [
        *("user", "assistant", "tool", "assistant", "tool")
    ]
    assert [message.text for message in chat.messages[-2:]] == ['{"degrees": 5}', "5."]


def test_after_an_error_the_tools_are_not_called_again(service: ChatService) -> None:
    called: list[str] = []

    def order(what: str) -> str:
        called.append(what)
        return "ordered"

    chat = Conversation(**service.given(), tools=[order])
    service.feed(1, *calling(("c1", "order", '{"what": "pizza"}')))
    service.feed(1, chunk("I ha"), CUT)
    chat.send("Pizza!", **numbered(1))
    until(lambda: chat.status == "error")
    assert texts(chat)[-1] == ("assistant", "I ha", "error")
    service.feed(2, chunk("Here it comes."), DONE)
    chat.retry(**numbered(2))
    until(lambda: chat.status == "ready")
    assert called == ["pizza"]
    assert [each["role"] for each in asked(service, 2)] == ["user", "assistant", "tool"]
    # But to regenerate is to begin anew.
    service.feed(3, chunk("No pizza."), DONE)
    chat.regenerate(**numbered(3))
    until(lambda: chat.status == "ready")
    assert [each["role"] for each in asked(service, 3)] == ["user"]
    assert [message.text for message in chat.messages] == ["Pizza!", "No pizza."]


def test_a_limited_history_has_all_since_the_question(service: ChatService) -> None:
    chat = Conversation(**service.given(), tools=[get_weather], history=1)
    for number in (1, 2):
        service.feed(number, *calling(PARIS))
        service.feed(number, chunk("5."), DONE)
        chat.send("How warm?", **numbered(number))
        until(lambda: chat.status == "ready")
        assert [each["role"] for each in asked(service, number)] == ["user", "assistant", "tool"]


def test_what_history_raises_later_is_the_turns_error(service: ChatService) -> None:
    def history(sent: list[Any]) -> list[Any]:
        if len(sent) > 1:
            raise LookupError("no summary")
        return sent

    chat = Conversation(**service.given(), tools=[get_weather], history=history)
    service.feed(1, *calling(PARIS))
    chat.send("How warm?", **numbered(1))
    until(lambda: chat.status == "error")
    assert chat.messages[-1].error is not None
    assert chat.messages[-1].error.message == "LookupError: no summary"
    assert texts(chat)[2] == ("tool", '{"degrees": 5}', "done")


@pytest.mark.parametrize("said", [LookupError("no window"), None])
def test_an_approve_that_is_wrong_calls_nothing(service: ChatService, said: Any) -> None:
    def approve(call: Any, arguments: Any) -> bool:
        if isinstance(said, Exception):
            raise said
        return said

    called: list[str] = []

    def order(what: str) -> None:
        called.append(what)

    chat = Conversation(**service.given(), tools=[order], approve=approve)
    service.feed(1, *calling(("c1", "order", '{"what": "pizza"}')))
    chat.send("Pizza!", **numbered(1))
    until(lambda: chat.status == "error")
    assert called == []
    assert [(role, status) for role, _, status in texts(chat)[2:]] == [
        ("tool", "stopped"),
        ("assistant", "error"),
    ]
    error = chat.messages[-1].error
    assert error is not None
    assert ("no window" if said else "must return a bool") in error.message


def test_saved_in_the_middle_of_a_call(service: ChatService, is_over: Any) -> None:
    def hang() -> None:
        is_over.wait(SOON)

    chat = Conversation(**service.given(), tools=[hang])
    service.feed(1, *calling(("c1", "hang", "")))
    chat.send("Hang!", **numbered(1))
    until(lambda: chat.status == "calling" and len(chat.messages) == 3)
    saved = chat.to_json()
    chat.close()
    loaded = Conversation.from_json(saved, **service.given())
    assert loaded.messages == chat.messages
    assert loaded.status == "ready"
    service.feed(2, chunk("Well."), DONE)
    loaded.send("And now?", **numbered(2))
    until(lambda: loaded.status == "ready")
    assert [each["role"] for each in asked(service, 2)] == ["user", "assistant", "tool", "user"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"tools": [len]}, "signature|positional"),
        ({"tools": "get_weather"}, "tools must be a list"),
        ({"tools": [get_weather], "max_steps": 0}, "max_steps must be 1"),
        ({"tools": [get_weather], "tool_timeout": "1"}, "tool_timeout must be"),
        ({"tools": [get_weather], "approve": ["order"]}, "approve has 'order'.* get_weather"),
        ({"tools": [get_weather], "approve": "get_weather"}, "approve must be a callable, or a"),
        ({"tools": [get_weather], "approve": get_weather}, "expected a list of tools"),
        ({"history": -1}, "history must be 1 or more"),
        ({"history": True}, "history must be an int, a callable or None, not bool"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        Conversation(dialect="openai", **arguments)


def test_a_dialect_without_tools_is_refused_before_anything_changes() -> None:
    url = "https://service.example/chat"
    chat = Conversation(dialect="chatbot", url=url, tools=[get_weather])
    with pytest.raises(ValueError, match="tools are not for the dialect 'chatbot'"):
        chat.send("How warm?")
    assert chat.messages == ()


def test_async_tools_run_on_the_loop_and_stop_cancels_them(service: ChatService) -> None:
    ran_on: list[int] = []
    cancelled: list[str] = []

    async def get_time(zone: str) -> str:
        ran_on.append(threading.get_ident())
        if zone == "never":
            try:
                await asyncio.sleep(SOON)
            except asyncio.CancelledError:
                cancelled.append(zone)
                raise
        return f"noon in {zone}"

    async def main() -> None:
        chat = Conversation(**service.given(), tools=[get_time], dispatch=aio())
        ended = asyncio.Event()
        chat.connect("done", lambda chat, event: ended.set())
        service.feed(1, *calling(("c1", "get_time", '{"zone": "UTC"}')))
        service.feed(1, chunk("It is noon."), DONE)
        chat.send("How late?", **numbered(1))
        await asyncio.wait_for(ended.wait(), SOON)
        assert texts(chat)[2:] == [
            ("tool", "noon in UTC", "done"),
            ("assistant", "It is noon.", "done"),
        ]
        service.feed(2, *calling(("c1", "get_time", '{"zone": "never"}')))
        chat.send("How late?", **numbered(2))
        while len(ran_on) < 2:
            await asyncio.sleep(0.001)
        chat.stop()
        while not cancelled:
            await asyncio.sleep(0.001)
        assert set(ran_on) == {threading.get_ident()}
        chat.close()

    asyncio.run(asyncio.wait_for(main(), SOON))


def test_an_async_tool_needs_a_loop() -> None:
    async def get_time() -> str:
        return "noon"

    with pytest.raises(TypeError, match="aio"):
        Conversation(tools=[get_time])
