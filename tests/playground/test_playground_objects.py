"""Objects that the playground makes of a schema, and schemas that each service refuses."""

from __future__ import annotations

import datetime
import enum
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

import anthropic
import openai
import pydantic
import pytest
import requests

from suggestions.playground import Playground
from suggestions.playground.objects import SchemaError, object_text

SOON = 30.0  # seconds; a bound for what ends at once, never a measure
QUESTION = "The weather for 3 days in Paris, in Fahrenheit"
HEADERS = {"anthropic-version": "2023-06-01", "x-api-key": "any"}


class Unit(enum.Enum):
    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


class Rain(pydantic.BaseModel):
    kind: Literal["rain"]
    hours: int


class Sun(pydantic.BaseModel):
    kind: Literal["sun"]
    name: str


class Place(pydantic.BaseModel):
    name: str
    within: Place | None = None
    parts: list[Place] = []


class Weather(pydantic.BaseModel):
    city: str
    days: int
    unit: Unit
    wind: float | None = None
    kinds: list[Rain | Sun]
    noon: Rain
    day: datetime.date
    at: datetime.datetime
    report: uuid.UUID
    tags: list[str]
    sure: bool


class Bounded(pydantic.BaseModel):
    days: int = pydantic.Field(ge=5, le=9)
    share: float = pydantic.Field(gt=0, lt=1)
    dozens: int = pydantic.Field(gt=13, multiple_of=12)
    title: str = pydantic.Field(min_length=40, max_length=50)
    short: str = pydantic.Field(max_length=3)
    names: list[str] = pydantic.Field(min_length=4)
    numbers: set[int] = pydantic.Field(min_length=3)
    few: list[int] = pydantic.Field(max_length=0)
    pair: tuple[int, str]
    at_noon: Annotated[Rain | Sun, pydantic.Field(discriminator="kind")]
    counts: dict[str, int]
    nothing: None
    three: Literal[3]
    anything: Any


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(pace=0) as playground:
        yield playground


def send(playground: Playground, path: str, body: Mapping[str, Any]) -> requests.Response:
    url = playground.url + path
    return requests.post(url, json=body, headers=HEADERS, timeout=SOON)


# How each service is asked, and where its answer has the text.


def by_openai(playground: Playground, schema: object, **options: Any) -> requests.Response:
    wanted = {"name": "weather", "schema": schema, **options}
    body = {
        "messages": [{"role": "user", "content": QUESTION}],
        "response_format": {"type": "json_schema", "json_schema": wanted},
    }
    return send(playground, "/v1/chat/completions", body)


def by_responses(playground: Playground, schema: object, **options: Any) -> requests.Response:
    wanted = {"type": "json_schema", "name": "weather", "schema": schema, **options}
    return send(playground, "/v1/responses", {"input": QUESTION, "text": {"format": wanted}})


def by_anthropic(playground: Playground, schema: object) -> requests.Response:
    body = {
        "max_tokens": 10_000,
        "messages": [{"role": "user", "content": QUESTION}],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
    }
    return send(playground, "/v1/messages", body)


def by_ollama(playground: Playground, schema: object) -> requests.Response:
    messages = [{"role": "user", "content": QUESTION}]
    body = {"model": "m", "messages": messages, "format": schema, "stream": False}
    return send(playground, "/api/chat", body)


ASK: dict[str, Callable[..., requests.Response]] = {
    "openai": by_openai,
    "responses": by_responses,
    "anthropic": by_anthropic,
    "ollama": by_ollama,
}
TEXT: dict[str, Callable[[Any], str]] = {
    "openai": lambda body: body["choices"][0]["message"]["content"],
    "responses": lambda body: body["output"][0]["content"][0]["text"],
    "anthropic": lambda body: body["content"][0]["text"],
    "ollama": lambda body: body["message"]["content"],
}
each = pytest.mark.parametrize("name", ASK)


def refusal(response: requests.Response) -> str:
    assert response.status_code == 400
    error = response.json()["error"]
    return str(error if isinstance(error, str) else error["message"])


# What fits


@each
def test_the_answer_is_an_object_of_what_the_question_says(
    playground: Playground, name: str
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city", "days", "unit"],
        "additionalProperties": False,
    }
    answer = ASK[name](playground, schema).json()
    expected = {"city": "Paris", "days": 3, "unit": "fahrenheit"}
    assert json.loads(TEXT[name](answer)) == expected


@pytest.mark.parametrize("model", [Weather, Bounded, Place])
def test_what_pydantic_asks_for_fits(model: type[pydantic.BaseModel]) -> None:
    text = object_text(model.model_json_schema(), QUESTION)
    model.model_validate_json(text)
    assert text == object_text(model.model_json_schema(), QUESTION)


def test_a_schema_of_before_has_its_definitions_elsewhere() -> None:
    schema = {
        "definitions": {"Unit": {"type": "string", "enum": ["celsius"]}},
        "type": "object",
        "properties": {"unit": {"title": "Unit", "allOf": [{"$ref": "#/definitions/Unit"}]}},
    }
    assert json.loads(object_text(schema, "")) == {"unit": "celsius"}


@pytest.mark.parametrize(
    ("path", "asked", "text"),
    [
        ("/v1/chat/completions", {"response_format": {"type": "json_object"}}, TEXT["openai"]),
        ("/v1/responses", {"text": {"format": {"type": "json_object"}}}, TEXT["responses"]),
        ("/api/chat", {"format": "json", "stream": False}, TEXT["ollama"]),
    ],
)
def test_without_a_schema_it_is_some_object(
    playground: Playground, path: str, asked: Any, text: Callable[[Any], str]
) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "A haiku as JSON"}], **asked}
    answer = send(playground, path, {**body, "input": "A haiku as JSON"}).json()
    assert "the stream finds the sea" in json.loads(text(answer))["answer"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/chat/completions", {"response_format": {"type": "text"}}),
        ("/v1/responses", {"text": {"format": {"type": "text"}}}),
        ("/api/chat", {"format": ""}),
    ],
)
def test_a_text_may_be_asked_for(playground: Playground, path: str, asked: Any) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "input": "Hi"}
    response = send(playground, path, {**body, "stream": False, **asked})
    assert "Nice to meet you" in response.text


# The packages of the services ask, and read


def test_the_openai_package_parses_it(playground: Playground) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    with openai.OpenAI(api_key="any", base_url=playground.openai_url, max_retries=0) as client:
        whole = client.chat.completions.parse(
            model="m", messages=messages, response_format=Weather
        ).choices[0]
        with client.chat.completions.stream(
            model="m", messages=messages, response_format=Weather
        ) as stream:
            streamed = stream.get_final_completion().choices[0]
        answer = client.responses.parse(model="m", input=QUESTION, text_format=Weather)
        with client.responses.stream(model="m", input=QUESTION, text_format=Weather) as events:
            read = events.get_final_response()
    assert isinstance(whole.message.parsed, Weather)
    assert (whole.message.parsed.city, whole.message.parsed.days) == ("Paris", 3)
    assert whole.message.parsed == streamed.message.parsed == answer.output_parsed
    assert read.output_parsed == answer.output_parsed


@pytest.mark.skipif(
    not hasattr(anthropic.resources.Messages, "parse"), reason="an older anthropic parses nothing"
)
def test_the_anthropic_package_parses_it(playground: Playground) -> None:
    messages: Any = [{"role": "user", "content": QUESTION}]
    with anthropic.Anthropic(api_key="any", base_url=playground.anthropic_url) as client:
        whole: Any = client.messages.parse(
            model="m", max_tokens=10_000, messages=messages, output_format=Weather
        )
        with client.messages.stream(
            model="m", max_tokens=10_000, messages=messages, output_format=Weather
        ) as stream:
            streamed: Any = stream.get_final_message()
    assert (whole.parsed_output.city, whole.parsed_output.days) == ("Paris", 3)
    assert streamed.parsed_output == whole.parsed_output


# What is refused

OPEN = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CLOSED = {**OPEN, "additionalProperties": False}


def closed(**properties: object) -> dict[str, Any]:
    return {**CLOSED, "properties": properties, "required": list(properties)}


@each
@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (closed(city={"type": "strnig"}), "'strnig' is not valid under any of the given schemas"),
        (closed(city=5), "5 is not of type 'object', 'boolean'"),
        (closed(city={"$ref": "#/$defs/Nowhere"}), "reference can only point to definitions"),
        (closed(city={"enum": "Paris"}), "'Paris' is not of type 'array'"),
        (closed(tags={"type": "array", "minItems": "1"}), "'1' is not of type"),
        (closed(n={"type": "number", "minimum": 3, "maximum": 2}), "no number is within"),
    ],
)
def test_a_malformed_schema_is_refused(
    playground: Playground, name: str, schema: Any, words: str
) -> None:
    message = refusal(ASK[name](playground, schema))
    assert words in message
    begin = {
        "openai": "Invalid schema for response_format 'weather': In context=('properties', '",
        "responses": "Invalid schema for response_format 'weather': In context=('properties', '",
        "anthropic": "output_config.format.schema: JSON schema is invalid",
        "ollama": "invalid JSON schema in format",
    }
    assert message.startswith(begin[name])


@pytest.mark.parametrize("name", ["openai", "responses"])
@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (OPEN, "In context=(), 'additionalProperties' is required to be supplied and to be false."),
        ({**CLOSED, "required": []}, "including every key in properties. Missing 'city'."),
        (closed(city={}), "In context=('properties', 'city'), schema must have a 'type' key."),
        (closed(tags={"type": "array"}), "In context=('properties', 'tags'), array schema missing"),
        (closed(inner=OPEN), "In context=('properties', 'inner'), 'additionalProperties'"),
    ],
)
def test_openai_is_strict_if_asked(
    playground: Playground, name: str, schema: Any, words: str
) -> None:
    assert words in refusal(ASK[name](playground, schema, strict=True))
    assert ASK[name](playground, schema, strict=False).status_code == 200


@pytest.mark.parametrize("name", ["openai", "responses"])
def test_openai_wants_an_object(playground: Playground, name: str) -> None:
    message = refusal(ASK[name](playground, {"type": "array", "items": {"type": "string"}}))
    assert "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'." in message


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (OPEN, "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        ({**OPEN, "additionalProperties": True}, "'additionalProperties: true' is not supported"),
        (closed(n={"type": "integer", "minimum": 1}), "property 'minimum' is not supported"),
        (
            closed(n={"type": "number", "minimum": 1, "maximum": 2}),
            "For 'number' type, properties maximum, minimum are not supported",
        ),
        (
            closed(tags={"type": "array", "items": {"type": "string"}, "minItems": 2}),
            "'minItems' values other than 0 or 1 are not supported",
        ),
        (
            {"$ref": "#/$defs/Tree", "$defs": {"Tree": closed(tree={"$ref": "#/$defs/Tree"})}},
            "Circular reference detected in schema definitions: Tree -> Tree.",
        ),
    ],
)
def test_what_anthropic_does_not_take(playground: Playground, schema: Any, words: str) -> None:
    assert words in refusal(by_anthropic(playground, schema))


@pytest.mark.parametrize(
    ("path", "asked", "words"),
    [
        ("/v1/chat/completions", {"response_format": {"type": "xml"}}, "'json_object', 'json_sch"),
        ("/v1/chat/completions", {"response_format": {}}, ""),
        ("/v1/chat/completions", {"response_format": "json"}, "expected an object"),
        (
            "/v1/chat/completions",
            {"response_format": {"type": "json_schema"}},
            "Missing required parameter: 'response_format.json_schema'",
        ),
        (
            "/v1/chat/completions",
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a b"}}},
            "matches the pattern '^[a-zA-Z0-9_-]+$'",
        ),
        ("/v1/responses", {"text": {"format": {"type": "xml"}}}, "Invalid value: 'xml'"),
        ("/v1/responses", {"text": {"format": {"type": "json_schema"}}}, "'text.format.name'"),
        (
            "/v1/messages",
            {"output_config": {"format": {"type": "json_object"}}},
            "output_config.format.type: Input should be 'json_schema'",
        ),
        ("/api/chat", {"format": "xml"}, 'expected "json" or a valid JSON Schema object'),
        ("/api/chat", {"format": [1]}, 'expected "json" or a valid JSON Schema object'),
    ],
)
def test_a_format_that_is_none(playground: Playground, path: str, asked: Any, words: str) -> None:
    body = {"model": "m", "max_tokens": 9, "input": "Hi"}
    body |= {"messages": [{"role": "user", "content": "Hi"}]}
    response = send(playground, path, {**body, **asked})
    assert (response.status_code == 400) == bool(words)
    assert words in (refusal(response) if words else "")


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def doubled(levels: int) -> dict[str, Any]:
    """Each level has two of the next: the object would be as large as two to the power of them."""
    defs: dict[str, Any] = {f"L{levels}": {"type": "string"}}
    for level in range(levels):
        inner = {"$ref": f"#/$defs/L{level + 1}"}
        defs[f"L{level}"] = closed(a=inner, b=inner)
    return {**closed(a={"$ref": "#/$defs/L0"}), "$defs": defs}


HOSTILE = {
    "endless": closed(a={"$ref": "#"}),
    "endless in allOf": {"$ref": "#/$defs/A", "$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}},
    "many items": closed(a={"type": "array", "items": {"type": "string"}, "minItems": 10**9}),
    "many in many": closed(
        a={
            "type": "array",
            "minItems": 4_000,
            "items": {"type": "array", "minItems": 4_000, "items": {"type": "string"}},
        }
    ),
    "a long text": closed(a={"type": "string", "minLength": 10**12}),
    "deep": nested(200),
    "wide": closed(**{f"p{number}": {"type": "string"} for number in range(50_000)}),
    "doubled": doubled(35),
}


@each
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_schema_is_refused_at_once(
    playground: Playground, name: str, hostile: str
) -> None:
    began = time.monotonic()
    message = refusal(ASK[name](playground, HOSTILE[hostile]))
    assert time.monotonic() - began < SOON
    assert len(message) < 2_000


def test_a_schema_of_ten_thousand_levels_is_refused(playground: Playground) -> None:
    deep = '{"type":"object","properties":{"a":' * 10_000 + "1" + "}}" * 10_000
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": "DEEP"}}
    body = {"messages": [{"role": "user", "content": "Hi"}], "response_format": wanted}
    data = json.dumps(body).replace('"DEEP"', deep)
    url = f"{playground.openai_url}/chat/completions"
    assert requests.post(url, data=data, timeout=SOON).status_code == 400


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_schema_of_a_tool_is_refused(playground: Playground, hostile: str) -> None:
    tool = {"type": "function", "function": {"name": "get", "parameters": HOSTILE[hostile]}}
    body = {"messages": [{"role": "user", "content": "get"}], "tools": [tool]}
    response = send(playground, "/v1/chat/completions", body)
    assert refusal(response).startswith("Invalid schema for function 'get': In context=(")
    assert response.json()["error"]["param"] == "tools[0].function.parameters"


def test_there_is_a_bound_on_tools(playground: Playground) -> None:
    tools = [{"type": "function", "function": {"name": f"get{n}"}} for n in range(129)]
    body = {"messages": [{"role": "user", "content": "Hi"}], "tools": tools}
    words = "Expected an array with maximum length 128, but got an array with length 129 instead."
    assert words in refusal(send(playground, "/v1/chat/completions", body))
    assert send(playground, "/v1/chat/completions", {**body, "tools": tools[:128]}).ok


def test_the_size_of_a_question_does_not_grow_in_an_object(playground: Playground) -> None:
    """Each text would be all of the question."""
    schema = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(1000)}}
    messages = [{"role": "user", "content": "long " * 100_000}]
    body = {"model": "m", "messages": messages, "format": schema, "stream": False}
    answer = send(playground, "/api/chat", body)
    assert answer.status_code == 200
    assert len(answer.content) < 2_000_000


def test_the_arguments_of_a_tool_may_be_nested(playground: Playground) -> None:
    parameters = closed(trip=closed(cities={"type": "array", "items": {"type": "string"}}))
    tool = {"type": "function", "function": {"name": "plan", "parameters": parameters}}
    body = {"messages": [{"role": "user", "content": "Please plan Paris"}], "tools": [tool]}
    answer = send(playground, "/v1/chat/completions", body).json()
    [call] = answer["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"trip": {"cities": ["Paris"]}}


def test_what_is_optional_and_endless_is_left_out() -> None:
    tree = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "next": {"$ref": "#"}},
        "required": ["name"],
    }
    assert json.loads(object_text(tree, "Paris")) == {"name": "Paris", "next": {"name": "Paris"}}
    with pytest.raises(SchemaError, match="Circular reference detected"):
        object_text({**tree, "required": ["name", "next"]}, "Paris")
