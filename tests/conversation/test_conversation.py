"""`Conversation`: what a view sees of a chat, what is sent, and that the newest answer wins."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chat_service import CUT, ChatService, ChatView, numbered
from loop import Loop
from process import run
from script import DONE, chunk, data

from suggestions import ChatMessage, Conversation, shutdown
from suggestions.dialects import NAMES, DialectName

PIXEL = b"GIF89a"
DRAWN = "data:image/gif;base64,R0lGODlh"


@pytest.fixture
def chat(service: ChatService, loop: Loop) -> Iterator[Conversation]:
    with Conversation(**service.given(), dispatch=loop.post, throttle=None) as chat:
        yield chat


def texts(chat: Conversation) -> list[tuple[str, str, str]]:
    return [(message.role, message.text, message.status) for message in chat.messages]


def sent(service: ChatService, number: object) -> list[tuple[str, Any]]:
    return [(each["role"], each["content"]) for each in service.asked[str(number)]["messages"]]


def answered(
    chat: Conversation, service: ChatService, number: int, *steps: object, text: str = ""
) -> None:
    """Asks, and waits until the answer has ended."""
    service.feed(number, *(steps or (chunk(f"answer {number}"), DONE)))
    chat.send(text or f"question {number}", **numbered(number))
    deadline = time.monotonic() + 30
    while chat.status in ("submitted", "streaming"):
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("posted", [False, True])
def test_what_a_view_sees_of_an_answer(service: ChatService, loop: Loop, posted: bool) -> None:
    chat = Conversation(**service.given(), dispatch=loop.post if posted else None)
    view = ChatView(chat)
    assert (chat.messages, chat.status) == ((), "ready")
    chat.send("Why?", **numbered(1))
    assert chat.status == "submitted"
    assert texts(chat) == [("user", "Why?", "done"), ("assistant", "", "submitted")]
    loop.run_until(lambda: view.statuses == ["submitted"])
    service.feed(1, chunk("a"))
    loop.run_until(lambda: view.statuses == ["submitted", "streaming"])
    service.feed(1, chunk("b"), chunk("c", finish="stop"), DONE)
    loop.run_until(lambda: view.ends)
    assert texts(chat) == [("user", "Why?", "done"), ("assistant", "abc", "done")]
    assert view.is_up_to_date
    assert view.statuses == ["submitted", "streaming", "ready"]
    assert view.ends == [(chat.messages[1].id, "done")]
    assert view.wrong == []
    assert chat.messages[1].model == "m1"
    assert (threading.get_ident() in view.threads) == posted


def test_stop_counts_at_once_and_keeps_the_text(
    service: ChatService, loop: Loop, chat: Conversation
) -> None:
    view = ChatView(chat)
    chat.stop()
    chat.send("Why?", **numbered(1))
    service.feed(1, chunk("a"))
    loop.run_until(lambda: view.texts[-1:] == ["a"])
    chat.stop()
    chat.stop()
    assert (chat.status, chat.messages[1].text, chat.messages[1].status) == (
        "ready",
        "a",
        "stopped",
    )
    service.feed(1, chunk("b"), DONE)
    loop.run_until(lambda: view.ends)
    loop.run_once()
    assert view.ends == [(chat.messages[1].id, "stopped")]
    assert chat.messages[1].text == "a"
    assert view.is_up_to_date


def test_what_a_view_saw_as_done_cannot_be_stopped(
    service: ChatService, chat: Conversation
) -> None:
    answered(chat, service, 1)  # no handler was called for it yet
    chat.stop()
    assert texts(chat)[1] == ("assistant", "answer 1", "done")


@pytest.mark.parametrize("command", ["regenerate", "send", "edit", "clear"])
def test_an_answer_that_is_superseded_writes_nowhere(
    service: ChatService, loop: Loop, chat: Conversation, command: str
) -> None:
    view = ChatView(chat)
    chat.send("Why?", **numbered(1))
    service.feed(1, chunk("old"))
    loop.run_until(lambda: view.texts[-1:] == ["old"])
    question, old = chat.messages
    if command == "regenerate":
        chat.regenerate(**numbered(2))
    elif command == "send":
        chat.send("And?", **numbered(2))
    elif command == "edit":
        chat.edit(question, "And?", **numbered(2))
    else:
        chat.clear()
        chat.send("And?", **numbered(2))
    service.feed(1, chunk("er"), DONE)
    service.feed(2, chunk("new"), DONE)
    loop.run_until(lambda: len(view.ends) == 2)
    assert view.ends == [(old.id, "stopped"), (chat.messages[-1].id, "done")]
    assert [m.text for m in chat.messages if m.role == "assistant"] == (
        ["old", "new"] if command == "send" else ["new"]
    )
    assert view.is_up_to_date
    assert view.wrong == []


def test_what_is_sent(service: ChatService, loop: Loop, chat: Conversation) -> None:
    answered(chat, service, 1)
    answered(chat, service, 2, chunk("half"), CUT)
    answered(chat, service, 3, chunk(""), DONE)
    chat.send("question 4", **numbered(4))
    service.feed(4, chunk("stop"))
    loop.run_until(lambda: chat.messages[-1].text)
    answered(chat, service, 5)
    assert sent(service, 5) == [
        ("user", "question 1"),
        ("assistant", "answer 1"),
        ("user", "question 2"),
        ("user", "question 3"),
        ("user", "question 4"),
        ("assistant", "stop"),
        ("user", "question 5"),
    ]


def test_a_call_that_has_no_result_is_not_sent(service: ChatService, chat: Conversation) -> None:
    call = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": "{}"}}
    answered(chat, service, 1, chunk(tool_calls=[call]), chunk(finish="tool_calls"), DONE)
    assert [call.name for call in chat.messages[1].tool_calls] == ["weather"]
    assert Conversation.from_json(chat.to_json()).messages == chat.messages
    answered(chat, service, 2)
    assert sent(service, 2) == [("user", "question 1"), ("user", "question 2")]


@pytest.mark.parametrize(
    ("history", "questions"),
    [
        (1, ["question 3"]),
        (4, ["question 2", "answer 2", "question 3"]),  # the first would be an answer
        (9, ["question 1", "answer 1", "question 2", "answer 2", "question 3"]),
        (lambda sent: sent[:1] + sent[-1:], ["question 1", "question 3"]),
    ],
)
def test_history_limits_what_is_sent(service: ChatService, history: Any, questions: Any) -> None:
    chat = Conversation(**service.given(), system="Be brief.", history=history)
    for number in (1, 2, 3):
        answered(chat, service, number)
    assert sent(service, 3)[0] == ("system", "Be brief.")
    assert [content for _, content in sent(service, 3)[1:]] == questions
    assert len(chat.messages) == 6


def test_what_a_service_has_signed_goes_back_to_it(service: ChatService) -> None:
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"model": "claude"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": "Hm"},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "signature_delta", "signature": "signed"},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]
    steps = [b"event: " + e["type"].encode() + b"\n" + data(json.dumps(e)) for e in events]
    given = {**service.given(), "dialect": "anthropic"}
    chat = Conversation(**given)
    answered(chat, service, 1, *steps)
    answer = chat.messages[1]
    assert (answer.text, answer.reasoning, answer.model) == ("Hi", "Hm", "claude")
    chat = Conversation.from_json(chat.to_json(), **given)
    answered(chat, service, 2, *steps)
    thinking = {"type": "thinking", "thinking": "Hm", "signature": "signed"}
    assert sent(service, 2)[1] == ("assistant", [thinking, {"type": "text", "text": "Hi"}])


def test_the_marker_of_an_unclear_prompt_is_no_text(
    service: ChatService, chat: Conversation
) -> None:
    answered(chat, service, 1, chunk("JETPACK_AI_"), chunk("ERROR"), DONE)
    failed = chat.messages[1]
    assert (failed.text, failed.parts, chat.status) == ("", (), "error")
    assert failed.error is not None
    assert failed.error.code == "error_unclear_prompt"


def test_retry_is_for_an_error(service: ChatService, loop: Loop, chat: Conversation) -> None:
    view = ChatView(chat)
    with pytest.raises(RuntimeError, match="has not failed"):
        chat.retry()
    answered(chat, service, 1, chunk("half"), CUT)
    loop.run_until(lambda: view.ends)
    failed = chat.messages[1]
    assert (chat.status, failed.text, failed.status) == ("error", "half", "error")
    assert failed.error is not None
    assert failed.error.code == "error_network"
    assert view.ends == [(failed.id, "error")]
    chat.retry(**numbered(2))
    assert chat.status == "submitted"
    service.feed(2, chunk("whole"), DONE)
    loop.run_until(lambda: len(view.ends) == 2)
    assert texts(chat) == [("user", "question 1", "done"), ("assistant", "whole", "done")]
    assert service.asked["2"] == service.asked["1"], "the same question, model and all"
    with pytest.raises(RuntimeError, match="has not failed"):
        chat.retry()


def test_options_are_for_one_answer_and_its_repetition(
    service: ChatService, chat: Conversation
) -> None:
    answered(chat, service, 1)
    service.feed(2, DONE)
    service.feed(3, DONE)
    chat.send("question 2", **numbered(2), options={"model": "m2"})
    chat.regenerate(**numbered(3))
    answered(chat, service, 4)
    models = [service.asked[n]["model"] for n in service.asked if n != "2"]
    assert models == ["m1", "m2", "m1"]


def test_images_stay_with_an_edited_message(service: ChatService, chat: Conversation) -> None:
    answered(chat, service, 1)
    chat.send("What?", [PIXEL], **numbered(2))
    assert [part["type"] for part in chat.messages[2].parts] == ["text", "image_url"]
    service.feed(3, DONE)
    chat.edit(chat.messages[2].id, "What is it?", **numbered(3))
    answered(chat, service, 4)
    drawn = {"type": "image_url", "image_url": {"url": DRAWN}}
    assert sent(service, 4)[2] == ("user", [{"type": "text", "text": "What is it?"}, drawn])
    assert len(chat.messages) == 6


@pytest.mark.parametrize(
    ("command", "error", "words"),
    [
        (lambda chat: chat.send(""), ValueError, "text is empty"),
        (lambda chat: chat.send(5), TypeError, "text must be a str"),
        (lambda chat: chat.send("a", b"GIF89a"), TypeError, "a list of images"),
        (lambda chat: chat.send("a", [b"?"]), ValueError, "image"),
        (lambda chat: chat.send("a", model="x"), TypeError, "a model goes into options"),
        (lambda chat: chat.send("a", throttle=1), TypeError, "throttle"),
        (lambda chat: chat.send("a", dialect="x"), ValueError, "dialect"),
        (lambda chat: chat.edit("unknown", "a"), ValueError, "with the role 'user'"),
        (lambda chat: chat.edit(chat.messages[1], "a"), ValueError, "with the role 'user'"),
        (lambda chat: chat.regenerate(timeouts={"x": 1}), ValueError, "timeouts"),
    ],
)
def test_a_wrong_argument_leaves_everything_as_it_was(
    service: ChatService,
    loop: Loop,
    chat: Conversation,
    command: Callable[[Any], object],
    error: type[Exception],
    words: str,
) -> None:
    chat.send("Why?", **numbered(1))
    service.feed(1, chunk("a"))
    loop.run_until(lambda: chat.messages[-1].text)
    before = chat.messages
    with pytest.raises(error, match=words):
        command(chat)
    assert (chat.messages, chat.status) == (before, "streaming")


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"system": 5}, TypeError, "system must be a str"),
        ({"history": 0}, ValueError, "history must be 1 or more"),
        ({"history": "all"}, TypeError, "an int, a callable or None"),
        ({"history": lambda sent: None}, TypeError, "must return a list of messages"),
        ({"history": lambda sent: [5]}, TypeError, "must be a mapping with 'role'"),
        ({"throttle": -1}, ValueError, "throttle"),
        ({"dispatch": 5}, TypeError, "dispatch"),
        ({"max_retries": 5}, TypeError, "use retries="),
        ({"smooth": True}, TypeError, "smooth"),
    ],
)
def test_arguments_that_no_conversation_takes(
    given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        Conversation(**{"dialect": "openai", "url": "https://service.example/", **given}).send("a")


def test_without_a_question_there_is_nothing_to_regenerate(chat: Conversation) -> None:
    with pytest.raises(ValueError, match=r"send\(\) comes first"):
        chat.regenerate()


def test_the_sources_own_events_come_with_their_message(
    service: ChatService, loop: Loop, chat: Conversation
) -> None:
    passed: list[tuple[str, str, object]] = []
    for name in ("open", "chunk", "citation"):
        chat.connect(name, lambda chat, e: passed.append((e.type, e.detail.message_id, e.detail)))
    chat.send("Why?", **numbered(1))
    service.feed(1, chunk("a"))
    loop.run_until(lambda: len(passed) == 2)
    id = chat.messages[1].id
    assert [(name, of) for name, of, _ in passed] == [("open", id), ("chunk", id)]
    assert passed[1][2].detail == "a"  # type: ignore[attr-defined]
    service.feed(1, chunk("b"))
    loop.run_until(lambda: chat.messages[1].text == "ab")
    chat.stop()
    for _ in range(5):
        loop.run_once()
    assert len(passed) == 2, "none after stop()"


def test_changes_are_throttled_and_the_end_is_not(service: ChatService, loop: Loop) -> None:
    chat = Conversation(**service.given(), dispatch=loop.post, throttle=60)
    view = ChatView(chat)
    chat.send("Why?", **numbered(1))
    service.feed(1, chunk("a"))
    loop.run_until(lambda: view.shown[-1:] and view.shown[-1].text == "a")
    for _ in range(50):
        service.feed(1, chunk("b"))
        loop.run_once()
    loop.run_until(lambda: chat.messages[1].text == "a" + 50 * "b")
    loop.run()
    assert len(view.texts) < 5
    service.feed(1, DONE)
    loop.run_until(lambda: view.ends)
    assert view.is_up_to_date
    assert view.wrong == []


def test_what_is_held_back_comes_though_the_stream_falls_silent(
    service: ChatService, loop: Loop
) -> None:
    chat = Conversation(**service.given(), dispatch=loop.post, throttle=0.05)
    view = ChatView(chat)
    chat.send("Why?", **numbered(1))
    service.feed(1, *[chunk("a")] * 20)
    loop.run_until(lambda: view.texts[-1:] == [20 * "a"])
    chat.close()


def test_close_calls_no_handler_any_more(
    service: ChatService, loop: Loop, chat: Conversation
) -> None:
    view = ChatView(chat)
    chat.send("Why?", **numbered(1))
    service.feed(1, chunk("a"))
    loop.run_until(lambda: view.texts[-1:] == ["a"])
    statuses = list(view.statuses)
    chat.close()
    chat.close()
    service.feed(1, chunk("b"), DONE)
    for _ in range(5):
        loop.run_once()
    assert (view.statuses, view.ends) == (statuses, [])
    assert texts(chat)[1] == ("assistant", "a", "stopped")
    with pytest.raises(RuntimeError, match="closed"):
        chat.send("And?")
    assert len(chat.messages) == 2


def test_a_handler_gives_commands(service: ChatService, loop: Loop, chat: Conversation) -> None:
    view = ChatView(chat)
    service.feed(1, chunk("a"), DONE)
    service.feed(2, chunk("b"), DONE)
    chat.once("done", lambda chat, event: chat.send("And?", **numbered(2)))
    chat.send("Why?", **numbered(1))
    loop.run_until(lambda: len(view.ends) == 2)
    assert [message.text for message in chat.messages] == ["Why?", "a", "And?", "b"]
    chat.connect("change", lambda chat, event: chat.clear())
    service.feed(3, chunk("c"), DONE)
    chat.send("How?", **numbered(3))
    loop.run_until(lambda: view.is_up_to_date and not chat.messages)
    assert view.wrong == []


def test_a_handler_that_raises_is_logged_and_harms_nothing(
    service: ChatService, loop: Loop, chat: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[object] = []
    chat.connect("change", lambda chat, event: 1 / 0)
    chat.connect("handler_error", lambda chat, event: failures.append(event.detail.exception))
    view = ChatView(chat)
    service.feed(1, chunk("a"), DONE)
    with caplog.at_level(logging.ERROR, "suggestions"):
        chat.send("Why?", **numbered(1))
        loop.run_until(lambda: view.ends and failures)
    assert view.is_up_to_date
    assert isinstance(failures[0], ZeroDivisionError)
    assert any(record.exc_info for record in caplog.records)


def test_a_dialog_in_a_handler_goes_on_showing_the_answer(
    service: ChatService, loop: Loop, chat: Conversation
) -> None:
    view = ChatView(chat)
    service.feed(1, chunk("a"), DONE)
    chat.once("status", lambda chat, event: loop.run_until(lambda: view.ends))
    chat.send("Why?", **numbered(1))
    loop.run_until(lambda: view.ends)
    assert view.is_up_to_date
    assert view.wrong == []


def test_a_host_that_is_gone_closes_it(
    service: ChatService, loop: Loop, chat: Conversation
) -> None:
    chat.send("Why?", **numbered(1))
    loop.run()
    loop.gone = True
    service.feed(1, chunk("a"))
    loop.run_until(lambda: chat.status == "ready")
    assert chat.messages[1].status == "stopped"
    with pytest.raises(RuntimeError, match="closed"):
        chat.send("And?")


class Watched(Loop):
    """A loop that is asked to call back when it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.callbacks: list[Callable[[], object]] = []

    def on_gone(self, callback: Callable[[], object]) -> Callable[[], object]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)


def test_a_host_is_only_asked_to_call_back_while_an_answer_is_under_way(
    service: ChatService,
) -> None:
    loop = Watched()
    chat = Conversation(**service.given(), dispatch=loop)
    view = ChatView(chat)
    for number in (1, 2):
        chat.send("Why?", **numbered(number))
        assert len(loop.callbacks) == 1
        service.feed(number, chunk("a"), DONE)
        loop.run_until(lambda: view.is_up_to_date and not loop.callbacks)
        assert len(view.ends) == number
        assert loop.callbacks == []
    chat.send("Why?", **numbered(3))
    loop.run()
    loop.callbacks[0]()
    assert chat.messages[-1].status == "stopped"
    loop.run()
    assert len(view.ends) == 2, "no handler is called any more"


def test_it_goes_on_after_a_shutdown(service: ChatService, loop: Loop) -> None:
    chat = Conversation(**service.given(), throttle=0.2)
    view = ChatView(chat)
    chat.send("Why?", **numbered(1))
    service.feed(1, chunk("a"))
    loop.run_until(lambda: "a" in view.texts)
    service.feed(1, chunk("b"))
    loop.run_until(lambda: chat.messages[-1].text == "ab")
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(shutdown(20)))
    thread.start()
    loop.run_until(lambda: texts(chat)[1] == ("assistant", "ab", "stopped"))
    service.feed(1, CUT)  # and not before: the answer would have failed
    thread.join()
    assert ended == [True]
    chat.regenerate(**numbered(2))
    service.feed(2, chunk("c"))
    loop.run_until(lambda: "c" in view.texts)
    service.feed(2, chunk("d"))
    loop.run_until(lambda: "cd" in view.texts)
    chat.close()


def test_no_secret_is_shown_or_saved(service: ChatService, chat: Conversation) -> None:
    answered(chat, service, 1)
    assert "very-secret" not in repr(chat) + repr(vars(chat)) + chat.to_json()


# Saving


def test_what_was_saved_loads_to_the_same(service: ChatService, loop: Loop) -> None:
    given = service.given()
    chat = Conversation(**given, system="Be brief.")
    answered(chat, service, 1, chunk("half"), CUT, text="Ünïcode?")
    chat.send("And?", [PIXEL], **numbered(2))
    service.feed(2, chunk("so far"))
    loop.run_until(lambda: chat.messages[-1].text)
    saved = chat.to_json()
    assert chat.status == "streaming"
    assert "Ünïcode?" in saved
    loaded = Conversation.from_json(saved, **given)
    assert loaded.messages[:3] == chat.messages[:3]
    assert loaded.messages[3] == chat.messages[3]._replace(status="stopped")
    assert loaded.to_json() == saved
    assert loaded.status == "ready"
    view = ChatView(loaded)
    answered(loaded, service, 3)
    assert sent(service, 3)[0] == ("system", "Be brief.")
    loop.run_until(lambda: view.is_up_to_date)
    chat.close()


def test_an_error_can_be_retried_once_loaded(service: ChatService, chat: Conversation) -> None:
    answered(chat, service, 1, CUT)
    loaded = Conversation.from_json(chat.to_json(), **service.given())
    assert (loaded.status, loaded.messages) == ("error", chat.messages)
    service.feed(2, chunk("whole"), DONE)
    loaded.retry(**numbered(2))
    assert len(loaded.messages) == 2
    loaded.close()


def test_fields_of_a_newer_version_are_kept() -> None:
    newer = {
        "version": 2,
        "system": None,
        "title": "Blue",
        "messages": [
            {"id": "1", "role": "user", "text": "Why?", "status": "done", "mood": {"a": [1]}}
        ],
    }
    chat = Conversation.from_json(json.dumps(newer))
    assert chat.messages[0].more == {"mood": {"a": [1]}}
    assert json.loads(chat.to_json()) == newer


def test_an_answer_keeps_its_sources_and_its_images(
    service: ChatService, chat: Conversation
) -> None:
    cited = {"type": "url_citation", "url_citation": {"url": "https://e.com/a", "title": "A"}}
    drawn = {"type": "image_url", "image_url": {"url": DRAWN}}
    answered(chat, service, 1, chunk("It is.", annotations=[cited]), chunk(images=[drawn]), DONE)
    for messages in (chat.messages, Conversation.from_json(chat.to_json()).messages):
        assert [each.url for each in messages[1].citations] == ["https://e.com/a"]
        assert [(each.media_type, each.url) for each in messages[1].files] == [("image/gif", DRAWN)]


@pytest.mark.parametrize("dialect", NAMES)
def test_says_whether_a_question_may_have_images(dialect: DialectName) -> None:
    with Conversation(dialect=dialect, url="http://127.0.0.1:1/", token="t") as chat:
        if chat.takes_images:
            chat.send("q", images=[PIXEL])
        else:
            with pytest.raises((TypeError, ValueError), match=dialect):
                chat.send("q", images=[PIXEL])


def test_half_a_character_is_saved_too() -> None:
    saved = {"version": 1, "messages": [{"id": "1", "role": "user", "text": "\ud83d"}]}
    chat = Conversation.from_json(json.dumps(saved))
    assert Conversation.from_json(chat.to_json().encode().decode()).messages == chat.messages


MESSAGE = {"id": "1", "role": "user", "text": "Why?"}


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        ("{", "expected its JSON"),
        ("[" * 100_000, "expected its JSON"),
        ([], "an object with a list 'messages'"),
        ({"version": 1, "messages": 5}, "an object with a list 'messages'"),
        ({"messages": []}, "'version' is None"),
        ({"version": 1, "system": 5, "messages": []}, "'system' must be a text"),
        ({"version": 1, "messages": [5]}, r"messages\[0\] must be an object"),
        ({"version": 1, "messages": [{"id": "1", "role": "user"}]}, "has no 'text'"),
        ({"version": 1, "messages": [{**MESSAGE, "text": 5}]}, r"\['text'\] must be a text"),
        ({"version": 1, "messages": [{**MESSAGE, "role": "x"}]}, "expected one of user, assistant"),
        ({"version": 1, "messages": [{**MESSAGE, "status": "x"}]}, "expected one of submitted"),
        ({"version": 1, "messages": [{**MESSAGE, "parts": [5]}]}, "an object with 'type'"),
        ({"version": 1, "messages": [{**MESSAGE, "error": {}}]}, "an object with code, message"),
        ({"version": 1, "messages": [{**MESSAGE, "tool_calls": [5]}]}, "an object with id, name"),
        ({"version": 1, "messages": [MESSAGE, MESSAGE]}, "the same 'id'"),
    ],
)
def test_what_is_no_conversation_says_so(saved: object, words: str) -> None:
    text = saved if isinstance(saved, str) else json.dumps(saved)
    with pytest.raises(ValueError, match=words):
        Conversation.from_json(text)


def test_messages_are_values() -> None:
    message = ChatMessage("1", "user", "Why?")
    assert message == message._replace(text="Why?")
    with pytest.raises(AttributeError):
        message.text = "How?"  # type: ignore[misc]


FORK = """
import os, sys, threading
sys.path.insert(0, "tests/helpers")
from script import HOLD, Script, chunk
from suggestions import Conversation

came = threading.Event()
chat = Conversation(dialect="openai", url="https://service.example/", options={"model": "m"},
                    session=Script([chunk("a"), HOLD]).session())
chat.connect("status", lambda chat, event: event.detail == "streaming" and came.set())
chat.send("Why?")
assert came.wait(20)
child = os.fork()
if child == 0:
    print(chat.status, [(message.text, message.status) for message in chat.messages], flush=True)
    try:
        chat.send("And?")
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(chat.status, [(message.text, message.status) for message in chat.messages])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork()")
def test_in_a_forked_child_it_is_closed() -> None:
    assert run(FORK).splitlines() == [
        "ready [('Why?', 'done'), ('a', 'stopped')]",
        "the conversation is closed: make another one",
        "streaming [('Why?', 'done'), ('a', 'streaming')]",
    ]


def test_async_handlers_get_one_change_after_the_other(service: ChatService, loop: Loop) -> None:
    chat = Conversation(**service.given(), dispatch=loop, throttle=None)
    received: list[str] = []

    async def show(chat: Conversation, event: Any) -> None:
        received.append(f"begins {event.detail.message.text}")
        await asyncio.sleep(0)
        received.append(f"ends {event.detail.message.text}")

    chat.connect("change", show)
    view = ChatView(chat)
    chat.send("Why?", **numbered(1))
    loop.run_all()
    service.feed(1, chunk("a"), DONE)
    deadline = time.monotonic() + 30
    while not view.ends:
        assert time.monotonic() < deadline
        loop.run_all()
    assert view.is_up_to_date
    assert received[:4] == ["begins Why?", "ends Why?", "begins ", "ends "]
    assert received[-2:] == ["begins a", "ends a"]
