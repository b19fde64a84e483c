"""Everything that a service can do wrong on the wire, by name: one table of all of it.

A fault in mid-stream comes after the first two of `PIECES`, a fault after the answer comes after
all of them.

To add one: a line in the group below that it belongs to, and, if it needs more than fixed bytes, a
script in `fault_scripts.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from .answer_bytes import (
    CHUNKED,
    DONE,
    LAST_CHUNK,
    UNTIL_CLOSE,
    chunk,
    chunks,
    head,
    said,
    whole,
)
from .fault_scripts import (
    BLOCK,
    ZIPPED,
    bomb,
    dripping,
    flooding,
    redirect_to_another_host,
    redirect_to_itself,
    tls_plain,
    tls_reset,
    tls_silent,
    tls_slow,
    tls_untrusted,
    zipped,
)
from .peer import Peer
from .scripts import Script, sending

PIECES = ("So ", "far, ", "so ", "good.")
TEXT = "".join(PIECES)

# With ids, so that an `EventSource` can resume after them.
_EVENTS = tuple(b"id: %d\n%s" % (number, said(piece)) for number, piece in enumerate(PIECES, 1))
_ANSWER = b"".join(_EVENTS) + DONE
_BEGUN = CHUNKED + chunks(_EVENTS[:2])
_ALL = CHUNKED + chunks(_EVENTS) + chunk(DONE)
_HALF_A_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/ev"
_JSON = "application/json"
_PAGE = b"<!doctype html><title>Sign in</title><p>Sign in to this network.</p>"
_DROP = 0.002  # seconds


class Fault(NamedTuple):
    """`description` is one line. With `does_tls`, the client asks over https."""

    description: str
    script: Script
    does_tls: bool = False


def find(name: str) -> Fault:
    """The fault of that name. Raises `ValueError` that names all of them."""
    if name not in _TABLE:
        raise ValueError(f"{name!r} is no fault: expected one of {', '.join(_TABLE)}")
    return _TABLE[name]


_RESETS = {
    "reset before headers": Fault("The connection is reset.", sending(then=Peer.reset)),
    "reset in headers": Fault(
        "Half of the headers, then a reset.", sending(_HALF_A_HEAD, then=Peer.reset)
    ),
    "reset in mid-stream": Fault("Two pieces, then a reset.", sending(_BEGUN, then=Peer.reset)),
    "reset after [DONE]": Fault("The whole answer, then a reset.", sending(_ALL, then=Peer.reset)),
}
_ENDS = {
    "end before headers": Fault("The connection is closed, and nothing was sent.", sending()),
    "end in headers": Fault("Half of the headers, and no more.", sending(_HALF_A_HEAD)),
    "end after headers": Fault("The headers of a stream, and no more.", sending(CHUNKED)),
    "end in mid-stream": Fault("Two pieces, no [DONE], no terminating chunk.", sending(_BEGUN)),
    "end in mid-stream with the terminating chunk": Fault(
        "Two pieces, no [DONE]; the framing says that this is all.", sending(_BEGUN, LAST_CHUNK)
    ),
    "end in an event": Fault(
        "Two pieces and half an event, then the terminating chunk.",
        sending(_BEGUN, chunk(_EVENTS[2][:-9]), LAST_CHUNK),
    ),
    "end in a chunk": Fault(
        "Two pieces and half a transfer chunk.", sending(_BEGUN, chunk(_EVENTS[2])[:-9])
    ),
    "end before its length": Fault(
        "Two pieces, fewer bytes than Content-Length says.",
        sending(head(headers={"Content-Length": str(len(_ANSWER))}), *_EVENTS[:2]),
    ),
    "end after [DONE]": Fault("The whole answer, but no terminating chunk.", sending(_ALL)),
}
_FRAMINGS = {
    "chunk size that is none": Fault(
        "Two pieces, then a chunk whose size is letters.", sending(_BEGUN, b"xyz\r\nabc\r\n")
    ),
    "chunk size too small": Fault(
        "Two pieces, then a chunk that is longer than its size.",
        sending(_BEGUN, b"3\r\n" + _EVENTS[2] + b"\r\n", LAST_CHUNK),
    ),
    "chunk size too large": Fault(
        "Two pieces, then a chunk of which nearly nothing comes.",
        sending(_BEGUN, b"ffffffffffffffff\r\n"),
    ),
    "endless chunk size": Fault(
        "Two pieces, then a chunk size without an end.", flooding(_BEGUN, block=b"0")
    ),
    "truncated gzip": Fault(
        "Two pieces, compressed, and a part of the third.",
        sending(ZIPPED, zipped(*_EVENTS[:3])[:-20]),
    ),
    "gzip that is none": Fault(
        "A plain answer whose headers say that it is compressed.", sending(ZIPPED, _ANSWER)
    ),
    "gzip that breaks": Fault(
        "Two pieces, compressed, then bytes that cannot be unpacked.",
        sending(ZIPPED, zipped(*_EVENTS[:2])[:-10], b"\xff" * 100),
    ),
    "gzip with a wrong checksum": Fault(
        "The whole answer, compressed, with another answer's checksum.",
        sending(ZIPPED, zipped(_ANSWER)[:-8], bytes(8)),
    ),
    "gzip bomb": Fault("One event without an end, a thousand times as long unpacked.", bomb),
    "trailers": Fault(
        "Headers after the terminating chunk.", sending(_ALL, b"0\r\nExpires: never\r\n\r\n")
    ),
    "endless trailers": Fault(
        "Headers without an end after the terminating chunk.",
        flooding(_ALL, b"0\r\n", block=b"Expires: never\r\n"),
    ),
    "HTTP/1.0": Fault(
        "The whole answer in the HTTP of 1996.", sending(head(version="1.0"), _ANSWER)
    ),
}
_SILENCES = {
    "silence before headers": Fault("Nothing is sent.", sending(then=Peer.hold)),
    "silence in headers": Fault(
        "Half of the headers, then nothing.", sending(_HALF_A_HEAD, then=Peer.hold)
    ),
    "silence after headers": Fault(
        "The headers of a stream, then nothing.", sending(CHUNKED, then=Peer.hold)
    ),
    "silence in mid-stream": Fault("Two pieces, then nothing.", sending(_BEGUN, then=Peer.hold)),
    "silence after [DONE]": Fault(
        "The whole answer, but the connection stays open.", sending(_ALL, then=Peer.hold)
    ),
    "drip": Fault(
        "The whole answer, headers and all, byte by byte.",
        sending(then=lambda peer: peer.drip(_ALL, _DROP)),
    ),
    "drip in headers": Fault(
        "Headers that never end, byte by byte.",
        dripping(CHUNKED[:-2], drops=b"A: b\r\n", pause=0.05),
    ),
    "pings for ever": Fault(
        "Two pieces, then comments without an end.",
        dripping(_BEGUN, drops=chunk(b": ping\n\n"), pause=0.005),
    ),
    "pings as messages for ever": Fault(
        "Two pieces, then messages named ping without an end.",
        dripping(_BEGUN, drops=chunk(b'event: ping\ndata: {"type": "ping"}\n\n'), pause=0.005),
    ),
    "flood of pings": Fault(
        "Two pieces, then comments without an end, as fast as they are read.",
        flooding(_BEGUN, block=chunk(b": ping\n\n")),
    ),
}
_ENDLESS = {
    "endless status line": Fault("A status line without an end.", flooding(b"HTTP/1.1 200 ")),
    "endless header": Fault(
        "One header without an end.", flooding(CHUNKED[:-2], b"Set-Cookie: a=")
    ),
    "endless headers": Fault(
        "Headers without an end.", flooding(CHUNKED[:-2], block=b"Set-Cookie: a=b\r\n")
    ),
    "endless line": Fault(
        "Two pieces, then one line of an event without an end.",
        flooding(_BEGUN, chunk(b"data: "), block=chunk(BLOCK)),
    ),
    "endless event": Fault(
        "Two pieces, then one event of many lines without an end.",
        flooding(UNTIL_CLOSE, *_EVENTS[:2], block="data: and on \N{PARTY POPPER}\n".encode()),
    ),
    "endless HTML": Fault(
        "Status 200 with a page without an end.",
        flooding(head(content_type="text/html"), _PAGE),
    ),
    "endless JSON": Fault(
        "Status 200 with a JSON text without an end.",
        flooding(head(content_type=_JSON), '{"choices": "\N{PARTY POPPER}'.encode()),
    ),
    "endless error": Fault(
        "Status 500 with a JSON text without an end.",
        flooding(head(500, content_type=_JSON), b'{"error": "'),
    ),
}
_RESPONSES = {
    "HTML with 200": Fault(
        "A page, as a sign-in portal sends it.",
        sending(whole(200, _PAGE, content_type="text/html")),
    ),
    "HTML as a stream": Fault(
        "A page whose headers say that it is an event stream.",
        sending(whole(200, _PAGE, content_type="text/event-stream")),
    ),
    "JSON with 200": Fault("A JSON text that is no answer.", sending(whole(200, b'{"ok": true}'))),
    "JSON error with 200": Fault(
        "An error in JSON, with the status of a success.",
        sending(whole(200, b'{"error": {"message": "busy", "code": "overloaded"}}')),
    ),
    "empty JSON with 200": Fault(
        "The headers announce JSON; there is no body.", sending(whole(200, b""))
    ),
    "empty with 200": Fault(
        "The headers announce a stream; there is no body.",
        sending(whole(200, b"", content_type="text/event-stream")),
    ),
    "redirect loop": Fault("Redirects to itself.", redirect_to_itself),
    "redirect to another host": Fault(
        "Redirects to another name of this machine, which answers.", redirect_to_another_host(_ALL)
    ),
    "1xx preludes": Fault(
        "Three responses that announce the answer, then the answer.",
        sending(
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 102 Processing\r\n\r\n",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            _ALL,
            LAST_CHUNK,
        ),
    ),
    "endless 1xx preludes": Fault(
        "Responses that announce an answer, without an end.",
        flooding(block=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ),
    "no HTTP": Fault("Another protocol.", sending(b"SSH-2.0-OpenSSH_9.9\r\n")),
}
_TLS = {
    "reset in TLS": Fault("The handshake is reset.", tls_reset, True),
    "silence in TLS": Fault("The handshake is not answered.", tls_silent, True),
    "slow TLS": Fault("The handshake comes byte by byte and never ends.", tls_slow, True),
    "bad certificate": Fault(
        "A certificate of another host, signed by no authority.", tls_untrusted, True
    ),
    "no TLS": Fault("Plain HTTP instead of TLS.", tls_plain, True),
}

_TABLE: Mapping[str, Fault] = {
    **_RESETS,
    **_ENDS,
    **_FRAMINGS,
    **_SILENCES,
    **_ENDLESS,
    **_RESPONSES,
    **_TLS,
}

FAULTS: Mapping[str, str] = MappingProxyType(
    {name: fault.description for name, fault in _TABLE.items()}
)
"""The name of each misbehaviour, and a line that describes it."""
