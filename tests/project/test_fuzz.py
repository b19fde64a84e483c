"""The fuzzer's targets without the fuzzer: every input of the corpus, and some of Hypothesis's."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.mutate import mutate
from fuzz.targets import CORPUS, TARGETS

INPUTS = {name: sorted((CORPUS / name).iterdir()) for name in TARGETS}


def test_every_target_has_a_corpus_and_the_other_way_round() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert all(INPUTS.values())


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus(name: str) -> None:
    for path in INPUTS[name]:
        try:
            TARGETS[name](path.read_bytes())
        except Exception as error:
            pytest.fail(f"{path.relative_to(CORPUS)}: {error!r}")


def changed(data: bytes, max_size: int) -> bytes:
    return data[: max_size // 2] + data[-1:]


@st.composite
def inputs(draw: st.DrawFn, name: str) -> bytes:
    """One of the corpus, with a few values in its JSON replaced, and cut or joined to another."""
    samples = st.sampled_from([path.read_bytes() for path in INPUTS[name]])
    data = draw(samples)
    for seed in draw(st.lists(st.integers(0, 2**32), max_size=4)):
        data = mutate(data, 4096, seed, changed)
    if draw(st.booleans()):
        data = data[: draw(st.integers(0, len(data)))] + draw(st.binary(max_size=8) | samples)
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_near_the_corpus(name: str) -> None:
    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(inputs(name))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()


def test_a_mutation_changes_a_value_in_a_line_of_json() -> None:
    data = b'openai text/event-stream\ndata: {"a": {"b": [1, 2]}}\n\n'
    results = {mutate(data, 4096, seed, lambda data, size: data) for seed in range(200)} - {data}
    assert len(results) > 10
    for result in results:
        head, line, *rest = result.split(b"\n")
        assert (head, rest) == (b"openai text/event-stream", [b"", b""])
        json.loads(line.removeprefix(b"data: "))


def test_a_target_fails_where_something_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    from suggestions._wire import sse

    # A mistake: CRs are left as they are.
    monkeypatch.setattr(sse.EventDecoder, "_with_lf", lambda self, data: data)
    with pytest.raises(AssertionError):
        TARGETS["event_stream"](b"data: a\r\rdata: b\n\n")
