"""Lives of a source, each from beginning to end: `scene(service, random)`.

A scene raises `Violation` if something is not as it must be, and leaves nothing that
does not end by itself within seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from soak.scenes import aborts, answers, failures, followers, hosts, streams, suggesters
from soak.service import Service

Scene = Callable[[Service, Random], None]

_OFTEN: tuple[Scene, ...] = (
    answers.received,
    answers.received_late,
    answers.received_once,
    answers.disconnected,
    answers.dropped,
    answers.dropped_unhandled,
    answers.never_started,
    failures.status,
    failures.unclear,
    failures.fault,
    failures.refused,
    failures.no_token,
    failures.handler_that_raises,
    aborts.at_random,
    aborts.from_many_threads,
    aborts.in_a_handler,
    aborts.with_block,
    aborts.unhandled,
    aborts.while_connecting_handlers,
    followers.iterated,
    followers.left_halfway,
    followers.asked_for_the_result,
    followers.failed,
    followers.awaited,
    hosts.pumped,
    hosts.pump_that_dies,
    hosts.dispatcher_that_raises,
    hosts.dispatcher_that_swallows,
    hosts.loop_that_ends,
    suggesters.latest_wins,
    suggesters.stopped,
    suggesters.dropped,
    streams.to_its_end,
    streams.closed,
    streams.closed_anywhere,
    streams.restarted,
    streams.dropped,
    streams.pump_that_dies,
)
SCENES: Mapping[Scene, float] = {**dict.fromkeys(_OFTEN, 1.0), failures.large_fault: 0.1}
"""How often each of them is played, in relation to the others."""
