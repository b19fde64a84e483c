"""The helpers of the toolkits' tests, and a display of its own for the hosts that need one."""

from __future__ import annotations

import sys
from pathlib import Path

from virtual_display import display as display

sys.path.insert(0, str(Path(__file__).parent.parent / "toolkits"))

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]
