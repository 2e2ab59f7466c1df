"""The tables of what was measured, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.kaitai.compare import Comparison
from bench.kaitai.imports import CRASHED, HUNG, PART, REFUSED, VERDICTS, WHOLE, Imported
from bench.kaitai.official import OfficialReading
from bench.kaitai.own import UNOWNED, OwnReading

BOTH, ALONE_REFUSED, ALONE_PASSED = "both read", "ccheck alone refuses", "ccheck alone passes"
NEITHER, NO_PARSER = "neither reads", "no official parser"
GROUPS = (BOTH, ALONE_REFUSED, ALONE_PASSED, NEITHER, NO_PARSER)

MOST_REASONS = 40
"""Lines of reasons, unless all are listed."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A file as both readers read it.

    Attributes:
        file: The file.
        official: The official parser's reading.
        own: That of ccheck.
        comparison: Their values.
    """

    file: Path
    official: OfficialReading
    own: OwnReading
    comparison: Comparison

    @property
    def group(self) -> str:
        """One of `GROUPS`."""
        if not self.official.made:
            return NO_PARSER
        if not self.official.error:
            return BOTH if self.own.passes else ALONE_REFUSED
        return ALONE_PASSED if self.own.passes else NEITHER


@dataclass(slots=True)
class Result:
    """All that is known of a description.

    Attributes:
        imported: What the importer made of it.
        not_compiled: Why the official compiler does not take it.
        samples: Its files.
    """

    imported: Imported
    not_compiled: str = ""
    samples: list[Sampled] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self.imported.verdict == WHOLE


class _Read(NamedTuple):
    """A file of a description."""

    result: Result
    sampled: Sampled

    @property
    def name(self) -> str:
        return f"{self.result.imported.name}, {self.sampled.file.name}"


def failed(results: Iterable[Result]) -> bool:
    """Returns whether a value differs or is lost silently, or something crashed or hung."""
    return any(
        result.imported.verdict in (CRASHED, HUNG)
        or any(one.comparison.different or one.comparison.lost or one.own.crashed for one in result.samples)
        for result in results
    )


def lines(title: str, results: list[Result], missing: str, everything: bool) -> Iterator[str]:
    """The tables of one folder of descriptions.

    Args:
        title: What it is called.
        results: Its descriptions, in order.
        missing: Why no values were compared; empty if they were.
        everything: Whether to name each description, and all reasons.
    """
    yield f"{title}: {len(results)} descriptions"
    if everything:
        yield from _listed(results)
    yield from _imports(results)
    yield from _reasons(results, everything)
    if missing:
        yield f"values: not compared, because {missing}"
        yield from ("  compared    –", "  different   –", "  lost        –", "files: –")
        return
    yield from _refusals(results)
    yield from _values(results)
    yield from _files(results)


def _listed(results: list[Result]) -> Iterator[str]:
    for result in results:
        reasons = "; ".join(result.imported.reasons)
        yield f"  {result.imported.verdict:8}  {result.imported.name}" + (f"  {reasons}" if reasons else "")


def _imports(results: list[Result]) -> Iterator[str]:
    counts = Counter(result.imported.verdict for result in results)
    yield "imports"
    for verdict in VERDICTS:
        share = f"  {100 * counts[verdict] / len(results):5.1f} %" if results else ""
        yield f"  {verdict:9} {counts[verdict]:5}{share}"
    for result in results:
        if result.imported.verdict in (CRASHED, HUNG):
            yield f"  {result.imported.name} {result.imported.verdict}: {result.imported.reasons[0]}"


def _reasons(results: list[Result], everything: bool) -> Iterator[str]:
    """What is left out, and why descriptions are refused, the most frequent first."""
    for verdict, title in (
        (PART, "left out, by descriptions (and where it is the only reason)"),
        (REFUSED, "refused"),
    ):
        chosen = [result.imported.reasons for result in results if result.imported.verdict == verdict]
        every = Counter(reason for reasons in chosen for reason in reasons)
        alone = Counter(reasons[0] for reasons in chosen if len(reasons) == 1)
        if not every:
            continue
        yield title
        ordered = sorted(every, key=lambda reason: (-every[reason], reason))
        for reason in ordered if everything else ordered[:MOST_REASONS]:
            yield f"  {every[reason]:4} {f'({alone[reason]})':>5}  {reason}"
        if not everything and len(ordered) > MOST_REASONS:
            yield f"  {len(ordered) - MOST_REASONS} more reasons: --list"


def _refusals(results: list[Result]) -> Iterator[str]:
    """Where importer and official compiler disagree on what a description is."""
    taken = [result for result in results if not result.not_compiled]
    yield f"official compiler: takes {len(taken)} of {len(results)}"
    for result in results:
        name, refused = result.imported.name, result.imported.verdict == REFUSED
        if refused and not result.not_compiled:
            yield f"  taken by it, and refused by ccheck: {name}: {result.imported.reasons[0]}"
        elif not refused and result.not_compiled:
            verdict = result.imported.verdict
            yield f"  refused by it, and {verdict} by ccheck: {name}: {result.not_compiled[:100]}"


def _values(results: list[Result]) -> Iterator[str]:
    yield f"{'values':14}{'whole':>10}{'in part':>10}"
    sides = [[one for r in results if r.whole is whole for one in r.samples] for whole in (True, False)]
    for title, of in (
        ("compared", lambda c: c.compared),
        ("different", lambda c: len(c.different)),
        ("lost", lambda c: sum(number for _, _, number in c.lost)),
        ("not compared", lambda c: c.not_compared.total()),
    ):
        yield f"  {title:12}" + "".join(f"{sum(of(one.comparison) for one in side):10,}" for side in sides)
    for reason in sorted(
        {reason for side in sides for one in side for reason in one.comparison.not_compared}
    ):
        sums = [sum(one.comparison.not_compared[reason] for one in side) for side in sides]
        yield "    " + " " * 10 + "".join(f"{total:10,}" for total in sums) + f"  {reason}"
    for result in results:
        for one in result.samples:
            where = f"{result.imported.name}, {one.file.name}"
            for path, official, own in one.comparison.different[:10]:
                yield f"  different: {where}: {path}: {official}, ccheck has {own}"
            if len(one.comparison.different) > 10:
                yield f"  different: {where}: {len(one.comparison.different) - 10} more"
            for path, value, _ in one.comparison.lost[:10]:
                yield f"  lost: {where}: {path}: {value}"
            if len(one.comparison.lost) > 10:
                yield f"  lost: {where}: {len(one.comparison.lost) - 10} more"


def _files(results: list[Result]) -> Iterator[str]:
    """Who reads which file, and what is said of those that one of the two alone reads."""
    groups: dict[str, tuple[list[_Read], list[_Read]]] = {name: ([], []) for name in GROUPS}
    for result in results:
        for one in result.samples:
            groups[one.group][0 if result.whole else 1].append(_Read(result, one))
    sampled = sum(bool(result.samples) for result in results)
    yield f"{'files':22}{'whole':>8}{'in part':>10}    of {sampled} descriptions; the others have no sample"
    for group, (whole, part) in groups.items():
        yield f"  {group:20}{len(whole):8}{len(part):10}"
    refused = groups[ALONE_REFUSED][0]
    checks = Counter(", ".join(read.sampled.own.checks) or "no answer" for read in refused)
    for check in sorted(checks, key=lambda name: (-checks[name], name)):
        yield f"    {checks[check]:4} of a whole description refused by ccheck alone: {check}"
    for read in refused:
        if read.sampled.own.checks != (UNOWNED,):
            yield f"  refused: {read.name}: {read.sampled.own.finding}"
    for side, title in zip(groups[ALONE_PASSED], ("passed", "passed, in part"), strict=True):
        yield from (f"  {title}: {read.name}: official: {read.sampled.official.error}" for read in side)
    for side in groups[NO_PARSER]:
        yield from (
            f"  no official parser: {read.name}: {read.sampled.official.error[:100]}" for read in side
        )
    for result in results:
        for one in result.samples:
            if one.own.crashed:
                yield f"  crashed: {_Read(result, one).name}: {one.own.finding}"
