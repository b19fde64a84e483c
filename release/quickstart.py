"""The README's first program, with the wheel alone, against a service on this machine."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import venv
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_WORDS = ("Argentina ", "won ", "it.")
_TOKEN = 'token="your_token_here",\n'
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


class _Jetpack(BaseHTTPRequestHandler):
    """Says `_WORDS`, one event each, to whoever brings the README's token."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        allowed = self.headers["Authorization"] == "Bearer your_token_here"
        self.send_response(200 if allowed else 401)
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
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Jetpack)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/ask"
        printed = _run(python, _first_program(readme, url), environment)
    finally:
        server.shutdown()
    expected = ["".join(_WORDS[: count + 1]) for count in range(len(_WORDS))]
    if printed.splitlines() != expected:
        raise SystemExit(f"error: the README's first program printed {printed!r}")


def _first_program(readme: Path, url: str) -> str:
    """The first block of Python, which asks `url` instead of Jetpack AI."""
    match = re.search(r"(?s)```python\n(.*?)```", readme.read_text("utf-8"))
    if match is None or match[1].count(_TOKEN) != 1:
        raise SystemExit("error: the README has no first program that can be told an address")
    return match[1].replace(_TOKEN, f"{_TOKEN}    url={url!r},\n")


def _run(python: Path, program: str, folder: Path) -> str:
    """What it prints; in a folder without the package, so that only an installed one is found."""
    command = [str(python), "-I", "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode != 0 or done.stderr:
        raise SystemExit(f"error: it ended with status {done.returncode}: {done.stderr}")
    return done.stdout
