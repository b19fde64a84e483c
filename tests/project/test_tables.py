"""Each list of the events' names, and of the errors, has all of them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import blinker
import pytest

from suggestions import errors, events, signals
from suggestions.cli import exit_codes
from suggestions.cli.command_ask import ask
from suggestions.events import ERROR_NAMES, NAMES
from suggestions.relay.frames.openai import OpenAIFrames
from suggestions.relay.frames.relay import RelayFrames

ROOT = Path(__file__).parents[2]
HANDLER_TYPES = ROOT / "suggestions" / "_delivery" / "handler_types.py"


def check(table: str, names: Iterable[str], expected: Iterable[str]) -> None:
    """Says what to add to the table, and what to take out of it."""
    names, expected = set(names), set(expected)
    assert not expected - names, f"add to {table}: {', '.join(sorted(expected - names))}"
    assert not names - expected, f"{table} has what there is not: {sorted(names - expected)}"


# Programs


def test_signals() -> None:
    made = {name for name, value in vars(signals).items() if isinstance(value, blinker.Signal)}
    of_sources = {"started", "finished"}
    check("suggestions/signals.py", made, NAMES | of_sources)
    check("signals.BY_NAME", signals.BY_NAME, NAMES)


def literals(node: ast.AST, aliases: dict[str, set[str]]) -> set[str]:
    """The names of events in the `Literal`s of some code, and in the aliases that it uses."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Subscript) and ast.unparse(inner.value) == "Literal":
            values = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else [inner.slice]
            found |= {str(ast.literal_eval(value)) for value in values}
        elif isinstance(inner, ast.Name):
            found |= aliases.get(inner.id, set())
    return found


def test_handler_types() -> None:
    """Each protocol of the handlers of an answer has an overload for each name."""
    module = ast.parse(HANDLER_TYPES.read_text())
    aliases: dict[str, set[str]] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            aliases[node.targets[0].id] = literals(node.value, aliases)
    protocols = {
        node.name: literals(node, aliases) for node in module.body if isinstance(node, ast.ClassDef)
    }
    # The others are those of a stream without an end, which has names of the server's own.
    of_answers = {name: names for name, names in protocols.items() if "suggestion" in names}
    assert of_answers, f"{HANDLER_TYPES} has no protocol of an answer's handlers"
    for name, names in of_answers.items():
        check(f"{HANDLER_TYPES.relative_to(ROOT)}, {name}", names & NAMES, NAMES)


def test_exit_codes() -> None:
    check("exit_codes.BY_ERROR", exit_codes.BY_ERROR, ERROR_NAMES)
    codes = list(exit_codes.BY_ERROR.values())
    assert len(set(codes)) == len(codes), "give each error an exit code of its own"
    check("exit_codes.TABLE", map(str, exit_codes.TABLE), map(str, {*codes, *OUTCOMES}))


OUTCOMES = (
    exit_codes.DONE,
    exit_codes.FAILED,
    exit_codes.USAGE,
    exit_codes.INTERRUPTED,
    exit_codes.BROKEN_PIPE,
)


def classes() -> list[type[errors.SuggestionsError]]:
    """All that a source can end with, but for `AbortedError`, which `close()` makes."""
    found = [getattr(errors, name) for name in errors.__all__]
    return [
        kind
        for kind in found
        if isinstance(kind, type)
        and issubclass(kind, errors.SuggestionsError)
        and kind not in (errors.SuggestionsError, errors.AbortedError)
    ]


def test_classes_of_errors() -> None:
    check("the `code`s in suggestions/errors/tree.py", {c.code for c in classes()}, ERROR_NAMES)


def test_the_help_of_ask() -> None:
    said = re.findall(r"[\w-]+", inspect.cleandoc(ask.help or ""))
    names = NAMES - {*ERROR_NAMES, "error", "error_response", "handler_error"}
    check("the help of cli/command_ask.py", names & {*said}, names)
    kinds = (getattr(events, name) for name in ("Citation", "AnswerFile", "ToolCall", "Usage"))
    fields = {field for kind in kinds for field in kind._fields}
    check("the help of cli/command_ask.py", fields & {*said}, fields)


# Documents


def text_of(name: str) -> str:
    """A document, with the sections of others that it shows in their places."""

    def section(match: re.Match[str]) -> str:
        file, _, part = match[1].partition(":")
        text = (ROOT / file).read_text()
        return text.partition(f"[start:{part}]")[2].partition(f"[end:{part}]")[0] if part else text

    return re.sub(r'^--8<-- "(.+?)"$', section, (ROOT / name).read_text(), flags=re.MULTILINE)


def rows(name: str, heading: str) -> list[list[str]]:
    """The cells of each row of the document's tables whose first column has that heading."""
    found: list[list[str]] = []
    within = False
    for line in text_of(name).splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        is_row = line.lstrip().startswith("|")
        within = is_row and (within or cells[0] == heading)
        if within and cells[0] != heading and not set(cells[0]) <= set("-: "):
            found.append(cells)
    assert found, f"{name} has no table whose first column is {heading!r}"
    return found


def code(cell: str) -> list[str]:
    """What is written as code."""
    return re.findall(r"`([\w*.]+)`", cell)


def test_the_table_of_events() -> None:
    names = {name for row in rows("docs/events.md", "event") for name in code(row[0])}
    if "error_*" in names:
        names = (names - {"error_*"}) | set(ERROR_NAMES)
    check("the table of docs/events.md", names, NAMES)


def test_the_table_of_what_a_relay_may_send() -> None:
    table = rows("docs/relay.md", "`events`")
    sent = {*RelayFrames.optional, *OpenAIFrames.optional}
    check("the table of docs/relay.md", (name for row in table for name in code(row[0])), sent)
    assert sent <= NAMES | {"tool_result"}  # which the relay itself sends
    in_openai = {code(row[0])[0] for row in table if not row[2].startswith("none")}
    in_openai.discard("tool_call_chunk")  # `tool_call` is sent in pieces there
    check("the last column of docs/relay.md", in_openai, OpenAIFrames.optional)


def test_the_tables_of_errors() -> None:
    written = [name for row in rows("docs/errors.md", "what happened") for name in code(str(row))]
    shown = {name for name in written if name in ERROR_NAMES}
    if "`error_network`" in text_of("docs/errors.md"):
        shown.add("error_network")  # the sentence before the second table
    check("the tables of docs/errors.md", shown, ERROR_NAMES)
    named = {kind.__name__ for kind in classes()} - {"NetworkError"}  # it has only subclasses there
    check("the tables of docs/errors.md", {name for name in written if name in named}, named)


@pytest.mark.parametrize("name", ERROR_NAMES)
def test_a_document_says_the_exit_code(name: str) -> None:
    said = re.compile(rf"\b{exit_codes.BY_ERROR[name]}\W{{1,8}}{name}\b")
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    assert any(said.search(path.read_text()) for path in documents), (
        f"say in docs/terminal.md, with the exit codes: {exit_codes.BY_ERROR[name]} `{name}`"
    )
