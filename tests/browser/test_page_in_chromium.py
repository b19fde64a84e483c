"""The playground's page, in a real browser."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from proxy import Proxy

from suggestions.playground import FAILURES, Playground, streaming
from suggestions.playground.page import WIRES

QUESTION = "Write a haiku"
HAIKU = "Small words cross the wire,\none token after the next:\nthe stream finds the sea."
TOKEN = "secret-of-the-tests"
SOON = 30.0  # seconds; a bound for what ends at once, never a measure


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0.005) as playground:
        yield playground


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay looks for the browser more often than a person would notice."""
    monkeypatch.setattr("suggestions.playground.page._HEARTBEAT", 0.1)
    monkeypatch.setattr("suggestions.playground.page._ABANDON_AFTER", 3.0)


@pytest.fixture
def page(tab: Any, playground: Playground) -> Any:
    tab.goto(playground.page_url)
    return tab


def ask(page: Any, question: str = QUESTION, fail: str = "", wire: str = "openai") -> None:
    page.select_option("#failure", fail)
    page.select_option("#wire", wire)
    page.fill("#question", question)
    page.press("#question", "Enter")


def end(page: Any, *states: str) -> str:
    """What the page says at the end, which is one of the states."""
    states = states or ("done",)
    page.wait_for_selector(",".join(f"#status[data-state={state}]" for state in states))
    return str(page.inner_text("#status"))


def answer(page: Any) -> str:
    return str(page.text_content("#answer"))


def events(page: Any) -> list[list[str]]:
    """Each row's time, name and data."""
    return list(
        page.eval_on_selector_all(
            "#events tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
    )


# An answer


def test_the_answer_grows_before_it_ends(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = threading.Semaphore(0)
    play = streaming._play

    def play_in_parts(*args: Any) -> Iterator[bytes]:
        for number, piece in enumerate(play(*args)):
            if number in (6, 12):
                assert shown.acquire(timeout=SOON)
            yield piece

    monkeypatch.setattr(streaming, "_play", play_in_parts)
    page.evaluate(
        """() => {
            window.seen = [];
            const answer = document.getElementById("answer");
            new MutationObserver(() => seen.push(answer.textContent)).observe(
                answer, { childList: true, subtree: true, characterData: true });
        }"""
    )
    ask(page)
    for count in (1, 2):
        page.wait_for_function("count => new Set(seen.filter(Boolean)).size >= count", arg=count)
        shown.release()
    assert re.fullmatch(r"Done: 15 words in [\d.]+ s\.", end(page))
    assert answer(page) == HAIKU
    seen = [text for text in page.evaluate("seen") if text]
    assert len(set(seen)) > 2
    assert all(HAIKU.startswith(text) for text in seen)
    assert page.is_disabled("#stop")


def test_the_events_stand_beside_it_with_their_times(page: Any) -> None:
    ask(page)
    end(page)
    rows = [row for row in events(page) if row[1] != "comment"]
    assert [name for _, name, _ in rows[:2]] == ["asked", "open"]
    assert rows[1][2] == "200 text/event-stream; charset=utf-8"
    assert "".join(json.loads(data) for _, name, data in rows if name == "content") == HAIKU
    assert rows[-1][1] == "done"
    times = [int(ms) for ms, _, _ in rows]
    assert times == sorted(times)
    assert times[0] < times[-1]


@pytest.mark.parametrize("wire", sorted(set(WIRES) - {"openai"}))
def test_another_wire_says_the_same(page: Any, wire: str) -> None:
    ask(page, wire=wire)
    end(page)
    assert answer(page) == HAIKU
    assert page.inner_text("#wire-hint") == f"POST {WIRES[wire]}"


def test_the_next_question_takes_the_place_of_the_one_before(page: Any) -> None:
    ask(page, fail="silence")
    page.wait_for_selector("#status[data-state=writing]")
    ask(page)
    end(page)
    assert answer(page) == HAIKU
    names = [row[1] for row in events(page)]
    assert names.count("asked") == 1
    assert "stopped" not in names


PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"
    "hgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_images_and_sources_stand_under_the_answer(page: Any) -> None:
    sent = [
        {"type": "reasoning", "data": "Hm."},
        {"type": "content", "data": "It is so."},
        {"type": "citation", "data": {"url": "https://a.example/<b>", "title": "<i>A</i>"}},
        {"type": "citation", "data": {"url": "https://a.example/<b>", "title": "<i>A</i>"}},
        {"type": "citation", "data": {"url": "javascript:alert(1)", "title": "no"}},
        {"type": "file", "data": {"url": PIXEL[:-8], "partial": True}},
        {"type": "file", "data": {"url": PIXEL, "partial": False}},
        {"type": "file", "data": {"url": "https://files.example/a.png", "partial": False}},
        {"type": "done"},
    ]
    body = "".join(f"data: {json.dumps(frame)}\n\n" for frame in sent)
    page.route(
        "**/ask",
        lambda route: route.fulfill(body=body, headers={"Content-Type": "text/event-stream"}),
    )
    ask(page)
    end(page)
    assert answer(page) == "It is so."
    assert page.text_content("#sources") == "<i>A</i>"
    assert page.get_attribute("#sources a", "href") == "https://a.example/<b>"
    assert page.locator("#images img").count() == 1
    page.wait_for_function("document.querySelector('#images img').naturalWidth === 1")
    assert [row[1] for row in events(page)].count("citation") == 3
    page.unroute("**/ask")
    ask(page)
    end(page)
    assert page.locator("#images img, #sources li").count() == 0


def test_the_playground_cites_and_draws(page: Any) -> None:
    ask(page, "Who won the world cup in 2022? Cite your sources.", wire="responses")
    end(page)
    assert page.locator("#sources a").count() >= 1
    ask(page, "Draw a cat", wire="responses")
    end(page)
    assert page.locator("#sources a").count() == 0
    page.wait_for_function("document.querySelector('#images img').naturalWidth > 0")


# Stop


@pytest.mark.parametrize("way", ["button", "key"])
@pytest.mark.parametrize("fail", ["silence", "slow-headers"])
def test_stop_stops_both_sides(page: Any, left: Any, fail: str, way: str) -> None:
    ask(page, fail=fail)
    if fail == "silence":
        page.wait_for_selector("#answer p")
    assert left.begun.wait(SOON)
    assert not left.is_set()
    if way == "button":
        page.click("#stop")
    else:
        page.press("#failure", "Escape")
    assert "Stopped" in end(page, "stopped")
    assert left.wait(SOON), "the model goes on"
    kept = answer(page)
    assert HAIKU.startswith(kept)
    assert bool(kept) == (fail == "silence")
    assert events(page)[-1][1] == "stopped"
    ask(page)
    end(page)
    assert answer(page) == HAIKU


def test_the_keyboard_has_somewhere_to_go_on_from(page: Any) -> None:
    ask(page, fail="silence")
    page.wait_for_selector("#status[data-state=writing]")
    page.focus("#stop")
    page.keyboard.press("Enter")
    end(page, "stopped")
    assert page.evaluate("document.activeElement.id") == "question"


def test_closing_the_page_stops_the_model(tab: Any, playground: Playground, left: Any) -> None:
    tab.goto(playground.page_url)
    ask(tab, fail="silence")
    tab.wait_for_selector("#answer p")
    tab.goto("about:blank")
    assert left.wait(SOON)


# A page that comes back

LONG = "Give me a list of tips for streaming"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Playground, list[None]]]:
    """A playground that takes some seconds for an answer, and an item for each question that its
    model got."""
    asked: list[None] = []
    play = streaming._play

    def count(*args: Any) -> Iterator[bytes]:
        asked.append(None)
        return play(*args)

    monkeypatch.setattr(streaming, "_play", count)
    with Playground(pace=0.03) as playground:
        yield playground, asked


def whole(tab: Any, playground: Playground) -> str:
    """The text of that answer, as another page shows it."""
    other = tab.context.browser.new_page()
    other.goto(playground.page_url)
    ask(other, LONG)
    other.wait_for_selector("#status[data-state=done]")
    text = answer(other)
    other.close()
    return text


def test_a_reload_in_mid_answer_loses_nothing(tab: Any, slow: Any) -> None:
    playground, asked = slow
    tab.goto(playground.page_url)
    ask(tab, LONG)
    tab.wait_for_selector("#answer li")
    before = answer(tab)
    for _ in range(3):
        tab.reload()
        tab.wait_for_selector("#answer li")
    end(tab)
    assert len(asked) == 1
    text = answer(tab)
    assert text.startswith(before[:60])
    tab.reload()  # after the end, too
    end(tab)
    assert answer(tab) == text
    assert text == whole(tab, playground)


def test_a_page_that_was_offline_goes_on(tab: Any, slow: Any) -> None:
    """Chromium's switch refuses new connections; the proxy ends those that there are."""
    playground, asked = slow
    with Proxy(urlsplit(playground.url).port or 0) as proxy:
        tab.goto(f"http://127.0.0.1:{proxy.port}/")
        ask(tab, LONG)
        tab.wait_for_selector("#answer li")
        tab.context.set_offline(True)
        proxy.cut()
        tab.wait_for_timeout(5000)
        assert tab.get_attribute("#status", "data-state") == "writing"
        tab.context.set_offline(False)
        end(tab)
        text = answer(tab)
        assert "lost" in [name for _, name, _ in events(tab)]
    assert len(asked) == 1
    assert text == whole(tab, playground)


def test_two_tabs_show_one_answer_and_either_stops_it(tab: Any, slow: Any, left: Any) -> None:
    playground, asked = slow
    tab.goto(playground.page_url)
    ask(tab, LONG)
    tab.wait_for_selector("#answer li")
    other = tab.context.browser.new_page()
    other.goto(tab.url)
    other.wait_for_selector("#answer li")
    other.click("#stop")
    assert left.wait(SOON)
    assert end(other, "stopped").startswith("Stopped after ")
    assert end(tab, "stopped").startswith("Stopped after ")
    assert len(asked) == 1
    tab.reload()
    assert end(tab, "stopped").startswith("Stopped after ")
    assert answer(tab).startswith(answer(other)[:60])
    other.close()


def test_an_answer_that_has_expired_is_shown_as_such(tab: Any, playground: Playground) -> None:
    tab.goto(f"{playground.page_url}#unknown")
    assert "no such answer" in end(tab, "failed")
    ask(tab)
    end(tab)
    assert answer(tab)


# Failures

UNTIL_STOPPED = {"silence", "slow-headers"}
NO_FAILURE = {"empty-answer", "no-done", "whole"}  # an answer like any other, on this wire
QUOTA = {"402", "429", "insufficient_quota", "stream-rate-limit", "stream-quota"}
MODERATION = {"422", "content_filter", "stream-content-filter", "finish-content-filter"}
UNAVAILABLE = {"503", "529", "stream-overloaded"}


def code_of(failure: str) -> str:
    named = {
        "error_quota_exceeded": QUOTA,
        "error_moderation": MODERATION,
        "error_service_unavailable": UNAVAILABLE,
        "error_context_too_large": {"413", "context"},
        "error_unclear_prompt": {"marker", "marker-cut"},
    }
    return next((code for code, names in named.items() if failure in names), "error_network")


@pytest.mark.parametrize("failure", sorted(set(FAILURES) - UNTIL_STOPPED))
def test_every_failure_is_shown(page: Any, failure: str) -> None:
    ask(page, fail=failure)
    assert page.inner_text("#failure-hint") == FAILURES[failure]
    told = end(page, "failed", "done")
    if failure in NO_FAILURE:
        assert told.startswith("Done")
        return
    assert re.fullmatch(rf"Failed: .+ \({code_of(failure)}\)", told)
    assert [row[1] for row in events(page)[-2:]] == ["error", "failed"]
    assert page.is_disabled("#stop")
    if failure.startswith("stream-"):
        assert answer(page)
        assert HAIKU.startswith(answer(page))


def test_a_relay_that_goes_away_is_shown(tab: Any) -> None:
    with Playground(pace=0.005) as playground:
        tab.goto(playground.page_url)
        ask(tab, fail="silence")
        tab.wait_for_selector("#answer p")
        playground.stop()
        assert "(error_network)" in end(tab, "failed")
        assert HAIKU.startswith(answer(tab))
        ask(tab)
        assert "connection" in end(tab, "failed")


@pytest.mark.parametrize(
    ("response", "told"),
    [
        ({"status": 500, "body": "<p>oops"}, "status 500"),
        ({"status": 200, "body": "<p>Sign in", "content_type": "text/html"}, "text/html"),
        ({"status": 429, "json": {"error": "Slow down.", "code": "error_quota_exceeded"}}, "Slow"),
        ({"status": 200, "content_type": "text/event-stream", "body": ""}, "ended before"),
        ({"status": 200, "content_type": "text/event-stream", "body": "data: {\n\n"}, "frame"),
        ({"status": 200, "content_type": "text/event-stream", "body": "data: null\n\n"}, "frame"),
    ],
)
def test_another_answer_than_the_relays_is_told(page: Any, response: Any, told: str) -> None:
    page.route("**/ask", lambda route: route.fulfill(**response))
    ask(page)
    assert told in end(page, "failed")


def test_without_a_question_nothing_is_asked(page: Any) -> None:
    ask(page, "  ")
    assert page.inner_text("#status") == "Type a question first."
    assert not events(page)


def test_a_playground_with_a_token_says_so(tab: Any) -> None:
    with Playground(pace=0, token=TOKEN) as playground:
        tab.goto(playground.page_url)
        ask(tab)
        assert "API key" in end(tab, "failed")
        tab.fill("#token", TOKEN)
        ask(tab)
        end(tab)
        assert answer(tab) == HAIKU
        assert TOKEN not in str(events(tab))


# For those who do not see it, or see it small


def test_a_screen_reader_hears_the_states_and_not_the_tokens(page: Any) -> None:
    page.evaluate(
        """() => {
            window.said = [];
            const status = document.getElementById("status");
            new MutationObserver(() => said.push(status.textContent)).observe(
                status, { childList: true, subtree: true, characterData: true });
        }"""
    )
    ask(page)
    end(page)
    assert [text.split()[0] for text in page.evaluate("said")] == ["Waiting", "Writing", "Done:"]
    live = page.eval_on_selector_all(
        "[aria-live], [role=status], [role=alert]", "all => all.length"
    )
    assert live == 1
    snapshot = page.locator("main").aria_snapshot()
    for named in ('textbox "Question"', 'combobox "Failure"', 'button "Ask"', 'region "Answer"'):
        assert named in snapshot


def test_tab_goes_from_the_question_to_the_answer(page: Any) -> None:
    ask(page, fail="silence")
    page.wait_for_selector("#status[data-state=writing]")
    page.focus("#question")
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id"))
    assert order == ["wire", "failure", "ask", "stop", "answer", "log"]
    page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_narrow_enough_and_has_contrast(
    browser: Any, playground: Playground, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    page.goto(playground.page_url)
    ask(page, "x" * 110)
    end(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    for selector in ("body", ".hint", ".status", "#answer code", "button[type=submit]", "#stop"):
        assert page.eval_on_selector(selector, CONTRAST) >= 4.5, selector
    page.close()


def test_on_a_phone_it_scrolls_to_the_answer(browser: Any, playground: Playground) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 664})
    page.goto(playground.page_url)
    most_is_below = """() => {
        const { bottom, height } = document.getElementById("answer").getBoundingClientRect();
        return bottom - innerHeight > height / 2;
    }"""
    assert page.evaluate(most_is_below)
    page.click("#ask")
    end(page)
    assert not page.evaluate(most_is_below)
    page.close()


# The contrast of a text with its background, as WCAG 2.2 defines it.
CONTRAST = """element => {
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = (color) => {
        const [r, g, b] = parts(color).map((part) => {
            const s = part / 255;
            return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let behind = element;
    while (parts(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const [dark, bright] = [
        light(getComputedStyle(element).color),
        light(getComputedStyle(behind).backgroundColor),
    ].sort((one, other) => one - other);
    return (bright + 0.05) / (dark + 0.05);
}"""
