"""The smallest program: one question, and its answer while it is being written.

It asks the playground, a model on this machine: no key, no network.

    pip install 'suggestions-sdk[playground]'
    python examples/quickstart.py
"""

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground

with Playground() as playground:
    source = SuggestionsEventSource(
        question="Who won the world cup in 2022?",
        token="your_token_here",
        url=playground.jetpack_url,  # without it, Jetpack AI is asked
    )
    source.connect("chunk", lambda source, event: print(event.detail, end="", flush=True))
    source.connect("done", lambda source, event: print(f"\n\n{len(event.detail)} characters"))
    source.connect("error", lambda source, event: print(f"\n\n{event.detail.message}"))
    source.wait()
