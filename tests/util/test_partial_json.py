"""The best object of a JSON text that is still being written, cut at each place."""

from __future__ import annotations

import json
import random
import sys
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggestions._util.partial_json import JSONSoFar, best_object

TEXTS = st.text(st.characters(blacklist_categories=())) | st.sampled_from(
    ["\U0001f600", "\ud83d", '"\\', "\\u00e9", "```json"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20
)
OBJECTS = st.lists(VALUES) | st.dictionaries(TEXTS, VALUES)


def approaches(part: Any, whole: Any) -> bool:
    """Whether `part` has nothing but what `whole` has, and lacks only what comes last."""
    if isinstance(part, dict):
        names = list(whole)[: len(part)] if isinstance(whole, dict) else None
        return list(part) == names and all(approaches(part[name], whole[name]) for name in part)
    if isinstance(part, list):
        return (
            isinstance(whole, list)
            and len(part) <= len(whole)
            and all(map(approaches, part, whole))
        )
    if isinstance(part, str):
        return isinstance(whole, str) and whole.startswith(part)
    return type(part) is type(whole) and part == whole


def size(value: Any) -> int:
    """How much there is of it."""
    if isinstance(value, dict):
        return 1 + sum(1 + len(name) + size(inner) for name, inner in value.items())
    if isinstance(value, list):
        return 1 + sum(1 + size(inner) for inner in value)
    return len(value) if isinstance(value, str) else 1


@given(
    OBJECTS, st.booleans(), st.sampled_from([None, 1]), st.sampled_from(["", " \n", "```json\n"])
)
def test_each_beginning_of_a_text_approaches_the_whole(
    value: Any, ascii: bool, indent: int | None, head: str
) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    whole = json.loads(text)
    before = 0
    for end in range(len(head) + len(text) + 1):
        best = best_object((head + text)[:end])
        if end <= len(head):
            assert best is None
            continue
        assert approaches(best, whole), (text[: end - len(head)], best)
        assert size(best) >= before  # nothing is taken back
        before = size(best)
    assert best_object(head + text) == whole
    assert best_object(head + text + "\n```\nThat was it: {") == whole


@given(OBJECTS, st.randoms(use_true_random=False))
def test_it_does_not_matter_how_the_pieces_are_cut(value: Any, chance: random.Random) -> None:
    text = json.dumps(value)
    so_far, end = JSONSoFar(), 0
    while end < len(text):
        start, end = end, end + chance.randint(1, 8)
        so_far.feed(text[start:end])
        cut = so_far.cut
        assert cut is not None
        assert cut.value_in(text[:end]) == best_object(text[:end])


@given(st.text(st.sampled_from('{}[],:"\\u0dD8cet -1.'), max_size=60))
def test_it_takes_any_text(text: str) -> None:
    assert isinstance(best_object(text), (dict, list, type(None)))
    try:
        whole = json.loads(text)
    except ValueError:
        return
    if isinstance(whole, (dict, list)):
        assert best_object(text) == whole


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("", None),
        ("  ", None),
        ("``", None),
        ("Sure! {", None),
        ("12", None),
        ("```json\n{", {}),
        ("```\n[1, ", [1]),
        ('{"na', {}),
        ('{"name"', {}),
        ('{"name": ', {}),
        ('{"name": "', {"name": ""}),
        ('{"name": "A\\', {"name": "A"}),
        ('{"name": "A\\\\', {"name": "A\\"}),
        ('{"name": "A\\u00e', {"name": "A"}),
        ('{"name": "A\\u00e9', {"name": "A\u00e9"}),
        ('{"name": "A\\ud83d', {"name": "A"}),
        ('{"name": "A\\ud83d\\ude0', {"name": "A"}),
        ('{"name": "A\\ud83d\\ude00', {"name": "A\U0001f600"}),
        ('{"name": "A\\ud83d!', {"name": "A\ud83d!"}),
        ('{"n": -', {}),
        ('{"n": 1e', {}),
        ('{"n": 12', {}),
        ('{"n": 12,', {"n": 12}),
        ('{"n": 1, "of": {"a": [1, {"b": "c', {"n": 1, "of": {"a": [1, {"b": "c"}]}}),
        ("[tru", []),
        ("[true ]", [True]),
        ('{"a": 1, "a": "x', {"a": "x"}),
        ('{"a": 1, b: 2}', {"a": 1}),
        ('{"a": 1}}', {"a": 1}),
        ('["a\nb"]', ["a"]),
        ("[1, 2}", [1]),
        ("[" + "9" * 5000 + ", 1]", []),
        ('{"a": "x" "b": 1, "c', {"a": "x"}),
    ],
)
def test_what_counts(text: str, best: Any) -> None:
    assert best_object(text) == best


def test_deep_nesting_is_left_out() -> None:
    text = "[" * 100_000
    best: Any = best_object(text)
    depth = 0
    while best:
        best, depth = best[0], depth + 1
    assert 100 < depth < sys.getrecursionlimit()
    assert isinstance(best_object('{"a":' * 100_000), dict)


@pytest.mark.parametrize(
    "piece", ["{", '"', "\\", "\\n", "9", " ", ",", '"a', '{"a":', "\\ud83d", "`"]
)
def test_the_cost_is_linear(piece: str) -> None:
    """However a service fills a text, twice as much takes about twice as long."""

    def seconds(count: int) -> float:
        so_far = JSONSoFar('{"a": "' if piece[0] == "\\" else "[")
        start = perf_counter()
        for _ in range(count):
            so_far.feed(piece)
        return perf_counter() - start

    seconds(1000)
    assert seconds(160_000) < 200 * max(seconds(10_000), 0.002)
