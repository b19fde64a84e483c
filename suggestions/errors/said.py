"""What a service says about a failure: finds its words and its codes in whatever it sends.

There is no standard for it. Most services send `{"error": {"message", "type", "code"}}`; others put
the same things elsewhere, give them other names, send lists of them, or pass on another service's
report as a text in JSON. So names are compared by their letters only (`error_msg` is `errorMsg`),
and what is inside of another value is read in the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from json import JSONDecoder
from typing import Any, NamedTuple

_decode_json = JSONDecoder().raw_decode

_DEEPEST = 8
_MOST_ERRORS = 20

# In which of these names a report has another, and in which its sentence, the best first.
_WITHIN = ("error", "errors", "fault", "errormsg", "errormessage", "baseresp", "response")
_SENTENCES = (
    *("message", "errormessage", "errormsg", "errmsg", "msg", "statusmsg", "detail", "details"),
    *("errordescription", "faultstring", "description", "error", "title"),
)
_CODES = ("code", "type", "status", "errorcode", "errcode", "errortype", "statuscode", "reason")
_FIELDS = ("loc", "field", "path", "param", "pointer", "property")

# An object without any of these, as nearly all pieces of an answer are, is looked at no further.
_TELLING = frozenset(
    {
        *("error", "errors", "Error", "Errors", "Response", "fault", "__type", "detail", "event"),
        *("code", "Code", "status", "statusCode", "status_code", "base_resp", "success", "ok"),
        *("error_code", "errorCode", "ErrorCode", "errcode", "errorMessage", "error_message"),
        *("error_msg", "errorMsg", "ErrorMsg", "ErrorMessage", "errmsg"),
    }
)
# What an answer has, whatever code and message are beside it.
_ANSWER = ("content", "delta", "response", "output", "result", "text", "token", "candidates")
_SUCCESS = ("", "0", "200", "none", "ok", "success", "successful", "成功")
_FAILED = ("error", "fail", "failed", "failure")

# What a 422 has that complains of the request and not of what the person has written.
_COMPLAINTS = (
    "validation invalidrequest badrequest invalidparam invalidargument extraforbidden "
    "templateerror toolerror"
)
_COMPLAINING = (
    *("failed to deserialize", "validation error", "extra inputs", "field required", "is required"),
    *("unrecognized", "unknown field", "missing field", "unknown parameter", "invalid type"),
)


class Said(NamedTuple):
    """What a service says: the words to quote, and what shows the kind of failure, the best first.

    `codes` are its codes, types and reasons, numbers too; `texts` are all of its sentences.
    `names_field` says whether it complains of a field of the request.
    """

    words: str
    codes: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    names_field: bool = False


def said_in(value: object) -> Said:
    """What a JSON value, or a text, says; a report of an error, or a message that has one."""
    return _Reader().read(value)


def said_in_body(body: str) -> Said:
    """What the body of a refusal says: JSON, a stream with an error in it, a page, or a text."""
    value = _value_in(body.strip())
    said = said_in(value)
    if said.words or not isinstance(value, Mapping) or not any(value.values()):
        return said
    return said._replace(words=body)  # in a shape that is not known, but a person may read it


def is_report(value: object) -> bool:
    """Whether a message's JSON reports an error, or several, and is no piece of an answer."""
    if not isinstance(value, Mapping):
        several = value if isinstance(value, list) else []
        return bool(several) and all(isinstance(one, Mapping) and is_report(one) for one in several)
    if value.get("type") == "error" or value.get("object") == "error":
        return True
    if not _TELLING.isdisjoint(value):
        # Many services send `"error": null` with each piece.
        telling = [value[name] for name in value if name in _TELLING]
        if any(telling) or False in telling:
            return _reports(value)
    if len(value) == 1:
        return str(next(iter(value))).endswith("Exception")  # an AWS event stream's
    return _is_bare_error(value)


def _is_bare_error(value: Mapping[str, Any]) -> bool:
    """Whether it is what most services put into `error`: a message and a type of error."""
    kind = value.get("type")
    is_error = isinstance(kind, str) and kind.lower().endswith(("error", "exception"))
    return is_error and isinstance(value.get("message"), str)


def _reports(value: Mapping[str, Any]) -> bool:
    fields = _fields(value)
    if any(_is_failure(fields.get(name)) for name in ("error", "errormessage")):
        return True
    base = fields.get("baseresp")
    if isinstance(base, Mapping) and not _is_success(base.get("status_code")):
        return True
    if fields.get("choices") is not None or isinstance(fields.get("message"), Mapping):
        return False
    if is_report(value.get("Response")):
        return True  # Tencent's
    if any(fields.get(name) for name in _ANSWER):
        return False
    return _reports_alone(value, fields)


def _reports_alone(value: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether these report an error, which mean something else beside an answer."""
    code = next((fields[name] for name in ("errorcode", "errcode", "code") if name in fields), None)
    sentence = next((fields[name] for name in ("message", "msg") if name in fields), None)
    status = next((fields[name] for name in ("status", "statuscode") if name in fields), None)
    has_failed = status in _FAILED or (type(status) is int and status >= 400)
    is_typed = isinstance(fields.get("type"), str)
    return bool(
        _is_bare_error(value)
        or "__type" in value
        or fields.get("fault")
        or fields.get("errors")
        or fields.get("event") == "error"
        or (value.get("success") is False or value.get("ok") is False)
        or (not _is_success(code) and ("errorcode" in fields or "errcode" in fields))
        or (not _is_success(code) and sentence is not None and not _is_success(sentence))
        or (code is None and not all(map(_is_success, map(fields.get, ("errormsg", "errmsg")))))
        or (has_failed and any(fields.get(name) for name in _SENTENCES))
        or (fields.get("detail") and (not is_typed or has_failed))
    )


def _is_failure(value: object) -> bool:
    if isinstance(value, Mapping):
        code = value.get("code")
        return any(value.values()) and (code is None or not _is_success(code))
    return bool(value)


def _is_success(value: object) -> bool:
    return str(value).strip().lower() in _SUCCESS


def _fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by the letters of their names."""
    fields: dict[str, Any] = {}
    for name, field in value.items():
        fields.setdefault(_letters(name), field)
    return fields


def _letters(text: str) -> str:
    return re.sub("[^a-z]", "", text.lower())


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


class _Reader:
    """Reads one report, and what it finds within: the innermost sentence is the best to quote."""

    def __init__(self) -> None:
        self._codes: list[str] = []
        self._texts: list[str] = []
        self._names_field = False

    def read(self, value: object) -> Said:
        words = self._words(value, 0)
        names_field = (
            self._names_field
            or any(part in _letters(code) for code in self._codes for part in _COMPLAINTS.split())
            or any(part in text.lower() for text in self._texts for part in _COMPLAINING)
        )
        return Said(words, tuple(self._codes), tuple(self._texts), names_field)

    def _words(self, value: object, depth: int) -> str:
        if depth > _DEEPEST:
            return ""
        if isinstance(value, str):
            return self._of_text(value.strip(), depth)
        if isinstance(value, Mapping):
            return self._of_object(_fields(value), depth)
        if isinstance(value, list):
            said = (self._of_item(item, depth + 1) for item in value[:_MOST_ERRORS])
            return "; ".join(dict.fromkeys(filter(None, said)))
        return ""

    def _of_text(self, text: str, depth: int) -> str:
        if text:
            self._texts.append(text)
        return self._words(_json_within(text), depth + 1) or text

    def _of_object(self, fields: Mapping[str, Any], depth: int) -> str:
        metadata = _object(fields.get("metadata"))
        words = self._words(metadata.get("raw"), depth + 1)  # OpenRouter: what its provider says
        for name in _WITHIN:
            if isinstance(field := fields.get(name), (Mapping, list)):
                words = words or self._words(field, depth + 1) or self._of_fields(field, depth + 1)
        for name in _SENTENCES:
            field = fields.get(name)
            if name not in _WITHIN or isinstance(field, str):
                words = words or self._words(field, depth + 1)
        for name, field in fields.items():
            if name.endswith("exception") and isinstance(field, Mapping):
                words = words or self._words(field, depth + 1)
                self._codes.append(name)
        self._note_codes(fields, metadata)
        return words

    def _of_item(self, item: object, depth: int) -> str:
        """One of several errors, with the field that it is about, if it names one."""
        words = self._words(item, depth)
        fields = _fields(_object(item))
        place = next((fields[name] for name in _FIELDS if fields.get(name)), None)
        if not words or not isinstance(place, (str, list)):
            return words
        self._names_field = True
        return f"{place if isinstance(place, str) else '.'.join(map(str, place))}: {words}"

    def _of_fields(self, errors: object, depth: int) -> str:
        """Errors by the names of the fields, as Laravel and Rails send them."""
        said = [
            f"{name}: {words}"
            for name, field in _object(errors).items()
            if isinstance(field, list) and (words := self._words(field, depth))
        ]
        self._names_field = self._names_field or bool(said)
        return "; ".join(said[:_MOST_ERRORS])

    def _note_codes(self, fields: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
        details = fields.get("details")
        details = details if isinstance(details, list) else []
        self._note(
            _object(fields.get("data")).get("status"),
            *(fields.get(name) for name in _CODES),
            _object(fields.get("innererror")).get("code"),
            *(_object(item).get("reason") for item in details),
            422 if "flagged_input" in metadata else None,
        )
        if (error := fields.get("error")) and isinstance(error, str):
            self._texts.append(error)
            if " " not in error:
                self._note(error)
        self._names_field = self._names_field or isinstance(fields.get("param"), str)

    def _note(self, *codes: object) -> None:
        for code in codes:
            if type(code) is int or (code and isinstance(code, str)):
                self._codes.append(str(code))


def _json_within(text: str) -> Any:
    """The JSON that a text is, or the report that is within it; None if there is none."""
    start = 0 if text.startswith("[") else text.find("{")
    if start < 0:
        return None
    try:
        value, _ = _decode_json(text, start)
    except (ValueError, RecursionError):
        return None
    return value if start == 0 or is_report(value) else None


def _value_in(body: str) -> object:
    value = _parsed(body)
    if value is not None or body == "null":
        return value
    if body.startswith("<"):
        return _of_page(body)
    lines = body.splitlines()
    said = [line.partition(":")[2].strip() for line in lines if re.match("(data|error):", line)]
    values = (_parsed(text) for text in said or lines)
    found = next((value for value in values if isinstance(value, (Mapping, list))), None)
    return found or " ".join(said) or body


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _of_page(page: str) -> str:
    """The title of a page, or the message of XML; never a tag."""
    import html  # takes 2 ms, and few services send a page

    for name in ("message", "title", "h1"):
        found: Iterable[str] = re.findall(rf"(?i)<{name}(?:\s[^<>]*)?>([^<]*)</{name}", page)
        for text in found:
            if text.strip():
                return html.unescape(text)
    return ""
