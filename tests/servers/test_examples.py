"""The examples, run as their first comment says, without a key."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from hosting import Browser
from server_process import running
from wire_server import free_port

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("framework", ["flask", "django", "fastapi", "starlette"])
def test_it_streams_an_answer(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = {framework} | ({"uvicorn"} if framework in ("fastapi", "starlette") else set())
    for name in needed:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_MODEL_NAME"):
        monkeypatch.delenv(name, raising=False)
    port = free_port()
    command = [sys.executable, str(EXAMPLES / f"{framework}_relay.py")]
    log = tmp_path / "example.log"
    with running(command, port, log, PORT=str(port), PYTHONUNBUFFERED="1"):
        with Browser(port, "/ask", b'{"prompt": "What is 17 + 25?"}') as browser:
            browser.until(b'"type": "done", "finish_reason": "stop"}\n\n')
            assert browser.response.status == 200
            assert browser.response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
            assert browser.response.getheader("X-Accel-Buffering") == "no"
        lines = browser.wire.decode().split("\n")
        frames = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
        text = "".join(frame["data"] for frame in frames[:-1])
        assert "42" in text
        with Browser(port, "/ask", b'{"prompt": " "}') as browser:
            assert browser.response.status == 400
            sentence = json.loads(browser.response.read())["error"]
            assert sentence == "prompt is empty: expected a text"
        for body in (b"no JSON", b"[1]", b'{"prompt": 5}', b"{}"):
            with Browser(port, "/ask", body) as browser:
                assert browser.response.status in (400, 422)  # FastAPI's own is 422
    assert f"an answer of {len(text)} characters" in log.read_text()
