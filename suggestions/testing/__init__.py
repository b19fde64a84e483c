"""For the tests of a program that uses this library, without a network.

    def test_my_window(suggestions_server):            # the fixture of the pytest plugin
        suggestions_server.answer("Hello", delay=0.01)
        ...

Importing this costs nothing; what a name needs is imported when the name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.lazy import names

if TYPE_CHECKING:
    from .dump_replay import replay as replay
    from .faults import FAULTS as FAULTS
    from .peer import Peer as Peer
    from .peer import Request as Request
    from .scripted_server import SuggestionsServer as SuggestionsServer
    from .store_suite import StoreSuite as StoreSuite

_HOMES = {
    "FAULTS": "faults",
    "Peer": "peer",
    "Request": "peer",
    "StoreSuite": "store_suite",
    "SuggestionsServer": "scripted_server",
    "replay": "dump_replay",
}

__all__ = ["FAULTS", "Peer", "Request", "StoreSuite", "SuggestionsServer", "replay"]

__getattr__, __dir__ = names(__name__, _HOMES)
