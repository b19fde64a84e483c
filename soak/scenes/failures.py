"""Questions that end in an error: of each kind, with a handler or without."""

from __future__ import annotations

import socket
import threading
from random import Random

from soak.record import Record, ask, check, check_ended
from soak.server import STATUSES
from soak.service import Service
from suggestions import SuggestionsEventSource
from suggestions.testing import FAULTS

TIMEOUTS = {"connect": 0.5, "first_byte": 0.5, "idle": 0.5, "content": 1.0, "total": 2.0}
_LARGE = [name for name in FAULTS if "endless" in name or "bomb" in name or "flood" in name]
_SMALL = [name for name in FAULTS if name not in _LARGE]
_one_at_a_time = threading.Lock()


class Planned(Exception):
    """What a handler raises here, on purpose."""


def status(service: Service, random: Random) -> None:
    record = Record()
    number = random.choice(STATUSES)
    error = check_ended(ask(service, str(number), on=record.handlers()), record)
    check(error.status == number, error)


def unclear(service: Service, random: Random) -> None:
    record = Record()
    error = check_ended(ask(service, "unclear", on=record.handlers()), record)
    check(error.code == "error_unclear_prompt", error)


def fault(service: Service, random: Random) -> None:
    _misbehave(service, random.choice(_SMALL))


def large_fault(service: Service, random: Random) -> None:
    """One at a time: each takes some MiB, and much of a processor."""
    with _one_at_a_time:
        _misbehave(service, random.choice(_LARGE))


def refused(service: Service, random: Random) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    record = Record()
    url = f"http://127.0.0.1:{port}/"
    source = SuggestionsEventSource("Why?", url=url, on=record.handlers(), retries=0)
    check(check_ended(source, record) is not None, "no server listens there")


def no_token(service: Service, random: Random) -> None:
    def provide() -> str:
        raise Planned("a token's provider fails")

    record = Record()
    source = ask(service, "answer", token=provide, on=record.handlers())
    check(check_ended(source, record) is not None, "there was no token")


def handler_that_raises(service: Service, random: Random) -> None:
    def fail(source: object, event: object) -> None:
        raise Planned("a handler fails")

    record = Record()
    source = ask(service, "answer", start=False)
    source.connect(random.choice(("open", "chunk", "done", "end")), fail)
    record.connect_to(source)
    source.start()
    check_ended(source, record)


def _misbehave(service: Service, name: str) -> None:
    record = Record()
    check_ended(ask(service, name, on=record.handlers(), timeouts=TIMEOUTS), record)
