"""What MkDocs does to each page of the site beside what its plugins do."""

from __future__ import annotations

import re
from typing import Any

_INNER = re.compile(r' title="[^"]*\bsuggestions\._[^"]*"')
"""A tooltip that names a module of ours; readers import the same from a public one."""


def on_post_page(output: str, **_: Any) -> str:
    return _INNER.sub("", output)
