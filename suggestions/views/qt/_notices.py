"""What is said below an answer: why it failed, and when it may be asked for again."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from typing import Any

from ...conversation.chat_message import ChatError
from .._words import Countdown
from ._binding import Binding, public
from ._frames import surface
from ._text import plain_text

_RED = "#d64545"
_STEP = 250
"""Milliseconds between two looks at the countdown."""


@cache
def error_notice(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets
    base: Any = surface(binding)

    class ErrorNotice(base):
        """Says what failed.

        - Signal `retryRequested()`. The button is disabled for as long as the service has said.
        """

        retryRequested = binding.signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent, tint=_RED, share=0.14)
            self.setObjectName("errorNotice")
            self._error: ChatError | None = None
            self._message = plain_text(binding)(self)
            self._message.setObjectName("errorMessage")
            self._message.setAccessibleName(binding.translate("Error"))
            self._retry = widgets.QPushButton(self)
            self._retry.setObjectName("retry")
            self._retry.setAutoDefault(False)  # in a dialog, Enter would press it
            policy = widgets.QSizePolicy.Policy
            self._retry.setSizePolicy(policy.Maximum, policy.Fixed)
            self._retry.clicked.connect(self._on_clicked)
            self._countdown = Countdown(None)
            self._timer = core.QTimer(self)
            self._timer.timeout.connect(self._count)
            self.setSpaces((4, 2, 4, 4), 2)
            self.addPart(self._message)
            self.addPart(self._retry)
            self.setShown(self._retry, False)

        def showText(self, text: str) -> None:
            self._message.setText(text)

        def showError(self, error: ChatError) -> None:
            if error != self._error:
                self._error = error
                self.showText(error.message)
                self._countdown = Countdown(error.retry_after)
                self._timer.start(_STEP)
                self._count()

        def setRetry(self, is_offered: bool) -> None:
            self.setShown(self._retry, is_offered)

        def hasSelection(self) -> bool:
            return bool(self._message.hasSelection())

        def _count(self) -> None:
            text = binding.say(self._countdown.words)
            if text != self._retry.text():
                self._retry.setText(text)
                self.refresh()
            is_over = not self._countdown.left
            self._retry.setEnabled(is_over)
            if is_over:
                self._timer.stop()

        def _on_clicked(self) -> None:
            self.retryRequested.emit()

    return public(ErrorNotice)
