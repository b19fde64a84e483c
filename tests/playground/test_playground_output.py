"""`output=` against the playground, which checks the schemas as the services do."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

import pydantic
import pytest
from contract import Record, check_contract
from typing_extensions import NotRequired, TypedDict

from suggestions import SuggestionsEventSource, ask_question_sync
from suggestions.dialects import Dialect
from suggestions.dialects.anthropic import Anthropic
from suggestions.dialects.ollama import Ollama
from suggestions.dialects.openai import OpenAI
from suggestions.dialects.responses import Responses
from suggestions.playground import Playground

SOON = 30.0  # seconds; a bound for what ends at once, never a measure
QUESTION = "The weather for 3 days in Paris, in Fahrenheit"


class Unit(enum.Enum):
    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


@dataclasses.dataclass
class Wind:
    from_where: str
    speed: float = 0.0


@dataclasses.dataclass
class Weather:
    city: str
    days: int
    wind: Wind
    day: date
    unit: Unit = Unit.CELSIUS
    notes: list[str] = dataclasses.field(default_factory=list)
    sun: bool | None = None


class City(TypedDict):
    city: str
    days: NotRequired[int]


class Rain(pydantic.BaseModel):
    kind: Literal["rain"]
    hours: int


class Sun(pydantic.BaseModel):
    kind: Literal["sun"]
    name: str


class Forecast(pydantic.BaseModel):
    """What is to come."""

    city: str = pydantic.Field(description="Where")
    days: int = pydantic.Field(ge=1, le=14)
    first: Rain = pydantic.Field(description="Of the first day")
    kinds: list[Rain | Sun]
    chosen: Rain | Sun = pydantic.Field(discriminator="kind")


SCHEMA = {
    "title": "Weather in a city",
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


@pytest.fixture(params=["openai", "responses", "anthropic", "ollama"])
def dialect(request: pytest.FixtureRequest, playground: Playground) -> Dialect:
    made: dict[str, Any] = {
        "openai": lambda: OpenAI(playground.openai_url, "key", "playground"),
        "responses": lambda: Responses(playground.openai_url, "key", "playground"),
        "anthropic": lambda: Anthropic(playground.anthropic_url, "key", "playground"),
        "ollama": lambda: Ollama(playground.ollama_url, None, "playground"),
    }
    dialect: Dialect = made[request.param]()
    return dialect


@pytest.mark.parametrize("output", [Weather, City, Forecast, SCHEMA])
def test_the_playground_answers_with_the_object(dialect: Dialect, output: Any) -> None:
    record = Record()
    source = SuggestionsEventSource(QUESTION, dialect=dialect, output=output, on=record.handlers())
    assert source.wait(SOON)
    assert source.error is None
    check_contract(source, record)
    found = source.object
    if output is Weather:
        assert isinstance(found, Weather)
        assert isinstance(found.wind, Wind)
        assert found.unit is Unit.FAHRENHEIT
        assert isinstance(found.day, date)
        assert (found.city, found.days) == ("Paris", 3)
    elif output is Forecast:
        assert isinstance(found, Forecast)
        assert (found.city, found.days) == ("Paris", 3)
    else:
        assert (found["city"], found["days"]) == ("Paris", 3)
    best = record.by_name["object"]
    assert len(best) > 2
    assert best[0] == {}
    assert best[-1]["city"] == "Paris"


def test_the_playground_answers_in_one_piece(dialect: Dialect) -> None:
    found: list[Any] = []
    text = ask_question_sync(
        QUESTION,
        dialect=dialect,
        output=SCHEMA,
        on={"done": lambda source, event: found.append(source.object)},
    )
    assert text
    assert [each["city"] for each in found] == ["Paris"]
