"""A local server that answers as the real services do, for demos, tests and examples.

It needs Flask, no key and no network::

    with Playground() as playground:
        requests.post(playground.jetpack_url, json={"question": "Hello"})

A question that names a tool calls it; "cite" or "sources" in it gets sources, and "draw" a picture.
A request with a schema gets an object that fits it. The model `playground-reasoner` thinks first,
and signs what it thinks.

Every request can ask for a failure: `?fail=NAME` (or the header `X-Playground-Fail`), with a name
out of `FAILURES` or any status from 201 to 599. `?after=N` is the number of tokens before a failure
in mid-stream. `?pace=SECONDS` is the mean time between two tokens.
"""

try:
    from .app import create_app
    from .failures import FAILURES
    from .server import Playground, serve_forever
except ModuleNotFoundError as missing:
    if missing.name not in {"flask", "werkzeug"}:
        raise
    raise ImportError(
        "the playground needs Flask: install `suggestions-sdk[playground]`"
    ) from missing

__all__ = ["FAILURES", "Playground", "create_app", "serve_forever"]
