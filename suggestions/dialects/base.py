"""`Dialect`, the base of every wire format, and `Request`, which it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .._util.secret import hide_headers, hide_within, revealed
from .question import ROLES, check_question

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent
    from ..auth import Token
    from ..events import ResponseInfo
    from .delta import Delta
    from .described_tool import DescribedTool
    from .output import Output


Framing = Literal["events", "lines", "text"]
"""How a body is cut into messages: server-sent events; one message a line, blank ones dropped;
or text as it arrives, cut anywhere but within a character."""

EVENTS: Mapping[str, Framing] = {"text/event-stream": "events", "": "events"}
LINES: Mapping[str, Framing] = {
    "application/x-ndjson": "lines",
    "application/ndjson": "lines",
    "application/jsonl": "lines",
    "application/x-jsonlines": "lines",
}
"""The media types of newline-delimited JSON."""


Asked = str | list[dict[str, Any]]
"""A checked question: a text, or messages."""
Options = Mapping[str, Any]
"""The options of a question, as `SuggestionsEventSource` takes them.

A text whose name speaks of a secret, such as `options["api_key"]`, comes as a
`suggestions.auth.Secret`, so that no traceback shows it. It can be put into the body or a header as
it is; calling it returns the text."""


class Request(NamedTuple):
    """A request to the service. `json` is the body before it is serialised; `url` is empty if the
    dialect has no address of its own. The values of `headers` are texts, or `Secret`s."""

    url: str
    json: Any = None
    headers: Mapping[str, Any] = {}
    method: str = "POST"

    def hidden(self) -> Request:
        """The request as it is held: without a secret that a variable would show."""
        return self._replace(headers=hide_headers(self.headers), json=hide_within(self.json))

    def revealed(self) -> Request:
        """The request as it is sent."""
        return self._replace(headers=revealed(self.headers), json=revealed(self.json))


class Progress(NamedTuple):
    """How far an answer has come: the response that began it, and the first and the last message
    of its stream so far, each None if there was none."""

    info: ResponseInfo
    first: ServerSentEvent | None = None
    last: ServerSentEvent | None = None


class Dialect(ABC):
    """A wire format. Subclass it and say how to ask and how to read; all the rest is shared.

    A dialect keeps no state of an answer, so one object serves any number of sources.
    """

    name: str
    """What error messages call it; by default the name of the class."""
    token: Token | None = None
    """Used if the source is given none."""
    ends_at_eof = False
    """True if the end of the stream is the end of the answer: the service sends no terminator."""
    framings: Mapping[str, Framing] = EVENTS
    """Which responses are streams, by media type ("" if the service names none), and how each is
    framed. A response of another type is an answer in one piece, or no answer."""
    think_tags = False
    """True if the model's reasoning is in its text, between `<think>` and `</think>`, before the
    answer: it is reported as `reasoning` then."""
    roles = ROLES | {"jetpack-ai"}
    """The roles that a message of the question may have."""
    opaque: frozenset[str] = frozenset()
    """Types of parts that the service has signed or encrypted, and that go back to it as they came:
    "thinking", "redacted_thinking", "reasoning". Those of other services are left out."""
    takes_images = False
    """True if a question may have images."""
    has_items = False
    """True if a question may have items of the service's own, with a `type` and no `role`."""

    def __init_subclass__(cls) -> None:
        if not hasattr(cls, "name"):
            cls.name = cls.__name__

    @abstractmethod
    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        """The request for a checked question. Raises `TypeError`/`ValueError` for wrong options."""

    def with_output(self, options: Options, output: Output) -> Options:
        """The options that also ask the service for that object; its `schema` is what to send.

        Raises `ValueError` if the service cannot be asked for one, as the default always does, or
        if the options say already what to answer with.
        """
        raise ValueError(
            f"output is not for the dialect {self.name!r}: expected 'openai', 'responses', "
            "'anthropic' or 'ollama'"
        )

    def with_tools(self, options: Options, tools: Sequence[DescribedTool]) -> Options:
        """The options that also describe those tools to the service, after those that the options
        have already.

        Raises `ValueError` if the service takes no tools, as the default always does.
        """
        raise ValueError(
            f"tools are not for the dialect {self.name!r}: expected 'openai', 'responses', "
            "'anthropic', 'ollama', 'auto' or 'jetpack'"
        )

    @abstractmethod
    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        """What one message of the stream says, in order; `DONE` if it is the terminator.

        A message for which it yields nothing is a heartbeat, or not of this wire: it does not
        restart the timeout `content`, and if nothing else comes, the answer is an error that
        quotes it. Raises `ValueError` for a message that is not one of this dialect."""

    def choose(self, content_type: str, first: ServerSentEvent | None = None) -> Dialect | None:
        """The dialect that reads the answer; the event `open` follows as soon as it is known.

        Called when the response is accepted. As long as it returns None, it is called again with
        each message, or with the whole of an answer in one piece. `content_type` is the media type
        in lower case: that of the header, and with a message, that of the framing that the bytes
        show. The default is the dialect itself. Raises `SuggestionsError` if no dialect
        fits.
        """
        return self

    def decode_body(self, body: Any) -> Iterable[Delta]:
        """What a whole answer in JSON (status 200) says.

        Raises `ValueError` if the value is not an answer, as the default always does.
        """
        raise ValueError(f"the dialect {self.name!r} has no answers in one piece")

    def authorize(self, request: Request, token: str) -> Request:
        """The request with the token; by default as a bearer token (RFC 6750, section 2.1)."""
        return request._replace(headers={**request.headers, "Authorization": f"Bearer {token}"})

    def missing(self, request: Request, token: Token | None) -> str:
        """What the service would refuse the request for at once, such as a missing key: a sentence
        that says what to set. "", the default, if nothing is known to be missing."""
        return ""

    def resume(self, request: Request, progress: Progress) -> Request | None:
        """The request that gets the rest of an answer whose connection was lost.

        `request` is the one that asked for the answer. The response must begin after the last
        message of `progress`: the source adds what comes to what it has. None, the default, if the
        service cannot send the rest.
        """
        return None

    def cancel(self, request: Request, progress: Progress) -> Request | None:
        """The request that stops an answer after `close()`; `request` is the one that asked for it.

        None, the default, if nothing is to be sent: most services stop with the connection.
        """
        return None


def checked(question: object, dialect: Dialect) -> Asked:
    """A question for that dialect. Raises what `check_question` raises."""
    return check_question(
        question, dialect.roles, opaque=dialect.opaque, has_items=dialect.has_items
    )


def refuse(
    names: Iterable[str], reasons: Mapping[str, str], dialect: str, place: str = "options[{!r}]"
) -> None:
    """Raises `ValueError` for the first name that there is a reason against."""
    for name in names:
        if name in reasons:
            raise ValueError(f"{place.format(name)} is not for {dialect}: it is {reasons[name]}")
