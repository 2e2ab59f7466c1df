"""What the tests of the gate share: a laid-out folder, and the command line in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validator.gate.story import Call, caller, lay_out


@pytest.fixture
def cc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The command line, in a folder with a policy and two releases."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CCHECK_GATE_KEY", raising=False)
    return caller(capsys)
