"""Textual: Markdown while it is written, and a long conversation that is opened and scrolled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from time import perf_counter, thread_time
from typing import Any

from benchmarks.bench import Bench
from benchmarks.long_chat import STEPS, Opened, megabytes, saved
from benchmarks.markdown_texts import TEXTS
from benchmarks.report import Row, Section
from benchmarks.rounds import take_turns
from benchmarks.worker import Worker
from benchmarks.workloads.views import Busy

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


def open_and_scroll(messages: int) -> Opened:
    """Opens a conversation with messages of 2 kB, and scrolls up in it in steps of a wheel."""
    return asyncio.run(_opened(messages))


async def _opened(messages: int) -> Opened:
    from textual.app import App

    from suggestions.toolkits import textual
    from suggestions.views.textual import ChatPanel
    from suggestions.views.textual._message_list import MessageList

    app: App[None] = App()
    async with app.run_test(size=(100, 40)) as pilot:
        first = ChatPanel(saved(4, textual(app)))  # what is imported and loaded once
        await app.mount(first)
        await pilot.pause()
        await first.remove()
        chat = saved(messages, textual(app))
        before, begun = megabytes(), thread_time()
        panel = ChatPanel(chat)
        await app.mount(panel)
        await pilot.pause()
        took, more = thread_time() - begun, megabytes() - before
        rows = panel.query_one(MessageList)
        gaps, last = [], thread_time()
        for number in range(STEPS * 4):
            if number % 4 == 0:
                rows.scroll_relative(y=-3, animate=False)
            await asyncio.sleep(_FEED)
            now = thread_time()
            gaps.append(now - last)
            last = now
    return Opened(took * 1000, more, max(gaps) * 1000)


def views_textual(bench: Bench) -> Section:
    section = Section("Views in Textual", _TEXT, [])
    if find_spec("textual") is None:
        return section
    section.rows += _rows_of_opening(bench)
    for kind in TEXTS:
        section.rows += _rows(bench, kind)
    return section


def _rows_of_opening(bench: Bench) -> list[Row]:
    messages = bench.pick(1000, 1000, 20)

    def turn(worker: Worker, way: str) -> Opened:
        return Opened(*worker.call(open_and_scroll, messages))

    sets = bench.pick(3, 1, 1)
    taken = take_turns((_VIEW,), turn, lambda one: one.milliseconds, sets=sets, rounds=1)

    def row(name: str, of: Callable[[Opened], float], most: float | None, unit: str) -> Row:
        return Row(name, taken.figure(lambda one: of(one[_VIEW])), most, unit)

    return [
        row("1,000 messages: open", lambda one: one.milliseconds, 150, " ms"),
        row("1,000 messages: memory", lambda one: one.megabytes, 30, " MB"),
        row(
            "1,000 messages: longest gap while scrolling", lambda one: one.step, _LONGEST_GAP, " ms"
        ),
    ]


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
A conversation of 1,000 messages of 2 kB is opened, and scrolled by three lines 200 times. The gap
has no target: most of the longest one is Python's garbage collection, which looks at all that
Textual keeps of the lines that it has drawn; without it, it is 35 to 75 ms. And 55 kB of Markdown
come in pieces of five characters, 1,000 a second, in an app of Textual without a terminal, 100 by
40: for which share of these eleven seconds the app is busy, painting included, and how long it
works at most before it goes on with other things. Beside it is Textual's own
`Markdown.get_stream`."""
