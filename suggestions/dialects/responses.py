"""OpenAI's Responses API, which is also the open specification Open Responses.

Source: OpenAI's API reference, "Responses"; openresponses.org, "Specification".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._util.arguments import check_flag
from .._util.secret import hide, hide_fields
from ..errors import from_report, is_report
from .base import Asked, Progress, Request
from .delta import Delta, Failure
from .described_tool import described
from .json_message import event_in, failure_in, name_of
from .model_api import ModelAPI
from .output_schema import strict_form
from .responses_events import (
    PASSED_OVER,
    READ,
    decode_event,
    reason_of,
    said_in,
)
from .responses_question import items_of, without_kept

if TYPE_CHECKING:
    from .._wire.sse import ServerSentEvent
    from ..auth import Token
    from .described_tool import DescribedTool
    from .output import Output

_ENDED = ("completed", "incomplete", "failed", "cancelled")


class Responses(ModelAPI):
    """`POST {base_url}/responses`, with the question as `input`.

    By default, `base_url` is `OPENAI_BASE_URL` or else OpenAI's own, `api_key` is `OPENAI_API_KEY`
    and `model` is `AI_MODEL_NAME`. `ModelAPI` says the rest; parameters are `instructions`,
    `max_output_tokens`, `reasoning`, `tools` and so on.

    With the parameter `background=True`, the service writes the answer whether it is read or not,
    and a lost connection does not end it: the rest is read by `GET /responses/{id}`. It also goes
    on, and costs, after `close()`; with `stop_on_close`, `close()` sends `POST
    /responses/{id}/cancel`.
    """

    name = "responses"
    path = "/responses"
    own_url = "https://api.openai.com/v1"
    url_variable = "OPENAI_BASE_URL"
    key_variable = "OPENAI_API_KEY"
    model_variable = "AI_MODEL_NAME"
    question_field = "input"
    opaque = frozenset(("reasoning", "item"))
    has_items = True
    output_place = ("text", "format")

    def __init__(
        self,
        base_url: str | None = None,
        api_key: Token | None = None,
        model: str | None = None,
        *,
        stop_on_close: bool = False,
        **given: Any,
    ) -> None:
        api_key, given = hide(api_key), hide_fields(given)
        self.stop_on_close = check_flag("stop_on_close", stop_on_close)
        super().__init__(base_url, api_key, model, **given)

    def output_format(self, output: Output) -> dict[str, Any]:
        said = {"name": output.name, "schema": output.schema, "strict": output.is_strict}
        return {"type": "json_schema", **said}

    def tool(self, tool: DescribedTool) -> dict[str, Any]:
        # Strict is the default here, under which every parameter is required. So a schema that
        # says otherwise has to say so.
        is_strict = strict_form(dict(tool.parameters)) == tool.parameters
        return {"type": "function", **described(tool), "strict": is_strict}

    def body(self, question: Asked, parameters: dict[str, Any]) -> dict[str, Any]:
        if isinstance(question, str):
            return {**parameters, "input": question}
        items = items_of(question)
        if parameters.get("store") is False:
            items = without_kept(items)
        return {**parameters, "input": items}

    def decode(self, message: ServerSentEvent) -> Iterable[Delta]:
        if message.type == "error":
            return (failure_in(message.data),)
        event = event_in(message)
        if event is None:
            return ()
        kind = name_of(event.get("type")) or message.type
        # Services have events of their own, `name:event`, which may report what they like.
        is_known = kind in READ or kind in PASSED_OVER or ":" in kind
        if not is_known and is_report(event):
            return (failure_in(message.data),)
        return decode_event(event, kind)

    def resume(self, request: Request, progress: Progress) -> Request | None:
        place, last = _place_of(request, progress), _event_of(progress.last)
        number = last and last.get("sequence_number")
        if place is None or not isinstance(number, int):
            return None
        path, query = place
        query = "&".join(filter(None, [query, f"stream=true&starting_after={number}"]))
        return Request(f"{path}?{query}", None, request.headers, "GET")

    def cancel(self, request: Request, progress: Progress) -> Request | None:
        place = _place_of(request, progress)
        if place is None or not self.stop_on_close:
            return None
        path, query = place
        return Request(f"{path}/cancel{query and f'?{query}'}", None, request.headers, "POST")

    def decode_body(self, body: Any) -> Iterable[Delta]:
        if not isinstance(body, Mapping) or not isinstance(body.get("output"), list):
            if is_report(body):
                return (Failure(from_report(body)),)
            raise ValueError("a JSON value without 'output'")
        status = name_of(body.get("status")) or "completed"
        if status not in _ENDED:
            raise ValueError("a response that is not complete yet")
        return (*said_in(body), *reason_of(body, status, body))


def _place_of(request: Request, progress: Progress) -> tuple[str, str] | None:
    """The address and the query of a response that is written in the background."""
    body, created = request.json, _event_of(progress.first)
    response = created and created.get("response")
    if not isinstance(body, Mapping) or body.get("background") is not True:
        return None
    id = response.get("id") if isinstance(response, Mapping) else None
    if not isinstance(id, str) or not id:
        return None
    path, _, query = request.url.partition("?")
    return f"{path}/{quote(id, safe='')}", query


def _event_of(message: ServerSentEvent | None) -> Mapping[str, Any] | None:
    try:
        return None if message is None else event_in(message)
    except (ValueError, RecursionError):
        return None
