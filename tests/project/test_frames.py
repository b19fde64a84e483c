"""No variable of ours has a secret in plain: crash reporters and tracebacks show variables.

Each public callable that takes a secret is called wrongly, and is refused by a service. Then all
frames of ours are searched, in the error and in what lies below it, with all that their variables
refer to.
"""

from __future__ import annotations

import io
import types
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from rich.console import Console
from rich.traceback import Traceback
from wire_server import SOON, UNTIL_CLOSE, Peer, Server, eventually, free_port, sized

import suggestions
from suggestions import (
    Conversation,
    EventSource,
    Suggester,
    SuggestionsEventSource,
    ask_question,
    ask_question_sync,
    errors,
)
from suggestions.auth import ChatbotLogin, JetpackToken, Secret, check_token, current_token
from suggestions.cli.program import group
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.chatbot import Chatbot
from suggestions.dialects.json_lines import JsonLines, json
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.relay import relay

KEY = "sk-plain-0123456789"
PACKAGE = str(Path(suggestions.__file__).parent)
PUBLIC = {
    function.__code__
    for function in (
        *(SuggestionsEventSource.__init__, EventSource.__init__, Suggester.__init__),
        *(Conversation.__init__, Conversation.send),
        *(Suggester.request, ask_question, ask_question_sync, relay, json),
        *(ChatbotLogin.__init__, JetpackToken.__init__, check_token, current_token),
        *(OpenAI.__init__, Chatbot.__init__, JsonLines.__init__),
    )
}
PARAMETERS = {
    *("token", "headers", "options", "unknown", "body", "session", "defaults"),
    *("api_key", "parameters", "password", "nonce"),
}
"""Of the public calls: the caller's own frame has them as well."""
NOT_OURS = ("requests", "urllib3", "http", "test_", "_pytest", "socket", "ssl", "logging")


def frames_of(error: BaseException) -> Iterator[types.FrameType]:
    """The frames of ours, in the error and in all that lies below it."""
    left: list[Any] = [error]
    known: list[BaseException] = []
    while left:
        one = left.pop()
        if isinstance(one, BaseException) and all(one is not each for each in known):
            known.append(one)
            left += [one.__cause__, one.__context__, *one.args]
            trace = one.__traceback__
            while trace is not None:
                if trace.tb_frame.f_code.co_filename.startswith(PACKAGE):
                    yield trace.tb_frame
                trace = trace.tb_next


def parts_of(value: Any) -> dict[str, Any]:
    """What a value refers to, by the way there."""
    if isinstance(value, Mapping):
        return {f"[{name!r}]": kept for name, kept in [*value.items()]} | {
            f" key {n}": name for n, name in enumerate(value)
        }
    if isinstance(value, types.MethodType):
        return {".__self__": value.__self__, ".__func__": value.__func__}
    if isinstance(value, types.FunctionType):
        cells = value.__closure__ or ()
        held = {f" cell {n}": cell.cell_contents for n, cell in enumerate(cells)}
        return held | {f" default {n}": kept for n, kept in enumerate(value.__defaults__ or ())}
    if isinstance(value, partial):
        return {".func": value.func, ".args": value.args, ".keywords": value.keywords}
    if isinstance(value, types.GeneratorType):
        variables = value.gi_frame.f_locals if value.gi_frame else {}
        return {f".{name}": kept for name, kept in variables.items()}
    if isinstance(value, (type, types.ModuleType, types.FrameType, str, bytes)):
        return {}
    if hasattr(value, "__iter__") and hasattr(value, "__len__"):
        return {f"[{n}]": item for n, item in enumerate([*value])}
    slots = (name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ()))
    held = {f".{name}": getattr(value, name) for name in slots if hasattr(value, name)}
    return held | {f".{name}": kept for name, kept in getattr(value, "__dict__", {}).items()}


def ways_to_key(name: str, value: Any) -> Iterator[str]:
    """The ways from a variable to the plain key."""
    left, known = [(name, value)], {}
    while left:
        way, one = left.pop()
        if id(one) in known or isinstance(one, Secret):
            continue
        known[id(one)] = one
        if isinstance(one, (str, bytes, bytearray)):
            text = one if isinstance(one, str) else one.decode("latin-1")
            if KEY in text:
                yield way
        elif not type(one).__module__.startswith(NOT_OURS) and not (
            isinstance(one, types.FunctionType) and one.__module__.startswith(NOT_OURS)
        ):
            left += [(way + step, part) for step, part in parts_of(one).items()]


def shown_by(error: BaseException) -> list[str]:
    """The ways from the variables of our frames to the plain key."""
    found = []
    for frame in frames_of(error):
        for name, value in frame.f_locals.items():
            if not (frame.f_code in PUBLIC and name in PARAMETERS):
                found += [f"{frame.f_code.co_name}: {way}" for way in ways_to_key(name, value)]
                if KEY in repr(value):
                    found.append(f"{frame.f_code.co_name}: repr({name})")
    return found


def test_the_search_finds_what_is_there() -> None:
    class Holder:
        def __init__(self, key: str) -> None:
            self.held = [{"a": lambda: key}]

    assert [*ways_to_key("x", {"y": (KEY,)})] == ["x['y'][0]"]
    assert [*ways_to_key("x", {"y": Secret(KEY)})] == []
    Holder.__module__ = "suggestions"
    holder = Holder(KEY)
    holder.held[0]["a"].__module__ = "suggestions"
    assert [*ways_to_key("x", holder)] == ["x.held[0]['a'] cell 0"]


BEARER = {"Authorization": f"Bearer {KEY}"}
KEYED = {"api_key": KEY}
SITE = "https://service.example"
WRONG: dict[str, dict[str, Any]] = {
    "a token with a line end": {"token": f"{KEY}\n"},
    "a token with a blank": {"token": f" {KEY}"},
    "a token in bytes": {"token": KEY.encode()},
    "a token in a list": {"token": [KEY]},
    "headers with a line end": {"headers": {"Authorization": f"Bearer {KEY}\n"}},
    "headers in bytes": {"headers": {"Authorization": KEY.encode()}},
    "headers in a list": {"headers": [("Authorization", KEY)]},
    "headers as a text": {"headers": f"Authorization: {KEY}"},
    "headers with a bad name": {"headers": {**BEARER, "a b": "c"}},
    "a wrong session": {"token": KEY, "headers": BEARER, "session": 5},
    "a wrong dispatch": {"token": KEY, "headers": BEARER, "dispatch": 5},
}
WRONG_QUESTION: dict[str, dict[str, Any]] = {
    "options with a function": {"options": {**KEYED, "a": print}},
    "options with bytes": {"options": {"api_key": KEY.encode()}},
    "options that are refused": {"options": {**KEYED, "stream": True}},
    "options in a list": {"options": [KEY]},
    "options for Jetpack": {"dialect": "jetpack", "options": {**KEYED, "post_id": "x"}},
    "options for a chatbot": {"dialect": "chatbot", "options": KEYED},
    "another library's name": {"api_key": KEY},
    "a wrong address": {"token": KEY, "headers": BEARER, "options": KEYED, "url": "x"},
    "a wrong timeout": {"token": KEY, "headers": BEARER, "options": KEYED, "timeouts": {"x": 1}},
    "wrong handlers": {"token": KEY, "options": KEYED, "on": {"x": 5}},
    "an unknown dialect": {"token": KEY, "options": KEYED, "dialect": "x"},
}


def with_question(call: Callable[..., object]) -> dict[str, Callable[[], object]]:
    every = {**WRONG, **WRONG_QUESTION}
    return {
        wrong: partial(call, "Why?", **{"url": SITE, "dialect": "openai", **given})
        for wrong, given in every.items()
    } | {"no question": partial(call, "", token=KEY, headers=BEARER, options=KEYED)}


CALLS: dict[str, dict[str, Callable[[], object]]] = {
    "SuggestionsEventSource": with_question(SuggestionsEventSource),
    "ask_question": with_question(ask_question),
    "ask_question_sync": with_question(ask_question_sync),
    "Suggester": with_question(lambda question, **given: Suggester(**given).request(question)),
    "Conversation": with_question(lambda question, **given: Conversation(**given).send(question)),
    "Conversation.send()": with_question(lambda text, **given: Conversation().send(text, **given)),
    "EventSource": {wrong: partial(EventSource, SITE, **given) for wrong, given in WRONG.items()}
    | {
        "a wrong address": lambda: EventSource("x", token=KEY, headers=BEARER, body=KEYED),
        "a wrong method": lambda: EventSource(SITE, headers=BEARER, body=KEY, method="1"),
        "a body with GET": lambda: EventSource(SITE, token=KEY, body=KEYED),
        "a wrong body": lambda: EventSource(SITE, body={**KEYED, "a": print}, method="POST"),
        "a wrong time": lambda: EventSource(SITE, token=KEY, headers=BEARER, read_timeout=-1),
    },
    "OpenAI": {
        "a line end": lambda: OpenAI(SITE, f"{KEY}\n"),
        "bytes": lambda: OpenAI(SITE, KEY.encode()),  # type: ignore[arg-type]
        "a wrong address": lambda: OpenAI(5, KEY, apikey=KEY),  # type: ignore[arg-type]
        "a wrong model": lambda: OpenAI(SITE, KEY, 5),  # type: ignore[arg-type]
        "a wrong header": lambda: OpenAI(SITE, KEY, key_header="a b"),
        "a wrong flag": lambda: OpenAI(SITE, KEY, think_tags=5, apikey=KEY),  # type: ignore[arg-type]
        "a parameter that is refused": lambda: OpenAI(SITE, KEY, stream=True, apikey=KEY),
        "a parameter that is no JSON": lambda: OpenAI(SITE, KEY, apikey=KEY, temperature=print),
    },
    "other dialects": {
        "Anthropic": lambda: Anthropic(SITE, f"{KEY}\n"),
        "Responses": lambda: Responses(SITE, f"{KEY}\n"),
        "Ollama": lambda: Ollama(SITE, KEY, model=5),  # type: ignore[arg-type]
        "Chatbot": lambda: Chatbot("x", KEY),
        "Chatbot's token": lambda: Chatbot(SITE, f"{KEY}\n"),
        "JsonLines": lambda: JsonLines("", SITE, api_key=KEY),
        "json": lambda: json("a", "x", api_key=KEY),
        "json's messages": lambda: json("a", SITE, api_key=KEY, messages=[]),
    },
    "auth": {
        "check_token": lambda: check_token(f"{KEY}\n"),
        "current_token": lambda: current_token(f"{KEY}\n"),
        "ChatbotLogin's address": lambda: ChatbotLogin("x", "name", KEY),
        "ChatbotLogin's name": lambda: ChatbotLogin(SITE, "", KEY),
        "ChatbotLogin's way": lambda: ChatbotLogin(SITE, "name", KEY, "mail"),  # type: ignore[arg-type]
        "a password in bytes": lambda: ChatbotLogin(SITE, "name", KEY.encode()),  # type: ignore[arg-type]
        "JetpackToken's address": lambda: JetpackToken("x", nonce=KEY),
        "JetpackToken's nonce": lambda: JetpackToken(SITE, nonce=f"{KEY}\n"),
        "JetpackToken's lifetime": lambda: JetpackToken(SITE, nonce=KEY, lifetime=-1),
    },
    "relay": {
        "no question": lambda: relay("", dialect="openai", token=KEY, api_key=KEY),
        "a wrong token": lambda: relay("Why?", dialect="openai", url=SITE, token=f"{KEY}\n"),
        "a wrong time": lambda: relay("Why?", dialect="openai", token=KEY, heartbeat=-1),
        "a parameter": lambda: relay("Why?", dialect="openai", token=KEY, api_key=KEY, stream=True),
        "frames": lambda: relay("Why?", dialect="openai", model="m", token=KEY, frames="x"),
        "cors": lambda: relay("Why?", dialect="openai", model="m", token=KEY, cors=5),  # type: ignore[arg-type]
    },
}


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(call, id=f"{name}, {wrong}")
        for name, calls in CALLS.items()
        for wrong, call in calls.items()
    ],
)
def test_no_wrong_call_shows_a_secret(call: Callable[[], object]) -> None:
    with pytest.raises((TypeError, ValueError, errors.AuthenticationError)) as caught:
        call()
    assert [*frames_of(caught.value)]
    assert not shown_by(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "DASHSCOPE_API_KEY"])
def test_no_wrong_key_in_the_environment_is_shown(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv(name, f"{KEY} ")
    with pytest.raises(ValueError, match="blank") as caught:
        relay("Why?")
    assert not shown_by(caught.value)


@pytest.mark.parametrize(
    ("given", "args"),
    [
        ({"SUGGESTIONS_TOKEN": f"{KEY}\x7f"}, ["--url", SITE]),
        ({"SUGGESTIONS_TOKEN": KEY}, ["--url", SITE, "--option", "stream=true"]),
        ({"SUGGESTIONS_TOKEN": KEY}, ["--url", "x"]),
        ({"OPENAI_API_KEY": f"{KEY}\x7f"}, []),
        ({"OPENAI_API_KEY": KEY, "SUGGESTIONS_TOKEN": KEY}, []),
        ({}, ["--url", SITE, "--option", f"api_key={KEY}", "--option", "stream=true"]),
    ],
    ids=str,
)
def test_no_wrong_usage_of_the_program_shows_a_secret(
    given: dict[str, str], args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SUGGESTIONS_TOKEN", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(click.UsageError) as caught:
        group.main(["ask", *args, "Why?"], standalone_mode=False)
    assert not shown_by(caught.value)
    assert KEY not in str(caught.value)


def test_no_repr_of_a_dialect_has_a_key_in_its_address() -> None:
    for dialect in (OpenAI(f"{SITE}/v1?key={KEY}"), json("a", f"{SITE}/ask?key={KEY}")):
        assert KEY not in repr(dialect)
        assert f"'{SITE}/" in repr(dialect)


# Refused by a service


def echoing(status: str) -> Callable[[Peer], None]:
    def script(peer: Peer) -> None:
        request = peer.request()
        said = request.headers.get("Authorization", "").encode() + b" " + request.body
        peer.send(sized(status, said, content_type="text/plain"))

    return script


def malformed(peer: Peer) -> None:
    # Without the key: a source keeps the messages as they came, also for handlers that come late.
    peer.request()
    peer.send(UNTIL_CLOSE, b"data: {\n\n")


def resetting(peer: Peer) -> None:
    peer.request()
    peer.reset()


SERVICES: dict[str, Callable[[Peer], None] | None] = {
    "401": echoing("401 Unauthorized"),
    "500": echoing("500 Oops"),
    "no answer": echoing("200 OK"),
    "malformed": malformed,
    "reset": resetting,
    "refused": None,
}
GIVEN: dict[str, Any] = {
    "token": KEY,
    "headers": {"X-Gateway": KEY, "api-key": KEY},
    "options": {"apikey": KEY, "deep": {"secret": [KEY]}},
    "retries": 0,
    "dialect": OpenAI(SITE, KEY, "model", gateway_key=KEY),
}


def sources_error(url: str, **given: Any) -> errors.SuggestionsError:
    source = SuggestionsEventSource("Why?", url=url, start=False, **{**GIVEN, **given})
    assert not [*ways_to_key("source", source)]
    source.start()  # and while it reads, the thread has for a moment what the service echoes
    with pytest.raises(errors.SuggestionsError) as caught:
        source.result(SOON)
    assert not [*ways_to_key("source", source)]
    return caught.value


def iterations_error(url: str) -> errors.SuggestionsError:
    with pytest.raises(errors.SuggestionsError) as caught:
        list(ask_question("Why?", url=url, **GIVEN))
    return caught.value


def sync_error(url: str) -> errors.SuggestionsError:
    with pytest.raises(errors.SuggestionsError) as caught:
        ask_question_sync("Why?", url=url, **GIVEN)
    return caught.value


def sessions_error(url: str) -> errors.SuggestionsError:
    session = requests.Session()
    session.headers["X-Gateway"] = KEY
    return sources_error(url, session=session)


def suggesters_error(url: str) -> errors.SuggestionsError:
    failed: list[errors.SuggestionsError] = []
    suggester = Suggester(on_error=failed.append, url=url, **GIVEN)
    suggester.request("Why?")
    assert eventually(lambda: failed)
    assert not [*ways_to_key("suggester", suggester)]
    return failed[0]


def streams_error(url: str) -> errors.SuggestionsError:
    failed: list[errors.SuggestionsError] = []
    source = EventSource(
        url, method="POST", token=KEY, headers={"api-key": KEY}, body={"key": KEY}, start=False
    )
    source.connect("error", lambda source, event: failed.append(event.detail))
    source.start()
    assert eventually(lambda: failed)
    assert not [*ways_to_key("source", source)]
    source.close()
    return failed[0]


def logins_error(url: str, **given: Any) -> errors.SuggestionsError:
    login = ChatbotLogin(url, "name", KEY, **given)
    with pytest.raises(errors.SuggestionsError) as caught:
        login()
    assert not [*ways_to_key("login", login)]
    return caught.value


def sites_error(url: str) -> errors.SuggestionsError:
    with pytest.raises(errors.SuggestionsError) as caught:
        JetpackToken(url, nonce=KEY)()
    return caught.value


def relays_error(url: str) -> errors.SuggestionsError:
    failed: list[errors.SuggestionsError] = []
    response = relay(
        "Why?", url=url, token=KEY, dialect=GIVEN["dialect"], on_error=failed.append, apikey=KEY
    )
    assert b'"error"' in b"".join(response)
    assert not [*ways_to_key("response", response)]
    return failed[0]


ASKING: dict[str, Callable[[str], errors.SuggestionsError]] = {
    "result()": sources_error,
    "a provider": partial(sources_error, token=lambda: KEY),
    "iteration": iterations_error,
    "ask_question_sync()": sync_error,
    "a session": sessions_error,
    "Suggester": suggesters_error,
    "EventSource": streams_error,
    "relay": relays_error,
}
LOGINS: dict[str, Callable[[str], errors.SuggestionsError]] = {
    "a form": logins_error,
    "an address": partial(logins_error, send="params"),
    "a site": sites_error,
}


def by_rich(error: BaseException) -> str:
    """As a program with `rich.traceback.install(show_locals=True)` shows it, without the frame of
    the test."""
    trace = error.__traceback__ and error.__traceback__.tb_next
    shown = Traceback.from_exception(
        type(error), error, trace, show_locals=True, locals_max_string=10_000
    )
    console = Console(file=io.StringIO(), width=500)
    console.print(shown)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize("ask", {**ASKING, **LOGINS}.values(), ids={**ASKING, **LOGINS})
def test_no_refusal_shows_a_secret(
    ask: Callable[[str], errors.SuggestionsError], service: Callable[[Peer], None] | None
) -> None:
    if service is None:
        error = ask(f"http://localhost:{free_port()}")
    elif service is malformed and ask in LOGINS.values():
        pytest.skip("a login is no stream")
    else:
        with Server(service) as server:
            error = ask(server.url)
    assert not shown_by(error)
    assert KEY not in by_rich(error)
    assert KEY not in f"{error!r} {error.body} {error.request_id} {error.__cause__!r}"


def test_a_source_that_was_not_made_has_a_repr() -> None:
    for made in (
        *(SuggestionsEventSource, EventSource, ChatbotLogin, JetpackToken, OpenAI, Anthropic),
        *(Chatbot, JsonLines),
    ):
        assert made.__name__ in repr(made.__new__(made))


def test_a_secret_shows_itself_to_nothing_but_a_call() -> None:
    secret = Secret(KEY)
    assert {f"{secret}", str(secret), repr(secret), format(secret)} == {"[secret]"}
    assert secret() == KEY
    assert secret == Secret(KEY)
    assert {secret, Secret(KEY)} == {secret}
    assert secret != KEY


def test_a_program_may_pass_a_secret_of_its_own() -> None:
    with Server(echoing("401 Unauthorized")) as server:
        error = sources_error(server.url, token=Secret(KEY))
        assert [request.headers["Authorization"] for request in server.requests] == [
            f"Bearer {KEY}"
        ]
    assert error.body is not None
    assert "[token]" in error.body
