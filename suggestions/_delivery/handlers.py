"""Handlers as they are connected: in order, weakly, late, or called in a way of their own."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from blinker import ANY, Signal

if TYPE_CHECKING:
    from typing import Protocol

    class Abortable(Protocol):
        """What `add_event_listener(signal=…)` takes: anything that tells whether it was aborted."""

        @property
        def aborted(self) -> bool: ...


Handler = Callable[..., object]


class Cursor:
    """A place in the log: the entry to deliver next."""

    __slots__ = ("position",)

    def __init__(self) -> None:
        self.position = 0


class Adapter:
    """A handler called in another way than blinker's; found again by the handler itself."""

    def __init__(
        self,
        handler: Handler,
        call: Callable[[Any, Any], None],
        signal: Abortable | None = None,
        *,
        weak: bool = False,
    ) -> None:
        self.signal = signal
        self._refer = reference_to(handler, weak)
        self._call = call

    @property
    def handler(self) -> Handler | None:
        """None where it was known weakly, and is gone."""
        return self._refer()

    def __call__(self, target: Any, event: Any) -> None:
        self._call(target, event)


class Late:
    """A handler that has not caught up yet."""

    def __init__(self, name: str, handler: Handler, weak: bool, cursor: Cursor) -> None:
        self.name = name
        self.weak = weak
        self.cursor = cursor
        self.removed = False
        self._refer = reference_to(handler, weak)

    @property
    def handler(self) -> Handler | None:
        return self._refer()

    def receivers(self) -> tuple[Handler, ...]:
        handler = self.handler
        return () if handler is None else (handler,)


def reference_to(handler: Handler, weak: bool) -> Callable[[], Handler | None]:
    """Returns the handler, or None once it is gone."""
    if not weak:
        return lambda: handler
    return weakref.WeakMethod(handler) if hasattr(handler, "__self__") else weakref.ref(handler)


class _InOrder(dict[Any, None]):
    """A set that keeps its order, which blinker then calls by."""

    def add(self, item: Any) -> None:
        self[item] = None

    def discard(self, item: Any) -> None:
        self.pop(item, None)


class OrderedSignal(Signal):
    set_class = _InOrder  # type: ignore[assignment]  # typed as a set, used as the part of one
    has_weak = False


class Living:
    """The receivers of a signal that holds some weakly, asked for each time."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal

    def __iter__(self) -> Iterator[Handler]:
        return iter(list(self._signal.receivers_for(ANY)))


def is_aborted(connected: Handler) -> bool:
    signal = connected.signal if isinstance(connected, Adapter) else None
    return signal is not None and signal.aborted


def is_same(connected: Handler | None, handler: Handler) -> bool:
    """Whether both stand for one handler."""
    return connected is handler or original(connected) == original(handler)


def original(handler: Handler | None) -> Handler | None:
    return handler.handler if isinstance(handler, Adapter) else handler
