"""`Secret`: the only thing in which we hold a token or another secret, from the first line on.

Crash reporters and tracebacks show variables. So every value that may be a secret is wrapped as
soon as it comes in, and unwrapped only in the call that sends it: it is never in a variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T", covariant=True)
_DEEPEST = 50
_HARMLESS = frozenset(
    (
        *("accept", "accept-encoding", "accept-language", "anthropic-version", "cache-control"),
        *("connection", "content-encoding", "content-length", "content-type", "date"),
        *("request-id", "retry-after", "server", "transfer-encoding", "user-agent", "via"),
        "x-request-id",
    )
)
_SECRET = ("key", "token", "secret", "passw", "auth", "credential", "nonce", "session", "cookie")


def is_harmless(name: object) -> bool:
    """Whether no header of this name has a secret. The value of any other may be or have one."""
    return str(name).lower() in _HARMLESS


def is_secret(name: object) -> bool:
    """Whether a header, or a field of a body or a query, has a secret, by its name."""
    lowered = str(name).lower()
    return any(word in lowered for word in _SECRET)


class Secret(Generic[T]):
    """A token, or another value that is not to be seen: its `repr` and `str` are "[secret]".

    Calling it returns the value. So a `Secret[str]` is a token provider, and a program whose own
    variables are to show no token may pass one: `SuggestionsEventSource(question, Secret(token))`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def __call__(self) -> T:
        return self._value

    def __repr__(self) -> str:
        return "[secret]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other()

    def __hash__(self) -> int:
        return hash(self._value)


Secret.__module__ = __name__.rpartition("._")[0] + ".auth"


def reveal(value: Any) -> Any:
    """The value of a `Secret`; any other value is returned as it is. For `json.dumps`, too."""
    return value() if isinstance(value, Secret) else value


def type_name(value: object) -> str:
    """The name of the type of a value that may be hidden, for an error message."""
    return type(reveal(value)).__name__


# None of these raises: a wrong argument is hidden too, before the check that names it.


def hide(token: Any) -> Any:
    """A token that is no provider, hidden."""
    return token if token is None or callable(token) else Secret(token)


def hide_headers(headers: Any) -> Any:
    """Headers; each value that may be a secret is hidden. What is not a mapping is hidden whole."""
    if not isinstance(headers, Mapping):
        return hide(headers)
    return {
        name: value if is_harmless(name) or isinstance(value, Secret) else Secret(value)
        for name, value in headers.items()
    }


def hide_fields(fields: Any) -> Any:
    """Options, or a body; what is under a secret name is hidden, at any depth.

    What is not a mapping is hidden whole.
    """
    return hide_within(fields) if isinstance(fields, Mapping) else hide(fields)


def hide_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of a source, some of which may be wrong."""
    texts = {
        name: hide_within(value, is_secret(name)) if isinstance(value, (str, bytes)) else value
        for name, value in arguments.items()
    }
    hiders = {"token": hide, "headers": hide_headers, "options": hide_fields}
    return texts | {name: hiders[name](arguments[name]) for name in hiders if name in arguments}


def hide_within(value: Any, secret: bool = False, depth: int = 0) -> Any:
    """A body; what is under a secret name is hidden, at any depth, or all with `secret`."""
    if depth > _DEEPEST:
        return Secret(value)  # it may refer to itself
    if isinstance(value, Mapping):
        return {
            name: hide_within(kept, secret or is_secret(name), depth + 1)
            for name, kept in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [hide_within(item, secret, depth + 1) for item in value]
    return Secret(value) if secret and isinstance(value, (str, bytes)) else value


def revealed(value: Any) -> Any:
    """A body or headers as they are sent."""
    value = reveal(value)
    if isinstance(value, Mapping):
        return {name: revealed(kept) for name, kept in value.items()}
    return list(map(revealed, value)) if isinstance(value, list) else value
