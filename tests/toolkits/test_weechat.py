"""WeeChat ends a script's sub-interpreter when it unloads the script. With a thread left, the whole
program is aborted: `Py_EndInterpreter: not the last thread`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from wire_server import CHUNKED, Peer, Server, framed, said

from suggestions import __file__ as package

WEECHAT = shutil.which("weechat-headless")
PLUGINS = ("/usr/lib", "/usr/local/lib")
ROUNDS = 3

SCRIPT = """
import os, threading
import weechat

def log(text):
    with open(os.environ["TEST_LOG"], "a") as file:
        file.write(text + "\\n")

weechat.register("ask", "nobody", "1", "MIT", "Asks", "unload", "")
import suggestions

here = threading.Event()
source = suggestions.SuggestionsEventSource("?", url=os.environ["TEST_URL"], start=False)
source.connect("chunk", lambda source, event: here.set())
source.start()
log(f"reads: {here.wait(30)}")

def unload():
    log(f"ended: {suggestions.shutdown(30)}")
    return weechat.WEECHAT_RC_OK
"""


def flood(peer: Peer) -> None:
    peer.request()
    peer.send(CHUNKED)
    while True:
        peer.send(framed(said("word ")) * 100)


@pytest.mark.skipif(
    WEECHAT is None or not any(Path(lib).glob("*/weechat/plugins/python.so") for lib in PLUGINS),
    reason="there is no weechat-headless with its Python plugin",
)
def test_a_script_is_unloaded_in_mid_answer(tmp_path: Path) -> None:
    assert WEECHAT is not None
    script, log = tmp_path / "ask.py", tmp_path / "log"
    script.write_text(SCRIPT)
    commands = [*[f"/python load {script}", "/python unload ask"] * ROUNDS, "/quit"]
    arguments: list[str] = []
    for second, command in enumerate(commands, 1):
        arguments += ["-r", f"/wait {second}s {command}"]
    with Server(flood) as server:
        process = subprocess.run(
            [WEECHAT, "--dir", str(tmp_path / "weechat"), *arguments],
            env={
                **os.environ,
                # WeeChat has an interpreter of its own.
                "PYTHONPATH": os.pathsep.join(
                    (str(Path(package).parents[1]), sysconfig.get_path("purelib"))
                ),
                "TEST_URL": server.url,
                "TEST_LOG": str(log),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert "Fatal" not in process.stderr
    assert process.returncode == 0
    assert log.read_text().splitlines() == ["reads: True", "ended: True"] * ROUNDS
