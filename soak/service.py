"""This process' end of the server: starts it, and knows the address of each thing that it does."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
import trustme
from typing_extensions import Self


class Service:
    """The server while `with` lasts. `session` trusts its certificate."""

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
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self.session.close()
        self._directory.cleanup()

    def url(self, name: str) -> str:
        """The address at which it does that."""
        secure = "TLS" in name or name == "bad certificate"
        return f"{'https' if secure else 'http'}://127.0.0.1:{self._ports[name]}/ask"
