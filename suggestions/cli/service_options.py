"""What the commands that ask a service share: its options, and how wrong ones are reported."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .._util.secret import Secret, hide_fields
from ..dialects import NAMES
from ..dialects.image import image
from ..dialects.question import ImagePart
from . import exit_codes
from .endpoint import endpoint
from .plain_text import visible

EPILOG = """\b
Environment. Each is only sent to its own service:
  SUGGESTIONS_TOKEN  the token for Jetpack AI, or for --url
  OPENAI_API_KEY, OPENAI_BASE_URL, AI_MODEL_NAME
                     the same for --dialect openai and responses
  ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL
                     the same for --dialect anthropic

\b
Exit codes:
""" + "\n".join(f"  {code:<4} {words}" for code, words in exit_codes.TABLE.items())


def _parse_option(given: str) -> tuple[str, Any]:
    name, equals, value = given.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{given!r} is not NAME=VALUE", param_hint="--option")
    try:
        return name, json.loads(value)
    except RecursionError:
        raise click.BadParameter(f"{name!r} is nested too deep", param_hint="--option") from None
    except ValueError:
        return name, value


def _parse_options(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> dict[str, Any]:
    options: dict[str, Any] = hide_fields(dict(map(_parse_option, given)))
    return options


def _read_token(
    ctx: click.Context, param: click.Parameter, file: Path | None
) -> Secret[str] | None:
    if file is None:
        return None
    token = Secret(file.read_text("utf-8-sig", "replace").strip())
    if not token():
        raise click.BadParameter("the file is empty")
    return token


def _read_images(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> list[ImagePart]:
    return list(map(_read_image, given))


def _read_image(given: str) -> ImagePart:
    try:
        return image(given)
    except OSError as error:
        raise click.BadParameter(f"{given}: {error.strerror or error}") from None
    except ValueError as error:
        raise click.BadParameter(f"{given}: {error}") from None


_OPTIONS = (
    click.option(
        "--dialect",
        type=click.Choice(NAMES),
        help="The service's wire format. "
        "[default: openai with --base-url or OPENAI_..., else jetpack]",
    ),
    click.option("--url", help="The full address of the service."),
    click.option(
        "--base-url",
        help="The base of an OpenAI-compatible service's addresses, like http://localhost/v1.",
    ),
    click.option("--model", help="The model to ask."),
    click.option(
        "--token-file",
        "token",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        callback=_read_token,
        help="A file with the token. "
        "(On the command line, every user of the machine could read it.)",
    ),
    click.option("--system", metavar="TEXT", help="The system message, before the question."),
    click.option(
        "--option",
        "options",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_parse_options,
        help="A field of the request; VALUE is JSON, or else text. May be given several times.",
    ),
    click.option(
        "--image",
        "images",
        multiple=True,
        metavar="FILE",
        callback=_read_images,
        help="An image for the model, as a PNG, JPEG, GIF or WebP file, or its web address. May be "
        "given several times.",
    ),
)


def service_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command these options. It gets `asked`, the arguments of a source, and `system` and
    `images`."""

    @functools.wraps(command)
    def with_endpoint(
        *args: Any,
        dialect: str | None,
        url: str | None,
        base_url: str | None,
        model: str | None,
        token: Secret[str] | None,
        options: dict[str, Any],
        **others: Any,
    ) -> Any:
        asked = endpoint(dialect, url, base_url, model, token)
        asked["options"].update(options)
        return command(*args, asked=asked, **others)

    wrapped: Callable[..., Any] = with_endpoint
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


@contextmanager
def as_wrong_usage() -> Iterator[None]:
    """What a source says about its arguments: an error is wrong usage, and a warning a line."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            yield
    except (TypeError, ValueError, ImportError) as wrong:
        option = "--schema: " if str(wrong).startswith("output") else ""
        raise click.UsageError(visible(f"{option}{wrong}")) from None
    except RuntimeError as missing:  # a key or a model
        what = str(missing).partition(":")[0]
        raise click.UsageError(f"{what}: see --model, and the environment in --help.") from None
    for warning in caught:
        click.echo(f"Warning: {visible(str(warning.message))}", err=True)
