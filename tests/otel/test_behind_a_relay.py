"""A relay in an instrumented FastAPI application: the answer belongs to the browser's request."""

from __future__ import annotations

import contextlib
import importlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from telemetry import Recorded
from waiting import SOON, eventually
from wire_server import TOKEN

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import follow, relay, stop
from suggestions.relay.stores import MemoryStore

fastapi: Any = pytest.importorskip("fastapi")
uvicorn: Any = pytest.importorskip("uvicorn")
pytest.importorskip("opentelemetry.instrumentation.fastapi")


@pytest.fixture(scope="module")
def service() -> Iterator[Playground]:
    with Playground(pace=0.005) as playground:
        yield playground


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address of a uvicorn that serves the application."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert eventually(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(SOON)
        listener.close()


@pytest.fixture
def site(recorded: Recorded, service: Playground) -> Iterator[str]:
    """A chat with and without a store, in views that are async or run on a thread."""
    instrumentor = importlib.import_module("opentelemetry.instrumentation.fastapi")
    app, store = fastapi.FastAPI(), MemoryStore()
    dialect = OpenAI(service.openai_url, TOKEN, "m")

    def sent(answer: Any) -> Any:
        return fastapi.responses.StreamingResponse(answer, headers=answer.headers)

    @app.get("/async")
    async def in_task() -> Any:
        return sent(relay("Hello", dialect=dialect))

    @app.get("/thread")
    def on_thread() -> Any:
        return sent(relay("Hello", dialect=dialect))

    @app.get("/iterated")
    def iterated() -> Any:
        response = relay("Hello", dialect=dialect)
        return fastapi.responses.StreamingResponse(iter(response), headers=response.headers)

    @app.get("/stored/{id}")
    async def stored(id: str) -> Any:
        return sent(relay("Hello", dialect=dialect, store=store, id=id))

    @app.get("/stored-on-thread/{id}")
    def stored_on_thread(id: str) -> Any:
        response = relay("Hello", dialect=dialect, store=store, id=id)
        return fastapi.responses.StreamingResponse(iter(response), headers=response.headers)

    @app.get("/followed/{id}")
    async def followed(id: str) -> Any:
        return sent(follow(id, store=store))

    @app.delete("/stored/{id}")
    def stopped(id: str) -> Any:
        return {"stopped": stop(id, store=store)}

    instrumentor.FastAPIInstrumentor.instrument_app(
        app, tracer_provider=recorded.tracer_provider, exclude_spans=["receive", "send"]
    )
    with serving(app) as url:
        yield url


def server_spans(recorded: Recorded, route: str) -> list[Any]:
    return [
        span
        for span in recorded.exporter.get_finished_spans()
        if (span.attributes or {}).get("http.route") == route
    ]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/async", "/async"),
        ("/thread", "/thread"),
        ("/iterated", "/iterated"),
        ("/stored/a", "/stored/{id}"),
        ("/stored-on-thread/b", "/stored-on-thread/{id}"),
    ],
)
def test_the_servers_span_is_the_parent(
    recorded: Recorded, site: str, path: str, route: str
) -> None:
    response = requests.get(site + path, timeout=SOON)
    assert '"done"' in response.text
    span = recorded.span()
    assert eventually(lambda: server_spans(recorded, route))
    (server,) = server_spans(recorded, route)
    assert span.parent is not None
    assert span.parent.span_id == server.context.span_id
    assert span.context.trace_id == server.context.trace_id
    assert (span.attributes or {})["gen_ai.response.finish_reasons"] == ("stop",)


def leave_early(url: str) -> None:
    with requests.get(url, stream=True, timeout=SOON) as response:
        for line in response.iter_lines():
            if b"content" in line:
                break


def test_an_answer_that_the_browser_leaves_ends_without_an_error(
    recorded: Recorded, site: str
) -> None:
    leave_early(f"{site}/async")
    span = recorded.span()
    assert span.status.is_unset
    assert (span.attributes or {})["gen_ai.response.finish_reasons"] == ("error",)


def test_a_stored_answer_outlives_the_request_and_is_one_span(
    recorded: Recorded, site: str
) -> None:
    """The browser leaves, and two others follow: the answer is asked for once."""
    leave_early(f"{site}/stored/c")
    assert eventually(lambda: server_spans(recorded, "/stored/{id}"))
    for _ in range(2):
        assert '"done"' in requests.get(f"{site}/followed/c", timeout=SOON).text
    span = recorded.span()
    (server,) = server_spans(recorded, "/stored/{id}")
    assert span.parent is not None
    assert span.parent.span_id == server.context.span_id
    assert span.end_time is not None
    assert server.end_time is not None
    assert span.end_time > server.end_time
    assert (span.attributes or {})["gen_ai.response.finish_reasons"] == ("stop",)


def test_a_stored_answer_that_is_stopped_ends(recorded: Recorded, site: str) -> None:
    leave_early(f"{site}/stored/d")
    assert requests.delete(f"{site}/stored/d", timeout=SOON).json() == {"stopped": True}
    span = recorded.span()
    assert span.status.is_unset
    assert (span.attributes or {})["gen_ai.response.finish_reasons"] == ("error",)


def test_a_trace_goes_from_a_desktop_through_the_relay_to_the_service(
    recorded: Recorded, site: str
) -> None:
    from opentelemetry.instrumentation.requests import RequestsInstrumentor

    from suggestions import SuggestionsEventSource
    from suggestions.dialects.relay import Relay

    class Get(Relay):
        """Asks by GET, as the views of this test want it."""

        def request(self, *args: Any, **kwargs: Any) -> Any:
            return super().request(*args, **kwargs)._replace(method="GET", json=None)

    RequestsInstrumentor().instrument(tracer_provider=recorded.tracer_provider)
    try:
        with recorded.tracer.start_as_current_span("desktop") as desktop:
            source = SuggestionsEventSource("Hello", url=f"{site}/async", dialect=Get())
            assert source.wait(SOON)
        spans = recorded.spans(2)
    finally:
        RequestsInstrumentor().uninstrument()
    traces = {span.context.trace_id for span in spans}
    assert traces == {desktop.get_span_context().trace_id}
