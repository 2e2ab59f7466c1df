"""Grow a valid file from nothing: the smallest form of the schema's records, repaired finding by finding.

The validator reports bytes. The numbers there, and next to them, get other values: those that their meaning
allows, those that the definitions and the driver builds name, small ones, those of other records; records are
added and removed. An edit that brings the file nearer to a pass is kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from ccheck.core.finding import FileReport, Finding
from ccheck.judging.context import ValidationContext
from ccheck_fuzz.corpus.judged import Judged
from ccheck_fuzz.model import Draft, Model, opened
from ccheck_fuzz.mutate import Context
from ccheck_fuzz.mutate.interesting_values import InterestingValues
from ccheck_fuzz.mutate.place import Site, with_value
from ccheck_fuzz.mutate.records import kind_furnished, record_doubled, record_dropped
from ccheck_schemas.model import DERIVED, NoAllowedNumber, RecordType, Role, minimal_file
from ccheck_schemas.schema import Schema

Score = tuple[int, ...]
"""What is wrong with a file; less is better, nothing but zeros is a clean pass."""

SPROUTS = 80
"""Small files that one attempt begins with; it goes on with the best."""

MOST_LEVEL = 6
"""Edits in a row that make nothing better."""

PATIENCE = 450
"""Files that are judged without one that is better, before an attempt is given up."""

MOST_FINDINGS = 3
"""Findings that one step looks at: the first ones, on which the others may depend."""

SMALL = range(17)
LETTERS = "0A1aBZ9z"


@dataclass(frozen=True, slots=True)
class Grown:
    """The result of growing.

    Attributes:
        data: The file.
        valid: Whether the validator passes it without a finding.
        tries: How many files the validator judged.
        left: The checks that still find something, sorted.
    """

    data: bytes
    valid: bool
    tries: int
    left: tuple[str, ...] = ()


def grow(
    schema: Schema,
    validation: ValidationContext,
    random: Random,
    interesting: InterestingValues | None = None,
    tries: int = 8000,
    wanted: Callable[[bytes], bool] = bool,
    until: float = math.inf,
) -> Grown:
    """Returns a file of a schema that passes; the best one found if none passes.

    The same random numbers give the same file, unless time runs out.

    Args:
        schema: The format.
        validation: What files are judged by.
        random: The source of random numbers.
        interesting: Numbers of the definitions and the builds; without them a search for what they name
            is long.
        tries: The number of files to judge at most.
        wanted: Whether a file is of the requested sort, if a schema has several.
        until: When to stop (`time.monotonic`).
    """
    return _Search(
        Judged(schema, validation), random, interesting or InterestingValues(), tries, wanted, until
    ).run()


class _Search:
    """One search: the best file so far, and the number of files judged."""

    def __init__(
        self,
        judged: Judged,
        random: Random,
        interesting: InterestingValues,
        tries: int,
        wanted: Callable[[bytes], bool],
        until: float,
    ) -> None:
        self.wanted = wanted
        self.until = until
        self.judged = judged
        self.random = random
        self.interesting = interesting
        self.most = tries
        self.tries = 0
        self.other: set[tuple[int, ...]] = set()
        """The sorts of files that passed and were not wanted: no repair makes them wanted."""
        self.stuck: set[frozenset[str]] = set()
        """The checks at which attempts began that came to nothing."""

    def run(self) -> Grown:
        best: tuple[Score, Model, FileReport] | None = None
        while self.tries < self.most:
            found = self.attempt()
            if best is None or found[0] < best[0]:
                best = found
            if not any(best[0]):
                break
        assert best is not None or self.most <= 0  # noqa: S101 - one attempt is always made
        if best is None:
            return Grown(b"", False, 0)
        left = sorted({finding.check for finding in best[2].findings})
        return Grown(best[1].data, not any(best[0]), self.tries, tuple(left))

    def look(self, model: Model) -> tuple[Score, FileReport]:
        """Returns how far a file is from a pass.

        A file of another sort is farther than any of the right one.
        """
        self.tries += 1
        if time.monotonic() > self.until:
            self.most = self.tries
        counts, report = self.judged.badness(model.data)
        wanted = self.wanted(model.data)
        if not wanted and not any(counts):
            self.other.add(_sort(model))
        return (int(not wanted), *counts), report

    def attempt(self) -> tuple[Score, Model, FileReport]:
        """From the best of some small files, uphill as far as it goes.

        Raises:
            NoAllowedNumber: No small file can be made.
        """
        started = []
        refused: NoAllowedNumber | None = None
        for number in range(SPROUTS):
            try:
                data = minimal_file(self.judged.schema.layout, self.random)
            except NoAllowedNumber as none:  # perhaps of a branch that another file does not have
                refused = none
                continue
            model = opened(self.judged.schema, data, repaired=True)
            score, report = self.look(model)
            started.append((score, number, model, report))
            if not any(score) or self.tries >= self.most:
                break
        if refused is not None and not started:
            raise refused
        score, _, model, report = min(
            started,
            key=lambda start: (_sort(start[2]) in self.other, _checks(start[3]) in self.stuck, *start[:2]),
        )
        began = _checks(report)
        level = 0
        since = self.tries
        while any(score) and self.tries < self.most and level <= MOST_LEVEL and self.tries - since < PATIENCE:
            better = self.step(model, report, score)
            if better is None:
                break
            if better[0] == score:
                level += 1
            else:
                level, since = 0, self.tries
            score, model, report = better
        if any(score):
            self.stuck.add(began)
        return score, model, report

    def step(self, model: Model, report: FileReport, score: Score) -> tuple[Score, Model, FileReport] | None:
        """Returns the first better edit, else an equally good one with other findings, else None."""
        seen = {model.data}
        wrong = _messages(report)
        level: list[tuple[Score, Model, FileReport]] = []
        for finding in report.findings[:MOST_FINDINGS]:
            for edited in self.edits(model, finding):
                if edited.data in seen:
                    continue
                seen.add(edited.data)
                now, after = self.look(edited)
                if now < score:
                    return now, edited, after
                if now == score and _messages(after) != wrong and len(edited.data) <= 2 * len(model.data):
                    level.append((now, edited, after))
                if self.tries >= self.most:
                    return None
        return level[int(self.random.random() * len(level))] if level else None

    # -- what might help

    def edits(self, model: Model, finding: Finding) -> Iterator[Model]:
        """Edits of what a finding reports, then of its neighbours, then of whole records."""
        guilty, near = _sites(model, finding)
        for place in guilty:
            yield from self.values(model, place, likely=True)
        yield from self.texts(model, finding)
        yield from self.rows(model, finding)
        for place in near:
            yield from self.values(model, place, likely=True)
        for place in guilty:
            yield from self.values(model, place, likely=False)
        context = Context(self.interesting, (), 1 << 16)
        for mutation in (record_dropped, record_doubled, kind_furnished):
            for _ in range(12):
                made = mutation(model, self.random, context)
                if isinstance(made, Model):
                    yield made

    def values(self, model: Model, place: Site, *, likely: bool) -> Iterator[Model]:
        """Yields other values of one number.

        Args:
            model: The file.
            place: The number.
            likely: Whether to try what its meaning allows, what the definitions name, what is new and what is
                small; else all interesting values.
        """
        number = place.number
        if number.role in DERIVED:
            return
        others = [model.value(start, number) for start in place.population.starts]
        values: tuple[int, ...] = self.interesting.fitting(number)
        if likely:
            fresh = max(others, default=0) + 1
            values = (*number.values, number.low, fresh, *self.interesting.named, *SMALL, number.high)
        for value in dict.fromkeys(values):
            if value != others[place.row] and number.least <= value <= number.most:
                yield with_value(model, place, value)

    def texts(self, model: Model, finding: Finding) -> Iterator[Model]:
        """Yields other texts of fixed size if the finding reports one."""
        for population in model.frame.populations:
            for blob in population.kind.blobs:
                if blob.size is None or blob.exact is not None:
                    continue
                for start in population.starts:
                    at = start + blob.delta
                    if at < finding.offset + max(1, finding.length) and finding.offset < at + blob.size:
                        count = blob.size // blob.unit
                        for first in LETTERS:
                            for second in LETTERS:
                                raw = ((first + second) * count)[:count].encode(blob.encoding or "ascii")
                                yield model.with_bytes(at, raw)

    def rows(self, model: Model, finding: Finding) -> Iterator[Model]:
        """Yields the reported row, or the reported element of a list, left out or doubled."""
        frame = model.frame
        end = finding.offset + max(1, finding.length)
        for population in frame.populations:
            if population.table is None:
                continue
            size = population.kind.size or 1
            for row, start in enumerate(population.starts):
                if start < end and finding.offset < start + size:
                    draft = Draft(model)
                    draft.drop(population.table, row)
                    yield draft.build()
        for tag, chained in frame.lists.items():
            for number, key in enumerate(chained.elements):
                held = [piece.key for piece in frame.pieces if key in piece.path]
                if any(frame.starts[k] < end and finding.offset < frame.ends[k] for k in held):
                    draft = Draft(model)
                    draft.prune(tag, number)
                    yield draft.build()


def _sort(model: Model) -> tuple[int, ...]:
    """Of which sort a file says that it is: the kinds in its first record."""
    return tuple(
        model.value(population.starts[0], number)
        for population in model.frame.populations[:1]
        for number in population.kind.numbers
        if number.role is Role.ENUM
    )


def _checks(report: FileReport) -> frozenset[str]:
    """Returns the checks that find something."""
    return frozenset(finding.check for finding in report.findings)


def _messages(report: FileReport) -> set[tuple[str, str, str]]:
    """Returns what is wrong with a file, in words."""
    return {(finding.check, finding.path, finding.message) for finding in report.findings}


def _sites(model: Model, finding: Finding) -> tuple[list[Site], list[Site]]:
    """Returns the numbers that a finding reports, and the others of their records."""
    guilty: list[Site] = []
    near: list[Site] = []
    end = finding.offset + max(1, finding.length)
    for population in model.frame.populations:
        size = _size(population.kind)
        for row, start in enumerate(population.starts):
            if not (start < end and finding.offset < start + size):
                continue
            for number in population.kind.numbers:
                at = start + number.delta
                blamed = at < end and finding.offset < at + number.packer.size
                (guilty if blamed else near).append(Site(population, row, start, number))
    # The first record describes the whole file, so its numbers may be what is wrong.
    first = model.frame.populations[:1]
    near += [Site(p, 0, p.starts[0], number) for p in first for number in p.kind.numbers]
    return guilty, near


def _size(kind: RecordType) -> int:
    return kind.size or 0
