"""A GTK 4 window that shows an answer while it is being written; Stop ends it at once.

    /usr/bin/python3 examples/gtk_window.py

Debian has GTK as python3-gi and gir1.2-gtk-4.0. It asks the playground, a model on this
machine: no key, no network.
"""

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gtk  # noqa: E402

from suggestions import SuggestionsEventSource  # noqa: E402
from suggestions.playground import Playground  # noqa: E402
from suggestions.toolkits import glib  # noqa: E402


class Window(Gtk.ApplicationWindow):
    def __init__(self, application, url):
        super().__init__(application=application, title="Suggestions")
        self.set_default_size(520, 320)
        self.url = url
        self.source = None

        self.question = Gtk.Entry(text="Who won the world cup in 2022?", hexpand=True)
        self.question.connect("activate", self.ask)
        self.button = Gtk.Button(label="Ask")
        self.button.connect("clicked", self.ask_or_stop)
        self.answer = Gtk.Label(wrap=True, selectable=True, xalign=0, yalign=0, vexpand=True)
        scrolled = Gtk.ScrolledWindow()
        scrolled.set_child(self.answer)

        grid = Gtk.Grid(row_spacing=12, column_spacing=12)
        for side in ("top", "bottom", "start", "end"):
            grid.set_property(f"margin-{side}", 12)
        grid.attach(self.question, 0, 0, 1, 1)
        grid.attach(self.button, 1, 0, 1, 1)
        grid.attach(scrolled, 0, 1, 2, 1)
        self.set_child(grid)
        self.connect("close-request", self.stop)

    def ask_or_stop(self, button):
        if self.source and self.source.state in ("requesting", "suggesting"):
            self.stop()
        else:
            self.ask()

    def ask(self, *_):
        self.stop()
        self.button.set_label("Stop")
        self.source = SuggestionsEventSource(
            self.question.get_text(),
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=glib(),  # handlers run on this thread, which may change widgets
            throttle=1 / 30,  # as often as the eye can see
            on={"suggestion": self.show, "error": self.fail, "end": self.rest},
        )

    def stop(self, *_):
        if self.source:
            self.source.close()

    def show(self, source, event):
        self.answer.set_text(event.detail)

    def fail(self, source, event):
        self.answer.set_text(event.detail.message)

    def rest(self, source, event):
        if source is self.source:
            self.button.set_label("Ask")


with Playground() as playground:
    application = Gtk.Application()
    application.connect("activate", lambda app: Window(app, playground.jetpack_url).present())
    application.run()
