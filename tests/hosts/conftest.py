"""The helpers of the toolkits' tests, and a display of its own for the hosts that need one."""

from __future__ import annotations

import sys
from pathlib import Path

from chromium import browser as browser
from virtual_display import display as display

for folder in ("toolkits", "browser"):
    sys.path.insert(0, str(Path(__file__).parent.parent / folder))

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]
