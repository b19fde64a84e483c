"""How a handler is called: by position or by name, decided when it is connected."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from suggestions import (
    Conversation,
    Event,
    EventSource,
    EventTarget,
    Suggester,
    SuggestionsEventSource,
)
from suggestions.toolkits import Pump

GOT: list[tuple[Any, Any]] = []


class Window:
    def show(self, source: Any, event: Any) -> None:
        GOT.append((source, event))

    def show_by_name(self, source: Any, *, event: Any) -> None:
        GOT.append((source, event))

    def __call__(self, s: Any, e: Any) -> None:
        GOT.append((s, e))


def as_blinker_calls(sender: Any, **names: Any) -> None:
    GOT.append((sender, names["event"]))


def with_an_option(source: Any, other: Any = None, event: Any = None) -> None:
    GOT.append((source, event))


HANDLERS: dict[str, Callable[..., object]] = {
    "names of their own": lambda s, e: GOT.append((s, e)),
    "the usual names": lambda source, event: GOT.append((source, event)),
    "any arguments": lambda *args: GOT.append((args[0], args[1])),
    "the event by name": lambda source, *, event: GOT.append((source, event)),
    "blinker's receiver": as_blinker_calls,
    "an option between": with_an_option,
    "a method": Window().show,
    "a method, by name": Window().show_by_name,
    "an object": Window(),
}


@pytest.mark.parametrize("kind", HANDLERS)
@pytest.mark.parametrize("way", ["connect", "once"])
def test_a_handler_takes_the_source_and_the_event(kind: str, way: str) -> None:
    GOT.clear()
    target, event = EventTarget(), Event("news", 1)
    getattr(target, way)("news", HANDLERS[kind])
    target.dispatch_event(event)
    assert [(target, event)] == GOT


def test_a_builtin_without_a_signature_is_called_by_position(
    capsys: pytest.CaptureFixture[str],
) -> None:
    target = EventTarget()
    target.connect("news", print)
    target.dispatch_event(Event("news", 1))
    assert "Event('news', 1)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "handler",
    [lambda: None, lambda event: None, lambda source, event, more: None, [].append],
    ids=["nothing", "the event alone", "too much", "a builtin"],
)
def test_one_that_takes_neither_is_refused_where_it_is_connected(
    handler: Callable[..., object],
) -> None:
    for target in (EventTarget(), EventTarget(dispatch=Pump())):
        for connect in (target.connect, target.once):
            with pytest.raises(TypeError, match=r"'news' is called with \(source, event\)"):
                connect("news", handler)
    with pytest.raises(TypeError, match=r"'done' is called with \(source, event\)"):
        SuggestionsEventSource("Why?", on={"done": handler}, start=False)


def test_a_listener_takes_the_event_alone() -> None:
    target, received = EventTarget(), list[Any]()
    target.add_event_listener("news", received.append)
    with pytest.raises(TypeError, match=r"'news' is called with \(event\)"):
        target.add_event_listener("news", lambda source, event: None)
    target.dispatch_event(event := Event("news", 1))
    assert received == [event]


# What a handler raises


def test_a_traceback_is_logged_once_and_counted_after_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    target, failures = EventTarget(), list[Any]()

    def fail(source: Any, event: Event[int]) -> None:
        raise ZeroDivisionError(event.detail)

    target.connect("news", fail)
    target.connect("handler_error", lambda source, event: failures.append(event.detail))
    with caplog.at_level(logging.ERROR, "suggestions"):
        for number in range(250):
            target.dispatch_event(Event("news", number))
    assert [failure.exception.args for failure in failures] == [(number,) for number in range(250)]
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "a handler of 'news' raised",
        "a handler of 'news' has raised 10 times",
        "a handler of 'news' has raised 100 times",
    ]
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False]


# Names that nothing sends


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("sugestion", "suggestion"),
        ("chunks", "chunk"),
        ("tool_calls", "tool_call"),
        ("Done", "done"),
        ("delta", "chunk"),
        ("complete", "done"),
        ("Close", "abort"),
    ],
)
def test_a_name_close_to_one_that_is_sent_warns(name: str, close: str) -> None:
    source = SuggestionsEventSource("Why?", start=False)

    def hear(source: Any, event: Any) -> None: ...

    ways = (
        lambda: source.connect(name, hear),
        lambda: source.on(name)(hear),
        lambda: source.once(name, hear),
        lambda: source.add_event_listener(name, lambda event: None),
    )
    for connect in ways:
        with pytest.warns(UserWarning, match=f"did you mean '{close}'") as caught:
            connect()
        assert caught[0].filename == __file__


def test_a_conversation_has_no_end_of_its_own() -> None:
    chat = Conversation(url="https://service.example/")
    with pytest.warns(UserWarning, match="did you mean 'done'"):
        chat.connect("end", lambda chat, event: None)


def test_on_without_a_name_is_refused_at_once() -> None:
    source = SuggestionsEventSource("Why?", start=False)
    with pytest.raises(TypeError, match="the name of an event must be a text"):

        @source.on  # type: ignore[arg-type]
        def done(source: Any, event: Any) -> None: ...


def test_a_name_that_a_server_or_a_program_may_choose_warns_of_nothing() -> None:
    def hear(source: Any, event: Any) -> None: ...

    SuggestionsEventSource("Why?", start=False).connect("new-message", hear)
    EventSource("https://service.example/", start=False).connect("messages", hear)
    EventTarget().connect("chunks", hear)


# Keywords of other libraries


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("model", 'options={"model"'),
        ("base_url", "url="),
        ("api_key", "token="),
        ("timeout", "timeouts="),
        ("messages", "question"),
        ("nonsense", "no such argument"),
    ],
)
def test_a_keyword_of_another_library_is_refused_with_where_it_goes(name: str, place: str) -> None:
    for make in (
        lambda **wrong: SuggestionsEventSource("Why?", **wrong),
        Suggester,
    ):
        with pytest.raises(TypeError) as caught:
            make(**{name: "sk-secret"})
        assert f"{name}=" in str(caught.value)
        assert place in str(caught.value)
        assert "sk-secret" not in str(caught.value)
