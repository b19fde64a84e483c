"""The examples in a real Streamlit and Gradio, which are interrupted in mid-answer.

Stop and a closed tab: `tests/browser/test_chat_apps.py`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from real_host import HOSTS, SOON, check, environment, hangs_up_soon
from server_process import listens
from service import Service
from test_chat_apps import GRADIO, STREAMLIT, asking
from waiting import eventually
from wire_server import free_port

NO_BROWSER_WAITS = ("--server.address=127.0.0.1", "--server.headless=true")
STREAMLIT_RUN = (
    *("-m", "streamlit", "run", *NO_BROWSER_WAITS),
    *("--browser.gatherUsageStats=false", "--server.fileWatcherType=none", "--server.port"),
)


@pytest.mark.parametrize(("app", "stop"), [("streamlit", STREAMLIT), ("gradio", GRADIO)])
def test_a_server_stops_and_ends_in_mid_answer(
    app: str, stop: str, browser: Any, tmp_path: Path
) -> None:
    if find_spec(app) is None:
        pytest.skip(f"not installed: {app}")
    port = free_port()
    command = [sys.executable, str(HOSTS / app / f"{app}_chat.py")]
    if app == "streamlit":
        command[1:1] = [*STREAMLIT_RUN, str(port)]
    with Service(1_000_000, pace=0.02) as service:
        more = {"PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
        env = environment(tmp_path, service.url, AI_MODEL_NAME="any", **more)
        env["PYTHONPATH"] = str(HOSTS.parents[1])
        server = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert eventually(lambda: listens(port), SOON)
            with asking(browser, f"http://127.0.0.1:{port}/") as page:
                for piece in ("10 11", "40 41"):
                    page.get_by_text(piece).first.wait_for()
                hangs_up_soon(service, lambda: page.click(stop))
            with asking(browser, f"http://127.0.0.1:{port}/") as page:
                page.get_by_text("10 11").first.wait_for()
                hangs_up_soon(service, lambda: server.send_signal(signal.SIGINT))
                printed, stderr = server.communicate(timeout=SOON)
        finally:
            server.kill()
            server.communicate()
    started = f"Uvicorn server started on 127.0.0.1:{port}"  # as Streamlit says
    check(server.returncode, stderr, started, printed=printed)
