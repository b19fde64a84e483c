"""`relay`: from its arguments, each of them checked, to a response that has not asked yet."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from suggestions._sources.suggestions_event_source import SuggestionsEventSource
from suggestions._util.arguments import check_seconds
from suggestions.auth import Token
from suggestions.dialects import DialectName
from suggestions.dialects.question import Question
from suggestions.relay.body import Body
from suggestions.relay.callbacks import Callback, Callbacks
from suggestions.relay.configuration import choose_dialect
from suggestions.relay.cors import Cors
from suggestions.relay.frames import FramesName, make_frames
from suggestions.relay.messages import check_messages
from suggestions.relay.response import RelayResponse
from suggestions.relay.wording import Wording

if TYPE_CHECKING:
    import requests


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
    expose_errors: bool = False,
    error_message: str | None = None,
    heartbeat: float = 15.0,
    frames: FramesName = "relay",
    cors: str | list[str] | None = None,
    url: str | None = None,
    token: Token | None = None,
    timeouts: Mapping[str, float | None] | None = None,
    session: requests.Session | None = None,
    **parameters: Any,
) -> RelayResponse:
    """A response that asks a service and passes its answer on while it is being written.

    It asks when it is first called or iterated, not before. Its frames are
    `{"type": "content", "data": text}`, and last of all either `{"type": "done"}` or
    `{"type": "error", "error": sentence, "code": code}`.

    - `messages`: a text, or a conversation that ends in the question; see `build_messages`.
    - `dialect`, `url`, `token`, `timeouts`, `session`: as `SuggestionsEventSource` has them.
      Without a dialect it is "openai", by `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `AI_MODEL_NAME`;
      where only `DASHSCOPE_API_KEY` is set, DashScope's, with `QWEN_MODEL_NAME` or "qwen-plus".
    - `model`, `temperature` and all other `parameters` go to the service.
    - `error_context`: stands at the beginning of every line that is logged about this response.
    - `on_content(piece)`, `on_complete(text)`, `on_error(error)`: each before its frame is sent;
      may be async. What they raise is logged, and does not reach the browser.
    - `expose_errors`: the browser gets the service's own words; otherwise a sentence for people,
      or `error_message`. The error's `code` is the same either way.
    - `heartbeat`: seconds of silence after which a comment is sent.
    - `frames`: "relay", or "openai" for clients that expect chunks of a chat completion.
    - `cors`: "*", an origin, or a list of them: who may read this from another site.

    Raises `TypeError` and `ValueError` that name the argument, and `RuntimeError` where nothing
    says whom to ask.
    """
    options = {"model": model, "temperature": temperature, **parameters}
    wording = Wording(expose_errors, error_message)
    context = _check_context(error_context)
    seconds = check_seconds("heartbeat", heartbeat, longest=threading.TIMEOUT_MAX)
    callbacks = Callbacks(context, on_content, on_complete, on_error)
    chosen = choose_dialect(dialect, model, known=url is not None)
    source = SuggestionsEventSource(
        check_messages(messages, chosen.roles),
        token,
        url=url,
        options={name: value for name, value in options.items() if value is not None},
        dialect=chosen,
        # Without one of the user's own, all requests of the process share the settings of one
        # session. They do not share connections: one that is closed when its browser leaves
        # cannot be given back to a pool.
        session=session,
        timeouts=timeouts,
        start=False,
    )
    body = Body(source, make_frames(frames, source, wording), callbacks, seconds)
    return RelayResponse(body, Cors(cors))


def _check_context(error_context: object) -> str:
    if not isinstance(error_context, (str, type(None))):
        raise TypeError(f"error_context must be a str, not {type(error_context).__name__}")
    return error_context or "relay"
