"""Wrong arguments: each raises at the call, says which it is and what was expected."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from script import DONE, Script

from suggestions import Dialect, EventSource, SuggestionsEventSource, toolkits
from suggestions.dialects import Request
from suggestions.dialects.openai import OpenAI

TOKEN = "the-secret-token"
NAN = float("nan")
ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


async def asynchronous(*_: object, **__: object) -> str:
    return TOKEN


def messages() -> Iterator[dict[str, str]]:
    yield {"role": "user", "content": "Why?"}


def user(content: object = "Why?", **more: object) -> dict[str, object]:
    return {"role": "user", "content": content, **more}


def call(**arguments: Any) -> SuggestionsEventSource:
    """A call with the arguments, right where nothing is given. It cannot reach a network."""
    right = {"question": "Why?", "token": TOKEN, "session": Script([DONE]).session()}
    return SuggestionsEventSource(**{**right, **arguments})


Wrong = list[tuple[Any, type[Exception], str]]

NO_CONTENT = r"\['content'\] must be a str or a list of parts, not"
QUESTIONS: Wrong = [
    ("", ValueError, "question is empty: expected a text or a list of messages"),
    (" \n", ValueError, "question is empty"),
    ([], ValueError, "question is empty"),
    ((), ValueError, "question is empty"),
    (None, TypeError, "question must be a str or a sequence of messages, not NoneType"),
    (5, TypeError, "question must be .* not int"),
    (b"Why?", TypeError, "question must be .* not bytes"),
    (bytearray(b"Why?"), TypeError, "question must be .* not bytearray"),
    (memoryview(b"Why?"), TypeError, "question must be .* not memoryview"),
    (user(), TypeError, "question must be .* not dict"),
    ({"Why?"}, TypeError, "question must be .* not set"),
    (messages(), TypeError, "question must be .* not generator"),
    (["Why?"], TypeError, r"question\[0\] must be a mapping with 'role' and 'content', not str"),
    ([user(), None], TypeError, r"question\[1\] must be a mapping .* not NoneType"),
    ([user(), {}], ValueError, r"question\[1\]\['role'\] is None: expected one of assistant, "),
    ([{"content": "Why?"}], ValueError, r"question\[0\]\['role'\] is None"),
    ([{"role": "robot", "content": "Hi"}], ValueError, r"question\[0\]\['role'\] is 'robot'"),
    ([{"role": "User", "content": "Hi"}], ValueError, r"question\[0\]\['role'\] is 'User'"),
    ([{"role": 5, "content": "Hi"}], ValueError, r"question\[0\]\['role'\] is 5"),
    ([{"role": ["user"], "content": "Hi"}], ValueError, r"question\[0\]\['role'\] is \['user'\]"),
    (
        [{"role": "user"}],
        TypeError,
        rf"question\[0\]{NO_CONTENT} NoneType",
    ),
    (
        [user(), user(None)],
        TypeError,
        rf"question\[1\]{NO_CONTENT} NoneType",
    ),
    ([user(5)], TypeError, rf"question\[0\]{NO_CONTENT} int"),
    (
        [user(b"Why?")],
        TypeError,
        rf"question\[0\]{NO_CONTENT} bytes",
    ),
    (
        [user(["Why?"])],
        TypeError,
        r"question\[0\]\['content'\]\[0\] must be a mapping with 'type', not str",
    ),
    (
        [user(5, tool_calls=[{}])],
        TypeError,
        rf"question\[0\]{NO_CONTENT} int",
    ),
    ([user([{}])], TypeError, r"question\[0\]\['content'\]\[0\]\['type'\] must be a str"),
    (
        [user([{"type": "text"}])],
        TypeError,
        r"question\[0\]\['content'\]\[0\]\['text'\] must be a str, not NoneType",
    ),
    (
        [user([{"type": "image_url", "image_url": "a"}])],
        TypeError,
        r"question\[0\]\['content'\]\[0\]\['image_url'\] must be a dict with 'url', not str",
    ),
    (
        [user([{"type": "image_url", "image_url": {}}])],
        TypeError,
        r"question\[0\]\['content'\]\[0\]\['image_url'\]\['url'\] must be a str",
    ),
    ([user([])], ValueError, r"question\[0\]\['content'\] is empty"),
    ([user(""), user()], ValueError, r"question\[0\]\['content'\] is empty"),
    ([user(), user(" ")], ValueError, r"question\[1\]\['content'\] is empty"),
    ([user(context="here")], TypeError, r"question\[0\]\['context'\] must be a dict, not str"),
    ([user(context=None)], TypeError, r"question\[0\]\['context'\] must be a dict, not NoneType"),
    (
        [user(context={"a": NAN})],
        ValueError,
        r"question\[0\] cannot be sent as JSON: Out of range float",
    ),
    ([user(context={"a": {1}})], TypeError, r"question\[0\] cannot be sent as JSON: .*set"),
    ([user(context={"a": ENDLESS})], ValueError, r"question\[0\] cannot be sent as JSON: "),
    ([user(context={"a": DEEP})], ValueError, r"question\[0\] cannot be sent as JSON: "),
    ([user(context={(1,): 1})], TypeError, r"question\[0\] cannot be sent as JSON: .*keys"),
]

TOKENS: Wrong = [
    ("", ValueError, "token is empty: expected a text, or None to send none"),
    (" ", ValueError, "token is empty"),
    (5, TypeError, "token must be a str or a callable, not int"),
    (TOKEN.encode(), TypeError, "token must be .* not bytes"),
    ([TOKEN], TypeError, "token must be .* not list"),
    (f"{TOKEN}\n", ValueError, "token has a character that a header cannot have"),
    (f"{TOKEN}\r\nX-Injected: 1", ValueError, "token has a character"),
    (f"{TOKEN}\0", ValueError, "token has a character"),
    (f"{TOKEN}\x7f", ValueError, "token has a character"),
    (f"{TOKEN}\u2026", ValueError, "token has a character"),
    (asynchronous, TypeError, "token is an async function"),
]

URLS: Wrong = [
    (5, TypeError, "url must be a str, not int"),
    (b"https://service.example/", TypeError, "url must be a str, not bytes"),
    ("", ValueError, r"url must be a whole address: expected http\(s\)://host/path"),
    ("service.example", ValueError, "url must be a whole address"),
    ("service.example:8080/ask", ValueError, "url must be a whole address"),
    ("//service.example/ask", ValueError, "url must be a whole address"),
    ("/ask", ValueError, "url must be a whole address"),
    ("http://", ValueError, "url must be a whole address"),
    ("https:///ask", ValueError, "url must be a whole address"),
    ("https://:443/ask", ValueError, "url must be a whole address"),
    ("ftp://service.example/ask", ValueError, "url must be a whole address"),
    ("ws://service.example/ask", ValueError, "url must be a whole address"),
    ("file:///etc/passwd", ValueError, "url must be a whole address"),
    ("javascript:alert(1)", ValueError, "url must be a whole address"),
    (f"https://me:{TOKEN}@service.example/", ValueError, "url has a user name or a password in it"),
    (f"https://{TOKEN}@service.example/", ValueError, "url has a user name or a password in it"),
    (f"https://:{TOKEN}@service.example/", ValueError, "url has a user name or a password in it"),
    (f"https://me:{TOKEN}\u2100@service.example/", ValueError, "url cannot be read: expected"),
    ("https://service.example:99999/", ValueError, "url cannot be read: expected"),
    ("https://service.example:port/", ValueError, "url cannot be read: expected"),
    ("https://[::1/", ValueError, "url cannot be read: expected"),
    ("https://service.example/a b", ValueError, "url has a blank or a control character"),
    (" https://service.example/", ValueError, "url has a blank or a control character"),
    ("https://service.example/\r\nX: 1", ValueError, "url has a blank or a control character"),
    ("https://service.example/\0", ValueError, "url has a blank or a control character"),
]

OPTIONS: Wrong = [
    (5, TypeError, "options must be a mapping, not int"),
    ("model", TypeError, "options must be a mapping, not str"),
    ([("model", "m")], TypeError, "options must be a mapping, not list"),
    ({5: "m"}, TypeError, r"options\[5\]: the name must be a str"),
    ({"temperature": {1}}, TypeError, r"options\['temperature'\] cannot be sent as JSON: .*set"),
    ({"temperature": NAN}, ValueError, r"options\['temperature'\] cannot be sent as JSON: Out"),
    ({"stream": False}, ValueError, r"options\['stream'\] is not for jetpack: it is decided by"),
    ({"messages": []}, ValueError, r"options\['messages'\] is not for jetpack: .*, question$"),
    ({"question": "Hi"}, ValueError, r"options\['question'\] is not for jetpack: it is the first"),
    ({"postId": 7}, ValueError, r"options\['postId'\] is not for jetpack: it is post_id here"),
    ({"post_id": "12a"}, ValueError, r"options\['post_id'\] must be .* digits .*, not '12a'"),
    ({"post_id": ""}, ValueError, r"options\['post_id'\] must be an int, or its digits .* not ''"),
    ({"post_id": "1.0"}, ValueError, r"options\['post_id'\] must be an int, or its digits"),
    ({"post_id": " 1"}, ValueError, r"options\['post_id'\] must be an int, or its digits"),
    ({"post_id": "²"}, ValueError, r"options\['post_id'\] must be an int, or its digits"),
    ({"post_id": "9" * 5000}, ValueError, r"options\['post_id'\] must be an int, or its digits"),
    ({"post_id": 7.0}, TypeError, r"options\['post_id'\] must be an int, .* not float"),
    ({"post_id": True}, TypeError, r"options\['post_id'\] must be an int, .* not bool"),
    ({"language_code": 5}, TypeError, r"options\['language_code'\] must be a str, not int"),
    ({"feature": 5}, TypeError, r"options\['feature'\] must be a str, not int"),
    ({"from_cache": 1}, TypeError, r"options\['from_cache'\] must be a bool, not int"),
    ({"from_cache": "yes"}, TypeError, r"options\['from_cache'\] must be a bool, not str"),
    ({"functions": "f"}, TypeError, r"options\['functions'\] must be a list of .* not str"),
    ({"functions": {"name": "f"}}, TypeError, r"options\['functions'\] must be .* not dict"),
    ({"functions": [{}, "f"]}, TypeError, r"options\['functions'\]\[1\] must be a dict, not str"),
    ({"model": 5}, TypeError, r"options\['model'\] must be a str, not int"),
    ({"model": b"m"}, TypeError, r"options\['model'\] cannot be sent as JSON: .*bytes"),
    ({"model": NAN}, ValueError, r"options\['model'\] cannot be sent as JSON: Out of range float"),
    ({"functions": [{"a": {1}}]}, TypeError, r"options\['functions'\] cannot be sent .* set "),
    ({"functions": ENDLESS}, ValueError, r"options\['functions'\] cannot be sent as JSON: "),
    ({"functions": DEEP}, ValueError, r"options\['functions'\] cannot be sent as JSON: "),
]

HEADERS: Wrong = [
    (5, TypeError, "headers must be a mapping, not int"),
    ([("X", "y")], TypeError, "headers must be a mapping, not list"),
    ({5: "y"}, TypeError, r"headers\[5\]: name and value must be str"),
    ({b"X": "y"}, TypeError, r"headers\[b'X'\]: name and value must be str"),
    ({"X": 5}, TypeError, r"headers\['X'\]: name and value must be str"),
    ({"X": TOKEN.encode()}, TypeError, r"headers\['X'\]: name and value must be str"),
    ({"X": None}, TypeError, r"headers\['X'\]: name and value must be str"),
    ({"": "y"}, ValueError, r"headers\[''\] is not a header name"),
    ({"X Y": "y"}, ValueError, r"headers\['X Y'\] is not a header name"),
    ({"X:": "y"}, ValueError, r"headers\['X:'\] is not a header name"),
    ({"X\r\nY": "y"}, ValueError, r"headers\['X\\r\\nY'\] is not a header name"),
    ({"\u00c4": "y"}, ValueError, r"headers\['\u00c4'\] is not a header name"),
    ({"X": f"{TOKEN}\n"}, ValueError, r"headers\['X'\] has a character that a header cannot have"),
    ({"X": f"{TOKEN}\r\nY: 1"}, ValueError, r"headers\['X'\] has a character"),
    ({"X": f"{TOKEN}\0"}, ValueError, r"headers\['X'\] has a character"),
    ({"X": f" {TOKEN}"}, ValueError, r"headers\['X'\] has a character"),
    ({"X": f"{TOKEN}\u2026"}, ValueError, r"headers\['X'\] has a character"),
]

TIMEOUTS: Wrong = [
    ({"read": 3}, ValueError, r"timeouts\['read'\] is not known: expected any of connect, "),
    (
        {"idle": 0},
        ValueError,
        r"timeouts\['idle'\] must be more than 0 seconds, not 0 \(None for",
    ),
    ({"idle": -1}, ValueError, r"timeouts\['idle'\] must be more than 0"),
    ({"total": NAN}, ValueError, r"timeouts\['total'\] must be more than 0"),
    ({"connect": True}, TypeError, r"timeouts\['connect'\] must be a number of seconds or None"),
    (
        {"content": 0},
        ValueError,
        r"timeouts\['content'\] must be more than 0 seconds, not 0 \(None for none\)",
    ),
    ({"first_byte": "3"}, TypeError, r"timeouts\['first_byte'\] must be a number"),
    ({"first_byte": (3, 4)}, TypeError, r"timeouts\['first_byte'\] must be a number"),
]

OTHERS: dict[str, Wrong] = {
    "dialect": [
        ("claude", ValueError, "dialect 'claude' is not known: expected one of 'jetpack', "),
        ("claude", ValueError, ".* 'json_lines'; did you mean 'anthropic'?"),
        ("OpenAI", ValueError, ".* 'json_lines'; did you mean 'openai'?"),
        ("", ValueError, "dialect '' is not known"),
        (None, TypeError, "dialect must be a name or a Dialect, not NoneType"),
        (5, TypeError, "dialect must be a name or a Dialect, not int"),
        (OpenAI, TypeError, r"dialect must be an object, not the class: OpenAI\(\)"),
    ],
    "dispatch": [
        (5, TypeError, "dispatch must be callable, not int"),
        ("queue", TypeError, "dispatch must be callable, not str"),
    ],
    "session": [
        (5, TypeError, "session must be a requests.Session, not int"),
        (object(), TypeError, "session must be a requests.Session, not object"),
        (requests, TypeError, "session must be a requests.Session, not module"),
        (requests.Session, TypeError, "session must be a requests.Session, not type"),
    ],
    "retries": [
        (-1, ValueError, "retries must be 0 or more"),
        (True, TypeError, "retries must be an int or None, not bool"),
        (1.5, TypeError, "retries must be an int or None, not float"),
        ("2", TypeError, "retries must be an int or None, not str"),
    ],
    "throttle": [
        (0, ValueError, r"throttle must be more than 0 seconds, not 0 \(None for none\)"),
        (-0.1, ValueError, "throttle must be more than 0 seconds, not -0.1"),
        (NAN, ValueError, "throttle must be more than 0 seconds, not nan"),
        (float("inf"), ValueError, "throttle must be at most .* seconds, not inf"),
        (1e300, ValueError, r"throttle must be at most .* seconds, not 1e\+300"),
        (True, TypeError, "throttle must be a number of seconds or None, not bool"),
        ("1", TypeError, "throttle must be a number of seconds or None, not str"),
    ],
    "smooth": [
        (None, TypeError, "smooth must be a bool, not NoneType"),
        (0.4, TypeError, "smooth must be a bool, not float"),
    ],
    "on": [
        ({"done": 5}, TypeError, "the handler of 'done' must be callable, not 5"),
        ({"done": None}, TypeError, "the handler of 'done' must be callable, not None"),
        ({"done": asynchronous}, TypeError, "the handler of 'done' is an async function"),
        ({"": print}, TypeError, "the name of an event must be a text, not ''"),
        ({5: print}, TypeError, "the name of an event must be a text, not 5"),
    ],
}

WRONG: dict[str, Wrong] = {
    "question": QUESTIONS,
    "token": TOKENS,
    "url": URLS,
    "options": OPTIONS,
    "headers": HEADERS,
    "timeouts": TIMEOUTS,
    **OTHERS,
}


@pytest.mark.parametrize("name", [name for name in toolkits.__all__ if name != "Dispatcher"])
def test_a_toolkits_function_is_no_dispatcher_but_makes_one(name: str) -> None:
    for make in (SuggestionsEventSource, EventSource):
        with pytest.raises(TypeError, match=rf"^dispatch is {name} itself: .* {name}\(\.\.\.\)$"):
            make("https://service.example/", dispatch=getattr(toolkits, name), start=False)


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        pytest.param(name, *case, id=f"{name}-{number}")
        for name, cases in WRONG.items()
        for number, case in enumerate(cases)
    ],
)
def test_a_wrong_argument_raises_at_the_call(
    name: str, value: Any, error: type[Exception], words: str
) -> None:
    before = set(threading.enumerate())
    with pytest.raises(error, match=f"^{words}") as caught:
        call(**{name: value})
    assert type(caught.value) is error
    assert set(threading.enumerate()) <= before
    message = str(caught.value)
    assert TOKEN not in message
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize("value", [5, "idle", [("idle", 3)], 3.0])
def test_timeouts_must_be_a_mapping(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^timeouts must be a mapping, not "):
        call(timeouts=value, start=False)


@pytest.mark.parametrize("value", [5, "done", [("done", print)], print])
def test_on_must_be_a_mapping(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^on must be a mapping, not "):
        call(on=value, start=False)


def test_a_call_that_raises_leaves_nothing_with_the_dispatcher() -> None:
    class Dispatcher:
        told: list[Any] = []

        def __call__(self, fn: Any) -> None:
            fn()

        def on_gone(self, callback: Any) -> Any:
            self.told.append(callback)
            return lambda: self.told.remove(callback)

    dispatcher = Dispatcher()
    with pytest.raises(ValueError, match="question is empty"):
        call(question="", dispatch=dispatcher)
    assert dispatcher.told == []


def test_an_argument_that_there_is_not_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="temperature"):
        call(temperature=1)
    with pytest.raises(TypeError, match="question"):
        SuggestionsEventSource()  # type: ignore[call-arg]


# What is right


def without_addresses(arguments: dict[str, Any]) -> str:
    return re.sub(" at 0x[0-9a-f]+", "", repr(arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        {"question": [user()]},
        {"question": (user(), {"role": "assistant", "content": ""}, user())},
        {"question": [{"role": "system", "content": ""}, user()]},
        {"question": [{"role": "jetpack-ai", "context": {"type": "x"}}]},
        {"question": [user(context={})]},
        {"question": "half a pair: \ud83d"},
        {"token": None},
        {"token": "with blanks; and = signs / of + all ~ kinds"},
        {"token": lambda: TOKEN},
        {"url": "https://service.example"},
        {"url": "HTTPS://SERVICE.example:8443/a%20b?c=d&e#f"},
        {"url": "https://[2001:db8::1]/ask"},
        {"url": "https://m\u00fcnchen.example/\u00fc"},
        {"options": None},
        {"options": {"post_id": 7, "functions": ()}},
        {"headers": None},
        {"headers": {"X-Empty": "", "x-title": "M\u00fcnchen", "X-Tab": "a\tb"}},
        {"timeouts": None},
        {"timeouts": {}},
        {"timeouts": {"connect": 1, "first_byte": 0.5, "idle": None, "total": float("inf")}},
        {"retries": 0},
        {"throttle": 0.05},
        {"throttle": 1},
        {"smooth": True},
        {"smooth": True, "throttle": 0.1},
        {"session": None},
        {"dialect": OpenAI()},
        {"on": {}},
        {"on": {"done": print, "new-message": print}},
    ],
    ids=without_addresses,
)
def test_what_is_right_is_taken(arguments: dict[str, Any]) -> None:
    call(**arguments, start=False).close()


def test_the_question_is_taken_as_it_is_at_the_call() -> None:
    conversation = [user("Why?")]
    script = Script([DONE])
    source = call(question=conversation, session=script.session(), start=False)
    conversation[0]["content"] = "changed"
    conversation.append(user("added"))
    source.start()
    assert source.result(10) == ""
    assert script.requests[0].body == b'{"messages": [{"role": "user", "content": "Why?"}]}'


# A token over plain http


@pytest.mark.parametrize(
    "host",
    [
        "service.example",
        "10.0.0.1",
        "192.168.1.1:8080",
        "[2001:db8::1]",
        "localhost.example",
        "127.0.0.1.example",
        "notlocalhost",
    ],
)
@pytest.mark.parametrize("token", [TOKEN, lambda: TOKEN], ids=["text", "provider"])
def test_a_token_over_plain_http_to_another_machine_warns(host: str, token: Any) -> None:
    with pytest.warns(UserWarning, match="over plain http.*use https") as told:
        call(token=token, url=f"http://{host}/ask", start=False)
    [warning] = told
    assert TOKEN not in str(warning.message)
    assert re.sub(r"[][]|:8080", "", host) in str(warning.message)


def test_the_warning_points_at_the_call() -> None:
    with pytest.warns(UserWarning, match="over plain http") as told:
        SuggestionsEventSource("Why?", TOKEN, url="http://service.example/", start=False)
    assert told[0].filename == __file__


def test_the_token_of_a_dialect_warns_as_well() -> None:
    with pytest.warns(UserWarning, match="over plain http"):
        call(token=None, dialect=OpenAI("http://service.example/v1", TOKEN), start=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/ask",
        "http://LOCALHOST:8080/ask",
        "http://app.localhost/ask",
        "http://127.0.0.1/ask",
        "http://127.1.2.3:8080/ask",
        "http://[::1]/ask",
        "http://[::1]:8080/ask",
        "https://service.example/ask",
    ],
)
def test_a_token_that_stays_here_or_is_encrypted_does_not_warn(url: str) -> None:
    call(url=url, start=False)  # a warning would be an error here


def test_plain_http_without_a_token_does_not_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    call(token=None, url="http://service.example/ask", start=False)


# A dialect of one's own is checked as well


def test_what_a_dialect_of_ones_own_asks_for_is_checked() -> None:
    class Odd(Dialect):
        def __init__(self, request: Request) -> None:
            self.made = request

        def request(self, question: Any, options: Any, *, stream: bool = True) -> Request:
            return self.made

        def decode(self, message: Any) -> list[Any]:
            return []

    with pytest.raises(ValueError, match=r"^url must be a whole address"):
        call(dialect=Odd(Request("service.example")))
    with pytest.raises(TypeError, match="set is not JSON serializable"):
        call(dialect=Odd(Request("https://service.example", {"a": {1}})))
