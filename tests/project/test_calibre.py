"""A plugin of a real calibre, which takes the plugin's packages off `sys.path` after its `with`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from vendoring import NEEDED, copy_package

from suggestions.testing import SuggestionsServer

CUSTOMIZE, DEBUG = shutil.which("calibre-customize"), shutil.which("calibre-debug")
PLUGIN = """
import sys
from calibre.customize import Plugin

class Asker(Plugin):
    name = "Asker"
    version = (1, 0, 0)
    supported_platforms = ["windows", "osx", "linux"]

    def cli_main(self, arguments):
        before = list(sys.path)
        with self:
            import suggestions
            where = suggestions.__file__
            {within}
        assert sys.path == before
        assert not any(where.startswith(path) for path in before if path), where
        {after}
        print(source.result(30))
"""
MAKE = "source = suggestions.SuggestionsEventSource('Hello', url=arguments[1])"
PLUGINS = {
    "preloaded": PLUGIN.format(within="suggestions.preload()", after=MAKE),
    "made before": PLUGIN.format(within=MAKE, after=""),
}


def run(command: str, *arguments: str, folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"CALIBRE_CONFIG_DIRECTORY": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [command, *arguments],
        env={
            **environment,
            "CALIBRE_CONFIG_DIRECTORY": str(folder),
            "QT_QPA_PLATFORM": "offscreen",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# calibre imports from the zip file, unless a compiled module is in there: then it unpacks the zip
# for as long as the `with` lasts. One of these packages may have some.
@pytest.mark.parametrize("packages", [NEEDED, tuple(set(NEEDED) - {"charset_normalizer"})])
@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.skipif(DEBUG is None or CUSTOMIZE is None, reason="there is no calibre")
def test_a_plugin_asks_after_its_packages_are_gone(
    plugin: str, packages: tuple[str, ...], tmp_path: Path
) -> None:
    assert DEBUG is not None
    assert CUSTOMIZE is not None
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "__init__.py").write_text(PLUGINS[plugin], encoding="utf-8")
    (folder / "plugin-import-name-asker.txt").touch()
    for name in ("suggestions", *packages):
        copy_package(name, folder)
    archive = shutil.make_archive(str(folder), "zip", folder)
    run(CUSTOMIZE, "--add-plugin", archive, folder=tmp_path)
    with SuggestionsServer() as server:
        server.answer("Hello from calibre")
        printed = run(DEBUG, "--run-plugin", "Asker", "--", server.url, folder=tmp_path)
    assert printed.strip() == "Hello from calibre"
