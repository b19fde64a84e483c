"""A window of Tk that shows an answer while it is being written. Enter asks, Esc stops.

It asks the playground, a model on this machine: no key, no network.

    pip install 'suggestions-sdk[playground]'
    python examples/tk_window.py
"""

import tkinter
from tkinter import ttk
from tkinter.scrolledtext import ScrolledText

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground
from suggestions.toolkits import tk

KEYS = "Enter asks, Esc stops."


class Window(tkinter.Tk):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.title("suggestions with Tk")
        self.geometry("640x340")
        ttk.Style(self).theme_use("clam")
        self.config(background=ttk.Style(self).lookup("TFrame", "background"))
        self.url = url
        self.source: SuggestionsEventSource | None = None
        top = ttk.Frame(self, padding=12)
        top.pack(fill="x")
        self.question = ttk.Entry(top, font="TkDefaultFont 11")
        self.question.insert(0, "Who won the world cup in 2022?")
        self.question.pack(side="left", fill="x", expand=True, ipady=3)
        self.question.focus()
        self.question.bind("<Return>", lambda event: self.ask())
        self.bind("<Escape>", lambda event: self.stop())
        self.button = ttk.Button(top, text="Ask", command=self.ask)
        self.button.pack(side="left", padx=(8, 0))
        self.status = ttk.Label(self, padding=(12, 6), text=KEYS)
        self.status.pack(side="bottom", fill="x")
        self.text = ScrolledText(
            self, wrap="word", font="TkDefaultFont 12", relief="flat", padx=12, pady=10, spacing2=4
        )
        self.text.config(state="disabled")  # it is read, selected and copied, and not edited
        self.text.bind("<Button-1>", lambda event: self.text.focus())  # for its keys
        self.text.pack(fill="both", expand=True, padx=12)

    def ask(self) -> None:
        if self.source is not None:
            self.source.close()
        self.change_text("delete", "1.0", "end")
        self.button.config(text="Stop", command=self.stop)
        self.status.config(text=f"Answering … {KEYS}")
        self.source = SuggestionsEventSource(
            self.question.get(),
            token="your_token_here",
            url=self.url,  # without it, Jetpack AI is asked
            dispatch=tk(self),  # handlers run in the main loop; the answer ends with the window
            on={"chunk": self.append, "end": self.rest},
        )

    def stop(self) -> None:
        if self.source is not None:
            self.source.close()

    def append(self, source: SuggestionsEventSource, event) -> None:
        if source is self.source:  # no other question has been asked since
            follows = self.text.yview()[1] == 1.0
            self.change_text("insert", "end", event.detail)
            if follows:
                self.text.see("end")

    def change_text(self, command: str, *given: str) -> None:
        self.text.config(state="normal")
        getattr(self.text, command)(*given)
        self.text.config(state="disabled")

    def rest(self, source: SuggestionsEventSource, event) -> None:
        if source is self.source:
            self.button.config(text="Ask", command=self.ask)
            outcome = source.error.message if source.error else f"{source.state.capitalize()}."
            self.status.config(text=f"{outcome} {KEYS}")


if __name__ == "__main__":
    with Playground() as playground:
        window = Window(playground.jetpack_url)
        window.ask()
        window.mainloop()
