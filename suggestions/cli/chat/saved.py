"""Where chats are, and how they are written: the whole file or none of it, for its user alone."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

from ..exit_codes import USAGE
from ..plain_text import visible


class CannotBeRead(click.ClickException):
    exit_code = USAGE

    def __init__(self, path: Path, why: object) -> None:
        super().__init__(visible(f"{path}: {why}"))


def data_directory() -> Path:
    """The directory of this program's data, which need not exist.

    It is `$XDG_DATA_HOME/suggestions`, by default in `~/.local/share` (XDG Base Directory
    Specification); on Windows and macOS, where those systems have the data of a program. Raises
    `click.UsageError` if there is no home directory.
    """
    given = os.environ.get("XDG_DATA_HOME") or ""
    if os.path.isabs(given):
        return Path(given, "suggestions")
    try:
        home = Path.home()
    except RuntimeError:
        raise click.UsageError("there is no home directory: give a place with --file") from None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local", "suggestions")
    parts = "Library/Application Support" if sys.platform == "darwin" else ".local/share"
    return home / parts / "suggestions"


def new_place() -> Path:
    """The file of a new chat. Its name is the time, and four digits against two of one name."""
    name = f"{time.strftime('%Y-%m-%d-%H%M%S')}-{secrets.token_hex(2)}.json"
    return data_directory() / "chats" / name


def newest() -> Path:
    """The chat that was written last. Raises `click.UsageError` if there is none."""
    places = data_directory() / "chats"
    found = [path for path in places.glob("*.json") if path.is_file()]
    if not found:
        raise click.UsageError(visible(f"there is no chat to continue in {places}"))
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def read(path: Path) -> str:
    """Raises `click.ClickException`."""
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise CannotBeRead(path, error.strerror or error) from None
    except ValueError:
        raise CannotBeRead(path, "this is no conversation: expected JSON in UTF-8") from None


class WrittenByAnother(Exception):
    """Another program has written the file since this one last did."""


class Place:
    """The file of a chat. `is_given`: the user has named it."""

    def __init__(self, path: Path, is_given: bool) -> None:
        self.path = path
        self.is_given = is_given
        self._version = _version(path)
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Raises `WrittenByAnother` or `OSError`; then the file stays as it is."""
        _not_interrupted(lambda: self._write(text))

    def _write(self, text: str) -> None:
        # Ctrl-C may have ended the wait for the write before.
        with self._lock:
            if _version(self.path) not in (None, self._version):
                raise WrittenByAnother
            _write(self.path, text)
            self._version = _version(self.path)


def _version(path: Path) -> tuple[int, ...] | None:
    """Another one after each time that the file was written; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def write(path: Path, text: str) -> None:
    """Replaces the file as a whole, so that a crash leaves the old one. Raises `OSError`."""
    _not_interrupted(lambda: _write(path, text))


def _not_interrupted(work: Callable[[], object]) -> None:
    """Ctrl-C interrupts the main thread alone, and so leaves no half of this work."""
    failed: list[Exception] = []

    def run() -> None:
        try:
            work()
        except (OSError, WrittenByAnother) as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _write(path: Path, text: str) -> None:
    path = Path(os.path.realpath(path))  # a link stays a link
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file")
    handle, beside = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)  # mode 0600
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
