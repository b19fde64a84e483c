"""The page at `/`: asks the relay, and shows the answer, its events and every failure."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, send_from_directory

from .ask import PATH as ASK_PATH
from .ask import WIRES
from .failures import FAILURES

_FOLDER = "page"
_HEADERS = {
    # Nothing but the page's own files, whatever an answer has in it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

page = Blueprint("page", __name__, template_folder=_FOLDER)


@page.get("/")
def index() -> str:
    return render_template(
        "index.html",
        failures=FAILURES,
        wires=WIRES,
        ask=ASK_PATH.lstrip("/"),
        has_token=current_app.config["PLAYGROUND_TOKEN"] is not None,
    )


@page.get("/page/<any('page.css', 'page.js'):name>")
def asset(name: str) -> Response:
    return send_from_directory(f"{page.root_path}/{_FOLDER}", name)


@page.after_request
def _with_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response
