"""The backend of a client of AG-UI. The service is at `UPSTREAM`, or else fails as `STATUS` says.

A question that has "fail=NAME" in it gets that failure of the playground, and one that has "think"
goes to a model that reasons.
"""

from __future__ import annotations

import os
import re
from typing import Any

from fastapi import FastAPI
from fastapi.responses import Response, StreamingResponse

from suggestions.dialects.openai import OpenAI
from suggestions.relay import (
    AgUiRun,
    BadRequest,
    bad_request,
    messages_from_ag_ui,
    relay,
    tools_from_ag_ui,
)

app = FastAPI()
app.add_exception_handler(BadRequest, bad_request)


def get_time(city: str) -> str:
    """The time of day in a city."""
    return f"It is noon in {city}."


@app.post("/agent")
def agent(body: dict[str, Any]) -> Response:
    messages = messages_from_ag_ui(body)
    question = str(next(m["content"] for m in reversed(messages) if m["role"] == "user"))
    fail = re.search(r"fail=([\w-]+)", question)
    dialect = OpenAI(
        os.environ["UPSTREAM"],
        "any",
        "playground-reasoner" if "think" in question else "playground",
        stream_options={"include_usage": True},
    )
    url = f"{os.environ['UPSTREAM']}/chat/completions?after=20&fail={fail[1] if fail else ''}"
    tools = [*tools_from_ag_ui(body), get_time]
    answer = relay(
        messages, dialect=dialect, url=url, tools=tools, frames=AgUiRun(body), heartbeat=0.2
    )
    return StreamingResponse(answer, headers=answer.headers)
