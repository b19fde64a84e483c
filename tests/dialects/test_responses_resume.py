"""The dialect `responses` goes on with an answer that the service writes in the background."""

from __future__ import annotations

import json
from typing import Any

import pytest
from wire_server import SOON, TOKEN, UNTIL_CLOSE, Peer, Server, Told, eventually

from suggestions.dialects.responses import Responses
from suggestions.errors import ConnectionLostError, IncompleteStreamError

ID = "resp_1"
PIECES = ["Grü", "ße ", "from", " the", " back"]
RESPONSE = {"id": ID, "object": "response", "status": "in_progress", "output": []}
SAID = {"type": "message", "content": [{"type": "output_text", "text": "".join(PIECES)}]}
EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": RESPONSE},
    *(
        {"type": "response.output_text.delta", "item_id": "m", "output_index": 0,
         "content_index": 0, "delta": piece}
        for piece in PIECES
    ),
    {"type": "response.completed",
     "response": {**RESPONSE, "status": "completed", "output": [SAID]}},
]  # fmt: skip


def wire_after(number: int) -> bytes:
    """The events after that number."""
    numbered = [{**event, "sequence_number": n} for n, event in enumerate(EVENTS)]
    lines = (f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in numbered[number + 1 :])
    return "".join(lines).encode()


WHOLE = wire_after(-1)


class Service:
    """Cuts each response after so many bytes, those of the list one after the other."""

    def __init__(self, *cuts: int, holds: bool = False) -> None:
        self._cuts = list(cuts)
        self._holds = holds

    def answer(self, peer: Peer) -> None:
        request = peer.request()
        path, _, query = request.path.partition("?")
        if path.endswith("/cancel"):
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
            peer.send(b"Content-Length: 2\r\n\r\n{}")
            return
        fields = dict(field.split("=") for field in query.split("&") if field)
        after = int(fields["starting_after"]) if request.method == "GET" else -1
        cut = self._cuts.pop(0) if self._cuts else None
        peer.send(UNTIL_CLOSE, wire_after(after)[:cut])
        if self._holds:
            peer.wait_for_end()


def ask(server: Server, query: str = "", **given: Any) -> Told:
    dialect = Responses(f"{server.url.removesuffix('/ask')}/v1{query}", TOKEN, "m", **given)
    return Told(None, dialect=dialect, token=None)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suggestions._wire.retry._FIRST_DELAY", 0.01)


@pytest.mark.parametrize("query", ["", "?api-version=1"])
def test_a_lost_connection_does_not_end_the_answer(query: str) -> None:
    with Server(Service(WHOLE.index(b'"from"')).answer) as server:
        record = ask(server, query, background=True)
        record.wait()
        assert record.source.state == "done"
        assert record.of("chunk") == PIECES
        assert record.names.count("open") == 1
    asked, resumed = server.requests
    assert (asked.method, resumed.method) == ("POST", "GET")
    more = query.replace("?", "&")[1:] + "&" if query else ""
    assert resumed.path == f"/v1/responses/{ID}?{more}stream=true&starting_after=2"
    assert resumed.headers["Authorization"] == f"Bearer {TOKEN}"
    assert not resumed.body


def test_it_is_cut_anywhere() -> None:
    begun = WHOLE.index(b"\n\n") + 2  # before that, nothing names the response
    for cut in range(begun, len(WHOLE), 7):
        with Server(Service(cut, 30, 0).answer) as server:
            record = ask(server, background=True)
            record.wait()
            assert record.source.state == "done", (cut, record.source.error)
            assert record.of("chunk") == PIECES
        assert [request.method for request in server.requests].count("POST") == 1


@pytest.mark.parametrize("given", [{}, {"background": False}])
def test_an_answer_of_this_connection_is_not_resumed(given: dict[str, Any]) -> None:
    with Server(Service(WHOLE.index(b'"from"')).answer) as server:
        record = ask(server, **given)
        assert isinstance(record.error(), (ConnectionLostError, IncompleteStreamError))
        assert len(server.requests) == 1


@pytest.mark.parametrize("is_wanted", [True, False])
def test_close_stops_it_at_the_service_if_that_is_wanted(is_wanted: bool) -> None:
    with Server(Service(WHOLE.index(b'"from"'), holds=True).answer) as server:
        record = ask(server, "?api-version=1", background=True, stop_on_close=is_wanted)
        assert eventually(lambda: record.of("chunk") == PIECES[:2])
        record.source.close()
        assert record.source.join(SOON)
        others = [(request.method, request.path) for request in server.requests[1:]]
        cancel = ("POST", f"/v1/responses/{ID}/cancel?api-version=1")
        assert others == ([cancel] if is_wanted else [])
