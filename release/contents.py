"""What is in the wheel and in the sdist."""

from __future__ import annotations

import re
import tarfile
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

# What the tests of an unpacked sdist read, beside themselves and the package.
_NEEDED = (
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "PKG-INFO",
    "README.md",
    "SECURITY.md",
    "benchmarks/__main__.py",
    "examples/quickstart.py",
    "pyproject.toml",
    "tests/conftest.py",
)


def version_of(wheel: Path) -> str:
    """By its metadata, which has to be that of its name."""
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        version = Parser().parsestr(archive.read(name).decode())["Version"]
    if not wheel.name.startswith(f"suggestions_sdk-{version}-py3-none-any"):
        raise SystemExit(f"error: {wheel.name} is version {version}, or is not pure Python")
    return str(version)


def check_wheel(wheel: Path, package: Path) -> None:
    """It has every file of the package, those that are no Python too, and no other."""
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        source = archive.read("suggestions/__init__.py").decode()
    expected = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    if "suggestions/py.typed" not in names:
        raise SystemExit("error: the wheel has no py.typed")
    if names != expected:
        raise SystemExit(f"error: only in one of wheel and package: {sorted(names ^ expected)}")
    # The metadata is made from this line: there is no other place with the version.
    if not re.search(rf'(?m)^__version__ = "{re.escape(version_of(wheel))}"$', source):
        raise SystemExit("error: the package has another version than the wheel")


def check_description(wheel: Path) -> None:
    """PyPI shows it: a link or a picture that is a file of the repository would be dead there."""
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        description = Parser().parsestr(archive.read(name).decode()).get_payload()
    targets = re.findall(r"\]\(([^)\s]*)", str(description))
    if dead := [target for target in targets if not re.match(r"https?://|#", target)]:
        raise SystemExit(f"error: the description on PyPI links to {', '.join(dead)}")


def check_sdist(sdist: Path, version: str) -> None:
    """It has what its tests need."""
    root = f"suggestions_sdk-{version}"
    with tarfile.open(sdist) as archive:
        names = set(archive.getnames())
    missing = [name for name in _NEEDED if f"{root}/{name}" not in names]
    if missing:
        raise SystemExit(f"error: the sdist has no {', '.join(missing)}")
