"""A headless Chromium; without it, or without Playwright, the tests here are skipped."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import browser as browser

from suggestions.playground import streaming

PACKAGE = "@microsoft/fetch-event-source@2.0.1"
SOON = 30_000  # milliseconds; a bound for what ends at once, never a measure


class Faults(list[str]):
    """What pages have thrown, and what their policies have refused."""

    def hear(self, told: Any) -> None:
        if any(word in told.text for word in ("Content Security Policy", "Uncaught")):
            self.append(told.text)


@pytest.fixture(scope="module")
def _tab(browser: Any) -> Iterator[tuple[Any, Faults]]:
    faults = Faults()
    page = browser.new_page(viewport={"width": 1100, "height": 760})
    page.set_default_timeout(SOON)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", faults.hear)
    yield page, faults
    page.close()


@pytest.fixture
def tab(_tab: tuple[Any, Faults]) -> Iterator[Any]:
    """A tab, for a page that must not throw."""
    page, faults = _tab
    faults.clear()
    yield page
    page.unroute_all()
    page.goto("about:blank")
    assert not faults


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package's modules, as the registry has it."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm")
    folder = tmp_path_factory.mktemp("npm")
    command = [npm, "pack", "--silent", "--fetch-retries=0", PACKAGE]
    packed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    if packed.returncode:
        pytest.skip(f"npm cannot have {PACKAGE}: {packed.stderr[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        for member in archive.getmembers():
            if member.name.startswith("package/lib/esm/") and member.isfile():
                content = archive.extractfile(member)
                assert content
                (folder / Path(member.name).name).write_bytes(content.read())
    return folder


class Left(threading.Event):
    """Set when the model stops an answer before its end, because the relay has left; `begun` is set
    when the model begins one."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Left:
    seen = Left()
    play = streaming._play

    def play_and_see(*args: Any) -> Iterator[bytes]:
        seen.begun.set()
        complete = False
        try:
            yield from play(*args)
            complete = True
        finally:
            if not complete:
                seen.set()

    monkeypatch.setattr(streaming, "_play", play_and_see)
    return seen
