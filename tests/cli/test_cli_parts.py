"""Images in a question, and what an answer has besides its text, on the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from script import data
from test_cli import SOON, Screen, command, run, run_on_terminal

from suggestions.cli import exit_codes
from suggestions.dialects.image import LARGEST
from suggestions.playground import Playground
from suggestions.testing import SuggestionsServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
PNG_URL = "data:image/png;base64,iVBORw0KGgo="
ESCAPE = "\x1b]0;owned\x07"


def frame(kind: str, said: Any = None) -> bytes:
    return data(json.dumps({"type": kind, **({} if said is None else {"data": said})}))


def cited(url: str, title: str = "", quote: str = "") -> bytes:
    return frame("citation", {"url": url, "title": title, "quote": quote})


DONE = frame("done")
ANSWER = [
    frame("content", "It is *cold*."),
    cited("https://a.example", f"The {ESCAPE}\nweather"),
    cited("https://b.example"),
    cited("https://a.example", f"The {ESCAPE}\nweather"),
    cited("", "", "Said in a document."),
    frame("file", {"media_type": "image/png", "url": PNG_URL[:-4], "partial": True, "id": "i"}),
    frame("file", {"media_type": "image/png", "url": PNG_URL, "id": "i"}),
    frame("file", {"media_type": "", "url": "https://files.example/a.pdf"}),
    DONE,
]


@pytest.fixture
def server() -> Iterator[SuggestionsServer]:
    with SuggestionsServer() as server:
        server.sends(*ANSWER)
        yield server


def asking(server: SuggestionsServer, *args: str) -> list[str]:
    return ["ask", "--dialect", "relay", "--url", server.url, *args, "Why?"]


# Questions


def test_images_follow_the_question(server: SuggestionsServer, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(PNG)
    images = ["--image", str(tmp_path / "one.png"), "--image", str(tmp_path / "two.png")]
    address = ["--image", "https://images.example/cat.png"]
    result = run(*asking(server, *images, *address, "--system", "Be brief."))
    assert result.exit_code == 0
    system, question = server.requests[0].json["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    text, one, two, three = question["content"]
    assert text == {"type": "text", "text": "Why?"}
    assert one == two
    assert one["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")
    assert three == {
        "type": "image_url",
        "image_url": {"url": "https://images.example/cat.png"},
    }


def test_an_image_that_cannot_be_read_is_named(server: SuggestionsServer, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(LARGEST + 1)
    for name, told in {
        "missing.png": "No such file or directory",
        "text.png": "no PNG, JPEG, GIF or WebP file",
        "large.png": f"expected at most {LARGEST}",
        ".": "",
    }.items():
        result = run(*asking(server, "--image", str(tmp_path / name)))
        assert result.exit_code == 2
        output = " ".join(result.output.split())
        assert "'--image'" in output
        assert name in output
        assert told in output
        assert "Traceback" not in output
    assert server.requests == []


def test_a_service_that_takes_no_image_is_not_asked(
    server: SuggestionsServer, tmp_path: Path
) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    image = ["--image", str(tmp_path / "cat.png")]
    result = run("ask", "--dialect", "jetpack", "--url", server.url, *image, "Why?")
    assert result.exit_code == 2
    assert "image_url" in result.output
    assert server.requests == []


# Objects

SCHEMA = {
    "title": "person",
    "type": "object",
    "properties": {"name": {"type": "string"}, "tags": {"type": "array", "items": {}}},
    "required": ["name"],
}


def ask_for_object(server: SuggestionsServer, tmp_path: Path, text: str, *args: str) -> Any:
    server.answer(text)
    (tmp_path / "person.json").write_text(json.dumps(SCHEMA))
    service = ["--dialect", "openai", "--base-url", server.url, "--model", "m"]
    return run("ask", *service, "--schema", str(tmp_path / "person.json"), *args, "Who?")


def test_a_schema_asks_for_an_object(tmp_path: Path) -> None:
    with SuggestionsServer() as server:
        result = ask_for_object(server, tmp_path, '{"name": "Ada *Lovelace*"}')
        assert (result.exit_code, result.output) == (0, '{"name": "Ada *Lovelace*"}\n')
        asked = server.requests[0].json["response_format"]
        assert asked["type"] == "json_schema"
        assert asked["json_schema"]["name"] == "person"
        result = ask_for_object(server, tmp_path, '{"name": "Ada"}', "--json")
        events = [json.loads(line) for line in result.output.splitlines()]
        objects = [event["detail"] for event in events if event["type"] == "object"]
        assert objects[-1] == {"name": "Ada"}


def test_an_answer_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    with SuggestionsServer() as server:
        result = ask_for_object(server, tmp_path, '{"name": 5}')
    assert result.exit_code == exit_codes.BY_ERROR["error_network"]
    assert result.output.startswith('{"name": 5}\n')
    assert "Error: " in result.output
    assert "person" in result.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "schema.json is no JSON"),
        ("[" * 100_000, "schema.json is no JSON"),
        ("[1]", "schema.json is no JSON object"),
        ('{"type": "text"}', "output"),
    ],
)
def test_a_wrong_schema_is_told(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(text)
    args = ["--dialect", "openai", "--base-url", "http://localhost:9", "--model", "m"]
    result = run("ask", *args, "--schema", str(tmp_path / "schema.json"), "Who?")
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


# Answers


def test_in_a_pipe_the_text_stays_as_it_came(server: SuggestionsServer) -> None:
    child = subprocess.run(
        command(*asking(server)), capture_output=True, text=True, timeout=SOON, check=True
    )
    assert child.stdout == "It is *cold*.\n"
    assert child.stderr.splitlines() == [
        "Sources:",
        "1. The \u241b]0;owned\u2407 weather https://a.example",
        "2. https://b.example",
        "3. Said in a document.",
        "Note: the answer has a file: image/png, 8 bytes. --json shows it.",
        "Note: the answer has a file: of an unknown type, https://files.example/a.pdf. "
        "--json shows it.",
    ]


@pytest.mark.parametrize("options", [[], ["--plain"]])
def test_on_a_terminal_the_sources_stand_under_the_answer(
    server: SuggestionsServer, options: list[str]
) -> None:
    code, written = run_on_terminal(*asking(server, *options))
    assert code == 0
    assert ESCAPE not in written
    lines = Screen(written.replace("\x1b[3m", "").replace("\x1b[0m", "")).lines
    at = lines.index("Sources:")
    assert "cold" in lines[at - 2]
    assert lines[at - 1] == ""
    assert lines[at + 1] == "1. The \u241b]0;owned\u2407 weather https://a.example"


def test_json_has_all_of_it(server: SuggestionsServer) -> None:
    result = run(*asking(server, "--json"))
    events = [json.loads(line) for line in result.output.splitlines()]
    details = {event["type"]: event["detail"] for event in events}
    files = [event["detail"] for event in events if event["type"] == "file"]
    assert [file["url"] for file in files] == [
        PNG_URL[:-4],
        PNG_URL,
        "https://files.example/a.pdf",
    ]
    assert files[0] == {
        "media_type": "image/png",
        "url": PNG_URL[:-4],
        "partial": True,
        "id": "i",
    }
    assert details["citation"] == {
        "url": "",
        "title": "",
        "start": None,
        "end": None,
        "quote": "Said in a document.",
    }
    assert "Sources" not in result.output


def test_a_file_alone_is_no_empty_answer() -> None:
    with SuggestionsServer() as server:
        server.sends(frame("file", {"media_type": "image/png", "url": "data:,x%"}), DONE)
        result = run(*asking(server))
    assert result.output == ("Note: the answer has a file: image/png, damaged. --json shows it.\n")


def test_the_playground_cites_and_draws() -> None:
    with Playground(pace=0) as playground:
        service = ["--dialect", "responses", "--base-url", playground.responses_url]
        cited = run("ask", *service, "Who won the world cup in 2022? Cite your sources.")
        assert "Sources:\n1. What the playground knows https://example.com/" in cited.output
        drawn = run("ask", *service, "Draw a cat")
        assert "Note: the answer has a file: image/png, " in drawn.output


# Calls


def test_a_call_so_far_does_not_grow_with_the_square_of_its_arguments() -> None:
    piece = "x" * 10
    pieces = ['{"a": "', *[piece] * 2000, '"}']
    calls = [{"tool_call_chunk": {"index": 0, "arguments": part}} for part in pieces]
    calls[0]["tool_call_chunk"] |= {"id": "a", "name": "f"}
    frames = [frame("tool_call_chunk", call["tool_call_chunk"]) for call in calls]
    with SuggestionsServer() as server:
        server.sends(*frames, DONE)
        result = run(*asking(server, "--json"))
    events = [json.loads(line) for line in result.output.splitlines()]
    (whole,) = (event["detail"] for event in events if event["type"] == "tool_call")
    assert json.loads(whole["arguments"]) == {"a": piece * 2000}
    so_far = [event["detail"] for event in events if event["type"] == "tool_call_chunk"]
    assert 0 < len(so_far) < len(pieces) / 4
