"""What requests, urllib3 and the system raise, as an error that says what went wrong."""

from __future__ import annotations

import re
import socket
import ssl
from http.client import HTTPException, IncompleteRead
from typing import NoReturn

import requests
from urllib3 import exceptions as urllib3_errors

from ..errors import (
    SAID,
    ConnectionFailedError,
    ConnectionLostError,
    IncompleteStreamError,
    MalformedStreamError,
    NameResolutionError,
    RedirectError,
    SuggestionsError,
    TLSError,
)
from . import certificates
from .connection import ConnectionState

# What OpenSSL puts around its words.
_NOISE = r"^\[SSL[^]]*\] | \(_ssl\.c:\d+\)$"
_UNREADABLE = (
    "the address, or that of the proxy, cannot be read (in a proxy's password, '#', '/' and '?' "
    "must be written as %23, %2F and %3F)"
)


def raise_for(error: BaseException, host: str, state: ConnectionState) -> NoReturn:
    """Raises what `error` means for a request to `host`; the error itself if it says so."""
    causes = _causes(error)
    translated = _translated(causes, host, state)
    if translated in causes:
        raise translated  # it has its own cause
    if any(isinstance(cause, urllib3_errors.LocationParseError) for cause in causes):
        raise translated from None  # it quotes a part of an address, perhaps the proxy's
    raise translated from error


def _translated(causes: list[BaseException], host: str, state: ConnectionState) -> SuggestionsError:
    def among(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    for cause in causes:
        if isinstance(cause, SuggestionsError):
            return cause
    refused = next((c for c in causes if isinstance(c, urllib3_errors.NewConnectionError)), None)
    if refused is not None:
        is_proxy = among(requests.exceptions.ProxyError)
        return _not_connected(refused, causes, "the proxy" if is_proxy else host)
    if among(TimeoutError, requests.Timeout, urllib3_errors.TimeoutError):
        if not state.attempted and among(requests.ReadTimeout):
            state.deadlines.sent()
        return state.deadlines.passed()
    if reason := next(filter(None, map(certificates.missing, causes)), None):
        return TLSError(f"No secure connection to {host}: {reason}.")
    if among(requests.exceptions.SSLError, ssl.SSLError):
        return TLSError(f"No secure connection to {host}: {SAID}.", said=_reason(causes))
    if among(requests.exceptions.ProxyError, requests.exceptions.InvalidProxyURL):
        return ConnectionFailedError(
            f"The proxy does not reach {host}: {SAID}.", said=_reason(causes)
        )
    if among(requests.TooManyRedirects):
        return RedirectError(f"{host} redirects without end. Is the URL right?")
    if among(requests.exceptions.InvalidHeader, UnicodeEncodeError):
        return ConnectionFailedError("A header cannot be sent: check those of the session.")
    if among(ValueError) and state.response is not None:
        return RedirectError(
            f"{host} redirects to an address that cannot be used: {SAID}.", said=_reason(causes)
        )
    if among(urllib3_errors.IncompleteRead, IncompleteRead):
        return IncompleteStreamError("The connection ended within the answer.")
    if among(requests.exceptions.ContentDecodingError, urllib3_errors.DecodeError):
        return MalformedStreamError("The answer's compression is broken.")
    if among(urllib3_errors.LocationParseError):
        return ConnectionFailedError(f"No connection to {host}: {_UNREADABLE}.")
    if state.never_connected or among(ValueError):
        return ConnectionFailedError(f"No connection to {host}: {SAID}.", said=_reason(causes))
    if among(ConnectionError) or not among(HTTPException):
        return ConnectionLostError(
            f"The connection to {host} was lost: {SAID}.", said=_reason(causes)
        )
    return MalformedStreamError(
        f"{host} does not speak HTTP as it should: {SAID}.", said=_reason(causes)
    )


def _not_connected(
    error: urllib3_errors.NewConnectionError, causes: list[BaseException], peer: str
) -> SuggestionsError:
    """A connection that was never made, by an adapter of the user's own or over a SOCKS proxy."""
    if causes[-1] is error and error.__context__ is not None:
        causes = [*causes, error.__context__]  # of PySocks, it names the proxy
    resolution = getattr(urllib3_errors, "NameResolutionError", socket.gaierror)  # from 2.0 on
    if any(isinstance(cause, (socket.gaierror, resolution)) for cause in causes):
        return NameResolutionError(f"The address of {peer} was not found.")
    return ConnectionFailedError(f"No connection to {peer}: {_reason(causes)}.")


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all that it wraps, the outermost first."""
    causes: list[BaseException] = []

    def collect(error: object) -> None:
        if isinstance(error, BaseException) and not any(error is known for known in causes):
            causes.append(error)
            for inner in (*error.args, getattr(error, "reason", None), error.__cause__):
                collect(inner)

    collect(error)
    return causes


def _reason(causes: list[BaseException]) -> str:
    innermost = causes[-1]
    words = getattr(innermost, "verify_message", None) or getattr(innermost, "strerror", None)
    return re.sub(_NOISE, "", str(words or innermost)).rstrip(".\n") or type(innermost).__name__
