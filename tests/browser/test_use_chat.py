"""React's `useChat`, of each version of Vercel's AI SDK, with the page of `examples/react_chat` and
a relay with `frames="ui"`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from node_packages import VERSIONS, folder_of
from proxy import Proxy
from redis_server import redis_server
from ui_backend import Backends
from waiting import SOON

from suggestions.playground import streaming

EXAMPLE = Path(__file__).parents[2] / "examples" / "react_chat"
QUESTION = "Give me a list of tips for streaming"
LAST_WORDS = "offer to try again."
OFFLINE = 5_000  # milliseconds, as a train in a tunnel


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def script(version: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's script, with the packages of that version in it."""
    folder = folder_of(version)
    made = tmp_path_factory.mktemp(version) / "page.js"
    command = [str(folder / "node_modules" / ".bin" / "esbuild"), str(EXAMPLE / "page.jsx")]
    command += ["--bundle", "--format=esm", "--jsx=automatic", f"--outfile={made}"]
    environ = {**os.environ, "NODE_PATH": str(folder / "node_modules")}
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environ)
    return made


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


@pytest.fixture
def serve(script: Path, tmp_path: Path) -> Iterator[Backends]:
    with Backends(tmp_path, script) as backends:
        yield backends


def open_page(tab: Any, port: int) -> None:
    tab.goto(f"http://127.0.0.1:{port}/#chat-1")
    tab.evaluate("localStorage.clear()")
    tab.reload()


def ask(tab: Any, question: str) -> None:
    tab.fill("textarea", question)
    tab.click("#send")


def until(tab: Any, status: str) -> None:
    tab.wait_for_function(
        "(status) => document.querySelector('#status')?.textContent === status", arg=status
    )


def until_text(tab: Any, words: str) -> None:
    tab.wait_for_function(
        "(words) => document.querySelector('.assistant')?.textContent.includes(words)", arg=words
    )


def answers(tab: Any) -> list[str]:
    return list(tab.locator(".assistant").all_inner_texts())


def test_text_reasoning_and_sources(tab: Any, serve: Backends) -> None:
    open_page(tab, serve().port)
    ask(tab, "Please think: who won the world cup in 2022? Cite your sources.")
    until_text(tab, "hat-trick for France")
    until(tab, "ready")
    (answer,) = answers(tab)
    assert "1978 and 1986." in answer
    assert tab.locator(".reasoning").inner_text()
    assert tab.locator(".assistant a").first.get_attribute("href").startswith("https://example.com")


def test_a_tool_call(tab: Any, serve: Backends) -> None:
    open_page(tab, serve().port)
    ask(tab, "What does get weather say of Oslo?")
    tab.wait_for_selector(".tool")
    until(tab, "ready")
    assert tab.locator(".tool").inner_text().startswith('get_weather({"city":')


@pytest.mark.parametrize("store", ["memory", "none"])
def test_stop_reaches_the_service(tab: Any, serve: Backends, left: Any, store: str) -> None:
    open_page(tab, serve(pace=0.05, STORE=store).port)
    ask(tab, QUESTION)
    until_text(tab, "Start early")
    tab.click("#stop")
    assert left.wait(SOON)
    until(tab, "ready")
    assert LAST_WORDS not in answers(tab)[0]
    tab.reload()  # what was stopped does not come back
    until(tab, "ready")
    assert LAST_WORDS not in answers(tab)[0]


def test_a_refusal_of_the_service(tab: Any, serve: Backends) -> None:
    open_page(tab, serve().port)
    ask(tab, "Hello, fail=429")
    until(tab, "error")
    assert "try again" in tab.locator(".error").inner_text().lower()
    assert answers(tab) == []


def test_a_cut(tab: Any, serve: Backends) -> None:
    open_page(tab, serve().port)
    ask(tab, f"{QUESTION}, fail=cut")
    until(tab, "error")
    assert "could not be completed" in tab.locator(".error").inner_text()
    assert "Here are five things" in answers(tab)[0]


def test_regenerate(tab: Any, serve: Backends, asked: list[None]) -> None:
    open_page(tab, serve().port)
    ask(tab, QUESTION)
    until_text(tab, LAST_WORDS)
    until(tab, "ready")
    first = tab.evaluate("JSON.parse(localStorage.getItem('chat-1')).at(-1).id")
    tab.click("#again")
    tab.wait_for_function(
        "(first) => JSON.parse(localStorage.getItem('chat-1')).at(-1).id !== first"
        " && document.querySelector('#status').textContent === 'ready'",
        arg=first,
    )
    assert len(asked) == 2
    (answer,) = answers(tab)
    assert answer.count(LAST_WORDS) == 1


def test_a_reload_goes_on(tab: Any, serve: Backends, asked: list[None]) -> None:
    open_page(tab, serve(pace=0.02).port)
    ask(tab, QUESTION)
    until_text(tab, "Start early")
    tab.reload()
    until_text(tab, LAST_WORDS)
    until(tab, "ready")
    check_whole(tab, asked)


def check_whole(tab: Any, asked: list[None]) -> None:
    (answer,) = answers(tab)
    assert answer.startswith("Here are five things")
    assert answer.count("Start early") == answer.count(LAST_WORDS) == 1
    assert len(asked) == 1


def test_five_seconds_offline(tab: Any, serve: Backends, version: str, asked: list[None]) -> None:
    with Proxy(serve(pace=0.08).port) as proxy:
        open_page(tab, proxy.port)
        ask(tab, QUESTION)
        until_text(tab, "Start early")
        proxy.is_away = True
        proxy.cut()
        tab.context.set_offline(True)
        until(tab, "error")
        tab.wait_for_timeout(OFFLINE)
        proxy.is_away = False
        tab.context.set_offline(False)
        until_text(tab, LAST_WORDS)
        until(tab, "ready")
    check_whole(tab, asked)


def test_it_comes_back_when_its_page_is_shown_again(
    tab: Any, serve: Backends, version: str, asked: list[None]
) -> None:
    with Proxy(serve(pace=0.05).port) as proxy:
        open_page(tab, proxy.port)
        ask(tab, QUESTION)
        until_text(tab, "Start early")
        proxy.cut()
        until(tab, "error")
        tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        until_text(tab, LAST_WORDS)
        until(tab, "ready")
    if version == "ai5":  # it shows the beginning twice, as with any replay
        assert answers(tab)[0].count("Start early") == 2
    else:
        check_whole(tab, asked)


def test_a_reload_at_another_worker(
    tab: Any, serve: Backends, asked: list[None], tmp_path: Path
) -> None:
    with redis_server(tmp_path) as redis:
        first, second = (serve(pace=0.05, REDIS=redis.url) for _ in range(2))
        with Proxy(first.port) as proxy:
            open_page(tab, proxy.port)
            ask(tab, QUESTION)
            until_text(tab, "Start early")
            proxy.target = second.port
            proxy.cut()  # as a browser keeps connections
            with tab.expect_response("**/stream") as told:
                tab.reload()
            assert told.value.headers["x-worker"] == str(second.process.pid)
            until_text(tab, LAST_WORDS)
            until(tab, "ready")
            check_whole(tab, asked)


def test_what_is_no_question_is_the_pages_fault(tab: Any, serve: Backends) -> None:
    open_page(tab, serve().port)
    status, words = tab.evaluate(
        """async () => {
            const body = JSON.stringify({ id: "chat-1", messages: [{ role: "user", parts: [] }] });
            const headers = { "Content-Type": "application/json" };
            const response = await fetch("/api/chat", { method: "POST", headers, body });
            return [response.status, await response.text()];
        }"""
    )
    assert status == 400
    assert words == "messages[0].parts has no question: expected a text or a file"
