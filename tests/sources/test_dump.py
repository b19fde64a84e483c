"""`debug_dump` and `replay`: what came over the wire, told again without a network or a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from script import DONE, Script, Step, chunk, data

from suggestions import Dialect, Event, SuggestionsEventSource
from suggestions.events import NAMES
from suggestions.testing import replay

URL = "https://service.example/ask?api-version=2&code=querysecret1"
SSE = "text/event-stream"
OF_ONE_RUN = {"open", "message"}  # these have headers and ids in them


class Compared:
    """What two runs of one answer have in common: their events, written out."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.on = dict.fromkeys(NAMES, self.hear)

    def hear(self, source: SuggestionsEventSource, event: Event[Any]) -> None:
        if event.type not in OF_ONE_RUN:
            self.events.append((event.type, repr(event.detail)))


ANSWERS = {
    "an answer": ("jetpack", 200, SSE, [chunk("Argen"), chunk("tina"), DONE]),
    "the marker": ("jetpack", 200, SSE, [chunk("JETPACK_AI"), chunk("_ERROR"), DONE]),
    "reasoning and a call": (
        "openai",
        200,
        SSE,
        [
            chunk(reasoning_content="Hm."),
            chunk(tool_calls=[{"index": 0, "id": "a", "function": {"name": "f"}}]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"x": 1}'}}]),
            chunk(finish="tool_calls"),
            DONE,
        ],
    ),
    "an event of its own name, lines and an id": (
        "jetpack",
        200,
        SSE,
        [b"id: 7\nevent: ping\ndata: a\ndata:  b\n\n", chunk("x"), DONE],
    ),
    "an error in the stream": (
        "openai",
        200,
        SSE,
        [chunk("a"), data('{"error": {"message": "busy", "code": "overloaded"}}')],
    ),
    "an early end": ("jetpack", 200, SSE, [chunk("Argen")]),
    "a malformed message": ("openai", 200, SSE, [chunk("a"), data("{no json")]),
    "a whole answer": (
        "openai",
        200,
        "application/json",
        [b'{"choices": [{"message": {"content": "Argentina"}, "finish_reason": "stop"}]}'],
    ),
    "a page": ("jetpack", 200, "text/html", [b"<h1>Log in</h1>"]),
    "a refusal": ("openai", 429, "application/json", [b'{"error": {"message": "slow down"}}']),
    "lines": (
        "ollama",
        200,
        "application/x-ndjson",
        [b'{"message": {"content": "Hi"}}\n', b'{"done": true, "done_reason": "stop"}\n'],
    ),
    "text": ("text", 200, "text/plain", [b"Argen", "tina \u00e9".encode()]),
    "whatever it is": ("auto", 200, SSE, [chunk("Argen"), chunk("tina"), DONE]),
}


def ask(
    steps: list[Step],
    received: Compared,
    *,
    status: int = 200,
    content_type: str = SSE,
    **options: Any,
) -> SuggestionsEventSource:
    session = Script(steps, status=status, content_type=content_type).session()
    return SuggestionsEventSource("Why?", url=URL, session=session, on=received.on, **options)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_dump_is_told_as_the_answer_was(name: str, tmp_path: Path) -> None:
    dialect, status, content_type, steps = ANSWERS[name]
    received, again = Compared(), Compared()
    source = ask(steps, received, status=status, content_type=content_type, dialect=dialect)
    assert source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    replayed = replay(tmp_path / "dump.json", on=again.on)
    assert replayed.wait(10)
    assert again.events == received.events
    assert len(received.events) > 1
    assert replayed.full_message == source.full_message
    assert replayed.state == source.state
    assert type(replayed.error) is type(source.error)


def test_no_secret_is_in_a_dump(tmp_path: Path) -> None:
    steps = [chunk("I am asked with tokensecret2."), data('{"error": "tokensecret2 is no key"}')]
    source = ask(
        [*steps],
        Compared(),
        token="tokensecret2",
        headers={"Api-Key": "headersecret3", "X-Request-Id": "r1"},
        dialect="openai",
        options={"apikey": "bodysecret4", "nested": [{"Password": "bodysecret5"}], "seed": 6},
    )
    source.wait(10)
    source.debug_dump(str(tmp_path / "dump.json"))
    text = (tmp_path / "dump.json").read_text("utf-8")
    assert "secret" not in text
    dump = json.loads(text)
    assert dump["request"]["url"] == (
        "https://service.example/ask?api-version=[removed]&code=[removed]"
    )
    assert dump["request"]["headers"] == {"Api-Key": "[removed]", "X-Request-Id": "r1"}
    assert dump["request"]["json"]["seed"] == 6
    assert dump["request"]["json"]["messages"] == [{"role": "user", "content": "Why?"}]
    assert "I am asked with [token]." in dump["messages"][0][1]
    assert dump["error"]["message"] == "The service failed. (It says: [token] is no key)"


def test_no_secret_is_in_a_dump_at_any_depth(tmp_path: Path) -> None:
    options = {
        "api_keys": ["deepsecret1", ["deepsecret2"]],
        "auth": {"user": "me", "value": {"text": "deepsecret3", "tries": 4}},
        "metadata": [{"Session": ({"id": "deepsecret5"},)}],
        "tries": 6,
    }
    source = ask([chunk("Hi"), DONE], Compared(), dialect="openai", options=options)
    source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    text = (tmp_path / "dump.json").read_text("utf-8")
    assert "secret" not in text
    sent = json.loads(text)["request"]["json"]
    assert sent["api_keys"] == ["[removed]", ["[removed]"]]
    assert sent["auth"] == {"user": "[removed]", "value": {"text": "[removed]", "tries": 4}}
    assert sent["metadata"] == [{"Session": [{"id": "[removed]"}]}]
    assert (sent["tries"], sent["stream"]) == (6, True)


@pytest.mark.parametrize("echoed", ["headersecret1", "deepsecret2"])
def test_no_secret_that_is_no_token_comes_back_in_a_dump(echoed: str, tmp_path: Path) -> None:
    source = ask(
        [chunk(f"I am asked with {echoed}."), DONE],
        Compared(),
        dialect="openai",
        headers={"Authorization": "Bearer headersecret1"},
        options={"api_keys": ["deepsecret2"]},
    )
    source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    text = (tmp_path / "dump.json").read_text("utf-8")
    assert "secret" not in text
    assert "I am asked with [token]." in json.loads(text)["messages"][0][1]


@pytest.mark.parametrize(
    "token", ["1", "null", "true", "200", "POST", "EMPTY", "openai", "json", "url", '"', "\\"]
)
def test_a_token_that_is_a_word_of_json_leaves_a_dump_as_it_is(token: str, tmp_path: Path) -> None:
    received, again = Compared(), Compared()
    steps = [b"event: ping\ndata: Hi\n\n", data('{"choices":[{"delta":{"content":"Hi"}}]}'), DONE]
    source = ask(steps, received, token=token, dialect="openai")
    assert source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    dump = json.loads((tmp_path / "dump.json").read_text("utf-8"))
    assert dump["request"]["json"]["messages"] == [{"role": "user", "content": "Why?"}]
    assert dump["response"]["status"] == 200
    replayed = replay(tmp_path / "dump.json", on=again.on)
    assert replayed.wait(10)
    if token != '"':  # of which the messages are full
        assert again.events == received.events


def test_no_secret_is_in_the_dump_of_an_answer_in_one_piece(tmp_path: Path) -> None:
    whole = {"choices": [{"message": {"content": "I am asked with tokensecret1."}}]}
    source = ask(
        [json.dumps(whole).encode()],
        Compared(),
        content_type="application/json",
        dialect="openai",
        token="tokensecret1",
    )
    assert source.result(10) == "I am asked with tokensecret1."
    source.debug_dump(tmp_path / "dump.json")
    text = (tmp_path / "dump.json").read_text("utf-8")
    assert "secret" not in text
    assert "I am asked with [token]." in json.loads(text)["body"]


def test_a_dump_tells_the_attempts_before(tmp_path: Path) -> None:
    source = ask([b"{}"], Compared(), status=503, content_type="application/json", retries=1)
    source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    dump = json.loads((tmp_path / "dump.json").read_text("utf-8"))
    assert [retry["status"] for retry in dump["retries"]] == [503]
    assert dump["response"] is None


def test_a_dump_of_an_answer_that_goes_on_has_what_has_come(tmp_path: Path) -> None:
    def write(source: SuggestionsEventSource, event: Event[str]) -> None:
        source.debug_dump(tmp_path / f"{event.detail}.json")

    source = ask([chunk("a"), chunk("b"), DONE], Compared(), start=False)
    source.connect("chunk", write)
    source.start()
    assert source.wait(10)
    with pytest.raises(Exception, match="stopped before it was complete"):
        replay(tmp_path / "a.json").result(10)


def test_a_dialect_of_ones_own_has_to_be_named(tmp_path: Path) -> None:
    class Shout(Dialect):
        name = "shout"
        ends_at_eof = True

        def request(self, question: Any, options: Any, *, stream: bool = True) -> Any:
            from suggestions.dialects import Request

            return Request("", {"q": question})

        def decode(self, message: Any) -> Any:
            return [message.data.upper()]

    source = ask([data("hello")], Compared(), dialect=Shout())
    source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    with pytest.raises(ValueError, match="'shout' is not known"):
        replay(tmp_path / "dump.json")
    assert replay(tmp_path / "dump.json", dialect=Shout()).result(10) == "HELLO"
    dump = json.loads((tmp_path / "dump.json").read_text("utf-8"))
    del dump["dialect"]
    (tmp_path / "dump.json").write_text(json.dumps(dump), "utf-8")
    assert replay(tmp_path / "dump.json", dialect=Shout()).result(10) == "HELLO"


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"suggestions_dump": 99}', "\x00", "[" * 200_000]
)
def test_another_file_is_no_dump(text: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(ValueError, match="is no dump: expected a file of debug_dump"):
        replay(tmp_path / "x")


MISSING = object()


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("dialect", MISSING, "dialect is missing: expected a text"),
        ("dialect", 1, "dialect must be a text, not 1"),
        ("response", MISSING, "response is missing: expected an object or null"),
        ("response", [], "response must be an object or null, not []"),
        ("response.status", MISSING, "response.status is missing: expected an integer"),
        ("response.status", "200", "response.status must be an integer, not '200'"),
        ("response.status", True, "response.status must be an integer, not True"),
        ("response.headers", MISSING, "response.headers is missing: expected an object"),
        ("response.headers.Content-Type", None, "response.headers.Content-Type must be a text"),
        ("messages", MISSING, "messages is missing: expected a list"),
        ("messages", "xyz", "messages must be a list, not 'xyz'"),
        ("messages", {}, "messages must be a list, not {}"),
        ("messages", [["message", "{}", ""], ["a"]], "messages[1] must be three texts, not ['a']"),
        ("messages", ["abc"], "messages[0] must be three texts, not 'abc'"),
        ("messages", [["message", None, ""]], "messages[0] must be three texts"),
        ("body", MISSING, "body is missing: expected a text or null"),
        ("body", 1, "body must be a text or null, not 1"),
        ("error", MISSING, "error is missing: expected an object or null"),
        ("error", "x", "error must be an object or null, not 'x'"),
        ("error", {"body": None}, "error.status is missing: expected an integer or null"),
        ("error", {"status": 429}, "error.body is missing: expected a text or null"),
        ("error", {"status": 429, "body": {}}, "error.body must be a text or null, not {}"),
        (
            "error",
            {"status": 429, "body": "", "retry_after": "x"},
            "error.retry_after must be a number or null, not 'x'",
        ),
    ],
)
def test_a_dump_that_was_edited_wrong_says_where(
    place: str, value: Any, told: str, tmp_path: Path
) -> None:
    source = ask([chunk("Hi"), DONE], Compared())
    assert source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    dump = json.loads((tmp_path / "dump.json").read_text("utf-8"))
    *path, last = place.split(".")
    part = dump
    for name in path:
        part = part[name]
    if value is MISSING:
        del part[last]
    else:
        part[last] = value
    (tmp_path / "dump.json").write_text(json.dumps(dump), "utf-8")
    with pytest.raises(ValueError, match=r"dump\.json cannot be replayed: ") as caught:
        replay(tmp_path / "dump.json")
    assert told in str(caught.value)


def test_a_dump_that_an_editor_has_saved_with_a_byte_order_mark_is_told(tmp_path: Path) -> None:
    source = ask([chunk("Hi"), DONE], Compared())
    assert source.wait(10)
    source.debug_dump(tmp_path / "dump.json")
    text = (tmp_path / "dump.json").read_text("utf-8")
    (tmp_path / "dump.json").write_text(text, "utf-8-sig")
    assert replay(tmp_path / "dump.json").result(10) == "Hi"


def test_a_source_that_was_never_started_has_a_dump(tmp_path: Path) -> None:
    source = ask([], Compared(), start=False)
    source.debug_dump(tmp_path / "dump.json")
    with pytest.raises(Exception, match="no response in it"):
        replay(tmp_path / "dump.json").result(10)
