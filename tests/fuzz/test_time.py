"""A session takes the time that it was given, and says what it does with the end of it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ccheck_fuzz.campaign.state import State
from tests.fuzz.channel_setting import CORPUS, MARCH, ON

WAYS = {
    "crashes in many ways": "exec(f'def f{{n}}(): raise KeyError(n)\\nf{{n}}()', {{'n': len(data) % 97}})",
    "is slow": "time.sleep(0.4); raise KeyError",
    "hangs": "time.sleep(999)",
    "ends its process": "os._exit(1)",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_session_ends_soon_after_its_time(way: str, tmp_path: Path) -> None:
    """Whatever the reader does, ten seconds are ten seconds and a few: merging, shrinking and writing are bounded,
    each error has its folder, and a line says what is done.
    """
    body = WAYS[way].replace("{{", "{").replace("}}", "}")
    (tmp_path / "own.py").write_text(
        f"import os, time\ndef load(data):\n    if data != {MARCH!r}:\n        {body}\n", encoding="utf-8"
    )
    (tmp_path / "seed.bin").write_bytes(MARCH)
    command = [
        sys.executable, "-m", "ccheck", "fuzz", "--seeds", "seed.bin", "--out", "out", "--time", "10s", "--jobs", "1",
        "--target", "own:load", "--config", str(CORPUS / "ccheck.toml"), "--on", ON,
    ]  # fmt: skip
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200)
    took = time.monotonic() - begun
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert took < 40, done.stderr
    assert "merging " in done.stderr
    assert "writing " in done.stderr
    ((_, begun_at, ended_at, why),) = State(tmp_path / "out").sessions()
    assert ended_at is not None
    assert ended_at - begun_at < 30
    assert why == "time"
