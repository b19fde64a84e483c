"""The two readers of the page's script: server-sent events however cut, and Markdown, safely."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from suggestions.playground import Playground


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """The page, with its two readers as `read(bytes, cuts)` and `render(texts)`."""
    with Playground(pace=0) as playground:
        page = browser.new_page()
        page.goto(playground.page_url)
        page.evaluate(
            """async () => {
                const { readEvents, render } = await import("/page/page.js");
                window.read = async (bytes, cuts) => {
                    const places = [0, ...cuts, bytes.length];
                    const pieces = cuts.concat(0).map(
                        (_, at) => new Uint8Array(bytes.slice(places[at], places[at + 1])));
                    const stream = new ReadableStream({
                        start(controller) {
                            for (const piece of pieces) controller.enqueue(piece);
                            controller.close();
                        },
                    });
                    const told = [];
                    for await (const { type, data } of readEvents(stream))
                        told.push([type, data]);
                    return told;
                };
                window.shown = (texts) => {
                    const into = document.createElement("div");
                    for (const text of texts) render(text, into);
                    return into.innerHTML;
                };
            }"""
        )
        yield page
        page.close()


# Server-sent events

STREAM = (
    "\ufeff: comment\r\n"
    "data: one\r\ndata: more\r\n\r\n"
    'data: {"type":"content","data":"wörld 👩‍💻"}\n\n'
    "event: named\rdata:two\rdata:  three\r\r"
    "data\n\n"
    "event: nothing\n\n"
    ":\n\n"
    "id: 7\nretry: 10\nother: x\ndata: last\r\n\n"
    "data: unfinished\n"
).encode()
EVENTS = [
    ["comment", "comment"],
    ["message", "one\nmore"],
    ["message", '{"type":"content","data":"wörld 👩‍💻"}'],
    ["named", "two\n three"],
    ["message", ""],
    ["comment", ""],
    ["message", "last"],
]


def test_events_are_read_as_the_standard_says(page: Any) -> None:
    assert page.evaluate("bytes => read(bytes, [])", list(STREAM)) == EVENTS


def test_events_are_the_same_wherever_they_are_cut(page: Any) -> None:
    different = page.evaluate(
        """async ([bytes, expected]) => {
            const different = [];
            const every = bytes.slice(1).map((_, at) => at + 1);
            for (const cuts of [...every.map((at) => [at]), every]) {
                if (JSON.stringify(await read(bytes, cuts)) !== expected) different.push(cuts);
            }
            return different;
        }""",
        [list(STREAM), json.dumps(EVENTS, ensure_ascii=False, separators=(",", ":"))],
    )
    assert different == []


def test_bytes_that_are_no_text_are_replaced(page: Any) -> None:
    assert page.evaluate("bytes => read(bytes, [7])", list(b"data: \xff\xc3\n\n")) == [
        ["message", "\ufffd\ufffd"]
    ]


# Markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("one\ntwo\r\n\r\nthree", "<p>one\ntwo</p><p>three</p>"),
        ("# One\n### Two", "<h3>One</h3><h5>Two</h5>"),
        ("#no", "<p>#no</p>"),
        (
            "**bold** and *it* __b__ _i_",
            BOLD := ("<p><strong>bold</strong> and <em>it</em> <strong>b</strong> <em>i</em></p>"),
        ),
        ("***both***", "<p><strong><em>both</em></strong></p>"),
        ("*a **b** c*", "<p><em>a <strong>b</strong> c</em></p>"),
        ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
        ("**open", "<p>**open</p>"),
        (r"\*no\* \<", "<p>*no* &lt;</p>"),
        ("`a<b` ``c`d``", "<p><code>a&lt;b</code> <code>c`d</code></p>"),
        (
            "```python\nx = '<b>'\n\n# y\n```\nz",
            ("<pre><code>x = '&lt;b&gt;'\n\n# y</code></pre><p>z</p>"),
        ),
        ("~~~\n```\n~~~", "<pre><code>```</code></pre>"),
        ("```\nopen", "<pre><code>open</code></pre>"),
        ("- a\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("3. a\n\n4. b\nc", '<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol><p>c</p>'),
        (
            "- a\n  1. b\n\n  c\n- d",
            (
                '<ul><li><p>a</p><ol start="1"><li><p>b</p></li></ol><p>c</p></li>'
                "<li><p>d</p></li></ul>"
            ),
        ),
        ("text\n* item", "<p>text</p><ul><li><p>item</p></li></ul>"),
        (
            "[a *b*](https://x.example/(1)?q=1&r)",
            (
                '<p><a href="https://x.example/(1)?q=1&amp;r" '
                'title="https://x.example/(1)?q=1&amp;r" '
                'target="_blank" rel="noopener noreferrer">a <em>b</em></a></p>'
            ),
        ),
    ],
)
def test_markdown(page: Any, text: str, html: str) -> None:
    assert page.evaluate("text => shown([text])", text) == html


HOSTILE = [
    "<script>window.owned = 1</script>",
    "<img src=x onerror='window.owned = 1'>",
    "**<svg onload=window.owned=1>**",
    "# <iframe srcdoc='<script>parent.owned = 1</script>'>",
    "- <b onclick=x>\n- `</code><script>`",
    "```</code></pre><script>window.owned = 1</script>\n</code><script>\n```",
    "[a](javascript:window.owned=1) [b](JaVaScRiPt:1) [c](data:text/html,x) [d](vbscript:x)",
    "[e](//evil.example) [f](/ask) [g](file:///etc) [h]( javascript:1) [i](https:x)",
    '[j](https://a"onmouseover="window.owned=1)',
    "![k](https://evil.example/pixel.png)",
    "[l](https://[) <https://evil.example> &lt;script&gt; &#106;avascript:",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_injected_stays_text(page: Any, text: str) -> None:
    found = page.evaluate(
        """text => {
            const into = document.createElement("div");
            document.body.append(into);
            for (const end of [text.length >> 1, text.length]) {
                into.innerHTML = shown([text.slice(0, end)]);
            }
            const all = [...into.querySelectorAll("*")].map((each) => [
                each.localName, each.getAttributeNames(), each.getAttribute("href")]);
            into.remove();
            return all;
        }""",
        text,
    )
    known = {"p", "ul", "ol", "li", "pre", "code", "strong", "em", "a", "h3"}
    for tag, attributes, href in found:
        assert tag in known
        assert set(attributes) <= {"href", "title", "target", "rel"}
        assert href is None or href.startswith("https://")
    assert page.evaluate("window.owned") is None


def test_what_an_answer_brings_is_shown_on_the_page(page: Any) -> None:
    page.fill("#question", HOSTILE[1])
    page.press("#question", "Enter")
    page.wait_for_selector("#status[data-state=done]")
    assert HOSTILE[1] in page.text_content("#answer")
    assert page.locator("#answer img").count() == 0
    assert page.evaluate("window.owned") is None


def test_an_answer_that_grows_ends_as_if_it_had_come_whole(page: Any) -> None:
    text = "# T\n\none *two*\n\n- a\n  - b\n- c\n\n```\ncode\n```\n\n1. x\n2. y\n\nend"
    assert page.evaluate(
        "text => shown([...text].map((_, at) => text.slice(0, at + 1))) === shown([text])", text
    )


def test_blocks_that_are_done_are_left_alone(page: Any) -> None:
    assert page.evaluate(
        """async () => {
            const { render } = await import("/page/page.js");
            const into = document.createElement("div");
            render("one\\n\\ntwo", into);
            const [first, second] = into.children;
            render("one\\n\\ntwo three", into);
            return [into.children[0] === first, into.children[1] === second];
        }"""
    ) == [True, False]


@pytest.mark.parametrize("piece", ["*", "**a ", "_a_", "[", "[a](https://", "`", "- ", "> ", "\\"])
def test_no_text_takes_for_ever(page: Any, piece: str) -> None:
    text = piece * (30_000 // len(piece))
    assert (
        page.evaluate(
            """text => {
                const began = performance.now();
                shown([text]);
                return performance.now() - began;
            }""",
            text,
        )
        < 10_000
    )
