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


def step(
    tmp_path: Path, name: str = "Validate", **inputs: str
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run a step of the Action as its host does: inputs in the environment, outputs in a file."""
    action = loaded("action.yml")
    steps = {one["name"]: one for one in action["runs"]["steps"]}
    assert list(steps) == ["Install", "Validate", "Gate"]
    validate = steps[name]
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
        env=os.environ
        | environment
        | {
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        },
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


def test_a_misspelt_command_is_no_pass(tmp_path: Path) -> None:
    """A command that the Action does not know runs the step that refuses it, and is not passed over."""
    conditions = [one.get("if") for one in loaded("action.yml")["runs"]["steps"]]
    assert conditions == [None, "${{ inputs.command != 'gate' }}", "${{ inputs.command == 'gate' }}"]
    done, output = step(tmp_path, paths=str(released(tmp_path, "good")), command="Gate $(touch hacked)")
    assert (done.returncode, output) == (2, "verdict=fail\n")
    assert not (tmp_path / "hacked").exists()


def policy(tmp_path: Path) -> Path:
    """A policy for the releases of this test, in which every stage but those is on that need a past."""
    for name in ("consumers.toml", "definitions.bin"):
        shutil.copy(CORPUS / name, tmp_path)
    path = tmp_path / "ccheck.toml"
    path.write_text(
        'format = 1\ndefinitions = ["definitions.bin"]\nconsumers = "consumers.toml"\n[gate]\n'
        "[gate.stages]\nfirst_use = false\nregress = false\n[gate.budgets]\nfuzz = 20\n",
        encoding="utf-8",
    )
    return path


def test_the_action_gates_a_release(tmp_path: Path) -> None:
    """A good release passes: summary, page, SARIF, and a verdict that verifies with the public key alone."""
    pytest.importorskip("securesystemslib", reason="signing needs the extra gate")
    release, config = released(tmp_path, "good"), policy(tmp_path)
    made = [sys.executable, "-m", "ccheck", "keys", "new", "gate"]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    secret = (tmp_path / "gate.key").read_text(encoding="utf-8")
    inputs = {"paths": f"{release}\n", "config": str(config), "verdict": "v.json", "key": secret}
    done, output = step(tmp_path, "Gate", **inputs)
    assert (done.returncode, output) == (0, "verdict=pass\n"), done.stdout + done.stderr
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("## ccheck gate: pass\n")
    assert "<title>ccheck gate: release: pass</title>" in (tmp_path / "ccheck-gate.html").read_text(
        encoding="utf-8"
    )
    assert secret not in done.stdout + done.stderr + (tmp_path / "v.json").read_text(encoding="utf-8")
    check = [
        sys.executable,
        "-m",
        "ccheck",
        "verify",
        "v.json",
        release,
        "--key",
        "gate.pub",
        "--config",
        config,
    ]
    assert (
        subprocess.run(list(map(str, check)), cwd=tmp_path, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize(
    ("folder", "change", "status", "verdict"),
    [("bad", "", 1, "fail"), ("good", "[gate.budgets]\nfaults = 1\n", 3, "incomplete")],
)
def test_the_action_says_how_the_gate_ended(
    tmp_path: Path, folder: str, change: str, status: int, verdict: str
) -> None:
    """A bad release fails and one that was not examined whole is incomplete: the step fails with both."""
    config = policy(tmp_path)
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[gate.budgets]\n", change) if change else text, encoding="utf-8")
    done, output = step(tmp_path, "Gate", paths=f"{released(tmp_path, folder)}\n", config=str(config))
    assert (done.returncode, output) == (status, f"verdict={verdict}\n"), done.stdout + done.stderr
    assert f"## ccheck gate: {verdict}\n" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert "gate-" in (tmp_path / "ccheck.sarif").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "inputs", [{"paths": "\n"}, {"paths": "nowhere"}, {"paths": ".", "verdict": "v.json"}]
)
def test_the_gate_of_the_action_fails_closed(tmp_path: Path, inputs: dict[str, str]) -> None:
    """No release, one that is not there, and a verdict without a key: the step fails."""
    done, output = step(tmp_path, "Gate", **inputs)
    assert (done.returncode, output) == (2, "verdict=fail\n")


@pytest.mark.parametrize(("folder", "status"), [("good", 0), ("bad", 1)])
def test_the_gitlab_template_gates(folder: str, status: int, tmp_path: Path) -> None:
    """The gate's job writes its JUnit report and its page, also when it fails; a job must ask for it."""
    template = loaded("ci/gitlab.yml")
    assert set(template) == {"ccheck", ".ccheck-gate"}
    job = template[".ccheck-gate"]
    assert job["artifacts"]["when"] == "always"
    done = gitlab(
        job, tmp_path, CCHECK_RELEASE=str(released(tmp_path, folder)), CCHECK_CONFIG=str(policy(tmp_path))
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "<testsuites" in (tmp_path / "ccheck-gate.xml").read_text(encoding="utf-8")
    assert "<!doctype html>" in (tmp_path / "ccheck-gate.html").read_text(encoding="utf-8")
    assert {"ccheck-gate.html", "ccheck-gate.md"} <= {path.name for path in tmp_path.iterdir()}


def gitlab(
    job: Any, tmp_path: Path, *, shell: str = BASH, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the last command of a GitLab job, with ccheck in the path."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ccheck"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ccheck "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return subprocess.run(
        [shell, "-c", job["script"][-1]], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ
        | {**job["variables"], **variables}
        | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip


@pytest.mark.parametrize(("folder", "status"), [("good", 0), ("bad", 1)])
def test_the_gitlab_template_judges(folder: str, status: int, tmp_path: Path) -> None:
    """The template's last command judges the paths and writes the JUnit report, also when it fails."""
    job = loaded("ci/gitlab.yml")["ccheck"]
    assert job["artifacts"]["when"] == "always"
    paths = str(released(tmp_path, folder))
    done = gitlab(job, tmp_path, CCHECK_PATHS=paths, CCHECK_CONFIG=str(CORPUS / "ccheck.toml"))
    assert done.returncode == status, done.stderr
    assert "<testsuites" in (tmp_path / "ccheck.xml").read_text(encoding="utf-8")


def test_the_hook_runs_in_pre_commit(tmp_path: Path) -> None:
    """pre-commit runs the hook of this repository on another one: a bad file stops the commit, a good one does not."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    hook, gate = loaded(".pre-commit-hooks.yaml")
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("ccheck.toml", "consumers.toml", "definitions.bin"):
        shutil.copy(CORPUS / name, repository)
    good, bad = next((STORY / "good").glob("*1.bin")), next((STORY / "bad").glob("*.bin"))
    shutil.copy(good, repository / good.name)
    # The environment of the tests stands for the one that pre-commit would install from the network.
    hooks = [
        {**one, "language": "system", "entry": f"{sys.executable} -m {one['entry']}"} for one in (hook, gate)
    ]
    hooks[1]["args"] = ["--config", str(policy(tmp_path)), "--name", "push", str(repository / "release")]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    with (repository / ".pre-commit-config.yaml").open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump(config, out)
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        subprocess.run([GIT, "add", "-A"], cwd=repository, check=True, env=environment)
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files", *words]
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
    assert "ccheck gate" not in failed.stdout, "the gate waits for the push"
    (repository / "release").mkdir()
    shutil.move(repository / bad.name, repository / "release")
    pushed = run("--hook-stage", "pre-push", gate["id"])
    assert pushed.returncode == 1
    assert "verdict     fail: release push" in pushed.stdout
    shutil.move(repository / "release" / bad.name, repository / good.name)
    shutil.copy(good, repository / "release")
    assert run("--hook-stage", "pre-push", gate["id"]).returncode == 0


ODD = (
    "--config=y.bin",
    "--no-config.bin",
    "--exclude=*.bin",
    "-.bin",
    "--.bin",
    "-o.bin",
    "--output=x.bin",
    "a b.bin",
    "--help.BIN",
)
"""Names of files that are nearly options."""


@pytest.mark.parametrize("arguments", [None, ["--config", "other/ccheck.toml", "--"]])
def test_the_hook_takes_no_name_for_an_option(tmp_path: Path, arguments: list[str] | None) -> None:
    """Files whose names look like options are judged as files, with the arguments of the page and without any."""
    pytest.importorskip("pre_commit", reason="pre-commit is not installed")
    hook, _ = loaded(".pre-commit-hooks.yaml")
    repository = tmp_path / "repository"
    for place in (repository, repository / "other"):
        place.mkdir()
        for name in ("ccheck.toml", "consumers.toml", "definitions.bin"):
            shutil.copy(CORPUS / name, place)
    # A name that is taken for an option would have this file say that nothing is wrong.
    lax = 'format = 1\n[severity]\nfield-past-inputs = "info"\n'
    (repository / "y.bin").write_text(lax, encoding="utf-8")
    good, bad = next((STORY / "good").glob("*1.bin")), next((STORY / "bad").glob("*.bin"))
    own = {
        **hook,
        "language": "system",
        "entry": f"{sys.executable} -m {hook['entry']}",
        "exclude": "^y.bin$",
    }
    if arguments is not None:
        own["args"] = arguments
    with (repository / ".pre-commit-config.yaml").open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump({"repos": [{"repo": "local", "hooks": [own]}]}, out)
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": os.devnull}

    def run() -> subprocess.CompletedProcess[str]:
        subprocess.run([GIT, "add", "-A"], cwd=repository, check=True, env=environment)
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose"]
        return subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, check=False
        )

    subprocess.run([GIT, "init", "-q"], cwd=repository, check=True, env=environment)
    for name in ODD:
        shutil.copy(good, repository / name)
    passed = run()
    # Two more: the definitions of both folders.
    files = len(ODD) + 2
    assert f"{files} files examined: {files} passed, 0 failed" in passed.stdout
    assert passed.returncode == 0
    for name in ODD:
        shutil.copy(bad, repository / name)
        failed = run()
        assert failed.returncode == 1
        assert f"{files} files examined: {files - 1} passed, 1 failed" in failed.stdout
        assert "error[field-past-inputs]" in failed.stdout
        shutil.copy(good, repository / name)


def test_an_option_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """Where -- was forgotten, or a shell's glob put a name among the options, nothing is judged."""
    for name in ("--config=y.bin", "--no-config", "-"):
        shutil.copy(next((STORY / "bad").glob("*.bin")), tmp_path / name)
    for words in (["--config=y.bin", "x.bin"], ["--no-config", "x.bin"], ["-"], ["--", "-"]):
        done = subprocess.run(
            [sys.executable, "-m", "ccheck", "validate", *words],
            cwd=tmp_path, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert "the name of a file" in done.stderr


def test_whatever_runs_ccheck_ends_its_options(tmp_path: Path) -> None:
    """The hooks, the Action, the template and the page put -- before every name that is not theirs."""
    hook, _ = loaded(".pre-commit-hooks.yaml")
    assert hook["args"][-1] == "--"
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for text in (
        (ROOT / "action.yml").read_text(encoding="utf-8"),
        (ROOT / "ci" / "gitlab.yml").read_text(encoding="utf-8"),
        page,
    ):
        commands = [
            line for line in text.splitlines()
            if any(word in line for word in ("ccheck validate ", '"$ccheck" validate', "ccheck gate ", '/ccheck" gate '))
            and not line.lstrip().startswith(("#", "`", "Two commands", "ccheck-gate"))
        ]  # fmt: skip
        assert commands
        assert [line for line in commands if " -- " not in line and "args" not in line] == []
    for args in [line for line in page.splitlines() if "args:" in line]:
        assert "--," in args or ", --]" in args


@pytest.mark.parametrize("job", ["ccheck", ".ccheck-gate"])
def test_the_gitlab_template_keeps_names_whole(tmp_path: Path, job: str) -> None:
    """A folder with spaces, globs and dashes in its name is one name; two are two lines; the shell may be dash."""
    template = loaded("ci/gitlab.yml")[job]
    text = policy(tmp_path).read_text(encoding="utf-8")
    named = tmp_path / "my ccheck.toml"
    named.write_text(text, encoding="utf-8")
    good = next((STORY / "good").glob("*1.bin"))
    for number, name in enumerate(("--config x *", "more of it")):
        (tmp_path / name).mkdir()
        shutil.copy(good, tmp_path / name / f"{number}.bin")
    if job != "ccheck":
        shutil.rmtree(tmp_path / "more of it")
    paths = "--config x *\nmore of it\n" if job == "ccheck" else "--config x *"
    variables = {"CCHECK_CONFIG": str(named), "CCHECK_PATHS": paths, "CCHECK_RELEASE": paths}
    for shell in filter(None, (BASH, shutil.which("dash"))):
        shutil.rmtree(tmp_path / "bin", ignore_errors=True)
        done = gitlab(template, tmp_path, shell=shell, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        report = tmp_path / ("ccheck.xml" if job == "ccheck" else "ccheck-gate.xml")
        suites = report.read_text(encoding="utf-8").count('<testsuite name="--config x */')
        assert suites == 1
