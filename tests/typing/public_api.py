"""The public API as a type checker sees it: checked by mypy and pyright, never run."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import assert_type

from suggestions import (
    Dialect,
    Event,
    SuggestionsError,
    SuggestionsEventSource,
    ask_question,
    ask_question_sync,
    image,
    shutdown,
    signals,
)
from suggestions.dialects.openai import OpenAI
from suggestions.events import AnswerFile, Citation, FunctionCall, ToolCall, Usage

source = SuggestionsEventSource(
    question=[{"role": "user", "content": "Hello", "context": {"content": "…"}}],
    token=lambda: "token",
    url="https://example.org/",
    options={"model": "m", "post_id": 1},
    dialect=OpenAI(model="m", temperature=0.2),
    dispatch=asyncio.new_event_loop().call_soon_threadsafe,
    timeouts={"idle": 3, "content": 30.5, "total": None},
    headers={"X-Title": "title"},
    retries=2,
    throttle=0.05,
    smooth=True,
    output={"type": "object"},
    on={"done": print},
    start=False,
)
dialect: Dialect = OpenAI()


def on_text(source: SuggestionsEventSource, event: Event[str]) -> None:
    assert_type(event.detail, str)


def on_failure(source: SuggestionsEventSource, event: Event[SuggestionsError]) -> None:
    assert_type(event.detail.partial_text, str)
    assert_type(event.detail.retry_after, float | None)


source.connect("chunk", on_text)
source.connect("suggestion", on_text, weak=True)
source.connect("error", on_failure)
source.connect("error_quota_exceeded", on_failure)
source.connect("open", lambda source, event: print(event.detail.status, source.model))
source.connect("message", lambda source, event: print(event.detail.last_event_id))
source.connect("function_done", lambda source, event: print(event.detail.arguments))
source.connect("tool_call", lambda source, event: print(event.detail.id))
source.connect("citation", lambda source, event: print(event.detail.url, event.detail.start))
source.connect("file", lambda source, event: print(event.detail.media_type, event.detail.data))
source.connect("tool_call_chunk", lambda source, event: print(event.detail.parsed["city"]))
source.connect("object", lambda source, event: print(event.detail["name"], source.object.name))
source.connect("usage", lambda source, event: print(event.detail.total_tokens))
source.connect("usage", lambda source, event: print(event.detail.cached_tokens))
source.connect("retry", lambda source, event: print(event.detail.delay))
source.connect("handler_error", lambda source, event: print(event.detail.exception))
source.connect("new-message", lambda source, event: print(event.detail.data))
source.once("done", on_text)

# A handler of another payload is an error.
source.connect("chunk", on_failure)  # type: ignore[arg-type]
source.connect("usage", on_text)  # type: ignore[arg-type]
source.connect("citation", on_text)  # type: ignore[arg-type]


@source.on("suggestion")
def show(source: SuggestionsEventSource, event: Event[str]) -> None:
    assert_type(event.detail, str)


def listen(event: Event[Any]) -> None:
    print(event.type, event.detail, event.target)


source.add_event_listener("done", listen, once=True, signal=source.controller)
source.remove_event_listener("done", listen)
source.dispatch_event(Event("mine", 3))
assert_type(Event("mine"), Event[None])
assert_type(Event("mine", target=source), Event[None])
assert_type(Event("mine", 3), Event[int])
source.disconnect("chunk", on_text)
signals.done.connect(listen, weak=False)
signals.citation.connect(listen, weak=False)

assert_type(source.wait(1.5), bool)
assert_type(source.join(1.5), bool)
assert_type(shutdown(), bool)
assert_type(source.result(), str)
assert_type(source.full_message, str)
assert_type(source.usage, Usage | None)
assert_type(source.tool_calls, tuple[ToolCall, ...])
assert_type(source.message, dict[str, Any])
assert_type(source.citations, tuple[Citation, ...])
assert_type(source.files, tuple[AnswerFile, ...])
assert_type(source.full_function_call, FunctionCall | None)
assert_type(source.error, SuggestionsError | None)
assert_type(source.object, Any)
for chunk in source:
    assert_type(chunk, str)
with source as same:
    assert_type(same, SuggestionsEventSource)


async def follow() -> None:
    async for chunk in source:
        assert_type(chunk, str)
    assert_type(await source, str)


assert_type(ask_question("Hello"), SuggestionsEventSource)
ask_question([{"role": "user", "content": [{"type": "text", "text": "?"}, image("cat.png")]}])
ask_question([{"role": "user", "content": "?"}, source.message, {"role": "user", "content": "!"}])
assert_type(ask_question_sync("Hello", dialect="openai"), str)
