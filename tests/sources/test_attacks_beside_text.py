"""What a service can send besides text, without end: linear time, bounded memory, a clear error."""

from __future__ import annotations

from typing import Any

import pytest
from test_attacks import Attack, check_memory, check_time, event, piece, responses
from wire_server import UNTIL_CLOSE, Peer, Server, Told

from suggestions import errors
from suggestions._sources.answer import Answer

PAGE = {"type": "url_citation", "url": "https://a.example/", "title": "A" * 100}
IMAGE = "iVBORw0KGgo" + "A" * 200


def note(i: int) -> dict[str, Any]:
    return {**PAGE, "start_index": i, "end_index": i + 1}


def annotation(i: int) -> bytes:
    return piece("response.output_text.annotation.added", 0, annotation=note(i))


def done(item: dict[str, Any], n: int) -> bytes:
    return piece("response.output_item.done", n, item=item)


def said(*notes: dict[str, Any]) -> dict[str, Any]:
    part = {"type": "output_text", "text": "Hello", "annotations": list(notes)}
    return {"type": "message", "id": "m", "content": [part]}


def thought(i: int) -> dict[str, Any]:
    return {"type": "reasoning", "id": f"rs{i}", "summary": [], "encrypted_content": "A" * 200}


def drawn(i: int) -> dict[str, Any]:
    return {"type": "image_generation_call", "id": f"ig{i}", "result": f"{IMAGE}{i:08}"}


def preview(i: int) -> bytes:
    kind = "response.image_generation_call.partial_image"
    return piece(kind, 0, item_id="ig", partial_image_b64=f"{IMAGE}{i:08}")


TABLE = {
    "annotations": Attack(lambda i, n: annotation(i), dialect=responses, handler="citation"),
    "annotations of parts that are closed": Attack(
        lambda i, n: (
            piece("response.output_text.delta", i, delta="Hello")
            + piece("response.output_text.done", i, text="Hello")
            + piece("response.output_text.annotation.added", i // 2, annotation=note(0))
        ),
        dialect=responses,
    ),
    "the same annotation again and again": Attack(lambda i, n: annotation(0), dialect=responses),
    "thousands of annotations in one item": Attack(
        lambda i, n: b"" if i else done(said(*map(note, range(n))), 0), dialect=responses
    ),
    "reasoning items": Attack(lambda i, n: done(thought(i), i), dialect=responses),
    "reasoning items at one place": Attack(lambda i, n: done(thought(i), 0), dialect=responses),
    "items that begin and never end": Attack(
        lambda i, n: piece("response.output_item.added", i, item=thought(i)), dialect=responses
    ),
    "items that begin again and again": Attack(
        lambda i, n: piece("response.output_item.added", 0, item=thought(i)), dialect=responses
    ),
    "items and held-back text": Attack(
        lambda i, n: piece("response.output_text.delta", 0, delta="*") + done(thought(i), i),
        dialect=responses,
    ),
    "items in the last event": Attack(
        lambda i, n: (
            b""
            if i
            else event(
                {
                    "type": "response.completed",
                    "response": {
                        "output": [item for k in range(n) for item in (thought(k), said())]
                    },
                }
            )
        ),
        dialect=responses,
    ),
    "previews": Attack(lambda i, n: preview(i), dialect=responses, handler="file"),
    "images": Attack(lambda i, n: done(drawn(i), i), dialect=responses, handler="file"),
    "one huge image": Attack(
        lambda i, n: b"" if i else done({**drawn(0), "result": IMAGE * 5 * n}, 0), dialect=responses
    ),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", list(TABLE))
def test_it_costs_linear_time(name: str) -> None:
    check_time(TABLE[name])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", list(TABLE))
def test_it_takes_bounded_memory(name: str) -> None:
    check_memory(TABLE[name])


ENDLESS = {
    "annotations": annotation,
    "the same annotation": lambda i: annotation(0),
    "annotations in a message": lambda i: done(
        said(*map(note, range(5000 * i, 5000 * i + 5000))), i
    ),
    "reasoning items": lambda i: done(thought(i), i),
    "items that never end": lambda i: piece("response.output_item.added", i, item=thought(i)),
    "previews": preview,
    "images": lambda i: done(drawn(i), i),
    "a huge image": lambda i: done({**drawn(i), "result": IMAGE * 3000}, i),
}


@pytest.mark.parametrize("name", list(ENDLESS))
def test_an_answer_without_end_is_an_error_that_keeps_the_text(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answer, "LARGEST", 2**20)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(UNTIL_CLOSE, piece("response.output_text.delta", 0, delta="Argentina"))
        number = 0
        while True:
            peer.send(ENDLESS[name](number))
            number += 1

    with Server(script) as server:
        told = Told(server.url, dialect=responses())
        error = told.error()
    assert type(error) is errors.AnswerTooLargeError
    assert "1 MiB" in error.message
    assert error.partial_text.startswith("Argentina")
    assert error.partial_text == told.source.full_message
    assert told.names[-1] == "end"
