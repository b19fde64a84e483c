"""A browser's own clients go on with an answer that a store keeps, by what they do anyway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from proxy import Proxy
from relay_server import RelayServer

from suggestions.playground import Playground, streaming
from suggestions.relay.stores import MemoryStore

QUESTION = "Give me a list of tips for streaming"

EVENT_SOURCE = """(address) => new Promise((resolve) => {
    const frames = [];
    const source = new EventSource(address);
    source.onmessage = ({ data }) => {
        frames.push(JSON.parse(data));
        if (frames.at(-1).type === "content") return;
        source.close();
        resolve(frames);
    };
})"""
FETCH = """async ([address, body]) => {
    const { fetchEventSource } = await import("/modules/index.js");
    const frames = [];
    await fetchEventSource(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        openWhenHidden: true,
        onmessage({ data }) {
            if (data) frames.push(JSON.parse(data));
        },
        onclose() {
            if (frames.at(-1)?.type === "content") throw new Error("lost"); // so that it asks again
        },
        onerror() {
            return 200; // ms
        },
    });
    return frames;
}"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """An item for each question that the model got."""
    seen: list[None] = []
    play = streaming._play

    def count(*args: Any) -> Iterator[bytes]:
        seen.append(None)
        return play(*args)

    monkeypatch.setattr(streaming, "_play", count)
    return seen


class Cut:
    """The first connections with an answer are cut after so many bytes of it."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, reply: bytes) -> tuple[bytes, bool]:
        if self.left and b'"content"' in reply and b"id: 9" in reply:
            self.left -= 1
            return reply[: len(reply) // 2], True
        return reply, False


def check(frames: list[dict[str, str]], asked: list[None], cut: Cut) -> None:
    *pieces, last = frames
    assert (last["type"], last["finish_reason"]) == ("done", "stop")
    assert len(asked) == 1
    assert cut.left < 2
    with Playground(pace=0) as model:
        from suggestions import SuggestionsEventSource

        whole = SuggestionsEventSource(QUESTION, url=model.jetpack_url, token="t").result()
    assert "".join(piece["data"] for piece in pieces) == whole


def test_an_event_source_goes_on(tab: Any, asked: list[None]) -> None:
    cut = Cut(2)
    with (
        Playground(pace=0.01) as model,
        RelayServer(model, store=MemoryStore()) as relay,
        Proxy(relay.port, cut) as proxy,
    ):
        url = f"http://127.0.0.1:{proxy.port}"
        tab.goto(url)
        frames = tab.evaluate(EVENT_SOURCE, f"{url}/ask?id=mine&prompt={QUESTION}")
    check(frames, asked, cut)


def test_fetch_event_source_goes_on(tab: Any, modules: Path, asked: list[None]) -> None:
    cut = Cut(2)
    with (
        Playground(pace=0.01) as model,
        RelayServer(model, modules=modules, store=MemoryStore()) as relay,
        Proxy(relay.port, cut) as proxy,
    ):
        url = f"http://127.0.0.1:{proxy.port}"
        tab.goto(url)
        frames = tab.evaluate(FETCH, [f"{url}/ask", {"id": "mine", "prompt": QUESTION}])
    check(frames, asked, cut)
