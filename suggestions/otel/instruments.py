"""The metrics of an answer.

The conventions renamed them in the first release of their own (v0.1.0), while OpenTelemetry's own
instrumentations of AI clients still send the older names, which dashboards know. So those are sent,
unless the variable that the conventions have for it asks for the newest.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .attributes import ERROR_TYPE, FIRST_CHUNK, RESPONSE_MODEL, Attributes

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Counter, Histogram, Meter

OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
NEWEST = "gen_ai_latest_experimental"
TOKEN_TYPE = "gen_ai.token.type"
MODALITY = "gen_ai.token.modality"

_SECONDS = (
    *(0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64),
    *(1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92),
)
_TOKENS = tuple(4.0**power for power in range(14))


def wants_newest() -> bool:
    return NEWEST in map(str.strip, os.environ.get(OPT_IN, "").split(","))


class Instruments:
    """Made with a meter; with `newest`, those of v0.1.0.

    Tokens are one histogram with the type as an attribute, or there a counter for each type.
    """

    def __init__(self, meter: Meter, *, newest: bool) -> None:
        of = "gen_ai.client.inference" if newest else "gen_ai.client.operation"
        self._duration = _seconds(meter, f"{of}.duration", "Duration of a question to a model.")
        self._first_chunk = _seconds(
            meter, f"{of}.time_to_first_chunk", "Time from the question to the first chunk."
        )
        self._usage: Histogram | None = None
        self._counters: dict[str, Counter] = {}
        if newest:
            self._counters = {
                kind: meter.create_counter(
                    f"{of}.usage.{kind}_tokens", "{token}", f"Tokens of {kind} used."
                )
                for kind in ("input", "output")
            }
        else:
            self._usage = meter.create_histogram(
                "gen_ai.client.token.usage",
                "{token}",
                "Tokens of input and of output used.",
                explicit_bucket_boundaries_advisory=_TOKENS,
            )

    def record(
        self,
        common: Attributes,
        found: Attributes,
        duration: float,
        tokens: Mapping[str, int],
        context: Context,
    ) -> None:
        """Records one answer: `common` and `found` are the attributes of its span at its beginning
        and at its end, `duration` is in seconds, `tokens` counts "input" and "output"."""
        common = {**common, **_some(found, RESPONSE_MODEL)}
        self._duration.record(duration, {**common, **_some(found, ERROR_TYPE)}, context)
        first_chunk = found.get(FIRST_CHUNK)
        if isinstance(first_chunk, float):
            self._first_chunk.record(first_chunk, common, context)
        for kind, count in tokens.items():
            if self._usage is not None:
                self._usage.record(count, {**common, TOKEN_TYPE: kind}, context)
            else:
                self._counters[kind].add(count, {**common, MODALITY: "unknown"}, context)


def _some(attributes: Attributes, *names: str) -> Attributes:
    return {name: attributes[name] for name in names if name in attributes}


def _seconds(meter: Meter, name: str, description: str) -> Histogram:
    return meter.create_histogram(
        name, "s", description, explicit_bucket_boundaries_advisory=_SECONDS
    )
