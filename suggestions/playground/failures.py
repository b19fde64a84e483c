"""What a request can ask of the playground itself: a pace, and a failure by its name in a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from flask import Response, current_app, request
from werkzeug.http import HTTP_STATUS_CODES

from .model import Reply, tokenize
from .streaming import Fault, Frame, Refused, openai_body, sse, streamed, to_json

Frames = list[Frame]

_LONGEST_PACE = 60.0  # seconds
_AFTER = "3"  # tokens


@dataclass(frozen=True)
class Failure:
    """One way to fail: a line that describes it, and one of five things that bring it about.

    `fault` refuses the request, `instead` answers in place of the route, `reply` changes the
    model's reply, `frames` changes the stream, `whole` sends no stream. `reply` and `frames` get
    the number of tokens after which the change comes.
    """

    description: str
    fault: Fault | None = None
    instead: Callable[[], Response] | None = None
    reply: Callable[[Reply, int], Reply] | None = None
    frames: Callable[[Frames, int], Frames] | None = None
    whole: bool = False


def _find(name: str) -> Failure | None:
    """The failure of that name, which may also be any status from 201 to 599."""
    if name not in _TABLE and name != "200" and re.fullmatch("[2-5][0-9][0-9]", name):
        status = int(name)
        return _refusal(Fault(status, HTTP_STATUS_CODES.get(status, "Unknown error"), type=None))
    return _TABLE.get(name)


def _refusal(fault: Fault) -> Failure:
    return Failure(f"Status {fault.status}: {fault.message}", fault=fault)


def _ending(description: str, *ending: Frame) -> Failure:
    """After some tokens, `ending` takes the place of the rest of the stream."""
    return Failure(
        description, frames=lambda frames, after: [*frames[: _place(frames, after)], *ending]
    )


def _error(description: str, fault: Fault) -> Failure:
    return _ending(description, Frame("control", sse(to_json(openai_body(fault))), fault))


def _place(frames: Frames, after: int) -> int:
    """The place after `after` tokens of the stream, or after all of them if there are fewer."""
    tokens = [place for place, frame in enumerate(frames) if frame.kind == "token"]
    return tokens[after] if after < len(tokens) else tokens[-1] + 1


def _malformed(frames: Frames, after: int) -> Frames:
    place = _place(frames, after)
    broken = Frame("control", sse(b'{"choices":[{"delta":{"content":"not the end'))
    return [*frames[:place], broken, *frames[place:]]


def _without_done(frames: Frames, after: int) -> Frames:
    return [frame for frame in frames if frame.kind != "done"]


def _only_done(frames: Frames, after: int) -> Frames:
    return [frame for frame in frames if frame.kind == "done"]


def _filtered(reply: Reply, after: int) -> Reply:
    cut = replace(reply, tokens=reply.tokens[:after], calls=(), citations=(), picture=None)
    return replace(cut, finish_reason="content_filter")


def _saying(*tokens: str) -> Callable[[Reply, int], Reply]:
    return lambda reply, after: replace(
        reply, tokens=tokens, calls=(), citations=(), picture=None, finish_reason="stop"
    )


def _html() -> Response:
    page = "<!doctype html><title>Sign in</title><p>Sign in to this network.</p>"
    return Response(page, mimetype="text/html")


_SERVER = Fault(
    500,
    "The server had an error while processing your request. Sorry about that!",
    type="server_error",
)
_OVERLOADED = Fault(
    503, "The engine is currently overloaded, please try again later.", "overloaded", "server_error"
)
_RATE = Fault(
    429,
    "Rate limit reached for requests per minute: limit 3, used 3. Please try again in 1s.",
    "rate_limit_exceeded",
    "requests",
    retry_after=1,
)
_QUOTA = Fault(
    429,
    "You exceeded your current quota, please check your plan and billing details.",
    "insufficient_quota",
    "insufficient_quota",
)
FILTER = Fault(
    400,
    "The response was filtered, because the prompt triggered the content management policy. "
    "Please modify your prompt and retry.",
    "content_filter",
    None,
    "prompt",
)
_CONTEXT = Fault(
    400,
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 "
    "tokens. Please reduce the length of the messages.",
    "context_length_exceeded",
    param="messages",
)

_TABLE: Mapping[str, Failure] = {
    "401": _refusal(Fault(401, "Incorrect API key provided.", "invalid_api_key")),
    "402": _refusal(Fault(402, "Insufficient balance.", "insufficient_balance", "billing_error")),
    "404": _refusal(Fault(404, "The model does not exist.", "model_not_found", param="model")),
    "413": _refusal(Fault(413, "The request is too large.", "request_too_large")),
    "422": _refusal(
        Fault(422, "The request was flagged by the moderation system.", "moderation_blocked")
    ),
    "429": _refusal(_RATE),
    "500": _refusal(_SERVER),
    "503": _refusal(_OVERLOADED),
    "529": _refusal(Fault(529, "Overloaded", "overloaded", "overloaded_error")),
    "context": _refusal(_CONTEXT),
    "content_filter": _refusal(FILTER),
    "insufficient_quota": _refusal(_QUOTA),
    "stream-error": _error("A server error in mid-stream.", _SERVER),
    "stream-overloaded": _error("An overloaded engine in mid-stream.", _OVERLOADED),
    "stream-rate-limit": _error("A rate limit in mid-stream.", _RATE),
    "stream-quota": _error("A used up quota in mid-stream.", _QUOTA),
    "stream-content-filter": _error("A content filter in mid-stream.", FILTER),
    "stream-error-text": _ending(
        "An error in mid-stream that is a text, not an object.",
        Frame("control", sse(to_json({"error": _SERVER.message})), _SERVER),
    ),
    "stream-error-event": _ending(
        "An error in mid-stream as an event named `error`.",
        Frame("control", sse(to_json(openai_body(_SERVER)), event="error"), _SERVER),
    ),
    "finish-content-filter": Failure(
        "The answer stops, and its finish_reason is content_filter.", reply=_filtered
    ),
    "marker": Failure(
        "The answer starts with JETPACK_AI_ERROR.",
        reply=_saying(*tokenize("JETPACK_AI_ERROR: I do not understand the question.")),
    ),
    "marker-cut": Failure(
        "The marker with underscores around it and emphasis inside, in tiny pieces.",
        reply=_saying(
            *("_", "_J", "ET", "**PA", "CK*", "*", "_", "AI_", "*ER", "R", "*", "OR", "_", "_"),
            *tokenize(": I do not understand the question."),
        ),
    ),
    "cut": _ending("The connection drops in mid-stream.", Frame("cut")),
    "end-early": _ending("The stream ends cleanly in mid-answer, with no finish and no [DONE]."),
    "no-done": Failure(
        "The whole stream without its [DONE]: after a reason to stop it is complete.",
        frames=_without_done,
    ),
    "silence": _ending("Some tokens, then nothing until the client leaves.", Frame("silence")),
    "slow-headers": Failure(
        "Nothing at all, not even headers, until the client leaves.",
        instead=lambda: streamed([Frame("silence")], pace=0),
    ),
    "html": Failure("Status 200 with a page of HTML, as a sign-in portal has it.", instead=_html),
    "json-error": Failure("Status 200 with an error in JSON.", fault=replace(_SERVER, status=200)),
    "empty": Failure("An event stream with no message in it.", frames=lambda frames, after: []),
    "empty-answer": Failure("An event stream with [DONE] alone.", frames=_only_done),
    "malformed": Failure("A message in mid-stream that is no JSON.", frames=_malformed),
    "whole": Failure("Status 200 with the whole answer in one JSON, no stream.", whole=True),
}

FAILURES: Mapping[str, str] = MappingProxyType(
    {name: failure.description for name, failure in _TABLE.items()}
)
"""The name of each failure, and a line that describes it."""


@dataclass(frozen=True)
class Demand:
    """`pace` is in seconds between two tokens; `after` counts the tokens before the failure."""

    pace: float
    failure: Failure
    after: int


def demanded() -> Demand:
    """What the current request asks for. Raises `Refused` if there is no such thing."""
    name = request.args.get("fail") or request.headers.get("X-Playground-Fail")
    failure = _find(name) if name else Failure("Nothing fails.")
    if failure is None:
        known = ", ".join(FAILURES)
        raise _unknown("fail", f"expected any status from 201 to 599, or one of {known}")
    after = request.args.get("after", _AFTER)
    if not re.fullmatch("[0-9]{1,9}", after):
        raise _unknown("after", "expected a number of tokens")
    return Demand(_pace(), failure, int(after))


def _pace() -> float:
    given = request.args.get("pace")
    if given is None:
        return float(current_app.config["PLAYGROUND_PACE"])
    try:
        pace = float(given)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= _LONGEST_PACE:
        raise _unknown("pace", f"expected seconds from 0 to {_LONGEST_PACE:g}")
    return pace


def _unknown(parameter: str, expected: str) -> Refused:
    message = f"Invalid value for the query parameter '{parameter}': {expected}."
    return Refused(Fault(400, message, "invalid_value", param=parameter))
