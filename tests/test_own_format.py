"""docs/own-format.md: every command runs in the order of the page, ends as it says, and says what stands under it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "own-format.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|text)( exits [0-9])?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_tutorial_runs(tmp_path: Path) -> None:
    """From an empty folder, each block ends with the status that it names, or 0, and the lines of the text under it
    are in its output.
    """
    blocks = [(kind, int(ends[-1]) if ends else 0, body) for kind, ends, body in BLOCKS]
    assert [kind for kind, _, _ in blocks].count("sh") >= 13
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    said = ""
    for kind, ends, body in blocks:
        if kind == "text":
            assert [line for line in body.splitlines() if line.strip() not in said] == [], said
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],  # noqa: S607 - the shell of the reader
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == ends, f"{body}\n{said}"


def test_each_block_is_a_command_or_its_output() -> None:
    """No block of the page goes unseen: a text stands under the commands that print it."""
    assert len(re.findall(r"^```", PAGE, re.MULTILINE)) == 2 * (len(BLOCKS) + PAGE.count("\n```toml"))
    kinds = [kind for kind, _, _ in BLOCKS]
    assert kinds[0] == "sh"
    assert ("text", "text") not in set(pairwise(kinds))
