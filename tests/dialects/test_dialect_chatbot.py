"""The chatbot backend's dialect: raw pieces of text, and the errors that its document lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from contract import Record, check_contract, cut
from hypothesis import given
from hypothesis import strategies as st
from script import Script, data

from suggestions import SuggestionsEventSource, ask_question_sync
from suggestions.dialects import find
from suggestions.dialects.chatbot import Chatbot
from suggestions.errors import (
    AuthenticationError,
    ConnectionLostError,
    NotAnAnswerError,
    ServiceError,
    StatusError,
    SuggestionsError,
)

BASE = "https://chatbot.example/api"
URL = f"{BASE}/chatCompletionStream"
# As the document writes it.
DOCUMENTED = "".join(
    f"event: message\ndata: {piece}\n\n" for piece in ("", "Hello", ",", " Xiao", "Z", "hi.", "")
).encode()
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": "Who are you?"},
]


def piece(text: str) -> bytes:
    return b"event: message\n" + data(text)


def ask(steps: list[Any], record: Record | None = None, **options: Any) -> SuggestionsEventSource:
    options = {"dialect": "chatbot", "url": URL, "session": Script(steps).session(), **options}
    source = SuggestionsEventSource("Why?", "secret-token", start=False, **options)
    if record:
        record.connect_to(source)
    source.start()
    assert source.wait(10)
    return source


# Requests


def sent(script: Script) -> Any:
    [request] = script.requests
    return request


def test_a_question_is_an_array_with_a_capital_letter() -> None:
    script = Script([DOCUMENTED])
    source = SuggestionsEventSource(
        "What is your name.", "the-token", dialect=Chatbot(BASE + "/"), session=script.session()
    )
    assert source.result(10) == "Hello, XiaoZhi."
    request = sent(script)
    assert (request.method, request.url) == ("POST", URL)
    assert json.loads(request.body) == [{"role": "user", "Content": "What is your name."}]
    assert request.headers["Authorization"] == "Bearer the-token"
    assert request.headers["Accept"] == "text/event-stream"
    assert request.headers["Content-Type"] == "application/json"


def test_a_conversation_is_sent_in_order() -> None:
    request = Chatbot(BASE).request(CONVERSATION, {})
    assert request.json == [
        {"role": item["role"], "Content": item["content"]} for item in CONVERSATION
    ]


def test_in_one_piece_it_asks_elsewhere() -> None:
    whole = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}}]}
    script = Script([json.dumps(whole).encode()], content_type="application/json")
    text = ask_question_sync("Why?", dialect=Chatbot(BASE, "the-token"), session=script.session())
    assert text == "Hello."
    assert sent(script).url == f"{BASE}/chatCompletion"
    assert sent(script).headers["Authorization"] == "Bearer the-token"


def test_by_name_the_url_is_the_whole_address() -> None:
    script = Script([DOCUMENTED])
    source = SuggestionsEventSource("Why?", dialect="chatbot", url=URL, session=script.session())
    assert source.result(10) == "Hello, XiaoZhi."
    assert sent(script).url == URL
    with pytest.raises(ValueError, match="url is needed: the dialect 'chatbot' has none"):
        SuggestionsEventSource("Why?", dialect="chatbot")


@pytest.mark.parametrize(
    ("question", "options", "words"),
    [
        ("Why?", {"model": "m"}, r"options\['model'\] is not for chatbot: it takes no options"),
        ([{"role": "jetpack-ai", "content": "x"}], {}, r"question\[0\]\['role'\] is 'jetpack-ai'"),
        ([{"role": "user", "content": "x", "name": "me"}], {}, r"question\[0\]\['name'\] is not"),
    ],
)
def test_what_it_cannot_send_is_refused(question: Any, options: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        SuggestionsEventSource(question, dialect=Chatbot(BASE), options=options)


@pytest.mark.parametrize(
    ("arguments", "kind"), [((5,), TypeError), (("chatbot.example",), ValueError)]
)
def test_a_wrong_base_url_is_refused(arguments: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"^url must be"):
        Chatbot(*arguments)


def test_a_repr_has_no_token() -> None:
    assert repr(Chatbot(BASE, "the-token")) == f"Chatbot(base_url={BASE!r})"


# Answers


@pytest.mark.parametrize(
    "text", ["1", "true", "null", "[DONE]", "{}", '{"error": "x"}', " ", "  two", "a\nb\n\nc", "\n"]
)
def test_a_piece_is_text_whatever_it_looks_like(text: str) -> None:
    wire = piece("") + piece("<") + piece(text) + piece(">") + piece("")
    assert ask([wire]).result(1) == f"<{text}>"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_cut_of_the_bytes_is_the_same_answer(ending: str) -> None:
    wire = DOCUMENTED.replace(b"\n", ending.encode())
    for place in range(len(wire) + 1):
        record = Record()
        source = ask([wire[:place], wire[place:]], record)
        check_contract(source, record)
        assert record.by_name["chunk"] == ["Hello", ",", " Xiao", "Z", "hi."]


pieces = st.one_of(st.text(max_size=6), st.sampled_from(["[DONE]", "1", "JETPACK_AI", "\n", " "]))


@given(st.lists(pieces, max_size=8), st.lists(st.integers(0, 400), max_size=6), st.booleans())
def test_any_answer_keeps_the_contract(texts: list[str], places: list[int], lost: bool) -> None:
    texts = [text.replace("\r", "").encode("utf-8", "replace").decode() for text in texts]
    wire = b"".join(map(piece, ["", *texts, ""]))
    record = Record()
    source = ask([*cut(wire, places), *([ConnectionResetError("reset")] if lost else [])], record)
    check_contract(source, record)
    assert source.full_message == "".join(texts)
    assert source.state == ("error" if lost else "done")


def test_an_event_of_another_name_is_no_text() -> None:
    received: list[Any] = []
    script = Script([piece("Hi"), b"event: new-message\ndata: aside\n\n"])
    source = SuggestionsEventSource(
        "Why?",
        dialect="chatbot",
        url=URL,
        session=script.session(),
        on={"new-message": lambda source, event: received.append(event.detail.data)},
    )
    assert source.wait(10)
    assert source.full_message == "Hi"
    assert received == ["aside"]


# Failures

MESSAGES = {
    "Authentication failed: cannot find username/password in request body.": "send=",
    "Authentication failed: cannot authenticate with provided username and password.": "wrong",
    "Invalid token: empty or not starts with 'Bearer '": "Pass one",
    "Invalid token: expired or fake token.": "Log in again",
}


@pytest.mark.parametrize("said", MESSAGES)
def test_each_documented_401_says_what_to_do(said: str) -> None:
    script = Script([json.dumps({"errorMessage": said}).encode()], status=401)
    error = ask([], session=script.session()).error
    assert isinstance(error, AuthenticationError)
    assert MESSAGES[said] in error.message
    assert said in error.message
    assert error.status == 401


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (500, StatusError, "Failed with chatbot.ChatCompletion: oh"),
        (404, StatusError, "address"),
        (503, SuggestionsError, "busy"),
    ],
)
def test_other_statuses(status: int, kind: type[SuggestionsError], words: str) -> None:
    body = {"errorMessage": "Failed with chatbot.ChatCompletion: oh"}
    error = ask([], session=Script([json.dumps(body).encode()], status=status).session()).error
    assert isinstance(error, kind)
    assert words in error.message
    assert error.status == status


def test_an_error_with_200() -> None:
    script = Script([b'{"errorMessage": "Failed: oh"}'], content_type="application/json")
    error = ask([], session=script.session()).error
    assert isinstance(error, ServiceError)
    assert "Failed: oh" in error.message


def test_an_error_in_mid_stream_keeps_the_text() -> None:
    record = Record()
    source = ask([piece("Hel") + b'event: error\ndata: {"errorMessage": "oh"}\n\n'], record)
    check_contract(source, record)
    assert isinstance(source.error, ServiceError)
    assert "oh" in source.error.message
    assert source.full_message == "Hel"


def test_a_connection_that_is_lost_is_no_end() -> None:
    error = ask([piece("Hel"), ConnectionResetError("reset by peer")]).error
    assert isinstance(error, ConnectionLostError)
    assert error.partial_text == "Hel"


def test_a_page_is_no_answer() -> None:
    error = ask([], session=Script([b"<html>"], content_type="text/html").session()).error
    assert isinstance(error, NotAnAnswerError)


def test_it_is_found_by_its_name() -> None:
    assert isinstance(find("chatbot"), Chatbot)
