"""`suggestions.relay` as a type checker sees it: checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

import requests
from typing_extensions import assert_type

from suggestions.dialects.openai import OpenAI
from suggestions.errors import SuggestionsError
from suggestions.relay import (
    AgUiRun,
    OpenAIEndpoint,
    RelayResponse,
    build_messages,
    follow,
    handle_openai_stream,
    messages_from_ag_ui,
    messages_from_ui,
    openai_endpoint,
    preflight,
    relay,
    stop,
    tools_from_ag_ui,
)
from suggestions.relay.stores import Endings, MemoryStore, RedisStore, Store, StoredAnswer


async def save(text: str) -> None: ...


def count(piece: str) -> int:
    return len(piece)


def report(error: SuggestionsError) -> None: ...


response = relay(
    build_messages("Why?", "Be brief.", [{"role": "user", "content": "Hi"}]),
    model="m1",
    dialect=OpenAI("https://service.example/v1", "key"),
    temperature=0.2,
    error_context="POST /ask",
    on_content=count,
    on_complete=save,
    on_error=report,
    expose_errors=True,
    error_message="Later, please.",
    heartbeat=10,
    tools=[count, {"type": "function"}],
    max_steps=3,
    tool_timeout=None,
    approve=lambda call, arguments: call.name == "count" and "piece" in arguments,
    frames="openai",
    events=["reasoning", "tool_call"],
    cors=["https://app.example"],
    timeouts={"idle": 30, "total": None},
    session=requests.Session(),
    max_tokens=100,
)
assert_type(response, RelayResponse)
assert_type(handle_openai_stream("Why?"), RelayResponse)
assert_type(preflight("*"), RelayResponse)
assert_type(iter(response), Iterator[bytes])
assert_type(aiter(response), AsyncGenerator[bytes, None])
assert_type(response.headers, dict[str, str])

relay("Why?", frames="morse")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
relay("Why?", tools=[5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
relay("Why?", error_context=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
assert_type(relay(messages_from_ui([{"role": "user"}]), frames="ui"), RelayResponse)

run = {"threadId": "t", "runId": "r", "messages": [{"role": "user", "content": "Why?"}]}
assert_type(messages_from_ag_ui(run), list[dict[str, Any]])
assert_type(
    relay(messages_from_ag_ui(run), tools=[*tools_from_ag_ui(run), save], frames=AgUiRun(run)),
    RelayResponse,
)
assert_type(relay("Why?", frames="ag-ui"), RelayResponse)

store: Store = MemoryStore(keep=60, largest=1000, max_answers=5, max_bytes=5000)
shared: Store = RedisStore("redis://localhost", keep=60, largest=1000, lease=5, prefix="mine")
kept = relay(
    "Why?",
    store=store,
    id="a",
    address="/answers/{id}",
    last_event_id=None,
    abandon_after=None,
    on_abort=save,
)
assert_type(kept.answer_id, str | None)
assert_type(follow("a", "5", store=store, heartbeat=5, cors="*"), RelayResponse)
assert_type(follow("a", store=MemoryStore()).status, int)
assert_type(follow("a", store=store, frames="ui", ended=True), RelayResponse)
assert_type(stop("a", store=store), bool)
assert_type(store.open("a"), StoredAnswer | None)
assert_type(store.create(StoredAnswer("a", store, Endings(b"", b""))), bool)

relay("Why?", store={})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def may_ask(key: str) -> bool:
    return key == "right"


assert_type(openai_endpoint("anthropic", authorize=may_ask), OpenAIEndpoint)
assert_type(
    openai_endpoint(models={"a": "b", "c": OpenAI()}, authorize=lambda key: key != ""),
    OpenAIEndpoint,
)
assert_type(openai_endpoint(models=["a"], cors="*", patience=5, on_complete=save), OpenAIEndpoint)
