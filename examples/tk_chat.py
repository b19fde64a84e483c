"""A chat in a window of Tk, with a tool that asks first, kept in the file tk_chat.json.

It asks the playground, a model on this machine: no key, no network.

    pip install 'suggestions-sdk[playground]'
    python examples/tk_chat.py
"""

import tkinter
from pathlib import Path

from suggestions import Conversation
from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.toolkits import tk
from suggestions.views.tk import ChatPanel


def get_weather(city: str) -> dict[str, int]:
    """The weather in a city now."""
    return {"degrees": 18}


if __name__ == "__main__":
    with Playground() as playground:
        root, file = tkinter.Tk(), Path("tk_chat.json")
        saved = file.read_text("utf-8") if file.exists() else Conversation().to_json()
        dialect = OpenAI(playground.openai_url)
        given = {"tools": [get_weather], "approve": [get_weather], "dispatch": tk(root)}
        chat = Conversation.from_json(saved, dialect=dialect, **given)
        ChatPanel(root, chat).pack(fill="both", expand=True)
        root.mainloop()
        file.write_text(chat.to_json(), "utf-8")
