"""Every fault that the reader can note is reported by a check, and one that is not fails the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import cast

import pytest

from ccheck.core.finding import Severity
from ccheck.core.subject import CheckContext
from ccheck.formats.check_table import CHECKS, applying
from ccheck.formats.registry import SCHEMAS
from ccheck.judging.judge import Policy, examine, judge
from ccheck_schemas import fault_details
from ccheck_schemas.fault import Fault, FaultDetails, FaultName
from ccheck_schemas.fault_details import DETAILS
from ccheck_schemas.record import Reading, Record
from ccheck_schemas.span import Span
from tests.conftest import ROOT
from tests.validator.channel_sample import context

GOOD = (ROOT / "corpus" / "channel" / "definitions.bin").read_bytes()


class Asked:
    """A reading that records which faults are requested."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.counts: Counter[FaultName] = Counter()
        self.faults: tuple[Fault[FaultDetails], ...] = ()
        self.fix_ups = ()

    def faults_of(self, kind: type[FaultDetails]) -> Iterator[Fault[FaultDetails]]:
        """None; but it was requested."""
        self.names.add(kind.name)
        return iter(())


def test_each_kind_of_fault_has_details_of_its_own() -> None:
    """Each name of a fault has one class of details, and each class is a name's or one of its shapes."""
    assert set(DETAILS) == set(FaultName)
    assert len(set(DETAILS.values())) == len(FaultName)
    classes = [kind for kind in vars(fault_details).values() if isinstance(kind, type)]
    details = {kind for kind in classes if issubclass(kind, FaultDetails) and kind is not FaultDetails}
    assert all(issubclass(kind, DETAILS[kind.name]) for kind in details)
    assert details >= set(DETAILS.values())


def test_faults_and_checks_are_tied_in_both_directions() -> None:
    """Each kind of fault has the general check of its name, which asks for it; no check asks for another kind."""
    general = {check.name: check for check in applying(CHECKS, None)}
    asked: set[str] = set()
    for name in FaultName:
        reading = Asked()
        subject = replace(examine(GOOD, "", context(), SCHEMAS), reading=cast("Reading", reading))
        assert list(general[name].judge(subject)) == []
        assert name in reading.names, name
        asked |= reading.names
    assert asked == set(FaultName)
    # The engine does not call these for a reading without such a fault.
    assert {check.name for check in CHECKS if check.of_reading} == set(FaultName)


@pytest.mark.parametrize("name", FaultName)
def test_a_fault_whose_check_is_not_in_use_fails_the_file(name: FaultName) -> None:
    """With its check left out, each kind of fault is reported as unclaimed, whatever the policy weighs."""
    subject = examine(GOOD, "", context(), SCHEMAS)
    assert subject.reading is not None
    details = DETAILS[name](*(0 for _ in fields(DETAILS[name])))
    fault = Fault(details, Span(4, 2, "header"))
    broken = replace(subject.reading, faults=(fault,), counts=Counter({name: 1}))
    checks = [check for check in applying(CHECKS, "channel") if check.name != name]
    checks = [replace(check, requires=()) for check in checks if "canonical" not in check.name]
    lenient = Policy(severities=dict.fromkeys((check.name for check in CHECKS), Severity.INFO))
    for policy in (Policy(), lenient):
        report = judge(replace(subject, reading=broken), "f", checks, policy)
        assert report.verdict == "fail"
        assert [(f.check, f.offset) for f in report.findings if f.check == "fault-unclaimed"] == [
            ("fault-unclaimed", 4)
        ]
        assert not report.examined
    without = [check for check in checks if check.name != "fault-unclaimed"]
    assert judge(replace(subject, reading=broken), "f", without, Policy()).verdict == "fail"


def test_a_reading_that_passed_something_over_never_passes() -> None:
    """An incomplete reading without a fault is no pass: it was not examined whole."""
    subject = examine(GOOD, "", CheckContext(context().on), SCHEMAS)
    assert isinstance(subject.reading, Reading)
    assert isinstance(subject.reading.root, Record)
    report = judge(replace(subject, reading=replace(subject.reading, complete=False)), "f", CHECKS, Policy())
    assert (report.verdict, report.examined) == ("fail", False)
