"""The pytest plugin: the fixture `suggestions_server`. Installed with the package; nothing to do.

pytest imports this in every run, so it imports nothing before the fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from suggestions.testing.server import SuggestionsServer


@pytest.fixture
def suggestions_server() -> Iterator[SuggestionsServer]:
    """A service on this machine that answers, fails and misbehaves as the test tells it."""
    from suggestions.testing.server import SuggestionsServer

    with SuggestionsServer() as server:
        yield server
