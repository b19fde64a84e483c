"""`ChatPanel`: a whole chat."""

from __future__ import annotations

import tkinter
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tkinter import filedialog, ttk
from typing import Any

from ...conversation.chat_message import ChatMessage
from ...conversation.conversation import Conversation
from .._conversation import check_conversation
from .._words import conversation_text
from ._message_list import MessageList
from ._question import QuestionEdit

_NO_DISPATCH = (
    "the conversation would call the panel on another thread: "
    "write Conversation(..., dispatch=tk(root)), with tk from suggestions.toolkits"
)
_WRONG = (ValueError, TypeError, RuntimeError, OSError)
"""What a command of a conversation raises."""


class _Listener:
    """Calls a panel for what happens in its conversation. Neither keeps the other alive."""

    def __init__(self, panel: ChatPanel, chat: Conversation) -> None:
        self._panel = weakref.ref(panel)
        self._chat = chat
        chat.connect("change", self._on_change)
        chat.connect("status", self._on_status)

    def end(self) -> None:
        self._chat.disconnect("change", self._on_change)
        self._chat.disconnect("status", self._on_status)

    def _on_change(self, chat: Conversation, event: Any) -> None:
        panel = self._panel()
        if panel is not None:
            panel.messages.apply(event.detail)
            # A status that came and went before it was reported has no event.
            panel.show_status()

    def _on_status(self, chat: Conversation, event: Any) -> None:
        panel = self._panel()
        if panel is not None:
            panel.show_status()


class ChatPanel(ttk.Frame):
    """Shows a `Conversation`, and gives it the person's commands.

    - `conversation`: made with `dispatch=tk(root)`. It stays the program's, which closes it.
      Setting it shows another one, even in mid-answer.
    - `open_link`: if it is set, it is called with the address of a link that was activated.
      Without it, a browser opens addresses of the web and of mail.
    - `messages.text` and `field`: the `tkinter.Text` of the messages, and that of the question.

    Raises `TypeError` if `conversation` is not a `Conversation`, and `ValueError` if it would call
    the panel on another thread.
    """

    __module__ = __name__.rpartition("._")[0]

    def __init__(
        self, parent: tkinter.Misc | None, conversation: Conversation, **options: Any
    ) -> None:
        _check(conversation)
        super().__init__(parent, **options)
        self._images: list[str] = []
        self._edited: ChatMessage | None = None
        self._draft = ""
        self._listener: _Listener | None = None
        self.messages = MessageList(self, self._command)
        self._notice = ttk.Label(self, padding=(10, 2), anchor="w", foreground="#b3261e")
        self._above = ttk.Frame(self, padding=(8, 2))
        bottom = ttk.Frame(self, padding=8)
        self.field = QuestionEdit(bottom, send=self._send, stop=self._stop, edit=self._edit_last)
        self._button = ttk.Button(bottom, text="Send", width=6, command=self._press)
        self._button.bind("<Return>", lambda event: self._press())
        self._attach = ttk.Button(bottom, text="+", width=2, command=self._choose_images)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.messages.grid(row=0, column=0, sticky="nsew")
        bottom.grid(row=3, column=0, sticky="ew")
        bottom.columnconfigure(1, weight=1)
        self.field.grid(row=0, column=1, sticky="ew")
        self._button.grid(row=0, column=2, sticky="se", padx=(6, 0))
        self._color_field()
        self.messages.text.bind("<Escape>", lambda event: self._stop())
        self.bind("<<ThemeChanged>>", self._on_theme, add="+")
        self.bind("<Destroy>", self._on_destroyed, add="+")
        self.conversation = conversation

    @property
    def open_link(self) -> Callable[[str], object] | None:
        return self.messages.open_link

    @open_link.setter
    def open_link(self, call: Callable[[str], object] | None) -> None:
        self.messages.open_link = call

    @property
    def conversation(self) -> Conversation:
        return self._chat

    @conversation.setter
    def conversation(self, chat: Conversation) -> None:
        _check(chat)
        if self._listener is not None:
            self._listener.end()
        self._chat = chat
        self._listener = _Listener(self, chat)
        self._cancel_editing()
        self._images.clear()
        self.messages.show_all(chat.messages, self._is_busy())
        self.show_status()
        self._show_above()

    def _is_busy(self) -> bool:
        return self._chat.status not in ("ready", "error")

    def show_status(self) -> None:
        """Called when the status of the conversation has changed."""
        is_busy = self._is_busy()
        self._button.configure(text="Stop" if is_busy else "Send")
        self.messages.set_busy(is_busy)

    # Commands

    def _run(self, call: Callable[..., object], *arguments: Any) -> bool:
        """Runs a command. If it raises, the error is shown, and the text stays in the field."""
        try:
            call(*arguments)
        except _WRONG as error:
            self._notice.configure(text=str(error), wraplength=max(200, self.winfo_width() - 20))
            self._notice.grid(row=1, column=0, sticky="ew")
            return False
        finally:  # a conversation that was closed does not report it; the button may go, so later
            self.messages.timers.begin("status", 0, self.show_status)
        self._notice.grid_remove()
        return True

    def _press(self) -> None:
        if self.messages.is_busy:
            self._stop()
        else:
            self._send()

    def _send(self) -> None:
        text = self.field.content
        if self._edited is not None:
            is_sent = self._run(self._chat.edit, self._edited, text)
        else:
            is_sent = self._run(self._chat.send, text, list(self._images))
        if is_sent and self._edited is not None:
            self._cancel_editing()
        elif is_sent:
            self.field.content = ""
            self._images.clear()
            self._show_above()
        if is_sent:
            self.messages.go_to_end()

    def _stop(self) -> None:
        if self.messages.is_busy:
            self._run(self._chat.stop)
        else:
            self._cancel_editing()

    def _command(self, name: str, message: ChatMessage) -> None:
        chat = self._chat
        if name == "Copy":
            self.messages.copy(message.text)
        elif name == "Copy conversation":
            self.messages.copy(conversation_text(chat.messages, str))
        elif name == "Edit":
            self._edit(message)
        elif name == "Regenerate":
            self._run(chat.regenerate)
        elif name == "Retry":
            self._run(chat.retry)
        elif name == "Allow":
            self._run(chat.approve, message)
        elif name == "Refuse":
            self._run(chat.refuse, message)

    def _edit_last(self) -> None:
        asked = [message for message in self._chat.messages if message.role == "user"]
        if asked:
            self._edit(asked[-1])

    def _edit(self, message: ChatMessage) -> None:
        """Until it is sent or cancelled; what was in the field comes back then."""
        if self._edited is None:
            self._draft = self.field.content
        self.field.content = message.text
        self._edited = message
        self.field.focus_set()
        self._show_above()

    def _cancel_editing(self) -> None:
        if self._edited is not None:
            self._edited = None
            self.field.content, self._draft = self._draft, ""
            self._show_above()

    # Above the field: what is edited, what is attached

    def _choose_images(self) -> None:
        kinds = [("Images", "*.png *.jpg *.jpeg *.gif *.webp"), ("All files", "*")]
        self._images += filedialog.askopenfilenames(parent=self, filetypes=kinds)
        self._show_above()

    def _remove_image(self, path: str) -> None:
        self._images.remove(path)
        self._show_above()

    def _show_above(self) -> None:
        for child in self._above.winfo_children():
            child.destroy()
        shown = [] if self._edited is not None else self._images
        if self._edited is not None:
            ttk.Label(self._above, text="Editing").pack(side="left")
            cancel = ttk.Button(self._above, text="Cancel", command=self._cancel_editing)
            cancel.pack(side="left", padx=6)
        for path in shown:
            label = f"{Path(path).name[-24:]} ✕"
            remove = partial(self._remove_image, path)
            ttk.Button(self._above, text=label, command=remove).pack(anchor="w")
        if shown or self._edited is not None:
            self._above.grid(row=2, column=0, sticky="ew")
        else:
            self._above.grid_remove()
        # The images of a message stay as they are.
        if self._chat.takes_images and self._edited is None:
            self._attach.grid(row=0, column=0, sticky="sw", padx=(0, 6))
        else:
            self._attach.grid_remove()

    def _on_theme(self, event: object) -> None:
        # The messages, too, are about to take its colors.
        self.messages.timers.begin("field", 1, self._color_field)

    def _color_field(self) -> None:
        text = self.messages.text
        same = ("background", "foreground", "insertbackground", "selectbackground", "font")
        self.field.configure({option: text.cget(option) for option in same})
        muted = self.messages.looks.line
        self.field.configure(
            highlightbackground=muted, highlightcolor=text.cget("selectbackground")
        )

    def _on_destroyed(self, event: Any) -> None:
        if event.widget is self and self._listener is not None:
            self._listener.end()
            self._listener = None


def _check(chat: Conversation) -> None:
    check_conversation(chat)
    host = chat._delivery.host
    if host is None or not host.runs_here():
        raise ValueError(_NO_DISPATCH)
