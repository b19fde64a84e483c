"""What the routes of all wire formats share: who is let in, and how a request is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, current_app, request

from .demand import demanded
from .faults import Fault, Refused
from .stream import to_json


def check_token() -> None:
    """Lets in who has the playground's token as a bearer token, or anyone where it has none."""
    token = current_app.config["PLAYGROUND_TOKEN"]
    if token is None:
        return
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        message = "You didn't provide an API key. Send it as `Authorization: Bearer YOUR_KEY`."
        raise Refused(Fault(401, message))
    if given.strip() != token:
        raise Refused(Fault(401, "Incorrect API key provided.", "invalid_api_key"))


def wire_format(
    name: str,
    error_body: Callable[[Fault], object],
    check_token: Callable[[], None] = check_token,
) -> Blueprint:
    """A blueprint for the routes of one wire format.

    `error_body` is what its errors look like; `check_token` raises `Refused` for who is not let in.
    """
    blueprint = Blueprint(name, __name__)
    blueprint.before_request(partial(_admit, check_token))

    @blueprint.errorhandler(Refused)
    def refuse(refused: Refused) -> Response:
        fault = refused.fault
        response = json_response(error_body(fault), fault.status)
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    return blueprint


def json_response(body: object, status: int = 200) -> Response:
    return Response(to_json(body), status, mimetype="application/json")


def _admit(check_token: Callable[[], None]) -> Response | None:
    """Checks the token, then lets a failure that concerns the whole request happen."""
    check_token()
    failure = demanded().failure
    if failure.fault:
        raise Refused(failure.fault)
    return failure.instead() if failure.instead else None
