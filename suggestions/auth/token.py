"""Tokens: a text, or whatever gives one, and how they are kept out of what is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from inspect import iscoroutinefunction

from suggestions.errors import AbortedError, AuthenticationError, SuggestionsError

Token = str | Callable[[], str]
"""A bearer token, or a callable that returns the current one; called for each request, on the
source's own thread. A callable that has a method `refused(token: str) -> bool` is told, once a
question and before anything of the answer has come, that the service refused the token (401);
where it returns True, it is called for another one and the question is sent again. Where it raises,
it has no other."""

logger = logging.getLogger("suggestions")


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
