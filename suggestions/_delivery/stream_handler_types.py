"""What a type checker knows of an `EventSource`'s handlers. Never imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, overload

from suggestions.errors import SuggestionsError
from suggestions.events import Event, HandlerFailure, MessageEvent, ResponseInfo

if TYPE_CHECKING:
    from suggestions._delivery.handlers import Handler
    from suggestions._sources.event_source import EventSource as Source

T = TypeVar("T")


class Decorates(Protocol[T]):
    def __call__(
        self, handler: Callable[[Source, Event[T]], object], /
    ) -> Callable[[Source, Event[T]], object]: ...


class Connect(Protocol):
    """`connect` and `once`. Any other name is one that the server gives its events."""

    @overload
    def __call__(
        self,
        name: Literal["open"],
        handler: Callable[[Source, Event[ResponseInfo]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["comment"],
        handler: Callable[[Source, Event[str]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["error"],
        handler: Callable[[Source, Event[SuggestionsError]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["handler_error"],
        handler: Callable[[Source, Event[HandlerFailure]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["*"],
        handler: Callable[[Source, Event[Any]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: str,
        handler: Callable[[Source, Event[MessageEvent]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...


class On(Protocol):
    """`on`, the decorator."""

    @overload
    def __call__(self, name: Literal["open"]) -> Decorates[ResponseInfo]: ...
    @overload
    def __call__(self, name: Literal["message"]) -> Decorates[MessageEvent]: ...
    @overload
    def __call__(self, name: Literal["comment"]) -> Decorates[str]: ...
    @overload
    def __call__(self, name: Literal["error"]) -> Decorates[SuggestionsError]: ...
    @overload
    def __call__(self, name: Literal["handler_error"]) -> Decorates[HandlerFailure]: ...
    @overload
    def __call__(self, name: str) -> Decorates[Any]: ...
