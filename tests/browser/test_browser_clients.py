"""The relay as a browser's own clients read it: `EventSource`, and Microsoft's with `fetch`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from relay_server import SOON, RelayServer

from suggestions.playground import Playground

QUESTION = "Write a haiku"
HAIKU = "Small words cross the wire,\none token after the next:\nthe stream finds the sea."


class Origins(NamedTuple):
    """The server of the page, and that of the relay, which may be the same."""

    page: RelayServer
    relay: RelayServer


@pytest.fixture(scope="module")
def model() -> Iterator[Playground]:
    with Playground(pace=0.005) as playground:
        yield playground


@pytest.fixture(params=["same origin", "cross origin"])
def origins(request: pytest.FixtureRequest, model: Playground) -> Iterator[Origins]:
    # Only the tests with the package want it; the others do without npm.
    wanted = "modules" in request.fixturenames
    modules = request.getfixturevalue("modules") if wanted else None
    if request.param == "same origin":
        with RelayServer(model, modules=modules) as server:
            yield Origins(server, server)
        return
    with (
        RelayServer(model, modules=modules) as page,
        RelayServer(model, modules=modules, cors=page.url) as relay,
    ):
        yield Origins(page, relay)


def check_frames(frames: list[dict[str, str]]) -> None:
    *pieces, last = frames
    assert "".join(piece["data"] for piece in pieces) == HAIKU
    assert len(pieces) > 10
    assert (last["type"], last["finish_reason"]) == ("done", "stop")


# EventSource

LISTEN = """([address, ends]) => new Promise((resolve) => {
    const frames = [];
    const source = new EventSource(address);
    const finish = () => resolve({ frames, state: source.readyState });
    source.onmessage = ({ data }) => {
        const frame = JSON.parse(data);
        frames.push(frame);
        if (!ends.includes(frame.type)) return;
        source.close();
        finish();
    };
    source.onerror = finish;
})"""
CONNECTING, CLOSED = 0, 2  # what `readyState` can be where it is not open
ENDS = ["done", "error"]


def listen(tab: Any, origins: Origins, query: str = "", ends: list[str] = ENDS) -> Any:
    tab.goto(origins.page.url)
    address = f"{origins.relay.url}/ask?prompt={QUESTION}{query}"
    return tab.evaluate(LISTEN, [address, ends])


def test_an_event_source_reads_the_answer(tab: Any, origins: Origins) -> None:
    received = listen(tab, origins)
    check_frames(received["frames"])
    assert received["state"] == CLOSED
    assert origins.relay.asked == ["GET"]


def test_an_event_source_that_is_not_closed_would_ask_again(tab: Any, origins: Origins) -> None:
    received = listen(tab, origins, ends=[])
    check_frames(received["frames"])
    assert received["state"] == CONNECTING


@pytest.mark.parametrize(
    ("fail", "code"), [("429", "error_quota_exceeded"), ("cut", "error_network")]
)
def test_an_event_source_reads_a_failure(tab: Any, origins: Origins, fail: str, code: str) -> None:
    received = listen(tab, origins, f"&fail={fail}")
    assert [frame.get("code") for frame in received["frames"]][-1] == code
    assert received["state"] == CLOSED
    assert origins.relay.asked == ["GET"]


def test_an_event_source_that_is_closed_stops_the_model(
    tab: Any, origins: Origins, left: threading.Event
) -> None:
    received = listen(tab, origins, "&fail=silence", ends=["content"])
    assert HAIKU.startswith(received["frames"][0]["data"])
    assert left.wait(SOON)


def test_an_event_source_gives_up_at_a_status(tab: Any, origins: Origins) -> None:
    tab.goto(origins.page.url)
    received = tab.evaluate(LISTEN, [f"{origins.relay.url}/status/500", ENDS])
    assert received == {"frames": [], "state": CLOSED}
    assert origins.relay.asked == ["GET"]


def test_another_origin_may_not_read_what_is_not_open_to_it(tab: Any, model: Playground) -> None:
    for cors in (None, "https://other.example"):
        with RelayServer(model) as page, RelayServer(model, cors=cors) as relay:
            received = listen(tab, Origins(page, relay))
            assert received == {"frames": [], "state": CLOSED}


# @microsoft/fetch-event-source

FETCH = """async ([address, body, stopAt]) => {
    const { fetchEventSource } = await import("/modules/index.js");
    const frames = [];
    const controller = new AbortController();
    let failed = null;
    try {
        await fetchEventSource(address, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(body),
            signal: controller.signal,
            openWhenHidden: true, // else it asks again whenever the tab comes to the front
            async onopen(response) {
                if (!response.ok) throw new Error(`status ${response.status}`);
            },
            onmessage({ data }) {
                if (!data) return; // it reports comments, too
                const frame = JSON.parse(data);
                frames.push(frame);
                if (frame.type === stopAt) controller.abort();
            },
            onerror(error) {
                throw error; // else it asks again
            },
        });
    } catch (error) {
        failed = error.message;
    }
    return { frames, failed };
}"""


def fetch(tab: Any, origins: Origins, path: str, fail: str = "", stop_at: str = "") -> Any:
    tab.goto(origins.page.url)
    body = {"prompt": QUESTION, "fail": fail}
    return tab.evaluate(FETCH, [f"{origins.relay.url}{path}", body, stop_at])


def posts(origins: Origins) -> int:
    return origins.relay.asked.count("POST")


def test_fetch_event_source_reads_the_answer(tab: Any, modules: Path, origins: Origins) -> None:
    received = fetch(tab, origins, "/ask")
    check_frames(received["frames"])
    assert received["failed"] is None
    assert posts(origins) == 1
    assert ("OPTIONS" in origins.relay.asked) == (origins.page is not origins.relay)


def test_fetch_event_source_reads_a_failure(tab: Any, modules: Path, origins: Origins) -> None:
    received = fetch(tab, origins, "/ask", fail="stream-overloaded")
    assert received["frames"][-1]["code"] == "error_service_unavailable"
    assert received["failed"] is None
    assert posts(origins) == 1


def test_fetch_event_source_stops_the_model(
    tab: Any, modules: Path, origins: Origins, left: threading.Event
) -> None:
    received = fetch(tab, origins, "/ask", fail="silence", stop_at="content")
    assert HAIKU.startswith(received["frames"][0]["data"])
    assert received["failed"] is None
    assert left.wait(SOON)
    assert posts(origins) == 1


@pytest.mark.parametrize("status", [401, 500])
def test_fetch_event_source_gives_up_at_a_status(
    tab: Any, modules: Path, origins: Origins, status: int
) -> None:
    received = fetch(tab, origins, f"/status/{status}")
    assert received == {"frames": [], "failed": f"status {status}"}
    assert posts(origins) == 1
