"""The code blocks of a document, each with what a reader does not see of it.

    <!-- invisible-code-block: python       run before what follows, in the document's namespace
    <!-- skip: next "why"                   not run, for that reason
    <!-- program: tkinter                   run by itself, where these modules are; its lines stand
                                            around the block, which takes the place of `...`

All blocks of a document share one namespace, in their order. The README has no such comments: each
of its blocks is a whole program, and `document_around` has what a test needs around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from document_around import README, Program
from sybil import Document, Example, Region
from sybil.parsers.markdown.codeblock import CodeBlockParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, RawFencedCodeBlockLexer
from sybil.parsers.markdown.skip import SkipParser

NO_CODE = frozenset(("text", "http"))
"""What a program says, and what goes over a wire."""


def blocks_of(
    path: Path, evaluators: dict[str, Callable[[Example], None]]
) -> Iterator[tuple[int, str, list[Example]]]:
    """Line, language, and what is to be evaluated for each block, hidden ones as well."""
    known = [CodeBlockParser(language, evaluate) for language, evaluate in evaluators.items()]
    parsers = (
        SkipParser(),
        parse_programs,
        parse_readme,
        *known,
        others_than({*evaluators, *NO_CODE}),
    )
    waiting: list[Example] = []
    for example in Document.parse(str(path), *parsers).examples():
        waiting.append(example)
        if example.region.lexemes and "source" in example.region.lexemes:
            yield example.line, example.region.lexemes["arguments"], waiting
            waiting = []
    assert not waiting, f"{path}:{waiting[0].line}: there is no block behind this"


def parse_programs(document: Document) -> Iterable[Region]:
    for region in DirectiveInHTMLCommentLexer("program")(document):
        around = Program(
            tuple(region.lexemes["arguments"].split()), str(region.lexemes["source"]) or "..."
        )
        yield Region(region.start, region.end, around, announce)


def parse_readme(document: Document) -> Iterable[Region]:
    if Path(document.path).name == "README.md":
        for heading, program in README.items():
            block = document.text.index("```python", document.text.index(f"\n## {heading}\n"))
            yield Region(block - 1, block, program, announce)


def announce(example: Example) -> None:
    example.namespace["_program"] = example.parsed


def others_than(languages: set[str]) -> Callable[[Document], Iterable[Region]]:
    """The fences that nothing checks."""
    info = re.compile(r"(?P<arguments>[^\n]*)\n")

    def parse(document: Document) -> Iterable[Region]:
        for region in RawFencedCodeBlockLexer(info)(document):
            if region.lexemes["arguments"].strip() not in languages:
                yield Region(region.start, region.end, None, refuse, region.lexemes)

    return parse


def refuse(example: Example) -> None:
    language = example.region.lexemes["arguments"]
    raise AssertionError(f"nothing checks a block in {language!r}: mark it, with a reason")
