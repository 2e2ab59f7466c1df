"""What a crash, a bad disk or a rollback leaves of the release.

Every build must refuse it or fall back, and the validator must refuse whatever is not the old file or the new
one. Where a format has no other end than that of the file, a cut between two elements of its list leaves a
shorter file that is whole: nothing in it shows that more was meant. Such a cut is counted, and is no failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from ccheck.core.finding import FileReport
from ccheck.core.subject import Subject
from ccheck.formats.exercise.outcome import Exercise, ExerciseError, Outcome, RunInputs
from ccheck.judging.judge import judge
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.release import ReleaseFile
from ccheck.release.gate.result import Stage, concluded
from ccheck.release.gate.stages.damage import Damaged, damages
from ccheck.text.quoting import counted
from ccheck_schemas.layout import tree
from ccheck_schemas.record import is_records

MOST_BLOCKS = 1000
"""Parts of a file at which it is cut, besides its sectors."""


def run(context: GateContext) -> Stage:
    """Damage each file in every way that fits the budget."""
    failures: list[str] = []
    gaps: list[str] = []
    shorter: list[str] = []
    kinds: Counter[str] = Counter()
    runs = 0
    builds: set[str] = set()
    budget = context.policy.budgets["faults"]
    for file in context.files:
        subject = context.subjects[file.identity.name]
        if subject.problem is not None:
            gaps.append(f"{file.identity.name}: examining the file failed: {subject.detail}")
            continue
        schema = subject.schema
        exercise = None if schema is None else context.validation.exercise(schema)
        if schema is None or exercise is None:
            gaps.append(f"{file.identity.name}: no interpreter can say what a driver would do with it")
            continue
        old = context.before(file)
        try:
            given = context.given(schema, None if old is None else old.data)
        except ExerciseError as wrong:
            gaps.append(f"{file.identity.name}: {wrong}")
            continue
        seen = {file.data}
        ends = _ends(subject)
        for damaged in damages(file.data, file.base, None if old is None else old.data, _blocks(subject)):
            if damaged.kind != "renamed" and damaged.data in seen:
                continue
            if kinds.total() >= budget:
                # The others are not even created: a large file has too many to count.
                gaps.append(f"{file.identity.name}: the budget of {budget:,} damaged files is spent")
                break
            seen.add(damaged.data)
            kinds[damaged.kind] += 1
            tried = _tried(context, file, old, damaged, exercise, given, ends)
            runs += len(tried.asked)
            builds |= set(tried.asked)
            place = f"{file.identity.name}, {damaged.what}"
            failures += [f"{place}: {one}" for one in tried.failures]
            gaps += [f"{place}: {one}" for one in tried.gaps]
            if tried.is_whole:
                shorter.append(f"{place}: between two elements, a shorter file that is whole")
    examined = {
        "damaged files": kinds.total(),
        "builds": len(builds),
        "runs": runs,
        **dict(sorted(kinds.items())),
    }
    summary = (
        f"{counted(kinds.total(), 'damaged file')}: no build trapped in {counted(runs, 'run')},"
        " and none accepted a damaged file"
    )
    if shorter:
        summary += f"; {counted(len(shorter), 'cut')} between elements left a shorter file that is whole"
    details = {"shorter": shorter} if shorter else {}
    return concluded("faults", examined, summary=summary, failures=failures, gaps=gaps, details=details)


def _ends(subject: Subject) -> frozenset[int]:
    """Returns where the file could end as well: where elements begin of a list that ends with the file."""
    if subject.reading is None or subject.schema is None:
        return frozenset()
    values = subject.reading.root.values
    lists = (
        values.get(field.name)
        for field in subject.schema.layout.fields
        if isinstance(field.node, tree.UpToEnd)
    )
    return frozenset(record.offset for found in lists if is_records(found) for record in found)


def _blocks(subject: Subject) -> tuple[int, ...]:
    """The offsets of the file's parts, as far as its schema read it."""
    return tuple(islice(_offsets(subject), MOST_BLOCKS))


@dataclass(frozen=True, slots=True)
class _Tried:
    """The results for one damaged file.

    Attributes:
        asked: The builds that ran it.
        is_whole: Whether it is a shorter file that the format allows.
    """

    failures: list[str]
    gaps: list[str]
    asked: tuple[str, ...] = ()
    is_whole: bool = False


def _tried(
    context: GateContext,
    file: ReleaseFile,
    old: ReleaseFile | None,
    damaged: Damaged,
    exercise: Exercise,
    given: RunInputs,
    ends: frozenset[int],
) -> _Tried:
    genuine = damaged.data == file.data or (old is not None and damaged.data == old.data)
    failures = []
    passes = not genuine and _report(context, damaged).verdict == "pass"
    is_whole = passes and damaged.kind == "truncated" and len(damaged.data) in ends
    if passes and not is_whole:
        failures.append("the validator passes it")
    try:
        outcomes = _asked(exercise(damaged.data, given).outcomes, given)
    except ExerciseError as wrong:
        return _Tried(failures, [f"it cannot be run: {wrong}"])
    if not outcomes:
        return _Tried(failures, ["no build could be asked what it does with it"])
    # That other readers would read on past a cut is no fault of the content, as long as they do no harm.
    field = {build.name for build in given.builds}
    for outcome in outcomes:
        took = outcome.refusal is None and outcome.saved_by is None
        if outcome.trap is not None:
            failures.append(f"{outcome.consumer} traps: {outcome.trap.kind}, {outcome.trap.path}")
        elif took and not genuine and not is_whole and outcome.consumer in field:
            failures.append(f"{outcome.consumer} accepts it")
    return _Tried(failures, [], tuple(outcome.consumer for outcome in outcomes), is_whole)


def _report(context: GateContext, damaged: Damaged) -> FileReport:
    subject = context.subject(damaged.data, damaged.name)
    return judge(subject, damaged.name, context.validation.checks, context.validation.policy)


def _asked(outcomes: tuple[Outcome, ...], given: RunInputs) -> list[Outcome]:
    """The builds of the field; for a format whose builds are not listed, the checking reader.

    The other reader shows what checks are for.
    """
    names = {build.name for build in given.builds}
    listed = [outcome for outcome in outcomes if outcome.consumer in names]
    return listed or [outcome for outcome in outcomes if outcome.checks_bounds]


def _offsets(subject: Subject) -> Iterator[int]:
    """The offsets of the records right below the top."""
    for value in () if subject.reading is None else subject.reading.root.values.values():
        if is_records(value):
            yield from (record.offset for record in value)
