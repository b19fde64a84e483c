"""The documents: every code block of README.md and docs/ runs, and every public name is explained.

The blocks of a document run in its order and share its names, as a reader would type them; one of
them alone (`-k`) may lack what those before it made. Each of the README's is a program by itself.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

import document_shell
import pytest
from blinker import ANY
from document_around import Program
from document_blocks import blocks_of
from document_services import standing_in
from sybil import Example
from toolkits.conftest import display as display  # a fixture
from toolkits.host import environment, interpreter

from suggestions import SuggestionsEventSource, errors, signals

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# How many blocks a document has that are not run, and say in a comment why.
NOT_RUN = {
    "docs/front_ends.md": 2,
    "docs/plugins.md": 2,
    "docs/relay.md": 2,
    "docs/stores.md": 1,
    "docs/views.md": 1,
}
# Of the extra `servers`. A document whose block lacks one is not run from there on.
OPTIONAL = frozenset(("anyio", "django", "fastapi", "opentelemetry", "pydantic", "starlette"))
PUBLIC = (
    "",
    ".auth",
    ".conversation",
    ".dialects",
    ".otel",
    ".playground",
    ".relay",
    ".relay.stores",
    ".testing",
    ".toolkits",
)
WITHIN = 90.0  # seconds for a program, on a machine that has much else to do
# As in tests/toolkits: Qt needs no library for X11, GTK no service for its accessibility.
# The offscreen platform says that it gives no hints of a window's size.
ON_DISPLAY = {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "default.warning=false"}
ON_DISPLAY["GTK_A11Y"] = "none"


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_watched_after_it() -> Iterator[None]:
    """What a document watches, it watches for ever; later tests of this process are none of it."""
    yield
    for signal in signals.BY_NAME.values():
        for receiver in list(signal.receivers_for(ANY)):
            signal.disconnect(receiver)


class Reader:
    """Does with a block what a reader of the document would."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path, display: str | None) -> None:
        self._fixture, self._folder, self._display = request.getfixturevalue, folder, display

    def run_python(self, example: Example) -> None:
        program = example.namespace.pop("_program", None)
        if program is not None and program.modules:
            self._run_program(program, example.parsed)
            return
        lines = "\n" * (example.line + example.parsed.line_offset) + example.parsed
        if program is not None:
            lines = program.around.replace("...", example.parsed, 1)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(lines, example.path, "exec", flags, dont_inherit=True)
        outcome = eval(code, example.namespace)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
        for name in [name for name in example.namespace if name.startswith("test_")]:
            test = example.namespace.pop(name)
            test(**{needed: self._fixture(needed) for needed in inspect.signature(test).parameters})

    def _run_program(self, program: Program, block: str) -> None:
        if self._display is None:
            pytest.skip("no display: install xvfb")
        python = interpreter(program.modules)
        file = self._folder / "program.py"
        file.write_text(program.around.replace("...", block, 1), encoding="utf-8")
        # Qt complains on stderr if it has no directory of the user for sockets and the like.
        own = {"DISPLAY": self._display or "", "XDG_RUNTIME_DIR": str(self._folder)}
        done = subprocess.run(
            [python, str(ROOT / "tests" / "helpers" / "document_program.py"), str(file)],
            env={**environment(python), **ON_DISPLAY, **own},
            capture_output=True,
            text=True,
            timeout=WITHIN,
        )
        assert done.stderr == "", done.stderr + done.stdout
        assert done.returncode == 0, done.stdout

    def check_shell(self, example: Example) -> None:
        document_shell.check(example.parsed)

    def check_json(self, example: Example) -> None:
        json.loads(example.parsed)

    def check_nginx(self, example: Example) -> None:
        nginx = shutil.which("nginx")
        if nginx is None:
            pytest.skip("not installed: nginx")
        text = "error_log stderr; pid nginx.pid; events {} http { access_log off; server { %s } }"
        file = self._folder / "nginx.conf"
        file.write_text(text % example.parsed, encoding="utf-8")
        subprocess.run([nginx, "-t", "-p", self._folder, "-c", file], check=True, timeout=10)


LANGUAGES: dict[str, Callable[[Reader, Example], None]] = {
    "python": Reader.run_python,
    "sh": Reader.check_shell,
    "json": Reader.check_json,
    "nginx": Reader.check_nginx,
}


def evaluate(example: Example) -> None:
    if "_missing" not in example.namespace:
        example.namespace["_evaluate"](example)


def all_blocks() -> Iterator[Any]:
    for path in DOCUMENTS:
        name = path.relative_to(ROOT).as_posix()
        for line, language, examples in blocks_of(path, dict.fromkeys(LANGUAGES, evaluate)):
            yield pytest.param(language, examples, id=f"{name}:{line}")


BLOCKS = list(all_blocks())


@pytest.fixture(scope="module", autouse=True)
def services() -> Iterator[None]:
    with standing_in():
        yield


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[SuggestionsEventSource]:
    """The sources that are started from now on."""
    sources: list[SuggestionsEventSource] = []
    start = SuggestionsEventSource.start

    def note(source: SuggestionsEventSource) -> None:
        sources.append(source)
        start(source)

    monkeypatch.setattr(SuggestionsEventSource, "start", note)
    return sources


@pytest.fixture
def received() -> Iterator[list[Any]]:
    """What handlers have raised since."""
    failures: list[Any] = []

    def note(source: Any, event: Any) -> None:
        failures.append(event.detail)

    with signals.handler_error.connected_to(note):
        yield failures


@pytest.mark.parametrize(("language", "examples"), BLOCKS)
def test_a_block_runs(
    language: str,
    examples: list[Example],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    display: str | None,
    begun: list[SuggestionsEventSource],
    received: list[Any],
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(request, tmp_path, display)
    if Path(examples[0].path).name == "README.md":
        examples[0].namespace.clear()
    for example in examples:
        example.namespace["__name__"] = "__main__"
        example.namespace["_evaluate"] = lambda example: LANGUAGES[language](reader, example)
        try:
            example.evaluate()
        except SkipTest as reason:
            pytest.skip(str(reason))
        except ModuleNotFoundError as missing:
            if missing.name not in OPTIONAL:
                raise
            example.namespace["_missing"] = missing.name
    if "_missing" in examples[-1].namespace:
        pytest.skip(f"not installed: {examples[-1].namespace['_missing']}")
    for source in begun:
        assert source.wait(10), f"{source} never ends"
    assert received == []
    assert caplog.messages == [], "a reader would be warned of this"


@pytest.mark.parametrize("fence", ["```", "```ruby", '```python title="a.py"', "~~~pycon"])
def test_a_block_that_nothing_checks_is_refused(fence: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n{fence}\nraise 1\n{fence[:3]}\n", encoding="utf-8")
    [(_, _, [example])] = blocks_of(page, dict.fromkeys(LANGUAGES, evaluate))
    with pytest.raises(AssertionError, match="mark it, with a reason"):
        example.evaluate()


@pytest.mark.parametrize(
    "script",
    ["make nothing", "suggestions ask --nothing", "nothing", "pip install 'x[nothing]'", "'"],
)
def test_a_command_that_does_not_exist_is_refused(script: str) -> None:
    with pytest.raises((AssertionError, subprocess.CalledProcessError, pytest.fail.Exception)):
        document_shell.check(script)


def test_what_is_not_run_says_why() -> None:
    """A new one is to be added here, on purpose."""
    found: dict[str, int] = {}
    for path in DOCUMENTS:
        for reason in re.findall(r"<!-- skip: (.*)", path.read_text("utf-8")):
            assert re.fullmatch(r'next "\w[^"]{10,}" -->', reason), f"{path}: {reason}"
            name = path.relative_to(ROOT).as_posix()
            found[name] = found.get(name, 0) + 1
    assert found == NOT_RUN


@pytest.mark.parametrize("module", PUBLIC)
def test_the_reference_has_every_public_name(module: str) -> None:
    reference = "\n".join(page.read_text("utf-8") for page in (ROOT / "docs").rglob("*.md"))
    named = set(re.findall(r"^::: ([\w.]+)$", reference, re.MULTILINE))
    package = importlib.import_module("suggestions" + module)
    for name in package.__all__:
        assert f"{package.__name__}.{name}" in named, f"docs/ has no ::: {package.__name__}.{name}"


def test_the_table_of_errors_has_every_class() -> None:
    table = (ROOT / "docs" / "errors.md").read_text("utf-8")
    parents = (errors.SuggestionsError, errors.NetworkError)
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    told = [kind for kind in kinds if issubclass(kind, parents) and kind not in parents]
    assert len(told) > 20
    for kind in told:
        assert f"`{kind.__name__}`" in table, f"docs/errors.md has no {kind.__name__}"
        if not issubclass(kind, (errors.NetworkError, errors.AbortedError)):
            assert f"| `{kind.code}` | `{kind.__name__}` |" in table
