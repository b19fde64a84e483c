"""What a type checker knows of handlers: which payload comes with which name.

Each protocol is generic over the source, `S`. Imported by type checkers only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar, overload

from suggestions._delivery.handlers import Handler
from suggestions.errors import SuggestionsError
from suggestions.events import (
    Event,
    FunctionCall,
    HandlerFailure,
    MessageEvent,
    ResponseInfo,
    Retry,
    ServerSentEvent,
    ToolCall,
    Usage,
)

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)
T = TypeVar("T")

Hears = Callable[[S, Event[T]], object]
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


class Decorates(Protocol[S, T]):
    def __call__(self, handler: Hears[S, T], /) -> Hears[S, T]: ...


class Connect(Protocol[S_co]):
    """`connect` and `once` of an answer's source. Any other name is one that the server sends."""

    @overload
    def __call__(self, name: Text, handler: Hears[S_co, str], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(
        self, name: Failed, handler: Hears[S_co, SuggestionsError], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["open"], handler: Hears[S_co, ResponseInfo], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["message"], handler: Hears[S_co, ServerSentEvent], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Call, handler: Hears[S_co, FunctionCall], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["tool_call"], handler: Hears[S_co, ToolCall], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["usage"], handler: Hears[S_co, Usage], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["retry"], handler: Hears[S_co, Retry], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["end"], handler: Hears[S_co, None], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["handler_error"],
        handler: Hears[S_co, HandlerFailure],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: str, handler: Hears[S_co, ServerSentEvent], *, weak: bool = ...
    ) -> Handler: ...


class On(Protocol[S]):
    """`on` of an answer's source, the decorator."""

    @overload
    def __call__(self, name: Text) -> Decorates[S, str]: ...
    @overload
    def __call__(self, name: Failed) -> Decorates[S, SuggestionsError]: ...
    @overload
    def __call__(self, name: Literal["open"]) -> Decorates[S, ResponseInfo]: ...
    @overload
    def __call__(self, name: Literal["message"]) -> Decorates[S, ServerSentEvent]: ...
    @overload
    def __call__(self, name: Call) -> Decorates[S, FunctionCall]: ...
    @overload
    def __call__(self, name: Literal["tool_call"]) -> Decorates[S, ToolCall]: ...
    @overload
    def __call__(self, name: Literal["usage"]) -> Decorates[S, Usage]: ...
    @overload
    def __call__(self, name: Literal["retry"]) -> Decorates[S, Retry]: ...
    @overload
    def __call__(self, name: Literal["end"]) -> Decorates[S, None]: ...
    @overload
    def __call__(self, name: Literal["handler_error"]) -> Decorates[S, HandlerFailure]: ...
    @overload
    def __call__(self, name: str) -> Decorates[S, Any]: ...


class ConnectToStream(Protocol[S_co]):
    """`connect` and `once` of an `EventSource`. Any other name is one that the server sends."""

    @overload
    def __call__(
        self, name: Literal["open"], handler: Hears[S_co, ResponseInfo], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["comment"], handler: Hears[S_co, str], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["error"], handler: Hears[S_co, SuggestionsError], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self,
        name: Literal["handler_error"],
        handler: Hears[S_co, HandlerFailure],
        *,
        weak: bool = ...,
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Literal["*"], handler: Hears[S_co, Any], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: str, handler: Hears[S_co, MessageEvent], *, weak: bool = ...
    ) -> Handler: ...


class OnStream(Protocol[S]):
    """`on` of an `EventSource`, the decorator."""

    @overload
    def __call__(self, name: Literal["open"]) -> Decorates[S, ResponseInfo]: ...
    @overload
    def __call__(self, name: Literal["message"]) -> Decorates[S, MessageEvent]: ...
    @overload
    def __call__(self, name: Literal["comment"]) -> Decorates[S, str]: ...
    @overload
    def __call__(self, name: Literal["error"]) -> Decorates[S, SuggestionsError]: ...
    @overload
    def __call__(self, name: Literal["handler_error"]) -> Decorates[S, HandlerFailure]: ...
    @overload
    def __call__(self, name: str) -> Decorates[S, Any]: ...
