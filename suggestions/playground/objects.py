"""Values that fit a JSON schema: the arguments of a tool, and an answer that is an object.

The same schema and the same text always make the same value. Of JSON Schema (draft 2020-12), it
reads what type hints and pydantic come to: types, `properties`, `items`, `prefixItems`, `enum`,
`const`, `anyOf`, `oneOf`, `allOf`, local references, the bounds of numbers and of lengths, and
`format`. It does not read `pattern`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .numbers import number_within

MOST_VALUES = 5_000
"""Values in one object; OpenAI takes as many properties."""
LONGEST_TEXT = 10_000  # characters
_LONGEST_ABOUT = 1_000  # characters of what a value is made of
_MOST_NODES = 20_000  # of a schema
_DEEPEST = 40  # levels, of a schema and of an object
_CAPITALISED = r"[A-Z\u00c0-\u00de]\w*"
_FORMATS = {
    "date": "2022-12-18",
    "date-time": "2022-12-18T18:00:00Z",
    "time": "18:00:00Z",
    "duration": "PT2H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000001",
}

Schema = Mapping[str, object]
Place = tuple[str, ...]


class SchemaError(ValueError):
    """A schema that nothing can be made of: `complaint` says why, `place` is the way there."""

    def __init__(self, place: Place, complaint: str) -> None:
        super().__init__(f"In context={place}, {complaint}")
        self.place = place
        self.complaint = complaint


class CircularError(SchemaError):
    """A reference that leads back to itself, for a service that takes none."""


class _Endless(SchemaError):
    """A reference that leads back to itself. What is optional is left out instead."""


def object_text(schema: object, about: str, *, circular: bool = True) -> str:
    """The JSON text of a value that fits `schema`, made of what `about` says.

    Raises `SchemaError`, also for a schema that is too deep or asks for too much; and
    `CircularError` for a reference that leads back to itself, unless `circular`.
    """
    return json.dumps(value_for(schema, about, circular=circular), ensure_ascii=False)


def value_for(schema: object, about: str, *, circular: bool = True) -> object:
    """A value that fits `schema`, as `object_text` has it.

    A string is the "quoted text" in `about`, or the first name with a capital letter ("New York"),
    or else all of it; a number is the first number in it, or 1; a choice (`enum`) is the first one
    that it names, or the first of all. A list has as many items as it must, or one.
    """
    _measure(schema)
    return _Maker(schema, about[:_LONGEST_ABOUT], circular=circular).make(schema, ())


def _measure(schema: object) -> None:
    """Raises `SchemaError` for a schema that is deeper or larger than any real one."""
    left = _MOST_NODES
    level = [schema]
    for _ in range(_DEEPEST * 2):  # a level of `properties` is two of JSON
        inner: list[object] = []
        for value in level:
            if isinstance(value, (dict, list)):
                inner += value.values() if isinstance(value, dict) else value
        left -= len(inner)
        if left < 0:
            raise SchemaError((), f"expected a schema of at most {_MOST_NODES} values.")
        if not inner:
            return
        level = inner
    raise SchemaError((), f"expected at most {_DEEPEST} levels of nesting.")


class _Maker:
    """Makes one value. `turn` counts the items of the list that it is in, to make them differ."""

    def __init__(self, root: object, about: str, *, circular: bool) -> None:
        self._root = root
        self._about = about
        self._circular = circular
        self._left = MOST_VALUES
        self._depth = 0
        self._turn = 0
        self._named: dict[int, int] = {}  # the choice that is named, by the `id` of the choices
        self._open: list[str] = []  # the references that are being followed

    def make(self, schema: object, place: Place) -> object:
        self._count_value(place)
        if self._depth >= _DEEPEST:
            raise SchemaError(place, f"expected at most {_DEEPEST} levels of nesting.")
        self._depth += 1
        try:
            return self._made(schema, place)
        finally:
            self._depth -= 1

    def _count_value(self, place: Place) -> None:
        self._left -= 1
        if self._left < 0:
            raise SchemaError(place, f"expected an object of at most {MOST_VALUES} values.")

    def _made(self, schema: object, place: Place) -> object:
        if schema is True:
            return self._text({}, place)
        if not isinstance(schema, Mapping):
            raise SchemaError(place, f"{_shown(schema)} is not of type 'object', 'boolean'.")
        if "$ref" in schema:
            return self._referred(schema, place)
        if "allOf" in schema:
            return self.make(self._merged(schema, place), place)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(_list(schema, "enum", place), place)
        for name in ("anyOf", "oneOf"):
            if name in schema:
                return self._any_of(_list(schema, name, place), (*place, name))
        return self._of_type(schema, place)

    def _of_type(self, schema: Schema, place: Place) -> object:
        kind = _type_of(schema, place)
        if kind == "object":
            return self._object(schema, place)
        if kind == "array":
            return self._array(schema, place)
        if kind in ("number", "integer"):
            return self._number(schema, place, whole=kind == "integer")
        if kind == "string":
            return self._text(schema, place)
        return None if kind == "null" else self._turn % 2 == 0

    def _object(self, schema: Schema, place: Place) -> dict[str, object]:
        properties = schema.get("properties") or {}  # PHP writes an empty one as a list
        if not isinstance(properties, Mapping):
            raise SchemaError(place, f"{_shown(properties)} is not of type 'object'.")
        required = _list(schema, "required", place)
        made: dict[str, object] = {}
        for name, inner in properties.items():
            try:
                made[name] = self.make(inner, (*place, "properties", name))
            except _Endless:
                if name in required:
                    raise
        for name in required:
            if not isinstance(name, str):
                raise SchemaError((*place, "required"), f"{_shown(name)} is not of type 'string'.")
            if name not in properties:
                other = schema.get("additionalProperties", True)
                made[name] = self.make(other, (*place, "additionalProperties"))
        return made

    def _array(self, schema: Schema, place: Place) -> list[object]:
        first = _list(schema, "prefixItems", place)
        least = _count(schema, "minItems", place, 0)
        inner = schema.get("items")
        wanted = max(least, len(first) or (1 if inner is not None else 0))
        wanted = min(wanted, max(least, _count(schema, "maxItems", place, wanted)))
        before, made = self._turn, list[object]()
        try:
            for self._turn in range(wanted):
                where = (*place, "items")
                item = first[self._turn] if self._turn < len(first) else inner
                made.append(self.make(True if item is None else item, where))
        except _Endless:
            if len(made) < least:
                raise
        finally:
            self._turn = before
        return made

    def _number(self, schema: Schema, place: Place, *, whole: bool) -> float:
        pattern = r"-?\d{1,15}" if whole else r"-?\d{1,15}(\.\d{1,15})?"
        found = re.search(pattern, self._about)
        said = 1 if found is None else int(found[0]) if whole else float(found[0])
        try:
            return number_within(schema, said + self._turn, whole=whole)
        except ValueError as error:
            raise SchemaError(place, f"{error}.") from None

    def _text(self, schema: Schema, place: Place) -> str:
        known = _FORMATS.get(str(schema.get("format")))
        text = known or _words(self._about)
        if self._turn and not known:
            text += f" {self._turn + 1}"
        least = _count(schema, "minLength", place, 0)
        if least > LONGEST_TEXT:
            raise SchemaError(place, f"expected 'minLength' to be at most {LONGEST_TEXT}.")
        if len(text) < least:
            text = ((text or "text") + " ") * least
            text = text[: least - 1] + "."  # no space at the end
        return text[: _count(schema, "maxLength", place, len(text))]

    def _choice(self, choices: list[object], place: Place) -> object:
        if not choices:
            raise SchemaError((*place, "enum"), "[] is too short.")
        if id(choices) not in self._named:
            about = self._about.lower()
            named = (n for n, choice in enumerate(choices) if str(choice).lower() in about)
            self._named[id(choices)] = next(named, 0)
        return choices[(self._named[id(choices)] + self._turn) % len(choices)]

    def _any_of(self, schemas: list[object], place: Place) -> object:
        """A value for the first of them that does not lead back to itself."""
        endless = SchemaError(place, "[] is too short.")
        for number, schema in enumerate(schemas):
            try:
                return self.make(schema, (*place, str(number)))
            except _Endless as error:
                endless = error
        raise endless

    def _referred(self, schema: Schema, place: Place) -> object:
        reference = schema["$ref"]
        with self._following(reference, place):
            target = _resolve(self._root, reference, place)
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            if rest and isinstance(target, Mapping):
                target = {**target, **rest}
            return self.make(target, place)

    @contextmanager
    def _following(self, reference: object, place: Place) -> Iterator[None]:
        name = str(reference)
        if name in self._open:
            names = (*self._open[self._open.index(name) :], name)
            way = " -> ".join(each.rpartition("/")[2] for each in names)
            complaint = f"Circular reference detected in schema definitions: {way}. "
            if self._circular:
                raise _Endless(place, complaint + "Nothing can fit it.")
            complaint += "Self-referencing or mutually-referencing definitions are not supported."
            raise CircularError(place, complaint)
        self._open.append(name)
        try:
            yield
        finally:
            self._open.pop()

    def _merged(self, schema: Schema, place: Place) -> dict[str, object]:
        """The schemas of `allOf` as one: their properties and what is required are joined."""
        merged: dict[str, object] = {}
        properties: dict[str, object] = {}
        required: list[object] = []
        waiting: list[object] = [schema]
        while waiting:
            self._count_value(place)
            part = waiting.pop(0)
            if isinstance(part, Mapping) and "$ref" in part:
                part = _resolve(self._root, part["$ref"], place)
            if not isinstance(part, Mapping):
                raise SchemaError((*place, "allOf"), f"{_shown(part)} is not of type 'object'.")
            waiting += _list(part, "allOf", place)
            inner = part.get("properties")
            properties.update(inner if isinstance(inner, Mapping) else {})
            required += _list(part, "required", place)
            merged = {**part, **merged}
        del merged["allOf"]
        joined = {"properties": properties, "required": required} if properties else {}
        return {**merged, **joined}


def _type_of(schema: Schema, place: Place) -> str:
    """The type; of several, the first that is not null. Without one, what the rest hints at."""
    given = schema.get("type")
    types = given if isinstance(given, list) else [given]
    for kind in types:
        if kind is not None and kind not in ("object", "array", "string", *_SCALARS):
            raise SchemaError(place, f"{_shown(kind)} is not valid under any of the given schemas.")
    if known := [str(kind) for kind in types if kind is not None]:
        return next((kind for kind in known if kind != "null"), "null")
    hints = {"properties": "object", "items": "array", "prefixItems": "array"}
    return next((kind for name, kind in hints.items() if name in schema), "string")


_SCALARS = ("number", "integer", "boolean", "null")


def _resolve(root: object, reference: object, place: Place) -> object:
    """The schema that a local reference, a JSON pointer (RFC 6901), names."""
    target = root
    if not isinstance(reference, str) or not re.match(r"#(/|$)", reference):
        raise SchemaError(place, _TOP_LEVEL)
    for name in reference.split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or name not in target:
            raise SchemaError(place, _TOP_LEVEL)
        target = target[name]
    return target


_TOP_LEVEL = "reference can only point to definitions defined at the top level of the schema."


def _list(schema: Schema, name: str, place: Place) -> list[object]:
    value = schema.get(name)
    if value is not None and not isinstance(value, list):
        raise SchemaError((*place, name), f"{_shown(value)} is not of type 'array'.")
    return value or []


def _count(schema: Schema, name: str, place: Place, default: int) -> int:
    value = schema.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SchemaError((*place, name), f"{_shown(value)} is not of type 'non-negative integer'.")
    return value


def _shown(value: object) -> str:
    """A value as it is quoted in an error, at most 60 characters of it."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python writes
        text = "a number"
    return text if len(text) <= 60 else text[:59] + "\u2026"


def _words(about: str) -> str:
    if quoted := re.search(r'["\u201c](.+?)["\u201d]', about):
        return quoted[1]
    name = re.search(rf"(?<=\s){_CAPITALISED}( {_CAPITALISED})*", about)
    return name[0] if name else about
