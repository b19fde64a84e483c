"""`SuggestionsEventSource`: joins the steps from a question to its handlers."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suggestions import errors
from suggestions._delivery import waiting as follow
from suggestions._delivery.dispatch import Dispatcher, Inline
from suggestions._delivery.handlers import Handler
from suggestions._delivery.target import logger
from suggestions._sources.answer import Answer, State
from suggestions._sources.answer_target import AnswerTarget
from suggestions._sources.reader import Reader
from suggestions._util import fork
from suggestions._util.arguments import (
    check_handlers,
    check_headers,
    check_json,
    check_options,
    check_retries,
    check_session,
    check_throttle,
    check_url,
    warn_of_plain_http,
)
from suggestions._wire.abort import Aborted
from suggestions._wire.timeouts import check_timeouts
from suggestions.auth import Token, check_token
from suggestions.dialects import DialectName, find
from suggestions.dialects.question import Question, check_question
from suggestions.events import (
    FunctionCall,
    ToolCall,
    Usage,
)
from suggestions.signals import BY_NAME

if TYPE_CHECKING:
    import requests
    from typing_extensions import Self

    from suggestions._delivery.handler_types import Connect, On

_AFTER_CLOSE = frozenset(("abort", "end"))
_TIME_TO_ASK = 1.0  # seconds
_numbers = itertools.count(1)


class SuggestionsEventSource(AnswerTarget):
    """Asks a question and tells its handlers of the answer while it is being written.

    The connection is opened on a background thread at once, or at `start()` with `start=False`.

    - `question`: a text, or a sequence of `{"role": …, "content": …}` that ends in the question.
    - `token`: a text, or a callable that returns the current one.
    - `url`: the whole address to ask at, instead of the dialect's own.
    - `options`: what the dialect knows; for Jetpack AI `post_id`, `feature`, `from_cache`,
      `functions`, `model`.
    - `dialect`: "jetpack", "openai", "responses", "anthropic", "ollama", "relay", "chatbot",
      "text", "json_lines", "auto" (by what the answer looks like), or a `Dialect`.
    - `dispatch`: a callable that queues a function for the thread the handlers are to run on;
      without it they run on the source's own thread.
    - `session`: a `requests.Session` (proxy, certificates, adapters); it is never changed.
    - `headers`: added to the request.
    - `timeouts`: any of `connect` (10), `first_byte` (120), `idle` (60), `total` (none), each in
      seconds or None for none.
    - `retries`: how many more attempts before a message of the answer has come. Without it, two,
      and only where the connection was never made.
    - `throttle`: seconds; at most one `suggestion` in so many, always the newest text.
    - `on`: handlers by event name, connected before the start.

    Raises `TypeError` and `ValueError` that name the argument. What goes wrong after that is an
    event; the documentation's error table has them all.
    """

    _streamed = True
    if TYPE_CHECKING:
        connect: Connect
        once: Connect
        on: On

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
        on: Mapping[str, Handler] | None = None,
        start: bool = True,
    ) -> None:
        dialect = self._dialect = find(dialect)
        token = token if token is not None else dialect.token
        check_token(token)
        request = dialect.request(
            check_question(question, dialect.roles),
            check_options(options),
            stream=self._streamed,
        )
        check_json("question", request.json)
        accept = {} if self._streamed else {"Accept": "application/json"}
        if url is None and not request.url:
            raise ValueError(f"url is needed: the dialect {dialect.name!r} has none of its own")
        request = request._replace(
            url=check_url(request.url if url is None else url),
            headers={**accept, **request.headers, **check_headers(headers)},
        )
        if token is not None:
            warn_of_plain_http(request.url, stacklevel=2)
        self._reader = Reader(
            dialect,
            request,
            token,
            session=check_session(session),
            timeouts=check_timeouts(timeouts),
            retries=check_retries(retries),
        )
        interval = check_throttle(throttle)
        handlers = check_handlers(on)

        super().__init__(dispatch=dispatch)
        self._tell_of(Answer(self._log.append, self._reader.redact), interval)
        self._started = False
        self._forsaken = False
        self._warned = False
        self._asked_for = False  # by somebody who gets to hear of an error
        self.controller = Controller(self)
        """Has `abort()`, and `aborted` (bool)."""
        fork.mind(self)
        for name, handler in handlers.items():
            self.connect(name, handler)
        self._delivery.open()
        if start:
            self.start()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._dialect.name} {self._answer.state}>"

    # State

    @property
    def state(self) -> State:
        """ "init", "requesting", "suggesting", "done", "error" or "aborted"."""
        with self._lock:
            self._stand_by_end()
            return self._answer.state

    @property
    def full_message(self) -> str:
        """All the text that has arrived."""
        with self._lock:
            return self._answer.full_message

    @property
    def is_prompt_clear(self) -> bool:
        """True once the text cannot be the marker of an unclear prompt any more."""
        return self._answer.is_prompt_clear

    @property
    def full_function_call(self) -> FunctionCall | None:
        """The function call so far."""
        with self._lock:
            return self._answer.full_function_call

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls that are complete."""
        return self._answer.tool_calls

    @property
    def reasoning(self) -> str:
        """What the model has thought aloud so far."""
        with self._lock:
            return self._answer.reasoning

    @property
    def usage(self) -> Usage | None:
        """Token counts, once the service has told them."""
        return self._answer.usage

    @property
    def finish_reason(self) -> str | None:
        """The model's reason to stop: "stop", "length", "tool_calls" and so on."""
        return self._answer.finish_reason

    @property
    def model(self) -> str | None:
        """The model that answers, as the service names it."""
        return self._answer.model

    @property
    def request_id(self) -> str | None:
        """The service's id of the request, to quote in a report."""
        return self._answer.request_id

    @property
    def error(self) -> errors.SuggestionsError | None:
        """What failed, where it did."""
        with self._lock:
            self._stand_by_end()
            return self._answer.error

    # Control

    def start(self) -> None:
        """Opens the connection, with `start=False`. Raises `RuntimeError` the second time."""
        with self._lock:
            if self._started:
                raise RuntimeError("the source is started already")
            self._started = True
            if self._only is not None:
                return  # closed before it began
            self._answer.state = "requesting"
        name = f"suggestions-{next(_numbers)}"
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError:
            self.close()  # so that nobody waits for it, nor minds the host
            raise

    def close(self) -> None:
        """Stops it at once: the server sees the end, and `abort` is the terminal event.

        From any thread, in every phase; never blocks. After it has returned, no further handler is
        called except for `abort` and `end`; one whose call was claimed before may still be under
        way on another thread. Once a handler, `state`, `error`, `result()`, iteration or `await`
        has told of the answer's own end, it does nothing, and handlers hear all of it.
        """
        with self._lock:
            if self._only is not None or self._ending_told:
                return
            self._only = _AFTER_CLOSE
            self._answer.abort()
        self._reader.abort()
        self._news()

    def debug_dump(self, path: str | os.PathLike[str]) -> None:
        """Writes the request and each message that has come so far to a file of JSON.

        To attach to a report of a bug: question and answer stand in it, but no token, and no
        value of a header or a query that may be one. `suggestions.testing.replay(path)` feeds it
        back. Raises `OSError` where the file cannot be written.
        """
        with self._lock:
            log, error = list(self._log), self._answer.error
        Path(path).write_text(self._reader.dump(log, error), "utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Following

    def wait(self, timeout: float | None = None) -> bool:
        """Blocks until every handler has run; False where `timeout` (seconds) came first.

        Raises `RuntimeError` on the thread that has to run the handlers, and before `start()`.
        """
        self._check_started("wait()")
        if not self._is_over():
            is_holder = self._holder == threading.get_ident()
            if is_holder or self._delivery.runs_here() or self._awaited.runs_here():
                raise RuntimeError("wait() would block the thread that has to run the handlers")
            has_host = not isinstance(self._delivery, Inline)
            self._end_followers.block_until(self._is_over, timeout, often=has_host)
        if not self._is_settled():
            return False
        self._warn_of_unheard_error()
        return True

    def _is_over(self) -> bool:
        self._delivery.look()  # a host that goes without a word brings no news
        return self._is_settled() or self._forsaken

    def result(self, timeout: float | None = None) -> str:
        """The whole text; blocks until it is there, and does not wait for handlers.

        Raises the `SuggestionsError` of an answer that failed, `AbortedError` of one that was
        closed, both with `partial_text`; `TimeoutError` after `timeout` seconds.
        """
        self._check_started("result()")
        self._check_not_reader("result()")
        self._ask_for()
        if not self._end_followers.block_until(lambda: self._answer.ended, timeout):
            raise TimeoutError(f"no whole answer within {timeout} seconds")
        return self._outcome()

    def __iter__(self) -> Iterator[str]:
        """Each piece of text as it arrives. Ends after `close()`; raises the error of a failure."""
        self._check_started("iteration")
        self._check_not_reader("iteration")
        self._ask_for()
        return follow.chunks(self)

    def __aiter__(self) -> AsyncIterator[str]:
        """As `for`, under asyncio."""
        self._check_started("iteration")
        self._ask_for()
        return follow.achunks(self)

    def __await__(self) -> Generator[Any, None, str]:
        """As `result()`, under asyncio; on the loop that runs the handlers, after all of them."""
        self._check_started("await")
        self._ask_for()
        here = self._delivery.runs_here() and not self._awaited.runs_here()
        yield from self._end_followers.until(
            lambda: self._answer.ended and (not here or self._is_settled() or self._forsaken)
        ).__await__()
        return self._outcome()

    def _outcome(self) -> str:
        self._stand_by_end()
        answer = self._answer
        if answer.error is not None:
            raise answer.error
        if answer.state == "aborted":
            aborted = errors.AbortedError("The answer was closed before it was complete.")
            aborted.partial_text = self.full_message
            raise aborted
        return self.full_message

    def _piece(self, place: int) -> str | None:
        answer = self._answer
        ended = answer.ended  # before the pieces: what has ended gets no more of them
        if answer.state == "aborted":
            return None
        if place < len(answer.pieces):
            return answer.pieces[place]
        if not ended:
            return ""
        self._stand_by_end()
        if answer.error is not None:
            raise answer.error
        return None

    def _stand_by_end(self) -> None:
        """Where one has heard of the end, no other must hear of another: close() is too late."""
        with self._lock:
            self._ending_told |= self._answer.ended

    def _check_started(self, what: str) -> None:
        if not self._started and self._only is None:
            raise RuntimeError(f"{what} would never end: start() comes first")

    def _check_not_reader(self, what: str) -> None:
        is_reader = isinstance(self._delivery, Inline) and (
            self._delivery.home == threading.get_ident()
        )
        if is_reader and not self._answer.ended:
            raise RuntimeError(f"{what} would block the thread that reads the answer")

    # Reading, on the source's own thread

    def _run(self) -> None:
        if isinstance(self._delivery, Inline):
            self._delivery.home = threading.get_ident()
        failure: errors.SuggestionsError | None = None
        try:
            self._reader.read(self._record, self._take, self._say)
        except Aborted:
            # close() has told it; where no thread can be started any more, it is delivered here.
            self._news()
        except errors.SuggestionsError as error:
            failure = error
        except BaseException as error:
            told = self._reader.traceback_of(error)
            logger.error("%r failed in a way that is no fault of the service\n%s", self, told)
            failure = errors.NetworkError(f"The answer could not be read: {type(error).__name__}.")
            failure.__cause__ = error
        # Not within the handling of an exception, which would be the context of a handler's own.
        if failure is not None:
            self._fail(failure)
        logger.debug("%r: over", self)
        # Whoever is about to ask for the result is given the time to do so.
        self._end_followers.block_until(self._is_error_heard, _TIME_TO_ASK)
        self._warn_of_unheard_error()

    def forsake(self, *, let_go: bool = True) -> None:
        """The host's loop is gone: closes, since nobody can be told any more."""
        with self._lock:
            self._forsaken = True
            self._asked_for |= self._is_error_heard()
            if let_go:
                # Before the reader hears of it, and forsakes this as well.
                self._forget_handlers()
        self.close()
        with self._lock:
            self._only = frozenset()
            self._live.position = len(self._log)
            self._to_conclude = False
            self._awaited.calls.clear()
        self._stop_alarm()
        self._end_followers.tell()

    def _let_go(self) -> None:
        self._asked_for |= self._is_error_heard()
        super()._let_go()

    def _ask_for(self) -> None:
        """Somebody waits for the result, and so gets to hear of an error."""
        self._asked_for = True
        self._end_followers.tell()

    def _is_error_heard(self) -> bool:
        error = self._answer.error
        if error is None or self._asked_for:
            return True
        names = (error.code, "error_response", "error")
        return any(self._has_receivers(name) or BY_NAME[name].receivers for name in names)

    def _warn_of_unheard_error(self) -> None:
        error = self._answer.error
        with self._lock:
            if error is None or self._warned or self._is_error_heard():
                return
            self._warned = True
        logger.warning(
            "%s Nobody heard of it: connect a handler to 'error', or call result().", error.message
        )

    def _in_child(self) -> None:
        super()._in_child()
        self._answer.state = "aborted"
        self._over = True
        self._reader.disown()


class Controller:
    """The counterpart of the browser's `AbortController`."""

    def __init__(self, source: SuggestionsEventSource) -> None:
        self._source = weakref.ref(source)

    def abort(self) -> None:
        """The same as the source's `close()`."""
        source = self._source()
        if source is not None:
            source.close()

    @property
    def aborted(self) -> bool:
        """Whether the source was closed before its end."""
        source = self._source()
        return source is not None and source._answer.state == "aborted"
