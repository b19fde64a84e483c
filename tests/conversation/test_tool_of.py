"""`tool_of`: a plain function's JSON schema, and what of a function it refuses."""

from __future__ import annotations

import functools
import operator
import types
from dataclasses import InitVar, dataclass, field, make_dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, TypedDict, Union

import pytest
from jsonschema import Draft202012Validator
from typing_extensions import NotRequired, Required

from suggestions import Tool
from suggestions.conversation import tool_of

if TYPE_CHECKING:
    from decimal import Decimal


class Unit(Enum):
    CELSIUS = "C"
    FAHRENHEIT = "F"


@dataclass
class Stop:
    city: Annotated[str, "the city's English name"]
    nights: int = 1
    tags: list[str] = field(default_factory=list)


class Traveller(TypedDict):
    name: str
    age: NotRequired[int]


class Address(TypedDict, total=False):
    city: Required[str]
    street: Annotated[str, "with its number"]


def get_weather(city: str, days: int = 1, unit: Unit = Unit.CELSIUS) -> Decimal:
    """The weather in a city.

    `days` is how many days ahead.
    """
    raise NotImplementedError


def properties_of(function: Any) -> dict[str, Any]:
    schema = tool_of(function).parameters
    Draft202012Validator.check_schema(schema)
    properties: dict[str, Any] = schema["properties"]
    return properties


def test_a_function_becomes_a_tool() -> None:
    tool = tool_of(get_weather)
    assert tool.name == "get_weather"
    assert tool.description == "The weather in a city.\n\n`days` is how many days ahead."
    assert tool.function is get_weather
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"type": "string", "enum": ["C", "F"]},
        },
        "required": ["city"],
        "additionalProperties": False,
    }


def test_each_kind_of_hint_has_its_schema() -> None:
    def plan(
        a: float,
        b: bool,
        c: list[int],
        d: dict[str, list[bool]],
        e: Literal["x", "y"],
        f: str | None,
        g: int | str,
        h: int | None,
        i: Literal["auto", 3],
        j: Annotated[str, "a word"],
    ) -> None: ...

    assert properties_of(plan) == {
        "a": {"type": "number"},
        "b": {"type": "boolean"},
        "c": {"type": "array", "items": {"type": "integer"}},
        "d": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "boolean"}},
        },
        "e": {"type": "string", "enum": ["x", "y"]},
        "f": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "g": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "h": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "i": {"enum": ["auto", 3]},
        "j": {"type": "string", "description": "a word"},
    }


def test_a_union_may_be_written_in_each_way() -> None:
    def plan(a: Any, b: Any, c: Any) -> None: ...

    old, with_none = operator.getitem(Union, (int, str)), operator.getitem(Optional, int)
    plan.__annotations__ = {"a": old, "b": with_none, "c": "int | None"}
    a, b, c = properties_of(plan).values()
    assert a == {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    assert b == c == {"anyOf": [{"type": "integer"}, {"type": "null"}]}


def test_the_fields_of_dataclasses_and_typed_dicts_are_described() -> None:
    def book(stop: Stop, who: list[Traveller], home: Address) -> None: ...

    stop, who, home = properties_of(book).values()
    assert stop == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "the city's English name"},
            "nights": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["city"],
        "additionalProperties": False,
    }
    assert home["required"] == ["city"]
    assert home["properties"]["street"] == {"type": "string", "description": "with its number"}
    assert who["items"]["required"] == ["name"]
    assert who["items"]["properties"] == {"name": {"type": "string"}, "age": {"type": "integer"}}


def test_pydantic_models_share_their_definitions() -> None:
    pydantic = pytest.importorskip("pydantic")
    inner = pydantic.create_model("Inner", size=(int, ...))
    outer = pydantic.create_model("Outer", inner=(inner, ...), label=(str, "x"))

    def pack(first: Any, second: Any) -> None: ...

    pack.__annotations__ = {"first": outer, "second": types.GenericAlias(list, (outer,))}
    schema = tool_of(pack).parameters
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["first"]["properties"]["inner"] == {"$ref": "#/$defs/Inner"}
    assert list(schema["$defs"]) == ["Inner"]


def test_methods_and_wrapped_functions_are_functions() -> None:
    class Shop:
        def price(self, item: str) -> float:
            return 1.0

    @functools.wraps(get_weather)
    def logged(*args: Any, **kwargs: Any) -> Any:
        return get_weather(*args, **kwargs)

    assert list(properties_of(Shop().price)) == ["item"]
    assert list(properties_of(logged)) == ["city", "days", "unit"]


def test_a_tool_stays_what_it_is() -> None:
    tool = tool_of(get_weather)
    assert tool_of(tool) is tool


def no_hint(city) -> None: ...  # type: ignore[no-untyped-def]
def no_hint_but_a_default(city=1) -> None: ...  # type: ignore[no-untyped-def]
def many(*cities: str) -> None: ...
def named(**cities: str) -> None: ...
def positional(city: str, /) -> None: ...
def date(city: datetime) -> None: ...
def bare_list(city: list) -> None: ...  # type: ignore[type-arg]
def bare_dict(city: dict) -> None: ...  # type: ignore[type-arg]
def number_keys(city: dict[int, str]) -> None: ...
def anything(city: Any) -> None: ...
def pair(city: tuple[int, str]) -> None: ...
def set_of(city: list[set[str]]) -> None: ...
def inner_union(city: bytes | None) -> None: ...
def bytes_choice(city: Literal[b"x"]) -> None: ...
def unknown(city: Decimal) -> None: ...


REFUSED = (
    *(no_hint, no_hint_but_a_default, many, named, positional, date, bare_list, bare_dict),
    *(number_keys, anything, pair, set_of, inner_union, bytes_choice, unknown),
)


@pytest.mark.parametrize("function", REFUSED, ids=lambda function: function.__name__)
def test_what_no_model_can_give_is_refused_at_once(function: Any) -> None:
    name = "cities" if function in (many, named) else "city"
    with pytest.raises(TypeError, match=rf"^{function.__name__}\(\), parameter '{name}' "):
        tool_of(function)


@dataclass
class Tree:
    name: str
    parent: Annotated[Tree | None, "none of the root"] = None
    children: list[Tree] = field(default_factory=list)


class Person(TypedDict):
    friends: list[Person]
    home: NotRequired[Tree]


def test_a_type_that_has_itself_within_it_is_described_once() -> None:
    def plant(tree: Tree, other: Tree | None, owner: Person) -> None: ...

    schema = tool_of(plant).parameters
    Draft202012Validator.check_schema(schema)
    tree, person = {"$ref": "#/$defs/Tree"}, {"$ref": "#/$defs/Person"}
    or_none = {"anyOf": [tree, {"type": "null"}]}
    assert schema["properties"] == {"tree": tree, "other": or_none, "owner": person}
    assert schema["$defs"]["Tree"]["properties"] == {
        "name": {"type": "string"},
        "parent": {**or_none, "description": "none of the root"},
        "children": {"type": "array", "items": tree},
    }
    assert schema["$defs"]["Person"]["properties"] == {
        "friends": {"type": "array", "items": person},
        "home": tree,
    }


def test_two_such_types_of_one_name_are_refused() -> None:
    def plant(tree: Any, other: Any) -> None: ...

    for parameter in ("tree", "other"):
        kind = make_dataclass("Tree", [(parameter, Any)])
        kind.__annotations__[parameter] = list[kind]  # type: ignore[valid-type]
        plant.__annotations__[parameter] = kind
    with pytest.raises(TypeError, match="there are two types of the name 'Tree': rename one"):
        tool_of(plant)


@dataclass
class Dated:
    when: datetime


@dataclass
class Extra:
    a: int
    b: InitVar[int]


def dated(it: Dated) -> None: ...
def extra(it: Extra) -> None: ...


def test_a_field_that_no_model_can_give_is_named() -> None:
    with pytest.raises(TypeError, match=r"'it', field 'when' of Dated is of the type datetime: "):
        tool_of(dated)
    with pytest.raises(TypeError, match=r"'it' is of the type Extra: .* just its fields"):
        tool_of(extra)


async def pages(city: str) -> Any:
    yield city


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="the class Stop"):
        tool_of(Stop)
    with pytest.raises(TypeError, match="an object of partial"):
        tool_of(functools.partial(get_weather, "Paris"))
    with pytest.raises(TypeError, match="not str"):
        tool_of("get_weather")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pages is an async generator"):
        tool_of(pages)
    with pytest.raises(ValueError, match="<lambda>"):
        tool_of(lambda: 1)


def test_a_tool_of_a_schema_is_checked() -> None:
    assert Tool("x", "", {}, print).parameters == {"type": "object", "properties": {}}
    with pytest.raises(ValueError, match="the name 'two words'"):
        Tool("two words", "", {}, print)
    with pytest.raises(ValueError, match="type 'object'"):
        Tool("x", "", {"type": "array"}, print)
    with pytest.raises(ValueError, match=r"parameters\['properties'\].* is no JSON schema"):
        Tool("x", "", {"properties": 3}, print)
    with pytest.raises(TypeError, match="function must be a callable, not int"):
        Tool("x", "", {}, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="description must be a str"):
        Tool("x", None, {}, print)  # type: ignore[arg-type]
