"""The pytest plugin: the fixture `suggestions_server`. Installing the package is enough.

pytest imports this in every run, so it imports nothing before the fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .scripted_server import SuggestionsServer


@pytest.fixture
def suggestions_server() -> Iterator[SuggestionsServer]:
    """A service on this machine that answers, fails and misbehaves as the test has set it up."""
    from .scripted_server import SuggestionsServer

    with SuggestionsServer() as server:
        yield server
