"""Kind 12: what comes with the text: its sources, and images."""

from __future__ import annotations

from typing import Any

from suggestions.events import AnswerFile, Citation
from wires.shapes import (
    COUNTED,
    DONE,
    HI,
    MESSAGE_STOP,
    SAYS_HI,
    STOP,
    THERE,
    USAGE,
    block,
    block_stop,
    body,
    choice,
    choices,
    chunk,
    completion,
    last_line,
    line,
    message_delta,
    message_start,
    named,
    piece,
    whole,
)
from wires.wire import JSON, NDJSON, Wire, done

OSLO, BONN = "https://oslo.example/", "https://bonn.example/"
ADDRESSES = [OSLO, BONN]
RESULTS = [
    {"title": "Oslo", "url": OSLO, "date": None, "snippet": "It rains."},
    {"title": "Bonn", "url": BONN, "date": "2026-01-02"},
]
LISTED = (Citation(OSLO), Citation(BONN))
FOUND = (Citation(OSLO, "Oslo", quote="It rains."), Citation(BONN, "Bonn"))
GROUNDING = {
    "groundingChunks": [
        {"web": {"uri": OSLO, "title": "Oslo"}},
        {"retrievedContext": {"uri": BONN, "title": "Bonn"}},
    ],
    "groundingSupports": [
        {"segment": {"endIndex": 3, "text": "Hi"}, "groundingChunkIndices": [0, 1]}
    ],
}
GROUNDED = (Citation(OSLO, "Oslo"), Citation(BONN, "Bonn"))
PNG = "data:image/png;base64,iVBORw0KGgo="
WEBP = "data:image/webp;base64,UklGRg=="
DRAWN = (AnswerFile("image/png", PNG),)
SAID = {"content": "Hi", "role": "assistant"}


def annotation(start: Any = 0, end: Any = 2, **fields: Any) -> dict[str, Any]:
    citation = {"url": OSLO, "title": "Oslo", "start_index": start, "end_index": end, **fields}
    return {"type": "url_citation", "url_citation": citation}


def image(url: Any = PNG) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, "index": 0}


def chat(name: str, *events: bytes, text: str = "Hi", **received: Any) -> Wire:
    return Wire(name, "openai", b"".join(events), done(text, **received))


def in_one(name: str, answer: bytes, **received: Any) -> Wire:
    received = {"usage": COUNTED, **received}
    return Wire(name, "openai", answer, done("Hi", **received), content_type=JSON)


CITATIONS = [
    chat(
        "OpenAI: annotations of its search models, after the text",
        HI,
        chunk(annotations=[annotation()]),
        STOP,
        DONE,
        citations=[Citation(OSLO, "Oslo", 0, 2)],
    ),
    chat(
        "OpenRouter: annotations with the words of the source, some of an unknown place",
        chunk("Hi", annotations=[annotation(content="It rains.")]),
        chunk("", annotations=[annotation(0, 0), {"type": "file", "file": {"hash": "h"}}]),
        STOP,
        DONE,
        citations=[Citation(OSLO, "Oslo", 0, 2, "It rains."), Citation(OSLO, "Oslo")],
    ),
    in_one(
        "OpenRouter: annotations in a whole answer",
        completion("Hi", annotations=[annotation(None, None, content="It rains.")]),
        citations=[Citation(OSLO, "Oslo", quote="It rains.")],
    ),
    chat(
        "a gateway: the fields of an annotation beside its type, in the message that repeats all",
        HI,
        choices(
            choice(
                "stop",
                delta={},
                message={
                    **SAID,
                    "annotations": [{"type": "url_citation", "url": OSLO, "end_index": 2}],
                },
            )
        ),
        DONE,
        citations=[Citation(OSLO)],
    ),
    chat(
        "Perplexity: all addresses and all results in each chunk",
        *(
            choices(
                choice(None, delta={"content": text}), citations=ADDRESSES, search_results=RESULTS
            )
            for text in ("Hi", " there", " [1]")
        ),
        choices(choice("stop", delta={}), citations=ADDRESSES, search_results=RESULTS, usage=USAGE),
        text="Hi there [1]",
        usage=COUNTED,
        citations=FOUND,
    ),
    chat(
        "Perplexity: the addresses in plain chunks of text, the order is that of the numbers",
        HI,
        choices(choice(None, delta={"content": " there"}), citations=[BONN, OSLO]),
        STOP,
        DONE,
        text="Hi there",
        citations=[Citation(BONN), Citation(OSLO)],
    ),
    in_one(
        "Perplexity: addresses and results of a whole answer",
        whole(choice("stop", message=SAID), citations=ADDRESSES, search_results=RESULTS[:1]),
        citations=[FOUND[0], LISTED[1]],
    ),
    chat(
        "xAI: the addresses in the last chunk, which has no choice",
        HI,
        STOP,
        choices(usage=USAGE, citations=ADDRESSES),
        DONE,
        usage=COUNTED,
        citations=LISTED,
    ),
    chat(
        "Gemini: grounding in `extra_content` of the last delta",
        HI,
        chunk(None, "stop", extra_content={"google": {"grounding_metadata": GROUNDING}}),
        DONE,
        citations=GROUNDED,
    ),
    in_one(
        "Gemini: grounding in `extra_content` of a whole answer",
        completion("Hi", extra_content={"google": {"grounding_metadata": GROUNDING}}),
        citations=GROUNDED,
    ),
    chat(
        "LiteLLM before Gemini: the grounding beside the choices, in a chunk of text",
        choices(
            choice(None, delta={"content": "Hi"}),
            citations=None,
            vertex_ai_grounding_metadata=[GROUNDING],
        ),
        choices(choice("stop", delta={}), vertex_ai_grounding_metadata=[]),
        DONE,
        citations=GROUNDED,
    ),
    chat(
        "Mistral: references as parts of the content",
        chunk([{"type": "text", "text": "Hi"}, {"type": "reference", "reference_ids": [3, "b"]}]),
        chunk([{"type": "tool_reference", "tool": "web_search", "title": "Oslo", "url": OSLO}]),
        STOP,
        DONE,
        citations=[Citation("", "3"), Citation("", "b"), Citation(OSLO, "Oslo")],
    ),
    chat(
        "counter-sample, a gateway: empty and null lists",
        chunk("Hi", annotations=[], images=[]),
        chunk(annotations=None, images=None),
        choices(choice("stop", delta={}), citations=None, search_results=[]),
        DONE,
    ),
    chat(
        "counter-sample, a gateway: fields of these names that are something else",
        chunk("Hi", annotations={"a": 1}, images=2, extra_content="x"),
        chunk(annotations=["x", {"type": "url_citation"}, {"type": "y", "url": OSLO}], images=[{}]),
        choices(choice(None, delta={}), citations=True, search_results={"a": RESULTS}),
        choices(choice(None, delta={}), citations=[None, 3, {}], extra_content={"google": []}),
        choices(choice("stop", delta={}), vertex_ai_grounding_metadata=[{"groundingChunks": "x"}]),
        DONE,
    ),
    chat(
        "counter-sample, a gateway: the addresses of an alternative (n=2) are not the answer's",
        HI,
        choices(choice(None, 1, delta={"content": "Hello", "annotations": [annotation()]})),
        STOP,
        DONE,
    ),
]

WEB = {"type": "web_search_result_location", "url": OSLO, "title": "Oslo"}
PAGE = {"type": "page_location", "document_index": 0, "document_title": "Report"}
IN_DOCUMENT = {"type": "char_location", "document_index": 0, "document_title": None}
IN_RESULT = {"type": "search_result_location", "source": BONN, "title": "Bonn"}
IN_BLOCK = {"type": "content_block_location", "document_index": 1, "document_title": "List"}
CITED = [
    {**WEB, "cited_text": "It rains.", "encrypted_index": "ZW5j"},
    {**PAGE, "cited_text": "Rain.", "start_page_number": 1, "end_page_number": 2},
    {**IN_DOCUMENT, "cited_text": "Sun.", "start_char_index": 0, "end_char_index": 4},
    {**IN_RESULT, "cited_text": "Snow.", "search_result_index": 0, "start_block_index": 0},
    {**IN_BLOCK, "cited_text": "Wind.", "start_block_index": 0, "end_block_index": 1},
]
QUOTED = [
    Citation(OSLO, "Oslo", quote="It rains."),
    Citation("", "Report", quote="Rain."),
    Citation("", quote="Sun."),
    Citation(BONN, "Bonn", quote="Snow."),
    Citation("", "List", quote="Wind."),
]


def cited(citation: Any) -> bytes:
    delta = {"type": "citations_delta", "citation": citation}
    return named("content_block_delta", index=0, delta=delta)


ANTHROPIC = [
    Wire(
        "Anthropic: citations of each kind, whose places are those of the document",
        "anthropic",
        message_start()
        + block(type="text", text="", citations=[])
        + b"".join(map(cited, CITED))
        + piece("Hi")
        + block_stop()
        + message_delta()
        + MESSAGE_STOP,
        done("Hi", usage=COUNTED, citations=QUOTED),
    ),
    Wire(
        "Anthropic: citations in a whole answer",
        "anthropic",
        body(
            id="a1",
            type="message",
            role="assistant",
            model="m1",
            content=[
                {"type": "text", "text": "Hi", "citations": CITED},
                {"type": "text", "text": " there", "citations": None},
            ],
            stop_reason="end_turn",
            usage={"input_tokens": 7, "output_tokens": 3},
        ),
        done("Hi there", usage=COUNTED, citations=QUOTED),
        content_type=JSON,
    ),
    Wire(
        "counter-sample, Anthropic: a citation that names nothing",
        "anthropic",
        SAYS_HI + cited(None) + cited({"type": "x"}) + message_delta() + MESSAGE_STOP,
        done("Hi", usage=COUNTED),
    ),
]

IMAGES = [
    chat(
        "OpenRouter: images in the delta, and again in the message that repeats all",
        HI,
        chunk("", images=[image()]),
        choices(choice("stop", delta={}, message={**SAID, "images": [image()]})),
        DONE,
        files=DRAWN,
    ),
    in_one(
        "OpenRouter: images in a whole answer",
        completion("Hi", images=[image(), image(WEBP)]),
        files=[*DRAWN, AnswerFile("image/webp", WEBP)],
    ),
    chat(
        "a gateway: an image as a part of the content, and one by its address",
        chunk([{"type": "text", "text": "Hi"}, image()]),
        chunk(images=[{"image_url": "https://pictures.example/cat"}]),
        STOP,
        DONE,
        files=[*DRAWN, AnswerFile("image/*", "https://pictures.example/cat")],
    ),
    chat(
        "counter-sample, a gateway: images that are no addresses",
        HI,
        chunk(images=[image(None), image("javascript:alert(1)"), image(""), None, "cat.png"]),
        THERE,
        STOP,
        DONE,
        text="Hi there",
    ),
    Wire(
        "Ollama: images in base64, as its document has them",
        "ollama",
        line("Hi", images=["iVBORw0KGgo="])
        + line("", images=["UklGRg==", "AAAA"])
        + line("", images=None)
        + last_line(),
        done(
            "Hi",
            usage=COUNTED,
            files=[
                *DRAWN,
                AnswerFile("image/webp", WEBP),
                AnswerFile("application/octet-stream", "data:application/octet-stream;base64,AAAA"),
            ],
        ),
        content_type=NDJSON,
    ),
]

TABLE = [*CITATIONS, *ANTHROPIC, *IMAGES]
