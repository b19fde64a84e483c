"""Writes a line for every answer in the process, also for those of other plugins."""

from __future__ import annotations

from contract import Services, implementation

from suggestions import Event, SuggestionsEventSource, signals

_services: Services


def _write(source: SuggestionsEventSource, event: Event[None]) -> None:
    tokens = source.usage.total_tokens if source.usage else "unknown"
    _services.log(f"{source.state}, {len(source.full_message)} characters, {tokens} tokens")


@implementation
def start(services: Services) -> None:
    global _services
    _services = services
    signals.end.connect(_write)  # weak, as everywhere in blinker: the module holds it


@implementation
def stop() -> None:
    signals.end.disconnect(_write)
