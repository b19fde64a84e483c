"""What is only there with the extra `playground`."""

from __future__ import annotations

from importlib.util import find_spec

import click

from suggestions.cli.exit_codes import USAGE


class _MissingExtra(click.ClickException):
    exit_code = USAGE


def need_playground() -> None:
    """Raises a `click.ClickException` that says what to install."""
    if find_spec("flask") is None:
        raise _MissingExtra(
            'the playground needs Flask: pip install "suggestions-sdk[cli,playground]"'
        )
