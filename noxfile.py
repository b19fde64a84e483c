"""The tests on each Python, with the oldest and with the newest of all that is needed.

    make matrix                                    every session, some minutes each
    make matrix ARGS="-s tests-3.12-lowest"        one of them
    make matrix ARGS="-s tests-3.14-highest -- -k close"

Those of toolkits, web servers and the browser run on one Python only, by `make test`.
"""

import os
from pathlib import Path

import nox

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.14t")  # 3.14t: free-threaded
# What requests brings. On Python 3.10 importing 1.26.4 warns, and on 3.12 and newer it fails.
OLDEST_URLLIB3 = "urllib3>=1.26.5"
ELSEWHERE = ("toolkits", "servers", "browser")
AS_MAKE_TEST = ("-n", "logical", "--maxprocesses", "4", "--dist", "loadfile")

nox.needs_version = ">=2025.10.14"  # the first with `download_python`
nox.options.default_venv_backend = "uv"
# One that is not there is skipped, and named.
nox.options.error_on_missing_interpreters = False
# pyenv's shims on the PATH fail for each version that is not chosen; what they stand for serves.
_PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
os.environ["PATH"] = os.pathsep.join([*map(str, _PYENV.glob("*/bin")), os.environ["PATH"]])


def tests(session: nox.Session, resolution: str) -> None:
    needed = ["--requirements=pyproject.toml", "--extra=test"]
    if resolution == "lowest-direct":
        # The oldest with a wheel: what a new Python needs to be built itself is not the question.
        needed += [OLDEST_URLLIB3, "--only-binary=:all:"]
    session.install(f"--resolution={resolution}", *needed)
    session.install("--no-deps", "--editable=.")
    session.run("uv", "pip", "list", external=True, silent=False)
    ignored = [f"--ignore=tests/{folder}" for folder in ELSEWHERE]
    session.run("python", "-m", "pytest", *AS_MAKE_TEST, *ignored, *session.posargs)


for python in PYTHONS:
    for name, resolution in {"lowest": "lowest-direct", "highest": "highest"}.items():

        def run(session: nox.Session, resolution: str = resolution) -> None:
            tests(session, resolution)

        nox.session(run, python=python, name=f"tests-{python}-{name}", download_python="never")
