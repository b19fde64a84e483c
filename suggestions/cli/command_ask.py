"""`suggestions ask`: one question, and its answer in the form that suits the output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from .._sources.suggestions_event_source import SuggestionsEventSource
from ..dialects.question import ImagePart
from . import exit_codes
from .after_answer import note, show_sources
from .following import View, closed_by_interrupt, events_of, standard_output, text_view
from .plain_text import visible
from .service_options import EPILOG, as_wrong_usage, service_options


def _read_schema(
    ctx: click.Context, param: click.Parameter, file: Path | None
) -> dict[str, Any] | None:
    if file is None:
        return None
    try:
        schema = json.loads(file.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{file} is no JSON: {error}") from None
    if not isinstance(schema, dict):
        raise click.BadParameter(f"{file} is no JSON object, which a schema is")
    return schema


@click.command(epilog=EPILOG)
@click.argument("question", required=False)
@service_options
@click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_read_schema,
    help="A file with a JSON schema: the model answers with an object that fits it.",
)
@click.option("--plain", is_flag=True, help="Plain text also on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Each event as a line of JSON.")
@click.pass_context
def ask(
    ctx: click.Context,
    question: str | None,
    asked: dict[str, Any],
    system: str | None,
    images: list[ImagePart],
    schema: dict[str, Any] | None,
    plain: bool,
    as_json: bool,
) -> None:
    """Ask QUESTION and show the answer while it is being written.

    Without QUESTION, standard input is the question. With both, the question is QUESTION, an
    empty line, and standard input: `suggestions ask "Explain this" < error.log`.

    On a terminal the answer is Markdown that grows in place, and control characters in it are
    shown, not obeyed. In a pipe it is the text as it came, unchanged, each piece at once. Errors
    go to standard error; the text so far stays. The sources that the answer cites are listed after
    it: on a terminal under it, in a pipe on standard error.

    With --json each line is {"type": ..., "detail": ...}, of every event in order up to "end". A
    detail is the text (chunk, suggestion, reasoning, done, abort), null (end), or an object: open
    has status, headers, request_id, dialect; message has type, data, last_event_id; usage has
    prompt_tokens, completion_tokens, total_tokens, details, cached_tokens, reasoning_tokens;
    tool_call_chunk and tool_call have id, name, arguments; function_call_chunk and function_done
    have name, arguments; citation has url, title, start, end, quote; file has media_type, url,
    partial, id; object is what the answer is so far; retry has attempt, delay, error;
    errors have class, code, message, severity, status, body, request_id, retry_after,
    partial_text. "suggestion" and a call so far come at most ten times a second.
    """
    asked["output"] = schema
    source = _source(_read_question(question, system, images), asked, throttled=as_json)
    code = _answer(source, _view(plain or schema is not None, as_json))
    if not as_json:
        show_sources(source.citations, on_terminal=standard_output().isatty())
    if source.error is not None:
        click.echo(f"Error: {visible(' '.join(source.error.message.split()))}", err=True)
    elif source.state == "done" and not as_json:
        note(source)
    ctx.exit(code)


def _read_question(
    argument: str | None, system: str | None, images: list[ImagePart]
) -> str | list[dict[str, Any]]:
    """The question for a source. Raises `click.UsageError` if there is none.

    Without an argument, or with "-", standard input is the question. With one, standard input is
    its context: the argument, a blank line, and what was read.
    """
    read = _standard_input()
    parts = [argument if argument != "-" else None, read]
    text = "\n\n".join(part for part in parts if part and part.strip())
    if not text:
        raise click.UsageError('There is no question. Try: suggestions ask "What is an SDK?"')
    if system is None and not images:
        return text
    content = [{"type": "text", "text": text}, *images] if images else text
    instructions = [] if system is None else [{"role": "system", "content": system}]
    return [*instructions, {"role": "user", "content": content}]


def _standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8-sig", "replace").rstrip("\r\n")


def _source(question: Any, asked: dict[str, Any], *, throttled: bool) -> SuggestionsEventSource:
    """The source, not started. An error in its arguments is wrong usage."""
    from .json_events import THROTTLE

    throttle = THROTTLE if throttled else None
    with as_wrong_usage():
        return SuggestionsEventSource(question, **asked, throttle=throttle, start=False)


def _view(plain: bool, as_json: bool) -> View:
    stream = standard_output()
    if as_json:
        from .json_events import JsonEvents

        return JsonEvents(stream)
    return text_view(stream, plain=plain)


def _answer(source: SuggestionsEventSource, view: View) -> int:
    """Shows the answer through the view and returns the exit code."""
    with closed_by_interrupt(source), view:
        for event in events_of(source, view.names):
            if event is None:
                view.tick()
            elif event.type in view.names:
                view.show(event)
    if source.error is not None:
        return exit_codes.BY_ERROR[source.error.code]
    return exit_codes.INTERRUPTED if source.state == "aborted" else exit_codes.DONE
