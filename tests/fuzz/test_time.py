"""A session ends by its time, and says what it does with the end of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ccheck_fuzz.campaign.state.database import State
from tests.fuzz.channel_setting import CORPUS, MARCH, ON

WAYS = {
    "crashes in many ways": "exec(f'def f{{n}}(): raise KeyError(n)\\nf{{n}}()', {{'n': len(data) % 97}})",
    "is slow": "time.sleep(0.4); raise KeyError",
    "hangs": "time.sleep(999)",
    "ends its process": "os._exit(1)",
}


MOST_SECONDS = 300
"""For a session of ten seconds. The limit is the promise; work without one, to shrink 97 findings for 40 seconds
each or to wait for one run of 999 seconds, takes longer than this on any machine.
"""


@pytest.mark.parametrize("way", WAYS)
def test_a_session_ends_soon_after_its_time(way: str, tmp_path: Path) -> None:
    """Whatever the reader does, a session of ten seconds ends: merging, shrinking and writing are bounded.

    A line says what is done.
    """
    body = WAYS[way].replace("{{", "{").replace("}}", "}")
    (tmp_path / "own.py").write_text(
        f"import os, time\ndef load(data):\n    if data != {MARCH!r}:\n        {body}\n", encoding="utf-8"
    )
    (tmp_path / "seed.bin").write_bytes(MARCH)
    command = [
        sys.executable, "-m", "ccheck", "fuzz", "--seeds", "seed.bin", "--out", "out", "--time", "10s", "--jobs", "1",
        "--reader", "own:load", "--config", str(CORPUS / "ccheck.toml"), "--on", ON,
    ]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=MOST_SECONDS
    )
    stages = [
        line.rpartition("; ")[2].split()[0] for line in done.stderr.splitlines() if " of 0:00:10: " in line
    ]
    assert [stage for stage in dict.fromkeys(stages) if stage != "waiting"] == [
        "searching",
        "merging",
        "ended",
    ]
    assert ", writing " in done.stderr
    ((_, _, ended, why),) = State(tmp_path / "out").sessions()
    assert ended is not None
    if "not one run was made" in done.stderr:  # a machine under load may not begin within ten seconds
        assert done.returncode == 3
    else:
        found = [bucket for bucket in State(tmp_path / "out").buckets() if not bucket.information]
        # A slow reader makes a few runs, and on a machine under load the validator may refuse all of them.
        assert found or way == "is slow", done.stdout + done.stderr
        assert (done.returncode, why) == (1 if found else 0, "time"), done.stdout + done.stderr
