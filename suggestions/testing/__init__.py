"""For tests of what is built on this library, without a network."""

from __future__ import annotations

from suggestions.testing.replay import replay

__all__ = ["replay"]
