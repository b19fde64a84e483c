"""Which models an endpoint has, and which service is asked for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..dialects import Dialect
from .openai_request import Refused


class Models:
    """`given` is the argument `models` of `openai_endpoint`. Raises `TypeError`, `ValueError`.

    `default` asks for each model that has no dialect of its own.
    """

    def __init__(
        self,
        given: str | Sequence[str] | Mapping[str, str | Dialect] | None,
        default: Dialect | None,
    ) -> None:
        self.default = default
        self._is_open = given is None
        self._own = str(getattr(default, "model", None) or "") or None
        self._routes: dict[str, str | Dialect] = {}
        if isinstance(given, Mapping):
            self._routes = dict(given)
        elif given is not None:
            listed = [given] if isinstance(given, str) else given
            if not isinstance(listed, Sequence):
                kind = type(given).__name__
                raise TypeError(f"models must be a list or a mapping of names, not {kind}")
            self._routes = {name: name for name in listed}
        if given is not None and not self._routes:
            raise ValueError("models is empty: expected at least one name")
        for name, route in self._routes.items():
            if not isinstance(name, str) or not name.strip():
                raise ValueError(f"models has {name!r}: expected a name")
            if not isinstance(route, (str, Dialect)) or not route:
                kind = type(route).__name__
                raise TypeError(f"models[{name!r}] must be a name or a Dialect, not {kind}")

    @property
    def names(self) -> list[str]:
        return list(self._routes) or ([self._own] if self._own else [])

    @property
    def dialects(self) -> list[Dialect]:
        """All of them, each once."""
        routed = [route for route in self._routes.values() if isinstance(route, Dialect)]
        default = [self.default] if self.default is not None else []
        return [*default, *routed]

    def find(self, name: str | None) -> tuple[Dialect, str | None]:
        """The dialect to ask, and the model; None for the dialect's own. Raises `Refused`."""
        if name is None:
            if not self.names and self.default is not None and self._needs_none():
                return self.default, None
            if not self.names:
                raise Refused(
                    400,
                    "You must provide a model parameter.",
                    "missing_required_parameter",
                    "model",
                )
            name = self.names[0]
        if self._is_open:
            assert self.default is not None  # `openai_endpoint` has chosen it
            return self.default, name
        route = self._routes.get(name)
        if route is None:
            raise self.unknown(name)
        if isinstance(route, Dialect):
            return route, None
        assert self.default is not None
        return self.default, route

    def _needs_none(self) -> bool:
        """Services with one model have no such attribute."""
        return not hasattr(self.default, "model")

    def unknown(self, name: str) -> Refused:
        words = f"The model '{name}' does not exist, or you may not use it."
        return Refused(404, words, "model_not_found", "model")
