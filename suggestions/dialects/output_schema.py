"""JSON schemas as the services take them that write an object.

Source: OpenAI's guide "Structured model outputs", "Supported schemas"; Anthropic's guide
"Structured outputs", "JSON Schema limitations".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Schema = dict[str, Any]

_BOUNDS = (
    *("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
_SAYING = frozenset(("type", "$ref", "anyOf", "enum", "const"))
"""Without any of these, a schema lets anything pass."""
_KEPT = _SAYING.union(
    ("properties", "required", "additionalProperties", "items", "$defs", "definitions"),
    ("title", "description", "pattern", "format", "minItems", "maxItems"),
    ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
)
_DROPPED = frozenset(
    (
        *("oneOf", "discriminator", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("$schema", "$id", "$comment", "contentEncoding", "contentMediaType"),
        *("minLength", "maxLength", "uniqueItems", "minProperties", "maxProperties"),
    )
)
"""What says nothing of the shape, or bounds it further, and what `_plain` has replaced."""
_FORMATS = (
    *("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"),
)
_MOST_REFERENCES = 1000


class _NotStrict(Exception):
    """The schema says something that the strict mode has no words for."""


def strict_form(schema: Schema) -> Schema | None:
    """The schema as OpenAI's strict mode takes it; None if there is none.

    Each object has just its properties, and all of them. A bound that the mode does not know, such
    as `maxLength`, is left out: what comes back is checked anyway.
    """
    try:
        strict = _Strict(schema).form(schema)
    except (_NotStrict, RecursionError):
        return None
    return strict if strict.get("type") == "object" else None


def without_bounds(schema: Any) -> Any:
    """The schema without what Anthropic refuses: bounds of numbers and of lengths."""
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in schema.items() if name not in _BOUNDS}
    if kept.get("minItems", 0) not in (0, 1):
        del kept["minItems"]
    return _with_inner(kept, without_bounds)


def _with_inner(schema: Schema, change: Callable[[Any], Any]) -> Schema:
    """The schema, with each of the schemas in it changed."""
    changed = dict(schema)
    for name, value in schema.items():
        if name in ("properties", "$defs", "definitions") and isinstance(value, dict):
            changed[name] = {key: change(inner) for key, inner in value.items()}
        elif name in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(value, list):
            changed[name] = [change(inner) for inner in value]
        elif name == "items" or (name == "additionalProperties" and isinstance(value, dict)):
            changed[name] = change(value)
    return changed


class _Strict:
    """Makes the strict form of each schema within `root`."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._references = 0

    def form(self, schema: Any) -> Schema:
        if not isinstance(schema, dict):
            raise _NotStrict  # `true` and `false` are schemas, too
        return _closed(_with_inner(self._plain(schema), self.form))

    def _plain(self, schema: Schema) -> Schema:
        """The same, with no reference that has something beside it, no `allOf` of one, and no
        `oneOf`: what they stand for takes their place."""
        while True:
            every, reference = schema.get("allOf"), schema.get("$ref")
            rest = {name: each for name, each in schema.items() if name not in ("allOf", "$ref")}
            if reference and rest:
                schema = {**self._referred(reference), **rest}
            elif every and len(every) == 1 and isinstance(every[0], dict):
                schema = {**every[0], **rest}
            else:
                break
        if "oneOf" in schema:
            schema = {"anyOf": schema["oneOf"], **schema}
        if schema.get("format", "date") not in _FORMATS:
            schema = {name: value for name, value in schema.items() if name != "format"}
        return {name: value for name, value in schema.items() if name not in _DROPPED}

    def _referred(self, reference: str) -> Schema:
        self._references += 1
        beginning, *path = reference.split("/")
        found: Any = self._root
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if beginning != "#" or self._references > _MOST_REFERENCES or not isinstance(found, dict):
            raise _NotStrict
        return found


def _closed(schema: Schema) -> Schema:
    """An object with all of its properties, and no others; any other schema as it is."""
    if not schema.keys() <= _KEPT or schema.keys().isdisjoint(_SAYING):
        raise _NotStrict
    kind = schema.get("type")
    if kind == "array" and "items" not in schema:
        raise _NotStrict
    if kind == "object" or "properties" in schema:
        properties = schema.setdefault("properties", {})
        if schema.setdefault("additionalProperties", False) is not False:
            raise _NotStrict
        if set(schema.get("required", ())) != set(properties):
            schema["required"] = list(properties)
    return schema
