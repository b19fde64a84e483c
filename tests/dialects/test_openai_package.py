"""The `openai` package and this client ask the same service and get the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import openai
import pytest
from whole_answer import whole_answer

from suggestions import SuggestionsEventSource, errors
from suggestions.dialects.openai import OpenAI
from suggestions.errors import SuggestionsError
from suggestions.playground import FAILURES, Playground

QUESTION = "Who won the world cup in 2022?"
AFTER = 4  # tokens told before a failure in mid-stream
SOON = 30.0  # seconds; a bound for what ends at once, never a measure
NEVER = 0.3  # seconds to wait for what does not come
PAUSE = 2.0  # the same, after something that does

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    for name in ("get_weather", "get_time")
]


class Got(NamedTuple):
    """What a client makes of an answer."""

    text: str
    finish_reason: str | None = None
    model: str | None = None
    usage: tuple[int, int, int] | None = None
    calls: tuple[tuple[str, str, str], ...] = ()
    error: Exception | None = None


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


class Asked:
    """A question, put to the playground by either client, streamed or whole."""

    def __init__(
        self, playground: Playground, *, stream: bool, fail: str = "", **parameters: Any
    ) -> None:
        self.base_url = playground.openai_url
        self.stream = stream
        self.query = {"fail": fail, "after": str(AFTER)}
        self.parameters = {"model": "gpt-4o", **parameters}
        if stream:
            self.parameters["stream_options"] = {"include_usage": True}

    def theirs(self, question: str, timeout: float = SOON) -> Got:
        messages: Any = [{"role": "user", "content": question}]
        with openai.OpenAI(
            api_key="any", base_url=self.base_url, max_retries=0, timeout=timeout
        ) as client:
            create: Any = client.chat.completions.create
            try:
                told = create(
                    messages=messages,
                    stream=self.stream,
                    extra_query=self.query,
                    **self.parameters,
                )
            except openai.OpenAIError as error:
                return Got("", error=error)
            return _streamed(told) if self.stream else _whole(told)

    def ours(self, question: str, timeout: float = SOON) -> Got:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        kind = SuggestionsEventSource if self.stream else whole_answer
        source = kind(
            question,
            "any",
            url=f"{self.base_url}/chat/completions?{query}",
            dialect=OpenAI(**self.parameters),
            timeouts={"first_byte": timeout, "idle": timeout},
            on={"error": lambda source, event: None},
        )
        assert source.wait(SOON)
        usage = source.usage
        return Got(
            source.full_message,
            source.finish_reason,
            source.model,
            usage and usage[:3],
            source.tool_calls,
            source.error,
        )


def _streamed(stream: Any) -> Got:
    text, reason, model, usage = "", None, None, None
    calls: dict[int, list[str]] = {}
    try:
        for chunk in stream:
            model = chunk.model
            usage = chunk.usage or usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                reason = choice.finish_reason or reason
                for piece in choice.delta.tool_calls or ():
                    call = calls.setdefault(piece.index, ["", "", ""])
                    call[0] += piece.id or ""
                    call[1] += piece.function.name or ""
                    call[2] += piece.function.arguments or ""
    except Exception as error:  # not all that it raises is of its own tree
        return Got(text, error=error)
    told: Any = tuple(map(tuple, calls.values()))
    return Got(text, reason, model, usage and _counts(usage), told)


def _whole(completion: Any) -> Got:
    choices = getattr(completion, "choices", None)
    if not choices:
        return Got("")
    message = choices[0].message
    calls = tuple(
        (call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()
    )
    usage = _counts(completion.usage)
    return Got(message.content or "", choices[0].finish_reason, completion.model, usage, calls)


def _counts(usage: Any) -> tuple[int, int, int]:
    return usage.prompt_tokens, usage.completion_tokens, usage.total_tokens


# Answers


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(
    ("question", "parameters"),
    [
        (QUESTION, {}),
        ("Hello", {"model": "another"}),
        ("Hello", {"max_tokens": 2}),
        ("Some python code, please", {"temperature": 0.1, "top_p": 1}),
        ("Call get_weather for Paris", {"tools": TOOLS}),
        ("Call get_weather and get_time for Rome", {"tools": TOOLS}),
    ],
    ids=["text", "another model", "too long", "parameters", "a tool", "two tools"],
)
def test_both_get_the_same(
    playground: Playground, stream: bool, question: str, parameters: dict[str, Any]
) -> None:
    asked = Asked(playground, stream=stream, **parameters)
    ours = asked.ours(question)
    assert ours == asked.theirs(question)
    assert ours.error is None
    assert bool(ours.text) != bool(ours.calls)
    assert ours.usage is not None
    assert ours.model == parameters.get("model", "gpt-4o")
    expected = "length" if "max_tokens" in parameters else "stop"
    assert ours.finish_reason == ("tool_calls" if ours.calls else expected)


# Failures that both can see: what theirs is called, and what ours

Equivalents = dict[str, tuple[type[Exception], type[SuggestionsError]]]

REFUSED: Equivalents = {
    "401": (openai.AuthenticationError, errors.AuthenticationError),
    "402": (openai.APIStatusError, errors.QuotaExceededError),
    "404": (openai.NotFoundError, errors.StatusError),
    "413": (openai.APIStatusError, errors.ContextTooLargeError),
    "422": (openai.UnprocessableEntityError, errors.ModerationError),
    "429": (openai.RateLimitError, errors.QuotaExceededError),
    "500": (openai.InternalServerError, errors.StatusError),
    "503": (openai.InternalServerError, errors.ServiceUnavailableError),
    "529": (openai.InternalServerError, errors.ServiceUnavailableError),
    "context": (openai.BadRequestError, errors.ContextTooLargeError),
    "content_filter": (openai.BadRequestError, errors.ModerationError),
    "insufficient_quota": (openai.RateLimitError, errors.QuotaExceededError),
    "400": (openai.BadRequestError, errors.StatusError),
    "403": (openai.PermissionDeniedError, errors.AuthenticationError),
    "409": (openai.ConflictError, errors.StatusError),
    "418": (openai.APIStatusError, errors.StatusError),
    "502": (openai.InternalServerError, errors.StatusError),
}
IN_THE_STREAM: Equivalents = {
    "stream-error": (openai.APIError, errors.ServiceError),
    "stream-overloaded": (openai.APIError, errors.ServiceUnavailableError),
    "stream-rate-limit": (openai.APIError, errors.QuotaExceededError),
    "stream-quota": (openai.APIError, errors.QuotaExceededError),
    "stream-content-filter": (openai.APIError, errors.ModerationError),
    "stream-error-text": (openai.APIError, errors.ServiceError),
    "stream-error-event": (openai.APIError, errors.ServiceError),
    # What the connection does; older versions let the errors below them through.
    "cut": (Exception, errors.IncompleteStreamError),
    "silence": (Exception, errors.IdleTimeoutError),
    "malformed": (ValueError, errors.MalformedStreamError),
}
NOTHING_CAME: Equivalents = {
    "slow-headers": (openai.APITimeoutError, errors.FirstByteTimeoutError),
}
# What the package takes for an answer, so that its callers have to look for it.
UNSEEN: dict[str, type[SuggestionsError]] = {
    "finish-content-filter": errors.ModerationError,
    "marker": errors.UnclearPromptError,
    "marker-cut": errors.UnclearPromptError,
    "end-early": errors.IncompleteStreamError,
    "html": errors.NotAnAnswerError,
    "json-error": errors.ServiceError,
    "empty": errors.IncompleteStreamError,
}
NO_FAILURE = ("empty-answer", "no-done", "whole")
WHOLE = ("finish-content-filter", "marker", "marker-cut", "html", "json-error", "whole")


def test_every_failure_of_the_playground_is_compared() -> None:
    compared = {*REFUSED, *IN_THE_STREAM, *NOTHING_CAME, *UNSEEN, *NO_FAILURE}
    assert compared >= FAILURES.keys()


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("fail", REFUSED)
def test_both_see_a_refusal(playground: Playground, fail: str, stream: bool) -> None:
    asked = Asked(playground, stream=stream, fail=fail)
    theirs, ours = asked.theirs(QUESTION).error, asked.ours(QUESTION).error
    kind, our_kind = REFUSED[fail]
    assert isinstance(theirs, kind)
    assert type(ours) is our_kind
    assert isinstance(theirs, openai.APIStatusError)
    assert ours.status == theirs.status_code
    assert ours.request_id
    assert theirs.request_id
    body: Any = theirs.body
    assert body["message"] in ours.message
    retry_after = theirs.response.headers.get("Retry-After")
    assert ours.retry_after == (None if retry_after is None else float(retry_after))


@pytest.mark.parametrize("fail", IN_THE_STREAM)
def test_both_see_a_failure_in_the_stream(playground: Playground, fail: str) -> None:
    asked = Asked(playground, stream=True, fail=fail)
    for timeout in (PAUSE, 4 * PAUSE) if fail == "silence" else (SOON,):
        theirs, ours = asked.theirs(QUESTION, timeout), asked.ours(QUESTION, timeout)
        if ours.text == theirs.text != "":
            break  # else a slow machine has missed a short time, and is given more
    kind, our_kind = IN_THE_STREAM[fail]
    assert isinstance(theirs.error, kind)
    assert type(ours.error) is our_kind
    assert ours.text == theirs.text != ""
    assert ours.error.partial_text == ours.text
    body = getattr(theirs.error, "body", None)
    if isinstance(body, dict):
        assert body["message"] in ours.error.message


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("fail", NOTHING_CAME)
def test_both_see_that_nothing_comes(playground: Playground, fail: str, stream: bool) -> None:
    asked = Asked(playground, stream=stream, fail=fail)
    theirs, ours = asked.theirs(QUESTION, NEVER), asked.ours(QUESTION, NEVER)
    kind, our_kind = NOTHING_CAME[fail]
    assert isinstance(theirs.error, kind)
    assert type(ours.error) is our_kind


@pytest.mark.parametrize(
    ("fail", "stream"),
    [(fail, stream) for fail in UNSEEN for stream in (True, False) if stream or fail in WHOLE],
)
def test_what_the_package_takes_for_an_answer(
    playground: Playground, fail: str, stream: bool
) -> None:
    asked = Asked(playground, stream=stream, fail=fail)
    theirs, ours = asked.theirs(QUESTION), asked.ours(QUESTION)
    assert theirs.error is None
    assert type(ours.error) is UNSEEN[fail]
    assert ours.error.partial_text == ours.text
    # At the marker we stop reading.
    if fail.startswith("marker"):
        assert theirs.text.startswith(ours.text)
    else:
        assert ours.text == theirs.text


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
def test_what_is_no_failure(playground: Playground, stream: bool) -> None:
    whole = Asked(playground, stream=stream, fail="whole")
    assert whole.ours(QUESTION) == Asked(playground, stream=False).theirs(QUESTION)
    if stream:
        unended = Asked(playground, stream=True, fail="no-done")
        assert unended.ours(QUESTION) == unended.theirs(QUESTION) == whole.ours(QUESTION)
        empty = Asked(playground, stream=True, fail="empty-answer")
        assert empty.ours(QUESTION) == empty.theirs(QUESTION) == Got("")
