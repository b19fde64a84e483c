"""What the host and its plugins have agreed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pluggy

from suggestions import SuggestionsEventSource

PROJECT = "suggestions_example"
specification = pluggy.HookspecMarker(PROJECT)
implementation = pluggy.HookimplMarker(PROJECT)


class Services(NamedTuple):
    """What the host lends a plugin."""

    ask: Callable[[str], SuggestionsEventSource]
    show: Callable[[str], object]
    log: Callable[[str], object]


@specification
def start(services: Services) -> None:
    """Called once the plugin is loaded."""


@specification
def question(text: str) -> None:
    """The user wants to know something."""


@specification
def stop() -> None:
    """Called before the plugin is unloaded: gives back everything."""
