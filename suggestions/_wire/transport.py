"""One request over `requests`: opened, read as it arrives, cancelled at once."""

from __future__ import annotations

import contextlib
import socket
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPResponse
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit

import requests
from requests.cookies import RequestsCookieJar
from urllib3 import exceptions as urllib3_errors

from .._util.redaction import SHORT, redactor, secrets_in
from .._util.secret import Secret, is_secret, reveal, revealed
from ..errors import (
    LONGEST_RAW,
    NetworkError,
    RedirectError,
    SuggestionsError,
    from_status,
)
from . import Decoder, Watch, certificates
from .abort import Aborted, Cancellation
from .adapters import CancellableAdapter, for_one_request
from .body import Receive, open_body
from .connection import ConnectionState
from .headers import request_id, retry_after
from .socket_reader import SocketReader
from .timeouts import Deadlines

HEADERS = {
    "Accept": "text/event-stream",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-store",
}
# What may be sent to another origin after a redirect. All else may be, or carry, a secret.
_HARMLESS_ELSEWHERE = frozenset(
    (
        *("accept", "accept-encoding", "cache-control", "connection", "content-length"),
        *("content-type", "cookie", "last-event-id", "proxy-authorization", "user-agent"),
    )
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Its settings count if the caller has no session; as any other, it is never changed.
_DEFAULT_SESSION = requests.Session()
_FAILURES = (requests.RequestException, urllib3_errors.HTTPError, OSError)


class Transport:
    """One request and its response, for one thread.

    Each call raises `Aborted` after a cancellation, and otherwise a `NetworkError` that says what
    went wrong. Without `follow`, a redirect is a response like any other, and nothing of the
    request is sent to its target.
    """

    def __init__(
        self,
        deadlines: Deadlines,
        cancellation: Cancellation,
        session: requests.Session | None = None,
        *,
        follow: bool = True,
    ) -> None:
        self._cancellation = cancellation
        self.deadlines = deadlines
        """A caller that makes messages of the body calls `messages` and `understood` on it."""
        self._state = ConnectionState(cancellation, deadlines)
        self._session = _copy_of(session or _DEFAULT_SESSION, self._state)
        self._is_session_ours = session is None
        if not follow:
            # With `allow_redirects=False`, requests would still make up the request to follow.
            vars(self._session)["get_redirect_target"] = _nowhere
        self._response: requests.Response | None = None
        self._body: Decoder[bytes] | None = None
        self._receive: Receive  # set with the body
        self.reader: SocketReader | None = None
        """What reads the body, if it comes right from our own connection."""
        self._stop_watching: Callable[[], object] | None = None
        self.has_more = False
        self._has_begun = False  # a byte of the body is here
        self._host = ""

    @property
    def never_connected(self) -> bool:
        """Whether it is certain that the request has not reached the service."""
        return self._state.never_connected

    @property
    def status(self) -> int:
        return self._open_response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Compared without regard to case."""
        return self._open_response.headers

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")

    @property
    def origin(self) -> str:
        """The origin of the response, after all redirects: scheme, host, and port if it is not the
        usual one (RFC 6454, section 6.2)."""
        parts = urlsplit(self._open_response.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}"

    def open(
        self, method: str, url: str, headers: Mapping[str, Any], body: Secret[bytes] | bytes | None
    ) -> None:
        """Sends the request, also what is hidden in it; returns when the headers of the response
        are here."""
        self._cancellation.check()
        self._host = urlsplit(url).hostname or ""
        headers = {**HEADERS, **headers}
        own_auth = self._session.auth and "authorization" not in {name.lower() for name in headers}
        self.deadlines.connecting()
        try:
            self._response = self._session.request(
                method,
                url,
                headers=revealed(headers),
                data=reveal(body),
                # With an auth, requests does not read .netrc.
                auth=None if own_auth else _unchanged,
                stream=True,
                verify=self._authorities(url),
                timeout=self.deadlines.for_requests(),
            )
        except (*_FAILURES, ValueError) as error:
            self._response = _refused(error)
            if self._response is None:
                received = self._state.response
                if isinstance(error, ValueError) and received and received.status // 100 != 3:
                    raise  # from a hook: requests itself raises one only after a redirect
                self._raise(error)
        if self._direct is None:
            self._cancellation.add_other(partial(_shut_down, self._open_response.raw))
        self._cancellation.check()
        if not self._state.attempted:
            self.deadlines.sent()  # an adapter of the user's own does not call it

    def _authorities(self, url: str) -> Any:
        """The value of requests' `verify`: None if it is to look into its own variables."""
        if self._session.verify is not True:
            # If it were not passed, a bundle named in the environment would replace the session's.
            return self._session.verify
        if self._is_session_ours:
            adapter = cast(CancellableAdapter, self._session.adapters["https://"])
            is_secure = url.lower().startswith("https:")
            return certificates.trust(adapter.poolmanager.connection_pool_kw, is_secure)
        return None

    def read(self) -> bytes | None:
        """The next bytes of the body, decoded; b"" at its end.

        Blocks, unless a loop watches: then it returns None if none are here. `has_more` says then
        if there are more without a wait.
        """
        # Before it reads as well: in a child that a handler has forked, the socket is the parent's.
        if self._cancellation.is_cancelled:
            raise Aborted
        try:
            body = self._body or self._open_body()
            while body.pending or not body.ended:
                data = self._next_part() if body.pending else self._receive()
                if data is None:
                    return None
                if not (data or body.pending):
                    break
                if data := body.feed(data):
                    if not self._has_begun:
                        self.deadlines.first_byte()
                        self._has_begun = True
                    return data
            rest = body.finish()
        except (*_FAILURES, SuggestionsError) as error:
            self._raise(error)
        self._cancellation.check()
        return rest

    def _open_body(self) -> Decoder[bytes]:
        response, direct = self._open_response, self._direct
        self._receive, self._body, self.reader = open_body(response, direct)
        if direct is None:
            self._receive = partial(_receive_within, self.deadlines, response.raw, self._receive)
        return self._body

    def _next_part(self) -> bytes | None:
        """What is fed for the next part of what is decompressed.

        It may become very long: so a loop can do other things in between.
        """
        self.has_more = self._stop_watching is not None and not self.has_more
        return None if self.has_more else b""

    # On a loop

    def can_be_watched(self) -> bool:
        """Whether a loop can watch the socket: only one of ours, and not if urllib3 decompresses
        what comes."""
        with contextlib.suppress(SuggestionsError):  # `read` raises it
            if self._body is None:
                self._open_body()
        return self.reader is not None and self.reader.can_be_watched

    def watch(self, watch: Watch, readable: Callable[[], None]) -> None:
        """Has a loop call `readable()` if the socket can be read, until `unwatch()` or `close()`.

        To be called on the loop's thread. Raises what `watch` raises if it cannot.
        """
        assert self.reader is not None, "can_be_watched() comes first"
        sock = self.reader.watch()
        self._receive = self.reader.receive_now
        try:
            self._stop_watching = watch(sock, readable)
        except BaseException:
            self.unwatch()
            raise

    def unwatch(self) -> None:
        """`read` blocks again."""
        if self.reader is not None:
            self.reader.unwatch()
            self._receive = self.reader.receive
        self.stop_watching()

    def stop_watching(self) -> None:
        """The loop calls back no more. `read` still does not block."""
        stop, self._stop_watching = self._stop_watching, None
        if stop is not None:
            with contextlib.suppress(Exception):  # the loop is over
                stop()

    @property
    def is_watched(self) -> bool:
        return self._stop_watching is not None

    def disown(self) -> None:
        """In a forked child: ending the watch here would end it in the parent, too."""
        self._stop_watching = None

    def read_all(self, limit: int, *, whole: bool = True) -> bytes:
        """At most `limit` bytes of the body.

        Without `whole`, it returns what comes within one deadline: a status says enough without
        its body.
        """
        if not whole:
            self.deadlines.start_error_body()
        data = bytearray()
        try:
            while len(data) < limit and (part := self.read()):
                data += part
        except NetworkError:
            if whole:
                raise
        return bytes(data[:limit])

    def refusal(self) -> SuggestionsError:
        """The error of a status that is not an answer, with what the body says within one
        deadline."""
        said = self.read_all(LONGEST_RAW, whole=False).decode("utf-8-sig", "replace")
        headers = self.headers
        return from_status(
            self.status, said, request_id=request_id(headers), retry_after=retry_after(headers)
        )

    def close(self) -> None:
        """Frees the connection."""
        self.unwatch()
        if self._response is not None:
            self._response.close()
        for adapter in self._session.adapters.values():
            if isinstance(adapter, CancellableAdapter):
                adapter.close()
        self._cancellation.release()

    @property
    def _open_response(self) -> requests.Response:
        assert self._response is not None, "open() comes first"
        return self._response

    @property
    def _direct(self) -> HTTPResponse | None:
        """The response of our own connection, None if a hook has put another in its place."""
        received = self._state.response
        original = getattr(self._open_response.raw, "_original_response", None)
        return received if original is received else None

    def _raise(self, error: BaseException) -> NoReturn:
        self._cancellation.check()
        from .causes import raise_for

        raise_for(error, self._host, self._state)


def _copy_of(session: requests.Session, state: ConnectionState) -> requests.Session:
    """A copy of the session, with adapters for one request.

    The session itself, its cookies and its mounts stay as they are.
    """
    copy: requests.Session = object.__new__(type(session))
    crosses: Callable[[str | None, str | None], bool] = copy.should_strip_auth

    def rebuild_auth(request: Any, response: requests.Response) -> None:
        # Called for each redirect, instead of requests' own, which would also look into .netrc.
        if _has_secret(request):
            # urllib3 logs each address.
            raise RedirectError(
                f"{urlsplit(response.url).hostname} redirects to an address with a secret of the "
                "request in it, which is not followed."
            )
        if request.method != response.request.method:
            place = urlsplit(request.url or "")
            raise RedirectError(
                f"{urlsplit(response.url).hostname} redirects to "
                f"{place.scheme}://{place.netloc}{place.path} in a way that drops the question. "
                f"Use that address."
            )
        if crosses(response.request.url, request.url):
            for name in list(request.headers):
                if name.lower() not in _HARMLESS_ELSEWHERE:
                    del request.headers[name]
            # A cookie without a domain would be sent to every host.
            for jar in (cookies, request._cookies):
                with contextlib.suppress(KeyError):
                    jar.clear("")
            request.headers.pop("Cookie", None)
            request.prepare_cookies(request._cookies)

    cookies = RequestsCookieJar()
    cookies.update(session.cookies)
    adapters = OrderedDict(for_one_request(session.adapters, state))
    copy.__dict__.update(
        session.__dict__, cookies=cookies, adapters=adapters, rebuild_auth=rebuild_auth
    )
    return copy


def _has_secret(request: Any) -> bool:
    """Whether the address has the token, or another secret of the request."""
    keys = {
        name: value
        for name, value in request.headers.items()
        if is_secret(name) and name.lower() != "cookie"  # which may have any word of a path
    }
    secrets = secrets_in(headers=keys, body=request.body)
    redact = redactor(secret for secret in secrets if len(secret) >= SHORT)
    return redact(request.url) != str(request.url)


def _refused(error: BaseException) -> requests.Response | None:
    """The response, if a hook of the session raised because of it, as `raise_for_status` does."""
    response = error.response if isinstance(error, requests.HTTPError) else None
    return None if response is None or response.ok else response


def _nowhere(_response: requests.Response) -> None:
    """Replaces `get_redirect_target`: no response redirects."""


def _receive_within(deadlines: Deadlines, raw: Any, receive: Receive) -> bytes | None:
    """From an adapter of the user's own, which does not know our deadlines."""
    seconds = deadlines.timeout()
    with contextlib.suppress(AttributeError, OSError):  # it may have no socket
        _socket_of(raw).settimeout(seconds)
    return receive()


def _shut_down(raw: Any) -> None:
    if hasattr(raw, "shutdown"):
        raw.shutdown()
    else:
        # urllib3 before 2.3, which programs may pin, has no such method: this is what it does.
        _socket_of(raw).shutdown(socket.SHUT_RDWR)


def _socket_of(raw: Any) -> socket.socket:
    sock: socket.socket = raw._fp.fp.raw._sock
    return sock


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
