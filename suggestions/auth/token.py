"""Tokens: a text, or whatever gives one, and how they are kept out of what is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from inspect import iscoroutinefunction

from suggestions.errors import AbortedError, AuthenticationError, SuggestionsError

Token = str | Callable[[], str]
"""A bearer token, or a callable that returns the current one; called for each request, on the
source's own thread. A callable that has a method `refused(token: str) -> bool` is told, once a
question and before anything of the answer has come, that the service refused the token (401);
where it returns True, it is called for another one and the question is sent again."""

_SHORT = 8
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot"}


def check_token(token: object, name: str = "token") -> None:
    """Raises `TypeError` or `ValueError`; the token itself is never in the message."""
    if token is None:
        return
    if iscoroutinefunction(token):
        raise TypeError(f"{name} is an async function: nothing here would await it")
    if callable(token):
        return
    if not isinstance(token, str):
        raise TypeError(f"{name} must be a str or a callable, not {type(token).__name__}")
    if not token.strip():
        raise ValueError(f"{name} is empty: expected a text, or None to send none")
    if not (token.isascii() and token.isprintable()):
        raise ValueError(f"{name} has a character that cannot stand in a header, like a line end")


def current_token(token: Token) -> str:
    """The token's text now. Raises `AuthenticationError` where there is none that can be sent."""
    text = token if isinstance(token, str) else _provided(token)
    if not isinstance(text, str):
        raise AuthenticationError(f"The token provider gave a {type(text).__name__}, not a str.")
    try:
        check_token(text)
    except ValueError as error:
        raise AuthenticationError(f"There is no token to send: {error}.") from None
    return text


def _provided(provider: Callable[[], str]) -> object:
    try:
        return provider()
    except Exception as error:
        # One that has asked a service knows what went wrong there.
        if isinstance(error, SuggestionsError) and not isinstance(error, AbortedError):
            raise
        # What else a provider raises may quote the secret, so that no traceback is to show it.
        raise AuthenticationError(f"The token provider failed: {type(error).__name__}.") from None


def redact(error: SuggestionsError, secrets: Collection[str]) -> None:
    """Takes tokens out of what a service wrote back: some quote the key that they refuse.

    Takes also the frames out of its traceback, and out of those of its causes: their variables are
    the request, and there are reporters of crashes that send the variables along.
    """
    _forget_frames(error)
    error.message = redact_text(error.message, secrets)
    if error.body is not None:
        error.body = redact_text(error.body, secrets)
    error.args = (error.message,)


def _forget_frames(error: BaseException | None) -> None:
    known: set[int] = set()
    left = [error]
    while left:
        error = left.pop()
        if error is not None and id(error) not in known:
            known.add(id(error))
            error.__traceback__ = None
            # Exceptions that wrap others hold them in their arguments, too.
            wrapped = (arg for arg in error.args if isinstance(arg, BaseException))
            left += [error.__cause__, error.__context__, *wrapped]


def redact_text(text: str, secrets: Iterable[str]) -> str:
    """The text without the tokens, in whatever form they stand there."""
    for secret in secrets:
        text = re.sub(_as_written(secret), "[token]", text)
    return text


def _as_written(secret: str) -> str:
    """A pattern for a secret as it stands in text, JSON, HTML and URLs."""
    pattern = "".join(map(_forms, re.findall(r"\w+|\\+|.", secret)))
    # A short one may well be a part of ordinary words.
    return pattern if len(secret) >= _SHORT else rf"(?<![^\W_]){pattern}(?![^\W_])"


def _forms(part: str) -> str:
    """A word, one other character, or backslashes: some wrap JSON in JSON, with more each time."""
    if part[0].isalnum() or part[0] == "_":
        return part
    code = f"{ord(part[0]):02x}"
    elsewhere = rf"&#0*{ord(part[0])};|&#[xX]0*(?i:{code});|%(?i:{code})"
    if part[0] == "\\":
        return rf"(?:\\|{elsewhere}){{1,64}}"
    entity = f"&{_ENTITIES[part]};|" if part in _ENTITIES else ""
    return rf"(?:\\{{0,8}}(?:{re.escape(part)}|u00(?i:{code}))|{entity}{elsewhere})"
