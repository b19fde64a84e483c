"""`Conversation`: the state of one chat, for a view to bind to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from .._delivery.delivery import NOTHING, Delivery
from .._delivery.dispatch import Dispatcher
from .._delivery.target import EventTarget
from .._sources.suggestions_event_source import SuggestionsEventSource as Source
from .._util import arguments, fork
from .._util.secret import hide_arguments
from ..events import Event
from . import chat_file
from .changes import Changes, ConversationStatus
from .chat_message import (
    ChatDetail,
    ChatMessage,
    MessageStatus,
    images_of,
    user_message,
)
from .entries import PASSED_ON, ConversationEntries, OfTurn
from .turn import UNDER_WAY, Turn

if TYPE_CHECKING:
    from typing_extensions import Self

_STATUS: dict[MessageStatus, ConversationStatus] = {
    "submitted": "submitted",
    "streaming": "streaming",
    "done": "ready",
    "stopped": "ready",
    "error": "error",
}
Sent = list[Mapping[str, Any]]
History = int | Callable[[Sent], Sequence[Mapping[str, Any]]]
_OF_CONVERSATION = ("dispatch", "on", "output", "smooth", "start", "throttle")


class Conversation(EventTarget):
    """Keeps the messages of one chat, and asks for the answers.

    - `system`: what the model is told before all messages.
    - `history`: what of the messages is sent. A number of the newest ones; or a callable that gets
      them, as they would be sent, and returns those that are. Without it, all are.
    - `dispatch`: as for `SuggestionsEventSource`.
    - `throttle`: seconds; while an answer is written, at most one `change` in so many. None for no
      bound.
    - `defaults`: arguments of `SuggestionsEventSource` for every answer: `token`, `url`, `options`,
      `dialect`, `session`, `headers`, `timeouts`, `retries`.

    Its events, and what `event.detail` is:

    - `change`, for each message that came, changed or went: a `ChatChange`.
    - `status`: the new `status`.
    - `done` or `error`, exactly one for each answer: its `ChatMessage`. It is `done` also for one
      that was stopped.
    - `handler_error`: a `HandlerFailure`.
    - Those of an answer's source, such as `open`, `citation` and `usage`, if a handler was
      connected before the answer was asked for: an `ChatDetail`.

    A handler gets what happens after it was connected; `messages` has the rest. Changes come in
    such an order that a list which applies each of them is the same as `messages`.

    What goes to the service are the messages without those of the assistant that failed or are
    empty. One that was stopped keeps its text. A command may come from any thread and counts at
    once. In a forked child the conversation is closed. Raises `TypeError` for an argument that no
    answer could take.
    """

    __module__ = __name__.rpartition(".conversation.")[0]

    def __init__(
        self,
        *,
        system: str | None = None,
        history: History | None = None,
        dispatch: Dispatcher | None = None,
        throttle: float | None = 1 / 30,
        **defaults: Any,
    ) -> None:
        defaults = hide_arguments(defaults)
        if not isinstance(system, (str, type(None))):
            raise TypeError(f"system must be a str, not {type(system).__name__}")
        self._defaults = _checked("Conversation()", defaults)
        self._system = system
        self._history = _check_history(history)
        self._messages: list[ChatMessage] = []  # without that of `_turn`
        self._turn: Turn | None = None
        self._options: dict[str, Any] = {}  # of the newest answer
        self._more: Mapping[str, Any] = {}  # what a newer version has saved
        self._changes = Changes(arguments.check_throttle(throttle), self._on_alarm)
        self._is_announced = False  # an entry of the log says so
        entries = ConversationEntries(self._next_change, self._changes.begin_interval)
        self._delivery = Delivery(self, entries, dispatch, self.close)
        # A dialog that a handler opens goes on showing the answer.
        self._delivery.nests = self._delivery.host is not None
        fork.register(self)

    def __repr__(self) -> str:
        # There is no `_delivery` yet in the frames of a refused argument.
        is_made = "_delivery" in vars(self)
        state = f"{self.status}, {len(self.messages)} messages" if is_made else "not made"
        return f"<{type(self).__name__} {state}>"

    # State

    @property
    def messages(self) -> tuple[ChatMessage, ...]:
        """All messages, the newest last, with what has come of it so far."""
        with self._delivery.lock:
            turn = self._turn
            return (*self._messages, turn.message()) if turn else tuple(self._messages)

    @property
    def status(self) -> ConversationStatus:
        """ "ready", "submitted", "streaming", "calling", or "error" if the newest answer failed."""
        with self._delivery.lock:
            if self._turn is not None:
                status = self._turn.status
            else:
                status = self._messages[-1].status if self._messages else "done"
            return _STATUS[status]

    # Commands

    def send(self, text: str, images: Iterable[Any] = (), **options: Any) -> None:
        """Adds a message of the user, and asks for the answer. One that is under way is stopped.

        `images`: what `suggestions.image()` takes or returns. `options` take the place of
        `defaults` for this answer. Raises what `image()` and `SuggestionsEventSource` do, and then
        leaves everything as it was; `RuntimeError` after `close()`.
        """
        options = hide_arguments(options)
        message = user_message(text, images)
        with self._delivery.lock:
            self._ask(self.messages, message, _checked("send()", options))

    def stop(self) -> None:
        """Stops the answer; the text that has come stays."""
        with self._delivery.lock:
            if self._turn is not None:
                self._end(self._turn)

    def regenerate(self, **options: Any) -> None:
        """Asks for the newest answer again, and drops the one that there is.

        `options` take the place of those that it was asked with. Raises as `send` does, and
        `ValueError` if there is no message of the user.
        """
        options = hide_arguments(options)
        with self._delivery.lock:
            kept = self.messages
            kept = kept[: max((n for n, m in enumerate(kept, 1) if m.role == "user"), default=0)]
            if not kept:
                raise ValueError("there is nothing to answer: send() comes first")
            self._ask(kept, None, self._options | _checked("regenerate()", options))

    def retry(self, **options: Any) -> None:
        """As `regenerate`, after an error. Raises `RuntimeError` if the newest answer has not
        failed."""
        options = hide_arguments(options)
        with self._delivery.lock:
            if self.status != "error":
                raise RuntimeError("there is nothing to retry: the newest answer has not failed")
            self.regenerate(**options)

    def edit(self, message: ChatMessage | str, text: str, **options: Any) -> None:
        """Drops a message of the user and all after it, and sends the new text with its images.

        `message`: the message, or its id. Raises as `send` does, and `ValueError` if it is none
        of the user's messages.
        """
        options = hide_arguments(options)
        sought = message.id if isinstance(message, ChatMessage) else message
        with self._delivery.lock:
            messages = self.messages
            places = [n for n, known in enumerate(messages) if known.id == sought]
            if not places or messages[places[0]].role != "user":
                raise ValueError("message is none of the user's messages in this conversation")
            new = user_message(text, images_of(messages[places[0]]))
            self._ask(messages[: places[0]], new, _checked("edit()", options))

    def clear(self) -> None:
        """Stops the answer, and drops all messages."""
        with self._delivery.lock:
            self.stop()
            self._messages.clear()
            self._announce()

    def close(self) -> None:
        """Stops the answer; no handler is called any more. The messages stay."""
        delivery = self._delivery
        with delivery.lock:
            if delivery.audible is not None:
                return
            delivery.audible = NOTHING
            self.stop()
            self._changes.cancel_alarm()
            if delivery.host is None:
                return
            delivery.call_after_all(self._leave_host)
        delivery.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Saving

    def to_json(self) -> str:
        """The conversation as JSON, to be saved in a file; an answer that is under way is saved as
        stopped. Tokens and other arguments are not saved."""
        with self._delivery.lock:
            return chat_file.write(_as_stopped(self.messages), self._system, self._more)

    @classmethod
    def from_json(cls, text: str, **given: Any) -> Self:
        """A conversation as it was saved, with the arguments of `Conversation`.

        Without `system`, the saved one counts. Raises `ValueError` that names what is wrong.
        """
        given = hide_arguments(given)
        messages, system, more = chat_file.read(text)
        chat = cls(**{"system": system, **given})
        chat._messages, chat._more = messages, more
        chat._changes.begin_with(chat.messages, chat.status)
        return chat

    # Asking. All of this is called with the lock of `_delivery`.

    def _ask(
        self,
        kept: tuple[ChatMessage, ...],
        added: ChatMessage | None,
        options: dict[str, Any],
    ) -> None:
        """Begins a new turn after those messages."""
        if self._delivery.audible is not None:
            raise RuntimeError("the conversation is closed: make another one")
        asked = (*kept, added) if added else kept
        # Nothing has changed yet, in case this raises.
        given = {**self._defaults, **options}
        source = Source(self._question(_as_stopped(asked)), start=False, **given)
        self.stop()
        del self._messages[len(kept) :]
        self._messages += asked[len(kept) :]
        self._options = options
        self._changes.cancel_alarm()  # shutdown() may have stopped the clock since
        self._turn = turn = Turn(source, options)
        self._listen(turn)
        self._announce()
        try:
            source.start()
        except RuntimeError:
            self.stop()
            raise

    def _question(self, messages: tuple[ChatMessage, ...]) -> Sent:
        sent: Sent = [e for message in messages if (e := message.for_service()) is not None]
        if callable(self._history):
            limited = self._history(sent)
            if not isinstance(limited, (list, tuple)):
                kind = type(limited).__name__
                raise TypeError(f"history must return a list of messages, not {kind}")
            sent = list(limited)
        elif self._history is not None:
            sent = sent[-self._history :]
            while sent and sent[0]["role"] == "assistant":  # services want a question first
                del sent[0]
        if self._system:
            sent.insert(0, {"role": "system", "content": self._system})
        return sent

    def _end(self, turn: Turn) -> None:
        """The turn has ended, or ends here: from now on, its message is one of the others."""
        turn.source.close()
        message = turn.message()
        turn.was_stopped = message.status == "stopped"
        self._turn = None
        self._messages.append(message)
        self._announce(Event("error" if message.error else "done", message))

    # Handlers of a turn's source, on the thread that reads

    def _listen(self, turn: Turn) -> None:
        source = turn.source
        source.connect("chunk", lambda _, event: self._add_text(turn, event.detail))
        source.connect("reasoning", lambda _, event: self._add_text(turn, ""))
        for name in ("done", "abort", "error"):
            source.connect(name, lambda *_: self._on_end(turn))
        for name in PASSED_ON:
            if self._delivery.has_handler(name):
                source.connect(name, lambda _, event: self._pass_on(turn, event))

    def _add_text(self, turn: Turn, text: str) -> None:
        turn.add_text(text)
        with self._delivery.lock:
            if turn is not self._turn or self._changes.is_held_back:
                return
        self._announce(here=True)

    def _pass_on(self, turn: Turn, event: Event[Any]) -> None:
        with self._delivery.lock:
            if turn is not self._turn:
                return
            detail = ChatDetail(turn.id, event.detail)
            self._delivery.log.append(OfTurn(turn, Event(event.type, detail)))
        self._delivery.wake(here=True)

    def _on_end(self, turn: Turn) -> None:
        with self._delivery.lock:
            if turn is self._turn:
                self._end(turn)

    # What handlers are called for

    def _announce(self, ending: Event[ChatMessage] | None = None, *, here: bool = False) -> None:
        """There may be changes; after them comes the end of an answer."""
        delivery = self._delivery
        with delivery.lock:
            if delivery.audible is NOTHING or (self._is_announced and ending is None):
                return
            if not self._is_announced:
                delivery.log.append(None)
            self._is_announced = True
            if ending is not None:
                delivery.log.append(ending)
            if delivery.host is not None:
                delivery.host.watch_end()
                delivery.call_after_all(self._leave_host)
        delivery.wake(here=here)

    def _next_change(self) -> Event[Any] | None:
        """The next event for what has changed; it counts as reported from now on."""
        with self._delivery.lock:
            event = self._changes.next_event(self.messages, self.status)
            self._is_announced = event is not None
            return event

    def _on_alarm(self) -> None:
        with self._delivery.lock:
            self._changes.is_held_back = False
        self._announce()

    # Hosts that end, forks

    def _leave_host(self) -> None:
        delivery = self._delivery
        with delivery.lock:
            is_idle = self._turn is None and delivery.live.position == len(delivery.log)
            if delivery.host is not None and (is_idle or delivery.audible is NOTHING):
                delivery.host.unwatch_end()

    def _in_child(self) -> None:
        self._delivery.in_child()
        turn, self._turn = self._turn, None
        if turn is not None:
            self._messages += _as_stopped((turn.in_child(),))


def _checked(what: str, given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a source, hidden. Raises `TypeError`."""
    for name in _OF_CONVERSATION:
        if name in given:
            raise TypeError(f"{what} got {name}=, which it does not take")
    arguments.refuse_unknown(what, signature(Source).bind("", **given).arguments.get("unknown", {}))
    return given


def _check_history(history: History | None) -> History | None:
    if history is None or callable(history):
        return history
    if arguments.check_count("history", history, "an int, a callable or None") == 0:
        raise ValueError("history must be 1 or more: the question itself is sent")
    return history


def _as_stopped(messages: tuple[ChatMessage, ...]) -> tuple[ChatMessage, ...]:
    """The messages, as if an answer that is under way were stopped now."""
    return tuple(
        message._replace(status="stopped") if message.status in UNDER_WAY else message
        for message in messages
    )
