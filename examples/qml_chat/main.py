"""A chat in QML on `qt_conversation`, with a tool that asks before it runs.

It asks the playground, a model on this machine: no key, no network.

    pip install 'suggestions-sdk[playground]' PyQt6
    python examples/qml_chat/main.py
"""

from pathlib import Path

try:
    from PyQt6.QtGui import QGuiApplication
    from PyQt6.QtQml import QQmlApplicationEngine
except ModuleNotFoundError:
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtQml import QQmlApplicationEngine

from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground
from suggestions.toolkits import qt_conversation


def get_weather(city: str) -> str:
    """The weather in a city now."""
    return f"It is {len(city)} degrees in {city}."


def load(engine, chat) -> None:
    """Shows the chat in the window of Main.qml."""
    engine.setInitialProperties({"chat": chat})
    engine.load(str(Path(__file__).with_name("Main.qml")))


if __name__ == "__main__":
    with Playground() as playground:
        app = QGuiApplication([])
        dialect = OpenAI(playground.openai_url)
        chat = qt_conversation(app, dialect=dialect, tools=[get_weather], approve=[get_weather])
        engine = QQmlApplicationEngine()
        load(engine, chat)
        chat.send("Get weather for Paris")
        app.exec()
        del engine  # before the chat that it shows
