"""What a question may ask of the playground besides text: sources, a picture, and counts."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest
import requests

from suggestions.playground import Playground

SOON = 30.0  # seconds; a bound for what ends at once, never a measure
CITING: Any = [{"role": "user", "content": "Write a haiku and cite your sources"}]
DRAWING: Any = [{"role": "user", "content": "Draw a cat"}]
SENTENCES = (
    "The playground knows its answers by heart.",
    "It sends them token by token, at the pace of a model \U0001f40c.",
)
URLS = ["https://example.com/playground/answers", "https://example.com/playground/pace"]


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


@pytest.fixture(scope="module")
def gpt(playground: Playground) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        api_key="any", base_url=playground.openai_url, max_retries=0, timeout=SOON
    ) as client:
        yield client


@pytest.fixture(scope="module")
def claude(playground: Playground) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        api_key="any", base_url=playground.anthropic_url, max_retries=0
    ) as client:
        yield client


# Sources


def test_openai_cites_in_annotations(gpt: openai.OpenAI) -> None:
    whole = gpt.chat.completions.create(model="m", messages=CITING).choices[0].message
    assert whole.annotations is not None
    cited = [each.url_citation for each in whole.annotations]
    text = whole.content or ""
    assert text.startswith("Small words")
    assert tuple(text[each.start_index : each.end_index] for each in cited) == SENTENCES
    assert [each.url for each in cited] == URLS
    with gpt.chat.completions.stream(model="m", messages=CITING) as stream:
        streamed = stream.get_final_completion().choices[0].message
    assert streamed.content == text
    assert streamed.annotations == whole.annotations


def test_responses_cites_in_its_parts(gpt: openai.OpenAI) -> None:
    with gpt.responses.stream(model="m", input=CITING) as stream:
        added = [event for event in stream if event.type == "response.output_text.annotation.added"]
        final: Any = stream.get_final_response()
    part = final.output[0].content[0]
    assert [event.annotation_index for event in added] == [0, 1]
    assert [dict(event.annotation) for event in added] == [dict(each) for each in part.annotations]
    cited = [part.text[each.start_index : each.end_index] for each in part.annotations]
    assert tuple(cited) == SENTENCES
    whole: Any = gpt.responses.create(model="m", input=CITING)
    assert whole.output[0].content[0].annotations == part.annotations


def test_anthropic_cites_in_blocks_of_their_own(claude: anthropic.Anthropic) -> None:
    whole: Any = claude.messages.create(model="m", max_tokens=1000, messages=CITING)
    texts = [(block.text, block.citations) for block in whole.content]
    assert tuple(text for text, citations in texts if citations) == SENTENCES
    assert [citations[0].url for _, citations in texts if citations] == URLS
    assert texts[0][0].startswith("Small words")
    with claude.messages.stream(model="m", max_tokens=1000, messages=CITING) as stream:
        cited = [event.citation for event in stream if event.type == "citation"]
        final: Any = stream.get_final_message()
    assert [(block.text, block.citations) for block in final.content] == texts
    assert cited == [citations[0] for _, citations in texts if citations]
    assert cited[0].cited_text == "All of its answers are in one table."


@pytest.mark.parametrize("limit", [3, 30, 40])
def test_a_sentence_that_is_cut_off_is_not_cited(gpt: openai.OpenAI, limit: int) -> None:
    whole = gpt.chat.completions.create(model="m", messages=CITING, max_tokens=limit).choices[0]
    text = whole.message.content or ""
    cited = [sentence for sentence in SENTENCES if sentence in text]
    assert whole.finish_reason == "length"
    assert len(whole.message.annotations or []) == len(cited)


def test_what_has_no_citations_has_the_same_text(
    playground: Playground, gpt: openai.OpenAI
) -> None:
    text = gpt.chat.completions.create(model="m", messages=CITING).choices[0].message.content
    body = {"model": "m", "messages": CITING, "stream": False}
    answer = requests.post(f"{playground.ollama_url}/api/chat", json=body, timeout=SOON).json()
    assert answer["message"] == {"role": "assistant", "content": text}


# A picture


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG whose every chunk is sound."""
    signature, chunks = png[:8], png[8:]
    assert signature == b"\x89PNG\r\n\x1a\n"
    found = {}
    while chunks:
        (length,) = struct.unpack(">I", chunks[:4])
        named, (check,) = (
            chunks[4 : 8 + length],
            struct.unpack(">I", chunks[8 + length : 12 + length]),
        )
        assert zlib.crc32(named) == check
        found[named[:4]] = named[4:]
        chunks = chunks[12 + length :]
    assert list(found) == [b"IHDR", b"IDAT", b"IEND"]
    width, height = struct.unpack(">II", found[b"IHDR"][:8])
    assert len(zlib.decompress(found[b"IDAT"])) == height * (1 + 3 * width)
    return width, height


def test_responses_draws_after_a_preview(gpt: openai.OpenAI) -> None:
    with gpt.responses.stream(model="m", input=DRAWING) as stream:
        events: list[Any] = list(stream)
        final: Any = stream.get_final_response()
    named = [event for event in events if ".image_generation_call." in event.type]
    steps = [event.type.rpartition(".")[2] for event in named]
    assert steps == ["in_progress", "generating", "partial_image", "completed"]
    assert size_of(base64.b64decode(named[2].partial_image_b64)) == (8, 8)
    image, message = final.output
    assert (image.type, image.status, image.id[:3]) == ("image_generation_call", "completed", "ig_")
    assert size_of(base64.b64decode(image.result)) == (64, 64)
    assert message.content[0].text.startswith("Here it is")
    whole: Any = gpt.responses.create(model="m", input=DRAWING)
    assert whole.output[0].result == image.result
    other: Any = gpt.responses.create(model="m", input="Draw a dog")
    assert other.output[0].result != image.result


def test_openai_draws_as_openrouter_does(gpt: openai.OpenAI) -> None:
    whole: Any = gpt.chat.completions.create(model="m", messages=DRAWING).choices[0].message
    [image] = whole.images
    head, _, data = image["image_url"]["url"].partition(",")
    assert (image["type"], head) == ("image_url", "data:image/png;base64")
    assert size_of(base64.b64decode(data)) == (64, 64)
    with gpt.chat.completions.create(model="m", messages=DRAWING, stream=True) as stream:
        deltas: list[Any] = [chunk.choices[0].delta for chunk in stream]
    [streamed] = [delta.images for delta in deltas if hasattr(delta, "images")]
    assert streamed == whole.images


def test_who_cannot_draw_says_so(playground: Playground, claude: anthropic.Anthropic) -> None:
    message: Any = claude.messages.create(model="m", max_tokens=1000, messages=DRAWING)
    assert message.content[0].text.startswith("I cannot draw here")
    body = {"model": "m", "messages": DRAWING, "stream": False}
    answer = requests.post(f"{playground.ollama_url}/api/chat", json=body, timeout=SOON).json()
    assert answer["message"]["content"].startswith("I cannot draw here")


def test_a_reasoner_that_drew_gets_its_items_back(gpt: openai.OpenAI) -> None:
    drawn: Any = gpt.responses.create(model="playground-reasoner", input=DRAWING).output
    assert [item.type for item in drawn] == ["reasoning", "image_generation_call", "message"]
    then = {"role": "user", "content": "Write a haiku"}
    for kept in (drawn, [drawn[0], drawn[2]]):
        answer = gpt.responses.create(model="playground-reasoner", input=[*DRAWING, *kept, then])
        assert answer.output_text.startswith("Small words")


# Counts

TURNS: Any = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": "Write a haiku"},
]


def test_earlier_messages_count_as_cached(gpt: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    first = gpt.chat.completions.create(model="m", messages=TURNS[:1]).usage
    then = gpt.chat.completions.create(model="playground-reasoner", messages=TURNS).usage
    assert first is not None
    assert then is not None
    assert first.prompt_tokens_details is not None
    assert then.prompt_tokens_details is not None
    assert then.completion_tokens_details is not None
    assert first.prompt_tokens_details.cached_tokens == 0
    assert then.prompt_tokens_details.cached_tokens == first.prompt_tokens
    thought = then.completion_tokens_details.reasoning_tokens
    assert thought

    answer = gpt.responses.create(model="playground-reasoner", input=TURNS).usage
    assert answer is not None
    assert answer.input_tokens_details.cached_tokens == first.prompt_tokens
    assert answer.output_tokens_details.reasoning_tokens == thought
    assert answer.total_tokens == then.total_tokens

    message = claude.messages.create(model="playground-reasoner", max_tokens=999, messages=TURNS)
    usage = message.usage.to_dict()
    assert usage["cache_read_input_tokens"] == first.prompt_tokens
    assert usage["input_tokens"] == then.prompt_tokens - first.prompt_tokens
    assert usage["output_tokens_details"] == {"thinking_tokens": thought}
    with claude.messages.stream(
        model="playground-reasoner", max_tokens=999, messages=TURNS
    ) as stream:
        streamed = stream.get_final_message().usage.to_dict()
    for name in ("input_tokens", "cache_read_input_tokens", "output_tokens"):
        assert streamed[name] == usage[name]


def test_the_pieces_of_a_picture_and_of_sources_are_messages(playground: Playground) -> None:
    """Each line of the stream is JSON, also where the text has signs of more than 16 bits."""
    body = {"input": "draw and cite", "stream": True}
    url = f"{playground.responses_url}/responses"
    text = requests.post(url, json=body, timeout=SOON).content.decode()
    data = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    numbers = [json.loads(each)["sequence_number"] for each in data]
    assert numbers == list(range(len(numbers)))
