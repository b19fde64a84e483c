"""Installs what the tests of this folder run beside: packages of node, and of Python in more than
one version.

    python tests/front_ends/install.py

Each folder in `node/` has a `package.json`, and gets a `node_modules`. Each `python/NAME.txt` is a
list of requirements that are installed into a folder of their own, `front-ends/NAME` in the virtual
environment: a test puts it first on the path of a process. A folder that is newer than its list is
left as it is.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = Path(sys.prefix) / "front-ends"


def _is_old(made: Path, wanted: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < wanted.stat().st_mtime


def install_node() -> None:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("There is no npm: install node 20 or newer.")
    for wanted in sorted(HERE.glob("node/*/package.json")):
        made = wanted.parent / "node_modules"
        if _is_old(made, wanted):
            options = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
            subprocess.run([npm, "install", *options], cwd=wanted.parent, check=True)
            made.touch()


def install_python() -> None:
    for wanted in sorted(HERE.glob("python/*.txt")):
        made = PACKAGES / wanted.stem
        if _is_old(made, wanted):
            options = ["--quiet", "--disable-pip-version-check", "--upgrade", "--target", str(made)]
            command = [sys.executable, "-m", "pip", "install", *options, "-r", str(wanted)]
            subprocess.run(command, check=True)
            made.touch()


if __name__ == "__main__":
    install_node()
    install_python()
