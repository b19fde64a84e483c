"""A copy of the package within another one, and hosts that change `sys.path` after an import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from vendoring import NEEDED, copy_package

from suggestions.testing import SuggestionsServer

COPY = "myplugin._vendor.suggestions"


def run(program: str, *arguments: str, path: Path | None = None) -> str:
    """What the program prints, with nothing on its path but `path` and the standard library."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-X", "dev", "-W", "error"]
    if path is None:
        command += ["-I", "-S"]
    else:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [*command, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def url() -> Iterator[str]:
    with SuggestionsServer() as server:
        server.answer("Hello")
        server.answer("Hello")
        yield server.url


# A copy

BESIDE_THE_OTHER = f"""
import sys
import suggestions
from myplugin._vendor import suggestions as copy
assert copy.__name__ == "{COPY}"

for package in (suggestions, copy):
    source = package.SuggestionsEventSource("Hello", url=sys.argv[1])
    assert source.result() == "Hello"
    assert type(source).__module__ == package.__name__

ours, theirs = suggestions.errors, copy.errors
assert ours is not theirs
assert not issubclass(ours.SuggestionsError, theirs.SuggestionsError)
assert suggestions.signals.done is not copy.signals.done
for name in suggestions.dialects.NAMES:
    dialect = suggestions.dialects.find(name)
    assert not isinstance(dialect, copy.Dialect)
    try:
        copy.SuggestionsEventSource("Hello", url=sys.argv[1], dialect=dialect)
    except TypeError as error:
        assert "dialect must be a name or a Dialect" in str(error), error
    else:
        raise AssertionError(name)
for package in (suggestions, copy):
    from importlib import import_module
    toolkits = import_module(package.__name__ + ".toolkits")
    try:
        package.SuggestionsEventSource("Hello", url=sys.argv[1], dispatch=toolkits.aio)
    except TypeError as error:
        assert "aio(...)" in str(error), error
    else:
        raise AssertionError(package)
"""
ALONE = f"""
import sys
sys.modules["suggestions"] = None
from pkgutil import walk_packages
from importlib import import_module
copy = import_module("{COPY}")
copy.preload()
for name in copy.__all__:
    getattr(copy, name)
for module in walk_packages(copy.__path__, "{COPY}."):
    try:
        if module.name != "{COPY}.__main__":
            import_module(module.name)
    except ModuleNotFoundError as missing:
        if ".views." not in module.name or missing.name not in ("textual", "tkinter", "_tkinter"):
            raise
for name in ("auth", "dialects", "errors", "playground", "relay", "testing", "toolkits"):
    room = import_module("{COPY}." + name)
    for public in room.__all__:
        value = getattr(room, public)
        module = getattr(value, "__module__", None)
        if isinstance(value, type) and module != "builtins":
            assert module == room.__name__, (module, value)
for name in copy.dialects.NAMES:
    copy.dialects.find(name)
with copy.testing.SuggestionsServer() as server:
    server.answer("Hello")
    assert copy.ask_question("Hello", url=server.url).result() == "Hello"
sys.argv = ["suggestions", "--version"]
import_module("{COPY}.__main__")
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The folder that `myplugin` is in."""
    vendor = tmp_path / "myplugin" / "_vendor"
    vendor.mkdir(parents=True)
    (vendor.parent / "__init__.py").touch()
    (vendor / "__init__.py").touch()
    copy_package("suggestions", vendor)
    return tmp_path


def test_a_copy_within_another_package_lives_beside_the_installed_one(
    plugin: Path, url: str
) -> None:
    run(BESIDE_THE_OTHER, url, path=plugin)


def test_a_copy_needs_no_installed_one(plugin: Path) -> None:
    pytest.importorskip("flask")
    run(ALONE, path=plugin)


# A path that the host restores

RESTORED = """
import sys
before = list(sys.path)
sys.path.insert(0, sys.argv[2])
import suggestions
{prepare}
sys.path[:] = before
"""
MADE_BEFORE = (
    RESTORED.format(prepare='source = suggestions.SuggestionsEventSource("?", url=sys.argv[1])')
    + """
assert source.result() == "Hello"
"""
)
PRELOADED = (
    RESTORED.format(prepare="suggestions.preload()")
    + """
import os, shutil
where = sys.argv[2]
shutil.rmtree(where) if os.path.isdir(where) else os.remove(where)

from suggestions.dialects import NAMES, find
source = suggestions.SuggestionsEventSource("?", url=sys.argv[1])
assert source.result() == "Hello"
for name in NAMES:
    refused = suggestions.SuggestionsEventSource(
        "?", url="http://localhost:1/", dialect=name, options={"model": "m"} if name in (
            "openai", "responses", "anthropic", "ollama") else {}, retries=1,
        on={"error": lambda *_: None},
    )
    refused.wait()
    assert isinstance(refused.error, suggestions.errors.ConnectionFailedError), refused.error
refused.debug_dump(os.devnull)
stream = suggestions.EventSource("http://localhost:1/")
stream.close()
"""
)


@pytest.fixture(params=["folder", "zip"])
def packages(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """All that a plugin brings along."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for name in ("suggestions", *NEEDED):
        copy_package(name, folder)
    if request.param == "folder":
        return folder
    return Path(shutil.make_archive(str(folder), "zip", folder))


def test_a_source_that_was_made_asks_after_the_host_has_restored_the_path(
    packages: Path, url: str
) -> None:
    run(MADE_BEFORE, url, str(packages))


def test_after_preload_nothing_is_imported_from_where_it_came(packages: Path, url: str) -> None:
    run(PRELOADED, url, str(packages))
