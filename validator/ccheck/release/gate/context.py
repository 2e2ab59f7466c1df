"""The input of a gate's stages: the release as read, its context, and the results of running it, cached."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ccheck.config.gate_policy import GatePolicy
from ccheck.core.contract import NoReader
from ccheck.core.finding import FileReport
from ccheck.core.subject import Subject
from ccheck.formats.exercise.evidence import Evidence, Gather, plain
from ccheck.formats.exercise.outcome import ExerciseError, RunInputs
from ccheck.formats.registry import FORMATS, named
from ccheck.judging.context import ValidationContext
from ccheck.judging.crash import ExaminationCrashed, crashed, crashed_subject, examination
from ccheck.judging.judge import examine, judge
from ccheck.release.baseline import Baseline
from ccheck.release.gate.release import ReleaseFile
from ccheck.release.gate.result import Stage
from ccheck.run.batch import cores
from ccheck.run.batch import examine as examine_files
from ccheck.run.interrupts import Interrupts
from ccheck_schemas.schema import Schema


@dataclass(frozen=True)
class FileRun:
    """The result of running one file: evidence, or a problem that leaves its stages incomplete, or both."""

    file: ReleaseFile
    evidence: Evidence | None
    problem: str = ""


@dataclass(frozen=True)
class GateContext:
    """One release before the gate.

    Attributes:
        validation: What files are validated with, without a fast path, so that every check runs.
        last_good: The last good release; empty if none was named.
        baseline: What was used before; None if none was named.
        baseline_problem: Why the baseline could not be read.
        skipped: Stages of the policy that are not run this time.
        again: Creates the same validation context in another process.
    """

    name: str
    files: tuple[ReleaseFile, ...]
    validation: ValidationContext
    policy: GatePolicy
    last_good: tuple[ReleaseFile, ...] = ()
    baseline: Baseline | None = None
    baseline_problem: str = ""
    skipped: frozenset[str] = frozenset()
    again: Callable[[], ValidationContext] | None = None

    @cached_property
    def subjects(self) -> Mapping[str, Subject]:
        """Each file as its schema reads it, by name."""
        return {file.identity.name: self._subject(file) for file in self.files}

    @cached_property
    def reports(self) -> tuple[FileReport, ...]:
        """The validator's report on each file."""
        if self._isolated is not None:
            return self._isolated
        return tuple(self._report(file) for file in self.files)

    @cached_property
    def _isolated(self) -> tuple[FileReport, ...] | None:
        """The reports from worker processes, if code judges that is not ccheck's own; None otherwise."""
        if self.again is None or not self.validation.isolated:
            return None
        paths = [file.identity.path for file in self.files]
        data = {position: file.data for position, file in enumerate(self.files)}
        found = examine_files(paths, self.again, self.validation, cores(), Interrupts(), data=data)
        return tuple(report for _, report in found)

    def _subject(self, file: ReleaseFile) -> Subject:
        """One file as its schema reads it. One that crashed the examination before is not read again."""
        for report in self._isolated or ():
            if report.path == file.identity.path and report.crash is not None:
                validation = self.validation
                known = named(report.schema) if report.schema and not validation.schema else None
                schema = validation.schema if known is None else known.schema
                return crashed_subject(file.base, file.data, validation.context, schema, (), report.crash)
        return self.subject(file.data, file.base)

    def _report(self, file: ReleaseFile) -> FileReport:
        validation, subject = self.validation, self.subjects[file.identity.name]
        try:
            with examination():
                return judge(subject, file.identity.path, validation.checks, validation.policy)
        except ExaminationCrashed as crash:
            return crashed(
                self._crashed(file.data, file.base, crash.detail), file.identity.path, validation.checks
            )

    def _crashed(self, data: bytes, name: str, detail: str) -> Subject:
        validation = self.validation
        return crashed_subject(name, data, validation.context, validation.schema, validation.schemas, detail)

    @cached_property
    def foreign(self) -> bool:
        """Whether some file is run by an interpreter that is not ccheck's own, which may hang or exit."""
        own = {known.name for known in FORMATS}
        used = {subject.schema.name for subject in self.subjects.values() if subject.schema is not None}
        return self.validation.own_exercise is not None or not used <= own

    def subject(self, data: bytes, name: str) -> Subject:
        """Bytes, read by the schema that was named or recognised."""
        validation = self.validation
        try:
            with examination():
                return examine(data, name, validation.context, validation.schemas, validation.schema)
        except ExaminationCrashed as crash:
            return self._crashed(data, name, crash.detail)

    def given(self, schema: Schema, last_good: bytes | None = None) -> RunInputs:
        """What files of a format are run with: the definitions, and every supported build that reads it.

        Raises:
            ExerciseError: The project names several definitions files, or no build that can run the file.
        """
        context = self.validation.context
        if len(context.definitions) > 1:
            raise ExerciseError("a driver loads one definitions file; the project names more")
        try:
            builds = self.validation.builds_to_run(schema)
        except NoReader as none:
            raise ExerciseError(str(none)) from none
        return RunInputs(
            definitions=context.definitions[0].data if context.definitions else None,
            builds=builds,
            target=context.target,
            last_good=last_good,
        )

    def before(self, file: ReleaseFile) -> ReleaseFile | None:
        """The file of the last good release that this one replaces.

        It has the same name, or is the last of those whose name differs only in its final number.
        """
        same = [old for old in self.last_good if old.identity.name == file.identity.name]
        family = [old for old in self.last_good if _family(old.identity.name) == _family(file.identity.name)]
        found = same or sorted(family, key=lambda old: _number(old.identity.name))
        return found[-1] if found else None

    @cached_property
    def ran(self) -> tuple[FileRun, ...]:
        """Each file, run under every build, as far as the budget reaches."""
        budget = self.policy.budgets["exercise"]
        spent = 0
        found = []
        for file in self.files:
            if spent > budget:
                words = f"{file.identity.name}: the budget of {budget:,} steps is spent"
                found.append(FileRun(file, None, words))
                continue
            ran = self._run(file)
            if ran.evidence is not None:
                spent += sum(outcome.steps for outcome in ran.evidence.exercised.outcomes)
                if spent > budget:
                    words = f"{file.identity.name}: it takes more than the budget of {budget:,} steps"
                    ran = replace(ran, problem=words)
            found.append(ran)
        return tuple(found)

    def ways(self, ran: FileRun) -> tuple[tuple[str, str], ...]:
        """The format and each path through its interpreter that a file took."""
        return () if ran.evidence is None else self._of_format(ran, ran.evidence.paths)

    def words(self, ran: FileRun) -> tuple[tuple[str, str], ...]:
        """The format and each word of its vocabulary that a file used."""
        return () if ran.evidence is None else self._of_format(ran, ran.evidence.words)

    def gather(self, schema: Schema) -> Gather | None:
        """Runs files of a format for their evidence, if something does.

        For a format that was named by a schema file, it is the interpreter of that file.
        """
        validation = self.validation
        if schema is validation.schema and validation.own_exercise is not None:
            return plain(validation.own_exercise, schema)
        known = named(schema.name)
        return None if known is None else known.gather

    def _of_format(self, ran: FileRun, found: Iterable[str]) -> tuple[tuple[str, str], ...]:
        schema = self.subjects[ran.file.identity.name].schema
        return () if schema is None else tuple((schema.name, one) for one in sorted(found))

    def _run(self, file: ReleaseFile) -> FileRun:
        subject = self.subjects[file.identity.name]
        if subject.problem is not None:
            return FileRun(file, None, f"{file.identity.name}: examining the file failed: {subject.detail}")
        if subject.schema is None:
            return FileRun(file, None, f"{file.identity.name}: the content is of no known format")
        gather = self.gather(subject.schema)
        if gather is None:
            return FileRun(
                file, None, f"{file.identity.name}: {subject.schema.name} has no interpreter to run it"
            )
        old = self.before(file)
        try:
            given = self.given(subject.schema, None if old is None else old.data)
            return FileRun(file, gather(file.data, subject.content, given))
        except ExerciseError as wrong:
            return FileRun(file, None, f"{file.identity.name}: {wrong}")


StageRun = Callable[[GateContext], Stage]
"""One stage. It may raise: a stage that crashes is incomplete."""


def _family(name: str) -> str:
    return re.sub(r"[0-9]+(?=(\.[^./]*)?$)", "#", name)


def _number(name: str) -> tuple[int, str]:
    found = re.search(r"([0-9]+)(\.[^./]*)?$", name)
    return (int(found[1]) if found else -1, name)
