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
from suggestions.errors import SuggestionsError
from suggestions.playground import Playground

dialect = "openai"


def respond(message, history):
    messages = [{"role": said["role"], "content": said["content"]} for said in history]
    messages.append({"role": "user", "content": message})
    with SuggestionsEventSource(messages, dialect=dialect) as source:
        try:
            # Gradio closes this generator at a `yield`: reach one also if no text has come.
            while not source.wait(0.03):
                yield source.full_message
            yield source.result()
        except SuggestionsError as error:
            raise gradio.Error(error.message) from None


if __name__ == "__main__":
    if not os.environ.get("OPENAI_API_KEY"):
        dialect = OpenAI(Playground().start().openai_url, "any-key", "playground")
    gradio.ChatInterface(respond).launch(server_port=int(os.environ.get("PORT", "7860")))
