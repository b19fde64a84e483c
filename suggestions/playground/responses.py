"""The OpenAI API's newer way to ask: `/v1/responses`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from flask import Response

from .model import Chat, Message, Tool, is_reasoner, tokenize
from .output_format import responses_object
from .pictures import Picture, as_base64
from .request_body import Body, checked, optional, read_body, read_messages, read_tools, said
from .responses_items import Answer, annotations_of, reasoning_part, text_part
from .signatures import check_ids, check_items
from .streaming import Fault, Frame, Refused, openai_body, sse, to_json
from .wire_format import Format, Json, limit_of, respond, wire_format

ENCRYPTED = "reasoning.encrypted_content"
"""What a request has to `include` to get encrypted reasoning."""

_ROLES = ("system", "developer", "user", "assistant")
_Event = tuple[Literal["token", "control", "done"], str, Json]
"""The kind of its frame, its type, and its fields."""

responses = wire_format("responses", openai_body)


@responses.post("/v1/responses")
def create_response() -> Response:
    body = read_body()
    limit = limit_of(optional(body, "max_output_tokens", 0), "max_output_tokens")
    messages, model = _messages(body), optional(body, "model", Chat.model)
    items = _items_of(body)
    check_ids(items)
    if is_reasoner(model):
        check_items(items, stored=optional(body, "store", True))
    answer = responses_object(body, messages[-1].text)
    chat = Chat(messages, model, _tools(body), limit, answer, draws=True)
    encrypted = ENCRYPTED in optional(body, "include", list[object]())
    format = Format(
        frames=lambda said: _frames(Answer(said, encrypted)),
        whole=lambda said: Answer(said, encrypted).response(),
        fault=_fault,
    )
    return respond(format, chat, stream=optional(body, "stream", False))


def _tools(body: Body) -> tuple[Tool, ...]:
    """The functions among its tools; the service itself runs the others."""
    tools = optional(body, "tools", list[object]())
    functions = [tool for tool in tools if not _is_own_tool(tool)]
    return read_tools({"functions": functions})


def _is_own_tool(tool: object) -> bool:
    return isinstance(tool, dict) and tool.get("type", "function") != "function"


def _items_of(body: Body) -> list[Body]:
    asked = body.get("input")
    items = asked if isinstance(asked, list) else []
    return [checked(item, dict, f"input[{number}]") for number, item in enumerate(items)]


def _messages(body: Body) -> tuple[Message, ...]:
    text = optional(body, "instructions", "")
    instructions = (Message("system", text),) if text else ()
    if isinstance(body.get("input"), list):
        return (*instructions, *_conversation(_items_of(body)))
    return (*instructions, Message("user", checked(body.get("input") or None, str, "input")))


def _conversation(items: list[Body]) -> tuple[Message, ...]:
    """Messages, and the results of tools. Raises `Refused` for the result of no call."""
    called: set[str] = set()
    messages: list[Message] = []
    for number, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "message":
            messages += read_messages({"messages": [item]}, _ROLES)
        elif kind in ("function_call", "custom_tool_call"):
            called.add(optional(item, "call_id", ""))
            messages.append(Message("assistant", ""))
        elif kind in ("function_call_output", "custom_tool_call_output"):
            call_id = optional(item, "call_id", "")
            if call_id not in called:
                message = f"No tool call found for function call output with call_id {call_id}."
                raise Refused(Fault(400, message, param="input"))
            messages.append(said("tool", item.get("output"), f"input[{number}].output"))
    if not messages:
        raise Refused(Fault(400, "Missing required parameter: 'input'.", param="input"))
    return tuple(messages)


def _frames(answer: Answer) -> Iterator[Frame]:
    for number, (kind, name, fields) in enumerate(_events(answer)):
        event = {"type": name, **fields, "sequence_number": number}
        yield Frame(kind, sse(to_json(event), event=name))


def _events(answer: Answer) -> Iterator[_Event]:
    begun: Json = {"response": answer.response("in_progress")}
    yield "control", "response.created", begun
    yield "control", "response.in_progress", begun
    for index, item in enumerate(answer.items):
        at: Json = {"output_index": index}
        opened = {**item, **_OPENED[item["type"]]}
        yield "control", "response.output_item.added", {**at, "item": opened}
        yield from _inside(answer, item, {**at, "item_id": item["id"]})
        yield "control", "response.output_item.done", {**at, "item": item}
    yield "done", f"response.{answer.status}", {"response": answer.response()}


_OPENED: Mapping[object, Json] = {
    "reasoning": {"content": [], "encrypted_content": None},
    "message": {"content": [], "status": "in_progress"},
    "function_call": {"arguments": "", "status": "in_progress"},
    "image_generation_call": {"result": None, "status": "in_progress"},
}
"""What an item of each type has when it is added."""


def _inside(answer: Answer, item: Json, place: Json) -> Iterator[_Event]:
    """The events between an item's beginning and its end."""
    reply = answer.said.reply
    if item["type"] == "reasoning":
        part = reasoning_part(reply.thinking)
        yield from _part("reasoning_text", reply.reasoning, part, [], place)
    elif item["type"] == "message":
        part = text_part(reply)
        yield from _part("output_text", reply.tokens, part, annotations_of(reply), place)
    elif item["type"] == "image_generation_call" and reply.picture:
        yield from _image(reply.picture, item, place)
    else:
        yield from _arguments(item, place)


def _part(
    kind: str, tokens: Iterable[str], part: Json, annotations: list[Json], place: Json
) -> Iterator[_Event]:
    place = {**place, "content_index": 0}
    empty = {**part, "text": ""} | ({"annotations": []} if "annotations" in part else {})
    yield "control", "response.content_part.added", {**place, "part": empty}
    yield from _deltas(kind, tokens, place)
    for index, annotation in enumerate(annotations):
        added = {**place, "annotation_index": index, "annotation": annotation}
        yield "control", "response.output_text.annotation.added", added
    yield "control", f"response.{kind}.done", {**place, "text": part["text"]}
    yield "control", "response.content_part.done", {**place, "part": part}


def _arguments(item: Json, place: Json) -> Iterator[_Event]:
    arguments = str(item["arguments"])
    yield from _deltas("function_call_arguments", tokenize(arguments), place)
    whole: Json = {**place, "name": item["name"], "arguments": arguments}
    yield "control", "response.function_call_arguments.done", whole


def _image(picture: Picture, item: Json, place: Json) -> Iterator[_Event]:
    """An image, after a preview of it."""
    name = "response.image_generation_call"
    yield "control", f"{name}.in_progress", place
    yield "control", f"{name}.generating", place
    preview = {"partial_image_index": 0, "partial_image_b64": as_base64(picture.preview)}
    looks = {key: item[key] for key in ("background", "output_format", "quality", "size")}
    yield "token", f"{name}.partial_image", {**place, **preview, **looks}
    yield "token", f"{name}.completed", place


def _deltas(kind: str, tokens: Iterable[str], place: Json) -> Iterator[_Event]:
    for token in tokens:
        yield "token", f"response.{kind}.delta", {**place, "delta": token}


def _fault(fault: Fault) -> bytes:
    code = fault.code or fault.type
    event = {"type": "error", "code": code, "message": fault.message, "param": fault.param}
    return sse(to_json(event), event="error")
