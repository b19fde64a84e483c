"""The services' own packages, `openai` and `anthropic`, read the same bytes.

What they get is what our users get, or else the difference is explained.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from wire_server import Peer, Server, sized
from wires import WIRES
from wires.differences import DIFFERENCES
from wires.peers import is_for_a_package, read_with_package, received_as_got

DIFFERS = {name: (why, d) for why, group in DIFFERENCES.items() for name, d in group.items()}


def for_packages() -> list[object]:
    has_anthropic = find_spec("anthropic") is not None
    needs_it = pytest.mark.skipif(not has_anthropic, reason="anthropic is not installed")
    return [
        pytest.param(name, id=name, marks=[needs_it] if wire.dialect == "anthropic" else [])
        for name, wire in WIRES.items()
        if is_for_a_package(wire)
    ]


class Service:
    """A server that sends `response` to all that ask."""

    def __init__(self) -> None:
        self.response = b""
        self.server = Server(self._answer)

    def _answer(self, peer: Peer) -> None:
        peer.request()
        peer.send(self.response)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    with service.server:
        yield service


# pydantic's, about what is not of the documented type
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning")
@pytest.mark.parametrize("name", for_packages())
def test_a_package_hears_the_same_or_the_difference_is_explained(
    name: str, service: Service
) -> None:
    wire = WIRES[name]
    headers = {key.replace("-", "_"): value for key, value in wire.headers.items()}
    headers["Connection"] = "close"  # the next answer comes over a connection of its own
    service.response = sized(f"{wire.status} X", wire.body, wire.content_type, **headers)
    got = read_with_package(wire, service.server.url.removesuffix("/ask"))
    received = received_as_got(wire.received)
    why, differs = DIFFERS.get(name, ("", {}))
    expected = received._replace(**differs)
    assert (got.text, got.calls) == (expected.text, expected.calls), why
    # Which exception it is, differs from version to version.
    assert bool(got.raises) == bool(expected.raises), why or got.raises


def test_each_difference_is_that_of_a_wire() -> None:
    assert sorted(name for name in DIFFERS if name not in WIRES) == []
    assert len(DIFFERS) == sum(map(len, DIFFERENCES.values()))
