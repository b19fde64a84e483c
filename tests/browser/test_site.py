"""The documents as a site, opened as files: run after `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).parents[2] / "site"

if not (SITE / "index.html").exists():
    pytest.skip("the site is not built: make docs", allow_module_level=True)


@pytest.mark.parametrize("page", ["index.html", "reference/asking.html"])
def test_the_search_works_without_a_server(browser: Any, page: str) -> None:
    asked: list[str] = []
    with browser.new_context() as context:
        opened = context.new_page()
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto((SITE / page).as_uri())
        opened.get_by_placeholder("Search").first.click()
        # The index is read meanwhile; what is typed before counts once it is there.
        opened.keyboard.type("first_byte", delay=50)
        link = opened.locator(".md-search-result__link").first
        link.wait_for()
        assert "Ask and read" in opened.locator(".md-search-result__list").inner_text()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
