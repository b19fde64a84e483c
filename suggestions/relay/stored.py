"""`follow` and `stop`: an answer that a store keeps, without asking for it."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from .._util.arguments import (
    check_event_id,
    check_flag,
    check_optional_seconds,
    check_seconds,
)
from ..errors import AbortedError, NetworkError
from ..events import Event
from .bad_request import BadRequest
from .frames import Frames, FramesName, headers_of
from .response import Cors, RelayResponse
from .send_timeout import check_send_timeout
from .stored_stream import StoredStream
from .stores.memory import MemoryStore
from .stores.stored_answer import Endings, Store

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_RANDOM_BYTES = 16


class Kept(NamedTuple):
    """How a store keeps an answer: the checked arguments of `relay`."""

    store: Store
    id: str
    address: str | None
    last_event_id: str
    abandon_after: float | None


def check_kept(
    store: Store | None,
    id: str | None,
    address: str | None,
    last_event_id: str | None,
    abandon_after: float | None,
) -> Kept | None:
    """None if no store is wanted. Raises `TypeError`, `ValueError` that name the argument."""
    if store is None and id is None and address is None and last_event_id is None:
        return None
    chosen = secrets.token_urlsafe(_RANDOM_BYTES) if id is None else _check_id(id)
    seconds = check_optional_seconds("abandon_after", abandon_after, longest=threading.TIMEOUT_MAX)
    return Kept(
        _store_of(store),
        chosen,
        _address_of(address, chosen),
        check_event_id(last_event_id),
        seconds,
    )


@cache
def _own_store() -> MemoryStore:
    """The store of this process, if a call names none."""
    return MemoryStore()


def _store_of(store: Store | None) -> Store:
    if store is None:
        return _own_store()
    for name in ("create", "open", "keep", "end", "follow"):
        if not callable(getattr(store, name, None)) or isinstance(store, type):
            raise TypeError(
                "store must be a store like suggestions.relay.stores.MemoryStore(), "
                f"not {type(store).__name__}"  # an address may have a password
            )
    return store


def endings_of(frames: Frames) -> Endings:
    stopped = AbortedError("The answer was stopped.")
    lost = NetworkError("The answer was lost before it was complete.")
    return Endings(*(frames.encode(Event("error", error)) for error in (stopped, lost)))


def follow(
    id: str,
    last_event_id: str | None = None,
    *,
    store: Store | None = None,
    heartbeat: float = 15.0,
    send_timeout: float | None = 60.0,
    cors: str | Sequence[str] | None = None,
    frames: FramesName = "relay",
    ended: bool | None = None,
) -> RelayResponse:
    """A response with the answer that `relay(..., store=store)` keeps under this id. Without
    `store`, it is looked up in the memory of this process.

    It begins after the event with the id `last_event_id`, or with the first one: what was written
    before comes at once, and the rest while it is written. If `last_event_id` is not given, the
    request's header `Last-Event-ID` counts. Any number of responses may follow one answer.

    The status is 404 if there is no such answer or it has expired, and 204 if all of it was sent
    already. Whether a person may see the answer is for the program to check.

    `frames` is the format in which `relay` stores the answer. With "ui", the status is 204 if there
    is no such answer, and also if it has ended, unless `ended` is true: `useChat` asks each time
    that its page is opened.

    `heartbeat` and `send_timeout`: seconds, as for `relay`. Raises `TypeError`, `ValueError` that
    name the argument.
    """
    if not isinstance(id, str):
        raise TypeError(f"id must be a str, not {type(id).__name__}")
    seconds = check_seconds("heartbeat", heartbeat, longest=threading.TIMEOUT_MAX)
    last = check_event_id(last_event_id)
    headers, is_ui = headers_of(frames), frames == "ui"
    sends_ended = not is_ui if ended is None else check_flag("ended", ended)
    unknown = 204 if is_ui else 404
    stream = StoredStream(
        _store_of(store),
        id,
        Endings(b"", b""),
        seconds,
        last,
        unknown=unknown,
        sends_ended=sends_ended,
    )
    if not _ID.fullmatch(id):
        stream.status = unknown  # no store has such an id, and no header takes it
        stream.id = ""
    patience = check_send_timeout(send_timeout)
    return RelayResponse(stream, Cors(cors), headers=headers, send_timeout=patience)


def stop(id: str, *, store: Store | None = None) -> bool:
    """Ends the answer with this id, from any process: the request to the service is closed, and all
    readers get the same last frame. Returns False if there is none, or if it has ended.

    It may block while the store is asked: in an async view, call it on a thread. Raises
    `suggestions.relay.stores.StoreError` if the store cannot be reached.
    """
    known = _store_of(store)
    answer = known.open(id) if isinstance(id, str) and _ID.fullmatch(id) else None
    if answer is None or answer.has_ended:
        return False
    answer.stop()
    return True


def _check_id(id: object) -> str:
    if not isinstance(id, str):
        raise TypeError(f"id must be a str or None, not {type(id).__name__}")
    if not _ID.fullmatch(id):
        raise BadRequest(
            f"id is {id[:200]!r}: expected 1 to 128 letters, digits, '-' and '_', in ASCII"
        )
    return id


def _address_of(address: object, id: str) -> str | None:
    if address is None:
        return None
    if not isinstance(address, str):
        raise TypeError(f"address must be a str or None, not {type(address).__name__}")
    if "{id}" not in address or not address.isascii() or not address.isprintable():
        raise ValueError(f"address is {address!r}: expected a path or URL in ASCII, with '{{id}}'")
    return address.replace("{id}", id)
