"""Our connections for requests: they can be cancelled, and each read has its deadline."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import socket
import ssl
import traceback
from collections.abc import Iterator
from functools import partial
from time import sleep
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from urllib3 import connection as urllib3_connection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import allowed_gai_family

from .._util.elapsed import monotonic
from ..errors import ConnectionFailedError, NameResolutionError, from_status
from .abort import Cancellation
from .socket_reader import timed_file
from .timeouts import Deadlines

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection, HTTPSConnection
else:

    def _original(name: str) -> type:
        """urllib3's own class, even if this is imported within a cassette of VCR.py.

        That puts a class derived from it in its place, which belongs to the one cassette.
        """
        kind = getattr(urllib3_connection, name)
        own = (base for base in kind.__mro__ if base.__module__ == urllib3_connection.__name__)
        return next((base for base in own if base.__name__ == name), kind)

    HTTPConnection, HTTPSConnection = map(_original, ("HTTPConnection", "HTTPSConnection"))

_MOST_INTERIM = 20
_LONGEST_LOADING = 1.0  # seconds
_LOADING_STEP = 0.001  # seconds
_loading: dict[int, socket.socket] = {}
"""By the id of a connection that loads certificates before TLS begins: its socket."""


class ConnectionState:
    """What the transport needs to know of the connection that requests makes and hides."""

    def __init__(self, cancellation: Cancellation, deadlines: Deadlines) -> None:
        self.cancellation = cancellation
        self.deadlines = deadlines
        self.attempted = False
        self.connected = False
        self.urllib3_retries = False
        """Whether the session's own adapter has urllib3 try again what was not connected."""
        self.response: http.client.HTTPResponse | None = None

    @property
    def never_connected(self) -> bool:
        """Whether it is certain that the request has not reached the service."""
        return self.attempted and not self.connected


class _Response(http.client.HTTPResponse):
    """Each read has its deadline. The body of a redirect is not read."""

    def __init__(self, state: ConnectionState, sock: Any, *args: Any, **kwargs: Any) -> None:
        file = timed_file(state.deadlines, state.cancellation, sock)
        # It uses the socket for nothing but to make the file that it reads.
        maker: Any = SimpleNamespace(makefile=lambda _mode: file)
        super().__init__(maker, *args, **kwargs)
        self._state = state

    def begin(self) -> None:
        reader: Any = self.fp.raw
        super().begin()
        if reader.ended:
            # http.client would take the headers that have come so far for all of them.
            raise http.client.RemoteDisconnected("it ended within the headers")
        # urllib3 would log the lines that are no headers, and one may quote the token.
        self.msg.defects.clear()
        self.msg.set_payload("")
        self._state.response = self
        if 300 <= self.status < 400:
            # The connection is not used again: the unread body would be taken for a response.
            self.will_close = True
            self.close()

    def _read_status(self) -> tuple[str, int, str]:
        # Skips interim responses (RFC 9110, section 15.2): http.client's own loop would skip 100
        # alone, and any number of them.
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise from_status(status)


class _Cancellable:
    """Mixed into urllib3's connections."""

    host: str
    port: int
    proxy: Any
    sock: Any
    source_address: Any
    socket_options: Any
    _dns_host: str
    response_class: Any

    def __init__(self, state: ConnectionState, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._state = state
        self.response_class = partial(_Response, state)

    def _new_conn(self) -> socket.socket:
        """As urllib3's own, but each socket can be shut down from before it connects.

        Our errors pass through urllib3 and requests as they are.
        """
        state = self._state
        state.attempted = True
        state.deadlines.connecting()
        state.cancellation.check()
        addresses = self._look_up()
        failure: OSError | None = None
        for position, address in enumerate(addresses):
            state.cancellation.check()
            try:
                return self._connect(*address, share=len(addresses) - position)
            except OSError as error:
                failure = error
        state.cancellation.check()
        if isinstance(failure, TimeoutError):
            raise state.deadlines.passed() from failure
        reason = failure and (failure.strerror or failure)
        peer = f"the proxy {self.host}" if self.proxy else self.host
        raise self._not_connected(
            ConnectionFailedError(f"No connection to {peer}, port {self.port}: {reason}."), failure
        )

    def _not_connected(self, error: ConnectionFailedError, cause: Exception | None) -> Exception:
        """The error, or one that has urllib3 connect again as often as the adapter says."""
        error.__cause__ = cause
        if not self._state.urllib3_retries:
            return error
        retried = NewConnectionError(cast(HTTPConnection, self), "it is tried again")
        retried.__cause__ = error
        return retried

    def _look_up(self) -> list[Any]:
        host = self._dns_host.strip("[]")
        look_up = partial(
            socket.getaddrinfo, host, self.port, allowed_gai_family(), socket.SOCK_STREAM
        )
        if host == "localhost" or ":" in host or host.replace(".", "").isdigit():
            return look_up()  # an address, or this machine: no server is asked
        try:
            return self._state.cancellation.call(look_up, self._state.deadlines.timeout())
        except TimeoutError:
            raise self._state.deadlines.passed() from None
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(f"The address of {self.host} was not found.") from error

    def _connect(
        self, family: int, kind: int, protocol: int, _name: str, address: Any, *, share: int
    ) -> socket.socket:
        """Gives one address its share of the time that is left, so that the next has its own."""
        state = self._state
        sock = socket.socket(family, kind, protocol)
        try:
            for level, name, value, *_ in self.socket_options or ():
                sock.setsockopt(level, name, value)
            timeout = state.deadlines.timeout()
            sock.settimeout(timeout and timeout / share)
            if self.source_address:
                sock.bind(self.source_address)
            state.cancellation.add(sock)
            sock.connect(address)
            # If it was shut down meanwhile, connect() can still return.
            state.cancellation.check()
            sock.settimeout(state.deadlines.timeout())
        except BaseException:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._state.connected = True
        self._state.deadlines.sent()
        # Sending has a deadline too: a service may not read what is sent.
        self.sock.settimeout(self._state.deadlines.timeout())


class _HTTPConnection(_Cancellable, HTTPConnection):
    pass


class _HTTPSConnection(_Cancellable, HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        _loading[id(self)] = sock
        return sock

    def _tunnel(self) -> None:
        super()._tunnel()
        # For the proxy's answer, the kernel kept the deadline (`_wait_at_most`); the handshake
        # needs Python's own timeout.
        self.sock.settimeout(self._state.deadlines.timeout())

    def connect(self) -> None:
        try:
            with _exit_delayed(self):
                super().connect()
        except Exception as error:
            # Only the frames of the error still know these, and the error refers to its frames, so
            # they would stay open until the garbage collector runs: before Python 3.13, ssl's
            # socket, if the peer resets the connection just before the handshake; in 3.10 and
            # early 3.11, http.client's response of a proxy that makes no tunnel.
            for frame, _ in traceback.walk_tb(error.__traceback__):
                for left in frame.f_locals.values():
                    if isinstance(left, (ssl.SSLSocket, http.client.HTTPResponse)):
                        left.close()
            raise


def cancellable(kind: Any, state: ConnectionState) -> Any:
    """What makes connections of ours in the place of urllib3's own; None for any other class."""
    ours = _OURS.get(kind)
    # HTTPretty puts a socket in the place of the system's that has not all methods of one.
    return partial(ours, state) if ours and hasattr(socket.socket, "dup") else None


_OURS: dict[type, type] = {}
if any(base.__module__ == "http.client" for base in HTTPConnection.__mro__):
    # Not with urllib3-future, whose connections do not read by http.client.
    _OURS = {HTTPConnection: _HTTPConnection, HTTPSConnection: _HTTPSConnection}


@contextlib.contextmanager
def _exit_delayed(connection: object) -> Iterator[None]:
    """While a connection is made, and until TLS has begun on it, the process does not exit.

    Loading the certificates takes tens of milliseconds, in which OpenSSL runs without the
    interpreter's lock. If the process exits meanwhile, OpenSSL frees its memory while that thread
    uses it: a segmentation fault. All else that OpenSSL does here is too short for that.
    """
    try:
        yield
    finally:
        _loading.pop(id(connection), None)


@atexit.register
def _finish_loading() -> None:
    deadline = monotonic() + _LONGEST_LOADING
    # TLS takes the descriptor out of the socket that it wraps.
    while any(sock.fileno() >= 0 for sock in list(_loading.values())):
        if monotonic() > deadline:
            return
        sleep(_LOADING_STEP)
