"""The model calls functions: the weather, and a calculator.

    pip install 'suggestions-sdk[playground]'
    python examples/tools.py

It asks the playground, a model on this machine: no key, no network.
"""

from typing import Literal

from suggestions import run_tools
from suggestions.dialects.openai import OpenAI
from suggestions.playground import Playground


def get_weather(city: str) -> dict[str, object]:
    """The weather in a city now."""
    return {"city": city, "degrees": 18}


def calculate(first: float, operator: Literal["+", "*"], second: float) -> float:
    """The result of a calculation."""
    return first + second if operator == "+" else first * second


with Playground() as playground:
    dialect = OpenAI(playground.openai_url, "any-key", "playground")
    messages = [{"role": "user", "content": 'Get weather for "Paris", and calculate 21 + 21.'}]
    run_tools(messages, [get_weather, calculate], dialect=dialect)
for message in messages:
    print(f"{message['role']}: {message['content'] or message['tool_calls']}")
