"""A host with two plugins: one asks, the other watches every answer in the process.

The asking one is unloaded in mid-answer; the host checks that nothing is left of it.
It needs pluggy, no key and no network:

    pip install 'suggestions-sdk[playground]' pluggy
    python examples/plugin_host/host.py
"""

from __future__ import annotations

import importlib.util
import sys
import weakref
from pathlib import Path

import contract
import pluggy
from leftovers import count, until

from suggestions import SuggestionsEventSource
from suggestions.playground import Playground

PLUGINS = Path(__file__).parent / "plugins"


class Host:
    """Loads plugins, and knows the sources that it has lent them."""

    def __init__(self, url: str) -> None:
        self.shown = ""
        self.log: list[str] = []
        self._url = url
        self._sources: weakref.WeakSet[SuggestionsEventSource] = weakref.WeakSet()
        self._manager = pluggy.PluginManager(contract.PROJECT)
        self._manager.add_hookspecs(contract)

    def load(self, name: str) -> None:
        """Loads `plugins/<name>.py`."""
        spec = importlib.util.spec_from_file_location(name, PLUGINS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        plugin = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(plugin)
        self._manager.register(plugin, name)
        services = contract.Services(self._ask, self._show, self.log.append)
        self._manager.subset_hook_caller("start", self._others(name))(services=services)

    def unload(self, name: str) -> None:
        self._manager.subset_hook_caller("stop", self._others(name))()
        self._manager.unregister(name=name)

    def question(self, text: str) -> None:
        self.shown = ""
        self._manager.hook.question(text=text)

    def is_answering(self) -> bool:
        return any(source.state in ("requesting", "suggesting") for source in self._sources)

    def _others(self, name: str) -> list[object]:
        return [plugin for other, plugin in self._manager.list_name_plugin() if other != name]

    def _ask(self, question: str) -> SuggestionsEventSource:
        source = SuggestionsEventSource(
            question,
            url=self._url,
            dialect="openai",
            options={"stream_options": {"include_usage": True}},
        )
        self._sources.add(source)
        return source

    def _show(self, text: str) -> None:
        self.shown += text


def main() -> int:
    with Playground(pace=0.02) as playground:
        before = count()
        print(f"before:   {before}")
        host = Host(f"{playground.openai_url}/chat/completions")
        for name in sorted(path.stem for path in PLUGINS.glob("*.py")):
            host.load(name)
            print(f"loaded:   {name}")

        host.question("Who won the world cup in 2022?")
        until(lambda: len(host.log) == 1)
        print(f"answer:   {host.shown}")

        host.question("Tell me a long story.")
        until(lambda: len(host.shown) > 40)
        print(f"midway:   {count()}")
        host.unload("asking")
        is_closed = not host.is_answering()
        print(f"unloaded: asking, in mid-answer, after {len(host.shown)} characters")

        until(lambda: len(host.log) == 2)
        host.unload("usage_log")
        print("unloaded: usage_log")
        is_clean = until(lambda: count() == before)
        print(f"after:    {count()}")
        print("log:      " + "\n          ".join(host.log))
    print("Nothing is left." if is_closed and is_clean else "SOMETHING IS LEFT.")
    return 0 if is_closed and is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
