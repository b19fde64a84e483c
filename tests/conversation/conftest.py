"""What the tests of conversations share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chat_service import ChatService
from loop import Loop


@pytest.fixture
def service() -> Iterator[ChatService]:
    service = ChatService()
    yield service
    service.cut()


@pytest.fixture
def loop() -> Loop:
    """A loop that turns only if the test says so."""
    return Loop()
