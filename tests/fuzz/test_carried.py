"""What a finding was judged by goes with it, whole: each field of a campaign's setup, and the files that it names."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from ccheck.core.finding import Severity
from ccheck_fuzz.corpus.carried import carry, options_of
from ccheck_fuzz.corpus.regress import RegressError, keep, regress_one
from ccheck_fuzz.corpus.reproduce import NotRun, made_of, reproduce
from ccheck_fuzz.execution.context import CampaignContext, prepare_campaign
from ccheck_fuzz.execution.options import CampaignOptions
from tests.fuzz.channel_setting import CORPUS, JULY, ON
from tests.fuzz.test_matrix import EXERCISE, READER, SCHEMA, SEED, SHAPE

CONFIG = """
format = 1
definitions = ["definitions.bin"]
consumers = "consumers.toml"
[limits]
max_findings = 7
[severity]
field-past-inputs = "warning"
[[suppress]]
check = "reserved-not-zero"
reason = "quoted \\"twice\\", and a line\\nend"
expires = 2030-01-02
file = "*.bin"
path = "header.reserved"
"""
OF_BUILDS = SHAPE.replace("import Bounded", "import BelowCount, Bounded").replace(
    "Bounded(Int8ul, 1, 9)", 'BelowCount(Int8ul, "sensors")'
)
"""Records whose sensors are compared with driver builds."""
CONSUMERS = """
format = 2
[[consumer]]
name = "1.0"
version = "1.0"
platform = "linux-x64"
pointer_bits = 64
supported_from = 2024-01-01
[consumer.counts]
sensors = 4
"""
AS_IT_IS = (
    "trust_definitions", "reader", "execute", "execute_seconds", "per_build", "run_seconds", "memory", "oracles", "max_size", "on",
    "target_version",
)  # fmt: skip
"""The fields that are carried as they are written."""
BY_WHAT_THEY_NAME = ("schema", "config", "use_config", "definitions", "consumers", "directory")
"""The fields that name files and folders: what they name is carried, or found from where the folder lies."""


def other(tmp_path: Path) -> CampaignOptions:
    """A setup in which no field has its default value, but for `use_config`, which would contradict `config`."""
    project = tmp_path / "project"
    project.mkdir()
    shutil.copyfile(CORPUS / "definitions.bin", project / "definitions.bin")
    (project / "consumers.toml").write_text(CONSUMERS, encoding="utf-8")
    (project / "ccheck.toml").write_text(CONFIG, encoding="utf-8")
    (project / "driver.py").write_text(READER.format(number=1), encoding="utf-8")
    (project / "blower").mkdir()
    (project / "blower" / "__init__.py").write_text("", encoding="utf-8")
    (project / "blower" / "shape.py").write_text(OF_BUILDS, encoding="utf-8")
    (project / "blower" / "schema.py").write_text(
        f"from .shape import FAN\n{SCHEMA}{EXERCISE}", encoding="utf-8"
    )
    return CampaignOptions(
        schema=str(project / "blower" / "schema.py"),
        config=str(project / "ccheck.toml"),
        definitions=(str(project / "definitions.bin"),),
        consumers=str(project / "consumers.toml"),
        target_version="15.0",
        on="2027-02-03",
        trust_definitions=True,
        reader="driver:load",
        execute=f"{sys.executable} driver.py @@",
        execute_seconds=3.5,
        per_build=True,
        directory=str(project),
        run_seconds=4.5,
        memory=600,
        oracles=("validator-bypass", "trap"),
        max_size=777,
    )


def judged(made: CampaignContext) -> dict[str, object]:
    """What a setup that was made ready judges by."""
    validation = made.validation
    project = validation.project
    assert project is not None
    return {
        "schema": made.schema.name,
        "readers": [reader.name for reader in made.readers],
        "definitions": made.given.definitions,
        "builds": made.given.builds,
        "severities": dict(validation.policy.severities),
        "most": validation.policy.max_findings,
        "suppressed": [replace(one, line=0) for one in project.suppressions],
        "checks": [check.name for check in validation.checks],
        "oracles": list(made.oracles),
        "setting": (validation.context.on, validation.context.target),
    }


def test_each_field_of_a_setup_is_looked_at(tmp_path: Path) -> None:
    """A new field must be put into one of the two lists above, and gets a value here that is not its default."""
    assert sorted((*AS_IT_IS, *BY_WHAT_THEY_NAME)) == sorted(field.name for field in fields(CampaignOptions))
    given, usual = other(tmp_path), CampaignOptions("channel")
    assert [
        field.name
        for field in fields(CampaignOptions)
        if getattr(given, field.name) == getattr(usual, field.name)
    ] == ["use_config"]


def test_all_of_a_setting_survives_into_findings_and_the_corpus(tmp_path: Path) -> None:
    """A finding's folder, and what `corpus add` makes of it elsewhere, judge by all that the campaign judged by."""
    given = other(tmp_path)
    made = prepare_campaign(given)
    before = judged(made)
    finding = tmp_path / "night" / "findings" / "001-validator-bypass"
    finding.mkdir(parents=True)
    (finding / "file.bin").write_bytes(SEED)
    carry(finding, made)
    moved = tmp_path / "moved"
    shutil.copytree(finding, moved)
    kept = keep(moved, tmp_path / "repository" / "corpus", "what it is\nwhat it did", "kept")
    assert str(tmp_path) not in (kept / "setup.json").read_text(encoding="utf-8")
    for folder in (finding, moved, kept):
        carried = options_of(folder)
        for name in AS_IT_IS:
            assert getattr(carried, name) == getattr(given, name), (folder, name)
        assert carried.directory == given.directory
        again = made_of(folder)
        assert judged(again) == before, folder
        assert again.validation.policy.severities["field-past-inputs"] is Severity.WARNING


def test_two_findings_of_a_package_are_judged_each_by_its_own(tmp_path: Path) -> None:
    """The copies of a package in two folders do not get into each other's way in one process."""
    given = replace(other(tmp_path), reader=None, execute=None)
    schema = Path(given.schema)
    for number in (0, 1):
        text = SCHEMA.replace('"fans"', f'"fans {number}"')
        schema.write_text(f"from .shape import FAN\n{text}{EXERCISE}", encoding="utf-8")
        for name in [name for name in sys.modules if name.partition(".")[0] == "blower"]:
            del sys.modules[name]
        importlib.invalidate_caches()
        shutil.rmtree(schema.parent / "__pycache__", ignore_errors=True)
        folder = tmp_path / str(number)
        folder.mkdir()
        carry(folder, prepare_campaign(given))
    titles = [made_of(tmp_path / str(number)).schema.title for number in (0, 1, 0)]
    assert titles == ["fans 0", "fans 1", "fans 0"]


def test_a_kept_finding_breaks_under_the_setting_under_which_it_was_found(tmp_path: Path) -> None:
    """`corpus add` keeps `--trust-definitions`, and `regress` says that the July file is still a validator bypass."""

    def ccheck(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ccheck", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=200)

    made = prepare_campaign(
        CampaignOptions("channel", config=str(CORPUS / "ccheck.toml"), on=ON, trust_definitions=True)
    )
    (tmp_path / "finding").mkdir()
    (tmp_path / "finding" / "file.bin").write_bytes(JULY)
    carry(tmp_path / "finding", made)
    assert [broken.oracle for broken in reproduce(tmp_path / "finding") if not broken.information] == [
        "validator-bypass"
    ]
    added = ccheck(
        "corpus", "add", "finding", "--why", "21st input", "--why", "read past 20", "--name", "july"
    )
    assert added.returncode == 0, added.stderr
    again = ccheck("corpus", "regress")
    assert again.returncode == 1, again.stdout + again.stderr
    assert again.stdout.startswith("still reproduces ")


def test_a_finding_whose_program_is_gone_is_not_run(tmp_path: Path) -> None:
    """What cannot be run is no finding that holds: `replay` and `regress` say so, and why."""
    program = tmp_path / "reader"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    given = CampaignOptions(
        "channel", config=str(CORPUS / "ccheck.toml"), on=ON, execute="./reader @@", directory=str(tmp_path)
    )
    finding = tmp_path / "finding"
    finding.mkdir()
    (finding / "file.bin").write_bytes(JULY)
    carry(finding, prepare_campaign(given))
    program.unlink()
    with pytest.raises(NotRun, match=r"there is no file \./reader"):
        reproduce(finding)
    command = [sys.executable, "-m", "ccheck", "fuzz", "replay", str(finding)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout[:8]) == (3, "not run ")
    kept = keep(finding, tmp_path / "corpus", "one\ntwo", "kept")
    with pytest.raises(RegressError, match=r"there is no file \./reader"):
        regress_one(kept)
    assert json.loads((kept / "setup.json").read_text(encoding="utf-8"))["directory"] == "../../../.."
