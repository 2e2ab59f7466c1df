"""The GitHub Action, the GitLab template and the pre-commit hook, run as far as they can be without their host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
STORY = CORPUS / "field-past-inputs"
BASH = shutil.which("bash") or ""
GIT = shutil.which("git") or ""
pytestmark = pytest.mark.skipif(not (BASH and GIT), reason="needs bash and git")


def loaded(name: str) -> Any:
    """A YAML file of the project."""
    return YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))


def released(tmp_path: Path, folder: str) -> Path:
    """A folder with content files alone."""
    release = tmp_path / "release"
    release.mkdir()
    for path in (STORY / folder).glob("*.bin"):
        shutil.copy(path, release)
    return release


def step(tmp_path: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the Action's second step as its host does: inputs in the environment, outputs in a file."""
    action = loaded("action.yml")
    install, validate = action["runs"]["steps"]
    assert install["name"] == "Install"
    given = {name: str(field.get("default", "")) for name, field in action["inputs"].items()} | inputs
    environment = {
        key: given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for key, value in validate["env"].items()
    }
    program = tmp_path / "ccheck" / "bin" / "ccheck"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ccheck "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    output = tmp_path / "output"
    output.touch()
    done = subprocess.run(
        [BASH, "--noprofile", "--norc", "-eo", "pipefail", "-c", validate["run"]],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | environment | {"RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output)},
    )  # fmt: skip
    return done, output.read_text(encoding="utf-8")


def test_the_action_passes_good_content(tmp_path: Path) -> None:
    """Good files pass, the output says so, and the SARIF file is there."""
    done, output = step(tmp_path, paths=f"{released(tmp_path, 'good')}\n", config=str(CORPUS / "ccheck.toml"))
    assert done.returncode == 0, done.stderr
    assert output == "verdict=pass\n"
    assert '"version": "2.1.0"' in (tmp_path / "ccheck.sarif").read_text(encoding="utf-8")


def test_the_action_fails_bad_content_with_annotations(tmp_path: Path) -> None:
    """A bad file, also one whose path has characters of the shell, fails the step with an annotation."""
    bad = tmp_path / "a $(touch hacked) 'b'"
    bad.mkdir()
    shutil.copy(next((STORY / "bad").glob("*.bin")), bad)
    done, output = step(tmp_path, paths=f"\n{bad}\n", config=str(CORPUS / "ccheck.toml"))
    assert done.returncode == 1
    assert output == "verdict=fail\n"
    assert "::error file=" in done.stdout
    assert not (tmp_path / "hacked").exists()


def test_the_action_fails_closed(tmp_path: Path) -> None:
    """Without paths nothing is examined, and that is no pass."""
    done, output = step(tmp_path, paths="\n")
    assert done.returncode == 2
    assert output == "verdict=fail\n"


@pytest.mark.parametrize(("folder", "status"), [("good", 0), ("bad", 1)])
def test_the_gitlab_template_judges(folder: str, status: int, tmp_path: Path) -> None:
    """The template's last command judges the paths and writes the JUnit report, also when it fails."""
    job = loaded("ci/gitlab.yml")["ccheck"]
    assert job["artifacts"]["when"] == "always"
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ccheck"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ccheck "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    variables = {
        **job["variables"],
        "CCHECK_PATHS": str(released(tmp_path, folder)),
        "CCHECK_CONFIG": str(CORPUS / "ccheck.toml"),
    }
    done = subprocess.run(
        [BASH, "-c", job["script"][-1]], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | variables | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert "<testsuites" in (tmp_path / "ccheck.xml").read_text(encoding="utf-8")


def test_the_hook_runs_in_pre_commit(tmp_path: Path) -> None:
    """pre-commit runs the hook of this repository on another one: a bad file stops the commit, a good one does not."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    (hook,) = loaded(".pre-commit-hooks.yaml")
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("ccheck.toml", "consumers.toml", "definitions.bin"):
        shutil.copy(CORPUS / name, repository)
    good, bad = next((STORY / "good").glob("*1.bin")), next((STORY / "bad").glob("*.bin"))
    shutil.copy(good, repository / good.name)
    # The environment of the tests stands for the one that pre-commit would install from the network.
    config = {
        "repos": [
            {
                "repo": "local",
                "hooks": [{**hook, "language": "system", "entry": f"{sys.executable} -m {hook['entry']}"}],
            }
        ]
    }
    with (repository / ".pre-commit-config.yaml").open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump(config, out)
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}

    def run() -> subprocess.CompletedProcess[str]:
        subprocess.run([GIT, "add", "-A"], cwd=repository, check=True, env=environment)
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        return subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, check=False
        )

    subprocess.run([GIT, "init", "-q"], cwd=repository, check=True, env=environment)
    passed = run()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "Passed" in passed.stdout
    shutil.copy(bad, repository / bad.name)
    failed = run()
    assert failed.returncode == 1
    assert "error[field-past-inputs]" in failed.stdout
