"""Citations and images count once, too, and the places of a citation are in the whole text."""

from __future__ import annotations

from typing import Any

from outcomes import named
from responses_wire.shapes import (
    SAYS_ONLY_THE_END,
    Wire,
    added,
    begin_text,
    completed,
    created,
    item_done,
    on,
    text,
    text_done,
)

from suggestions.events import AnswerFile, Citation

SAID = "It rains (a.example)."
AT = (9, 20)
PAGE = "https://a.example/weather"
PNG = "iVBORw0KGgoAAAA="
OTHER_PNG = "iVBORw0KGgoBBBB="


def page(start: int = AT[0], end: int = AT[1], url: str = PAGE) -> dict[str, Any]:
    kind = {"type": "url_citation", "url": url, "title": "Weather"}
    return {**kind, "start_index": start, "end_index": end}


def cited(start: int = AT[0], end: int = AT[1], url: str = PAGE) -> Citation:
    return Citation(url, "Weather", start, end)


def said(text: str = SAID, *notes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": list(notes)}


def message(*parts: dict[str, Any], name: str = "msg1") -> dict[str, Any]:
    ids = {"type": "message", "id": name, "role": "assistant", "status": "completed"}
    return {**ids, "content": list(parts)}


def note(annotation: dict[str, Any], item: int = 0, part: int = 0) -> bytes:
    kind = "output_text.annotation.added"
    return on(kind, item, part, item_id="msg1", annotation_index=0, annotation=annotation)


def part_done(part: dict[str, Any], item: int = 0, number: int = 0) -> bytes:
    return on("content_part.done", item, number, part=part)


FILE = {"type": "file_citation", "file_id": "file_1", "filename": "plan.pdf", "index": 7}
PATH = {"type": "file_path", "file_id": "file_2", "index": 0}
MADE = {
    "type": "container_file_citation",
    "container_id": "cntr_1",
    "file_id": "cfile_3",
    "filename": "plot.csv",
    "start_index": 0,
    "end_index": 2,
}

CITATIONS = [
    Wire(
        "OpenAI: each event repeats the citation",
        created()
        + begin_text()
        + text("It rains ")
        + text("(a.example)")
        + note(page())
        + text(".")
        + text_done(SAID)
        + part_done(said(SAID, page()))
        + item_done(message(said(SAID, page())))
        + completed(message(said(SAID, page()))),
        SAID,
        citations=(cited(),),
    ),
    Wire(
        "a gateway: a citation after its part is closed",
        created()
        + begin_text()
        + text(SAID)
        + text_done(SAID)
        + note(page())
        + completed(message(said(SAID, page()))),
        SAID,
        citations=(cited(),),
    ),
    Wire(
        "a gateway: only in content_part.done",
        created()
        + begin_text()
        + text(SAID)
        + text_done(SAID)
        + part_done(said(SAID, page()))
        + completed(message(said())),
        SAID,
        citations=(cited(),),
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "a gateway: only in output_item.done, and no other event closes the text",
        created() + text(SAID) + item_done(message(said(SAID, page()))) + completed(),
        SAID,
        citations=(cited(),),
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "Grok: the events between have none, the last one has all",
        created()
        + begin_text()
        + text(SAID)
        + text_done(SAID)
        + part_done(said())
        + item_done(message(said()))
        + completed(message(said(SAID, page(), page(0, 2)))),
        SAID,
        citations=(cited(), cited(0, 2)),
    ),
    Wire(
        "an answer in response.completed alone, with two messages of two parts",
        created()
        + completed(
            message(said("Well. "), said(SAID, page())),
            message(said(SAID, page()), said(" Bye."), name="msg2"),
        ),
        "Well. " + SAID + SAID + " Bye.",
        citations=(cited(15, 26), cited(36, 47)),
    ),
    Wire(
        "the same citation in two parts, and each event repeats it",
        created()
        + begin_text()
        + text("Well. ")
        + text_done("Well. ")
        + part_done(said("Well. "))
        + item_done(message(said("Well. ")))
        + text(SAID, 1)
        + note(page(), 1)
        + text_done(SAID, 1)
        + part_done(said(SAID, page()), 1)
        + text(SAID, 1, 1)
        + note(page(), 1, 1)
        + text_done(SAID, 1, 1)
        + part_done(said(SAID, page()), 1, 1)
        + item_done(message(said(SAID, page()), said(SAID, page())), 1)
        + completed(
            message(said("Well. ")), message(said(SAID, page()), said(SAID, page()), name="msg2")
        ),
        "Well. " + SAID + SAID,
        citations=(cited(15, 26), cited(36, 47)),
    ),
    Wire(
        "a gateway: the last event lacks the first message",
        created()
        + item_done(message(said("Well. ")))
        + text(SAID, 1)
        + note(page(), 1)
        + text_done(SAID, 1)
        + completed(message(said(SAID, page()))),
        "Well. " + SAID,
        citations=(cited(15, 26),),
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "vLLM: another content_index with each event",
        created()
        + begin_text()
        + text(SAID)
        + text_done(SAID, 0, 1)
        + note(page(), 0, 1)
        + part_done(said(SAID, page()), 0, 2)
        + completed(message(said(SAID, page()))),
        SAID,
        citations=(cited(),),
    ),
    Wire(
        "places are in characters, also after an emoji",
        created()
        + begin_text()
        + text("🌧️é (a.example)")
        + note(page(4, 15))
        + text_done("🌧️é (a.example)")
        + completed(message(said("🌧️é (a.example)", page(4, 15)))),
        "🌧️é (a.example)",
        citations=(cited(4, 15),),
    ),
    Wire(
        "two pages for one place",
        created()
        + begin_text()
        + text(SAID)
        + note(page())
        + note(page(url="https://b.example/"))
        + text_done(SAID)
        + completed(message(said(SAID, page(), page(url="https://b.example/")))),
        SAID,
        citations=(cited(), cited(url="https://b.example/")),
    ),
    Wire(
        "files of the service: found, made, and named by their paths",
        created()
        + begin_text()
        + text("Hi there")
        + note(FILE)
        + text_done("Hi there")
        + completed(message(said("Hi there", FILE, PATH, MADE))),
        "Hi there",
        citations=(
            Citation("files/file_1/content", "plan.pdf", 7, 7),
            Citation("files/file_2/content"),
            Citation("containers/cntr_1/files/cfile_3/content", "plot.csv", 0, 2),
        ),
    ),
    Wire(
        "annotations that say nothing, of no known type, or without a place",
        created()
        + text("Hi")
        + note({})
        + on("output_text.annotation.added", annotation=None)
        + note({"type": "highlight", "start_index": 0, "end_index": 1})
        + note({**page(), "start_index": None})
        + note({**page(5, 1), "title": None})
        + text_done("Hi")
        + completed(message(said("Hi"))),
        "Hi",
        citations=(Citation(PAGE, "Weather"), Citation(PAGE)),
        differs=SAYS_ONLY_THE_END,
    ),
]


def drawn(result: str | None = PNG, **fields: Any) -> dict[str, Any]:
    kind = {"type": "image_generation_call", "id": "ig1", "status": "completed"}
    return {**kind, "result": result, **fields}


def preview(data: str, number: int = 0, **fields: Any) -> bytes:
    kind = "response.image_generation_call.partial_image"
    where = {"item_id": "ig1", "output_index": 0, "partial_image_index": number}
    return named(kind, **where, partial_image_b64=data, **fields)


def image(data: str = PNG, kind: str = "png", *, partial: bool = False) -> AnswerFile:
    return AnswerFile(f"image/{kind}", f"data:image/{kind};base64,{data}", partial, "ig1")


IMAGES = [
    Wire(
        "OpenAI: two previews, the image, and the last event repeats it",
        created()
        + added({**drawn(None), "status": "in_progress"})
        + named("response.image_generation_call.in_progress", output_index=0, item_id="ig1")
        + named("response.image_generation_call.generating", output_index=0, item_id="ig1")
        + preview(OTHER_PNG)
        + preview(PNG, 1)
        + named("response.image_generation_call.completed", output_index=0, item_id="ig1")
        + item_done(drawn())
        + begin_text(1)
        + text("Here.", 1)
        + text_done("Here.", 1)
        + completed(drawn(), message(said("Here."))),
        "Here.",
        files=(image(OTHER_PNG, partial=True), image(partial=True), image()),
    ),
    Wire(
        "an image in response.completed alone",
        created() + completed(drawn()),
        files=(image(),),
    ),
    Wire(
        "its format by its bytes, or else by its name, or else as by default",
        created()
        + preview("/9j/AA==", output_format="png")
        + preview("PHN2Zz4=", output_format="svg")
        + preview("AAAA", output_format="webp")
        + preview("BBBB")
        + item_done(drawn("R0lGODlh", output_format=["gif"]))
        + completed(drawn("R0lGODlh")),
        files=(
            image("/9j/AA==", "jpeg", partial=True),
            image("PHN2Zz4=", "svg+xml", partial=True),
            image("AAAA", "webp", partial=True),
            image("BBBB", partial=True),
            image("R0lGODlh", "gif"),
        ),
    ),
    Wire(
        "OpenRouter: its own tool, and an address",
        created()
        + item_done({**drawn("https://a.example/i"), "type": "openrouter:image_generation"})
        + item_done(drawn("data:image/webp;base64,UklGRg==", id="ig2"), 1)
        + completed(),
        files=(
            AnswerFile("image/png", "https://a.example/i", False, "ig1"),
            AnswerFile("image/webp", "data:image/webp;base64,UklGRg==", False, "ig2"),
        ),
        differs=SAYS_ONLY_THE_END,
    ),
    Wire(
        "an image that failed, or is not here yet",
        created() + preview("") + item_done(drawn(None, status="failed")) + completed(),
    ),
]
