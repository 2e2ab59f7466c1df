"""What the stages of a gate are given: the release as it was read, what it is judged by, and what running it
gave, worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ccheck.config.gate_policy import GatePolicy
from ccheck.core.finding import FileReport
from ccheck.core.subject import Subject
from ccheck.formats.exercise.evidence import Evidence, Gather, plain
from ccheck.formats.exercise.outcome import ExerciseError, RunInputs
from ccheck.formats.registry import FORMATS, named
from ccheck.judging.crash import ExaminationCrashed, crashed, crashed_subject, examination
from ccheck.judging.judge import examine, judge
from ccheck.judging.judgement import Judgement
from ccheck.release.baseline import Baseline
from ccheck.release.gate.release import Taken
from ccheck.release.gate.result import Stage
from ccheck.run.batch import cores
from ccheck.run.batch import examine as examine_files
from ccheck.run.interrupts import Interrupts
from ccheck_schemas.schema import Schema


@dataclass(frozen=True)
class Ran:
    """What running one file gave: evidence, or a problem that leaves its stages incomplete, or both."""

    taken: Taken
    evidence: Evidence | None
    problem: str = ""


@dataclass(frozen=True)
class Case:
    """One release before the gate.

    judgement: without a fast path, so that every check is made. last_good: the release before, empty where
    none was named. baseline: None where none was named. baseline_problem: why it could not be read.
    skipped: stages that the policy wants, and that are not run this time. again: makes the same judgement in
    another process.
    """

    name: str
    files: tuple[Taken, ...]
    judgement: Judgement
    policy: GatePolicy
    last_good: tuple[Taken, ...] = ()
    baseline: Baseline | None = None
    baseline_problem: str = ""
    skipped: frozenset[str] = frozenset()
    again: Callable[[], Judgement] | None = None

    @cached_property
    def subjects(self) -> Mapping[str, Subject]:
        """Each file as its schema reads it, by name."""
        return {taken.file.name: self._subject(taken) for taken in self.files}

    @cached_property
    def reports(self) -> tuple[FileReport, ...]:
        """What the validator says of each file."""
        if self._isolated is not None:
            return self._isolated
        return tuple(self._report(taken) for taken in self.files)

    @cached_property
    def _isolated(self) -> tuple[FileReport, ...] | None:
        """The reports from worker processes, where code judges that is not ccheck's own; None elsewhere."""
        if self.again is None or not self.judgement.isolated:
            return None
        paths = [taken.file.path for taken in self.files]
        data = {position: taken.data for position, taken in enumerate(self.files)}
        found = examine_files(paths, self.again, self.judgement, cores(), Interrupts(), data=data)
        return tuple(report for _, report in found)

    def _subject(self, taken: Taken) -> Subject:
        """One file as its schema reads it. One that crashed the examination before is not read again."""
        for report in self._isolated or ():
            if report.path == taken.file.path and report.crash is not None:
                judgement = self.judgement
                known = named(report.schema) if report.schema and not judgement.schema else None
                schema = judgement.schema if known is None else known.schema
                return crashed_subject(taken.base, taken.data, judgement.setting, schema, (), report.crash)
        return self.subject(taken.data, taken.base)

    def _report(self, taken: Taken) -> FileReport:
        judgement, subject = self.judgement, self.subjects[taken.file.name]
        try:
            with examination():
                return judge(subject, taken.file.path, judgement.checks, judgement.policy)
        except ExaminationCrashed as crash:
            return crashed(
                self._crashed(taken.data, taken.base, crash.detail), taken.file.path, judgement.checks
            )

    def _crashed(self, data: bytes, name: str, detail: str) -> Subject:
        judgement = self.judgement
        return crashed_subject(name, data, judgement.setting, judgement.schema, judgement.schemas, detail)

    @cached_property
    def foreign(self) -> bool:
        """Whether some file is run by an interpreter that is not ccheck's own, which may hang or exit."""
        own = {known.name for known in FORMATS}
        used = {subject.schema.name for subject in self.subjects.values() if subject.schema is not None}
        return self.judgement.own_exercise is not None or not used <= own

    def subject(self, data: bytes, name: str) -> Subject:
        """Bytes, read by the schema that was named or recognised."""
        judgement = self.judgement
        try:
            with examination():
                return examine(data, name, judgement.setting, judgement.schemas, judgement.schema)
        except ExaminationCrashed as crash:
            return self._crashed(data, name, crash.detail)

    def given(self, last_good: bytes | None = None) -> RunInputs:
        """What files are run with: the definitions, and every build that is supported on the day."""
        setting = self.judgement.setting
        listed = setting.consumers
        if len(setting.definitions) > 1:
            raise ExerciseError("a driver loads one definitions file; the project names more")
        return RunInputs(
            definitions=setting.definitions[0].data if setting.definitions else None,
            builds=() if listed is None else listed.supported(setting.on),
            target=setting.target,
            last_good=last_good,
        )

    def before(self, taken: Taken) -> Taken | None:
        """The file of the last good release that this one takes the place of: of the same name, or else the
        last of those whose name differs in its final number alone.
        """
        same = [old for old in self.last_good if old.file.name == taken.file.name]
        family = [old for old in self.last_good if _family(old.file.name) == _family(taken.file.name)]
        found = same or sorted(family, key=lambda old: _number(old.file.name))
        return found[-1] if found else None

    @cached_property
    def ran(self) -> tuple[Ran, ...]:
        """Each file, run under every build, as far as the budget reaches."""
        budget = self.policy.budgets["exercise"]
        spent = 0
        found = []
        for taken in self.files:
            if spent > budget:
                words = f"{taken.file.name}: the budget of {budget:,} steps is spent"
                found.append(Ran(taken, None, words))
                continue
            ran = self._run(taken)
            if ran.evidence is not None:
                spent += sum(outcome.steps for outcome in ran.evidence.exercised.outcomes)
                if spent > budget:
                    words = f"{taken.file.name}: it takes more than the budget of {budget:,} steps"
                    ran = replace(ran, problem=words)
            found.append(ran)
        return tuple(found)

    def ways(self, ran: Ran) -> tuple[tuple[str, str], ...]:
        """The format and each path through its interpreter that a file took."""
        return () if ran.evidence is None else self._of_format(ran, ran.evidence.paths)

    def words(self, ran: Ran) -> tuple[tuple[str, str], ...]:
        """The format and each word of its vocabulary that a file used."""
        return () if ran.evidence is None else self._of_format(ran, ran.evidence.words)

    def gather(self, schema: Schema) -> Gather | None:
        """What runs files of a format for their evidence, where something does: for a format that was named
        by a file, the interpreter that the file brings.
        """
        judgement = self.judgement
        if schema is judgement.schema and judgement.own_exercise is not None:
            return plain(judgement.own_exercise, schema)
        known = named(schema.name)
        return None if known is None else known.gather

    def _of_format(self, ran: Ran, found: Iterable[str]) -> tuple[tuple[str, str], ...]:
        schema = self.subjects[ran.taken.file.name].schema
        return () if schema is None else tuple((schema.name, one) for one in sorted(found))

    def _run(self, taken: Taken) -> Ran:
        subject = self.subjects[taken.file.name]
        if subject.problem is not None:
            return Ran(taken, None, f"{taken.file.name}: examining the file failed: {subject.detail}")
        if subject.schema is None:
            return Ran(taken, None, f"{taken.file.name}: the content is of no known format")
        gather = self.gather(subject.schema)
        if gather is None:
            return Ran(taken, None, f"{taken.file.name}: {subject.schema.name} has no interpreter to run it")
        old = self.before(taken)
        try:
            given = self.given(None if old is None else old.data)
            return Ran(taken, gather(taken.data, subject.content, given))
        except ExerciseError as wrong:
            return Ran(taken, None, f"{taken.file.name}: {wrong}")


StageRun = Callable[[Case], Stage]
"""One stage. It may raise: a stage that crashes is incomplete."""


def _family(name: str) -> str:
    return re.sub(r"[0-9]+(?=(\.[^./]*)?$)", "#", name)


def _number(name: str) -> tuple[int, str]:
    found = re.search(r"([0-9]+)(\.[^./]*)?$", name)
    return (int(found[1]) if found else -1, name)
