"""The frames of an answer as fields, for a program or framework that writes them itself."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any, NamedTuple


class FrameFields(NamedTuple):
    """One server-sent event (WHATWG HTML, section 9.2.6). `data` is JSON as text; `retry` is in
    milliseconds."""

    data: str
    event: str | None = None
    id: str | None = None
    retry: int | None = None


class EventsOfAnswer:
    """An iterable of `FrameFields`, also an async one."""

    def __init__(
        self,
        chunks: Callable[[], Iterator[bytes]],
        achunks: Callable[[], AsyncGenerator[bytes, None]],
    ) -> None:
        self._chunks = chunks
        self._achunks = achunks

    def __iter__(self) -> Iterator[FrameFields]:
        rest = b""
        for data in self._chunks():  # a generator, which ends with this one
            frames, rest = _split(rest + data)
            yield from frames

    async def __aiter__(self) -> AsyncGenerator[FrameFields, None]:
        rest = b""
        async with aclosing(self._achunks()) as chunks:
            async for data in chunks:
                frames, rest = _split(rest + data)
                for frame in frames:
                    yield frame


def _split(wire: bytes) -> tuple[list[FrameFields], bytes]:
    """The whole frames, and what follows the last of them. Comments are dropped."""
    *blocks, rest = wire.split(b"\n\n")
    read = (_fields(block.decode()) for block in blocks)
    return [fields for fields in read if fields is not None], rest


def _fields(block: str) -> FrameFields | None:
    found: dict[str, Any] = {}
    data = []
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "retry":
            found[name] = int(value)
        elif name in ("event", "id"):
            found[name] = value
    return FrameFields("\n".join(data), **found) if data else None
