"""docs/rollout.md does what it says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "rollout.md").read_text(encoding="utf-8")
MARCH = next((ROOT / "corpus" / "channel" / "field-past-inputs" / "good").glob("C-*1.bin"))


def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    """The commands, in their order, with the health report of the page: plan, record, start the next ring, estimate."""
    shutil.copy(MARCH, tmp_path)
    (health,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "canary.json").write_text(health, encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) == 4
    said = []
    for line in commands:
        words = shlex.split(line)
        assert words[0] == "ccheck"
        done = subprocess.run(
            [sys.executable, "-m", "ccheck", *words[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr)
        said.append(done.stdout)
    (planned,) = re.findall(r"```\n(canary: .*?)```", PAGE, re.DOTALL)
    assert said[0].startswith(planned)
    assert said[2] == "start early\n  ring canary has baked and is healthy\n"
    assert (tmp_path / "reach.svg").is_file()
