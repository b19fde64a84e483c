"""The structure of the package: its rooms, which imports which, the size of its files."""

from __future__ import annotations

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ROOT / "suggestions"
MOST_ENTRIES = 19
MOST_LINES = 400

ORDER = (
    {"_util"},
    {"errors"},
    {"events"},
    {"signals"},
    {"_wire"},
    {"auth"},
    {"dialects"},
    {"_delivery"},
    {"_sources"},
    {"conversation"},
    {"__init__"},  # the public names
    {"toolkits", "views", "relay", "testing", "playground", "cli", "otel"},
    {"__main__"},
)
"""A module imports from its own room and from the rooms before it. Rooms of one set may import
each other, but not in a circle."""

OF_A_SERVICE = ("auth/", "dialects/", "playground/", "relay/frames/")
"""Here, a file has the name of a service or of its wire. Files of one name are about the same one:
how to log in to it, how to read it, how to imitate it, how to send what it sends."""
OF_A_TOOLKIT = ("views/",)
"""Here, a file has the name of a part of a window. Files of one name are that part in different
toolkits."""


def name_of(path: Path) -> str:
    """The module's dotted name; that of a package for its `__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(HOUSE.rglob("*.py"))}


def room_of(module: str) -> str:
    """The entry at the top of `suggestions/` that the module is in."""
    return [*module.split("."), "__init__"][1]


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def imports_of(module: str) -> Iterator[tuple[int, str]]:
    """The line and the module of each import, also of those within functions and for type checkers
    alone."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                if whole in MODULES:
                    yield node.lineno, whole
                elif base in MODULES:
                    yield node.lineno, base


def _absolute(module: str, node: ast.ImportFrom) -> str:
    """The module that it imports from, with the dots of a relative import resolved."""
    if not node.level:
        return str(node.module)
    is_package = MODULES[module].name == "__init__.py"
    parts = module.split(".")
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


GRAPH = {module: {to for _, to in imports_of(module)} - {module} for module in MODULES}


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """A circle of edges, the first node again at its end; empty if there is none."""
    done: set[str] = set()
    way: list[str] = []

    def visit(node: str) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        way.append(node)
        for following in sorted(graph[node]):
            if found := visit(following):
                return found
        done.add(way.pop())
        return []

    return next((found for node in sorted(graph) if (found := visit(node))), [])


def test_a_circle_is_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle_in({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_the_top_can_be_read_at_a_glance() -> None:
    entries = sorted(
        path.name for path in HOUSE.iterdir() if path.name not in ("__pycache__", "py.typed")
    )
    assert len(entries) <= MOST_ENTRIES, f"put some of these into a room: {', '.join(entries)}"


def test_no_import_is_in_a_circle() -> None:
    circle = circle_in(GRAPH)
    assert not circle, f"move what both need into a lower module: {' -> '.join(circle)}"


def test_no_rooms_import_each_other_in_a_circle() -> None:
    rooms: dict[str, set[str]] = defaultdict(set)
    for module, imported in GRAPH.items():
        rooms[room_of(module)] |= {room_of(to) for to in imported} - {room_of(module)}
    circle = circle_in(rooms)
    assert not circle, f"move what both need into a lower room: {' -> '.join(circle)}"


def test_imports_run_downwards() -> None:
    floor = {room: number for number, rooms in enumerate(ORDER) for room in rooms}
    unknown = sorted({room_of(module) for module in MODULES} - set(floor))
    assert not unknown, f"say in ORDER, and in the design, which rooms these may import: {unknown}"
    upwards = [
        f"{MODULES[module].relative_to(ROOT)}:{line} imports {to}"
        for module in MODULES
        for line, to in imports_of(module)
        if floor[room_of(to)] > floor[room_of(module)]
    ]
    assert not upwards, "\n".join(["move what is imported to a lower room:", *upwards])


def test_every_import_of_its_own_is_relative() -> None:
    """So that a copy of the package within another one imports itself, and no other copy."""
    top = HOUSE.name
    absolute = [
        f"{MODULES[module].relative_to(ROOT)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if (isinstance(node, ast.ImportFrom) and not node.level and top_of(node.module) == top)
        or (isinstance(node, ast.Import) and top in {top_of(alias.name) for alias in node.names})
        or (is_call_of_import_module(node) and top in re.findall(r"\w+", ast.unparse(node)))
    ]
    assert not absolute, "\n".join(["write `from .x import y` or `from ..x import y`:", *absolute])


def top_of(name: str | None) -> str:
    return (name or "").partition(".")[0]


def is_call_of_import_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")


def test_files_of_one_name_mean_the_same() -> None:
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in HOUSE.rglob("*.py"):
        if path.stem not in ("__init__", "__main__"):
            by_name[path.stem].append(str(path.relative_to(HOUSE)))
    wrong = [
        f"{name}: {', '.join(sorted(paths))}"
        for name, paths in sorted(by_name.items())
        if len(paths) > 1
        and not any(
            all(path.startswith(rooms) for path in paths) for rooms in (OF_A_SERVICE, OF_A_TOOLKIT)
        )
    ]
    assert not wrong, "\n".join(["give each a name that says what it does:", *wrong])


def test_no_file_is_too_long_to_have_one_idea() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in MODULES.values()}
    long = [
        f"{path.relative_to(ROOT)}: {length}"
        for path, length in lengths.items()
        if length > MOST_LINES
    ]
    assert not long, "\n".join([f"split what has over {MOST_LINES} lines:", *long])


# What users read

UNDERSCORED = re.compile(r"\bsuggestions(?:\.\w+)*\._[a-z]\w*|\bsuggestions(?:/\w+)*/_[a-z]\w*")


def docstrings(module: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each string that stands by itself."""
    for node in ast.walk(tree_of(module)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.lineno, node.value.value


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_no_document_names_an_underscored_path() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number} {found[0]}"
        for path in documents()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := UNDERSCORED.search(line))
    ]
    assert not wrong, "\n".join(["name the public path instead:", *wrong])


def test_no_docstring_names_an_underscored_path() -> None:
    wrong = [
        f"{MODULES[module].relative_to(ROOT)}:{line} {found[0]}"
        for module in MODULES
        for line, text in docstrings(module)
        if (found := UNDERSCORED.search(text))
    ]
    assert not wrong, "\n".join(["name the public path instead:", *wrong])


PUBLIC = [
    module
    for module, path in MODULES.items()
    if path.name == "__init__.py"
    and "._" not in module
    and ".views." not in module  # these need a toolkit; its tests look at their classes
    and "__all__" in path.read_text()
]


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_class_says_the_path_that_users_import(module: str) -> None:
    package = importlib.import_module(module)
    named = {name: getattr(package, name) for name in package.__all__}
    wrong = [
        f"{module}.{name} calls itself {public.__module__}.{public.__qualname__}"
        for name, public in named.items()
        if isinstance(public, type) and "._" in f".{public.__module__}"
    ]
    assert not wrong, "\n".join(["set `__module__` to the public package:", *wrong])
