"""docs/ci.md can be copied: its YAML names what is there, and its commands and its test run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.validator.gate.story import JULY, MARCH, lay_out

PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    """The blocks of a language."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def loaded(text: str) -> Any:
    """YAML."""
    return YAML(typ="safe").load(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project as the page has it: a policy, content, and a release."""
    lay_out(tmp_path)
    policy = (tmp_path / "ccheck.toml").read_text(encoding="utf-8")
    (tmp_path / "ccheck.toml").write_text(f"{policy}first_use = false\n", encoding="utf-8")
    for name in ("content", "release"):
        (tmp_path / name).mkdir()
        shutil.copy(MARCH, tmp_path / name)
    return tmp_path


def test_the_workflows_name_inputs_and_outputs_that_are_there() -> None:
    """GitHub: every input of the page's steps is one of the Action's; GitLab: every variable is the template's."""
    action, template = (
        loaded((ROOT / "action.yml").read_text("utf-8")),
        loaded((ROOT / "ci" / "gitlab.yml").read_text("utf-8")),
    )
    validate, gate, gitlab, hooks = blocks("yaml")
    jobs = loaded(validate)["jobs"] | loaded(gate)
    used = [
        step["with"]
        for job in jobs.values()
        for step in job["steps"]
        if "OWNER/ccheck" in step.get("uses", "")
    ]
    assert len(used) == 2
    assert all(set(given) <= set(action["inputs"]) for given in used)
    assert used[1]["command"] == "gate"
    read = loaded(gitlab)
    assert read["gate"]["extends"] in template
    assert set(read["gate"]["variables"]) <= set(template[read["gate"]["extends"]]["variables"])
    assert set(read["ccheck"]["variables"]) <= set(template["ccheck"]["variables"])
    known = {hook["id"] for hook in loaded((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    assert {hook["id"] for repo in loaded(hooks)["repos"] for hook in repo["hooks"]} == known


def test_the_commands_pass_good_content_and_fail_bad(folder: Path) -> None:
    """Each command line of the page ends with 0 for March and with 1 for July."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == 3
    for status in (0, 1):
        for line in lines:
            program, *words = shlex.split(line)
            assert program in ("pytest", "ccheck")
            done = subprocess.run(
                [sys.executable, "-m", program, *words],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == status, done.stdout + done.stderr
        for name in ("content", "release"):
            shutil.copy(JULY, folder / name)


def test_the_gate_is_a_test(folder: Path) -> None:
    """The page's test passes for March, and fails for July with the summary."""
    (code,) = blocks("python")
    (folder / "test_release.py").write_text(code, encoding="utf-8")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_release.py"]
    assert subprocess.run(run, cwd=folder, capture_output=True, check=False).returncode == 0
    shutil.copy(JULY, folder / "release")
    failed = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "ccheck gate: fail" in failed.stdout
