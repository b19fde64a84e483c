"""Checks of a source's arguments. Each raises at the call and names the argument; none quotes a
value that may be a secret."""

from __future__ import annotations

import json
import math
import re
import threading
import warnings
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .secret import Secret, hide, hide_fields, hide_headers, reveal, type_name

_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# What requests and http.client take: Latin-1, no line end, no other control character.
_HEADER_VALUE = r"(?:[!-~\xa0-\xff][\t -~\xa0-\xff]*)?"


_ELSEWHERE = {
    "model": 'a model goes into options={"model": ...}, or into the dialect: OpenAI(model=...)',
    "base_url": "url= takes the whole address, and a dialect the beginning: OpenAI(base_url=...)",
    "api_key": "the key is the second argument, token=; dialect= says which service it is for",
    "timeout": 'use timeouts={"total": ...}, or any of connect, first_byte, idle and content, '
    "in seconds",
    "messages": "the messages are the first argument, question",
    "tools": "functions go into suggestions.run_tools(), and tools in the shape that the "
    'service wants into options={"tools": [...]}',
    "max_retries": "use retries=",
    "response_format": "use output=",
}
"""Keywords of other libraries."""
_UNKNOWN = "there is no such argument; what the service takes goes into options={...}"


def check_url(url: object, session: object = None, *, mounts: Iterable[str] = ()) -> str:
    """An absolute address: http, https, or what `session` has mounted an adapter for, such as
    "http+unix://". Raises `TypeError`, `ValueError`.

    `mounts`: the beginnings of such addresses, if the session is not known yet.
    """
    if not isinstance(url, str):
        raise TypeError(f"url must be a str, not {type(url).__name__}")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("url cannot be read: expected http(s)://host/path") from None
    adapters = getattr(session, "adapters", None)
    mounts = adapters if isinstance(adapters, Mapping) else mounts
    known = ("http://", "https://", *map(str.lower, mounts))
    if not host or not url.lstrip().lower().startswith(known):
        raise ValueError("url must be a whole address: expected http(s)://host/path")
    if parts.username is not None:
        raise ValueError("url has a user name or a password in it: pass a token or headers instead")
    if any(char.isspace() or not char.isprintable() for char in url):
        raise ValueError("url has a blank or a control character in it: write it percent-encoded")
    return url


def check_headers(headers: object) -> dict[str, Any]:
    """Header names and values; what may be a secret is returned hidden.

    Raises `TypeError`, `ValueError` that name the header alone.
    """
    headers = hide_headers(headers)
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise TypeError(f"headers must be a mapping, not {type_name(headers)}")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(reveal(value), str):
            raise TypeError(f"headers[{name!r}]: name and value must be str")
        if not re.fullmatch(_HEADER_NAME, name):
            raise ValueError(f"headers[{name!r}] is not a header name: expected ASCII letters")
        if not re.fullmatch(_HEADER_VALUE, reveal(value)):
            raise ValueError(
                f"headers[{name!r}] has a character that a header cannot have, such as a line end"
            )
    return dict(headers)


def check_count(name: str, count: object, kind: str = "an int") -> int:
    """A whole number, 0 or more. Raises `TypeError`, `ValueError`."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise TypeError(f"{name} must be {kind}, not {type(count).__name__}")
    if count < 0:
        raise ValueError(f"{name} must be 0 or more")
    return count


def check_flag(name: str, flag: object) -> bool:
    """True or False. Raises `TypeError`."""
    if not isinstance(flag, bool):
        raise TypeError(f"{name} must be a bool, not {type(flag).__name__}")
    return flag


def check_optional_count(name: str, count: object) -> int | None:
    """As `check_count`, and takes None. Raises `TypeError`, `ValueError`."""
    return None if count is None else check_count(name, count, "an int or None")


def check_event_id(last_event_id: object) -> str:
    """An id to go on after, "" for none. Raises `TypeError`, `ValueError`."""
    if last_event_id is None:
        return ""
    if not isinstance(last_event_id, str):
        raise TypeError(f"last_event_id must be a str, not {type(last_event_id).__name__}")
    if any(char in last_event_id for char in "\0\r\n"):
        raise ValueError("last_event_id has a line end or NUL in it, which no event's id can have")
    try:
        last_event_id.encode()
    except UnicodeEncodeError:
        raise ValueError("last_event_id cannot be written in UTF-8") from None
    return last_event_id


def check_seconds(
    name: str,
    seconds: object,
    *,
    longest: float = math.inf,
    may_be_0: bool = False,
    or_none: bool = False,
) -> float:
    """A time in seconds: above 0, or also 0 with `may_be_0`, and at most `longest`.

    Raises `TypeError`, `ValueError`. With `or_none`, both say that the argument may be None; such
    a None is handled before this call (see `check_optional_seconds`).
    """
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        kind = "a number of seconds or None" if or_none else "a number of seconds"
        raise TypeError(f"{name} must be {kind}, not {type(seconds).__name__}")
    if not (seconds > 0 or (may_be_0 and seconds == 0)):
        least = "0 seconds or more" if may_be_0 else "more than 0 seconds"
        hint = " (None for none)" if or_none else ""
        raise ValueError(f"{name} must be {least}, not {seconds}{hint}")
    if seconds > longest:
        raise ValueError(f"{name} must be at most {longest:g} seconds, not {seconds}")
    return float(seconds)


def check_optional_seconds(
    name: str, seconds: object, *, longest: float = math.inf
) -> float | None:
    """As `check_seconds`, and takes None. Raises `TypeError`, `ValueError`."""
    if seconds is None:
        return None
    return check_seconds(name, seconds, longest=longest, or_none=True)


def check_throttle(throttle: object) -> float | None:
    """Seconds between suggestions. Raises `TypeError`, `ValueError`."""
    return check_optional_seconds("throttle", throttle, longest=threading.TIMEOUT_MAX)


_TOOLKITS = __name__.removesuffix("_util.arguments") + "toolkits"
# All four: the module `requests` and the class `Session` itself have some of them.
_OF_A_SESSION = ("request", "mount", "adapters", "cookies")


def check_session(session: object) -> Any:
    """A `requests.Session`, recognised by what we use of it, so that requests is not imported."""
    if session is not None and not all(hasattr(session, name) for name in _OF_A_SESSION):
        raise TypeError(f"session must be a requests.Session, not {type(session).__name__}")
    return session


def check_dispatch(dispatch: object) -> None:
    """A callable that queues a function. Raises `TypeError`, also for one of our own functions that
    make it: calling `tk` with a function would fail only later, unseen."""
    if dispatch is not None and not callable(dispatch):
        raise TypeError(f"dispatch must be callable, not {type(dispatch).__name__}")
    name, module = getattr(dispatch, "__name__", ""), getattr(dispatch, "__module__", None) or ""
    if name and module.startswith(_TOOLKITS):
        raise TypeError(f"dispatch is {name} itself: expected what it returns, {name}(...)")


def check_options(options: object) -> dict[str, Any]:
    """The options of a question; a dialect checks their names. Secrets are returned hidden.

    Raises `TypeError`, `ValueError`.
    """
    options = hide_fields(options)
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise TypeError(f"options must be a mapping, not {type_name(options)}")
    for name, value in options.items():
        if not isinstance(name, str):
            raise TypeError(f"options[{name!r}]: the name must be a str")
        check_json(f"options[{name!r}]", value)
    return dict(options)


def check_json(name: str, value: object) -> None:
    """Raises `TypeError`, `ValueError` if the value cannot be sent as JSON."""
    try:
        json.dumps(value, allow_nan=False, default=_unhidden)
    except TypeError as error:
        raise TypeError(f"{name} cannot be sent as JSON: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} cannot be sent as JSON: {error}") from None


def _unhidden(value: object) -> object:
    is_hidden = isinstance(value, Secret)
    value = hide(value)  # also if it is none of ours, so that no traceback shows it
    if is_hidden and not isinstance(reveal(value), bytes):
        return reveal(value)
    raise TypeError(f"Object of type {type_name(value)} is not JSON serializable")


def refuse_unknown(what: str, names: Iterable[str]) -> None:
    """Raises `TypeError` for a name that `what` does not take; says what to use instead."""
    for name in names:
        advice = _ELSEWHERE.get(name, _UNKNOWN)
        raise TypeError(f"{what} got {name}=: {advice}")


def close_name(name: str, names: Iterable[str]) -> str:
    """The one of `names` that is nearly `name`, which is none of them; "" if there is none."""
    from difflib import get_close_matches  # takes long to import, and only mistakes need it

    return "".join(get_close_matches(name, [*names], 1, cutoff=0.8))


def check_handlers(on: object) -> dict[str, Any]:
    """Handlers by the name of their event; a copy. Raises `TypeError`."""
    if not isinstance(on, (Mapping, type(None))):
        raise TypeError(f"on must be a mapping, not {type(on).__name__}")
    return dict(on or {})


def warn_of_plain_http(url: str, secret: str = "the token", *, stacklevel: int) -> None:
    """Warns if `secret` goes unencrypted to another machine: it can be read on the way."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not _is_this_machine(host):
        warnings.warn(
            f"{secret} goes to {host} over plain http and can be read on the way: use https",
            stacklevel=stacklevel + 1,
        )


def _is_this_machine(host: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
