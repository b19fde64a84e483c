"""`qt_conversation`: a `Conversation` as a list model of Qt, for QML and for widgets."""

# The binding, and so the base class, is known only when the object is made.
# mypy: disallow-untyped-decorators=False, disallow-subclassing-any=False

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from .._util.secret import hide_arguments
from ..conversation.chat_message import ChatChange, ChatMessage
from ..conversation.conversation import Conversation
from ._qt import find_binding, qt
from ._qt_suggester import weakly


def qt_conversation(parent: Any = None, **arguments: Any) -> Any:
    """A `QAbstractListModel` of the binding that `parent` belongs to, or else that the application
    uses, with a row for each message of a `Conversation`, whose arguments are `arguments`.

    - Roles, by their names in QML: `messageId`, `role`, `text` (also Qt's display role), `status`,
      `error` (its message, or ""), `reasoning`, `modelName`, `images` (a list of addresses),
      `toolName` and `toolArguments` (JSON) of a tool's message, and `isLast`.
    - Properties `status`, `busy`, `count`, and `errorMessage`: why the newest answer or command
      failed, or "". Each has a signal, such as `statusChanged`, that carries the new value.
    - Slots `send(text)`, `stop()`, `regenerate()`, `retry()`, `edit(messageId, text)`, `clear()`,
      `approve(messageId)`, `refuse(messageId)`: the commands of `Conversation`; from Python, they
      take images and options too. An empty text is ignored. What a command would raise becomes
      `errorMessage`.
    - Slots `toJson()`, which returns the conversation as a text, and `load(text)`, which puts a
      saved one in the place of this one and returns whether it could.
    - Attribute `conversation`: the `Conversation` that it shows; after `load`, another one.

    A view is notified of the rows and roles that have changed, and of nothing else. Signals are
    sent on the application's thread, and commands have to come from there. When the object is
    deleted, its conversation closes. Raises `RuntimeError` if there is no `QCoreApplication` yet,
    and what `Conversation` raises.
    """
    return _make_class(find_binding(parent))(parent, hide_arguments(arguments))


def _images_of(message: ChatMessage) -> list[str]:
    shown = [part.get("image_url") for part in message.parts]
    return [each["url"] for each in shown if isinstance(each, Mapping) and "url" in each]


def _call_of(message: ChatMessage, field: str) -> str:
    is_tools = message.role == "tool" and message.tool_calls
    return str(getattr(message.tool_calls[0], field)) if is_tools else ""


_VALUES: dict[str, Callable[[ChatMessage], Any]] = {
    "messageId": lambda message: message.id,
    "role": lambda message: message.role,
    "text": lambda message: message.text,
    "status": lambda message: message.status,
    "error": lambda message: message.error.message if message.error else "",
    "reasoning": lambda message: message.reasoning,
    "modelName": lambda message: message.model or "",  # `model` is a name of QML's own
    "images": _images_of,
    "toolName": lambda message: _call_of(message, "name"),
    "toolArguments": lambda message: _call_of(message, "arguments"),
}
"""The roles that come of the message alone; `isLast` is the row's."""


@cache
def _make_class(binding: str) -> Any:
    core: Any = sys.modules[f"{binding}.QtCore"]
    prefix = "pyqt" if binding.startswith("PyQt") else ""
    signal, slot, prop = (getattr(core, prefix + name) for name in ("Signal", "Slot", "Property"))
    no_index = core.QModelIndex()
    display = int(core.Qt.ItemDataRole.DisplayRole)
    first = int(core.Qt.ItemDataRole.UserRole) + 1
    names = dict(enumerate((*_VALUES, "isLast"), first))
    numbers = {name: number for number, name in names.items()}

    class QtConversation(core.QAbstractListModel):
        statusChanged = signal(str)
        busyChanged = signal(bool)
        countChanged = signal(int)
        errorMessageChanged = signal(str)

        def __init__(self, parent: Any, arguments: dict[str, Any]) -> None:
            super().__init__(parent)
            self._arguments, self._dispatch = arguments, qt(self)
            self._rows: list[ChatMessage] = []
            self._failure = ""  # of the newest command
            self._shown: tuple[Any, ...] = ("ready", False, 0, "")
            self.conversation = Conversation(dispatch=self._dispatch, **arguments)
            self._listen()

        # The model

        def rowCount(self, parent: Any = no_index) -> int:
            return 0 if parent.isValid() else len(self._rows)

        def roleNames(self) -> dict[int, Any]:
            return {number: core.QByteArray(name.encode()) for number, name in names.items()}

        def data(self, index: Any, role: int = display) -> Any:
            row, last = index.row(), len(self._rows) - 1
            name = "text" if role == display else names.get(role)
            if name is None or not 0 <= row <= last:
                return None
            return row == last if name == "isLast" else _VALUES[name](self._rows[row])

        @prop(str, notify=statusChanged)
        def status(self) -> str:
            return str(self._shown[0])

        @prop(bool, notify=busyChanged)
        def busy(self) -> bool:
            return bool(self._shown[1])

        @prop(int, notify=countChanged)
        def count(self) -> int:
            return int(self._shown[2])

        @prop(str, notify=errorMessageChanged)
        def errorMessage(self) -> str:
            return str(self._shown[3])

        # Commands

        @slot(str)
        def send(self, text: str, images: Iterable[Any] = (), **options: Any) -> None:
            if not _is_empty(text) or images:
                self._command("send", text, images, **options)

        @slot()
        def stop(self) -> None:
            self._command("stop")

        @slot()
        def regenerate(self, **options: Any) -> None:
            self._command("regenerate", **options)

        @slot()
        def retry(self, **options: Any) -> None:
            self._command("retry", **options)

        @slot(str, str)
        def edit(self, message: ChatMessage | str, text: str, **options: Any) -> None:
            if not _is_empty(text):
                self._command("edit", message, text, **options)

        @slot()
        def clear(self) -> None:
            self._command("clear")

        @slot(str)
        def approve(self, message: ChatMessage | str) -> None:
            self._command("approve", message)

        @slot(str)
        def refuse(self, message: ChatMessage | str) -> None:
            self._command("refuse", message)

        @slot(result=str)
        def toJson(self) -> str:
            return self.conversation.to_json()

        @slot(str, result=bool)
        def load(self, text: str) -> bool:
            return self._try(lambda: self._replace(text))

        def _command(self, name: str, *given: Any, **options: Any) -> None:
            self._try(lambda: getattr(self.conversation, name)(*given, **options))

        def _try(self, call: Callable[[], object]) -> bool:
            try:
                call()
                self._failure = ""
            except Exception as error:  # under PyQt, one in a slot that QML calls ends the program
                self._failure = str(error) or repr(error)
            self._show()
            return not self._failure

        def _replace(self, text: str) -> None:
            new = Conversation.from_json(text, dispatch=self._dispatch, **self._arguments)
            self.conversation.close()
            self.beginResetModel()
            self.conversation, self._rows = new, list(new.messages)
            self.endResetModel()
            self._listen()

        # What has changed

        def _listen(self) -> None:
            change = weakly(self, lambda self, change: self._apply(change))
            show = weakly(self, lambda self, _: self._show())
            self.conversation.connect("change", lambda chat, event: change(event.detail))
            self.conversation.connect("status", lambda chat, event: show(event.detail))

        def _apply(self, change: ChatChange) -> None:
            row, new = change.position, change.message
            if change.kind == "changed":
                old, self._rows[row] = self._rows[row], new
                changed = [name for name, value in _VALUES.items() if value(old) != value(new)]
                self._announce(row, changed)
            elif change.kind == "added":
                self.beginInsertRows(no_index, row, row)
                self._rows.insert(row, new)
                self.endInsertRows()
                self._announce(row - 1, ["isLast"])
            else:
                self.beginRemoveRows(no_index, row, row)
                del self._rows[row]
                self.endRemoveRows()
                self._announce(row - 1, ["isLast"])
            self._show()

        def _announce(self, row: int, changed: list[str]) -> None:
            # A slot may have run a loop, as a dialog does, in which the row has gone.
            if changed and 0 <= row < len(self._rows):
                roles = [numbers[name] for name in changed]
                index = self.index(row, 0)
                self.dataChanged.emit(index, index, roles + [display] * ("text" in changed))

        def _show(self) -> None:
            """Says which properties have changed. They have the values that were announced, so
            that a binding of QML cannot read one that is never announced."""
            before, shown = self._shown, self._state()
            self._shown = shown
            signals = ("statusChanged", "busyChanged", "countChanged", "errorMessageChanged")
            for place, changed in enumerate(signals):
                # A slot may run a loop, as a dialog does, in which a newer value was sent.
                if before[place] != shown[place] == self._shown[place]:
                    getattr(self, changed).emit(shown[place])

        def _state(self) -> tuple[Any, ...]:
            status, rows = self.conversation.status, self._rows
            error = rows[-1].error if rows and status == "error" else None
            failure = self._failure or (error.message if error else "")
            return status, status not in ("ready", "error"), len(rows), failure

    return QtConversation


def _is_empty(text: object) -> bool:
    return isinstance(text, str) and not text.strip()
