"""Shapes of values: each says its JSON schema, and makes a Python value of what a model wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from ..dialects.output_schema import Schema

_MOST_PROBLEMS = 5
_LONGEST_SHOWN = 60


class Misfit(ValueError):
    """What a model wrote does not fit. `problems` are sentences for the model; each names its
    field."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Shape(Protocol):
    expected: str
    """What it takes, in words: "a text"."""

    def schema(self, shared: Schema) -> Schema:
        """Its JSON schema. What that refers to as "#/$defs/NAME" goes into `shared` under NAME."""
        ...

    def value(self, given: Any, place: str) -> Any:
        """The Python value of a JSON value; `place` names it. Raises `Misfit`."""
        ...


def shown(given: object) -> str:
    """A value as a sentence quotes it: in JSON, and cut if it is long."""
    # The value may be large, and only its beginning is quoted.
    pieces = islice(json.JSONEncoder(ensure_ascii=False).iterencode(given), _LONGEST_SHOWN)
    text = "".join(piece[: _LONGEST_SHOWN + 1] for piece in pieces)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _misfit(place: str, expected: str, given: object) -> Misfit:
    return Misfit(f"{place} must be {expected}, not {shown(given)}")


class Plain:
    """str, int, float, bool or None."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._name, self.expected = PLAIN[kind]

    def schema(self, shared: Schema) -> Schema:
        return {"type": self._name}

    def value(self, given: Any, place: str) -> Any:
        if type(given) is self._kind:
            # `json` reads 1e999 as infinity, which is not a number of JSON.
            if not (isinstance(given, float) and math.isinf(given)):
                return given
        elif self._kind is float and type(given) is int:
            try:
                return float(given)
            except OverflowError:
                pass
        elif self._kind is int and type(given) is float and given.is_integer():
            return int(given)  # JSON has one kind of number: 3.0 is 3
        raise _misfit(place, self.expected, given)


PLAIN: Mapping[type, tuple[str, str]] = {
    str: ("string", "a text"),
    int: ("integer", "a whole number"),
    float: ("number", "a number"),
    bool: ("boolean", "true or false"),
    type(None): ("null", "null"),
}


class Choice:
    """One of some values: those of a `Literal`, or the members of an Enum by their values.

    `choices` are pairs of the JSON value and the Python value.
    """

    def __init__(self, choices: Sequence[tuple[Any, Any]]) -> None:
        self._choices = choices
        listed = ", ".join(shown(each) for each, _ in choices)
        self.expected = listed if len(choices) == 1 else f"one of {listed}"

    def schema(self, shared: Schema) -> Schema:
        kinds = {PLAIN[type(each)][0] for each, _ in self._choices}
        kind = {"type": kinds.pop()} if len(kinds) == 1 else {}
        return {**kind, "enum": [each for each, _ in self._choices]}

    def value(self, given: Any, place: str) -> Any:
        for written, value in self._choices:
            # In Python, True is 1.
            if given == written and isinstance(given, bool) == isinstance(written, bool):
                return value
        raise _misfit(place, self.expected, given)


class ListOf:
    expected = "a list"

    def __init__(self, item: Shape) -> None:
        self._item = item

    def schema(self, shared: Schema) -> Schema:
        return {"type": "array", "items": self._item.schema(shared)}

    def value(self, given: Any, place: str) -> list[Any]:
        if not isinstance(given, list):
            raise _misfit(place, self.expected, given)
        return [self._item.value(each, f"{place}[{number}]") for number, each in enumerate(given)]


class DictOf:
    expected = "an object"

    def __init__(self, item: Shape) -> None:
        self._item = item

    def schema(self, shared: Schema) -> Schema:
        return {"type": "object", "additionalProperties": self._item.schema(shared)}

    def value(self, given: Any, place: str) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise _misfit(place, self.expected, given)
        item = self._item
        return {name: item.value(each, f"{place}[{shown(name)}]") for name, each in given.items()}


class AnyOf:
    """A union. The first shape that fits makes the value, an Enum or a `Literal` before others, as
    a text that it knows is a text, too."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._listed = shapes
        self._shapes = sorted(shapes, key=lambda shape: not isinstance(shape, Choice))
        self.expected = " or ".join(shape.expected for shape in shapes)

    def schema(self, shared: Schema) -> Schema:
        return {"anyOf": [shape.schema(shared) for shape in self._listed]}

    def value(self, given: Any, place: str) -> Any:
        problems: list[Misfit] = []
        for shape in self._shapes:
            try:
                return shape.value(given, place)
            except Misfit as misfit:
                problems.append(misfit)
        # What is wrong within an object or a list is said only if just one kind was expected.
        kinds = (Record, Referred, DictOf, Model) if isinstance(given, dict) else (ListOf,)
        within = [
            problem
            for shape, problem in zip(self._shapes, problems, strict=True)
            if isinstance(given, (dict, list)) and isinstance(shape, kinds)
        ]
        raise within[0] if len(within) == 1 else _misfit(place, self.expected, given)


class Field(NamedTuple):
    shape: Shape
    is_required: bool
    description: str = ""


class Record:
    """An object with these fields and no others, of which `make` makes the value."""

    def __init__(
        self, name: str, fields: Mapping[str, Field], make: Callable[..., Any] = dict
    ) -> None:
        self.expected = f"an object with {', '.join(fields)}" if fields else "an empty object"
        self._name = name
        self._fields = fields
        self._make = make

    def schema(self, shared: Schema) -> Schema:
        properties: Schema = {}
        for name, (shape, _, description) in self._fields.items():
            said = {"description": description} if description else {}
            properties[name] = {**shape.schema(shared), **said}
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name, field in self._fields.items() if field.is_required],
            "additionalProperties": False,
        }

    def value(self, given: Any, place: str) -> Any:
        if not isinstance(given, dict):
            raise _misfit(place or "the arguments", self.expected, given)
        inner = f"{place}." if place else ""
        problems = [
            f"{inner}{name} is missing: expected {field.shape.expected}"
            for name, field in self._fields.items()
            if field.is_required and name not in given
        ]
        values: dict[str, Any] = {}
        for name, each in given.items():
            if len(problems) >= _MOST_PROBLEMS:
                break
            try:
                values[name] = self._value_of(name, each, inner)
            except Misfit as misfit:
                problems += misfit.problems
        if problems:
            raise Misfit(*problems[:_MOST_PROBLEMS])
        try:
            return self._make(**values)
        except Exception as error:  # from the user's own code, such as a `__post_init__`
            raise Misfit(f"{place or 'the arguments'} is no {self._name}: {error}") from error

    def _value_of(self, name: str, given: Any, inner: str) -> Any:
        field = self._fields.get(name)
        if field is None:
            known = ", ".join(self._fields) or "no field"
            raise Misfit(f"{inner}{shown(name)} is unknown: expected {known}")
        try:
            return field.shape.value(given, inner + name)
        except Misfit as misfit:
            if given is None and not field.is_required:
                raise Misfit(f"{misfit}: leave it out for its default") from None
            raise


class Referred:
    """A record that has itself within it, such as a tree: described once, and referred to."""

    record: Record

    def __init__(self, name: str) -> None:
        self.expected = f"an object of {name}"
        self.is_referred_to = False
        self._name = name

    def refer(self) -> Referred:
        self.is_referred_to = True
        return self

    def schema(self, shared: Schema) -> Schema:
        known = shared.get(self._name)
        if known is not _BEGUN:
            shared[self._name] = _BEGUN
            shared[self._name] = own = self.record.schema(shared)
            if known not in (None, own):
                raise _same_name(self._name)
        return {"$ref": f"#/$defs/{self._name}"}

    def value(self, given: Any, place: str) -> Any:
        return self.record.value(given, place)


_BEGUN: Schema = {}
"""Stands for the schema of a `Referred` while that is being made."""


def _same_name(name: str) -> TypeError:
    return TypeError(f"there are two types of the name {name!r}: rename one")


class Model:
    """A pydantic model."""

    def __init__(self, model: Any) -> None:
        self.expected = f"an object of {model.__name__}"
        self._model = model

    def schema(self, shared: Schema) -> Schema:
        schema: Schema = self._model.model_json_schema()
        for name, inner in schema.pop("$defs", {}).items():
            if shared.setdefault(name, inner) != inner:
                raise _same_name(name)
        return schema

    def value(self, given: Any, place: str) -> Any:
        try:
            return self._model.model_validate_json(json.dumps(given))
        except Exception as error:  # a ValidationError, or from the user's own validators
            problems = self._problems(error, place)
            raise Misfit(*problems[:_MOST_PROBLEMS]) from error

    def _problems(self, error: Any, place: str) -> list[str]:
        if not hasattr(error, "errors"):
            return [f"{place} is no {self._model.__name__}: {error}"]
        found = error.errors()
        return [f"{'.'.join(map(str, (place, *each['loc'])))}: {each['msg']}" for each in found]
