"""Errors: the table of reports, what an error has, and what it must not show."""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from process import run
from script import DONE, HOLD, Script, Step, chunk, data
from waiting import eventually, our_threads

from suggestions import Event, SuggestionsError, SuggestionsEventSource, errors
from suggestions._wire.sse import ServerSentEvent
from suggestions.auth import redact
from suggestions.dialects.delta import Delta
from suggestions.dialects.jetpack import Jetpack
from suggestions.errors import (
    AuthenticationError,
    ContextTooLargeError,
    ModerationError,
    QuotaExceededError,
    ServiceError,
    ServiceUnavailableError,
    StatusError,
    UnclearPromptError,
    from_code,
    from_report,
    from_status,
    is_report,
)
from suggestions.events import ERROR_NAMES

URL = "https://service.example/ask"
TOKEN = 'sk-secret/with+signs=&"quotes"<and>\\more'

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, SuggestionsError)
]


WIRE = ("status", "headers", "content_type")


def ask(steps: list[Step], token: Any = TOKEN, **options: Any) -> SuggestionsEventSource:
    wire = {name: options.pop(name) for name in WIRE if name in options}
    script = Script(steps, **wire)
    return SuggestionsEventSource("Why?", token, url=URL, session=script.session(), **options)


# The table: status and body -> the error


def flat(**error: Any) -> str:
    """An error as DashScope, vLLM and WordPress write it."""
    return json.dumps(error)


def body(**error: Any) -> str:
    """An error as OpenAI and most others write it."""
    return flat(error=error)


def anthropic(type: str, message: str) -> str:
    return flat(type="error", error={"type": type, "message": message})


def wordpress(status: int, code: str) -> str:
    return flat(code=code, message="Sorry, no.", data={"status": status})


INVALID = "invalid_request_error"
LENGTH = "This model's maximum context length is 8192 tokens. However, you sent 9001."
RESPONSIBLE_AI = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}

REFUSALS: dict[type[SuggestionsError], dict[str, tuple[int, str]]] = {
    AuthenticationError: {
        "OpenAI": (401, body(message="Wrong key", type=INVALID, code="invalid_api_key")),
        "OpenAI, country": (403, body(message="Not there", code="unsupported_country")),
        "Azure": (401, body(code="401", message="Access denied due to invalid key")),
        "Anthropic": (401, anthropic("authentication_error", "invalid x-api-key")),
        "Anthropic, forbidden": (403, anthropic("permission_error", "No")),
        "OpenRouter": (403, body(code=403, message="Not yours")),
        "vLLM": (401, '{"error": "Unauthorized"}'),
        "llama.cpp": (401, body(code=401, message="No", type="authentication_error")),
        "DashScope": (401, flat(code="InvalidApiKey", message="Invalid API-key")),
        "DashScope with 400": (400, flat(code="InvalidApiKey", message="Invalid API-key")),
        "WordPress": (401, wordpress(401, "rest_forbidden")),
        "WordPress, forbidden": (403, wordpress(403, "rest_forbidden")),
    },
    QuotaExceededError: {
        "OpenAI, rate": (429, body(message="No", type="requests", code="rate_limit_exceeded")),
        "OpenAI, quota": (429, body(message="No", type="insufficient_quota")),
        "OpenAI, limit": (400, body(message="No", code="billing_hard_limit_reached")),
        "Azure": (429, body(code="429", message="Requests have exceeded the rate limit")),
        "Anthropic": (429, anthropic("rate_limit_error", "Slow down")),
        "Anthropic, billing": (402, anthropic("billing_error", "Pay")),
        "OpenRouter, credit": (402, body(code=402, message="Insufficient credits")),
        "OpenRouter, rate": (429, body(code=429, message="Rate limit exceeded: free")),
        "one that is long as well": (400, body(code="rate_limit_exceeded", message=LENGTH)),
        "DashScope, rate": (429, flat(code="Throttling.RateQuota", message="No")),
        "DashScope, credit": (400, flat(code="Arrearage", message="Access denied")),
        "DashScope, free": (403, flat(code="AllocationQuota.FreeTierOnly", message="No")),
        "Gemini": (400, body(code=429, message="No", status="RESOURCE_EXHAUSTED")),
        "Gemini, in a list": (
            400,
            f"[{body(code=429, message='No', status='RESOURCE_EXHAUSTED')}]",
        ),
        "WordPress": (429, wordpress(429, "error_quota_exceeded")),
        "WordPress, the status within": (500, wordpress(429, "internal_server_error")),
    },
    ModerationError: {
        "OpenAI": (400, body(message="Rejected", code="content_policy_violation")),
        "Azure": (400, body(message="No", type=None, code="content_filter", status=400)),
        "Azure, within": (400, body(message="No", code="400", innererror=RESPONSIBLE_AI)),
        "OpenRouter": (403, body(code=403, message="No", metadata={"flagged_input": "…"})),
        "DashScope": (400, flat(code="DataInspectionFailed", message="Inappropriate")),
        "DashScope, compatible": (400, body(code="data_inspection_failed", message="No")),
        "WordPress": (400, wordpress(400, "content_filter")),
        "Jetpack": (422, ""),
    },
    ServiceUnavailableError: {
        "OpenAI": (503, body(message="Overloaded", type="server_error")),
        "OpenAI with 500": (500, body(message="Overloaded", code="server_is_overloaded")),
        "Anthropic": (529, anthropic("overloaded_error", "Overloaded")),
        "OpenRouter": (503, body(code=503, message="No provider")),
        "llama.cpp": (503, body(code=503, message="Loading", type="unavailable_error")),
        "a status that says enough": (503, body(code="content_filter", message="No")),
    },
    ContextTooLargeError: {
        "OpenAI": (400, body(message=LENGTH, type=INVALID, code="context_length_exceeded")),
        "Anthropic": (400, anthropic(INVALID, "prompt is too long: 2 tokens > 1 maximum")),
        "Anthropic, bytes": (413, anthropic("request_too_large", "Too large")),
        "OpenRouter": (400, body(code=400, message=LENGTH)),
        "Gemini, in a list": (400, f"[{body(code=400, message=LENGTH)}]"),
        "vLLM": (400, flat(object="error", message=LENGTH, type="BadRequestError", code=400)),
        "llama.cpp": (400, body(code=400, message="No", type="exceed_context_size_error")),
        "DashScope": (
            400,
            body(code="invalid_parameter", message="Range of input length should be [1, 9]"),
        ),
        "WordPress": (400, wordpress(400, "context_length_exceeded")),
        "nginx": (413, "<html><h1>413 Request Entity Too Large</h1></html>"),
    },
    StatusError: {
        "OpenAI, value": (400, body(message="Invalid value: 'x'", code="invalid_value")),
        "OpenAI, model": (404, body(message="No such model", code="model_not_found")),
        "OpenAI, server": (500, body(message="Sorry about that", type="server_error")),
        "Azure": (404, body(code="DeploymentNotFound", message="None")),
        "Anthropic": (500, anthropic("api_error", "Internal server error")),
        "Anthropic, time": (504, anthropic("timeout_error", "Too late")),
        "OpenRouter": (400, body(code=400, message="No endpoints found")),
        "OpenRouter, gateway": (502, body(code=502, message="Provider returned error")),
        "OpenRouter, time": (408, body(code=408, message="Timed out")),
        "vLLM": (400, flat(object="error", message="No", type="BadRequestError", code=400)),
        "vLLM, model": (404, flat(object="error", message="No", type="NotFoundError")),
        "llama.cpp": (501, body(code=501, message="No", type="not_supported_error")),
        "DashScope": (400, flat(code="InvalidParameter", message="No")),
        "DashScope, server": (500, flat(code="InternalError", message="No")),
        "WordPress": (400, wordpress(400, "rest_invalid_param")),
        "WordPress, route": (404, wordpress(404, "rest_no_route")),
        "FastAPI": (404, flat(detail="Not Found")),
        "FastAPI, a field": (422, flat(detail=[{"loc": ["body"], "msg": "field required"}])),
        "chatbot": (500, flat(errorMessage="Failed with chatbot.ChatCompletion: x")),
        "a page": (502, "<html><h1>502 Bad Gateway</h1></html>"),
        "nothing": (400, ""),
        "half": (400, '{"error": {"code": "content_f'),
    },
}


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        pytest.param(kind, status, text, id=f"{kind.__name__}-{service}")
        for kind, table in REFUSALS.items()
        for service, (status, text) in table.items()
    ],
)
def test_a_status_and_a_body_make_one_error(
    kind: type[SuggestionsError], status: int, text: str
) -> None:
    error = from_status(status, text, request_id="r", retry_after=1.5)
    assert error.__class__ is kind
    assert (error.status, error.body, error.request_id) == (status, text, "r")
    assert error.retry_after == 1.5
    assert said_in(text) in error.message
    check_readable(error)


def said_in(text: str) -> str:
    """The sentence in the body of an error, "" where there is none."""
    if not text.endswith("}"):
        return ""
    told = json.loads(text)
    error = told.get("error", told)
    if isinstance(error, str):
        return error
    said = [error.get(name) for name in ("message", "errorMessage", "detail")]
    return next((text for text in said if isinstance(text, str)), "")


def check_readable(error: SuggestionsError) -> None:
    """A sentence or two that say what happened, on one line, in words of our own first."""
    assert error.code in ERROR_NAMES
    assert error.severity in ("info", "error")
    first = error.message.partition(" (It says: ")[0]
    assert first[0].isupper()
    assert first[-1] in ".?"
    assert error.message.isprintable()
    assert len(error.message) < 700
    assert str(error) == error.message
    assert error.args == (error.message,)
    assert error.partial_text == ""
    assert "\n" not in repr(error)


OWN_EVENT = {
    402: ("error_quota_exceeded", "info"),
    413: ("error_context_too_large", "info"),
    422: ("error_moderation", "info"),
    429: ("error_quota_exceeded", "info"),
    503: ("error_service_unavailable", "info"),
    529: ("error_service_unavailable", "info"),
}


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "Oh no", '{"error": null}', "[[[[["])
def test_no_status_falls_through(text: str) -> None:
    for status in (*range(201, 206), *range(300, 309), *range(400, 600)):
        error = from_status(status, text)
        assert (error.code, error.severity) == OWN_EVENT.get(status, ("error_network", "error"))
        if status in (401, 403):
            assert error.__class__ is AuthenticationError
        elif status not in OWN_EVENT:
            assert error.__class__ is StatusError
        assert str(status) in error.message or status in (400, 401, 403, 404, 405, *OWN_EVENT)
        check_readable(error)


@pytest.mark.parametrize("word", [{"code": "rate_limit_exceeded"}, {"status": 429}])
def test_words_beside_an_error_that_is_a_text_count_as_well(word: dict[str, Any]) -> None:
    for fields, quote in (({}, "Oh no."), ({"message": "Slow down."}, "Slow down.")):
        error = from_status(400, flat(error="Oh no.", **fields, **word))
        assert error.__class__ is QuotaExceededError
        assert error.message.endswith(f"(It says: {quote})")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (304, "The service sent no answer (status 304)."),
        (399, "The service sent no answer (status 399)."),
        (418, "The service did not accept the request (status 418)."),
        (499, "The service did not accept the request (status 499)."),
        (500, "The service failed (status 500). Please try again in a moment."),
        (502, "The service failed (status 502). Please try again in a moment."),
        (408, "The service did not answer in time (status 408). Please try again."),
        (504, "The service did not answer in time (status 504). Please try again."),
        (522, "The service did not answer in time (status 522). Please try again."),
        (524, "The service did not answer in time (status 524). Please try again."),
    ],
)
def test_a_status_without_an_error_of_its_own_has_a_sentence(status: int, sentence: str) -> None:
    error = from_status(status)
    assert (error.message, error.body) == (sentence, "")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "Authentication failed: cannot find username/password in request body.",
            "The login did not find the user name and the password.",
        ),
        (
            "Authentication failed: cannot authenticate with provided username and password.",
            "The user name or the password is wrong.",
        ),
        ("Invalid token: empty or not starts with 'Bearer '", "The service wants a token."),
        (
            "Invalid token: expired or fake token.",
            "The token has expired or is not of this service.",
        ),
    ],
)
def test_what_the_chatbot_says_of_a_login_is_advice(said: str, advice: str) -> None:
    error = from_status(401, flat(errorMessage=said))
    assert error.__class__ is AuthenticationError
    assert error.message.startswith(advice)
    assert error.message.endswith(f" (It says: {said.strip()})")


@pytest.mark.parametrize("status", [200, 204, 304, 400, 404, 408, 418, 429, 500, 502, 504])
def test_a_status_is_told_through_a_source(status: int) -> None:
    source = ask([b""], status=status, headers={"x-request-id": "r1", "Retry-After": "7"})
    with pytest.raises(SuggestionsError) as caught:
        source.result(10)
    error = caught.value
    assert error is source.error
    assert (error.request_id, source.request_id) == ("r1", "r1" if status == 200 else None)
    if status != 200:
        assert (error.status, error.retry_after, error.body) == (status, 7.0, "")
        assert error.code == OWN_EVENT.get(status, ("error_network", ""))[0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (" 7 ", 7.0),
        ("0.5", 0.5),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("1.2.3", None),
        ("\u00b2", None),
        ("Wed, 21 Oct 2015 07:28:00 +" + "9" * 30, None),
        ("Wed, " + "9" * 30 + " Oct 2015 07:28:00 GMT", None),
    ],
)
def test_how_long_the_service_asks_to_wait(header: str, seconds: float | None) -> None:
    source = ask([b""], status=503, headers={"Retry-After": header})
    with pytest.raises(ServiceUnavailableError) as caught:
        source.result(10)
    assert caught.value.retry_after == seconds


def test_a_service_may_ask_to_wait_until_a_date() -> None:
    date = format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)
    source = ask([b""], status=503, headers={"Retry-After": date})
    with pytest.raises(ServiceUnavailableError) as caught:
        source.result(10)
    assert 0 < (caught.value.retry_after or 0) <= 3600


@pytest.mark.parametrize("name", ["retry-after-ms", "Retry-After-Ms", "x-ms-retry-after-ms"])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1500", 1.5),
        (" 20 ", 0.02),
        ("0", 0.0),
        ("0.5", 0.0005),
        # Anything else is ignored, and the seconds count.
        ("", 7.0),
        ("-1", 7.0),
        ("1e3", 7.0),
        ("inf", 7.0),
        ("nan", 7.0),
        ("9" * 400, 7.0),
        ("soon", 7.0),
        ("\u00b2", 7.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 7.0),
    ],
)
def test_milliseconds_say_more_exactly_how_long_to_wait(
    name: str, header: str, seconds: float
) -> None:
    source = ask([b""], status=429, headers={"Retry-After": "7", name: header})
    with pytest.raises(QuotaExceededError) as caught:
        source.result(10)
    assert caught.value.retry_after == seconds


def test_milliseconds_alone_are_enough() -> None:
    source = ask([b""], status=503, headers={"retry-after-ms": "250"})
    with pytest.raises(ServiceUnavailableError) as caught:
        source.result(10)
    assert caught.value.retry_after == 0.25


@pytest.mark.parametrize(
    ("header", "request_id"),
    [
        ("X-Request-Id", "r"),
        ("request-id", "r"),
        ("x-ms-request-id", "r"),
        ("apim-request-id", "r"),
        ("x-other", None),
    ],
)
def test_the_request_id_of_each_service(header: str, request_id: str | None) -> None:
    source = ask([b""], status=500, headers={header: "r"})
    with pytest.raises(SuggestionsError) as caught:
        source.result(10)
    assert caught.value.request_id == request_id


FLASK_RAISED = (
    "The server encountered an internal error and was unable to complete your request. Either the "
    "server is overloaded or there is an error in the application."
)


@pytest.mark.parametrize(
    ("report", "kind"),
    [
        ({"message": "No"}, ServiceError),
        ({"message": "No", "code": "server_error"}, ServiceError),
        ({"message": "No", "code": 500}, ServiceError),
        ({"message": "No", "code": 400}, ServiceError),
        ({"message": "No", "code": 404}, ServiceError),
        ({"message": "No", "code": 401}, AuthenticationError),
        ({"message": "No", "code": "invalid_api_key"}, AuthenticationError),
        ({"message": "No", "type": "permission_error"}, AuthenticationError),
        ({"message": "No", "type": "authentication_error"}, AuthenticationError),
        ({"message": "No", "code": 402}, QuotaExceededError),
        ({"message": "No", "code": "402"}, QuotaExceededError),
        ({"message": "No", "code": 429}, QuotaExceededError),
        ({"message": "No", "type": "rate_limit_error"}, QuotaExceededError),
        ({"message": "No", "type": "tokens", "code": "rate_limit_exceeded"}, QuotaExceededError),
        ({"message": "No", "code": "RateLimitReached"}, QuotaExceededError),
        ({"message": "No", "code": "insufficient_quota"}, QuotaExceededError),
        ({"message": "No", "code": "InsufficientBalance"}, QuotaExceededError),
        ({"message": "No", "code": "quota_exceeded"}, QuotaExceededError),
        ({"message": "No", "code": "RESOURCE_EXHAUSTED"}, QuotaExceededError),
        ({"message": "No", "code": "Throttling.User"}, QuotaExceededError),
        ({"message": "No", "code": "too_many_requests"}, QuotaExceededError),
        ({"message": "No", "type": "billing_error"}, QuotaExceededError),
        ({"message": "No", "code": 404, "type": "billing_error"}, QuotaExceededError),
        ({"message": "No", "status": "RESOURCE_EXHAUSTED", "code": 429}, QuotaExceededError),
        ({"message": "No", "code": 400, "type": "content_filter"}, ModerationError),
        ({"message": "No", "code": "content_filter"}, ModerationError),
        ({"message": "No", "code": "moderation_blocked"}, ModerationError),
        ({"message": "No", "code": 422}, ModerationError),
        ({"message": "No", "type": "overloaded_error"}, ServiceUnavailableError),
        ({"message": FLASK_RAISED}, ServiceError),
        ({"message": "No", "code": "service_unavailable"}, ServiceUnavailableError),
        ({"message": "No", "code": "ServerBusy"}, ServiceUnavailableError),
        ({"message": "No", "code": 503}, ServiceUnavailableError),
        ({"message": "No", "code": 529}, ServiceUnavailableError),
        ({"message": "No", "type": "server_error", "code": "overloaded"}, ServiceUnavailableError),
        ({"message": "No", "code": "context_length_exceeded"}, ContextTooLargeError),
        ({"message": "No", "type": "request_too_large"}, ContextTooLargeError),
        ({"message": "No", "type": "exceed_context_size_error"}, ContextTooLargeError),
        ({"message": "No", "code": "context_window_exceeded"}, ContextTooLargeError),
        ({"message": "No", "code": 500, "type": "invalid_api_key"}, AuthenticationError),
        ({"message": "No", "code": True}, ServiceError),
        ({"message": "No", "code": ["429"]}, ServiceError),
        ({"message": "No", "code": "\u0664\u0662\u0669"}, ServiceError),
        ({"message": 5}, ServiceError),
        ("No", ServiceError),
        ("", ServiceError),
        (None, ServiceError),
        (5, ServiceError),
        ([], ServiceError),
        ({}, ServiceError),
    ],
)
def test_a_report_makes_one_error(report: object, kind: type[SuggestionsError]) -> None:
    error = from_report(report, body="the body")
    assert error.__class__ is kind
    assert (error.status, error.body) == (None, "the body")
    check_readable(error)
    assert from_report({"error": report}).__class__ is kind
    assert from_report({"type": "error", "error": report}).__class__ is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("error_quota_exceeded", QuotaExceededError),
        ("error_moderation", ModerationError),
        ("error_service_unavailable", ServiceUnavailableError),
        ("error_context_too_large", ContextTooLargeError),
        ("error_unclear_prompt", UnclearPromptError),
        ("error_network", ServiceError),
        ("error", ServiceError),
        (429, ServiceError),
        (None, ServiceError),
        (["error_moderation"], ServiceError),
    ],
)
def test_a_code_of_ours_makes_its_error(code: object, kind: type[SuggestionsError]) -> None:
    error = from_code(code, "Oh\nno.", body="the body")
    assert error.__class__ is kind
    assert (error.message, error.body) == ("Oh no.", "the body")
    silent = from_code(code, "")
    assert silent.body is None
    check_readable(silent)
    assert (silent.message == "The service failed.") is (kind is ServiceError)


@pytest.mark.parametrize(
    ("value", "tells"),
    [
        ({"error": {"message": "No"}}, True),
        ({"error": "No"}, True),
        ({"error": True, "message": "No"}, True),
        ({"errorMessage": "No"}, True),
        ({"type": "error", "message": "No"}, True),
        ({"code": "x", "message": "No"}, True),
        ({"choices": [], "error": {"code": 502}}, True),
        ({"choices": [], "code": "x", "message": "No"}, False),
        ({"choices": [], "error": None}, False),
        ({"choices": [], "error": {}}, False),
        ({"error": ""}, False),
        ({"message": "No"}, False),
        ({"type": "ping"}, False),
        ({}, False),
        ([{"error": "No"}], True),
        ("error", False),
        (None, False),
    ],
)
def test_what_is_a_report_of_an_error(value: object, tells: bool) -> None:
    assert is_report(value) is tells


# What an error says to a person


@given(st.text(), st.sampled_from([400, 401, 418, 500]))
def test_a_message_is_one_readable_line_whatever_the_service_says(text: str, status: int) -> None:
    check_readable(from_status(status, json.dumps({"error": {"message": text}})))
    check_readable(from_status(status, text))
    check_readable(from_report(text))
    check_readable(from_report({"message": text, "code": text, "type": text}))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("No.\nTry  again\t.", "No. Try again ."),
        ("\x1b[31mred\x1b[0m\x07", "[31mred [0m"),
        ("half \ud83d a pair", "half a pair"),
        ("\u202eright to left", "right to left"),
        ("word " * 1000, None),
    ],
)
def test_what_the_service_says_is_quoted_on_one_line(said: str, told: str | None) -> None:
    message = from_report(said).message
    if told is None:
        assert len(message) < 600
        assert message.endswith("word \u2026)")
    else:
        assert message == f"The service failed. (It says: {told})"


def test_a_service_that_says_nothing_is_not_quoted() -> None:
    for silent in ("", " \n", {}, {"message": None}, {"message": " "}):
        assert from_report(silent).message == "The service failed."


def test_a_body_is_kept_up_to_its_bound() -> None:
    long = "x" * 100_000
    assert from_status(500, long).body == "x" * 65_536
    assert from_report("No", body=long).body == "x" * 65_536
    source = ask([long.encode()], status=500)
    with pytest.raises(SuggestionsError) as caught:
        source.result(10)
    assert caught.value.body == "x" * 65_536


# Errors as values


def test_every_error_is_of_one_tree_with_an_event() -> None:
    for kind in KINDS:
        assert kind.__doc__
        if kind is not errors.AbortedError:
            assert kind.code in ERROR_NAMES
    assert {kind.code for kind in KINDS} - {"aborted"} == set(ERROR_NAMES)


def test_a_public_class_says_its_public_module() -> None:
    assert {kind.__module__ for kind in KINDS} == {"suggestions.errors"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_can_be_pickled_and_copied(kind: type[SuggestionsError]) -> None:
    error = kind("Oh.", status=418, body="b", request_id="r", retry_after=2.0)
    error.partial_text = "some text"
    for double in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(double) is kind
        assert vars(double) == vars(error)
        assert double.args == error.args == ("Oh.",)
        assert repr(double) == repr(error) == f"{kind.__name__}('Oh.', status=418)"


def test_an_error_of_a_bare_sentence() -> None:
    error = SuggestionsError("Oh.")
    assert (error.status, error.body, error.request_id, error.retry_after) == (None,) * 4
    assert error.partial_text == ""
    assert repr(error) == "SuggestionsError('Oh.')"


# No token in what an error shows


def forms(token: str) -> list[str]:
    """A token as services echo it."""
    quoted = json.dumps(token)[1:-1]
    return [
        token,
        f"Bearer {token}",
        f"'{token}'.",
        quoted,
        quoted.replace("/", "\\/"),
        json.dumps(quoted)[1:-1].replace("/", "\\/"),
        quoted.replace("<", "\\u003c").replace(">", "\\u003E").replace("&", "\\u0026"),
        "sk-secret%2Fwith%2Bsigns%3D%26%22quotes%22%3Cand%3E%5Cmore",
        "sk-secret%2fwith%2bsigns%3d%26%22quotes%22%3cand%3e%5cmore",
    ]


PARTS = ("secret", "with+signs", "with%2", "quotes", "more")


def told_of(error: SuggestionsError) -> list[str]:
    return [repr(error), str(error), str(error.args), *map(str, vars(error).values())]


def check_no_secret(texts: list[str]) -> None:
    for text in texts:
        assert not any(part in text for part in PARTS), text


@pytest.mark.parametrize("written", forms(TOKEN))
def test_a_token_is_taken_out_however_it_is_written(written: str) -> None:
    error = SuggestionsError(f"Key {written}", body=f'{{"key":"{written}","again":"{written}"}}')
    redact(error, [TOKEN])
    check_no_secret(told_of(error))
    assert error.message.startswith("Key ")
    assert "[token]" in error.message
    assert str(error.body).count("[token]") == 2


def test_a_short_token_is_no_part_of_other_words() -> None:
    error = SuggestionsError("The key 'key' of the monkey: key_1 key.", body="key")
    redact(error, ["key"])
    assert error.message == "The [token] '[token]' of the monkey: [token]_1 [token]."
    assert error.body == "[token]"


@pytest.mark.parametrize("secret", ["-\\-\\" * 20, "\\" * 40 + "x", '"-/"' * 20, "a" * 100])
def test_taking_a_token_out_does_not_hang(secret: str) -> None:
    for body in ("\\" * 65_535 + ".", '\\"-' * 20_000, "a" * 65_536):
        error = SuggestionsError("No.", body=body)
        redact(error, [secret])
        assert error.body == body or "a" in body


def test_without_a_token_nothing_is_taken_out() -> None:
    error = SuggestionsError("Oh no.", body="body")
    redact(error, [])
    assert (error.message, error.body, error.args) == ("Oh no.", "body", ("Oh no.",))


LONG = "eyJ" + "hbGciOiJ-_" * 90
ECHOES: dict[str, tuple[list[Step], dict[str, Any]]] = {
    "body of a status": (
        [body(message=f"Incorrect API key: {TOKEN}").encode()],
        {"status": 401},
    ),
    "body of a status, by PHP": (
        [body(message=f"Incorrect API key: {TOKEN}").replace("/", "\\/").encode()],
        {"status": 403},
    ),
    "page of a status": ([f"<p>{TOKEN}".encode()], {"status": 502, "content_type": "text/html"}),
    "in the stream": (
        [chunk("Hi"), data(body(message=f"Incorrect API key: {TOKEN}"))],
        {},
    ),
    "in the stream, as a text": ([chunk("Hi"), data(json.dumps({"error": TOKEN}))], {}),
    "an event": ([b"event: error\n" + data(f"Incorrect API key: {TOKEN}")], {}),
    "malformed": ([data(f'{{"choices": []}} {TOKEN}')], {}),
    "JSON with 200": (
        [body(message=f"Incorrect API key: {TOKEN}").encode()],
        {"content_type": "application/json"},
    ),
    "other JSON with 200": (
        [json.dumps({"key": TOKEN}).encode()],
        {"content_type": "application/json"},
    ),
    "a page with 200": ([f"<p>{TOKEN}".encode()], {"content_type": "text/html"}),
}


@pytest.mark.parametrize(("steps", "wire"), ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("given", [TOKEN, lambda: TOKEN], ids=["text", "provider"])
def test_a_token_that_a_service_echoes_is_nowhere(
    steps: list[Step], wire: dict[str, Any], given: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "suggestions")
    source = ask(steps, given, start=False, **wire)
    told: list[SuggestionsError] = []
    for name in ("error_network", "error_response"):
        source.connect(name, lambda source, event: told.append(event.detail))
    source.start()
    with pytest.raises(SuggestionsError) as caught:
        source.result(10)
    assert source.wait(10)
    error = caught.value
    assert set(told) == {error}
    logged = [f"{record.getMessage()}{record.args}{record.exc_text}" for record in caplog.records]
    check_no_secret([*told_of(error), *logged])


def test_no_part_of_a_long_token_is_left_where_a_message_is_cut() -> None:
    for before in range(0, 560, 7):
        said = f"{'x' * (before // 2)} {'y' * (before // 2)} {LONG} is wrong"
        source = ask([body(message=said).encode()], LONG, status=401)
        with pytest.raises(SuggestionsError) as caught:
            source.result(10)
        assert "hbGci" not in caught.value.message + str(caught.value.body)


def test_a_token_is_not_in_the_errors_of_retries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "suggestions")
    retried: list[SuggestionsError] = []
    source = ask(
        [body(message=f"Busy, {TOKEN}").encode()],
        status=503,
        retries=1,
        on={"retry": lambda source, event: retried.append(event.detail.error)},
    )
    with pytest.raises(ServiceUnavailableError) as caught:
        source.result(30)
    assert source.wait(10)
    assert len(retried) == 1
    for error in (*retried, caught.value):
        check_no_secret(told_of(error))
        assert "Busy, [token]" in error.message
    check_no_secret([caplog.text])


def test_each_of_several_tokens_is_taken_out() -> None:
    tokens = iter(["token-number-one", "token-number-two"])
    told: list[Step] = [b"token-number-one, token-number-two"]
    source = ask(told, lambda: next(tokens), status=503, retries=1)
    with pytest.raises(ServiceUnavailableError) as caught:
        source.result(30)
    assert caught.value.body == "[token], [token]"


def test_the_unhandled_error_of_a_service_that_echoes_is_logged_without_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = ask([body(message=f"Wrong: {TOKEN}\n\x1b[31m").encode()], status=401)
    assert source.wait(10)
    assert eventually(lambda: caplog.records)
    [record] = caplog.records
    assert "[token]" in record.getMessage()
    assert "secret" not in record.getMessage()
    assert record.getMessage().isprintable()


def test_the_log_of_a_handler_that_raises_does_not_show_what_the_reader_has_seen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Quoting(Jetpack):
        def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
            raise ValueError(message.data)

    def fail(source: SuggestionsEventSource, event: Event[SuggestionsError]) -> None:
        raise ZeroDivisionError

    source = ask([data(f"Wrong: {TOKEN}")], dialect=Quoting(), on={"error": fail})
    assert source.wait(10)
    assert "ZeroDivisionError" in caplog.text
    check_no_secret([caplog.text])


# Tokens that cannot be had


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        (lambda: 1 / 0, "The token provider failed: ZeroDivisionError."),
        (lambda: None, "The token provider gave a NoneType, not a str."),
        (lambda: b"secret", "The token provider gave a bytes, not a str."),
        (lambda: "", "There is no token to send: token is empty"),
        (lambda: "secret\r\nX-Injected: 1", "There is no token to send: token has a character"),
        (lambda: "secr\u00e9t", "There is no token to send: token has a character"),
    ],
)
def test_a_provider_without_a_token_is_an_error_that_does_not_quote_it(
    provider: Any, words: str
) -> None:
    source = ask([chunk("Hi"), DONE], provider)
    with pytest.raises(AuthenticationError) as caught:
        source.result(10)
    assert caught.value.message.startswith(words)
    assert "secr" not in caught.value.message
    check_readable(caught.value)


def test_no_traceback_shows_what_a_provider_raised() -> None:
    def provider() -> str:
        raise ValueError(TOKEN)

    with pytest.raises(AuthenticationError) as caught:
        ask([DONE], provider).result(10)
    error = caught.value
    check_no_secret(traceback.format_exception(type(error), error, error.__traceback__))
    assert isinstance(error.__context__, ValueError)  # for a debugger


def test_a_provider_that_has_asked_a_service_tells_what_went_wrong_there() -> None:
    def provider() -> str:
        raise QuotaExceededError("No more tokens today.")

    with pytest.raises(QuotaExceededError, match="No more tokens today"):
        ask([DONE], provider).result(10)


def test_a_provider_that_was_closed_is_no_abort_of_the_answer() -> None:
    def provider() -> str:
        raise errors.AbortedError("Closed.")

    with pytest.raises(AuthenticationError, match="AbortedError"):
        ask([DONE], provider).result(10)


def test_a_token_of_a_dialect_is_checked_as_well() -> None:
    class WithToken(Jetpack):
        token = "secret\n"

    script = Script([DONE])
    with pytest.raises(ValueError, match=r"^token has a character") as caught:
        SuggestionsEventSource("Why?", dialect=WithToken(), session=script.session())
    assert "secret" not in repr(caught.value)
    assert script.requests == []


# An error without a handler

FAILED: list[Step] = [chunk("Hi"), data(body(message="Oh\nno", code="overloaded"))]


def test_an_unhandled_error_is_one_warning_that_says_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = ask(FAILED, start=False)
    source.connect("chunk", lambda source, event: None)
    source.start()
    assert source.wait(10)
    assert eventually(lambda: caplog.records)
    [record] = caplog.records
    assert (record.name, record.levelname, record.exc_info) == ("suggestions", "WARNING", None)
    assert record.getMessage() == (
        "The service is busy. Please try again in a moment. (It says: Oh no) "
        "No handler was called for it: connect a handler to 'error', call result(), "
        "or read source.error after the end."
    )
    # Nothing is lost: a later handler gets it, and it is not logged again.
    late: list[Any] = []
    source.connect("error", lambda source, event: late.append(event.detail))
    assert source.wait(10)
    assert late == [source.error]
    with pytest.raises(ServiceUnavailableError):
        source.result()
    assert len(caplog.records) == 1


def test_a_handler_of_another_error_does_not_hear_it(caplog: pytest.LogCaptureFixture) -> None:
    source = ask(FAILED, on={"error_moderation": lambda source, event: None})
    assert source.wait(10)
    assert eventually(lambda: len(caplog.records) == 1)


@pytest.mark.parametrize("in_handler", [False, True])
def test_an_error_that_the_program_reads_is_not_logged(
    in_handler: bool, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[object] = []

    def look(source: SuggestionsEventSource, event: Event[object]) -> None:
        seen.append(source.error if in_handler else source.state)

    source = ask(FAILED, on={"end": look})
    assert source.wait(10)
    if not in_handler:
        seen.append(source.error)
    assert seen[-1] is source.error
    assert eventually(lambda: not our_threads())
    assert caplog.records == []


def test_an_error_of_a_program_that_ends_after_wait_is_logged() -> None:
    script = """
        import logging, sys
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        from suggestions import SuggestionsEventSource
        source = SuggestionsEventSource("Why?", "t", url="http://127.0.0.1:9/", retries=0)
        source.wait()
    """
    assert run(textwrap.dedent(script)).count("No handler was called for it") == 1
    if hasattr(os, "fork"):
        script += """
        import os
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        """
        assert run(textwrap.dedent(script)).count("No handler was called for it") == 1


@pytest.mark.parametrize("name", ["error_service_unavailable", "error_response", "error"])
def test_an_error_that_a_handler_hears_is_not_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    received: list[Event[SuggestionsError]] = []
    source = ask(FAILED, on={name: lambda source, event: received.append(event)})
    assert source.wait(10)
    assert len(received) == 1
    assert caplog.records == []


def test_an_error_that_a_listener_hears_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    received: list[Event[SuggestionsError]] = []
    source = ask(FAILED, start=False)
    source.add_event_listener("error", received.append)
    source.start()
    assert source.wait(10)
    assert [event.detail for event in received] == [source.error]
    assert caplog.records == []


def wait_by_result(source: SuggestionsEventSource, news: threading.Event) -> None:
    with pytest.raises(TimeoutError):
        source.result(0)
    news.set()
    source.result(10)


def wait_by_iteration(source: SuggestionsEventSource, news: threading.Event) -> None:
    pieces = iter(source)
    assert next(pieces) == "Hi"
    news.set()
    list(pieces)


@pytest.mark.parametrize("wait", [wait_by_result, wait_by_iteration])
def test_an_error_that_a_caller_waits_for_is_not_logged(
    wait: Callable[[SuggestionsEventSource, threading.Event], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    news = threading.Event()
    source = ask([chunk("Hi"), lambda: news.wait(10), *FAILED])
    with pytest.raises(ServiceUnavailableError):
        wait(source, news)
    assert source.wait(10)
    assert caplog.records == []


def test_a_success_and_an_abort_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert ask([chunk("Hi"), DONE]).wait(10)
    source = ask([chunk("Hi"), HOLD])
    source.close()
    assert source.wait(10)
    assert caplog.records == []
