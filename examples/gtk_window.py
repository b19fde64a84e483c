"""A GTK 4 window that shows an answer while it is being written. Enter asks, Esc stops.

    apt install python3-gi gir1.2-gtk-4.0    # GTK, on Debian
    python3 -m venv --system-site-packages venv
    venv/bin/pip install 'suggestions-sdk[playground]'
    venv/bin/python examples/gtk_window.py

It asks the playground, a model on this machine: no key, no network.
"""

import gi

gi.require_version("Gtk", "4.0")
from gi.repository import Gtk  # noqa: E402

from suggestions import SuggestionsEventSource  # noqa: E402
from suggestions.playground import Playground  # noqa: E402
from suggestions.toolkits import glib  # noqa: E402

KEYS = "Enter asks, Esc stops."


class Window(Gtk.ApplicationWindow):
    def __init__(self, application, url):
        super().__init__(application=application, title="Suggestions")
        self.set_default_size(520, 320)
        self.url = url
        self.source = None
        self.follows = True

        self.question = Gtk.Entry(text="Who won the world cup in 2022?", hexpand=True)
        self.question.connect("activate", self.ask)
        self.button = Gtk.Button(label="Ask")
        self.button.connect("clicked", self.ask_or_stop)
        self.answer = Gtk.TextView(editable=False, cursor_visible=False, vexpand=True)
        self.answer.set_wrap_mode(Gtk.WrapMode.WORD_CHAR)
        scrolled = Gtk.ScrolledWindow(child=self.answer)
        self.scroll = scrolled.get_vadjustment()
        self.scroll.connect("value-changed", self.note_scrolling)
        self.scroll.connect("changed", self.follow)
        self.status = Gtk.Label(label=KEYS, xalign=0, wrap=True, selectable=True)

        grid = Gtk.Grid(row_spacing=12, column_spacing=12)
        for side in ("top", "bottom", "start", "end"):
            grid.set_property(f"margin-{side}", 12)
        grid.attach(self.question, 0, 0, 1, 1)
        grid.attach(self.button, 1, 0, 1, 1)
        grid.attach(scrolled, 0, 1, 2, 1)
        grid.attach(self.status, 0, 2, 2, 1)
        self.set_child(grid)
        self.question.grab_focus()

        keys = Gtk.ShortcutController(scope=Gtk.ShortcutScope.GLOBAL)
        trigger = Gtk.ShortcutTrigger.parse_string("Escape")
        keys.add_shortcut(Gtk.Shortcut.new(trigger, Gtk.CallbackAction.new(self.stop)))
        self.add_controller(keys)
        self.connect("close-request", self.stop)

    def ask_or_stop(self, button):
        if self.source and self.source.state in ("requesting", "suggesting"):
            self.stop()
        else:
            self.ask()

    def ask(self, *_):
        self.stop()
        self.answer.get_buffer().set_text("")
        self.follows = True
        self.button.set_label("Stop")
        self.status.set_text(f"Answering … {KEYS}")
        self.source = SuggestionsEventSource(
            self.question.get_text(),
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=glib(),  # handlers run on this thread, which may change widgets
            on={"chunk": self.append, "end": self.rest},
        )

    def stop(self, *_):
        if self.source:
            self.source.close()

    def append(self, source, event):
        if source is self.source:  # no other question has been asked since
            text = self.answer.get_buffer()
            text.insert(text.get_end_iter(), event.detail)

    def note_scrolling(self, scroll):
        self.follows = scroll.get_value() + scroll.get_page_size() >= scroll.get_upper() - 1

    def follow(self, scroll):
        """The text has grown."""
        if self.follows:
            scroll.set_value(scroll.get_upper() - scroll.get_page_size())

    def rest(self, source, event):
        if source is self.source:
            self.button.set_label("Ask")
            outcome = source.error.message if source.error else f"{source.state.capitalize()}."
            self.status.set_text(f"{outcome} {KEYS}")


with Playground() as playground:
    application = Gtk.Application()
    application.connect("activate", lambda app: Window(app, playground.jetpack_url).present())
    application.run()
