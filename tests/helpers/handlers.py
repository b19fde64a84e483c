"""Handlers that keep what they are called with."""

from __future__ import annotations

from typing import Any

from suggestions import Event, EventTarget


class Received(list[Any]):
    """A handler that keeps the details of its events."""

    def __call__(self, target: EventTarget, event: Event[Any]) -> None:
        assert event.target is target
        self.append(event.detail)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


class Recorder:
    """A handler that keeps its events, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, source: Any, event: Event[Any]) -> None:
        self.events.append(event)

    @property
    def names(self) -> list[str]:
        return [event.type for event in self.events]

    def of(self, name: str) -> list[Any]:
        """The details of all events of a name."""
        return [event.detail for event in self.events if event.type == name]


class View:
    """An object whose methods are handlers, as that of a window is."""

    def __init__(self, received: list[Any] | None = None) -> None:
        self.received: list[Any] = [] if received is None else received

    def show(self, target: Any, event: Event[Any]) -> None:
        assert event.target is target
        self.received.append(event.detail)

    async def show_later(self, target: Any, event: Event[Any]) -> None:
        self.show(target, event)

    async def listen_later(self, event: Event[Any]) -> None:
        self.received.append(event.detail)
