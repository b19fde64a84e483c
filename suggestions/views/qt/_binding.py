"""The binding of Qt that the program has imported, and what differs between the four."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from .._words import Words

_BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")


class Binding:
    """The modules of one binding; `core`, `gui` and `widgets` are imported by the program."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.core: Any = _module(name, "QtCore")
        self.gui: Any = _module(name, "QtGui")
        self.widgets: Any = _module(name, "QtWidgets")
        self.signal: Any = getattr(self.core, "pyqtSignal", None) or self.core.Signal

    @property
    def markdown_features(self) -> Any:
        """GitHub's dialect, with tags as text; None if this Qt loses it, as PyQt6 6.4 does."""
        features = self.gui.QTextDocument.MarkdownFeature
        both = features.MarkdownDialectGitHub | features.MarkdownNoHTML
        if self.name == "PyQt5":
            return self.gui.QTextDocument.MarkdownFeatures(both)
        if self.name == "PyQt6" and not both & features.MarkdownNoHTML:
            return None
        return both

    def translate(self, text: str) -> str:
        """As a translator that the host has installed says it, in the context "suggestions"."""
        return str(self.core.QCoreApplication.translate("suggestions", text))

    def say(self, words: Words) -> str:
        """The translated text with its value."""
        return self.translate(words.text).replace("{}", words.value)


def _module(name: str, part: str) -> Any:
    """Imported if need be: a program may have imported `QtWidgets` alone."""
    return __import__(f"{name}.{part}", fromlist=[part])


@cache
def _made(name: str) -> Binding:
    return Binding(name)


def loaded_binding() -> Binding:
    """If there are several, the one that has an application.

    Raises `ImportError` if there is none.
    """
    loaded = [name for name in _BINDINGS if f"{name}.QtCore" in sys.modules]
    if not loaded:
        raise ImportError(f"import a binding of Qt first: {', '.join(_BINDINGS)}")
    for name in loaded:
        if sys.modules[f"{name}.QtCore"].QCoreApplication.instance() is not None:
            return _made(name)
    return _made(loaded[0])


def public(cls: Any) -> Any:
    """The class, with the name by which programs import it."""
    cls.__module__ = __name__.rpartition(".")[0]
    cls.__qualname__ = cls.__name__
    return cls
