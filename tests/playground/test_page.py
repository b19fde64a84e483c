"""The playground's page as HTTP has it: its files, its headers, and who is let in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
import requests

from suggestions.cli.command_serve import introduction
from suggestions.playground import FAILURES, Playground
from suggestions.playground.app import is_local
from suggestions.playground.page import WIRES

SOON = 30.0  # seconds; a bound for what ends at once, never a measure
TOKEN = "secret-of-the-tests"


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


def get(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=SOON)


def ask(playground: Playground, **headers: str) -> requests.Response:
    body = {"question": "Hi", "stream": False}
    return requests.post(playground.jetpack_url, json=body, headers=headers, timeout=SOON)


class Page(HTMLParser):
    """The tags with their attributes, and the text within scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.lasttag in {"script", "style"}:
            self.inline += data.strip()

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


# The files


def test_the_page_has_all_that_it_names(playground: Playground) -> None:
    response = get(playground.page_url)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    (script,) = page.all("script")
    (style,) = (link for link in page.all("link") if link["rel"] == "stylesheet")
    for address, media_type in ((script["src"], "javascript"), (style["href"], "text/css")):
        found = get(f"{playground.page_url}{address}")
        assert found.status_code == 200
        assert media_type in found.headers["Content-Type"]
        assert found.text


def test_every_wire_and_every_failure_can_be_chosen(playground: Playground) -> None:
    options = Page(get(playground.page_url).text).all("option")
    told = {option["value"]: option["data-hint"] for option in options}
    wires = {name: f"POST {path}" for name, path in WIRES.items()}
    assert told == {**wires, "": "Nothing fails.", **FAILURES}


def test_every_field_has_a_label(playground: Playground) -> None:
    page = Page(get(playground.page_url).text)
    labelled = {label["for"] for label in page.all("label")}
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    fields = [field for tag in ("input", "select", "textarea") for field in page.all(tag)]
    assert {field["id"] for field in fields} == labelled
    for _, attributes in page.tags:
        for name in ("aria-describedby", "aria-labelledby"):
            assert {attributes.get(name)} <= ids | {None}


@pytest.mark.parametrize("path", ["page/", "page/index.html", "page/..%2fpage.py", "page.js"])
def test_there_are_no_other_files(playground: Playground, path: str) -> None:
    response = get(f"{playground.page_url}{path}")
    assert response.status_code == 404
    assert response.json()["error"]["message"]


def test_the_page_says_that_a_token_is_missing(playground: Playground) -> None:
    assert 'id="token"' not in get(playground.page_url).text
    with Playground(token=TOKEN) as guarded:
        source = get(guarded.page_url).text
    assert [field["id"] for field in Page(source).all("input")] == ["token"]
    assert TOKEN not in source


def test_serve_tells_of_the_page_first_and_of_every_wire(playground: Playground) -> None:
    told = introduction(playground, None)
    assert playground.page_url in told.partition("\n")[0]
    urls = {getattr(playground, name) for name in dir(Playground) if name.endswith("_url")}
    assert urls <= set(told.split())


# The headers


@pytest.mark.parametrize("path", ["", "page/page.css", "page/page.js"])
def test_nothing_but_its_own_files_may_run(playground: Playground, path: str) -> None:
    headers = get(f"{playground.page_url}{path}").headers
    policy = dict(
        rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_page_obeys_its_own_policy(playground: Playground) -> None:
    page = Page(get(playground.page_url).text)
    assert page.inline == ""
    for _, attributes in page.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href", "action"):
            assert "//" not in (attributes.get(name) or "")


# What it asks


def ask_page(playground: Playground, body: object, **headers: str) -> requests.Response:
    url = f"{playground.page_url}ask"
    return requests.post(url, json=body, headers=headers, timeout=SOON)


def frames(response: requests.Response) -> list[dict[str, str]]:
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    blocks = response.content.decode().split("\n\n")
    lines = [line for block in blocks for line in block.split("\n")]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


@pytest.mark.parametrize("wire", WIRES)
def test_it_asks_on_every_wire(playground: Playground, wire: str) -> None:
    body = {"prompt": "What is 17 + 25?", "wire": wire}
    *others, last = frames(ask_page(playground, body))
    pieces = [frame["data"] for frame in others if frame["type"] == "content"]
    assert "".join(pieces).startswith("**17 + 25 = 42**")
    assert last["type"] == "done"
    *pieces, last = frames(ask_page(playground, {**body, "fail": "429"}))
    assert not pieces
    assert last["type"] == "error"
    assert last["code"] == "error_quota_exceeded"


def test_it_asks_itself_whatever_the_host_and_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for host in ("127.0.0.1", "0.0.0.0", "::1", "localhost"):
        with Playground(host=host, pace=0) as playground:
            address = playground.page_url.replace("0.0.0.0", "127.0.0.1")
            with requests.Session() as session:
                session.trust_env = False
                body = {"prompt": "Hi"}
                headers = {"Host": "localhost:1"}
                answered = session.post(f"{address}ask", json=body, headers=headers, timeout=SOON)
            assert frames(answered)[-1]["type"] == "done"


@pytest.mark.parametrize("body", [{}, {"prompt": ""}, {"prompt": 1}, {"prompt": "Hi", "wire": "?"}])
def test_what_cannot_be_asked_is_refused(playground: Playground, body: object) -> None:
    response = ask_page(playground, body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_the_token_that_it_was_given_goes_on() -> None:
    with Playground(token=TOKEN, pace=0) as playground:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            refused = ask_page(playground, {"prompt": "Hi"}, **headers)
            assert refused.status_code == 401
            assert TOKEN not in refused.text
        answered = ask_page(playground, {"prompt": "Hi"}, Authorization=f"Bearer {TOKEN}")
        assert frames(answered)[-1]["type"] == "done"


# Who is let in


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:{port}", "[::1]:80", "a.localhost:1"])
def test_this_machine_has_many_names(playground: Playground, host: str) -> None:
    port = playground.url.rpartition(":")[2]
    assert get(playground.page_url, Host=host.format(port=port)).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "192.0.2.1", "127.0.0.1.a"])
def test_a_name_that_was_bound_to_this_machine_is_refused(
    playground: Playground, host: str
) -> None:
    for response in (get(playground.page_url, Host=host), ask(playground, Host=host)):
        assert response.status_code == 403
        assert host in response.json()["error"]["message"]
        assert "localhost" in response.json()["error"]["message"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://a]", "file://", ""])
def test_a_post_from_a_page_of_another_host_is_refused(playground: Playground, origin: str) -> None:
    response = ask(playground, Origin=origin)
    assert response.status_code == 403
    assert f"The Origin {origin!r}" in response.json()["error"]["message"]
    assert requests.get(playground.page_url, headers={"Origin": origin}, timeout=SOON).ok


def test_a_post_from_this_machine_is_answered(playground: Playground) -> None:
    for origin in (playground.url, "http://localhost:3000", "https://[::1]"):
        assert ask(playground, Origin=origin).status_code == 200


def test_if_it_is_open_to_others_it_answers_them() -> None:
    with Playground(host="0.0.0.0", pace=0) as playground:
        playground_url = playground.url.replace("0.0.0.0", "127.0.0.1")
        assert get(playground_url, Host="box.example").status_code == 200
        body = {"prompt": "Hi"}
        headers = {"Host": "box.example", "Origin": "http://box.example"}
        response = requests.post(
            f"{playground_url}/relay", json=body, headers=headers, timeout=SOON
        )
        assert response.status_code == 200


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("", False),
        ("localhost.example", False),
        ("notlocalhost", False),
    ],
)
def test_which_names_are_this_machine(name: str, local: bool) -> None:
    assert is_local(name) is local
