"""Asks what the user wants to know, and shows the answer while it is being written."""

from __future__ import annotations

from contract import Services, implementation

from suggestions import SuggestionsEventSource

_services: Services
_sources: list[SuggestionsEventSource] = []


@implementation
def start(services: Services) -> None:
    global _services
    _services = services


@implementation
def question(text: str) -> None:
    source = _services.ask(text)
    _sources.append(source)
    source.connect("chunk", lambda source, event: _services.show(event.detail))
    source.connect("end", lambda source, event: _sources.remove(source))


@implementation
def stop() -> None:
    for source in _sources.copy():
        source.close()
