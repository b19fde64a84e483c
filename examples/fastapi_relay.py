"""A backend that passes a model's answer on to browsers, with FastAPI.

    pip install "suggestions-sdk[playground]" fastapi uvicorn
    python examples/fastapi_relay.py
    curl -N localhost:8000/ask -H 'Content-Type: application/json' -d '{"prompt": "A haiku"}'

`OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME` name the service; without a key, it asks the
playground, a model on this machine.
"""

import os

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import BadRequest, bad_request, build_messages, relay

app = FastAPI()
app.add_exception_handler(BadRequest, bad_request)  # status 400, and what is wrong
dialect = None


class Question(BaseModel):
    prompt: str


async def save(text: str) -> None:
    print(f"an answer of {len(text)} characters")


@app.post("/ask")
async def ask(question: Question) -> StreamingResponse:
    messages = build_messages(question.prompt, system="You answer briefly.")
    answer = relay(messages, dialect=dialect, error_context="ask", on_complete=save)
    return StreamingResponse(answer, headers=answer.headers)


if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    # Seconds that open streams are given when the server stops; without it, for ever.
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")), timeout_graceful_shutdown=5)
