"""Which service to ask: from the options and the environment to the arguments of a source."""

from __future__ import annotations

import os
from typing import Any

import click

from .._util.secret import Secret, hide
from ..dialects import find
from ..dialects.model_api import ModelAPI
from .exit_codes import USAGE

_OPENAI = (
    "OPENAI_API_KEY=... AI_MODEL_NAME=...   for OpenAI; OPENAI_BASE_URL=... for a service like it"
)
_SETTINGS = {
    "openai": _OPENAI,
    "responses": _OPENAI,
    "anthropic": "ANTHROPIC_API_KEY=...                  for Anthropic, with --model",
    "jetpack": "SUGGESTIONS_TOKEN=...                  for Jetpack AI",
}
_NO_SERVICE = """\
No service is set yet. Set {}, or see `suggestions ask --help`:
{}
No key at hand? `suggestions demo` needs none."""

_BOTH = (
    "SUGGESTIONS_TOKEN is set, and {} as well: "
    "choose one with --dialect jetpack or --dialect openai."
)


class _NoService(click.ClickException):
    exit_code = USAGE

    def __init__(self, dialect: str | None) -> None:
        """`dialect`: the one that was asked for; None if any will do."""
        names = ("openai", "anthropic", "jetpack") if dialect is None else (dialect,)
        settings = "\n".join(f"  {_SETTINGS[name]}" for name in names)
        super().__init__(
            _NO_SERVICE.format("one of these" if dialect is None else "this", settings)
        )


def endpoint(
    dialect: str | None,
    url: str | None,
    base_url: str | None,
    model: str | None,
    token: Secret[str] | None,
) -> dict[str, Any]:
    """The arguments `dialect`, `url`, `token` and `options` of a source.

    Raises `click.UsageError` for options that do not go together, and `click.ClickException` if
    no service is set. A token in the environment is only ever sent to the service it is named for.
    """
    if url and base_url:
        raise click.UsageError("--url is the full address and --base-url its beginning: give one.")
    name = dialect or ("openai" if base_url else "jetpack" if url else _set_in_environment())
    try:
        found = find(name)
    except (TypeError, ValueError) as error:  # in the environment's values
        raise click.UsageError(str(error)) from None
    if isinstance(found, ModelAPI):
        return _model_api(type(found), url, base_url, model, token)
    if base_url:
        raise click.UsageError(
            f"--dialect {name} has no --base-url: give the full address with --url. "
            "A service like OpenAI's needs --dialect openai."
        )
    if name == "jetpack":
        token = token or _environ("SUGGESTIONS_TOKEN")
        if not (url or token):
            raise _NoService(dialect)
    elif not url:
        raise click.UsageError(f"--dialect {name} has no address of its own: give one with --url.")
    options = {"model": model} if model else {}
    return {"dialect": found, "url": url, "token": token, "options": options}


def _model_api(
    kind: type[ModelAPI],
    url: str | None,
    base_url: str | None,
    model: str | None,
    token: Secret[str] | None,
) -> dict[str, Any]:
    known = url or base_url or token or _environ(kind.url_variable) or _environ(kind.key_variable)
    if kind.key_variable and not known:
        raise _NoService(kind.name)
    try:
        dialect = kind(base_url, token, model)
    except (TypeError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    return {"dialect": dialect, "url": url, "token": None, "options": {}}


def _set_in_environment() -> str:
    openai = [name for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY") if _environ(name)]
    if openai and _environ("SUGGESTIONS_TOKEN"):
        raise click.UsageError(_BOTH.format(" and ".join(openai)))
    return "openai" if openai else "jetpack"


def _environ(name: str) -> Secret[str] | None:
    value: Secret[str] | None = hide(os.environ.get(name) or None)
    return value
