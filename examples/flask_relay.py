"""A backend that passes a model's answer on to browsers, with Flask.

    pip install "suggestions-sdk[playground]"
    python examples/flask_relay.py
    curl -N localhost:8000/ask -H 'Content-Type: application/json' -d '{"prompt": "A haiku"}'

`OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME` name the service; without a key, it asks the
playground, a model on this machine.
"""

import os

from flask import Flask, request

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.relay import BadRequest, bad_request, build_messages, json_object, relay

app = Flask(__name__)
app.register_error_handler(BadRequest, bad_request)  # status 400, and what is wrong
dialect = None


def save(text):
    print(f"an answer of {len(text)} characters")


@app.post("/ask")
def ask():
    prompt = json_object(request.data).get("prompt")
    messages = build_messages(prompt, system="You answer briefly.")
    return relay(messages, dialect=dialect, error_context="ask", on_complete=save)


if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    app.run(port=int(os.environ.get("PORT", "8000")))
