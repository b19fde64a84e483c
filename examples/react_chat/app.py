"""A chat page with React's `useChat`, of Vercel's AI SDK, and its backend.

    pip install fastapi uvicorn "suggestions-sdk[playground]"
    cd examples/react_chat
    npm install && npm run build
    python app.py

Then open http://127.0.0.1:8000. `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME` name the
service; without a key, it asks the playground, a model on this machine.
"""

import os
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import follow, messages_from_ui, relay, stop
from suggestions.relay.stores import MemoryStore

HERE = Path(__file__).parent
app = FastAPI()
dialect = None
store = MemoryStore()  # with several workers: RedisStore(url)
active: dict[str, str] = {}  # the last answer of each chat; with several workers: in that Redis


def get_weather(city: str) -> str:
    """How the weather in a city is now."""
    return f"3 degrees and rain in {city}"


@app.post("/api/chat")
def chat(body: dict[str, Any]) -> Response:
    id = str(body.get("id"))
    try:
        messages = messages_from_ui(body.get("messages"))
    except ValueError as error:
        return PlainTextResponse(str(error), 400)  # the page shows the text
    stop(active.get(id, ""), store=store)
    answer = relay(messages, dialect=dialect, tools=[get_weather], frames="ui", store=store)
    active[id] = answer.answer_id
    return StreamingResponse(answer, headers=answer.headers)


@app.get("/api/chat/{id}/stream")
def resume(id: str) -> Response:
    # `ended`: the page keeps its messages, so an answer that ended in its absence is not lost.
    answer = follow(active.get(id, ""), store=store, frames="ui", ended=True)
    return StreamingResponse(answer, answer.status, answer.headers)


@app.delete("/api/chat/{id}/stream")
def halt(id: str) -> Response:
    return Response(status_code=204 if stop(active.get(id, ""), store=store) else 404)


@app.get("/{name}")
@app.get("/")
def page(name: str = "page.html") -> Response:
    is_file = name in ("page.html", "page.js")
    return FileResponse(HERE / name) if is_file else PlainTextResponse("no such page", 404)


if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")), timeout_graceful_shutdown=5)
