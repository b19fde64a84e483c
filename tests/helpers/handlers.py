"""Handlers that keep what they are called with."""

from __future__ import annotations

from typing import Any

from suggestions import Event, EventTarget


class Heard(list[Any]):
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

    def __init__(self, heard: list[Any] | None = None) -> None:
        self.heard: list[Any] = [] if heard is None else heard

    def show(self, target: Any, event: Event[Any]) -> None:
        assert event.target is target
        self.heard.append(event.detail)

    async def show_later(self, target: Any, event: Event[Any]) -> None:
        self.show(target, event)

    async def listen_later(self, event: Event[Any]) -> None:
        self.heard.append(event.detail)
