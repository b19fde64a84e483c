"""A backend with the relay, on a port of its own: to the browser, an origin of its own."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask, Response, request, send_from_directory

from suggestions.playground import Playground
from suggestions.playground.server import listen
from suggestions.relay import preflight, relay
from suggestions.relay.stores import Store

SOON = 30.0  # seconds; a bound for what ends at once, never a measure


class RelayServer:
    """`/` is an empty page, `/ask` the relay by GET and POST, `/status/N` refuses.

    `cors`: the origins that may read it. `modules`: a folder of scripts, at `/modules/`. `store`:
    keeps the answers, by the `id` of the question.
    """

    def __init__(
        self,
        model: Playground,
        *,
        cors: str | None = None,
        modules: Path | None = None,
        store: Store | None = None,
    ) -> None:
        self._model = model
        self._cors = cors
        self._modules = modules
        self._store = store
        self.asked: list[str] = []  # the method of each request but those for the page
        app = Flask(__name__, static_folder=None)
        app.get("/")(lambda: "<!doctype html><title>A page</title><link rel=icon href=data:,>")
        app.get("/modules/<name>")(self._module)
        for path in ("/ask", "/status/<int:status>"):
            answers = self._ask if path == "/ask" else self._refuse
            app.add_url_rule(
                path,
                view_func=answers,
                methods=["GET", "POST", "OPTIONS"],
                provide_automatic_options=False,
            )
        self._server = listen("127.0.0.1", 0, app)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"

    def _module(self, name: str) -> Response:
        assert self._modules
        # The package's own imports have no suffix, as bundlers like it.
        return send_from_directory(self._modules, f"{name.removesuffix('.js')}.js")

    def _ask(self) -> Any:
        self.asked.append(request.method)
        if request.method == "OPTIONS":
            return preflight(self._cors or [])
        asked = request.get_json() if request.method == "POST" else request.args
        return relay(
            asked["prompt"],
            dialect="openai",
            url=f"{self._model.openai_url}/chat/completions?fail={asked.get('fail', '')}",
            token="any",
            heartbeat=0.2,
            cors=self._cors,
            store=self._store,
            id=asked.get("id") if self._store else None,
        )

    def _refuse(self, status: int) -> Any:
        self.asked.append(request.method)
        if request.method == "OPTIONS":
            return preflight(self._cors or [])
        headers = {"Access-Control-Allow-Origin": self._cors} if self._cors else {}
        return Response("no", status, headers, mimetype="text/plain")

    def __enter__(self) -> RelayServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(SOON)
        self._server.close_connections(SOON)
