"""`Conversation.wait()`, for programs without a window."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from chat_service import ChatService, numbered
from loop import Loop
from script import DONE, chunk

from suggestions import Conversation

SOON = 30  # seconds


def test_it_blocks_until_the_handlers_have_run(service: ChatService) -> None:
    chat = Conversation(**service.given(), throttle=None)
    done: list[str] = []
    may_go = threading.Event()

    @chat.on("done")
    def slowly(chat: Conversation, event: Any) -> None:
        may_go.wait(SOON)
        done.append(event.detail.text)

    assert chat.wait(0)
    for number in (1, 2, 3):
        chat.send("Why?", **numbered(number))
        assert not chat.wait(0.01)
        service.feed(number, chunk("a"), DONE)
        may_go.set()
        assert chat.wait(SOON)
        assert done == ["a"] * number


def test_a_chain_of_commands_in_handlers_is_under_way(service: ChatService) -> None:
    chat = Conversation(**service.given())

    @chat.on("done")
    def go_on(chat: Conversation, event: Any) -> None:
        if len(chat.messages) < 6:
            chat.send("And?", **numbered(len(chat.messages)))

    for number in (0, 2, 4):
        service.feed(number, chunk(str(number)), DONE)
    chat.send("Why?", **numbered(0))
    assert chat.wait(SOON)
    assert [message.text for message in chat.messages] == ["Why?", "0", "And?", "2", "And?", "4"]


def test_stop_and_close_end_it(service: ChatService) -> None:
    for number, end in enumerate((Conversation.stop, Conversation.clear, Conversation.close)):
        chat = Conversation(**service.given())
        chat.send("Why?", **numbered(number))
        timer = threading.Timer(0.05, end, [chat])
        timer.start()
        assert chat.wait(SOON)
        timer.join()


def test_where_it_would_block_for_ever_it_raises(service: ChatService) -> None:
    chat = Conversation(**service.given())
    raised: list[Exception] = []

    @chat.on("done")
    def wait(chat: Conversation, event: Any) -> None:
        try:
            chat.wait()
        except RuntimeError as error:
            raised.append(error)

    service.feed(1, chunk("a"), DONE)
    chat.send("Why?", **numbered(1))
    assert chat.wait(SOON)
    assert "connect to 'done'" in str(raised[0])


class Host(Loop):
    def is_gone(self) -> bool:
        return self.gone


def test_it_returns_when_the_host_is_gone(service: ChatService) -> None:
    loop = Host()
    chat = Conversation(**service.given(), dispatch=loop)
    chat.send("Why?", **numbered(1))
    loop.gone = True
    service.feed(1, chunk("a"), DONE)
    assert chat.wait(SOON)


def test_a_wrong_timeout_is_refused() -> None:
    with pytest.raises(TypeError, match="timeout must be"):
        Conversation().wait("1")  # type: ignore[arg-type]
