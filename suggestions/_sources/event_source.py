"""`EventSource`: the browser's class for Python (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .. import errors
from .._delivery.delivery import NOTHING, Delivery, logger
from .._delivery.dispatch import Dispatcher
from .._delivery.target import EventTarget
from .._util import arguments, fork, threads
from .._util.secret import Secret, hide, hide_headers
from .._wire.request import check_request
from ..auth import Token, check_token
from ..events import Event
from . import ending
from .preload import load_requests
from .reader import failure_from
from .stream_entries import EVERY, StreamEntries, StreamLog
from .subscription import ReadyState, Step, Subscription

if TYPE_CHECKING:
    import requests
    from typing_extensions import Self

    from .._delivery.handler_types import ConnectToStream, OnStream

_LEAST_BACKLOG = 100  # events
_MOMENT = 0.01  # seconds
_TIME_TO_LISTEN = 1.0  # seconds
_numbers = itertools.count(1)


class EventSource(EventTarget):
    """Listens to a stream of server-sent events, and opens it again whenever it is lost.

    The connection is opened on a background thread at once, or at `start()` with `start=False`.

    - `url`, `method`, `headers`, `body`: the request. `body` is bytes, a text, or what is sent as
      JSON.
    - `token`: a text, or a callable that returns the current one; asked for each connection.
    - `last_event_id`: the id of the event to go on after.
    - `read_timeout`: seconds; a connection that is silent for longer is dropped and opened again.
    - `initial_retry_delay`, `max_retry_delay`: seconds before the next connection, at first (0: at
      once, which is 0.01) and at most. The server's `retry` replaces the first (less than 0.1
      counts as 0.1); each further failure doubles it, and up to a quarter is added at random.
    - `session`: a `requests.Session` (proxy, certificates, adapters); it is never changed.
    - `dispatch`: a callable that queues a function for the handlers' thread; without it they run on
      the source's own thread.
    - `history`: how many events are kept for handlers that are connected late.

    Its events, and what `event.detail` is:

    - `open`, for each connection: a `ResponseInfo`.
    - `message`, or the name that the server gave the event: a `MessageEvent`. If that name is in
      this list, it is a `message`.
    - `comment`: the text of a comment line, all of it after the colon, as soon as the line ends.
    - `error`: a `SuggestionsError`. If `ready_state` is CONNECTING, the stream is opened again
      after its `retry_after` (seconds). If it is CLOSED, only `restart()` opens it: the server
      answered with another status than 200 (204 is its way to end it) or another type than
      text/event-stream, an event was too large, or the request cannot be made.
    - `handler_error`: a `HandlerFailure`.
    - `*`: each of all these.

    A slow handler loses no event: if its backlog is longer than the history (and than 100 events),
    the source stops reading until the handler has caught up, and the server waits. So memory is
    bounded, and a late handler gets the last `history` events.

    In a forked child the source is closed; make another one there. Raises `TypeError` and
    `ValueError` that name the argument.
    """

    __module__ = __name__.rpartition("._")[0]
    CONNECTING = ReadyState.CONNECTING
    OPEN = ReadyState.OPEN
    CLOSED = ReadyState.CLOSED
    _state = ReadyState.CONNECTING
    if TYPE_CHECKING:
        connect: ConnectToStream[EventSource]
        once: ConnectToStream[EventSource]
        on: OnStream[EventSource]

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        token: Token | None = None,
        last_event_id: str | None = None,
        read_timeout: float | None = None,
        initial_retry_delay: float = 3.0,
        max_retry_delay: float = 30.0,
        session: requests.Session | None = None,
        dispatch: Dispatcher | None = None,
        history: int = 1000,
        start: bool = True,
    ) -> None:
        headers, body, token = hide_headers(headers), Secret(body), hide(token)
        self._request = check_request(url, method, headers, body, session)
        check_token(token)
        self._token = token
        last_event_id = arguments.check_event_id(last_event_id)
        self._read_timeout = arguments.check_optional_seconds("read_timeout", read_timeout)
        self._reconnection_time = arguments.check_seconds(
            "initial_retry_delay", initial_retry_delay, may_be_0=True
        )
        self._max_retry_delay = arguments.check_seconds("max_retry_delay", max_retry_delay)
        self._session = arguments.check_session(session)
        length = arguments.check_count("history", history)
        if token is not None:
            arguments.warn_of_plain_http(url, stacklevel=2)

        self._longest_backlog = max(length, _LEAST_BACKLOG)
        self._entries = StreamEntries(StreamLog(length, last_event_id, self._needed_from))
        self._delivery = Delivery(self, self._entries, dispatch, self.close)
        self._last_event_id = last_event_id
        self._state = ReadyState.CONNECTING
        self._subscription: Subscription | None = None
        self._is_started = False
        fork.register(self)
        if start:
            self.start()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._state.name}>"

    # State

    @property
    def ready_state(self) -> ReadyState:
        """CONNECTING (0, also between two connections), OPEN (1) or CLOSED (2), now."""
        return self._state

    @property
    def url(self) -> str:
        """The address, as it was given."""
        return self._request.url

    @property
    def last_event_id(self) -> str:
        """The id that the next connection goes on after, "" for none."""
        return self._last_event_id

    @property
    def reconnection_time(self) -> float:
        """Seconds from the loss of a connection to the next: the server's, if it has set them."""
        return self._reconnection_time

    # Control

    def start(self) -> None:
        """Opens the stream, with `start=False`. Raises `RuntimeError` the second time."""
        with self._delivery.lock:
            if self._is_started:
                raise RuntimeError("the source is started already: use restart()")
            self._is_started = True
            if self._delivery.audible is not None:
                return  # closed before it began
            self.restart()

    def restart(self) -> None:
        """Drops the connection, if there is one, and makes another at once, also after `close()`
        and after a failure. The stream goes on after `last_event_id`."""
        ending.add(self)
        load_requests()
        delivery = self._delivery
        with delivery.lock:
            if delivery.host is not None:
                delivery.host.watch_end()
            subscription = Subscription(
                self._request,
                token=self._token,
                session=self._session,
                read_timeout=self._read_timeout,
                max_retry_delay=self._max_retry_delay,
                last_event_id=self._last_event_id,
                reconnection_time=self._reconnection_time,
            )
            # No call in between: a signal's handler could run in it, and call close().
            former, self._subscription = self._subscription, subscription
            self._state = ReadyState.CONNECTING
            delivery.audible = None
            self._is_started = True
            has_late = bool(delivery.late)
        if former is not None:
            former.cancellation.cancel()
        if has_late:
            delivery.wake(late=True)  # those that were connected while it was closed
        name = f"stream-{next(_numbers)}"
        try:
            threads.start(lambda: self._follow(subscription), name, delivery)
        except RuntimeError:
            self.close()  # so that the host does not call back either
            raise

    def close(self) -> None:
        """Stops it at once, without an event: the server sees the end, no handler is called.

        Call it from any thread, in every phase; it never blocks. If a handler is being called for
        an event, that event counts as delivered; its other handlers are called too, unless the
        handler itself calls this. Later events are dropped, and `last_event_id` goes back to that
        event.
        """
        if sys.is_finalizing():
            return  # a thread that will never go on may hold the lock
        delivery = self._delivery
        with delivery.lock:
            if delivery.audible is not None:
                return
            delivery.audible = NOTHING
            self._state = ReadyState.CLOSED
            if delivery.is_delivering_here():
                delivery.claimed = None  # the handler that closes it is the last
            last_id = self._entries.withdraw(delivery)
            if last_id is not None:
                self._last_event_id = last_id
            subscription, self._subscription = self._subscription, None
            delivery.call_after_all(self._leave_host)
        if subscription is not None:
            subscription.cancellation.cancel()
        delivery.wake()

    def join(self, timeout: float | None = None) -> bool:
        """Blocks until the threads of this source have ended; False if `timeout` (seconds) came
        first. Call `close()` before: this does not close.

        Raises `RuntimeError` in a handler that runs on one of these threads.
        """
        return ending.join(self, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading, on a thread of its own

    def _follow(self, subscription: Subscription) -> None:
        delivery = self._delivery
        with delivery.lock:
            if subscription is self._subscription and delivery.host is None:
                delivery.reader = threading.get_ident()
        try:
            self._read(subscription)
        except BaseException as error:
            failure = failure_from(error, subscription.credential, "stream", "server")
            if failure is not None:
                self._fail(subscription, failure)

    def _read(self, subscription: Subscription) -> None:
        with contextlib.closing(subscription.steps()) as steps:
            for step in steps:
                if not self._add(subscription, step):
                    break
                while self._is_behind():
                    subscription.cancellation.sleep(_MOMENT)

    def _add(self, subscription: Subscription, step: Step) -> bool:
        """Adds what was read. Returns False if `subscription` is no longer the newest."""
        with self._delivery.lock:
            if subscription is not self._subscription:
                return False
            self._state = step.state
            self._last_event_id = subscription.last_event_id
            self._reconnection_time = subscription.reconnection_time
            for event in step.events:
                self._delivery.log.append(event)
        self._delivery.wake()
        return True

    def _fail(self, subscription: Subscription, error: errors.SuggestionsError) -> None:
        with self._delivery.lock:
            if subscription is not self._subscription:
                return
            self._subscription = None
            self._state = ReadyState.CLOSED
            self._delivery.log.append(Event("error", error))
            self._delivery.call_after_all(self._leave_host)
        self._delivery.wake()
        if not self._is_error_handled():
            # A program that is about to connect a handler gets the time to do so.
            subscription.cancellation.sleep(_TIME_TO_LISTEN)
        if not self._is_error_handled():
            logger.warning("%s No handler was called for it: connect a handler to 'error'.", error)

    def _is_error_handled(self) -> bool:
        """Also True if the program has called `close()` or `restart()` meanwhile."""
        delivery = self._delivery
        has_gone_on = delivery.audible is not None or self._subscription is not None
        return has_gone_on or delivery.has_handler("error", EVERY)

    # How far the handlers are

    def _needed_from(self) -> int:
        """The position of the first entry that a handler still has to get. The one before it counts
        too: an async handler may be called for it again if it has not begun at a `close()`."""
        delivery = self._delivery
        late = (cursor.position for cursor in delivery.late)
        position: int = min((delivery.live.position, *late))
        return max(0, position - 1)

    def _is_behind(self) -> bool:
        """Whether the backlog is so long that no more is to be read now."""
        with self._delivery.lock:
            return len(self._delivery.log) - self._needed_from() > self._longest_backlog

    # The host's loop, which may end before the stream, and forks

    def _leave_host(self) -> None:
        with self._delivery.lock:
            if self._state is ReadyState.CLOSED and self._delivery.host is not None:
                self._delivery.host.unwatch_end()

    def _in_child(self) -> None:
        self._delivery.in_child()
        self._state = ReadyState.CLOSED
        if self._subscription is not None:
            self._subscription.cancellation.disown()
            self._subscription = None
