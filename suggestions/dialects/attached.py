"""What services of chats send beside the text: its sources, and images.

Source: OpenAI's API reference, "Chat", `annotations`; the documents of OpenRouter ("Web search",
"Image generation"), Perplexity ("Sonar"), xAI ("Citations"), Mistral ("Citations"), Google
("Grounding with Google Search") and LiteLLM ("Vertex AI").

A value of another shape is passed over: the text is whole without it, and the event `message` has
it as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..events import AnswerFile, Citation
from .delta import Attached

_GROUNDING = frozenset(("extra_content", "vertex_ai_grounding_metadata"))
_SOURCES = _GROUNDING | {"citations", "search_results"}
_BESIDE = _GROUNDING | {"annotations", "images"}
_SCHEMES = ("data:", "https:", "http:")
_BASE64 = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
"""How the bytes of images begin in base64."""


def sources_of(chunk: Mapping[str, Any]) -> Iterable[Attached]:
    """The lists of sources in a chunk or in a whole answer.

    `citations` of Perplexity and xAI has addresses, and their order is that of the "[1]" in the
    text; `search_results` has more about the same addresses.
    """
    return () if _SOURCES.isdisjoint(chunk) else _sources_of(chunk)


def _sources_of(chunk: Mapping[str, Any]) -> Iterator[Attached]:
    cited = {each.url: each for each in map(_source, _list(chunk.get("citations"))) if each}
    # The order stays, and what says more replaces the address alone.
    cited |= {each.url: each for each in map(_source, _list(chunk.get("search_results"))) if each}
    yield from map(Attached, cited.values())
    yield from _grounding_in(chunk)


def attached_to(said: Mapping[str, Any]) -> Iterable[Attached]:
    """What a `delta` or a `message` has besides its text."""
    return () if _BESIDE.isdisjoint(said) else _attached_to(said)


def _attached_to(said: Mapping[str, Any]) -> Iterator[Attached]:
    for annotation in objects_in(said.get("annotations")):
        citation = _annotation(annotation)
        if citation:
            yield Attached(citation)
    yield from _grounding_in(said)
    for image in _list(said.get("images")):
        yield from image_in(image)


def reference_in(part: Mapping[str, Any]) -> Iterator[Attached]:
    """The sources that a part of Mistral's content refers to.

    `reference` has the ids that the program itself gave to the results of its tools.
    """
    if part.get("type") == "reference":
        for number in _list(part.get("reference_ids")):
            if type(number) in (int, str):
                yield Attached(Citation("", str(number)))
    elif part.get("type") == "tool_reference" and (citation := _source(part)):
        yield Attached(citation)


def image_in(part: object) -> Iterator[Attached]:
    """The image of an item of `images`, or of a part of the content."""
    url = part.get("image_url") if isinstance(part, Mapping) else part
    url = url.get("url") if isinstance(url, Mapping) else url
    if not isinstance(url, str) or not url[:6].lower().startswith(_SCHEMES):
        return
    head = url[5:100].partition(",")[0].partition(";")[0] if url[0] in "dD" else ""
    yield Attached(AnswerFile(head.lower() or "image/*", url))


def image_of_base64(data: object) -> Iterator[Attached]:
    """An image that comes as base64 without a media type, as Ollama sends it."""
    if not isinstance(data, str) or not data:
        return
    kind = next((kind for begin, kind in _BASE64.items() if data.startswith(begin)), None)
    media_type = f"image/{kind}" if kind else "application/octet-stream"
    yield Attached(AnswerFile(media_type, f"data:{media_type};base64,{data}"))


def _annotation(annotation: Mapping[str, Any]) -> Citation | None:
    """OpenAI's `url_citation`; some gateways have its fields beside the type."""
    if annotation.get("type", "url_citation") != "url_citation":
        return None
    fields = annotation.get("url_citation")
    fields = fields if isinstance(fields, Mapping) else annotation
    citation = _source(fields)
    start, end = fields.get("start_index"), fields.get("end_index")
    # Some send 0 and 0 if they do not know the place.
    if citation and type(start) is int and type(end) is int and 0 <= start < end:
        return citation._replace(start=start, end=end)
    return citation


def _grounding_in(value: Mapping[str, Any]) -> Iterator[Attached]:
    """Gemini's grounding: in `extra_content` of Google's own wire, or as LiteLLM names it.

    Its places in the text are bytes of UTF-8 of the whole answer, so none is reported.
    """
    found = _list(value.get("vertex_ai_grounding_metadata"))
    extra = value.get("extra_content")
    if isinstance(extra, Mapping):
        found = found + [
            each.get("grounding_metadata") for each in objects_in(list(extra.values()))
        ]
    for metadata in objects_in(found):
        chunks = metadata.get("groundingChunks") or metadata.get("grounding_chunks")
        for source in (each for chunk in objects_in(chunks) for each in chunk.values()):
            if isinstance(source, Mapping) and (citation := _source(source)):
                yield Attached(citation)


def _source(value: object) -> Citation | None:
    """A source: its address alone, or an object that names it; None if it is neither."""
    if isinstance(value, str):
        return Citation(value) if value else None
    if not isinstance(value, Mapping):
        return None
    url, title = _text(value, "url", "uri"), _text(value, "title")
    quote = _text(value, "content", "snippet", "text")
    return Citation(url, title, quote=quote) if url or title else None


def _text(value: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that is a text."""
    texts = (value.get(name) for name in names)
    return next((text for text in texts if text and isinstance(text, str)), "")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def objects_in(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; none if it is not a list."""
    return (each for each in _list(value) if isinstance(each, Mapping))
