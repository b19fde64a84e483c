"""Builds the sdist and the wheel, and checks both as their users get them.

python -m release [v1.2.3]    if there is a tag, it must be that of the version
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release.contents import check_description, check_sdist, check_wheel, version_of
from release.quickstart import check_quickstart

ROOT = Path(__file__).parent.parent
# Collecting imports all of the tests; these also need the files around the package.
TESTS = (
    "tests/wire/test_sse.py",
    "tests/project/test_security.py",
    "tests/project/test_plugin_host.py",
)


def main() -> None:
    wheel, sdist = build(ROOT / "dist")
    version = version_of(wheel)
    for tag in sys.argv[1:]:
        if tag != f"v{version}":
            raise SystemExit(f"error: the tag is {tag}, but the version is {version}")
    check_wheel(wheel, ROOT / "suggestions")
    check_description(wheel)
    check_sdist(sdist, version)
    tool("twine", "check", "--strict", str(wheel), str(sdist))
    tool("check_wheel_contents", str(wheel))
    with tempfile.TemporaryDirectory() as folder:
        check_quickstart(wheel, version, ROOT / "README.md", Path(folder, "venv"))
        check_tests(sdist, Path(folder, "unpacked"))
    print(f"Version {version} can be released.")


def build(folder: Path) -> tuple[Path, Path]:
    """The wheel, made from the sdist, and the sdist; those of before are gone."""
    for old in folder.glob("suggestions_sdk-*"):
        old.unlink()
    tool("build", "--outdir", str(folder), str(ROOT))
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def check_tests(sdist: Path, folder: Path) -> None:
    """Packagers of other systems run the tests from the sdist."""
    shutil.unpack_archive(sdist, folder)
    [root] = folder.iterdir()
    tool("pytest", "--collect-only", "-qqqq", cwd=root)
    tool("pytest", *TESTS, cwd=root)


def tool(name: str, *arguments: str, cwd: Path = ROOT) -> None:
    print(f"=== {name} {' '.join(arguments)}", flush=True)
    # Of the folder that it is about, and no other.
    environment = {**os.environ, "PYTHONPATH": str(cwd)}
    done = subprocess.run([sys.executable, "-m", name, *arguments], cwd=cwd, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"error: {name} ended with status {done.returncode}")


if __name__ == "__main__":
    main()
