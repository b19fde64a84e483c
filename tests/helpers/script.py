"""A service that follows a script, without a socket: an adapter for a `requests.Session`.

What a test is about is the order of things, so a script says when each byte comes and what
happens in between.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

HOLD = object()
"""A step: the service is silent until the connection is shut."""
Step = bytes | Callable[[], object] | Exception | object


class Script(BaseAdapter):
    """Answers each request with the steps: bytes arrive, functions are called, errors raised."""

    def __init__(
        self,
        steps: Iterable[Step],
        *,
        status: int = 200,
        content_type: str = "text/event-stream",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self._steps: Iterable[Any] = list(steps)
        self._status = status
        self._headers = {"Content-Type": content_type, **(headers or {})}
        self.requests: list[requests.PreparedRequest] = []

    def answer(self, steps: Iterable[Step]) -> None:
        """From now on, with these."""
        self._steps = list(steps)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.requests.append(request)
        response = requests.Response()
        response.status_code = self._status
        response.headers = CaseInsensitiveDict(self._headers)
        response.url = request.url or ""
        response.request = request
        response.raw = _Raw(iter(self._steps))
        return response

    def close(self) -> None:
        """Nothing to free."""

    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("http://", self)
        session.mount("https://", self)
        return session


class _Raw:
    """The part of urllib3's response that is read from."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps
        self._shut = threading.Event()

    def read1(self, _amount: int, decode_content: bool = True) -> bytes:
        for step in self._steps:
            if self._shut.is_set():
                return b""
            if step is HOLD:
                self._shut.wait(60)
            if isinstance(step, Exception):
                raise step
            if callable(step):
                step()
            elif isinstance(step, bytes) and step:
                return step
        return b""

    def shutdown(self) -> None:
        self._shut.set()

    def close(self) -> None:
        """Nothing to free."""

    def release_conn(self) -> None:
        """Nothing to give back."""


def chunk(text: str | None = None, *, finish: str | None = None, **delta: Any) -> bytes:
    """One chunk of a chat completion as a server-sent event."""
    if text is not None:
        delta["content"] = text
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return data(json.dumps({"id": "c1", "model": "m1", "choices": [choice]}))


def data(text: str) -> bytes:
    return b"".join(b"data: " + line.encode() + b"\n" for line in text.split("\n")) + b"\n"


DONE = b"data: [DONE]\n\n"
