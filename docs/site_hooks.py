"""What MkDocs does to each page of the site beside what its plugins do."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.utils import get_relative_url

_INNER = re.compile(r' title="[^"]*\bsuggestions\._[^"]*"')
"""A tooltip that names a module of ours; readers import the same from a public one."""
_SHIM = "https://unpkg.com/iframe-worker/shim"
"""What the theme would fetch for the search of pages that are opened as files."""


def on_post_page(output: str, page: Any, **_: Any) -> str:
    worker = get_relative_url("file_worker.js", page.url)
    return _INNER.sub("", output).replace(_SHIM, worker)
