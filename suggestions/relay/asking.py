"""`relay` and `build_messages`: from their arguments, each of them checked, to a response whose
request has not been sent yet."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .._sources.suggestions_event_source import SuggestionsEventSource
from .._util.arguments import check_seconds, close_name
from .._util.one_line import printable
from .._util.secret import hide, hide_arguments, hide_fields
from ..auth import Token
from ..dialects import Dialect, DialectName, find
from ..dialects.base import Asked, checked
from ..dialects.openai import OpenAI
from ..dialects.question import Question
from .ag_ui_input import AgUiRun
from .answer_stream import AnswerStream
from .bad_request import BadRequest
from .callbacks import Callback, Callbacks
from .frames import FramesName, Wording, headers_of, make_frames
from .response import Cors, RelayResponse
from .send_timeout import check_send_timeout
from .stored import Kept, check_kept, endings_of
from .stored_stream import StoredStream
from .writer import Writer

if TYPE_CHECKING:
    import requests

    from ..conversation.running import Approve
    from ..conversation.tool import Tool
    from ..conversation.tool_set import ToolSet
    from .rounds import Rounds
    from .stores.stored_answer import Store

_DASHSCOPE_URL = "https://dashscope.aliyuncs.com/compatible-mode/v1"
_DASHSCOPE_MODEL = "qwen-plus"
_ELSEWHERE = {
    "api_key": "the key is token=",
    "base_url": "it goes into the dialect: dialect=OpenAI(base_url=...)",
    "on_done": "did you mean on_complete=?",
    "retries": "a relay asks once; the browser may ask again",
}
_OF_SERVICES = ("models", "session_id")
"""Parameters of OpenRouter that are nearly ours."""


def relay(
    messages: Question,
    *,
    model: str | None = None,
    dialect: DialectName | None = None,
    temperature: float | None = None,
    error_context: str | None = None,
    on_content: Callback | None = None,
    on_complete: Callback | None = None,
    on_error: Callback | None = None,
    on_abort: Callback | None = None,
    expose_errors: bool = False,
    error_message: str | None = None,
    heartbeat: float = 15.0,
    send_timeout: float | None = 60.0,
    output: Any = None,
    tools: Iterable[Callable[..., Any] | Tool | Mapping[str, Any]] | None = None,
    max_steps: int = 5,
    tool_timeout: float | None = 60.0,
    approve: Approve | None = None,
    frames: FramesName | AgUiRun = "relay",
    events: Collection[str] | None = None,
    cors: str | list[str] | None = None,
    url: str | None = None,
    token: Token | None = None,
    timeouts: Mapping[str, float | None] | None = None,
    session: requests.Session | None = None,
    store: Store | None = None,
    id: str | None = None,
    address: str | None = None,
    last_event_id: str | None = None,
    abandon_after: float | None = 60.0,
    **parameters: Any,
) -> RelayResponse:
    """A response that asks a service and passes its answer on while it is being written.

    It asks when it is first called or iterated, not before. Its frames are
    `{"type": "content", "data": text}`, and last of all either `{"type": "done"}`, with
    `finish_reason` and `usage` if they are known, or
    `{"type": "error", "error": sentence, "code": code}`, with `retry_after` (seconds) if the
    service named it.

    - `messages`: a text, or a conversation that ends in the question; see `build_messages`.
    - `dialect`, `url`, `token`, `timeouts` (seconds), `session`: as for `SuggestionsEventSource`.
      Without a dialect it is "openai", configured by `OPENAI_API_KEY`, `OPENAI_BASE_URL` and
      `AI_MODEL_NAME`; if only `DASHSCOPE_API_KEY` is set, it is DashScope, with `QWEN_MODEL_NAME`
      or "qwen-plus".
    - `model`, `temperature` and all other `parameters` go to the service.
    - `error_context`: the beginning of every line that is logged about this response.
    - `on_content(piece)`, `on_complete(text)`, `on_error(error)`: each is called before its frame
      is sent, and may be async. What they raise is logged, and does not reach the browser.
    - `on_abort(text)`: called in place of the last two if the answer was stopped, or if the browser
      has left, with the text so far.
    - `expose_errors`: the browser gets the service's own words, and what a tool raised. Otherwise
      it gets a sentence for people, or `error_message`. The error's `code` is the same either way.
    - `heartbeat`: seconds of silence after which a comment is sent.
    - `send_timeout`: seconds after which a browser that reads nothing is dropped, under ASGI; None
      for never. Under WSGI, the server must do that.
    - `output`: as for `SuggestionsEventSource`. An answer that is not that object ends in an error.
    - `tools`: functions and `suggestions.Tool`s run here, as `suggestions.run_tools` has them, and
      the model's next answer is sent in the same response. Mappings are descriptions as the service
      takes them: the browser runs those. An answer that calls one of them is the last.
    - `max_steps`: how many answers there may be; if the last of them calls tools, too, it ends in
      an error. `tool_timeout`: seconds for each call, None for no bound. `approve(call, arguments)`
      is asked before a call runs, on a thread: True lets it run.
    - `frames`: "relay"; "openai" for clients that expect chunks of a chat completion; "ui" for
      `useChat` of Vercel's AI SDK, whose messages `messages_from_ui` reads; "ag-ui" for clients of
      AG-UI, or `AgUiRun(body)` for the ids that the client has sent; `messages_from_ag_ui` reads
      its messages.
    - `events`: what is sent besides the text, by the names of the events: any of "reasoning",
      "tool_call_chunk", "tool_call", "function_done", "citation", "file", "object" and "usage", and
      "tool_result" of "relay". Calls of tools that run here are only sent together with it. Without
      `events`, "relay" sends none of them, and the others all that their formats have; "openai"
      sends the usage only with `stream_options={"include_usage": True}`.
    - `cors`: "*", an origin, or a list of them: who may read this from another site.
    - `store`: keeps the answer, so that it outlives the connection: see `follow` and `stop`. If
      `id`, `address` or `last_event_id` is given without it, a `MemoryStore` of the process is
      used.
    - `id`: 1 to 128 letters, digits, "-" and "_"; random by default. If the store has an answer
      with that id, the response follows it, and asks nothing.
    - `address`: the one at which your program `follow`s the answer, with "{id}" in it. It is sent
      as the header `Content-Location`.
    - `last_event_id`: the request's header `Last-Event-ID`, if your framework takes the headers and
      the bytes one by one.
    - `abandon_after`: an answer that nothing has followed for so many seconds is stopped; None for
      never.

    Raises `BadRequest` for the messages and `id`, `TypeError` and `ValueError` that name another
    argument, and `RuntimeError` if neither the arguments nor the environment name a service.
    """
    _refuse_misspelt(set(parameters))
    here, others = _split(tools, max_steps, tool_timeout, approve)
    options = hide_fields(
        {"model": model, "temperature": temperature, "tools": others, **parameters}
    )
    wording = Wording(expose_errors, error_message)
    context = check_context(error_context)
    seconds = check_seconds("heartbeat", heartbeat, longest=threading.TIMEOUT_MAX)
    patience = check_send_timeout(send_timeout)
    callbacks = Callbacks(context, on_content, on_complete, on_error, on_abort)
    kept = check_kept(store, id, address, last_event_id, abandon_after)
    chosen = choose_dialect(dialect, model, has_url=url is not None)
    asked = {**getattr(chosen, "_parameters", {}), **options}
    if frames == "openai" and not isinstance(chosen, OpenAI):
        options.pop("stream_options", None)  # it says what the client wants of the relay
    arguments = hide_arguments(
        {
            "token": token,
            "url": url,
            "options": {name: value for name, value in options.items() if value is not None},
            "dialect": chosen,
            # Without a session of the user's, all requests of the process share the settings of
            # one session, but no connections: a connection that is closed when its browser leaves
            # cannot go back to a pool.
            "session": session,
            "timeouts": timeouts,
            "output": output,
        }
    )
    question = check_messages(messages, chosen)
    with _as_bad_request():  # a dialect may not take a part of them
        source = _asked(question, here, bool(others), expose_errors, arguments)
    made = make_frames(frames, source, wording, events, asked)
    made.message_id = _message_id(messages, kept)
    headers = headers_of(frames)
    if kept is None:
        stream = AnswerStream(source, made, callbacks, seconds)
        return RelayResponse(stream, Cors(cors), headers=headers, send_timeout=patience)
    writer = Writer(source, made, callbacks, kept.abandon_after)
    stored = StoredStream(
        kept.store, kept.id, endings_of(made), seconds, kept.last_event_id, writer
    )
    return RelayResponse(stored, Cors(cors), kept.address, headers, patience)


def _refuse_misspelt(parameters: set[str]) -> None:
    """All others go to the service, which would refuse these, or ignore them."""
    for name in parameters.difference(_OF_SERVICES):
        close = close_name(name, relay.__kwdefaults__ or {})
        advice = _ELSEWHERE.get(name) or (close and f"did you mean {close}=?")
        if advice:
            raise TypeError(f"relay() got {name}=: {advice}")


# Most relays have no tools: what those need is not imported before.


def _split(
    tools: Any, max_steps: int, tool_timeout: float | None, approve: Approve | None
) -> tuple[ToolSet | None, Any]:
    if tools is None:
        return None, None
    from .tools_here import split_tools

    return split_tools(tools, max_steps, tool_timeout, approve)


def _asked(
    question: Asked,
    here: ToolSet | None,
    has_others: bool,
    expose_errors: bool,
    arguments: dict[str, Any],
) -> SuggestionsEventSource | Rounds:
    if here is None:
        return SuggestionsEventSource(question, start=False, **arguments)
    from .rounds import Rounds

    return Rounds(question, here, has_others, expose_errors, arguments)


def build_messages(
    prompt: str, system: str | None = None, history: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """A conversation: `system` instructs the model, `history` was said before, `prompt` is asked.

    Raises `BadRequest` for a prompt or a history that cannot be asked, which names it, and
    `TypeError` for `system`. `relay` checks what is in the items of `history`.
    """
    if not isinstance(prompt, str):
        raise BadRequest(f"prompt must be a str, not {type(prompt).__name__}")
    if not prompt.strip():
        raise BadRequest("prompt is empty: expected a text")
    if not isinstance(system, (str, type(None))):
        raise TypeError(f"system must be a str or None, not {type(system).__name__}")
    if isinstance(history, (str, bytes, Mapping)) or not isinstance(history, Sequence):
        raise BadRequest(f"history must be a list of messages, not {type(history).__name__}")
    for number, item in enumerate(history):
        if not isinstance(item, Mapping):
            raise BadRequest(f"history[{number}] must be a mapping, not {type(item).__name__}")
    instructions = [{"role": "system", "content": system}] if system else []
    return [*instructions, *map(dict, history), {"role": "user", "content": prompt}]


def _message_id(messages: Question, kept: Kept | None) -> str | None:
    """The id of the message that the answer is: that of the answer in its store, or else any.

    None if the answer goes on with a message that the browser has, which ends in results of tools:
    another id would begin a second message.
    """
    last = messages[-1] if messages else ""
    if not isinstance(last, str) and last.get("role") in ("tool", "assistant"):
        return None
    return uuid.uuid4().hex if kept is None else kept.id


def check_messages(messages: object, dialect: Dialect) -> str | list[dict[str, Any]]:
    """As `checked`, but its errors name the argument of `relay`."""
    with _as_bad_request():
        return checked(messages, dialect)


@contextmanager
def _as_bad_request() -> Iterator[None]:
    """What is wrong with the question is the fault of the browser, which has sent the messages."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if not str(error).startswith("question"):
            raise
        raise BadRequest(str(error).replace("question", "messages", 1)) from None


def choose_dialect(dialect: DialectName | None, model: str | None, *, has_url: bool) -> Dialect:
    """The dialect of the service that the arguments or else the environment name.

    Raises `TypeError`, `ValueError` for a wrong argument, and `RuntimeError` if no service is
    named. That is a mistake of the server's configuration and not of the browser's request: a
    program that answers a `ValueError` with "bad request" must not do so here.
    """
    if not isinstance(model, (str, type(None))):
        raise TypeError(f"model must be a str, not {type(model).__name__}")
    if dialect is not None:
        return find(dialect)
    if has_url or os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL"):
        return OpenAI()
    # A key is only ever sent to the service that it is named for.
    if key := hide(os.environ.get("DASHSCOPE_API_KEY") or None):
        return OpenAI(_DASHSCOPE_URL, key, os.environ.get("QWEN_MODEL_NAME") or _DASHSCOPE_MODEL)
    raise RuntimeError(
        "relay does not know which service to ask: set OPENAI_API_KEY and AI_MODEL_NAME (and "
        "OPENAI_BASE_URL for a service like OpenAI's), or DASHSCOPE_API_KEY, or pass dialect="
    )


def check_context(error_context: object) -> str:
    if not isinstance(error_context, (str, type(None))):
        raise TypeError(f"error_context must be a str, not {type(error_context).__name__}")
    return printable(error_context or "relay")  # it begins lines of the log
