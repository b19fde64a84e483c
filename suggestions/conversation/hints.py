"""Type hints as shapes of values."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from typing_extensions import NotRequired, Required, get_type_hints, is_typeddict

from .shapes import (
    PLAIN,
    AnyOf,
    Choice,
    DictOf,
    Field,
    ListOf,
    Model,
    Plain,
    Record,
    Referred,
    Shape,
)

_EXPECTED = (
    "expected str, int, float, bool, list[...], dict[str, ...], a Literal, an Enum, a dataclass, a "
    "TypedDict, a pydantic model, or a union of them"
)
_OF_TYPED_DICTS = (Required, NotRequired)
_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "positional-only",
    inspect.Parameter.VAR_POSITIONAL: "a *parameter",
    inspect.Parameter.VAR_KEYWORD: "a **parameter",
}


def parameters_of(function: Callable[..., Any], name: str) -> Record:
    """The shape of a function's arguments, a parameter with a default not required.

    Raises `TypeError` that names the function and the parameter, for one that no model can give.
    """
    try:
        signature = inspect.signature(function)
    except (ValueError, NameError) as error:
        raise TypeError(f"{name}() has no signature to read: {error}") from None
    fields = {}
    for parameter in signature.parameters.values():
        place = f"{name}(), parameter {parameter.name!r}"
        if parameter.kind in _KINDS:
            kind = _KINDS[parameter.kind]
            raise TypeError(f"{place} is {kind}: a model gives arguments by their names alone")
        if parameter.annotation is parameter.empty:
            raise TypeError(f"{place} has no type hint: {_EXPECTED}")
        hint = _resolved(function, parameter, place)
        shape = _shape_of(hint, _Place(place))
        is_required = parameter.default is parameter.empty
        fields[parameter.name] = Field(shape, is_required, _description(hint))
    return Record(f"{name}()", fields)


def _resolved(function: Callable[..., Any], parameter: inspect.Parameter, place: str) -> Any:
    """The hint of a parameter; one that is written as a text is evaluated."""
    # One at a time, so that an error names it, and without the hint of what the function returns.
    alone = types.SimpleNamespace(__annotations__={"hint": parameter.annotation})
    names = getattr(inspect.unwrap(function), "__globals__", {})
    return _hints(alone, place, names)["hint"]


def _hints(owner: Any, place: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return get_type_hints(owner, names, include_extras=True)
    except Exception as error:  # whatever the evaluated text raises
        said = f"{type(error).__name__}: {error}"
        raise TypeError(f"{place} has a type hint that cannot be evaluated: {said}") from error


def _description(hint: Any) -> str:
    """The first text of an `Annotated`."""
    texts = (each for each in getattr(hint, "__metadata__", ()) if isinstance(each, str))
    return next(texts, "")


class _Place(NamedTuple):
    """Where a hint stands: the words for it, and the types around it."""

    words: str
    within: Mapping[type, Referred] = types.MappingProxyType({})

    def inside(self, owner: type, itself: Referred, field: str) -> _Place:
        words = f"{self.words}, field {field!r} of {owner.__name__}"
        return _Place(words, {**self.within, owner: itself})


def _shape_of(hint: Any, place: _Place) -> Shape:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated or origin in _OF_TYPED_DICTS:
        return _shape_of(arguments[0], place)
    if hint is None:
        return Plain(type(None))
    if isinstance(hint, type) and hint in PLAIN:
        return Plain(hint)
    if origin in (Union, types.UnionType):
        return AnyOf([_shape_of(each, place) for each in arguments])
    if origin is Literal:
        return _choice(arguments, hint, place)
    if origin is list:
        return ListOf(_shape_of(arguments[0], place))
    if origin is dict and arguments[0] is str:
        return DictOf(_shape_of(arguments[1], place))
    if isinstance(hint, type) and origin is None:
        if issubclass(hint, Enum):
            return _choice(list(hint), hint, place)
        if hasattr(hint, "model_json_schema") and hasattr(hint, "model_validate_json"):
            return Model(hint)
        if dataclasses.is_dataclass(hint) or is_typeddict(hint):
            return _record(hint, place)
    raise _refusal(hint, place)


def _refusal(hint: Any, place: _Place) -> TypeError:
    name = hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)
    return TypeError(f"{place.words} is of the type {name}: {_EXPECTED}")


def _choice(members: Any, hint: Any, place: _Place) -> Shape:
    choices = [(each.value if isinstance(each, Enum) else each, each) for each in members]
    if not choices or not all(type(written) in PLAIN for written, _ in choices):
        words = f"{place.words} is of the type {hint}"
        raise TypeError(f"{words}: expected values that are texts, numbers or bools")
    return Choice(choices)


def _record(owner: type, place: _Place) -> Shape:
    if owner in place.within:
        return place.within[owner].refer()
    itself = Referred(owner.__name__)
    hints = _hints(owner, f"{place.words}: {owner.__name__}")
    required = _required_of(owner, hints, place)
    fields = {}
    for name, is_required in required.items():
        shape = _shape_of(hints[name], place.inside(owner, itself, name))
        fields[name] = Field(shape, is_required, _description(hints[name]))
    itself.record = record = Record(owner.__name__, fields, owner)
    return itself if itself.is_referred_to else record


def _required_of(owner: type, hints: dict[str, Any], place: _Place) -> dict[str, bool]:
    """The names of the fields, and whether each is required."""
    if not dataclasses.is_dataclass(owner):
        required: frozenset[str] = getattr(owner, "__required_keys__", frozenset())
        return {name: _is_required(hint, name in required) for name, hint in hints.items()}
    fields = {
        field.name: field.default is field.default_factory is dataclasses.MISSING
        for field in dataclasses.fields(owner)
        if field.init
    }
    if fields.keys() != inspect.signature(owner).parameters.keys():
        words = f"{place.words} is of the type {owner.__name__}"
        raise TypeError(f"{words}: expected a dataclass whose __init__ takes just its fields")
    return fields


def _is_required(hint: Any, by_class: bool) -> bool:
    # The class itself does not see these within hints that are texts.
    origin = get_origin(hint)
    if origin is Annotated:
        return _is_required(get_args(hint)[0], by_class)
    return origin is Required or (by_class and origin is not NotRequired)
