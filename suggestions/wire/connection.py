"""Our connections under requests: each socket on a lifeline, each read on the clock."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import struct
import sys
import traceback
from functools import partial
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import allowed_gai_family

from suggestions.errors import ConnectionFailedError, NameResolutionError
from suggestions.wire import leaving
from suggestions.wire.body import RECEIVE
from suggestions.wire.clock import Clock
from suggestions.wire.lifeline import Lifeline

_MOST_PRELUDES = 20
_LATE = (TimeoutError, BlockingIOError)
_KERNEL_KEEPS_TIME = sys.platform in ("linux", "darwin")  # where a timeval is two longs


class Wire:
    """What the transport needs to know of the connection that requests makes and hides."""

    def __init__(self, lifeline: Lifeline, clock: Clock) -> None:
        self.lifeline = lifeline
        self.clock = clock
        self.attempted = False
        self.connected = False
        self.response: http.client.HTTPResponse | None = None


class _Response(http.client.HTTPResponse):
    """Reads under the clock. The body of a redirect is nobody's, and is not read."""

    def __init__(self, wire: Wire, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_Patient(wire.clock, sock), *args, **kwargs)  # type: ignore[arg-type]
        self._wire = wire

    def begin(self) -> None:
        reader: Any = self.fp.raw
        super().begin()
        for _ in range(_MOST_PRELUDES):
            # http.client passes over 100 alone; 102 and 103 announce a response as well.
            if not 100 < self.status < 200:
                break
            self.headers = None  # type: ignore[assignment]
            super().begin()
        if reader.ended:
            # http.client takes what has come by then for all of them.
            raise http.client.RemoteDisconnected("it ended within the headers")
        self._wire.response = self
        if 300 <= self.status < 400:
            # Nor is the connection used again: what is left unread would be the next response.
            self.will_close = True
            self.close()


class _Patient:
    """A socket as `http.client.HTTPResponse` uses one."""

    def __init__(self, clock: Clock, sock: socket.socket) -> None:
        self._clock = clock
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._clock, self._sock))


class _Reader(io.RawIOBase):
    def __init__(self, clock: Clock, sock: socket.socket) -> None:
        # The file keeps the descriptor open until it is closed itself.
        self._file = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._clock = clock
        self._timeout: float | None = 0.0  # what no clock says
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._keep_time()
        try:
            count = self._sock.recv_into(buffer)
        except _LATE:
            raise self._clock.passed() from None
        self.ended = not count
        return count

    def receive(self) -> bytes:
        """The next bytes that arrive; none at the end."""
        self._keep_time()
        try:
            return self._sock.recv(RECEIVE)
        except _LATE:
            raise self._clock.passed() from None

    def _keep_time(self) -> None:
        timeout = self._clock.timeout()
        if timeout != self._timeout:
            _wait_at_most(self._sock, timeout)
            self._timeout = timeout

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _wait_at_most(sock: socket.socket, seconds: float | None) -> None:
    """Bounds each read, which raises one of `_LATE` then."""
    if _KERNEL_KEEPS_TIME and type(sock) is socket.socket:
        # Python's own timeout would take a poll() before each recv().
        whole, part = divmod(max(seconds, 1e-6) if seconds else 0.0, 1)
        sock.settimeout(None)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(whole), int(part * 1e6))
        )
    else:
        sock.settimeout(seconds)


class _OnTheWire:
    """Mixed into urllib3's connections."""

    host: str
    port: int
    proxy: Any
    sock: Any
    source_address: Any
    socket_options: Any
    _dns_host: str
    response_class: Any

    def __init__(self, wire: Wire, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wire = wire
        self.response_class = partial(_Response, wire)

    def _new_conn(self) -> socket.socket:
        """As urllib3's own, but the lifeline has each socket before it connects.

        Our errors pass through urllib3 and requests as they are.
        """
        wire = self._wire
        wire.attempted = True
        wire.clock.connecting()
        wire.lifeline.check()
        addresses = self._look_up()
        failure: OSError | None = None
        for position, address in enumerate(addresses):
            wire.lifeline.check()
            try:
                return self._connect(*address, share=len(addresses) - position)
            except OSError as error:
                failure = error
        wire.lifeline.check()
        if isinstance(failure, TimeoutError):
            raise wire.clock.passed() from failure
        reason = failure and (failure.strerror or failure)
        whom = f"the proxy {self.host}" if self.proxy else self.host
        raise ConnectionFailedError(
            f"No connection to {whom}, port {self.port}: {reason}."
        ) from failure

    def _look_up(self) -> list[Any]:
        host = self._dns_host.strip("[]")
        look_up = partial(
            socket.getaddrinfo, host, self.port, allowed_gai_family(), socket.SOCK_STREAM
        )
        if host == "localhost" or ":" in host or host.replace(".", "").isdigit():
            return look_up()  # an address, or this machine: nobody else is asked
        try:
            return self._wire.lifeline.run(look_up, self._wire.clock.timeout())
        except TimeoutError:
            raise self._wire.clock.passed() from None
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(f"The address of {self.host} was not found.") from error

    def _connect(
        self, family: int, kind: int, protocol: int, _name: str, address: Any, *, share: int
    ) -> socket.socket:
        """Gives one address its share of the time that is left, so that the next has its own."""
        wire = self._wire
        sock = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            timeout = wire.clock.timeout()
            sock.settimeout(timeout and timeout / share)
            if self.source_address:
                sock.bind(self.source_address)
            wire.lifeline.hold(sock)
            sock.connect(address)
            # A shutdown while it connects can look like a success.
            wire.lifeline.check()
            sock.settimeout(wire.clock.timeout())
        except BaseException:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._wire.connected = True
        self._wire.clock.sent()
        # A service that does not read what is sent keeps it waiting as well.
        self.sock.settimeout(self._wire.clock.timeout())


class _HTTPConnection(_OnTheWire, HTTPConnection):
    pass


class _HTTPSConnection(_OnTheWire, HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        leaving.going_to_wrap(self, sock)
        return sock

    def connect(self) -> None:
        try:
            with leaving.wrapping(self):
                super().connect()
        except Exception as error:
            # Before Python 3.13, ssl leaves its socket open to the garbage collector where the
            # peer resets the connection just before the handshake.
            for frame, _ in traceback.walk_tb(error.__traceback__):
                sock = frame.f_locals.get("self")
                if isinstance(sock, ssl.SSLSocket):
                    sock.close()
            raise


_OURS: dict[type, type] = {HTTPConnection: _HTTPConnection, HTTPSConnection: _HTTPSConnection}


class WireAdapter(HTTPAdapter):
    """Stands in, for one request, for the plain adapter of a session."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        # Others, such as those of a SOCKS proxy, connect in a way of their own.
        ours = _OURS.get(pool.ConnectionCls)
        if ours is not None:
            pool.ConnectionCls = partial(ours, self._wire)
        return pool
