"""Our connections under requests: each socket on a lifeline, each read on the clock."""

from __future__ import annotations

import http.client
import socket
import ssl
import traceback
from functools import partial
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import allowed_gai_family

from suggestions._wire import leaving
from suggestions._wire.abort import Lifeline
from suggestions._wire.patience import Patient
from suggestions._wire.timeouts import Clock
from suggestions.errors import ConnectionFailedError, NameResolutionError, from_status

_MOST_PRELUDES = 20


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
        super().__init__(Patient(wire.clock, wire.lifeline, sock), *args, **kwargs)  # type: ignore[arg-type]
        self._wire = wire

    def begin(self) -> None:
        reader: Any = self.fp.raw
        super().begin()
        if reader.ended:
            # http.client takes what has come by then for all of them.
            raise http.client.RemoteDisconnected("it ended within the headers")
        self._wire.response = self
        if 300 <= self.status < 400:
            # Nor is the connection used again: what is left unread would be the next response.
            self.will_close = True
            self.close()

    def _read_status(self) -> tuple[str, int, str]:
        # http.client's own loop passes over 100 alone, and for ever.
        for _ in range(_MOST_PRELUDES):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise from_status(status)


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

    def _tunnel(self) -> None:
        super()._tunnel()
        # Reading the proxy's answer has left the time to the kernel, and the handshake knows
        # of Python's alone.
        self.sock.settimeout(self._wire.clock.timeout())

    def connect(self) -> None:
        try:
            with leaving.wrapping(self):
                super().connect()
        except Exception as error:
            # Left open to the garbage collector: before Python 3.13, ssl's socket where the peer
            # resets the connection just before the handshake; in Python 3.10 and early ones of
            # 3.11, http.client's response of a proxy that makes no tunnel.
            for frame, _ in traceback.walk_tb(error.__traceback__):
                for left in frame.f_locals.values():
                    if isinstance(left, (ssl.SSLSocket, http.client.HTTPResponse)):
                        left.close()
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
        return self._on_the_wire(
            super().get_connection_with_tls_context(request, verify, proxies, cert)
        )

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        """What requests calls instead before 2.32, which programs may bring along."""
        return self._on_the_wire(super().get_connection(url, proxies))

    def _on_the_wire(self, pool: Any) -> Any:
        # Others, such as those of a SOCKS proxy, connect in a way of their own.
        ours = _OURS.get(pool.ConnectionCls)
        if ours is not None:
            pool.ConnectionCls = partial(ours, self._wire)
        return pool
