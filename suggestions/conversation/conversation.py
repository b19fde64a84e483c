"""`Conversation`: the state of one chat, for a view to bind to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

from .._delivery.delivery import NOTHING
from .._delivery.dispatch import Dispatcher
from .._delivery.target import EventTarget
from .._sources.suggestions_event_source import SuggestionsEventSource as Source
from .._util import arguments, fork
from .._util.secret import hide_arguments
from ..dialects import find
from ..events import Event
from . import chat_file
from .announcer import Announcer
from .changes import ConversationStatus
from .chat_message import ChatMessage, MessageStatus, as_stopped, images_of, user_message
from .history import History, check_history, history_of
from .running import TIMEOUT
from .tool_set import AskFirst, Tools, tool_set
from .turn import Turn

if TYPE_CHECKING:
    from typing_extensions import Self

    from .chat_handlers import ConnectToChat, OnChat

_STATUS: dict[MessageStatus, ConversationStatus] = {
    "submitted": "submitted",
    "streaming": "streaming",
    "calling": "calling",
    "done": "ready",
    "stopped": "ready",
    "error": "error",
}
_CLOSED = "the conversation is closed: make another one"
_OF_TOOLS = ("tools", "max_steps", "tool_timeout", "approve")
_ELSEWHERE = {
    "question": "questions go into send()",
    "messages": "questions go into send(), and a saved chat into from_json()",
    **dict.fromkeys((*_OF_TOOLS, "history", "system"), "it goes into Conversation()"),
    **dict.fromkeys(("dispatch", "throttle"), "it goes into Conversation()"),
    "on": "use connect(), or @chat.on()",
    **dict.fromkeys(("output", "smooth", "start"), "a conversation does not take it"),
}
"""Arguments that no answer takes."""


class Conversation(EventTarget):
    """Keeps the messages of one chat, and asks for the answers.

    - `system`: the system message, which is sent before all others.
    - `tools`: functions, or `Tool`s, that the model may call. They run off the handlers' thread,
      the async ones on the loop of `dispatch`, each for at most `tool_timeout` seconds (None for no
      bound). Their results are sent, until an answer calls none; `max_steps` is how many answers
      there may be.
    - `approve`: a callable `(call, arguments) -> bool` that decides about each call before it runs,
      off the handlers' thread; or a list of those tools that wait for `approve()` or `refuse()`.
    - `history`: which messages are sent. At most so many of the newest ones, but at least those
      since the newest question; or a callable that gets them, as they would be sent, and returns
      those to send. Without it, all are.
    - `dispatch`: as for `SuggestionsEventSource`.
    - `throttle`: seconds; while an answer is written, at most one `change` in so many. None for no
      bound.
    - `defaults`: arguments of `SuggestionsEventSource` for every answer: `token`, `url`, `options`,
      `dialect`, `session`, `headers`, `timeouts`, `retries`.

    Its events, and what `event.detail` is:

    - `change`, for each message that came, changed or went: a `ChatChange`.
    - `status`: the new `status`.
    - `done` or `error`, exactly one after each command that asks: the last answer's `ChatMessage`.
      It is `done` even if the answer was stopped.
    - `tool_call`, `tool_result`: the call's `ChatMessage`, which has the role "tool".
    - `handler_error`: a `HandlerFailure`.
    - Those of an answer's source, such as `open`, `citation` and `usage`, if a handler was
      connected before the answer was asked for: a `ChatDetail`.

    A handler gets what happens after it was connected; `messages` has the rest. A list that applies
    each change in turn is the same as `messages`.

    The service gets the messages, except those of the assistant that failed or are empty. A stopped
    one keeps its text. Call a command from any thread (under Tk, from Tk's own); it takes effect at
    once. In a forked child the conversation is closed. Raises what `SuggestionsEventSource` raises:
    `TypeError` and `ValueError` for arguments that no answer could take, `RuntimeError` if the
    service's key or model is missing.
    """

    __module__ = __name__.rpartition(".conversation.")[0]

    if TYPE_CHECKING:
        connect: ConnectToChat[Conversation]
        once: ConnectToChat[Conversation]
        on: OnChat[Conversation]

    def __init__(
        self,
        *,
        system: str | None = None,
        tools: Tools = (),
        max_steps: int = 5,
        tool_timeout: float | None = TIMEOUT,
        approve: AskFirst | None = None,
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
        self._history: History | None = check_history(history)
        self._tools = tool_set(tools, max_steps, tool_timeout, approve, dispatch)
        self._messages: list[ChatMessage] = []  # without that of `_turn`
        self._turn: Turn | None = None
        self._options: dict[str, Any] = {}  # of the newest answer
        self._more: Mapping[str, Any] = {}  # what a newer version has saved
        self._announcer = Announcer(
            self,
            look=lambda: (self.messages, self.status),
            is_idle=lambda: self._turn is None,
            throttle=throttle,
            dispatch=dispatch,
        )
        self._delivery = self._announcer.delivery
        Source("?", **defaults, start=False)  # raises for what no answer could take
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
            return (*self._messages, *turn.messages()) if turn else tuple(self._messages)

    @property
    def status(self) -> ConversationStatus:
        """ "ready", "submitted", "streaming", "calling", or "error" if the newest answer failed."""
        with self._delivery.lock:
            if self._turn is not None:
                return _STATUS[self._turn.status]
            newest = self._messages[-1] if self._messages else None
            is_answer = newest is not None and newest.role == "assistant"
            return "error" if newest and is_answer and newest.error else "ready"

    @property
    def takes_images(self) -> bool:
        """Whether a question may have images, by the dialect that is asked unless a command names
        another."""
        return find(self._defaults.get("dialect", "jetpack")).takes_images

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
                self._turn.end()

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
        """Asks for the newest answer again, after an error; results of tools before it stay.

        `options` and errors: see `regenerate`. Raises `RuntimeError` if the newest answer has not
        failed."""
        options = hide_arguments(options)
        with self._delivery.lock:
            if self.status != "error":
                raise RuntimeError("there is nothing to retry: the newest answer has not failed")
            self._ask(self.messages[:-1], None, self._options | _checked("retry()", options))

    def approve(self, message: ChatMessage | str) -> None:
        """Lets a waiting call run. `message`: the tool's, or its id. Does nothing if that call does
        not wait any more. Raises `ValueError` for another message, or an unknown id."""
        self._decide(message, True)

    def refuse(self, message: ChatMessage | str) -> None:
        """As `approve`, but the call does not run: the model gets a refusal as its result."""
        self._decide(message, False)

    def edit(self, message: ChatMessage | str, text: str, **options: Any) -> None:
        """Drops a message of the user and all after it, and sends the new text with its images.

        `message`: the message, or its id. Raises as `send` does, and `ValueError` if it is none
        of the user's messages.
        """
        options = hide_arguments(options)
        with self._delivery.lock:
            place = self._place_of(message, "user")
            new = user_message(text, images_of(self.messages[place]))
            self._ask(self.messages[:place], new, _checked("edit()", options))

    def _decide(self, message: ChatMessage | str, is_allowed: bool) -> None:
        with self._delivery.lock:
            if not isinstance(message, ChatMessage) or message.role != "tool":
                message = self.messages[self._place_of(message, "tool")]
            # A handler gets the message, and meanwhile another thread may drop it.
            if self._turn is not None:
                self._turn.decide(message.id, is_allowed)

    def _place_of(self, message: ChatMessage | str, role: str) -> int:
        sought = message.id if isinstance(message, ChatMessage) else message
        for place, known in enumerate(self.messages):
            if known.id == sought and known.role == role:
                return place
        raise ValueError(f"message must be one of this conversation with the role {role!r}")

    def clear(self) -> None:
        """Stops the answer, and drops all messages."""
        with self._delivery.lock:
            self.stop()
            self._messages.clear()
            self._announcer.announce()

    def close(self) -> None:
        """Stops the answer; no handler is called any more. The messages stay."""
        delivery = self._delivery
        with delivery.lock:
            if delivery.audible is not None:
                return
            delivery.audible = NOTHING
            self.stop()
            self._announcer.close()
        delivery.wake()

    def wait(self, timeout: float | None = None) -> bool:
        """Blocks until nothing is under way and all handlers have run.

        Returns False if `timeout` (seconds) came first. Raises `RuntimeError` on the thread that
        has to run the handlers.
        """
        return self._announcer.wait(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Saving

    def to_json(self) -> str:
        """The conversation as JSON, to be saved in a file; an answer that is under way is saved as
        stopped. Tokens and other arguments are not saved."""
        with self._delivery.lock:
            return chat_file.write(as_stopped(self.messages), self._system, self._more)

    @classmethod
    def from_json(cls, text: str, **given: Any) -> Self:
        """A conversation as it was saved, with the arguments of `Conversation`.

        Without `system`, the saved one counts. Raises `ValueError` that names what is wrong.
        """
        given = hide_arguments(given)
        messages, system, more = chat_file.read(text)
        chat = cls(**{"system": system, **given})
        chat._messages, chat._more = messages, more
        chat._announcer.begin()
        return chat

    # Asking. All of this is called with the lock of `_delivery`.

    def _ask(
        self,
        kept: tuple[ChatMessage, ...],
        added: ChatMessage | None,
        options: dict[str, Any],
    ) -> None:
        """Begins a new turn after those messages."""
        if self._delivery.host is not None:
            self._delivery.host.check()  # it may have ended without calling back
        asked = (*kept, added) if added else kept
        # Nothing has changed yet, in case this raises.
        given = self._tools.describe({**self._defaults, **options})

        def ask(turn: Sequence[ChatMessage]) -> Source:
            sent = history_of((*as_stopped(asked), *turn), self._system, self._history)
            return Source(sent, start=False, **given)

        turn = Turn(
            self._delivery,
            self._tools,
            ask,
            changed=self._announcer.announce,
            grown=self._announcer.announce_text,
            ended=self._on_end,
        )
        if self._delivery.audible is not None:
            raise RuntimeError(_CLOSED)
        self._announcer.begin_turn()
        self.stop()
        del self._messages[len(kept) :]
        self._messages += asked[len(kept) :]
        self._options = options
        self._turn = turn
        self._announcer.announce()
        if turn.is_over:  # the host has gone just now
            raise RuntimeError(_CLOSED)
        try:
            turn.start()
        except RuntimeError:
            self.stop()
            raise

    def _on_end(self, turn: Turn) -> None:
        """From now on, its messages are as the others."""
        self._turn = None
        self._messages += turn.messages()
        newest = turn.newest_answer()
        self._announcer.announce(Event("error" if newest.error else "done", newest))

    def _in_child(self) -> None:
        self._announcer.in_child()
        turn, self._turn = self._turn, None
        if turn is not None:
            self._messages += turn.in_child()


def _checked(what: str, given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a source, hidden. Raises `TypeError`, `ValueError` for an unknown dialect."""
    for name, advice in _ELSEWHERE.items():
        if name in given:
            raise TypeError(f"{what} got {name}=: {advice}")
    arguments.refuse_unknown(what, signature(Source).bind("", **given).arguments.get("unknown", {}))
    if "dialect" in given:
        find(given["dialect"])
    return given
