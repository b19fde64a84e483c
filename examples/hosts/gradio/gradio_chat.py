"""A chat in Gradio. Stop and a closed tab end the answer at once, also of a silent model.

    pip install 'suggestions-sdk[playground]' gradio
    python examples/hosts/gradio/gradio_chat.py

`OPENAI_API_KEY`, `OPENAI_BASE_URL` and `AI_MODEL_NAME` name the service; without a key, it asks the
playground, a model on this machine.
"""

import os

import gradio

from suggestions import SuggestionsEventSource
from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground

dialect = "openai"
sources = {}  # the answer that is under way in each tab


def respond(message, history, request: gradio.Request):
    messages = [{"role": said["role"], "content": said["content"]} for said in history]
    messages.append({"role": "user", "content": message})
    with SuggestionsEventSource(messages, dialect=dialect) as source:
        sources[request.session_hash] = source
        try:
            # Gradio closes this generator at a `yield`: reach one also if no text has come.
            while not source.wait(0.1):
                yield source.full_message
            yield source.full_message
        finally:
            sources.pop(request.session_hash, None)
        if source.error is not None:
            raise gradio.Error(source.error.message)


def stop(request: gradio.Request):
    # Sooner than Gradio, which looks for Stop every 50 ms.
    if request.session_hash in sources:
        sources[request.session_hash].close()


if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    with gradio.ChatInterface(respond) as chat:
        chat.textbox.stop(stop, queue=False)
    chat.launch(server_port=int(os.environ.get("PORT", "7860")))
