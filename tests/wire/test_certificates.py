"""Which certificates count without a session: those of the environment, and the system's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests
from process import run
from wire_server import ANSWER, CHUNKED, LAST_CHUNK, Server, Told, answering, ca_file, framed
from wire_server import server_tls as tls

from suggestions import errors

STREAM = CHUNKED + framed(ANSWER) + LAST_CHUNK
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """As OpenSSL reads one: each file has the hash of its subject for a name."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    path = ca_file(tmp_path)
    command = ["openssl", "x509", "-hash", "-noout", "-in", path]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    directory = tmp_path / "certs"
    directory.mkdir()
    Path(path).rename(directory / f"{name}.0")
    return directory


def answer(session: requests.Session | None = None) -> str:
    with Server(answering(STREAM), tls=tls()) as server:
        return Told(server.url, session=session).wait().source.result()


def failure(session: requests.Session | None = None) -> errors.SuggestionsError:
    with Server(answering(STREAM), tls=tls()) as server:
        error: errors.SuggestionsError = Told(server.url, session=session, retries=0).error()
        return error


def test_a_file_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert type(failure()) is errors.TLSError
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path))
    assert answer() == "Argentina"


def test_a_directory_of_the_environment(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(directory))
    assert answer() == "Argentina"
    monkeypatch.setenv("SSL_CERT_DIR", os.pathsep.join(["/nonexistent", str(directory)]))
    assert answer() == "Argentina"


def test_a_file_and_a_directory_count_together(
    monkeypatch: pytest.MonkeyPatch, directory: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", requests.certs.where())
    assert type(failure()) is errors.TLSError
    monkeypatch.setenv("SSL_CERT_DIR", str(directory))
    assert answer() == "Argentina"


def test_the_variable_of_requests_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", requests.certs.where())
    assert type(failure()) is errors.TLSError


def test_a_session_of_the_callers_is_left_to_requests(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file(tmp_path))
    with requests.Session() as session:
        assert type(failure(session)) is errors.TLSError


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_names_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    missing = str(tmp_path / "missing.pem")
    monkeypatch.setenv(name, missing)
    error = failure()
    assert type(error) is errors.TLSError
    assert error.message == (
        f"No secure connection to localhost: the variable {name} names {missing} for its "
        "certificates, which does not exist."
    )


def test_a_session_that_names_no_file(tmp_path: Path) -> None:
    with requests.Session() as session:
        session.verify = str(tmp_path / "missing.pem")
        message = failure(session).message
    assert message.startswith("No secure connection to localhost: the session names ")


# OpenSSL reads the variable itself when it looks for the system's certificates. It is set in such a
# way that Python does not see it: so it takes the place of the system's store, and our own code
# reads no variable.
SYSTEM = """
import os, sys
os.putenv("SSL_CERT_FILE", sys.argv[2])
from suggestions import SuggestionsEventSource
source = SuggestionsEventSource("Why?", url=sys.argv[1], retries=0)
source.wait(20)
print(source.full_message or type(source.error).__name__)
"""


def test_the_systems_store(tmp_path: Path) -> None:
    pytest.importorskip("truststore")
    with Server(answering(STREAM), tls=tls()) as server:
        assert run(SYSTEM, server.url, ca_file(tmp_path)) == "Argentina\n"
