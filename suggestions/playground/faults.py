"""What a service says when it does not answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """An error in the words of the service; each wire format makes its own body of it.

    `retry_after` is in seconds. In mid-stream there is no status any more, and it is not looked at.
    """

    status: int
    message: str
    code: str | None = None
    type: str | None = "invalid_request_error"
    param: str | None = None
    retry_after: int | None = None


class Refused(Exception):
    """Ends the handling of a request: its answer is the body of `fault`, with its status."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def openai_body(fault: Fault) -> dict[str, object]:
    """The error object of the OpenAI API, which also comes in mid-stream."""
    return {
        "error": {
            "message": fault.message,
            "type": fault.type,
            "param": fault.param,
            "code": fault.code,
        }
    }
