"""What `output=` asks for: an object that fits a type or a JSON schema."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from .._util.arguments import check_json
from ..errors import SAID, OutputError
from .output_schema import Schema, strict_form

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_EXPECTED = "expected a JSON schema (a dict), a dataclass, a TypedDict or a pydantic model"
_INSTALL = '{}= needs {}: pip install "suggestions-sdk[output]"'
_BLANKS = "\ufeff \t\r\n"
_FENCE = re.compile(r"```[^\S\n]*\w*")
_LONGEST_NAME = 64
_MOST_PROBLEMS = 5


class Output:
    """An object to ask for.

    `output` is a JSON schema, a dataclass, a TypedDict or a pydantic model. Raises `TypeError`,
    `ValueError` if it is none, and `ImportError` without the package that checks such an object.

    `name` has letters, digits, "_" and "-" alone, 64 at most. `schema` is the JSON schema to send;
    one that was made from a type is closed if it can be: no object has properties that it does not
    list. `is_strict` says whether OpenAI's strict mode takes it; `is_from_type`, whether it was
    made from a type.
    """

    def __init__(self, output: object) -> None:
        self.is_from_type = not isinstance(output, Mapping)
        if isinstance(output, Mapping):
            schema, self._check = from_schema(output)
            title = str(schema.get("title") or "object")
            strict = strict_form(schema)
            self.is_strict = strict == schema
        else:
            _check_type(output)
            title = getattr(output, "__name__", "object")
            schema, self._check = _from_type(output, title)
            strict = strict_form(schema)
            self.is_strict = strict is not None
            schema = strict or schema
        self.schema: Schema = schema
        self.name = re.sub(r"(?a)[^\w-]", "_", title)[:_LONGEST_NAME]

    def check(self, text: str, finish_reason: str | None) -> Any:
        """The object that the text is; or an `OutputError`, which is not raised here."""
        found = self._checked(_without_fence(text))
        if not isinstance(found, Problem):
            return found
        if not text.strip():
            return OutputError(f"The answer has no text, and so no {self.name}.")
        if finish_reason == "length":
            begun = f"was cut off (finish_reason 'length') before the {self.name} was complete"
            return OutputError(f"The answer {begun}: {SAID}", said=text)
        error = OutputError(
            f"The answer is not the {self.name} that output= asks for: {SAID}",
            said=f"{found}. The answer: {text}",
        )
        error.__cause__ = found.cause
        return error

    def _checked(self, text: str) -> Any:
        try:
            return self._check(text)
        except RecursionError:
            return Problem("it is nested too deeply")
        except Exception as error:  # from the user's own code
            return Problem(f"to check it raised {type(error).__name__}: {error}", error)


def _without_fence(text: str) -> str:
    """The text within a code fence, if it is in one, which some models write around JSON."""
    text = text.strip(_BLANKS)
    begins = _FENCE.match(text)
    return text[begins.end() : -3] if begins and text.endswith("```") else text


class Problem:
    """Why a text is not the object. `cause` is what the user's own code raised."""

    def __init__(self, text: str, cause: Exception | None = None) -> None:
        self._text = text
        self.cause = cause

    def __str__(self) -> str:
        return self._text


def _problems(found: Iterable[tuple[Iterable[object], str]]) -> Problem:
    """From the place and the description of each."""
    placed = ((".".join(map(str, place)), said) for place, said in islice(found, _MOST_PROBLEMS))
    return Problem("; ".join(f"{place}: {said}" if place else said for place, said in placed))


# A schema


def from_schema(
    given: Mapping[str, Any], argument: str = "output"
) -> tuple[Schema, Callable[[str], Any]]:
    """A copy of the schema; and what makes of a text the value that fits it, or a `Problem`.

    Raises `TypeError`, `ValueError` that name the argument if it is not a JSON schema, and
    `ImportError` without jsonschema.
    """
    check_json(argument, given)
    schema: Schema = json.loads(json.dumps(given))
    try:
        from jsonschema import SchemaError
        from jsonschema.validators import validator_for
        from referencing import Registry
    except ModuleNotFoundError as missing:
        raise ImportError(_INSTALL.format(argument, "jsonschema")) from missing
    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        place = "".join(f"[{name!r}]" for name in error.absolute_path)
        raise ValueError(f"{argument}{place} is no JSON schema: {error.message}") from None
    # Without a registry, it would load a schema from the web if this one refers to it.
    validator = kind(schema, registry=Registry())

    def check(text: str) -> Any:
        try:
            value = json.loads(text, parse_constant=_no_constant)
        except ValueError as error:
            return Problem(f"it is no JSON: {error}")
        errors = list(islice(validator.iter_errors(value), _MOST_PROBLEMS))
        found = ((error.absolute_path, error.message) for error in errors)
        return _problems(found) if errors else value

    return schema, check


def _no_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")


# A type


def _check_type(output: object) -> None:
    """Raises `TypeError` if it is no type whose objects have fields by name."""
    if not isinstance(output, type):
        kind = type(output).__name__
        if dataclasses.is_dataclass(output) or hasattr(output, "model_validate_json"):
            raise TypeError(f"output: {_EXPECTED}, not an object of {kind}: pass the class itself")
        raise TypeError(f"output: {_EXPECTED}, not {kind}")
    is_typed_dict = issubclass(output, dict) and hasattr(output, "__required_keys__")
    is_model = callable(getattr(output, "model_validate_json", None))
    if not (dataclasses.is_dataclass(output) or is_typed_dict or is_model):
        raise TypeError(f"output: {_EXPECTED}, not {output.__name__}")


def _from_type(output: Any, name: str) -> tuple[Schema, Callable[[str], Any]]:
    try:
        from pydantic import TypeAdapter, ValidationError
        from pydantic.errors import PydanticUserError
    except ModuleNotFoundError as missing:
        raise ImportError(_INSTALL.format("output", "pydantic")) from missing
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(output)
        schema = adapter.json_schema()
    except (PydanticUserError, NameError) as error:
        # Such as that of a `typing.TypedDict` before Python 3.12, which says what to use instead.
        said = getattr(error, "message", None) or str(error)
        raise TypeError(f"output {name} has no JSON schema: {said}") from error

    def check(text: str) -> Any:
        try:
            return adapter.validate_json(text)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
        return _problems((each["loc"], each["msg"]) for each in found)

    return schema, check
