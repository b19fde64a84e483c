"""What the items of the Responses wire bring besides text and calls: citations, images, and what
goes back to the service with the next question.

Sources: OpenAI's API reference, "Responses", the types of annotations and of output items; its
guides "Web search", "File search", "Code interpreter", "Image generation" and "Reasoning models".
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from ..events import AnswerFile, Citation
from .delta import Attached, OpaquePiece
from .json_message import array_of, index_of, name_of, object_of, text_of

_Object = Mapping[str, Any]

CALLS = {"function_call": "arguments", "custom_tool_call": "input"}
"""The items that are calls of the user's tools, and the field of each that has the arguments."""
_NAMED = {"message": ("role", "content")} | {kind: ("name", CALLS[kind]) for kind in CALLS}
"""The items whose text or call the assistant's message has anyway, and the fields that have it."""
_FORMATS = ("png", "jpeg", "webp", "gif")
_BEGINNINGS = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
"""How files of these kinds begin in base64."""


def citations_in(
    part: _Object, closed: Hashable = None, from_end: int | None = None
) -> Iterator[Attached]:
    """The annotations of a part of the text, which is `closed`, or begins so far before its end."""
    for annotation in array_of(part.get("annotations")):
        yield from citation_of(object_of(annotation), closed, from_end)


def citation_of(
    annotation: _Object, closed: Hashable = None, from_end: int | None = None
) -> Iterator[Attached]:
    """Places count from the beginning of the part. The service's documents do not say in what: in
    characters, as other clients of Python have them, and without the one at `end_index`."""
    kind = annotation.get("type")
    url = text_of(annotation.get("url")) if kind == "url_citation" else _address_of(annotation)
    title = text_of(annotation.get("title")) or text_of(annotation.get("filename"))
    if not (url or title):
        return
    start, end = (index_of(annotation.get(f"{name}_index")) for name in ("start", "end"))
    if kind == "file_citation":
        start = end = index_of(annotation.get("index"))  # in a list of files, for a `file_path`
    if start is None or end is None or not 0 <= start <= end:
        start = end = None
    yield Attached(Citation(url, title, start, end), part=closed, from_end=from_end)


def _address_of(annotation: _Object) -> str:
    """Where the service has the content of a file, below its `base_url`."""
    file = name_of(annotation.get("file_id"))
    container = name_of(annotation.get("container_id"))
    if not file:
        return ""
    return f"{f'containers/{container}/' if container else ''}files/{file}/content"


def image_in(item: _Object) -> Iterator[Attached]:
    """The image of an item, once the service has made it."""
    kind = text_of(item.get("type"))
    # The second is OpenRouter's own.
    if kind == "image_generation_call" or kind.endswith(":image_generation"):
        yield from _image(item.get("result"), item.get("id"), item, partial=False)


def preview_in(event: _Object) -> Iterator[Attached]:
    """The image as far as the service has it."""
    yield from _image(event.get("partial_image_b64"), event.get("item_id"), event, partial=True)


def _image(data: object, name: object, said: _Object, *, partial: bool) -> Iterator[Attached]:
    data = name_of(data)
    if data is None:
        return
    kinds = (kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning))
    media_type = f"image/{next(kinds, None) or _kind_of(said.get('output_format'))}"
    if data.startswith("data:"):
        url, media_type = data, data[5:80].partition(";")[0].partition(",")[0] or media_type
    elif data.startswith(("https:", "http:")):
        url = data
    else:
        url = f"data:{media_type};base64,{data}"
    yield Attached(AnswerFile(media_type, url, partial, name_of(name) or ""))


def _kind_of(output_format: object) -> str:
    kind = text_of(output_format)
    return "svg+xml" if kind == "svg" else kind if kind in _FORMATS else "png"  # as by default


def begun(item: _Object, position: Hashable) -> Iterator[OpaquePiece]:
    """Keeps the place of an item among the others."""
    if kind := text_of(item.get("type")):
        yield OpaquePiece(position, {"type": kind if kind == "reasoning" else "item"})


def kept(item: _Object, position: Hashable, from_end: int | None) -> Iterator[OpaquePiece]:
    """What of an item goes back with the next question.

    That is a reasoning, as it came. Of a message and of a call, the text and the arguments are in
    the assistant's message: a part names them, with the rest of the item. Any other item is within
    such a part, as it came.
    """
    kind = text_of(item.get("type"))
    if not kind:
        return
    fields: _Object = item
    if kind in _NAMED:
        rest = {k: v for k, v in item.items() if k not in _NAMED[kind] and v is not None}
        fields = {**rest, "type": "item", "item": kind}
    elif kind != "reasoning":
        fields = {"type": "item", "item": item}
    yield OpaquePiece(position, fields, whole=True, from_end=from_end)


def position_of(item: _Object, index: object) -> Hashable:
    """Which item it is. Its own id comes last, because Copilot sends another with every event."""
    place = index_of(index)
    which = name_of(item.get("call_id")) or (text_of(item.get("id")) if place is None else place)
    return text_of(item.get("type")), which
