"""The helpers of the toolkits' tests: a service, and a virtual display."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "toolkits"))
