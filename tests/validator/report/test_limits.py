"""More than a host shows or takes: the summary and one finding of each file come first, and what is left out is said."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ccheck.core.finding import FileReport, LeftOut, RelatedLocation, RunReport, Severity
from ccheck.report import RENDERERS
from ccheck.report.github import SHOWN
from ccheck.report.sarif import MOST_LOCATIONS, MOST_RESULTS
from tests.validator.report.samples import JULY, july

WARNING = replace(JULY, severity=Severity.WARNING, check="a-warning")


def many(files: int, warnings: int, errors: int) -> RunReport:
    """A run over files, each with warnings before its errors."""
    findings = (*[WARNING] * warnings, *[JULY] * errors)
    return RunReport(tuple(july(path=f"{number}.bin", findings=findings) for number in range(files)), "0.1.0")


def test_ten_annotations_are_one_for_each_file() -> None:
    """Of more than GitHub shows, the summary comes first, then the worst of each file, then all the others."""
    lines = RENDERERS["github"](many(files=4, warnings=3, errors=5), ()).splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) == 4 * 8 + 1
    assert commands[0].startswith("::error title=ccheck::4 files examined: 0 passed, 4 failed")
    assert "GitHub shows 10 of 21 errors, 10 of 12 warnings" in commands[0]
    assert [line.partition(",")[0] for line in commands[1:5]] == [f"::error file={n}.bin" for n in range(4)]
    assert len(set(commands)) == 1 + 4 * 2


def test_ten_annotations_stay_in_their_order() -> None:
    """What GitHub shows whole is not put in another order, and has no summary."""
    lines = RENDERERS["github"](many(files=2, warnings=5, errors=5), ()).splitlines()
    commands = [line for line in lines if line.startswith("::")]
    assert len(commands) == 2 * SHOWN
    assert commands[0].startswith("::warning file=0.bin")


def test_a_pass_with_many_warnings_has_no_error() -> None:
    """The summary of a run that passes is no error."""
    text = RENDERERS["github"](many(files=6, warnings=2, errors=0), ())
    assert "::error" not in text
    assert "::warning title=ccheck::6 files examined: 6 passed" in text


def test_sarif_has_no_more_results_than_hosts_take() -> None:
    """The worst finding of each file comes first, then others up to the limit; a notice counts the rest."""
    run = many(files=300, warnings=60, errors=40)
    (log,) = json.loads(RENDERERS["sarif"](run, ()))["runs"]
    assert len(log["results"]) == MOST_RESULTS
    first = log["results"][:300]
    assert {result["level"] for result in first} == {"error"}
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in first]
    assert places == [f"{number}.bin" for number in range(300)]
    notice = log["invocations"][0]["toolExecutionNotifications"][0]
    assert notice["descriptor"]["id"] == "results-left-out"
    assert notice["message"]["text"].startswith("300 files examined: 0 passed, 300 failed")
    assert "5,000 of 30,000 results left out" in notice["message"]["text"]


def test_sarif_of_more_files_than_results() -> None:
    """Where not even one finding of each file is taken, the first files have one each."""
    run = many(files=MOST_RESULTS + 1, warnings=0, errors=1)
    (log,) = json.loads(RENDERERS["sarif"](run, ()))["runs"]
    assert len(log["results"]) == MOST_RESULTS


def test_sarif_of_what_hosts_take_is_whole() -> None:
    """Up to the limit every result is there, in the order of the files, and nothing is said."""
    run = many(files=250, warnings=0, errors=100)
    (log,) = json.loads(RENDERERS["sarif"](run, ()))["runs"]
    assert len(log["results"]) == MOST_RESULTS
    assert log["invocations"][0]["toolExecutionNotifications"] == []


def test_sarif_of_a_finding_with_many_proofs() -> None:
    """A result has no more places than hosts take."""
    related = tuple(RelatedLocation(f"proof {number}", "", number) for number in range(2 * MOST_LOCATIONS))
    run = RunReport((july(findings=(replace(JULY, related=related),)),), "0.1.0")
    (result,) = json.loads(RENDERERS["sarif"](run, ()))["runs"][0]["results"]
    assert len(result["locations"]) + len(result["relatedLocations"]) == MOST_LOCATIONS


@pytest.mark.parametrize("form", [*RENDERERS])
def test_each_form_says_what_was_left_out_and_by_what_it_judged(form: str) -> None:
    """The configuration and what was left out are in every form."""
    files = (FileReport("a.bin", "channel", 1, "", checks_run=1),)
    run = RunReport(files, "0.1.0", configuration="up/ccheck.toml", left_out=LeftOut(2, 0, 1, 0))
    text = RENDERERS[form](run, ())
    assert "up/ccheck.toml" in text
    if form == "json":
        assert json.loads(text)["left_out"]["hidden_files"] == 2
    else:
        assert "2 hidden files, 1 linked folder" in text
