"""What a project may set aside, and what no configuration turns into a pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ccheck.core.finding import FileReport, Finding, Severity
from ccheck.core.input import InputProblem
from ccheck.core.subject import Subject
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS
from ccheck.judging.judge import Policy, examine, judge
from ccheck_schemas.formats.channel.schema import SCHEMA
from tests.validator.channel_sample import SMALL, context, put, seal

RESERVED = put(SMALL, 0x42, "H", 1)


def report(data: bytes, policy: Policy) -> FileReport:
    """A channel file, judged by a policy."""
    return judge(examine(data, "", context(), SCHEMAS, SCHEMA), "x", CHECKS, policy)


def suppress(*names: str) -> Callable[[Finding, str], tuple[str, str] | None]:
    """A policy's suppression of all findings of these checks."""
    return lambda finding, file: ("accepted", "2030-01-01") if finding.check in names else None


@pytest.mark.parametrize("problem", list(InputProblem))
def test_a_file_that_was_not_read_never_passes(problem: InputProblem) -> None:
    """Neither a lower severity nor a suppression passes a file whose bytes were not examined."""
    subject = Subject("x", b"", context(), problem=problem, detail="gone")
    names = [check.name for check in CHECKS]
    lowered = Policy(severities=dict.fromkeys(names, Severity.INFO))
    for policy in (lowered, Policy(suppression=suppress(*names))):
        judged = judge(subject, "x", CHECKS, policy)
        assert (judged.verdict, judged.examined) == ("fail", False)


@pytest.mark.parametrize("data", [b"", bytes(600), b"hello"])
def test_bytes_that_no_schema_reads_never_pass(data: bytes) -> None:
    """An empty, zeroed, unknown or cut file does not pass, whatever is set aside."""
    names = [check.name for check in CHECKS]
    for schema in (None, SCHEMA):
        subject = examine(data, "", context(), SCHEMAS, schema)
        judged = judge(subject, "x", CHECKS, Policy(suppression=suppress(*names)))
        assert judged.verdict == "fail"


def test_what_is_set_aside_does_not_stop_other_checks() -> None:
    """Checks behind a finding that is suppressed or lowered are made, and find what they find."""
    assert [entry.check for entry in report(RESERVED, Policy()).not_run] == ["not-canonical"]
    for policy in (
        Policy(suppression=suppress("reserved-not-zero")),
        Policy(severities={"reserved-not-zero": Severity.WARNING}),
    ):
        judged = report(RESERVED, policy)
        assert judged.not_run == ()
        assert "not-canonical" in {finding.check for finding in judged.findings}
        assert judged.verdict == "fail"


def test_what_cannot_be_judged_behind_a_set_aside_finding_fails() -> None:
    """Where the file was not read whole, checks behind a suppressed finding are not made, and it does not pass."""
    cut = SMALL[:-12]
    names = [check.name for check in CHECKS]
    judged = report(cut, Policy(suppression=suppress(*names)))
    assert judged.findings == ()
    assert judged.unjudged > 0
    assert judged.verdict == "fail"


def test_one_finding_can_be_set_aside() -> None:
    """A file whose only finding is suppressed passes, and the report keeps the finding and its reason."""
    broken = put(SMALL, 0x7A, "B", 0x41)
    assert report(broken, Policy()).verdict == "pass"
    wrong = seal(SMALL)[:0x1C] + b"\0\0\0\0" + SMALL[0x20:]
    judged = report(wrong, Policy(suppression=suppress("checksum-wrong", "not-canonical")))
    assert judged.verdict == "pass"
    assert [entry.finding.check for entry in judged.suppressed] == ["checksum-wrong", "not-canonical"]


def test_findings_beyond_the_limit_still_fail_the_file() -> None:
    """With room for one finding the rest is counted; where the first ones are suppressed, the rest still counts."""
    data = put(put(SMALL, 0x42, "H", 1), 0x44, "I", 1)
    one = report(data, Policy(max_findings=1))
    assert len([f for f in one.findings if f.check == "reserved-not-zero"]) == 1
    assert one.beyond["reserved-not-zero"] == 1

    def first_alone(finding: Finding, file: str) -> tuple[str, str] | None:
        return ("accepted", "2030-01-01") if finding.path.endswith("reserved_18") else None

    judged = report(data, Policy(suppression=first_alone, max_findings=1))
    assert [f.path for f in judged.findings if f.check == "reserved-not-zero"] == ["instances[0].reserved_20"]
    assert judged.verdict == "fail"


def test_a_raised_warning_fails() -> None:
    """A project that weighs a warning as an error has it fail the file."""
    flagged = put(SMALL, 0x18, "I", 1)
    assert report(flagged, Policy()).verdict == "pass"
    assert report(flagged, Policy(severities={"test-content": Severity.ERROR})).verdict == "fail"
