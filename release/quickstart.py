"""The README's first program, with the wheel alone, against a service on this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import venv
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_WORDS = ("Argentina ", "won ", "it.")
_KEY = "your_key_here"
_MODEL = "your_model_here"
_INSTALLED = """
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
import suggestions

assert suggestions.__version__ == version("suggestions-sdk") == {version!r}
assert files("suggestions").joinpath("py.typed").is_file()
assert files("suggestions").joinpath("playground", "page", "index.html").is_file()
assert find_spec("flask") is None, "an extra is installed without being asked for"
"""


class _Service(BaseHTTPRequestHandler):
    """Answers with `_WORDS`, one event each, if the address, the key and the model are right."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        allowed = self.headers["Authorization"] == f"Bearer {_KEY}"
        found = (self.path, asked["model"]) == ("/v1/chat/completions", _MODEL)
        self.send_response((200 if found else 404) if allowed else 401)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in _WORDS:
            delta = {"choices": [{"delta": {"content": word}}]}
            self.wfile.write(f"data: {json.dumps(delta)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def check_quickstart(wheel: Path, version: str, readme: Path, environment: Path) -> None:
    """Installs the wheel into a new environment, where it prints what is to be expected."""
    print("=== the README's first program, with the wheel alone", flush=True)
    venv.create(environment, with_pip=True)
    [python] = [*environment.glob("bin/python"), *environment.glob("Scripts/python.exe")]
    for arguments in (["install", "--quiet", str(wheel)], ["check"]):
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
        subprocess.run(pip, check=True)
    _run(python, _INSTALLED.format(version=version), environment)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        variables = {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1",
            "OPENAI_API_KEY": _KEY,
            "AI_MODEL_NAME": _MODEL,
        }
        printed = _run(python, _first_program(readme), environment, variables)
    finally:
        server.shutdown()
    if printed != "".join(_WORDS):
        raise SystemExit(f"error: the README's first program printed {printed!r}")


def _first_program(readme: Path) -> str:
    """The first block of Python, as it stands."""
    match = re.search(r"(?s)```python\n(.*?)```", readme.read_text("utf-8"))
    if match is None:
        raise SystemExit("error: the README has no program")
    return match[1]


def _run(
    python: Path, program: str, folder: Path, variables: Mapping[str, str] | None = None
) -> str:
    """What it prints; in a folder without the package, so that only an installed one is found."""
    done = subprocess.run(
        [str(python), "-I", "-W", "error", "-c", program],
        cwd=folder,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode != 0 or done.stderr:
        raise SystemExit(f"error: it ended with status {done.returncode}: {done.stderr}")
    return done.stdout
