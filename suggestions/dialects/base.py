"""`Dialect`, which every wire format is, and `Request`, which it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from suggestions.dialects.question import ROLES

if TYPE_CHECKING:
    from suggestions._wire.sse import ServerSentEvent
    from suggestions.auth import Token
    from suggestions.dialects.delta import Delta


Framing = Literal["events", "lines", "text"]
"""How a body is cut into messages: server-sent events; one message a line, blank ones dropped;
or text as it arrives, cut anywhere but within a character."""

EVENTS: Mapping[str, Framing] = {"text/event-stream": "events", "": "events"}


class Request(NamedTuple):
    """What goes over the wire. `json` is the body before it is serialised; `url` is empty where
    the dialect has no address of its own."""

    url: str
    json: Any = None
    headers: Mapping[str, str] = {}
    method: str = "POST"


class Dialect(ABC):
    """A wire format. Subclass it, say how to ask and how to read; all the rest is shared.

    A dialect keeps no state of an answer, so one object serves any number of sources.
    """

    name: str
    """What messages call it; without it, the name of the class."""
    token: Token | None = None
    """Used where the source is given none."""
    ends_at_eof = False
    """True where the end of the stream is the end of the answer, with no terminator of its own."""
    framings: Mapping[str, Framing] = EVENTS
    """By media type, "" where the service names none: which responses are streams, and how they
    are framed. Any other is an answer in one piece, or none."""
    roles = ROLES
    """Those that a message of the question may have."""

    def __init_subclass__(cls) -> None:
        if not hasattr(cls, "name"):
            cls.name = cls.__name__

    @abstractmethod
    def request(
        self,
        question: str | list[dict[str, Any]],
        options: Mapping[str, Any],
        *,
        stream: bool = True,
    ) -> Request:
        """The request for a checked question. Raises `TypeError`/`ValueError` for wrong options."""

    @abstractmethod
    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        """What one message of the stream says, in order; `DONE` where it is the terminator."""

    def choose(self, content_type: str, first: ServerSentEvent | None = None) -> Dialect | None:
        """The dialect that an answer is read in; `open` is told as soon as it is known.

        Asked when the response is accepted, and where that says None, once more with the first
        message, or with the whole of an answer in one piece. `content_type` is the media type in
        lower case. The default is the dialect itself. Raises `SuggestionsError` where there is
        none for what has come.
        """
        return self

    def decode_body(self, body: Any) -> Iterable[Delta]:
        """What a whole answer in JSON (status 200) says.

        The default knows none. Raises `ValueError` where it is none.
        """
        raise ValueError(f"the dialect {self.name!r} has no answers in one piece")

    def authorize(self, request: Request, token: str) -> Request:
        """The request with the token where the service looks for it."""
        return request._replace(headers={**request.headers, "Authorization": f"Bearer {token}"})
