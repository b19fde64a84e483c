"""A full-screen prompt_toolkit program: Enter asks, Escape stops the answer, Ctrl-Q quits.

    pip install prompt_toolkit && python examples/prompt_toolkit_app.py

It asks the playground, a model on this machine: no key, no network.
"""

from prompt_toolkit.application import Application
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import HSplit, Layout
from prompt_toolkit.widgets import HorizontalLine, TextArea

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import prompt_toolkit


def make_app(url, **options):
    sources = []
    answer = TextArea(read_only=True, focusable=False)

    def ask(buffer):
        stop()
        source = SuggestionsEventSource(
            buffer.text,
            token="your_token_here",
            url=url,  # without it, Jetpack AI is asked
            dispatch=prompt_toolkit(app),  # handlers run here, and it is drawn anew after them
            throttle=1 / 30,  # as often as the eye can see
            on={"suggestion": show, "error": fail},
        )
        sources.append(source)
        return True  # keeps the question

    def stop(event=None):
        while sources:
            sources.pop().close()

    def show(source, event):
        answer.text = event.detail

    def fail(source, event):
        answer.text = event.detail.message

    keys = KeyBindings()
    keys.add("escape", eager=True)(stop)
    keys.add("c-q")(lambda event: event.app.exit())
    question = TextArea(
        "Who won the world cup in 2022?", height=1, multiline=False, accept_handler=ask
    )
    app = Application(
        layout=Layout(HSplit([question, HorizontalLine(), answer])),
        key_bindings=keys,
        full_screen=True,
        **options,
    )
    return app


if __name__ == "__main__":
    with Playground() as playground:
        make_app(playground.jetpack_url).run()
