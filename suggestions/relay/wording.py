"""What a browser is told of an error."""

from __future__ import annotations

from suggestions.errors import SuggestionsError, from_code

_FRIENDLY = "Sorry, the answer could not be completed. Please try again in a moment."


class Wording:
    """The sentence for an error: the service's own where errors are exposed, else `message`.

    Without one, it is ours: it quotes nobody, and says what to do where the person can do
    something. Raises `TypeError`, `ValueError`.
    """

    def __init__(self, expose_errors: bool, message: str | None) -> None:
        if not isinstance(message, (str, type(None))):
            raise TypeError(f"error_message must be a str, not {type(message).__name__}")
        if message is not None and not message.strip():
            raise ValueError("error_message is empty: expected a sentence")
        self._expose = expose_errors
        self._message = message

    def of(self, error: SuggestionsError) -> str:
        if self._expose:
            return error.message
        if self._message:
            return self._message
        return from_code(error.code, "").message if error.severity == "info" else _FRIENDLY
