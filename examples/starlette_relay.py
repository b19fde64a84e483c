"""A backend that passes a model's answer on to browsers, with Starlette.

    pip install "suggestions-sdk[playground]" starlette uvicorn
    python examples/starlette_relay.py
    curl -N localhost:8000/ask -H 'Content-Type: application/json' -d '{"prompt": "A haiku"}'

`OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME` name the service; without a key, it asks the
playground, a model on this machine.
"""

import os

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import BadRequest, bad_request, build_messages, json_object, relay

dialect = None


async def save(text):
    print(f"an answer of {len(text)} characters")


async def ask(request):
    prompt = json_object(await request.body()).get("prompt")
    messages = build_messages(prompt, system="You answer briefly.")
    return relay(messages, dialect=dialect, error_context="ask", on_complete=save)


app = Starlette(
    routes=[Route("/ask", ask, methods=["POST"])],
    exception_handlers={BadRequest: bad_request},  # status 400, and what is wrong
)

if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    # Seconds that open streams are given when the server stops; without it, for ever.
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")), timeout_graceful_shutdown=5)
