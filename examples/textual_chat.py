"""A chat in Textual, with a tool that asks first. What was said is saved in textual_chat.json.

    pip install 'suggestions-sdk[playground]' textual
    python examples/textual_chat.py

It asks the playground, a model on this machine: no key, no network.
"""

from pathlib import Path

from textual.app import App
from textual.widgets import Footer

from suggestions import Conversation
from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.toolkits import textual
from suggestions.views.textual import ChatPanel


def get_weather(city: str) -> dict[str, int]:
    """The weather in a city now."""
    return {"degrees": 18}


class ChatApp(App):
    def __init__(self, saved, url):
        super().__init__()
        given = {"tools": [get_weather], "approve": [get_weather], "dispatch": textual(self)}
        self.chat = Conversation.from_json(saved, dialect=OpenAI(url), **given)

    def compose(self):
        return [ChatPanel(self.chat), Footer()]


if __name__ == "__main__":
    with Playground() as playground:
        file = Path("textual_chat.json")
        saved = file.read_text("utf-8") if file.exists() else Conversation().to_json()
        app = ChatApp(saved, playground.openai_url)
        app.run()
        file.write_text(app.chat.to_json(), "utf-8")
