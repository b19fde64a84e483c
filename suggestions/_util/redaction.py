"""Secrets, and how they are taken out of errors, logs and dumps.

The promise (SECURITY.md names its tests): none of those has the token or another secret of a
request or a login, neither plain nor as JSON or a URL writes it.
"""

from __future__ import annotations

import contextlib
import json
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .secret import Secret, is_harmless, is_secret, reveal

Redact = Callable[[str], str]
REMOVED = "[removed]"
_REPLACED = "[token]"
_WORD = r"(?a)\w+"
_PARTS = r"(?s)(?a:\w+)|\\+|."
_BEGUN_FORM = r"(?:\\|%5[cC])*(?:u[0-9a-fA-F]{0,3}|%[0-9a-fA-F]?)?"
_LONGEST_HALF = 512
_LONGEST_FORM = 32
"""Characters: 8 backslashes as a URL has them, and the escape after them."""
SHORT = 8
"""Characters. A shorter text may well be a part of ordinary words."""
# Which texts are secrets


def secrets_in(
    url: str = "", headers: Mapping[str, Any] = {}, body: object = None
) -> Iterator[str]:
    """What may be a secret in a request. `body` is what is sent as JSON, or the JSON's bytes.

    What is hidden in a `Secret` is looked at as well.
    """
    for name, given in headers.items():
        value = _text(given)
        if not is_harmless(name):
            yield value
            if is_secret(name):
                yield value.partition(" ")[2]  # after "Bearer", "Basic" and their like
            if str(name).lower() == "cookie":
                yield from (part.partition("=")[2].strip(' "') for part in value.split(";"))
    query = [{name: value} for name, value in parse_qsl(urlsplit(url).query)]
    yield from _under_secret_names([query, _as_json(body)])


def secrets_of(session: Any) -> list[str]:
    """What may be a secret of a `requests.Session`: its headers, cookies, query and password.

    What cannot be read is skipped: the error that is being redacted must reach the program.
    """
    secrets: list[str] = []
    for read in (
        lambda: secrets_in(headers=session.headers),
        lambda: secrets_in(body=dict(session.params)),
        lambda: [value.strip('"') for value in session.cookies.values() if value],
        lambda: _secrets_in_auth(session.auth),
    ):
        with contextlib.suppress(Exception):
            secrets += read()
    return secrets


def _secrets_in_auth(auth: Any) -> list[str]:
    """A password, alone and as HTTP's Basic authentication sends it (RFC 7617, section 2)."""
    given = auth if isinstance(auth, tuple) else (auth.username, auth.password)
    name, password = map(_text, given)
    return [password, b64encode(f"{name}:{password}".encode("latin-1", "replace")).decode()]


def _text(value: object) -> str:
    value = reveal(value)
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _as_json(body: object) -> object:
    body = reveal(body)
    if not isinstance(body, bytes):
        return body
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _under_secret_names(body: object) -> Iterator[str]:
    """The texts under a name that speaks of a secret, at any depth; in no order."""
    left = [(body, False)]
    while left:
        value, secret = left.pop()
        value = reveal(value)
        if isinstance(value, Mapping):
            left += [(kept, secret or is_secret(name)) for name, kept in value.items()]
        elif isinstance(value, (list, tuple)):
            left += [(item, secret) for item in value]
        elif secret and isinstance(value, str):
            yield value


# How they are taken out


class _Error(Protocol):
    """A `SuggestionsError`, which this room does not know."""

    def change_texts(self, change: Redact) -> None: ...


def redact(error: _Error, secrets: Collection[str | Secret[str]]) -> None:
    """Replaces the secrets by "[token]" in all texts of a `SuggestionsError`: some services quote
    the key that they refuse.

    The tracebacks of the error and of what lies below it are dropped: the frames of requests,
    urllib3 and http.client hold the request as it is sent, and crash reporters send the variables
    of each frame. If what lies below has a secret in its words or in what it carries, as a
    `JSONDecodeError` has the whole text, it is dropped too: the error of another library cannot be
    changed safely.
    """
    assert isinstance(error, BaseException)
    without = redactor(secrets)
    error.change_texts(lambda text: _without_half(without(text), secrets))
    for one in _chain(error):
        one.__traceback__ = None
        if one is not error:
            carried = f"{one} {one.args} {vars(one)}"
            if without(carried) != carried:
                error.__cause__ = error.__context__ = None


def _chain(error: BaseException) -> list[BaseException]:
    """The error, and all that lie below it."""
    chain: list[BaseException] = []
    left: list[object] = [error]
    while left:
        one = left.pop()
        if isinstance(one, BaseException) and all(one is not known for known in chain):
            chain.append(one)
            # Some exceptions, such as urllib3's, have others as their arguments.
            left += [one.__cause__, one.__context__, *one.args]
    return chain


def _without_half(text: str, secrets: Iterable[str | Secret[str]]) -> str:
    """The text without the beginning of a secret at its end: it may have been cut there.

    One that is longer than `_LONGEST_HALF` is found only plain: looking for more takes too long.
    """
    for secret in map(reveal, secrets):
        for size in range(min(len(secret) - 1, len(text)), _LONGEST_HALF, -1):
            if text.endswith(secret[:size]):
                return text[:-size] + _REPLACED
        parts = re.findall(_PARTS, secret[:_LONGEST_HALF])
        for start in range(max(0, len(text) - _LONGEST_HALF), len(text) - SHORT + 1):
            if _is_begun(text, start, parts):
                return text[:start] + _REPLACED
    return text


def _is_begun(text: str, start: int, parts: list[str]) -> bool:
    """Whether all of the text from `start` on is the beginning of what the parts make."""
    for part in parts:
        form = re.compile(_forms(part)).match(text, start)
        if form is None:
            left = text[start : start + len(part) + _LONGEST_FORM]
            is_begun = part.startswith(left) or re.fullmatch(_BEGUN_FORM, left) is not None
            return start + len(left) == len(text) and is_begun
        start = form.end()
    return start == len(text)


def redact_text(text: str, secrets: Iterable[str | Secret[str]]) -> str:
    """The text with "[token]" in place of each secret: plain, as JSON or as a URL writes it."""
    return redactor(secrets)(text)


def redactor(secrets: Iterable[str | Secret[str]]) -> Redact:
    """`redact_text` for many texts."""
    # The longest secret comes first: another may be its beginning.
    longest_first = sorted(filter(None, map(reveal, secrets)), key=len, reverse=True)
    if not longest_first:
        return lambda text: text
    pattern = re.compile("|".join(map(_as_written, longest_first)))
    # A word is always plain, and is looked for in a fraction of the time: a text may be an image.
    words = [max(re.findall(_WORD, secret), key=len, default="") for secret in longest_first]

    def without(text: str) -> str:
        has_word = any(word in text for word in words)
        return pattern.sub(_REPLACED, text) if has_word else text

    return without


def _as_written(secret: str) -> str:
    """A pattern for a secret. A short one is found only as a whole word."""
    pattern = "".join(map(_forms, re.findall(_PARTS, secret)))
    return pattern if len(secret) >= SHORT else rf"(?<![^\W_]){pattern}(?![^\W_])"


def _forms(part: str) -> str:
    r"""A pattern for a word, for one other character, or for a run of backslashes.

    A word is always plain. A character may also be percent-encoded (RFC 3986, section 2.1), or be
    escaped as in JSON (RFC 8259, section 7). JSON within JSON, up to three deep, escapes each
    backslash again, which makes up to 8 of one, and a URL may have JSON in it. A run has one bound
    for the whole of it, because a pattern such as `(\\{1,8}){40}` takes exponential time.
    """
    if re.match(r"(?a)\w", part):
        return part
    char = part[0]
    in_url = "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "replace"))
    if char == " ":
        in_url += r"|\+"  # as a form writes it (WHATWG URL, section 5.1)
    if char == "\\":
        return rf"(?:\\|u005c|(?i:{in_url})){{1,{8 * len(part)}}}"
    escaped = json.dumps(char)[1:-1].lstrip("\\")
    in_json = (
        rf"(?:\\|%5[cC]){{0,8}}(?:{re.escape(char)}|{re.escape(escaped)}|u(?i:{ord(char):04x}))"
    )
    return rf"(?:{in_json}|(?i:{in_url}))"


# What a dump shows of a request


def harmless_headers(headers: Mapping[str, Any], redact: Redact) -> dict[str, str]:
    """The headers, without each value that may be a secret."""
    return {
        name: redact(value) if is_harmless(name) else REMOVED for name, value in headers.items()
    }


def without_values(url: str) -> str:
    """The address, without the values in its query: one may be a key."""
    parts = urlsplit(url)
    names = [(name, REMOVED) for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    return urlunsplit(parts._replace(query=urlencode(names, safe="[]")))


def without_secrets(value: Any, redact: Redact, *, secret: bool = False) -> Any:
    """A body without the secrets, and without each text at any depth under a secret name."""
    if isinstance(value, Secret):
        return REMOVED
    if isinstance(value, str):
        return REMOVED if secret else redact(value)
    if isinstance(value, Mapping):
        return {
            redact(str(name)): without_secrets(kept, redact, secret=secret or is_secret(name))
            for name, kept in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_secrets(item, redact, secret=secret) for item in value]
    return value
