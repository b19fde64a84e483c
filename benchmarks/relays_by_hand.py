"""The relay's job by hand, once for each client library: three ASGI applications.

Each sends the same frames as `suggestions.relay`, and stops asking when the browser leaves. None
has a limit of connections or of time, nor sends heartbeats: what they leave out is to their favour.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from functools import cache
from typing import Any

from benchmarks.serve import allow_many_files

allow_many_files()

_MESSAGES: Any = [{"role": "user", "content": "Why?"}]
_BODY = {"model": "m", "messages": _MESSAGES, "stream": True}
_PATH = "/chat/completions"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


def _application(pieces: Callable[[str], AsyncGenerator[str, None]]) -> Any:
    """`pieces(url)`: the texts of the answer at a base address."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        url = os.environ["UPSTREAM"] + scope["path"]
        sending = asyncio.ensure_future(_send_all(pieces(url), send))
        leaving = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()

    return application


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_all(pieces: AsyncGenerator[str, None], send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    last: dict[str, str] = {"type": "done"}
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                await _send_frame({"type": "content", "data": piece}, send)
    except Exception:
        last = {"type": "error", "error": "The answer failed."}
    await _send_frame(last, send)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_frame(frame: dict[str, str], send: Any) -> None:
    body = f"data: {json.dumps(frame)}\n\n".encode()
    await send({"type": "http.response.body", "body": body, "more_body": True})


@cache
def _aiohttp_session() -> Any:
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
    )


async def _pieces_by_aiohttp(url: str) -> AsyncGenerator[str, None]:
    async with _aiohttp_session().post(url + _PATH, json=_BODY) as response:
        response.raise_for_status()
        async for line in response.content:
            if line.startswith(b"data: "):
                if line == b"data: [DONE]\n":
                    return
                content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                if content:
                    yield content


@cache
def _httpx_client() -> Any:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(limits=limits, timeout=None)


async def _pieces_by_httpx(url: str) -> AsyncGenerator[str, None]:
    async with _httpx_client().stream("POST", url + _PATH, json=_BODY) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                if line == "data: [DONE]":
                    return
                content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                if content:
                    yield content


@cache
def _openai_client() -> Any:
    import httpx2
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    client = DefaultAsyncHttpxClient(limits=limits, timeout=None)
    return AsyncOpenAI(
        base_url="http://localhost", api_key="none", http_client=client, timeout=None
    )


async def _pieces_by_openai(url: str) -> AsyncGenerator[str, None]:
    completions = _openai_client().with_options(base_url=url).chat.completions
    stream = await completions.create(model="m", messages=_MESSAGES, stream=True)
    async with stream:
        async for chunk in stream:
            content = chunk.choices[0].delta.content
            if content:
                yield content


with_aiohttp = _application(_pieces_by_aiohttp)
with_httpx = _application(_pieces_by_httpx)
with_openai = _application(_pieces_by_openai)
