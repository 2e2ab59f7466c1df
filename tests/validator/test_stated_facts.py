"""What a build states and no content can have, and what it does not state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck.cli.main import run
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
POLICY = ROOT / "corpus" / "apparmor" / "base.bin"


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run the command line in an empty folder: status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(one) for one in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.mark.parametrize(
    ("fact", "values", "wrong"),
    [
        ("apparmor_versions", "[5, 10]", "10 is a value that no content has; it has 5, 6, 7, 8, 9"),
        ("apparmor_dfa_flags", "[0, 7]", "7 is a value that no content has; it has 0, 1, 2, 3"),
        ("apparmor_state_bytes", "[2, 3]", "3 is a value that no content has; it has 2, 4"),
        ("apparmor_modes", "[0, 9]", "9 is a value that no content has; it has 0, 1, 2, 3, 4"),
        ("apparmor_state_flags", "[1]", "1 is a value that no content has; it has 32, 128"),
    ],
)
def test_a_value_that_no_content_has_is_an_error(cc: Cli, fact: str, values: str, wrong: str) -> None:
    """Such a value is a mistake: nothing is ever compared with it."""
    text = cc("consumers", "show", "builtin:linux-lts", "linux-6.12")[1]
    lines = text.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith(f"{fact} = "))
    lines[at] = f"{fact} = {values}"
    Path("c.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    status, _, err = cc("validate", "--no-config", "--consumers", "c.toml", POLICY)
    assert status == 2
    assert f"c.toml:{at + 1}: consumer[0].sets.{fact}: {wrong}\n" in err


def test_run_names_all_facts_that_builds_lack(cc: Cli) -> None:
    """`ccheck run` names each missing fact of each build, switches too, as the finding does."""
    text = cc("consumers", "show", "builtin:linux-lts", "linux-6.6", "linux-6.12")[1]
    gone = ("apparmor_exec_names = 65535", "apparmor_dfa_flags", "apparmor_namespace_kept")
    lines = [line for line in text.splitlines() if not line.startswith(gone)]
    Path("c.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    status, out, err = cc("run", "--no-config", "--consumers", "c.toml", POLICY)
    assert (status, out) == (2, "")
    what = "sets.apparmor_dfa_flags, limits.apparmor_exec_names, switches.apparmor_namespace_kept"
    assert f"consumer linux-6.6 does not state {what}\nconsumer linux-6.12 does not state {what}\n" in err
