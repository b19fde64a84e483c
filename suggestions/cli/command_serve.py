"""`suggestions serve`: the playground, on a port of this machine."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import click

from .following import need_playground

if TYPE_CHECKING:
    from ..playground import Playground
    from ..relay.stores import RedisStore

_QUESTION = "Who won the world cup in 2022?"


def _check_host(ctx: click.Context, param: click.Parameter, host: str) -> str:
    try:
        if host.encode("idna"):  # as a socket does
            return host
    except UnicodeError:
        pass
    raise click.BadParameter(f"{host!r} is no address to listen on; 0.0.0.0 means all.")


def _check_pace(ctx: click.Context, param: click.Parameter, pace: float) -> float:
    if math.isnan(pace):  # FloatRange lets it through
        raise click.BadParameter("nan is no number of seconds.")
    return pace


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    callback=_check_host,
    help="The address to listen on.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: a free one."
)
@click.option(
    "--token-env",
    metavar="NAME",
    help="An environment variable with a token. Requests must then carry that token.",
)
@click.option(
    "--pace",
    type=click.FloatRange(0, 60),
    default=0.03,
    show_default=True,
    callback=_check_pace,
    help="The mean time between two tokens, in seconds.",
)
@click.option(
    "--redis",
    metavar="URL",
    help="A Redis that keeps the answers of the page, like redis://localhost:6379/0. Without it, "
    "they are kept in memory.",
)
def serve(host: str, port: int, token_env: str | None, pace: float, redis: str | None) -> None:
    """Serve the playground: a model on this machine that needs no key and no network.

    It answers in the formats of Jetpack AI, OpenAI and others, and has a page to ask on. With
    ?fail=NAME, every address fails in that way: 429, 503, cut, silence, marker and more. Ctrl-C
    stops it.
    """
    need_playground()
    from ..playground import serve_forever

    store = None if redis is None else _redis_store(redis)
    token = os.environ.get(token_env) if token_env else None
    if token_env and not token:
        raise click.UsageError(f"--token-env: {token_env} is not set, or is empty.")
    try:
        serve_forever(
            host=host,
            port=port,
            token=token,
            pace=pace,
            store=store,
            ready=lambda playground: click.echo(introduction(playground, token_env)),
        )
    except OSError as error:
        reason = error.strerror or error
        raise click.ClickException(
            f"cannot listen on {host} port {port} ({reason}). Try --port 0 for a free port."
        ) from None


def _redis_store(url: str) -> RedisStore:
    from ..relay.stores import RedisStore, StoreError

    try:
        store = RedisStore(url)
        store.open("suggestions-serve")  # so that a wrong address is reported now
    except ImportError as error:
        raise click.ClickException(str(error)) from None
    except (ValueError, StoreError) as error:
        raise click.BadParameter(str(error), param_hint="--redis") from None
    return store


def introduction(playground: Playground, token_env: str | None) -> str:
    """What `serve` prints: every address, and three commands to try."""
    token = f'-H "Authorization: Bearer ${token_env}" ' if token_env else ""
    key = f"OPENAI_API_KEY=${token_env} " if token_env else ""
    own = f"SUGGESTIONS_TOKEN=${token_env} " if token_env else ""
    return f"""\
The playground's page: {playground.page_url} (Ctrl-C stops it)

  Jetpack AI  {playground.jetpack_url}
  OpenAI      {playground.openai_url}
  Responses   {playground.responses_url}
  Anthropic   {playground.anthropic_url}
  Ollama      {playground.ollama_url}
  Chatbot     {playground.chatbot_url}
  Relay       {playground.relay_url}
  Text        {playground.text_url}
  Raw text    {playground.raw_url}
  JSON        {playground.json_url}
  JSON lines  {playground.json_lines_url}

Try, in another terminal:

  curl -N {token}-H "Content-Type: application/json" \\
    -d '{{"question": "Write a haiku"}}' \\
    {playground.jetpack_url}

  {key}OPENAI_BASE_URL={playground.openai_url} \\
    suggestions ask "{_QUESTION}"

  {own}suggestions ask "{_QUESTION}" \\
    --url "{playground.jetpack_url}?fail=429"
"""
