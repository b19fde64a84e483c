"""What services with a choice of models share: an address, a key, parameters."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from .._util.arguments import check_flag, check_headers, check_json, close_name
from .._util.redaction import without_values
from .._util.secret import hide, hide_fields
from ..auth import Token, check_token
from .base import Asked, Dialect, Options, Request, refuse
from .described_tool import function_tool, with_more
from .question import ROLES

if TYPE_CHECKING:
    from .described_tool import DescribedTool
    from .output import Output

BEARER = "Authorization"
"""The header that has the key after the word "Bearer" (RFC 6750); every other has it bare."""

_NOT_HERE = {
    "post_id": "an option of the dialect 'jetpack'",
    "feature": "an option of the dialect 'jetpack'",
    "from_cache": "an option of the dialect 'jetpack'",
    "stream": "decided by the way the question is asked",
    "think_tags": "an argument of the dialect, such as OpenAI(think_tags=True)",
    "timeout": "an argument of SuggestionsEventSource, timeouts={'total': ...}",
    "max_retries": "an argument of SuggestionsEventSource, retries",
    **dict.fromkeys(
        ("timeouts", "retries", "throttle", "smooth", "dispatch", "headers", "on"),
        "an argument of SuggestionsEventSource",
    ),
}
_OWN_NAMES = {
    **dict.fromkeys(("url", "host", "endpoint", "api_base"), "base_url"),
    **dict.fromkeys(("key", "token"), "api_key"),
}
"""Other names of our arguments: as parameters, they would send a key in the body of a request."""


class ModelAPI(Dialect):
    """`POST {base_url}{path}` with a JSON object.

    - `base_url`: the address without the path; a query in it goes after the path. By default the
      environment variable that the dialect names, or else the service's own address.
    - `api_key`: a str or a token provider; by default the dialect's environment variable.
    - `model`: used unless the options of a question name another.
    - `key_header`: the header for the key, "Authorization" for a bearer token; Azure has "api-key".
    - `think_tags`: True if the model's reasoning is in its text, between `<think>` and `</think>`,
      as open models and gateways send it. It is reported as `reasoning` then.
    - `parameters` go into the body of every request as they are. The options of a question go
      there too, and win.

    Raises `TypeError` and `ValueError` that name the argument.
    """

    base_url = ""
    model: str | None = None
    path: ClassVar[str]
    own_url: ClassVar[str]
    url_variable: ClassVar[str] = ""
    key_variable: ClassVar[str] = ""
    model_variable: ClassVar[str] = ""
    own_key_header: ClassVar[str] = BEARER
    question_field: ClassVar[str] = "messages"
    output_place: ClassVar[tuple[str, ...]] = ()
    """The parameter that asks for an object, and the field in it, if it has several."""
    own_headers: ClassVar[Mapping[str, str]] = {}
    roles = ROLES
    takes_images = True

    def __init__(
        self,
        base_url: str | None = None,
        api_key: Token | None = None,
        model: str | None = None,
        *,
        key_header: str | None = None,
        think_tags: bool = False,
        **parameters: Any,
    ) -> None:
        api_key, parameters = hide(api_key), hide_fields(parameters)
        self._not_here = {**_NOT_HERE, self.question_field: "made from the question"}
        _refuse_misspelt(type(self).__name__, parameters)
        refuse(parameters, self._not_here, self.name, "parameter {!r}")
        check_json("parameters", parameters)
        check_token(api_key, "api_key")
        self.base_url = _setting(base_url, "base_url", self.url_variable, self.own_url).rstrip("/")
        if "://" not in self.base_url:  # it may be the key: it is not quoted
            raise ValueError("base_url is no address like 'https://…/v1'; a key goes to api_key")
        self.token = api_key or hide(os.environ.get(self.key_variable) or None)
        check_token(self.token, self.key_variable)
        self.model = _setting(model, "model", self.model_variable) or None
        self.key_header = _setting(key_header, "key_header", "", self.own_key_header)
        check_headers({self.key_header: ""})
        self.think_tags = check_flag("think_tags", think_tags)
        self._parameters = parameters

    def __repr__(self) -> str:
        # Parameters may carry a key for services that want it in the body.
        url = without_values(self.base_url)
        return f"{type(self).__name__}(base_url={url!r}, model={self.model!r})"

    def request(self, question: Asked, options: Options, *, stream: bool = True) -> Request:
        refuse(options, self._not_here, self.name)
        base, mark, query = self.base_url.partition("?")
        model = {"model": self.model} if self.model else {}
        body = self.body(question, {**model, **self._parameters, **options})
        body["stream"] = stream
        return Request(f"{base.rstrip('/')}{self.path}{mark}{query}", body, self.own_headers)

    def missing(self, request: Request, token: Token | None) -> str:
        # Services that are only compatible may want neither.
        if self.base_url != self.own_url or not self.key_variable:
            return ""
        kind, host = type(self).__name__, urlsplit(self.own_url).hostname
        if token is None:
            return (
                f"{host} wants a key: set {self.key_variable}, or pass token= or {kind}(api_key=…)"
            )
        if "model" in request.json or "prompt" in request.json:
            return ""
        variable = f"set {self.model_variable}, or " if self.model_variable else ""
        return f"{host} wants a model: {variable}pass options={{'model': …}} or {kind}(model=…)"

    def output_format(self, output: Output) -> Any:
        """What the parameter has, at `output_place`."""
        return output.schema

    def with_output(self, options: Options, output: Output) -> Options:
        if not self.output_place:
            return super().with_output(options, output)
        name, *fields = self.output_place
        given, wanted = {**self._parameters, **options}.get(name), self.output_format(output)
        for field in fields:
            others = {} if given is None else given
            if not isinstance(others, Mapping):
                raise TypeError(f"{name} must be a mapping, not {type(given).__name__}")
            given, wanted = others.get(field), {**others, field: wanted}
        if given is not None:
            raise ValueError(f"output and {'.'.join(self.output_place)} ask for the same: use one")
        return {**options, name: wanted}

    def tool(self, tool: DescribedTool) -> dict[str, Any]:
        """An item of the parameter `tools`."""
        return function_tool(tool)

    def with_tools(self, options: Options, tools: Sequence[DescribedTool]) -> Options:
        given = {**self._parameters, **options}.get("tools")
        return with_more(options, "tools", given, map(self.tool, tools))

    def body(self, question: Asked, parameters: dict[str, Any]) -> dict[str, Any]:
        """The body of the request without `stream`: the parameters and the question."""
        return {**parameters, self.question_field: messages_of(question)}

    def authorize(self, request: Request, token: str) -> Request:
        if self.key_header == BEARER:
            return super().authorize(request, token)
        return request._replace(headers={**request.headers, self.key_header: token})


def messages_of(question: Asked) -> list[dict[str, Any]]:
    """The question as a conversation."""
    return [{"role": "user", "content": question}] if isinstance(question, str) else question


def _refuse_misspelt(what: str, parameters: Iterable[str]) -> None:
    for name in parameters:
        own = _OWN_NAMES.get(name) or close_name(name, ("base_url", "key_header"))
        if own:
            raise TypeError(f"{what}() got {name}=: did you mean {own}=?")


def _setting(given: str | None, name: str, variable: str, default: str = "") -> str:
    if not isinstance(given, (str, type(None))):
        raise TypeError(f"{name} must be a str, not {type(given).__name__}")
    return given or os.environ.get(variable) or default
