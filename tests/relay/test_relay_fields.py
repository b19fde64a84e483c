"""`events()`: the fields of each frame."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import RelayResponse, relay
from suggestions.relay.fields import FrameFields


def answer(playground: Playground, **options: Any) -> RelayResponse:
    dialect = OpenAI(playground.openai_url, "any-key", "playground")
    return relay("What is 17 + 25?", dialect=dialect, **options)


def check(frames: list[FrameFields]) -> None:
    data = [json.loads(frame.data) for frame in frames]
    assert "42" in "".join(item.get("data", "") for item in data)
    assert data[-1] == {"type": "done", "finish_reason": "stop"}


def test_on_a_thread() -> None:
    with Playground() as playground:
        check(list(answer(playground).events()))


def test_in_a_task() -> None:
    async def collect(response: RelayResponse) -> list[FrameFields]:
        return [frame async for frame in response.events()]

    with Playground() as playground:
        check(asyncio.run(collect(answer(playground))))


def test_a_stored_answer_has_ids() -> None:
    with Playground() as playground:
        frames = list(answer(playground, id="of-fields").events())
    check(frames)
    assert all(frame.id for frame in frames)
