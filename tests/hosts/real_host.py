"""What the tests in real hosts share: a host's environment, its end, and what it may print."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from service import Service
from vendoring import NEEDED, copy_package
from waiting import eventually

HOSTS = Path(__file__).parents[2] / "examples" / "hosts"
SOON = 60.0
"""Seconds for a host to begin or to end on a busy machine."""


def vendor(folder: Path) -> None:
    """What `pip install --target folder suggestions-sdk` installs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("suggestions", *NEEDED):
        copy_package(name, folder)


def environment(home: Path, url: str, **more: str) -> dict[str, str]:
    """Ours without Python's; the answers come from `url`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for folder in ("runtime", "config", "cache", "data"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "runtime").chmod(0o700)
    return {
        **kept,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home / "runtime"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "TMPDIR": str(home),
        "OPENAI_API_KEY": "key",
        "OPENAI_BASE_URL": url,
        **more,
    }


def copy_example(name: str, folder: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(HOSTS / name, folder, ignore=ignored))


def run(command: list[str], env: dict[str, str], *known: str) -> str:
    """What the host prints on stdout. It has to end with status 0, and its stderr has at most
    the `known` lines, or ends of lines, which it also prints without a plugin."""
    # Some hosts leave if stdin ends, and this pipe stays open.
    read, write = os.pipe()
    try:
        done = subprocess.run(
            command, env=env, stdin=read, capture_output=True, text=True, timeout=SOON * 2
        )
    finally:
        os.close(read)
        os.close(write)
    check(done.returncode, done.stderr, *known, printed=done.stdout)
    return done.stdout


def check(status: int, stderr: str, *known: str, printed: str = "") -> None:
    lines = [line for line in stderr.splitlines() if line.strip()]
    unknown = [line for line in lines if not any(line.endswith(each) for each in known)]
    assert (status, unknown) == (0, []), printed[-3000:]


def hangs_up_soon(service: Service, stop: Callable[[], object]) -> None:
    """It takes some milliseconds, which are printed; here the machine may be busy."""
    began = time.perf_counter()
    stop()
    returned = time.perf_counter()
    assert eventually(service.has_seen_all_hang_up)
    seen = time.perf_counter()
    print(f"stop: {(returned - began) * 1e3:.0f} ms, seen {(seen - returned) * 1e3:.0f} ms later")
