"""Asks each of OpenAI's relatives, and lets "auto" find out which it is.

    pip install 'suggestions-sdk[playground]'
    python examples/relatives.py

They are those of the playground, a model on this machine: no key, no network.
"""

from suggestions import SuggestionsEventSource
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground

QUESTION = "What is 17 + 25?"


def main() -> None:
    with Playground(pace=0.005) as playground:
        for dialect in (
            OpenAI(playground.openai_url, "any-key", "playground"),
            Responses(playground.responses_url, "any-key", "playground"),
            Anthropic(playground.anthropic_url, "any-key", "playground", max_tokens=1000),
            Ollama(playground.ollama_url, model="playground"),
        ):
            source = SuggestionsEventSource(QUESTION, dialect=dialect)
            print(f"{dialect.name}: {source.result()}\n")

        source = SuggestionsEventSource(
            QUESTION,
            url=f"{playground.ollama_url}/api/chat",
            dialect="auto",
            options={"model": "playground"},
            on={"open": lambda source, event: print(f"auto chose {event.detail.dialect}")},
        )
        source.wait()


if __name__ == "__main__":
    main()
