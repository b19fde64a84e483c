"""What `output=` makes of types and schemas: checked with the packages of the services."""

from __future__ import annotations

import dataclasses
import enum
import json
import subprocess
import sys
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

import anthropic
import pydantic
import pytest
import typing_extensions
from openai.lib._pydantic import to_strict_json_schema

from suggestions import SuggestionsEventSource
from suggestions.dialects.output import Output
from suggestions.dialects.output_schema import strict_form, without_bounds

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Place:
    street: str
    floor: int = 0


class Person(pydantic.BaseModel):
    """A person."""

    name: str = pydantic.Field(description="The whole name")
    born: date | None = None
    likes: list[Colour] = []
    kind: Literal["a", "b"]
    home: Place
    office: Place = pydantic.Field(description="In the daytime")
    friends: list[Person] = []


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, pydantic.Field(ge=1, le=9)]


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, pydantic.Field(max_length=5)] = "Rex"


class Pet(pydantic.BaseModel):
    pet: Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]


class Box(pydantic.BaseModel, Generic[T]):
    of: T


class Movie(typing_extensions.TypedDict):
    title: str
    year: typing_extensions.NotRequired[int]


def without(value: Any, *names: str) -> Any:
    if isinstance(value, dict):
        return {key: without(each, *names) for key, each in value.items() if key not in names}
    return [without(each, *names) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("kind", [Person, Place, Movie, Cat, Box[int]])
def test_it_is_as_strict_as_the_openai_package_makes_it(kind: Any) -> None:
    ours = Output(kind)
    assert ours.is_strict
    theirs = to_strict_json_schema(pydantic.TypeAdapter(kind))
    # They keep a default, which their service has refused; and a definition that is inlined once
    # more is the same by another path.
    assert without(ours.schema, "$defs") == without(theirs, "$defs", "default")
    assert ours.schema.get("$defs", {}).keys() == theirs.get("$defs", {}).keys()


@pytest.mark.parametrize("kind", [Person, Place, Movie, Cat, Pet, Box[int]])
def test_the_anthropic_package_finds_nothing_to_change(kind: Any) -> None:
    sent = without_bounds(Output(kind).schema)
    # It drops the type beside an `enum` or a `const`, which is all the same.
    changed = anthropic.transform_schema(sent)
    assert _typeless(changed) == _typeless(sent)


def _typeless(value: Any) -> Any:
    if isinstance(value, dict):
        drop = ("type",) if {"enum", "const"} & value.keys() else ()
        return {key: _typeless(each) for key, each in value.items() if key not in drop}
    return [_typeless(each) for each in value] if isinstance(value, list) else value


def test_a_union_that_is_told_apart_by_a_field() -> None:
    schema = Output(Pet).schema
    assert schema["properties"]["pet"]["anyOf"] == [
        {"$ref": "#/$defs/Cat"},
        {"$ref": "#/$defs/Dog"},
    ]
    assert schema["$defs"]["Dog"]["required"] == ["kind", "name"]
    assert "default" not in json.dumps(schema)
    assert "maxLength" not in json.dumps(schema)  # the strict mode does not know it
    assert schema["$defs"]["Cat"]["properties"]["lives"]["maximum"] == 9
    assert "maximum" not in json.dumps(without_bounds(schema))


@pytest.mark.parametrize(
    "kind",
    [
        Box[dict[str, int]],  # any names
        Box[Any],
        Box[tuple[int, str]],
        Box[list[Any]],
        Box[list],
    ],
)
def test_what_has_no_strict_form_is_sent_as_it_is(kind: Any) -> None:
    output = Output(kind)
    assert not output.is_strict
    assert output.schema == pydantic.TypeAdapter(kind).json_schema()


CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": ["integer", "null"]}},
    "required": ["b", "a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "is_strict"),
    [
        (CLOSED, True),
        ({**CLOSED, "required": ["a"]}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({**CLOSED, "minProperties": 1}, False),
        ({**CLOSED, "x-order": 1}, False),
        ({"type": "array", "items": CLOSED}, False),
        ({"anyOf": [CLOSED, CLOSED]}, False),
        ({**CLOSED, "properties": {"a": True, "b": {"type": "null"}}}, False),
        ({"type": "object"}, False),
        ({"$ref": "#/$defs/A", "$defs": {"A": CLOSED}}, False),
        ({}, False),
    ],
)
def test_a_schema_of_the_user_goes_as_it_is(schema: dict[str, Any], is_strict: bool) -> None:
    output = Output(schema)
    assert output.schema == schema
    assert output.is_strict is is_strict
    before = json.dumps(output.schema)
    schema["type"] = "string"  # the user's may change, and ours does not
    assert json.dumps(output.schema) == before


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A", "title": "A"}}, "title": "B"},
        {"$ref": "#/$defs/A", "title": "B"},
        {"$ref": "https://example.com/a", "title": "B"},
        {"type": "object", "properties": {"a": {"allOf": [{"type": "null"}, {"type": "null"}]}}},
    ],
)
def test_a_schema_that_refers_to_itself_or_to_nothing(schema: dict[str, Any]) -> None:
    assert strict_form(schema) is None


@pytest.mark.parametrize(
    ("output", "name"),
    [
        (Person, "Person"),
        (Box[int], "Box_int_"),
        ({"title": "Größe in cm: " + "x" * 99}, "Gr__e_in_cm__" + "x" * 51),
        ({"title": ""}, "object"),
        ({}, "object"),
    ],
)
def test_its_name(output: Any, name: str) -> None:
    assert Output(output).name == name


def test_a_schema_on_the_web_is_not_loaded() -> None:
    error = Output({"$ref": "http://127.0.0.1:1/schema"}).check("{}", "stop")
    assert "Unresolvable" in error.message


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes it from there on")
def test_a_typed_dict_of_an_old_python() -> None:
    from typing import TypedDict

    class Old(TypedDict):
        a: int

    with pytest.raises(TypeError, match=r"output Old has no JSON schema.*typing_extensions"):
        Output(Old)


@pytest.mark.parametrize(
    ("package", "output"), [("pydantic", Place), ("jsonschema", CLOSED), ("referencing", CLOSED)]
)
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, package: str, output: Any) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r'pip install "suggestions-sdk\[output\]"'):
        SuggestionsEventSource("Who?", dialect="ollama", output=output)


def test_nothing_of_it_is_imported_without_output() -> None:
    program = """
import sys
from suggestions import SuggestionsEventSource, preload
preload()
SuggestionsEventSource("Who?", "key", dialect="openai", options={"model": "m"}, start=False)
print([name for name in ("pydantic", "jsonschema", "referencing") if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.strip() == "[]"


def test_bounds_within_tuples_and_dicts_are_left_out_too() -> None:
    bounded = {"type": "integer", "minimum": 0}
    schema = {
        "type": "object",
        "properties": {"pair": {"type": "array", "prefixItems": [bounded, bounded]}},
        "additionalProperties": bounded,
    }
    assert "minimum" not in json.dumps(without_bounds(schema))
