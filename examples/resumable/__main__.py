"""Starts all that the example needs, on this machine: a model, a Redis, and four workers.

    pip install fastapi uvicorn "suggestions-sdk[redis,playground]"
    python examples/resumable

Then open http://127.0.0.1:8000, or the port that `PORT` names. If `REDIS_URL` is set, that Redis is
used. If there is neither it nor a `redis-server`, one worker keeps the answers in memory.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import uvicorn

from suggestions.playground import Playground

WORKERS = 4


def start_redis(stack: ExitStack) -> str:
    """The address of a Redis that ends with this program, and keeps nothing on the disk."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    redis = subprocess.Popen([*command, "--dir", folder], stdout=subprocess.DEVNULL)
    stack.callback(redis.wait)
    stack.callback(redis.terminate)
    return f"redis://127.0.0.1:{port}/0"


if __name__ == "__main__":
    with ExitStack() as stack:
        if not os.environ.get("OPENAI_API_KEY"):
            playground = stack.enter_context(Playground())
            os.environ |= {"OPENAI_API_KEY": "any-key", "OPENAI_BASE_URL": playground.openai_url}
        if "REDIS_URL" not in os.environ and shutil.which("redis-server"):
            os.environ["REDIS_URL"] = start_redis(stack)
        workers = WORKERS if "REDIS_URL" in os.environ else 1
        print(f"Answers are kept in {'Redis' if workers > 1 else 'memory'}; {workers} workers.")
        uvicorn.run(
            "app:app",
            app_dir=str(Path(__file__).parent),
            port=int(os.environ.get("PORT", "8000")),
            workers=workers,
            timeout_graceful_shutdown=5,
        )
