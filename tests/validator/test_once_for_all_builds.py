"""A file is judged for many builds: what does not depend on them is judged once, with the same answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from ccheck.cli.main import run
from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.check_table import CHECKS
from ccheck.judging import context
from tests.conftest import ROOT

Report = Callable[..., list[dict[str, Any]]]
BUILDS = {"apparmor": "linux-lts", "regdb": "linux-lts", "devicetree": "boot", "sysmon": "sysmon"}


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Report:
    """Judge files by the command line from the root of the project: what the report says of each."""
    monkeypatch.chdir(ROOT)

    def call(*args: object) -> list[dict[str, Any]]:
        run(["validate", "--format", "json", "--per-build", *map(str, args)])
        files: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["files"]
        return files

    return call


@pytest.mark.parametrize("format_", [*BUILDS, "channel"])
def test_what_is_said_once_is_what_each_build_would_hear(
    report: Report, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """For each file of a corpus the report is the same as if every check were made for each build."""
    given = ["--no-config", "--consumers", f"builtin:{BUILDS.get(format_)}"]
    if format_ == "channel":
        given = ["--config", "corpus/channel/ccheck.toml", "--on", "2024-07-19"]
    given += ["--exclude", "*.yaml", "--exclude", "*.toml", f"corpus/{format_}"]
    once = report(*given)
    assert len(once) > 50
    assert any(len(one["builds"]) > 1 for one in once)
    monkeypatch.setattr(context, "Alike", lambda: None)
    assert report(*given) == once


def test_a_check_that_looks_at_no_build_is_made_once(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a policy that is judged for seven kernels, checks of builds alone are made for each of them."""
    made: Counter[str] = Counter()

    def counting(judge: Callable[[Subject], Iterable[Diagnostic]], name: str) -> Callable[..., Any]:
        def call(subject: Subject) -> Iterable[Diagnostic]:
            made[name] += 1
            return judge(subject)

        return call

    for check in CHECKS.applying("apparmor"):
        monkeypatch.setitem(check.__dict__, "judge", counting(check.judge, check.name))
    report("--no-config", "--consumers", "builtin:linux-lts", "corpus/apparmor/base.bin")
    often = {name for name, count in made.items() if count > 1}
    assert often == {
        "consumers-missing",
        "facts-missing",
        "count-exceeded",
        "value-not-understood",
        "limit-exceeded",
        "apparmor-namespace-mixed",
    }
    assert {made[name] for name in often} == {8}
    assert made["apparmor-item-misplaced"] == 1
