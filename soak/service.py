"""This process' end of the server: starts it, and knows the address of each thing that it does."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import requests
import trustme
from typing_extensions import Self

from suggestions.toolkits import aio


class Service:
    """The server while `with` lasts. `session` trusts its certificate, and `dispatch` is that of a
    loop that reads."""

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="soak-")
        place = Path(self._directory.name)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(place / "ca.pem")
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(place / "server.pem")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(place / "ca.pem")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "soak.server", str(place / "server.pem")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._ports: dict[str, int] = json.loads(self._process.stdout.readline())
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop", daemon=True)
        self._thread.start()
        self.dispatch = aio(self._loop)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._process.communicate()
        self.session.close()
        self._directory.cleanup()

    def url(self, name: str) -> str:
        """The address at which it does that."""
        secure = "TLS" in name or name == "bad certificate"
        return f"{'https' if secure else 'http'}://127.0.0.1:{self._ports[name]}/ask"
