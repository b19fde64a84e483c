"""The first characters of an answer: the marker of an unclear prompt, and the artifact to drop."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suggestions.dialects.opening import Opening, Verdict

ARTIFACT = "<|start_header_id|>assistant<|end_header_id|>"
MARKER = "JETPACK_AI_ERROR"

# The oracle, on the whole text at once: each character of the marker, emphasis anywhere around it.
BEGINS_WITH_MARKER = re.compile("".join(f"[_*]*{char}" for char in MARKER))


def without_artifact(text: str) -> str:
    if text.startswith(ARTIFACT):
        return text[len(ARTIFACT) :].lstrip("\n")
    return text


def expected(text: str) -> Verdict:
    rest = without_artifact(text)
    if BEGINS_WITH_MARKER.match(rest):
        return Verdict.MARKER
    could_be_artifact = ARTIFACT.startswith(text)
    could_be_marker = any(BEGINS_WITH_MARKER.match(rest + MARKER[n:]) for n in range(len(MARKER)))
    return Verdict.OPEN if could_be_artifact or could_be_marker else Verdict.CLEAR


def read(pieces: list[str]) -> tuple[Verdict, str]:
    """The verdict, and the text of the pieces up to the one that decides."""
    opening = Opening()
    for piece in pieces:
        verdict = opening.feed(piece)
        if verdict is not Verdict.OPEN:
            return verdict, "".join(opening.held)
    return Verdict.OPEN, "".join(opening.held)


# Texts that are the marker, nearly the marker, the artifact, or nearly that

emphasis = st.text("_*", max_size=3)


@st.composite
def emphasised(draw: st.DrawFn) -> str:
    return "".join(draw(emphasis) + char for char in MARKER) + draw(emphasis)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    text = draw(emphasised())
    place = draw(st.integers(0, len(text)))
    gone = draw(st.integers(0, 2))
    return text[:place] + draw(st.text(max_size=2)) + text[place + gone :]


begun = st.one_of(emphasised(), spoilt(), st.just(MARKER), st.text(max_size=20))
artifacts = st.one_of(
    st.just(""),
    st.just(ARTIFACT),
    st.builds(lambda n: ARTIFACT + "\n" * n, st.integers(0, 4)),
    st.builds(lambda n: ARTIFACT[:n], st.integers(0, len(ARTIFACT))),
)
texts = st.builds("{}{}{}".format, artifacts, begun, st.text(max_size=5))


@st.composite
def cut_texts(draw: st.DrawFn) -> list[str]:
    text = draw(texts)
    ends = sorted(draw(st.lists(st.integers(0, len(text)), max_size=10)))
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


@given(cut_texts())
def test_the_verdict_is_that_of_the_oracle_however_the_text_is_cut(pieces: list[str]) -> None:
    assert read(pieces)[0] is expected("".join(pieces))


@given(cut_texts())
def test_it_is_told_with_the_very_piece_that_decides(pieces: list[str]) -> None:
    opening = Opening()
    for count, piece in enumerate(pieces, start=1):
        verdict = opening.feed(piece)
        assert verdict is expected("".join(pieces[:count]))
        if verdict is not Verdict.OPEN:
            return


@given(cut_texts())
def test_what_is_held_is_all_the_text_but_the_artifact(pieces: list[str]) -> None:
    opening = Opening()
    for count, piece in enumerate(pieces, start=1):
        verdict = opening.feed(piece)
        assert "".join(opening.held) == without_artifact("".join(pieces[:count]))
        assert "" not in opening.held
        if verdict is not Verdict.OPEN:
            return


@given(cut_texts().filter(lambda pieces: ARTIFACT not in "".join(pieces)))
def test_the_held_pieces_are_those_that_came(pieces: list[str]) -> None:
    opening = Opening()
    came = []
    for piece in pieces:
        came.append(piece)
        if opening.feed(piece) is not Verdict.OPEN:
            break
    assert opening.held == [piece for piece in came if piece]


@pytest.mark.parametrize(
    "text",
    [
        "JETPACK_AI_ERROR",
        "JETPACK_AI_ERROR: I do not understand.",
        "__JETPACK_AI_ERROR__",
        "**JETPACK_AI_ERROR**",
        "_JETPACK_AI_ERROR_",
        "*JETPACK_AI_ERROR*",
        "***JETPACK_AI_ERROR***",
        "**__JETPACK_AI_ERROR__**",
        "JETPACK__AI__ERROR",
        "JETPACK_**AI**_ERROR",
        "JETPACK*_*AI*_*ERROR",
        "J_E*T**P__ACK_AI_ERROR",
        f"{ARTIFACT}JETPACK_AI_ERROR",
        f"{ARTIFACT}\n\n**JETPACK_AI_ERROR**",
    ],
)
def test_the_marker(text: str) -> None:
    assert read([text])[0] is Verdict.MARKER
    assert read(list(text))[0] is Verdict.MARKER


@pytest.mark.parametrize(
    "text",
    [
        "jetpack_ai_error",
        "JETPACK AI ERROR",
        "JETPACK-AI-ERROR",
        "JETPACKAIERROR",
        "JETPACK_AI_EROR",
        "JETPACK_AI_ERROX",
        "JETPACK\\_AI\\_ERROR",
        " JETPACK_AI_ERROR",
        "\nJETPACK_AI_ERROR",
        "Error: JETPACK_AI_ERROR",
        "J ETPACK_AI_ERROR",
        "JETPACK_AI_JETPACK_AI_ERROR",
        "\u200bJETPACK_AI_ERROR",
        "JETPACK_AI_ERR\u041eR",
        "`JETPACK_AI_ERROR`",
        "__init__",
        "**Argentina** won",
        "* a list",
        "<|start_header_id|>user<|end_header_id|>",
        f"<{ARTIFACT}",
        f"{ARTIFACT}{ARTIFACT}",
        f"_{ARTIFACT}JETPACK_AI_ERROR",
        f"{ARTIFACT}\n JETPACK_AI_ERROR",
        f"{ARTIFACT} \n",
    ],
)
def test_a_near_miss_is_text(text: str) -> None:
    assert read([text]) == (Verdict.CLEAR, without_artifact(text))
    assert read(list(text))[0] is Verdict.CLEAR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "J",
        "_",
        "**",
        "____****",
        "JETPACK_AI_ERRO",
        "_J_E_T_",
        ARTIFACT[:-1],
        ARTIFACT,
        f"{ARTIFACT}\n\n\n",
        f"{ARTIFACT}\n__JET",
    ],
)
def test_what_could_still_become_one_is_open(text: str) -> None:
    assert read([text])[0] is Verdict.OPEN
    assert read(list(text))[0] is Verdict.OPEN
