"""docs/gate.md: its commands run, in its order, and end as it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")

GUIDE = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
SHELL = shutil.which("sh") or ""
BLOCKS = re.findall(r"^```sh( fails)?\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(
    r"^((?:validate|exercise|first_use) +(?:pass|fail) .*\n(?: +examined.*\n)?)", GUIDE, re.MULTILINE
)


@pytest.mark.skipif(not SHELL, reason="the guide's commands are for a shell")
def test_the_walk_through_march_and_july_ends_as_it_says(tmp_path: Path) -> None:
    """March passes, signs and verifies; July fails, whole and by each of three stages; the lines are shown as
    they come.
    """
    assert len(BLOCKS) == 6
    assert len(SHOWN) == 4
    (tmp_path / "corpus").symlink_to(ROOT / "corpus", target_is_directory=True)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    folder = tmp_path
    out = ""
    for fails, block in BLOCKS:
        scripts = block.splitlines() if fails else [f"set -e\n{block}"]
        for script in scripts:
            done = subprocess.run(
                [SHELL, "-c", script],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == (1 if fails else 0), f"{script}\n{done.stdout}\n{done.stderr}"
            out += done.stdout
        if "cd release-gate" in block:
            folder = tmp_path / "release-gate"
    for line in SHOWN:
        assert line in out
    assert "verdict     pass: release march" in out
    assert "verified: release march, 1 file, until 2024-09-09" in out
