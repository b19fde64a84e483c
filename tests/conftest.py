"""Shared by all tests."""

import gc
import os
import signal
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A loaded machine is no failure: no example has a deadline of its own.
settings.register_profile("default", deadline=None)
# What lands is judged by what it does to the same examples as before; new ones are tried elsewhere.
settings.register_profile("ci", deadline=None, derandomize=True)
# For `make mutants`: few examples, and the same ones each time.
settings.register_profile("mutants", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

# A shell's background job ignores Ctrl-C, and so would the programs that tests send it to.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: half of what the tests take, they wait."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """The thousands of tests stay: no collection of garbage has to look at them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Without what the sources of earlier tests, which may just be ending, still have to say."""
    earlier = {each for each in threading.enumerate() if each.name.startswith("suggestions-")}
    with pytest.MonkeyPatch.context() as patch:
        # A filter is called on the thread that logs. Later threads may have the same name.
        is_new = [lambda record: threading.current_thread() not in earlier]
        patch.setattr(caplog.handler, "filters", is_new)
        yield caplog
