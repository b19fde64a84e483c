"""The object that a request wants for an answer: how each service is asked, and what it refuses.

Every function raises `Refused`, with status 400 and the words of the service.
Sources: OpenAI's guide "Structured model outputs", "Supported schemas"; Anthropic's guide
"Structured outputs", "JSON Schema limitations"; Ollama's "Structured outputs".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NoReturn

from .answers import answer_to, shorten
from .objects import CircularError, Place, Schema, SchemaError, object_text
from .request_body import Body, checked, optional
from .streaming import Fault, Refused

_KINDS = ("text", "json_schema", "json_object")
_TYPED = {"$ref", "anyOf", "allOf", "enum", "const"}  # what may replace a type
_NAME = "^[a-zA-Z0-9_-]+$"
_BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
_ANTHROPIC_LACKS: Mapping[str, set[str]] = {
    "integer": _BOUNDS,
    "number": _BOUNDS,
    "string": {"minLength", "maxLength"},
    "array": {"maxItems", "uniqueItems"},
}


def openai_object(body: Body, question: str) -> str | None:
    """The JSON text that `response_format` of a chat wants; None if it wants a text."""
    given = optional(body, "response_format", dict[str, object]())
    kind = _kind_of(given, "response_format")
    if kind != "json_schema":
        return _any_object(question) if kind == "json_object" else None
    path = "response_format.json_schema"
    wanted: Body = checked(given.get("json_schema"), dict, path)
    return _strict_object(wanted, path, Fault(400, "", param="response_format"), question)


def responses_object(body: Body, question: str) -> str | None:
    """The same for `text.format` of Responses."""
    given = optional(optional(body, "text", dict[str, object]()), "format", dict[str, object]())
    kind = _kind_of(given, "text.format")
    if kind != "json_schema":
        return _any_object(question) if kind == "json_object" else None
    fault = Fault(400, "", "invalid_json_schema", param="text.format.schema")
    return _strict_object(given, "text.format", fault, question)


def anthropic_object(body: Body, question: str) -> str | None:
    """The same for `output_config.format` of Anthropic's Messages."""
    config = optional(body, "output_config", dict[str, object]())
    given = optional(config, "format", dict[str, object]())
    if not given:
        return None
    place = "output_config.format"
    if given.get("type") != "json_schema":
        _refuse(f"{place}.type: Input should be 'json_schema'")
    schema: Body = checked(given.get("schema"), dict, f"{place}.schema")
    try:
        text = object_text(schema, question, circular=False)
    except CircularError as error:
        _refuse(f"{place}.schema: {error.complaint}")
    except SchemaError as error:
        draft = "JSON schema is invalid. It must match JSON Schema draft 2020-12"
        _refuse(f"{place}.schema: {draft}: {error}")
    if complaint := next(filter(None, map(_anthropic_complaint, _subschemas(schema))), None):
        _refuse(f"{place}.schema: {complaint}")
    return text


def ollama_object(body: Body, question: str) -> str | None:
    """The same for `format` of Ollama: "json" or a schema."""
    given = body.get("format")
    if given is None or given == "":
        return None
    if given == "json":
        return _any_object(question)
    if not isinstance(given, dict):
        shown = shorten(json.dumps(json.dumps(given)))
        _refuse(f'invalid format: {shown}; expected "json" or a valid JSON Schema object')
    try:
        return object_text(given, question)
    except SchemaError as error:
        _refuse(f"invalid JSON schema in format: {error}")


def _refuse(message: str) -> NoReturn:
    raise Refused(Fault(400, message))


def _kind_of(given: Body, path: str) -> str | None:
    if not given:
        return None
    kind = checked(given.get("type"), str, f"{path}.type")
    if kind not in _KINDS:
        known = "'json_object', 'json_schema', and 'text'"
        message = f"Invalid value: '{shorten(kind)}'. Supported values are: {known}."
        raise Refused(Fault(400, message, "invalid_value", param=f"{path}.type"))
    return kind


def _any_object(question: str) -> str:
    answer = {"question": shorten(question), "answer": answer_to(question)}
    return json.dumps(answer, ensure_ascii=False)


def _strict_object(wanted: Body, path: str, fault: Fault, question: str) -> str:
    """An object by OpenAI's rules. `fault` says what is refused, if the schema is."""
    name = checked(wanted.get("name"), str, f"{path}.name")
    if not re.fullmatch(_NAME, name):
        message = (
            f"Invalid '{path}.name': string does not match pattern. Expected a string that "
            f"matches the pattern '{_NAME}'."
        )
        raise Refused(Fault(400, message, "invalid_value", param=f"{path}.name"))
    schema: Body = checked(wanted.get("schema"), dict, f"{path}.schema")
    begin = f"Invalid schema for response_format '{shorten(name, 64)}'"
    try:
        text = object_text(schema, question)
        if schema.get("type") != "object":
            got = shorten(str(schema.get("type")))
            complaint = (
                f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{got}\"'."
            )
            raise Refused(replace(fault, message=f"{begin}: {complaint}"))
        if optional(wanted, "strict", False):
            _check_strict(schema)
    except SchemaError as error:
        raise Refused(replace(fault, message=f"{begin}: {error}")) from None
    return text


def _check_strict(schema: Schema) -> None:
    """Raises `SchemaError` for what OpenAI does not take if `strict` is true."""
    for place, inner in _subschemas(schema):
        kind = inner.get("type")
        if kind is None and not _TYPED & inner.keys():
            raise SchemaError(place, "schema must have a 'type' key.")
        if kind == "array" and "items" not in inner:
            raise SchemaError(place, "array schema missing items.")
        if kind == "object" and inner.get("additionalProperties") is not False:
            complaint = "'additionalProperties' is required to be supplied and to be false."
            raise SchemaError(place, complaint)
        required, properties = inner.get("required"), inner.get("properties")
        named = {str(name) for name in required} if isinstance(required, list) else set()
        for name in properties if isinstance(properties, Mapping) else ():
            if name not in named:
                complaint = (
                    "'required' is required to be supplied and to be an array including every key "
                    f"in properties. Missing '{shorten(name)}'."
                )
                raise SchemaError(place, complaint)


def _anthropic_complaint(found: tuple[Place, Schema]) -> str | None:
    """What Anthropic does not take in a schema, if there is such a thing."""
    _, schema = found
    kind = schema.get("type")
    about = f"For '{kind}' type, "
    closed = schema.get("additionalProperties")
    if kind == "object" and "additionalProperties" not in schema:
        return f"{about}'additionalProperties' must be explicitly set to false"
    if kind == "object" and closed is not False:
        return (
            f"{about}'additionalProperties: {shorten(json.dumps(closed))}' is not supported. "
            "Please set 'additionalProperties' to false"
        )
    if kind == "array" and schema.get("minItems", 0) not in (0, 1):
        return f"{about}'minItems' values other than 0 or 1 are not supported"
    lacks = _ANTHROPIC_LACKS.get(kind, set()) if isinstance(kind, str) else set()
    names = sorted(lacks & schema.keys())
    if len(names) > 1:
        return f"{about}properties {', '.join(names)} are not supported"
    return f"{about}property '{names[0]}' is not supported" if names else None


def _subschemas(schema: Schema) -> Iterator[tuple[Place, Schema]]:
    """The schema and those within it, each with the way to it. Its size has been looked at."""
    waiting: list[tuple[Place, object]] = [((), schema)]
    while waiting:
        place, inner = waiting.pop()
        if not isinstance(inner, Mapping):
            continue
        yield place, inner
        single = ("items", "additionalProperties")
        waiting += [((*place, name), inner.get(name)) for name in single]
        for name in ("properties", "$defs", "definitions"):
            named = inner.get(name)
            if isinstance(named, Mapping):
                waiting += [((*place, name, str(key)), each) for key, each in named.items()]
        for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
            several = inner.get(name)
            if isinstance(several, list):
                waiting += [((*place, name, str(n)), each) for n, each in enumerate(several)]
