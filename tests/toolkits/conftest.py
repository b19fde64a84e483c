"""A display of its own for the toolkits that need one."""

from __future__ import annotations

import sys

from virtual_display import display as display

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]  # the programs need a display that can be made
