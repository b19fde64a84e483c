"""A token in the keyring of the system: Secret Service, macOS' Keychain, Windows' Locker."""

from __future__ import annotations

from typing import Any

from .._util.secret import Secret
from ..errors import AuthenticationError, SuggestionsError
from .renewed import Renewed


class KeyringToken(Renewed):
    """What the keyring has for `username` at `service`, read once and kept until it is refused.

    Raises `TypeError` for an argument that is not a str, and `ImportError` without the package
    `keyring`, which the extra of that name installs. Calling it raises `AuthenticationError` if
    the keyring has no such token, or cannot be read.
    """

    __module__ = __name__.rpartition(".")[0]
    _place: tuple[str, ...] = ()

    def __init__(self, service: str, username: str) -> None:
        super().__init__()
        for name, value in (("service", service), ("username", username)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a str, not {type(value).__name__}")
        try:
            import keyring
        except ModuleNotFoundError as missing:
            if missing.name != "keyring":
                raise
            raise ImportError(
                "KeyringToken needs keyring: install `suggestions-sdk[keyring]`"
            ) from missing
        self._keyring = keyring
        self._place = (service, username)

    def __repr__(self) -> str:
        return f"KeyringToken{self._place!r}"

    def fetch(self) -> tuple[Secret[str], float | None]:
        try:
            token: Secret[Any] = Secret(self._keyring.get_password(*self._place))
        except Exception as error:
            problem = type(error).__name__
        else:
            if token():
                return token, None
            problem = "it has none"
        raise AuthenticationError(
            f"There is no token from the keyring ({problem}): unlock it, or store the token with "
            f"`keyring set {' '.join(self._place)}`."
        )

    def refused(self, token: str) -> bool:
        """True if the keyring has another one by now."""
        try:
            return super().refused(token) and self() != token
        except SuggestionsError:
            return False
