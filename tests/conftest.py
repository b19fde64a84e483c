"""Shared by all tests."""

from hypothesis import settings

# A loaded machine is no failure: no example has a deadline of its own.
settings.register_profile("default", deadline=None)
settings.load_profile("default")
