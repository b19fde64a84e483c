"""The kinds of failures, and how services report them: one table."""

from __future__ import annotations

import re
from typing import NamedTuple

from .said import Said
from .tree import (
    LONGEST_BODY,
    AuthenticationError,
    ContextTooLargeError,
    ModerationError,
    NetworkError,
    QuotaExceededError,
    ServiceUnavailableError,
    StatusError,
    SuggestionsError,
    UnclearPromptError,
)


class Row(NamedTuple):
    """One kind of failure, and how services report it.

    `words`, with blanks between, are parts of a code or a type of the service, letters only, or a
    whole code that is a number. `phrases`, with | between, are parts of its sentences, in lower
    case: many services have no code for a conversation that is too long, or for a text that they
    decline.
    """

    status: int | None
    kind: type[SuggestionsError]
    sentence: str
    words: str = ""
    phrases: str = ""

    @property
    def has_own_event(self) -> bool:
        return self.kind.code != NetworkError.code


# If the words or the phrases of several rows fit, the first row counts: "Too many tokens, please
# wait" is a rate limit and no long conversation. So it does for the sentence of a `code` that
# several rows have.
_TABLE = (
    Row(
        429,
        QuotaExceededError,
        "Too many requests, or the quota is used up. Try again later.",
        "ratelimit quota resourceexhausted throttling toomanyrequests limitrequests limitburstrate "
        "usagelimit 1302 1303 1304 1308",
        "rate limit|rate-limit|too many requests|request limit reached|tokens per min|"
        "requests per min|wait before trying again|throttl|quota|usage limit",
    ),
    Row(
        402,
        QuotaExceededError,
        "The account has no credit left.",
        "billing insufficientbalance insufficientcredit insufficientfund paymentrequired arrearage "
        "1008 1113",
        "insufficient balance|insufficient credit|insufficient fund|more credits|"
        "insufficient account balance|credit balance is too low|out of credits|not enough credit|"
        "available credits|spending limit|余额不足|欠费",
    ),
    Row(
        422,
        ModerationError,
        "The service declined this text. Please rephrase it and try again.",
        "contentfilter contentpolicy datainspectionfailed moderation responsibleai sensitive "
        "safety guardrail prohibitedcontent riskdetection policyviolation biopolicy 1026 1027 1301",
        "usage guideline|safety guideline|content guideline|usage polic|use polic|content polic|"
        "content filter|safety polic|"
        "prompt blocked|response blocked|content management policy|inappropriate content|"
        "prohibited content|unsafe content|sensitive content|sensitive word|new_sensitive|"
        "contentpolicyviolation|flagged|"
        "safety system|safety filter|guardrail|content exists risk|considered high risk|"
        "content security|敏感|不安全|违规",
    ),
    Row(529, ServiceUnavailableError, "The service is overloaded. Please try again in a moment."),
    Row(
        503,
        ServiceUnavailableError,
        "The service is busy. Please try again in a moment.",
        "overloaded unavailable serverbusy overcapacity capacityexceeded capacityexhausted 1305",
        "overloaded|at capacity|over capacity|no capacity|capacity temporarily|"
        "insufficient capacity|exceeded capacity|high demand|high traffic|"
        "temporarily unavailable|currently unavailable|service unavailable|currently loading|"
        "loading model|is busy|are busy|server busy|currently busy|too busy|繁忙",
    ),
    Row(
        413,
        ContextTooLargeError,
        "The text is too long for the service.",
        "contextlength contextwindow contextsize contextoverflow requesttoolarge maxprompttokens "
        "prompttoolong inputtoolong 1039 1261",
        "context length|context window|context size|context limit|maximum context|"
        "context the overflows|context overflow|contextwindowexceeded|"
        "exceeds the maximum number of tokens|context_length_exceeded|prompt is too long|"
        "prompt too long|input is too long|input too long|prompt exceeds max|"
        "maximum prompt length|maximum model length|input length|inputs tokens|"
        "inputs must have less than|max_new_tokens must|input token count|prompt token count|"
        "too many tokens|too many input tokens|input tokens exceed|exceeded model token limit|"
        "exceed max message tokens|too large for model with|reduce the length of|"
        "max input characters|tokens too long|token length too long|must be less than max_seq_len|"
        "should not exceed max_num_tokens|cannot exceed the total tokens limit|"
        "content': string too long|output': string too long|'input': string too long|"
        "超长|超过最大长度|上下文长度",
    ),
    Row(
        401,
        AuthenticationError,
        "The service wants a valid token: it is missing, wrong or expired.",
        "authentication unauthorized unauthenticated invalidapikey incorrectapikey apikeyinvalid "
        "invalidtoken expiredtoken tokenexpired 1004",
        "invalid api key|invalid api-key|incorrect api key|api key not valid|invalid x-api-key|"
        "no api key|missing api key|unauthorized|authentication fail|invalid authentication|"
        "login fail|access token",
    ),
    Row(
        403,
        AuthenticationError,
        "The token is not allowed to do this.",
        "permission accessdenied",
    ),
    Row(400, StatusError, "The service did not accept the request."),
    Row(
        404,
        StatusError,
        "The service has nothing at this address. Are the URL and the model right?",
    ),
    Row(405, StatusError, "This address takes no questions. Is the URL right?"),
    Row(None, UnclearPromptError, "Your request was unclear. Mind trying again?"),
)
# By the status as text, because a body has it as a number or as a text.
BY_STATUS = {str(row.status): row for row in _TABLE if row.status}
BY_CODE = {row.kind.code: row for row in reversed(_TABLE) if row.has_own_event}
_PARTS = {row: row.words.split() for row in _TABLE if row.words}
_PHRASES = {row: row.phrases.split("|") for row in _TABLE if row.phrases}


_EITHER = "either the server is overloaded or there is an error in the application"
"""What Flask says if a view raises."""


def row_of(said: Said) -> Row | None:
    """The row of what a service says; None if none fits.

    A code in letters says most, then a sentence, then a number, which is often just a status. An
    error with an event of its own counts before one with a token, and that before the others.
    """
    rows = [
        *(row for code in said.codes if (row := row_of_code(code))),
        *(row for text in said.texts if (row := _row_of_text(text))),
        *(row for code in said.codes if (row := _row_of_status(code, said))),
    ]
    own = (row for row in rows if row.has_own_event)
    token = (row for row in rows if row.kind is AuthenticationError)
    return next(own, None) or next(token, None) or next(iter(rows), None)


def _row_of_status(code: str, said: Said) -> Row | None:
    return None if code == "422" and said.names_field else BY_STATUS.get(code)


def row_of_code(code: str) -> Row | None:
    """The row of a service's code, type or reason to stop."""
    letters = re.sub("[^a-z]", "", code.lower())
    for row, parts in _PARTS.items():
        if any(part in letters or part == code for part in parts):
            return row
    return None


def _row_of_text(text: str) -> Row | None:
    # Some services put names of fields in backquotes, and some break lines.
    plain = " ".join(text[:LONGEST_BODY].lower().replace("`", "").replace("\u2019", "'").split())
    plain = plain.replace(_EITHER, "")
    for row, phrases in _PHRASES.items():
        if any(phrase in plain for phrase in phrases):
            return row
    return None
