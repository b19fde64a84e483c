"""The relay read by `fetch` with eventsource-parser, as `docs/relay.md` shows it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from relay_server import SOON, RelayServer

from suggestions.playground import Playground

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "tests/front_ends/node/eventsource_parser/node_modules/eventsource-parser/dist"
HAIKU = "Small words cross the wire,\none token after the next:\nthe stream finds the sea."

if not MODULES.exists():
    pytest.skip("eventsource-parser is not installed: make front-ends", allow_module_level=True)


def snippet() -> str:
    """The block of the document, with the address and the question of a test."""
    blocks = re.findall(r"```js\n(.*?)```", (ROOT / "docs/relay.md").read_text("utf-8"), re.S)
    [code] = [block for block in blocks if "EventSourceParserStream" in block]
    code = code.replace(
        'import { EventSourceParserStream } from "eventsource-parser/stream"',
        'const { EventSourceParserStream } = await import("/modules/stream.js")',
    )
    body = '{ prompt: "Hello" }'
    assert code.count(body) == code.count('"/ask"') == 1
    return code.replace(body, "body").replace('"/ask"', "address")


RUN = """async ([address, body, stops]) => {
    const pieces = [];
    const output = { append(text) { pieces.push(text); if (stops) controller.abort(); } };
    let failed = null;
    try { %s } catch (error) { failed = `${error.name}: ${error.message}`; }
    return { pieces, failed };
}"""


@pytest.fixture(scope="module")
def model() -> Iterator[Playground]:
    with Playground(pace=0.005) as playground:
        yield playground


def run(tab: Any, server: RelayServer, *, fail: str = "", stops: bool = False) -> Any:
    tab.goto(server.url)
    code = RUN % snippet().replace("const controller", "var controller")
    body = {"prompt": "Write a haiku", **({"fail": fail} if fail else {})}
    return tab.evaluate(code, [f"{server.url}/ask", body, stops])


def test_it_reads_the_answer(tab: Any, model: Playground) -> None:
    with RelayServer(model, modules=MODULES) as server:
        read = run(tab, server)
    assert ("".join(read["pieces"]), read["failed"]) == (HAIKU, None)
    assert len(read["pieces"]) > 10


def test_it_reads_a_failure(tab: Any, model: Playground) -> None:
    with RelayServer(model, modules=MODULES) as server:
        read = run(tab, server, fail="429")
    assert read["pieces"] == []
    assert read["failed"].startswith("Error: Too many requests")


def test_abort_stops_the_model(tab: Any, model: Playground, left: threading.Event) -> None:
    with RelayServer(model, modules=MODULES) as server:
        read = run(tab, server, fail="silence", stops=True)
        assert left.wait(SOON)
    assert HAIKU.startswith("".join(read["pieces"]))
    assert read["failed"].startswith("AbortError")
