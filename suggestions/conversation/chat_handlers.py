"""What a type checker knows of a conversation's handlers: which payload comes with which name.

Imported by type checkers only.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, overload

from .._delivery.handler_types import Decorates, Fn, Raised, S, X
from .._delivery.handlers import Handler
from ..events import HandlerFailure
from .changes import ConversationStatus
from .chat_message import ChatChange, ChatDetail, ChatMessage

Change = Literal["change"]
Status = Literal["status"]
Whole = Literal["done", "error", "tool_call", "tool_result"]


class ConnectToChat(Protocol[S]):
    """`connect` and `once`. Any other name is one of an answer's source."""

    @overload
    def __call__(
        self, name: Change, handler: Fn[S, ChatChange], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Status, handler: Fn[S, ConversationStatus], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Whole, handler: Fn[S, ChatMessage], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(
        self, name: Raised, handler: Fn[S, HandlerFailure], *, weak: bool = ...
    ) -> Handler: ...
    @overload
    def __call__(self, name: str, handler: Fn[S, ChatDetail], *, weak: bool = ...) -> Handler: ...


class OnChat(Protocol[X]):
    """`on`, the decorator."""

    @overload
    def __call__(self, name: Change) -> Decorates[X, ChatChange]: ...
    @overload
    def __call__(self, name: Status) -> Decorates[X, ConversationStatus]: ...
    @overload
    def __call__(self, name: Whole) -> Decorates[X, ChatMessage]: ...
    @overload
    def __call__(self, name: Raised) -> Decorates[X, HandlerFailure]: ...
    @overload
    def __call__(self, name: str) -> Decorates[X, Any]: ...
