"""The clients, one function each: open, take the text out of each chunk, add it up, report it.

Every client is written as its README shows it. `hear` is the one handler, a Python function that
is called once for each piece of text; the whole text is returned.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks.meter import Meter

QUESTION = "Who won the world cup in 2022?"
_MESSAGES: Any = [{"role": "user", "content": QUESTION}]
_BODY = {"model": "m", "messages": _MESSAGES, "stream": True}
_PATH = "/chat/completions"


def raw_socket(url: str, meter: Meter) -> str:
    """The floor: lines off a blocking socket, straight into `json.loads`.

    It does not even look at the transfer coding: the lines it is made of begin in no "data: ".
    """
    hear = meter.hear
    text = ""
    rest = b""
    with connected(url) as sock:
        while data := sock.recv(65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if line.startswith(b"data: "):
                    if line == b"data: [DONE]":
                        return text
                    content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if content:
                        text += content
                        hear(content)
    return text


def connected(url: str) -> socket.socket:
    """A socket on which the question has been asked."""
    parts = urlsplit(url + _PATH)
    sock = socket.create_connection((parts.hostname, parts.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = json.dumps(_BODY).encode()
    sock.sendall(
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    return sock


def requests_sseclient(url: str, meter: Meter) -> str:
    import requests
    import sseclient

    text = ""
    headers = {"Accept": "text/event-stream"}
    with requests.post(url + _PATH, json=_BODY, headers=headers, stream=True) as response:
        for event in sseclient.SSEClient(response).events():  # type: ignore[arg-type]
            if event.data == "[DONE]":
                break
            content = json.loads(event.data)["choices"][0]["delta"].get("content")
            if content:
                text += content
                meter.hear(content)
    return text


def requests_sse(url: str, meter: Meter) -> str:
    from requests_sse import EventSource

    text = ""
    with EventSource(url + _PATH, method="POST", json=_BODY) as events:
        for event in events:
            if event.data == "[DONE]":
                break
            content = json.loads(event.data)["choices"][0]["delta"].get("content")
            if content:
                text += content
                meter.hear(content)
    return text


def httpx2(url: str, meter: Meter) -> str:
    import httpx2

    text = ""
    with httpx2.Client() as client, client.sse(url + _PATH, method="POST", json=_BODY) as events:
        for event in events:
            if event.data == "[DONE]":
                break
            content = json.loads(event.data)["choices"][0]["delta"].get("content")
            if content:
                text += content
                meter.hear(content)
    return text


def openai(url: str, meter: Meter) -> str:
    from openai import OpenAI

    text = ""
    with OpenAI(base_url=url, api_key="none") as client:
        for chunk in client.chat.completions.create(model="m", messages=_MESSAGES, stream=True):
            content = chunk.choices[0].delta.content
            if content:
                text += content
                meter.hear(content)
    return text


def launchdarkly(url: str, meter: Meter) -> str:
    from ld_eventsource import SSEClient

    text = ""
    client = SSEClient(url + _PATH)
    for event in client.events:
        if event.data == "[DONE]":
            break
        content = json.loads(event.data)["choices"][0]["delta"].get("content")
        if content:
            text += content
            meter.hear(content)
    client.close()
    return text


def aiohttp(url: str, meter: Meter) -> str:
    import asyncio

    import aiohttp

    async def run() -> str:
        text = ""
        async with (
            aiohttp.ClientSession() as session,
            session.post(url + _PATH, json=_BODY) as response,
        ):
            async for line in response.content:
                if line.startswith(b"data: "):
                    if line == b"data: [DONE]\n":
                        break
                    content = json.loads(line[6:])["choices"][0]["delta"].get("content")
                    if content:
                        text += content
                        meter.hear(content)
        return text

    return asyncio.run(run())


def ours(url: str, meter: Meter) -> str:
    from suggestions import SuggestionsEventSource

    source = SuggestionsEventSource(
        QUESTION, url=url + _PATH, dialect="openai", on={"chunk": meter.hear_event}
    )
    source.wait()
    return source.result()


class Client(NamedTuple):
    """`read(url, meter)` and the packages that it needs."""

    read: Callable[[str, Meter], str]
    packages: tuple[str, ...] = ()


FLOOR = "raw socket + json"
OURS = "suggestions"
CLIENTS = {
    FLOOR: Client(raw_socket),
    "requests + sseclient-py": Client(requests_sseclient, ("requests", "sseclient")),
    "requests-sse": Client(requests_sse, ("requests_sse",)),
    "httpx2": Client(httpx2, ("httpx2",)),
    "openai": Client(openai, ("openai",)),
    "launchdarkly-eventsource": Client(launchdarkly, ("ld_eventsource",)),
    "aiohttp": Client(aiohttp, ("aiohttp",)),
    OURS: Client(ours, ("suggestions",)),
}


def installed() -> list[str]:
    """The clients whose packages are here."""
    return [name for name, client in CLIENTS.items() if all(map(find_spec, client.packages))]
