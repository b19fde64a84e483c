"""Markdown in Textual while it is written: how busy the app is, and how long it stands still."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from time import perf_counter, thread_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.report import Row, Section
from benchmarks.rounds import take_turns
from benchmarks.worker import Worker
from benchmarks.workloads.views import TEXTS, Busy

_PIECE = 5  # characters, 1,000 times a second
_FEED = 0.004  # seconds between two looks at what is due

_VIEW = "ChatPanel"
_STREAM = "Markdown.get_stream"
_MOST = 0.5
_LONGEST_GAP = 110.0  # milliseconds, but for a table and a paragraph without an end
_ENDLESS = ("endless table", "endless paragraph")


def show(way: str, kind: str, characters: int) -> Busy:
    """Shows so many characters at 5,000 a second, in an app without a terminal."""
    opening, repeated = TEXTS[kind]
    text = (opening + repeated * (characters // len(repeated) + 1))[:characters]
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    return asyncio.run(_shown(way, pieces))


async def _shown(way: str, pieces: list[str]) -> Busy:
    from textual.app import App

    app: App[None] = App()
    async with app.run_test(size=(100, 40)) as pilot:
        write, finish = await _WAYS[way](app)
        await pilot.pause()
        gaps: list[float] = []
        begun, given = perf_counter(), 0
        spent = last = thread_time()
        while given < len(pieces):
            await asyncio.sleep(_FEED)
            now = thread_time()
            gaps.append(now - last)
            last = now
            due = min(len(pieces), int((perf_counter() - begun) * 1000))
            if due > given:
                await write("".join(pieces[given:due]))
            given = due
        await finish()
        # Not of the time that it took, which is longer if the text cannot be kept up with.
        share = (thread_time() - spent) / (len(pieces) / 1000)
    return Busy(share, max(gaps) * 1000)


Way = tuple[Callable[[str], Awaitable[object]], Callable[[], Awaitable[object]]]
"""Writes a piece; ends when all is shown."""


async def _panel(app: Any) -> Way:
    """The list of a panel, whose last message grows as a conversation's does: 30 times a second."""
    from suggestions.conversation.chat_message import ChatChange, ChatMessage
    from suggestions.views.textual._message_list import MessageList

    rows = MessageList()
    await app.mount(rows)
    message = ChatMessage("an answer", "assistant", status="streaming")
    rows.apply(ChatChange("added", message, 0))
    text, shown, due = "", 0, 0.0

    async def write(piece: str) -> None:
        nonlocal text, shown, due
        text += piece
        if perf_counter() >= due:
            due = perf_counter() + 1 / 30
            fields = frozenset({"text"})
            rows.apply(ChatChange("changed", message._replace(text=text), 0, fields, shown))
            shown = len(text)

    async def finish() -> None:
        over = message._replace(text=text, status="done")
        rows.apply(ChatChange("changed", over, 0, frozenset({"status", "text"}), shown))

    return write, finish


async def _stream(app: Any) -> Way:
    from textual.containers import VerticalScroll
    from textual.widgets import Markdown

    view = Markdown()
    holder = VerticalScroll(view)
    await app.mount(holder)
    holder.anchor()
    stream = Markdown.get_stream(view)
    return stream.write, stream.stop


_WAYS: dict[str, Callable[[Any], Awaitable[Way]]] = {_VIEW: _panel, _STREAM: _stream}


def views_textual(bench: Bench) -> Section:
    section = Section("Views in Textual", _TEXT, [])
    if find_spec("textual") is None:
        return section
    for kind in TEXTS:
        section.rows += _rows(bench, kind)
    return section


def _rows(bench: Bench, kind: str) -> list[Row]:
    characters = bench.pick(55_000, 15_000, 1_500)
    ways = tuple(_WAYS) if kind == "mixed" else (_VIEW,)

    def turn(worker: Worker, way: str) -> Busy:
        return Busy(*worker.call(show, way, kind, characters))

    busy = take_turns(ways, turn, lambda one: one.share, sets=1, rounds=1)
    share = busy.figure(lambda one: one[_VIEW].share)
    gap = busy.figure(lambda one: one[_VIEW].gap)
    longest = None if kind in _ENDLESS else _LONGEST_GAP
    rows = [
        Row(f"{kind}: share of the time that the app is busy", share, _MOST),
        Row(f"{kind}: longest gap", gap, longest, " ms"),
    ]
    if _STREAM in ways:
        rows += [
            Row(f"{kind}: {what} of {_VIEW} to that of {_STREAM}", busy.figure(of), 1.0)
            for what, of in (
                ("share", lambda one: one[_VIEW].share / one[_STREAM].share),
                ("longest gap", lambda one: one[_VIEW].gap / one[_STREAM].gap),
            )
        ]
    return rows


_TEXT = """\
55 kB of Markdown in pieces of five characters, 1,000 a second, in an app of Textual without a
terminal, 100 by 40: for which share of these eleven seconds the app is busy, painting included,
and how long it works at most before it goes on with other things. Beside it is Textual's own
`Markdown.get_stream`."""
