"""The validator's reports on files of one schema, for searches that judge many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ccheck.core.finding import FileReport
from ccheck.judging.context import ValidationContext
from ccheck.judging.judge import examine, judge
from ccheck_schemas.schema import Schema


@dataclass(frozen=True, slots=True)
class Judged:
    """Judges bytes by one schema, with the checks and the setting of a judgement."""

    schema: Schema
    validation: ValidationContext

    def report(self, data: bytes) -> FileReport:
        """Returns all findings."""
        context, schemas = self.validation.context, self.validation.schemas
        subject = examine(data, "", context, schemas, self.schema)
        return judge(subject, "-", self.validation.checks, self.validation.policy)

    def passes(self, data: bytes) -> bool:
        """Returns whether the validator passes the file; warnings do not fail it."""
        return self.report(data).verdict == "pass"

    def checks(self, data: bytes) -> frozenset[str]:
        """Returns the checks that find something, warnings and all."""
        return frozenset(finding.check for finding in self.report(data).findings)

    def badness(self, data: bytes) -> tuple[tuple[int, ...], FileReport]:
        """Returns how far a file is from a clean pass, and its report.

        The distance is how often each check finds something, in their order. Compared as tuples, a file is
        better if an earlier check finds less, whatever later ones find: a check comes after those that it
        requires.
        """
        report = self.report(data)
        found = Counter(finding.check for finding in report.findings)
        counts = [found[check.name] + report.beyond.get(check.name, 0) for check in self.validation.checks]
        return (*counts, 0 if report.findings else len(report.gaps)), report
