"""What the tests of the gate share: a laid-out folder, and the command line in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.validator.gate.story import DAY, Call, caller, lay_out, recorded


@pytest.fixture
def cc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """The command line, in a folder with a policy and two releases."""
    lay_out(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CCHECK_GATE_KEY", raising=False)
    return caller(capsys)


@pytest.fixture
def signed(cc: Call) -> Call:
    """The command line, beside `march.json`, the signed verdict of March."""
    recorded(cc)
    assert cc("keys", "new", "gate")[0] == 0
    assert cc("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")[0] == 0
    return cc
