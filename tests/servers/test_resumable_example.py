"""`examples/resumable`, started as its first comment says: with a Redis of its own, and without."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from browsers import Events
from server_process import Host, running
from wire_server import SOON, free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "resumable"
QUESTION = "Give me a list of tips for streaming"


@pytest.fixture(params=["Redis", "memory"])
def host(request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    for name in ("fastapi", "uvicorn", "redis"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "memory":  # as on a machine without a redis-server
        monkeypatch.setenv("PATH", os.path.dirname(sys.executable))
    port, log = free_port(), tmp_path / "example.log"
    command = [sys.executable, str(EXAMPLE)]
    with running(command, port, log, PORT=str(port), PYTHONUNBUFFERED="1") as host:
        assert f"Answers are kept in {request.param};" in log.read_text()
        yield host


def read(url: str, events: Events, most: int | None = None, **params: str) -> requests.Response:
    """Reads the answer on, or so many frames of it."""
    headers = {"Last-Event-ID": events.last_id} if events.last_id else {}
    with requests.get(url, params, headers=headers, stream=True, timeout=SOON) as response:
        for data in response.iter_content(None):
            events.feed(data)
            if most is not None and len(events.frames) >= most:
                break
    events.lose_connection()
    return response


def test_an_answer_goes_on_at_any_worker_and_is_asked_for_once(host: Host) -> None:
    url = f"http://127.0.0.1:{host.port}/answers/mine"
    events, workers = Events(), set()
    response = read(url, events, 3, prompt=QUESTION)
    for number in range(200):
        if events.ends:
            break
        workers.add(response.headers["X-Worker"])
        response = read(url, events, 6 + 3 * number)
    assert events.ends == [{"type": "done", "finish_reason": "stop"}]
    whole = Events()
    read(url, whole, prompt=QUESTION)  # as a browser that is reloaded with its question
    assert whole.text == events.text
    assert len(whole.text) > 200
    assert (
        requests.get(url, headers={"Last-Event-ID": events.last_id}, timeout=SOON).status_code
        == 204
    )
    assert requests.delete(url, timeout=SOON).status_code == 404
    assert requests.get(f"{url}-other", timeout=SOON).status_code == 404


def test_it_is_stopped_from_elsewhere(host: Host) -> None:
    url = f"http://127.0.0.1:{host.port}/answers/mine"
    events = Events()
    read(url, events, 3, prompt=QUESTION)
    assert requests.delete(url, timeout=SOON).status_code == 204
    read(url, events)
    assert [end["code"] for end in events.ends] == ["aborted"]
