"""What a type checker knows of handlers: which payload comes with which name.

Each protocol is generic over the source, `S` or `X`. Imported by type checkers only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar, overload

from ..errors import SuggestionsError
from ..events import (
    AnswerFile,
    Citation,
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
from .handlers import Handler

S = TypeVar("S", covariant=True)
X = TypeVar("X")  # a source, too, for a protocol that both takes and returns it
T = TypeVar("T")

Fn = Callable[[S, Event[T]], object]
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
Calls = Literal["function_call_chunk", "function_done"]
Open = Literal["open"]
Message = Literal["message"]
Tool = Literal["tool_call_chunk", "tool_call"]
Cited = Literal["citation"]
Made = Literal["file"]
Object = Literal["object"]
Counts = Literal["usage"]
Again = Literal["retry"]
End = Literal["end"]
Raised = Literal["handler_error"]
Comment = Literal["comment"]
Error = Literal["error"]


class Decorates(Protocol[X, T]):
    def __call__(self, handler: Fn[X, T], /) -> Fn[X, T]: ...


class Connect(Protocol[S]):
    """`connect` and `once` of an answer's source. Any other name is one that the server sends."""

    @overload
    def __call__(self, name: Text, handler: Fn[S, str], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(
        self, name: Failed, handler: Fn[S, SuggestionsError], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Open, handler: Fn[S, ResponseInfo], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Message, handler: Fn[S, ServerSentEvent], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Calls, handler: Fn[S, FunctionCall], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(self, name: Tool, handler: Fn[S, ToolCall], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(self, name: Cited, handler: Fn[S, Citation], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(self, name: Made, handler: Fn[S, AnswerFile], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(self, name: Object, handler: Fn[S, Any], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(self, name: Counts, handler: Fn[S, Usage], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(self, name: Again, handler: Fn[S, Retry], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(self, name: End, handler: Fn[S, None], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(
        self, name: Raised, handler: Fn[S, HandlerFailure], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: str, handler: Fn[S, ServerSentEvent], *, weak: bool = ...
    ) -> Handler: ...


class On(Protocol[X]):
    """`on` of an answer's source, the decorator."""

    @overload
    def __call__(self, name: Text) -> Decorates[X, str]: ...
    @overload
    def __call__(self, name: Failed) -> Decorates[X, SuggestionsError]: ...
    @overload
    def __call__(self, name: Open) -> Decorates[X, ResponseInfo]: ...
    @overload
    def __call__(self, name: Message) -> Decorates[X, ServerSentEvent]: ...
    @overload
    def __call__(self, name: Calls) -> Decorates[X, FunctionCall]: ...
    @overload
    def __call__(self, name: Tool) -> Decorates[X, ToolCall]: ...
    @overload
    def __call__(self, name: Cited) -> Decorates[X, Citation]: ...
    @overload
    def __call__(self, name: Made) -> Decorates[X, AnswerFile]: ...
    @overload
    def __call__(self, name: Object) -> Decorates[X, Any]: ...
    @overload
    def __call__(self, name: Counts) -> Decorates[X, Usage]: ...
    @overload
    def __call__(self, name: Again) -> Decorates[X, Retry]: ...
    @overload
    def __call__(self, name: End) -> Decorates[X, None]: ...
    @overload
    def __call__(self, name: Raised) -> Decorates[X, HandlerFailure]: ...
    @overload
    def __call__(self, name: str) -> Decorates[X, Any]: ...


class ConnectToStream(Protocol[S]):
    """`connect` and `once` of an `EventSource`. Any other name is one that the server sends."""

    @overload
    def __call__(
        self, name: Open, handler: Fn[S, ResponseInfo], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(self, name: Comment, handler: Fn[S, str], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(
        self, name: Error, handler: Fn[S, SuggestionsError], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Raised, handler: Fn[S, HandlerFailure], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(self, name: Literal["*"], handler: Fn[S, Any], *, weak: bool = ...) -> Handler: ...
    @overload
    def __call__(self, name: str, handler: Fn[S, MessageEvent], *, weak: bool = ...) -> Handler: ...


class OnStream(Protocol[X]):
    """`on` of an `EventSource`, the decorator."""

    @overload
    def __call__(self, name: Open) -> Decorates[X, ResponseInfo]: ...
    @overload
    def __call__(self, name: Message) -> Decorates[X, MessageEvent]: ...
    @overload
    def __call__(self, name: Comment) -> Decorates[X, str]: ...
    @overload
    def __call__(self, name: Error) -> Decorates[X, SuggestionsError]: ...
    @overload
    def __call__(self, name: Raised) -> Decorates[X, HandlerFailure]: ...
    @overload
    def __call__(self, name: str) -> Decorates[X, Any]: ...
