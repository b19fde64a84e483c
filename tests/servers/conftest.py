"""The servers are processes of a system with signals."""

import sys

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]
