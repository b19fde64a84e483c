"""A browser that reads server-sent events, loses its connection, and comes back."""

from __future__ import annotations

import json
from typing import Any


class Events:
    """The events of a browser by the standard: only one whose last line has come counts."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.ids: list[str] = []
        self._rest = b""

    @property
    def last_id(self) -> str:
        return self.ids[-1] if self.ids else ""

    def feed(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\n\n")
        for block in whole:
            fields = dict(
                line.split(": ", 1) for line in block.decode().split("\n") if ": " in line
            )
            if "data" in fields:
                self.frames.append(json.loads(fields["data"]))
                self.ids += [fields["id"]] if "id" in fields else []

    def lose_connection(self) -> None:
        self._rest = b""

    @property
    def text(self) -> str:
        return "".join(each["data"] for each in self.frames if each["type"] == "content")

    @property
    def ends(self) -> list[Any]:
        return [each for each in self.frames if each["type"] != "content"]
