"""A Textual app that shows an answer while it is being written; Escape ends it at once.

    pip install 'suggestions-sdk[playground]' textual
    python examples/textual_app.py

It asks the playground, a model on this machine: no key, no network.
"""

from markdown_it import MarkdownIt  # comes with Textual
from textual.app import App
from textual.containers import VerticalScroll
from textual.widgets import Footer, Header, Input, Markdown

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import textual


class SuggestionsApp(App):
    TITLE = "Suggestions"
    BINDINGS = [("escape", "stop", "Stop"), ("ctrl+q", "quit", "Quit")]
    CSS = "VerticalScroll { padding: 1 2; }"
    source = None

    def __init__(self, url):
        super().__init__()
        self.url = url

    def compose(self):
        yield Header()
        yield Input("Who won the world cup in 2022?")
        with VerticalScroll():
            # Tags are text: without this, List<int> is shown as List.
            yield Markdown(parser_factory=lambda: MarkdownIt("gfm-like", {"html": False}))
        yield Footer()

    def on_input_submitted(self, event):
        self.action_stop()
        self.source = SuggestionsEventSource(
            event.value,
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=textual(self),  # handlers run in the app, which may change widgets
            throttle=1 / 15,  # Markdown is parsed anew each time
            on={"suggestion": self.show, "error": self.fail, "end": self.rest},
        )
        self.sub_title = "is writing"

    def action_stop(self):
        if self.source:
            self.source.close()

    def show(self, source, event):
        self.query_one(Markdown).update(event.detail)
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def fail(self, source, event):
        self.notify(event.detail.message, severity="error", markup=False)

    def rest(self, source, event):
        if source is self.source:
            self.sub_title = source.state


if __name__ == "__main__":
    with Playground() as playground:
        SuggestionsApp(playground.jetpack_url).run()
