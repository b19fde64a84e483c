"""`SuggestionsEventSource`: from a question to its handlers."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from .. import errors
from .._delivery.delivery import Delivery, logger
from .._delivery.dispatch import Dispatcher
from .._delivery.handlers import Handler
from .._delivery.target import EventTarget
from .._util import arguments, fork
from .._util.secret import hide, hide_fields, hide_headers
from .._wire.timeouts import check_timeouts
from ..auth import Token, check_token
from ..dialects import DialectName, find
from ..dialects.base import checked
from ..dialects.question import Question
from ..signals import send_finished, send_started
from . import ending
from .answer import Answer
from .answer_entries import AnswerEntries
from .answer_following import EventFollower, Following
from .answer_properties import AnswerProperties
from .controller import Controller
from .intake import Intake
from .reader import Reader, failure_from
from .reading import Loop, Reading
from .unhandled import Unhandled

if TYPE_CHECKING:
    import requests
    from typing_extensions import Self

    from .._delivery.handler_types import Connect, On

_AFTER_CLOSE = frozenset(("abort", "end"))


class SuggestionsEventSource(AnswerProperties, EventTarget):
    """Asks a question and calls its handlers while the answer is being written.

    The connection is opened on a background thread at once, or at `start()` with `start=False`.

    - `question`: a text, or a sequence of `{"role": ..., "content": ...}` that ends in the
      question.
    - `token`: a text, or a callable that returns the current one.
    - `url`: the whole address to ask at, instead of the dialect's own.
    - `options`: what the dialect sends along; for Jetpack AI `post_id`, `feature`, `from_cache`,
      `functions`, `language_code`, `model`.
    - `dialect`: one of the names in `suggestions.dialects.NAMES`, or a `Dialect`.
    - `dispatch`: a callable that queues a function for the handlers' thread; without it they run on
      the source's own thread.
    - `session`: a `requests.Session` (proxy, certificates, adapters); it is never changed.
    - `headers`: added to the request.
    - `timeouts`: any of `connect` (10), `first_byte` (120), `idle` (60, between bytes), `content`
      (120, or `idle` if you set that to more; between messages that the dialect understood),
      `total` (none), each in seconds or None for none.
    - `retries`: how many more attempts, until a message of the answer has come. By default, two,
      and only if the connection was never made.
    - `throttle`: seconds; at most one `suggestion` and one `object` in so many, always the newest.
    - `smooth`: a burst of text is shown bit by bit, within about 0.4 s, by a `suggestion` every
      1/30 s, or every `throttle` seconds. Each `chunk` comes at once.
    - `output`: the object to answer with, by a JSON schema, a dataclass, a TypedDict or a pydantic
      model; the extra `output`. The event `object` has it as it grows, `source.object` at the end.
    - `on`: handlers by event name, connected before the start.

    Raises `TypeError` and `ValueError` that name the argument, and `RuntimeError` if neither the
    arguments nor the environment have the key or the model that the service wants. What goes wrong
    after that is an event; the documentation's error table has them all.
    """

    __module__ = __name__.rpartition("._")[0]
    if TYPE_CHECKING:
        connect: Connect[SuggestionsEventSource]
        once: Connect[SuggestionsEventSource]
        on: On[SuggestionsEventSource]

    def __init__(
        self,
        question: Question,
        token: Token | None = None,
        *,
        url: str | None = None,
        options: Mapping[str, Any] | None = None,
        dialect: DialectName = "jetpack",
        dispatch: Dispatcher | None = None,
        session: requests.Session | None = None,
        headers: Mapping[str, str] | None = None,
        timeouts: Mapping[str, float | None] | None = None,
        retries: int | None = None,
        throttle: float | None = None,
        smooth: bool = False,
        output: Any = None,
        on: Mapping[str, Handler] | None = None,
        start: bool = True,
        _stream: bool = True,
        **unknown: NoReturn,
    ) -> None:
        token, headers, options = hide(token), hide_headers(headers), hide_fields(options)
        arguments.refuse_unknown("SuggestionsEventSource()", list(unknown))
        dialect = self._dialect = find(dialect)
        log: list[Any] = []
        check_token(token := token if token is not None else hide(dialect.token))
        options = arguments.check_options(options)
        so_far = None
        if output is not None:
            from .object_so_far import ask_for_object

            options, so_far = ask_for_object(output, dialect, options, log.append)
        self._question = checked(question, dialect)
        request = dialect.request(self._question, options, stream=_stream).hidden()
        arguments.check_json("question", request.json)
        accept = {} if _stream else {"Accept": "application/json"}
        if url is None and not request.url:
            raise ValueError(f"url is needed: the dialect {dialect.name!r} has none of its own")
        # Headers and a session of the user's may have a key that is not seen here.
        if not (url or headers or session) and (missing := dialect.missing(request, token)):
            raise RuntimeError(missing)
        request = request._replace(
            url=arguments.check_url(request.url if url is None else url, session),
            headers={**accept, **request.headers, **arguments.check_headers(headers)},
        )
        if token is not None:
            arguments.warn_of_plain_http(request.url, stacklevel=2)
        self._reader = Reader(
            dialect,
            request,
            token,
            session=arguments.check_session(session),
            timeouts=check_timeouts(timeouts),
            retries=arguments.check_optional_count("retries", retries),
        )
        interval, pace = arguments.check_throttle(throttle), None
        if arguments.check_flag("smooth", smooth):
            from .pace import INTERVAL, Pace

            interval, pace = interval or INTERVAL, Pace()
        handlers = arguments.check_handlers(on)

        self._answer = Answer(
            log.append,
            self._reader.credential.redact,
            think_tags=dialect.think_tags,
            object_so_far=so_far,
        )
        self._entries = AnswerEntries(self._answer, log, interval, pace)
        self._delivery = Delivery(self, self._entries, dispatch, self._on_host_gone)
        self._intake = Intake(self._answer, self._delivery)
        self._reading: Reading | None = None
        self._follower: EventFollower | None = None
        self._following = Following(
            self._answer,
            self._delivery,
            self._intake.text_waiters,
            self.close,
            self._leave_loop,
        )
        self._is_started = False
        self._unhandled = Unhandled(self._answer, self._delivery)
        self.controller = Controller(self)
        """Has `abort()`, and `aborted` (bool)."""
        fork.register(self)
        for name, handler in handlers.items():
            self.connect(name, handler)
        if start:
            self.start()

    def __repr__(self) -> str:
        answer = vars(self).get("_answer")  # none yet, in the frames of a refused argument
        state = f"{self._dialect.name} {answer.state}" if answer else "not made"
        return f"<{type(self).__name__} {state}>"

    @property
    def error(self) -> errors.SuggestionsError | None:
        """What failed; None if nothing did."""
        with self._delivery.lock:
            self._answer.make_final()
            return self._unhandled.seen_error()

    # Control

    def start(self) -> None:
        """Opens the connection, with `start=False`. Raises `RuntimeError` the second time."""
        ending.add(self)
        with self._delivery.lock:
            if self._is_started:
                raise RuntimeError("the source is started already: make another one to ask again")
            self._is_started = True
            if self._delivery.audible is not None:
                return  # closed before it began
            self._answer.state = "requesting"
        if self._delivery.host is not None:
            # Not before: the host would keep a source that is dropped without a start.
            self._delivery.host.watch_end()
        steps = self._reader.steps(self._intake, lambda: self._loop() is not None)
        self._reading = Reading(self._reader, steps, self._delivery, self._loop, self._on_read)
        self._reading.follower = self._follower
        self._intake.wait_for_room = self._reading.wait_for_room if self._follower else None
        self._reading.context = send_started(self)
        try:
            self._reading.start()
        except RuntimeError:
            self.close()  # so that no caller waits for it, and the host does not call back
            send_finished(self)
            raise

    def close(self) -> None:
        """Stops it at once: the server sees the end, and `abort` is the terminal event.

        Call it from any thread, in every phase; it never blocks. After it has returned, no further
        handler is called except for `abort` and `end`; a call that had begun may still be under way
        on another thread. Once a handler, `state`, `error`, `result()`, iteration or `await` has
        shown the answer's own end, it does nothing, and handlers get every event.
        """
        if sys.is_finalizing():
            return  # a thread that will never go on may hold the lock
        with self._delivery.lock:
            if self._delivery.audible is not None or self._answer.is_final:
                return
            self._delivery.audible = _AFTER_CLOSE
            self._answer.abort()
        self._reader.cancel(self._delivery)
        self._entries.cancel_alarm()
        self._intake.announce()
        if self._reading is not None:
            self._reading.notice_end()

    def debug_dump(self, path: str | os.PathLike[str]) -> None:
        """Writes the request and each message that has come so far to a file of JSON.

        Attach it to a bug report: it has the question and the answer, but no token, and no value of
        a header or a query that may be a secret. `suggestions.testing.replay(path)` plays it back.
        Raises `OSError` if the file cannot be written.
        """
        with self._delivery.lock:
            log, error = list(self._delivery.log), self._answer.error
        Path(path).write_text(self._reader.dump(log, error), "utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Waiting, iterating, awaiting

    def wait(self, timeout: float | None = None) -> bool:
        """Blocks until every handler has run; False if `timeout` (seconds) came first.

        Raises `RuntimeError` on the thread that has to run the handlers, and before `start()`.
        """
        self._check_started("wait()")
        if not self._following.wait(timeout):
            return False
        self._unhandled.warn_at_exit()
        return True

    def join(self, timeout: float | None = None) -> bool:
        """Blocks until the threads of this source have ended; False if `timeout` (seconds) came
        first. This does not close: without `close()`, it waits for the answer's end.

        Raises `RuntimeError` in a handler that runs on one of these threads.
        """
        return ending.join(self, timeout)

    def result(self, timeout: float | None = None) -> str:
        """The whole text; blocks until it is there, and does not wait for handlers.

        Raises the `SuggestionsError` of an answer that failed, `AbortedError` of one that was
        closed, both with `partial_text`; `TimeoutError` after `timeout` seconds.
        """
        self._want_result("result()", blocks=True)
        return self._following.result(timeout)

    def __iter__(self) -> Iterator[str]:
        """Each piece of text as it arrives. Ends after `close()`; raises the error of a failure."""
        self._want_result("iteration", blocks=True)
        return self._following.chunks()

    def __aiter__(self) -> AsyncIterator[str]:
        """As `for`, under asyncio."""
        self._want_result("iteration")
        return self._following.achunks()

    def __await__(self) -> Generator[Any, None, str]:
        """As `result()`, under asyncio; on the loop that runs the handlers, after all of them."""
        self._want_result("await")
        return self._following.whole().__await__()

    def _want_result(self, what: str, *, blocks: bool = False) -> None:
        self._check_started(what)
        is_reader = self._delivery.reader == threading.get_ident()
        if blocks and is_reader and not self._answer.ended:
            raise RuntimeError(f"{what} would block the thread that reads: connect to 'done'")
        self._unhandled.is_result_wanted = True
        if blocks and self._reading is not None:
            self._reading.let_block()
        self._delivery.end_waiters.wake()

    def _check_started(self, what: str) -> None:
        if not self._is_started and self._delivery.audible is None:
            raise RuntimeError(f"{what} would never end: start() comes first")

    # Reading

    def _loop(self) -> Loop | None:
        """The loop that is to read once the headers are here."""
        host = self._delivery.host
        if host is None:
            return self._following.loop
        return host if host.can_watch and host.is_running() else None

    def _run_on(self, dispatch: Dispatcher) -> None:
        """For a relay: as `dispatch=`, if the source has none and was not started."""
        if self._delivery.host is None and not self._is_started:
            self._delivery.run_on(dispatch)

    def _follow(self, names: Iterable[str]) -> EventFollower:
        """For a relay: events, and an error among them counts as handled."""
        self._unhandled.is_result_wanted = True
        self._follower = self._following.events(names)
        return self._follower

    def _resume(self) -> None:
        if self._reading is not None:
            self._reading.resume()

    def _leave_loop(self) -> None:
        if self._reading is not None:
            self._reading.leave_loop()

    def _on_read(self, error: BaseException | None) -> None:
        """After the last step of reading, on the thread that took it."""
        self._reading = None
        failure = error and failure_from(error, self._reader.credential, "answer", "service")
        if isinstance(failure, errors.SuggestionsError):
            self._intake.fail(failure)
        else:
            # After close(), this delivers `abort` if no thread could be started for that.
            self._intake.announce()
        send_finished(self)
        logger.debug("%r: over", self)
        self._unhandled.wait_and_warn()

    # Hosts that end, forks

    def _on_host_gone(self) -> None:
        self.close()
        if self._reading is not None:
            self._reading.abandon()

    def _in_child(self) -> None:
        self._delivery.in_child()
        if self._reading is not None:
            self._reading.in_child()
        self._answer.state = "aborted"
        self._delivery.is_over = True
        self._reader.cancellation.disown()
