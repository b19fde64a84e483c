"""How an answer ends, and what comes between its events."""

from __future__ import annotations

from outcomes import named
from responses_wire.shapes import (
    CUT_MESSAGE,
    DONE,
    SAID,
    Wire,
    call,
    completed,
    created,
    incomplete,
    item_done,
    message,
    response,
    text,
)

from suggestions.errors import (
    IncompleteStreamError,
    ModerationError,
    QuotaExceededError,
    ServiceError,
)

ENDS = [
    Wire(
        "OpenAI: max_output_tokens",
        created() + text("Hi") + incomplete("max_output_tokens", message("Hi")),
        "Hi",
        finish="length",
    ),
    Wire(
        "OpenAI: max_messages",
        created() + text("Hi") + incomplete("max_messages", message("Hi")),
        "Hi",
        finish="length",
    ),
    Wire(
        "OpenAI: a content filter",
        created() + text("Hi") + incomplete("content_filter", message("Hi")),
        "Hi",
        finish="content_filter",
        error=ModerationError,
        differs="it has no errors for reasons to stop",
    ),
    Wire(
        "GoModel: an interruption",
        created() + text("Hi") + incomplete("interrupted", message("Hi")) + DONE,
        "Hi",
        finish="interrupted",
        error=ServiceError,
        quotes="interrupted",
        differs="it has no errors for reasons to stop",
    ),
    Wire(
        "a gateway: incomplete without a reason",
        created() + text("Hi") + incomplete(None, message("Hi")),
        "Hi",
        finish=None,
        error=ServiceError,
        quotes="broke off the answer",
        differs="it has no errors for reasons to stop",
    ),
    Wire(
        "incomplete under the name of completed",
        created()
        + text("Hi")
        + named(
            "response.completed",
            response=response(
                "incomplete", message("Hi"), incomplete_details={"reason": "max_output_tokens"}
            ),
        ),
        "Hi",
        finish="length",
    ),
    Wire(
        "OpenAI: the response failed, and its text is only there",
        created()
        + named(
            "response.failed",
            response=response(
                "failed",
                message("Hi"),
                error={"code": "rate_limit_exceeded", "message": "Slow down"},
            ),
        ),
        "Hi",
        finish=None,
        error=QuotaExceededError,
        quotes="Slow down",
        differs="it has no errors for responses that failed",
    ),
    Wire(
        "a gateway: failed, and the error is beside the response",
        created()
        + text("Hi")
        + named(
            "response.failed",
            response=response("failed"),
            error={"code": "server_error", "message": "Oops"},
        ),
        "Hi",
        finish=None,
        error=ServiceError,
        quotes="Oops",
        differs="it has no errors for responses that failed",
    ),
    Wire(
        "a gateway: failed, and nothing but a code and a message",
        created()
        + text("Hi")
        + named("response.failed", code="insufficient_quota", message="No money"),
        "Hi",
        finish=None,
        error=QuotaExceededError,
        quotes="No money",
        differs="it has no errors for responses that failed",
    ),
    Wire(
        "cancelled by its own event",
        created()
        + text("Hi")
        + named("response.cancelled", response=response("cancelled", message("Hi"))),
        "Hi",
        finish=None,
        error=ServiceError,
        quotes="cancelled",
        differs="it has no errors for responses that were cancelled",
    ),
    Wire(
        "cancelled under the name of completed",
        created()
        + text("Hi")
        + named("response.completed", response=response("cancelled", message("Hi"))),
        "Hi",
        finish=None,
        error=ServiceError,
        quotes="cancelled",
        differs="it has no errors for responses that were cancelled",
    ),
    Wire(
        "OpenAI: an error, flat",
        created()
        + text("Hi")
        + named("error", code="rate_limit_exceeded", message="Slow down", param=None),
        "Hi",
        finish=None,
        error=QuotaExceededError,
        quotes="Slow down",
        differs="it passes the event on as any other",
    ),
    Wire(
        "Open Responses: an error, nested, and the failed response after it",
        created()
        + text("Hi")
        + named("error", error={"type": "too_many_requests", "code": None, "message": "Slow down"})
        + named(
            "response.failed",
            response=response("failed", error={"code": "server_error", "message": "Oops"}),
        )
        + DONE,
        "Hi",
        finish=None,
        error=QuotaExceededError,
        quotes="Slow down",
        differs="it raises, and has no text then",
    ),
    Wire(
        "cut before the last event",
        created() + SAID,
        "Hi you",
        finish=None,
        error=IncompleteStreamError,
        differs=CUT_MESSAGE,
    ),
    Wire(
        "cut, but with [DONE]",
        created() + SAID + DONE,
        "Hi you",
        finish=None,
        error=IncompleteStreamError,
        differs=CUT_MESSAGE,
    ),
    Wire(
        "cut after a call",
        created() + item_done(call('{"a": 1}')),
        finish=None,
        error=IncompleteStreamError,
        differs=CUT_MESSAGE,
    ),
]

PING = b"event: ping\ndata: 2026-11-28 06:00:00\n\n"
HEARTBEATS = [
    Wire(
        "a proxy: a time as a heartbeat",
        PING + created() + PING + text("Hi") + PING + completed(message("Hi")),
        "Hi",
        differs="it takes the time for JSON, and fails",
    ),
    Wire(
        "Codex's backend: keepalive",
        created()
        + named("keepalive", sequence_number=1)
        + text("Hi")
        + b"event: keepalive\ndata:\n\n"
        + completed(message("Hi")),
        "Hi",
        differs="an empty heartbeat is no JSON to it",
    ),
    Wire(
        "Open Responses: events of a service's own",
        created()
        + named("acme:trace_event", error="none", latency_ms=3)
        + text("Hi")
        + completed(
            {"type": "acme:search_result", "id": "a1", "status": "completed"}, message("Hi")
        ),
        "Hi",
        differs="it takes any field `error` for a failure",
    ),
    Wire(
        "a background response: queued first",
        named("response.queued", response=response("queued"))
        + created()
        + named("response.in_progress", response=response("in_progress"))
        + text("Hi")
        + completed(message("Hi")),
        "Hi",
    ),
    Wire(
        "a gateway: the type only in the name of the event",
        created()
        + b'event: response.output_text.delta\ndata: {"delta": "Hi"}\n\n'
        + completed(message("Hi")),
        "Hi",
    ),
    Wire(
        "a gateway: no names of events",
        (created() + text("Hi") + completed(message("Hi"))).replace(b"event: ", b": "),
        "Hi",
    ),
]
