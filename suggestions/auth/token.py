"""Tokens: a text, or a provider, which is a callable that returns one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import cast

from .._util.secret import Secret, hide, type_name
from ..errors import AbortedError, AuthenticationError, SuggestionsError

Token = str | Callable[[], str]
"""A bearer token, or a provider: a callable that returns the current one. It is called for each
request, on the source's own thread. If it has a method `refused(token: str) -> bool`, that is
called once when the service refuses the token (401): for the question, before anything of the
answer has arrived, or for the rest of an answer whose connection was lost. If `refused` returns
True, the provider is called again and the request is sent again. If it returns False or raises,
the refusal is the error, or the loss of the connection."""

logger = logging.getLogger("suggestions")


def check_token(token: object, name: str = "token") -> None:
    """Raises `TypeError` or `ValueError`; the token is neither in the message nor in a variable."""
    token = hide(token)
    if token is None:
        return
    if iscoroutinefunction(token):
        raise TypeError(f"{name} is an async function, which is not awaited: pass a plain one")
    if not isinstance(token, Secret):
        return
    if not isinstance(token(), str):
        raise TypeError(f"{name} must be a str or a callable, not {type_name(token)}")
    if not token().strip():
        raise ValueError(f"{name} is empty: expected a text, or None to send none")
    if not (token().isascii() and token().isprintable()):
        raise ValueError(f"{name} has a character that a header cannot have, such as a line end")
    if token() != token().strip():
        # Bare in a header it could not be sent, and in an echo it would not be found.
        raise ValueError(f"{name} has a blank at its beginning or end: expected the token alone")


def current_token(token: Token) -> str:
    """The token's text now. Raises `AuthenticationError` if there is none that can be sent."""
    return current_secret(hide(token))()


def current_secret(token: Callable[[], object]) -> Secret[str]:
    """As `current_token`, and hidden."""
    text = Secret(_call(token))
    if not isinstance(text(), str):
        raise AuthenticationError(f"The token provider gave a {type_name(text)}, not a str.")
    try:
        check_token(text)
    except ValueError as error:
        raise AuthenticationError(f"There is no token to send: {error}.") from None
    return cast(Secret[str], text)


# What a provider raises, even an exit, may quote the secret. So no traceback may show it, and it
# goes no further than these two functions.


def has_another(provider: object, refused: Secret[str]) -> bool:
    """Calls the provider's `refused`; True if it has another token by now, False if it raises."""
    try:
        call = getattr(provider, "refused", None)
        return call is not None and bool(call(refused()))
    except BaseException as error:
        logger.warning(
            "The token provider raised in refused(), so that it counts as having no other token: "
            "%s.",
            type(error).__name__,
        )
        return False


def _call(provider: Callable[[], object]) -> object:
    try:
        return provider()
    except BaseException as error:
        # A provider that has asked a service knows what went wrong there.
        if isinstance(error, SuggestionsError) and not isinstance(error, AbortedError):
            raise error from None
        raise AuthenticationError(f"The token provider failed: {type(error).__name__}.") from None
