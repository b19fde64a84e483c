"""Tokens: a text, or whatever gives one, and how they are kept out of what is told."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Collection, Iterable
from inspect import iscoroutinefunction

from suggestions.errors import AbortedError, AuthenticationError, SuggestionsError

Token = str | Callable[[], str]
"""A bearer token, or a callable that returns the current one; called for each request, on the
source's own thread. A callable that has a method `refused(token: str) -> bool` is told, once a
question and before anything of the answer has come, that the service refused the token (401);
where it returns True, it is called for another one and the question is sent again. Where it raises,
it has no other."""

logger = logging.getLogger("suggestions")

SHORT = 8
"""Characters; a text with fewer may well be a part of ordinary words."""
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot"}
_ESCAPES = {"\n": "n", "\r": "r", "\t": "t"}


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
    if token != token.strip():
        # Where it stands bare in a header, it could not be sent; elsewhere it would not be known.
        raise ValueError(f"{name} has a blank at its beginning or end: expected the token alone")


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


def has_another(provider: object, refused: str) -> bool:
    """Tells a provider that its token was refused; True where it has another one by now.

    Where telling it fails, it has none, so that the refusal is the error.
    """
    try:
        tell = getattr(provider, "refused", None)
        return tell is not None and bool(tell(refused))
    except BaseException as error:
        logger.warning(
            "The token provider failed when told of a refused token: %s.", type(error).__name__
        )
        return False


# What a provider raises may quote the secret, whatever it is, an exit included: no traceback is to
# show it, and it goes no further than to here.


def _provided(provider: Callable[[], str]) -> object:
    try:
        return provider()
    except BaseException as error:
        # One that has asked a service knows what went wrong there.
        if isinstance(error, SuggestionsError) and not isinstance(error, AbortedError):
            raise error from None
        raise AuthenticationError(f"The token provider failed: {type(error).__name__}.") from None


def redact(error: SuggestionsError, secrets: Collection[str]) -> None:
    """Takes tokens out of what a service wrote back: some quote the key that they refuse.

    Takes also the frames out of its traceback, and out of those of its causes: their variables are
    the request, and there are reporters of crashes that send the variables along. Causes whose
    words quote a token are taken out as a whole.
    """
    _forget_frames(error)
    without = redactor(secrets)
    error.message = without(error.message)
    if error.body is not None:
        error.body = without(error.body)
    error.args = (error.message,)
    told = "".join(traceback.format_exception(error))
    # Where else a cause has its words from is its own affair, so that they cannot be replaced.
    if without(told) != told:
        error.__cause__ = error.__context__ = None


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
    return redactor(secrets)(text)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """`redact_text` for many texts."""
    # The longest one first: another may be its beginning.
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)
    if not longest_first:
        return lambda text: text
    pattern = re.compile("|".join(map(_as_written, longest_first)))
    return lambda text: pattern.sub("[token]", text)


def _as_written(secret: str) -> str:
    """A pattern for a secret as it stands in text, JSON, HTML and URLs."""
    pattern = "".join(map(_forms, re.findall(r"(?s)(?a:\w+)|\\+|.", secret)))
    return pattern if len(secret) >= SHORT else rf"(?<![^\W_]){pattern}(?![^\W_])"


def _forms(part: str) -> str:
    """A word, one other character, or backslashes: some wrap JSON in JSON, with more each time."""
    if re.match(r"(?a)\w", part):
        return part
    code = f"{ord(part[0]):x}"
    in_url = "".join(f"%{byte:02x}" for byte in part[0].encode("utf-8", "replace"))
    if part == " ":
        in_url += r"|\+"  # as a form writes it (WHATWG URL, section 5.1)
    elsewhere = rf"&#0*{ord(part[0])};|&#[xX]0*(?i:{code});|(?i:{in_url})"
    if part[0] == "\\":
        return rf"(?:\\|{elsewhere}){{1,64}}"
    entity = f"&{_ENTITIES[part]};|" if part in _ENTITIES else ""
    escape = rf"\\{{1,8}}{_ESCAPES[part]}|" if part in _ESCAPES else ""
    in_json = rf"\\{{0,8}}(?:{re.escape(part)}|u(?i:{code:0>4}))"
    return rf"(?:{in_json}|{escape}{entity}{elsewhere})"
