"""Asks for advisories about the oldest versions that are accepted of what the package needs.

    python -m release.audit

Ends with status 1 if there is one. If no service can be asked, it says so and ends with 0.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

_PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def oldest_versions(project: str) -> list[str]:
    """As `name==version`, of each of the dependencies in the text of a pyproject.toml."""
    [dependencies] = re.findall(r"(?ms)^dependencies = \[(.*?)^\]", project)
    return [item.replace(">=", "==") for item in re.findall(r'"([\w-]+>=[\d.]+)"', dependencies)]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text("\n".join(oldest_versions(_PROJECT.read_text("utf-8"))), "utf-8")
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format=json"]
        done = subprocess.run(
            [*command, f"--requirement={requirements}"], capture_output=True, text=True
        )
    try:
        audited = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(f"Nothing was audited: {done.stderr.strip()[-500:]}")
        return 0
    found = False
    for each in audited:
        advisories = [advisory["id"] for advisory in each.get("vulns", ())]
        found |= bool(advisories)
        said = each.get("skip_reason") or ", ".join(advisories) or "no advisory is known"
        print(f"{each['name']} {each.get('version', '')}: {said}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
