"""What a type checker knows of handlers: which payload comes with which name. Never imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, overload

from suggestions.errors import SuggestionsError
from suggestions.events import (
    Event,
    FunctionCall,
    HandlerFailure,
    ResponseInfo,
    Retry,
    ToolCall,
    Usage,
)

if TYPE_CHECKING:
    from suggestions._delivery.handlers import Handler
    from suggestions._sources.suggestions_event_source import SuggestionsEventSource as Source
    from suggestions._wire.sse import ServerSentEvent

Text = Literal["chunk", "suggestion", "reasoning", "done", "abort"]
Failed = Literal[
    "error",
    "error_response",
    "error_quota_exceeded",
    "error_moderation",
    "error_service_unavailable",
    "error_context_too_large",
    "error_unclear_prompt",
    "error_network",
]
Call = Literal["function_call_chunk", "function_done"]

T = TypeVar("T")


class Decorates(Protocol[T]):
    def __call__(
        self, handler: Callable[[Source, Event[T]], object], /
    ) -> Callable[[Source, Event[T]], object]: ...


class Connect(Protocol):
    """`connect` and `once`."""

    @overload
    def __call__(
        self, name: Text, handler: Callable[[Source, Event[str]], object], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Failed,
        handler: Callable[[Source, Event[SuggestionsError]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
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
        name: Literal["message"],
        handler: Callable[[Source, Event[ServerSentEvent]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Call,
        handler: Callable[[Source, Event[FunctionCall]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["tool_call"],
        handler: Callable[[Source, Event[ToolCall]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["usage"],
        handler: Callable[[Source, Event[Usage]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["retry"],
        handler: Callable[[Source, Event[Retry]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["end"],
        handler: Callable[[Source, Event[None]], object],
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
        name: str,
        handler: Callable[[Source, Event[ServerSentEvent]], object],
        *,
        weak: bool = ...,
    ) -> Handler: ...


class On(Protocol):
    """`on`, the decorator."""

    @overload
    def __call__(self, name: Text) -> Decorates[str]: ...
    @overload
    def __call__(self, name: Failed) -> Decorates[SuggestionsError]: ...
    @overload
    def __call__(self, name: Literal["open"]) -> Decorates[ResponseInfo]: ...
    @overload
    def __call__(self, name: Literal["message"]) -> Decorates[ServerSentEvent]: ...
    @overload
    def __call__(self, name: Call) -> Decorates[FunctionCall]: ...
    @overload
    def __call__(self, name: Literal["tool_call"]) -> Decorates[ToolCall]: ...
    @overload
    def __call__(self, name: Literal["usage"]) -> Decorates[Usage]: ...
    @overload
    def __call__(self, name: Literal["retry"]) -> Decorates[Retry]: ...
    @overload
    def __call__(self, name: Literal["end"]) -> Decorates[None]: ...
    @overload
    def __call__(self, name: Literal["handler_error"]) -> Decorates[HandlerFailure]: ...
    @overload
    def __call__(self, name: str) -> Decorates[Any]: ...
