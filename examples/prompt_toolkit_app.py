"""A full-screen prompt_toolkit program that shows an answer while it is being written.

Enter asks, Esc stops, Ctrl-Q quits. Tab goes to the answer, where the arrows and Page Up scroll,
and Shift with the arrows selects; at its end, the answer is followed.

    pip install 'suggestions-sdk[playground]' prompt_toolkit
    python examples/prompt_toolkit_app.py

It asks the playground, a model on this machine: no key, no network.
"""

from prompt_toolkit.application import Application
from prompt_toolkit.document import Document
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings.focus import focus_next
from prompt_toolkit.layout import HSplit, Layout
from prompt_toolkit.widgets import HorizontalLine, Label, TextArea

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import prompt_toolkit

KEYS = "Enter asks, Esc stops, Tab goes to the answer and back, Ctrl-Q quits."


def make_app(url, **options):
    sources = []
    answer = TextArea(read_only=True, scrollbar=True)
    status = Label(KEYS)

    def ask(buffer):
        stop()
        answer.text = ""
        status.text = f"Answering … {KEYS}"
        source = SuggestionsEventSource(
            buffer.text,
            token="your_token_here",
            url=url,  # without it, Jetpack AI is asked
            dispatch=prompt_toolkit(app),  # handlers run here, and it is drawn anew after them
            on={"chunk": append, "end": rest},
        )
        sources[:] = [source]
        return True  # keeps the question

    def stop(event=None):
        for source in sources:
            source.close()

    def append(source, event):
        if source not in sources:
            return  # another question has been asked since
        buffer, before = answer.buffer, answer.document
        follows = before.is_cursor_at_the_end and not before.selection
        place = None if follows else before.cursor_position  # None is the end
        grown = Document(before.text + event.detail, place)
        buffer.set_document(grown, bypass_readonly=True)
        buffer.selection_state = before.selection

    def rest(source, event):
        if source in sources:
            outcome = source.error.message if source.error else f"{source.state.capitalize()}."
            status.text = f"{outcome} {KEYS}"

    keys = KeyBindings()
    keys.add("escape", eager=True)(stop)
    keys.add("tab")(focus_next)
    keys.add("c-q")(lambda event: event.app.exit())
    question = TextArea(
        "Who won the world cup in 2022?", height=1, multiline=False, accept_handler=ask
    )
    app = Application(
        layout=Layout(HSplit([question, HorizontalLine(), answer, status])),
        key_bindings=keys,
        full_screen=True,
        **options,
    )
    return app


if __name__ == "__main__":
    with Playground() as playground:
        make_app(playground.jetpack_url).run()
