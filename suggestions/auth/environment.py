"""A token in an environment variable."""

from __future__ import annotations

import os

from ..errors import AuthenticationError


class EnvironmentToken:
    """The value of the environment variable `name`, looked up for each request.

    Raises `TypeError`, `ValueError` for a wrong name. Calling it raises `AuthenticationError` if
    the variable is not set.
    """

    __module__ = __name__.rpartition(".")[0]
    _name = ""

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"name must be a str, not {type(name).__name__}")
        if not name:
            raise ValueError("name is empty: expected the name of an environment variable")
        self._name = name

    def __repr__(self) -> str:
        return f"EnvironmentToken({self._name!r})"

    def __call__(self) -> str:
        token = os.environ.get(self._name)
        if not token:
            raise AuthenticationError(
                f"There is no token: set the environment variable {self._name} to it."
            )
        return token

    def refused(self, token: str) -> bool:
        """True if the variable has another value by now."""
        return os.environ.get(self._name, token) != token
