"""`Tool.arguments`: what a model wrote becomes keyword arguments, or a sentence for the model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Literal, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from suggestions import Tool
from suggestions.conversation import tool_of


class Unit(Enum):
    CELSIUS = "C"
    FAHRENHEIT = "F"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Stop:
    city: str
    nights: int = 1

    def __post_init__(self) -> None:
        if self.nights < 1:
            raise ValueError("nights must be 1 or more")


class Traveller(TypedDict):
    name: str


def plan(
    stops: list[Stop],
    unit: Unit = Unit.CELSIUS,
    level: Level | None = None,
    who: Traveller | None = None,
    mode: Literal["car", True] = "car",
    budget: float = 0.0,
    notes: dict[str, int | str] | None = None,
    size: Unit | str | None = None,
) -> None: ...


@dataclass
class Tree:
    name: str
    children: list[Tree] | None = None


TOOL = tool_of(plan)


def problem_of(arguments: Any, tool: Tool = TOOL) -> str:
    with pytest.raises(ValueError, match=r".") as raised:
        tool.arguments(arguments)
    return str(raised.value)


def test_arguments_become_what_the_hints_say() -> None:
    text = """{"stops": [{"city": "Paris"}, {"city": "Rome", "nights": 2.0}], "unit": "F",
        "level": 2, "who": {"name": "Ann"}, "mode": true, "budget": 3, "notes": {"a": 1, "b": "x"},
        "size": "C"}"""
    values = TOOL.arguments(text)
    assert values == {
        "stops": [Stop("Paris"), Stop("Rome", 2)],
        "unit": Unit.FAHRENHEIT,
        "level": Level.HIGH,
        "who": {"name": "Ann"},
        "mode": True,
        "budget": 3.0,
        "notes": {"a": 1, "b": "x"},
        "size": Unit.CELSIUS,
    }
    assert type(values["stops"][1].nights) is int
    assert type(values["budget"]) is float
    assert type(values["level"]) is Level
    assert TOOL.arguments(json.loads(text)) == values


def test_a_type_that_has_itself_within_it_is_made_at_any_depth() -> None:
    def plant(tree: Tree) -> None: ...

    tool = tool_of(plant)
    root = {"name": "a", "children": [{"name": "b", "children": []}, {"name": "c"}]}
    assert tool.arguments({"tree": root}) == {"tree": Tree("a", [Tree("b", []), Tree("c")])}
    root["children"] = [{"name": "b", "children": [{"name": 1}]}]
    said = "tree.children[0].children[0].name must be a text, not 1"
    assert problem_of({"tree": root}, tool) == said
    assert problem_of({"tree": 1}, tool) == "tree must be an object with name, children, not 1"


def test_what_an_enum_knows_is_its_member_in_a_union_with_texts() -> None:
    def show(colour: str | Unit, size: int | str) -> None: ...

    values = tool_of(show).arguments('{"colour": "C", "size": "3"}')
    assert values == {"colour": Unit.CELSIUS, "size": "3"}
    assert tool_of(show).arguments('{"colour": "K", "size": 3}') == {"colour": "K", "size": 3}


def test_no_text_is_no_arguments() -> None:
    def now() -> str:
        return "noon"

    assert tool_of(now).arguments("") == tool_of(now).arguments(" {} ") == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "stops is missing: expected a list"),
        ({"stops": "Paris"}, 'stops must be a list, not "Paris"'),
        ({"stops": [{"city": 3}]}, "stops[0].city must be a text, not 3"),
        ({"stops": [{}]}, "stops[0].city is missing: expected a text"),
        ({"stops": [{"city": "x", "nigths": 2}]}, 'stops[0]."nigths" is unknown: expected city, '),
        ({"stops": [{"city": "x", "nights": 0}]}, "stops[0] is no Stop: nights must be 1 or more"),
        ({"stops": [{"city": "x", "nights": 1.5}]}, "stops[0].nights must be a whole number, not"),
        ({"stops": [], "unit": "K"}, 'unit must be one of "C", "F", not "K"'),
        ({"stops": [], "unit": None}, "not null: leave it out for its default"),
        ({"stops": [], "level": True}, "level must be one of 1, 2 or null, not true"),
        ({"stops": [], "mode": 1}, 'mode must be one of "car", true, not 1'),
        ({"stops": [], "budget": "3"}, 'budget must be a number, not "3"'),
        ({"stops": [], "budget": True}, "budget must be a number, not true"),
        ('{"stops": [], "budget": 1e999}', "budget must be a number, not Infinity"),
        ({"stops": [], "who": {"name": 1}}, "who.name must be a text, not 1"),
        ({"stops": [], "notes": {"a b": []}}, 'notes["a b"] must be a whole number or a text, '),
        ({"stop": []}, 'stops is missing: expected a list; "stop" is unknown: expected stops, '),
        ('{"stops": [', "the arguments are no JSON: "),
        ('{"stops": NaN}', "the arguments are no JSON: JSON has no NaN"),
        ("[1]", "the arguments must be a JSON object"),
        ("[" * 100_000, "the arguments are nested too deeply"),
    ],
)
def test_what_does_not_fit_is_a_sentence_for_the_model(arguments: Any, said: str) -> None:
    assert said in problem_of(arguments)


def test_the_sentence_is_short_however_much_is_wrong() -> None:
    wrong: dict[str, Any] = {"stops": ["x" * 10_000] * 10_000}
    wrong |= {f"{number}" * 1000: number for number in range(1000)}
    assert len(problem_of(wrong)) < 2000


def test_a_pydantic_model_checks_its_own() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Order", count=(int, pydantic.Field(gt=0)))

    def order(it: Any) -> None: ...

    order.__annotations__ = {"it": model}
    tool = tool_of(order)
    assert tool.arguments('{"it": {"count": 2}}') == {"it": model(count=2)}
    assert problem_of('{"it": {"count": 0}}', tool).startswith("it.count: Input should be greater")


def test_a_schema_of_your_own_is_checked() -> None:
    schema = {"properties": {"city": {"type": "string", "minLength": 2}}, "required": ["city"]}
    tool = Tool("get_weather", "", schema, print)
    assert tool.arguments('{"city": "Rome"}') == {"city": "Rome"}
    assert problem_of('{"city": "x"}', tool).startswith("city: 'x' is too short")
    assert "'city' is a required property" in problem_of("", tool)
    assert "no JSON" in problem_of("{", tool)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*TOOL.parameters["properties"], "other"])
STOPS = st.lists(st.fixed_dictionaries({"city": st.text()}, optional={"nights": JSON}), max_size=2)


@given(st.dictionaries(FIELDS, JSON), STOPS | JSON)
def test_what_is_taken_fits_the_schema(arguments: dict[str, Any], stops: Any) -> None:
    arguments["stops"] = stops
    try:
        values = TOOL.arguments(arguments)
    except ValueError:
        return
    Draft202012Validator(TOOL.parameters).validate(arguments)
    plan(**values)
