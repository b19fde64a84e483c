"""The backend of a page with `useChat`. The service is at `UPSTREAM`, the page's script at
`SCRIPT`. If `REDIS` names one, it has the answers and which is the last of each chat.

With `STORE=none`, the answers belong to their connections.

A question that has "fail=NAME" in it gets that failure of the playground, and one that has "think"
goes to a model that reasons.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from suggestions.dialects.openai import OpenAI
from suggestions.relay import follow, messages_from_ui, relay, stop
from suggestions.relay.stores import MemoryStore, RedisStore, Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "react_chat"
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}]

app = FastAPI()
store: Store
active: Any
if "REDIS" in os.environ:
    import redis

    store = RedisStore(os.environ["REDIS"])
    active = redis.Redis.from_url(os.environ["REDIS"], decode_responses=True)
else:
    store, active = MemoryStore(), {}


def active_in(chat: str) -> str:
    return active.get(f"active:{chat}") or ""


@app.post("/api/chat")
def chat(body: dict[str, Any]) -> Response:
    try:
        messages = messages_from_ui(body.get("messages"))
    except ValueError as error:
        return PlainTextResponse(str(error), 400)
    question = str(next(m["content"] for m in reversed(messages) if m["role"] == "user"))
    fail = re.search(r"fail=([\w-]+)", question)
    dialect = OpenAI(
        os.environ["UPSTREAM"],
        "any",
        "playground-reasoner" if "think" in question else "playground",
        tools=TOOLS,
        stream_options={"include_usage": True},
    )
    url = f"{os.environ['UPSTREAM']}/chat/completions?after=20&fail={fail[1] if fail else ''}"
    kept = None if os.environ.get("STORE") == "none" else store
    answer = relay(messages, dialect=dialect, url=url, frames="ui", store=kept, heartbeat=0.2)
    key = f"active:{body['id']}"
    if isinstance(active, dict):
        active[key] = answer.answer_id
    elif answer.answer_id is not None:
        active.set(key, answer.answer_id)
    return StreamingResponse(answer, headers=answer.headers)


@app.get("/api/chat/{id}/stream")
def resume(id: str) -> Response:
    answer = follow(active_in(id), store=store, frames="ui", heartbeat=0.2)
    return StreamingResponse(
        answer, answer.status, {**answer.headers, "X-Worker": str(os.getpid())}
    )


@app.delete("/api/chat/{id}/stream")
def halt(id: str) -> Response:
    return Response(status_code=204 if stop(active_in(id), store=store) else 404)


@app.get("/")
def page() -> Response:
    return FileResponse(EXAMPLE / "page.html")


@app.get("/page.js")
def script() -> Response:
    return FileResponse(os.environ["SCRIPT"])
