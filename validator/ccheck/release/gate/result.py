"""A gate's result for a release, as data: stages, first uses, builds, and the overall verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ccheck.core.finding import RunReport


class Status(StrEnum):
    """How a stage, or the whole gate, ended. Only `pass` is a pass; `off` is a stage that was not wanted."""

    PASS = "pass"  # noqa: S105 - the word of a verdict, not a secret
    FAIL = "fail"
    INCOMPLETE = "incomplete"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a gate.

    Attributes:
        summary: One line.
        examined: How much was looked at, by the kind of thing, such as ``{"files": 2}``.
        details: Plain values for JSON, whose keys are the stage's own; `failures` and `gaps` are lists of one
            line each, if there are any.

    Raises:
        ValueError: It passes but examined nothing.
    """

    name: str
    status: Status
    summary: str
    examined: Mapping[str, int] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.status is Status.PASS and not any(self.examined.values()):
            raise ValueError(f"the stage {self.name} passes, and examined nothing")


def concluded(
    name: str,
    examined: Mapping[str, int],
    *,
    summary: str,
    failures: Sequence[str] = (),
    gaps: Sequence[str] = (),
    details: Mapping[str, Any] | None = None,
) -> Stage:
    """The stage for what was examined: a failure fails it; a gap, or nothing examined, makes it incomplete.

    Args:
        name: The name of the stage.
        examined: How much was looked at, by the kind of thing.
        summary: The summary of a pass.
        failures: What is wrong with the release.
        gaps: What could not be examined.
        details: Plain values for JSON.
    """
    told = dict(details or {})
    if failures:
        told["failures"] = list(failures)
    if gaps:
        told["gaps"] = list(gaps)
    if failures:
        return Stage(name, Status.FAIL, _first(failures), examined, told)
    if gaps:
        return Stage(name, Status.INCOMPLETE, _first(gaps), examined, told)
    if not any(examined.values()):
        return Stage(name, Status.INCOMPLETE, "nothing was examined", examined, told)
    return Stage(name, Status.PASS, summary, examined, told)


def _first(lines: Sequence[str]) -> str:
    more = len(lines) - 1
    return lines[0] if not more else f"{lines[0]} (and {more:,} more)"


@dataclass(frozen=True, slots=True)
class ContentFile:
    """One file of the release.

    Attributes:
        name: Its path below what was named, with `/`.
        path: The path as it was named.
        size: Its size in bytes.
        sha256: The digest of its bytes, in hex.
    """

    name: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Something that no release did before.

    Attributes:
        what: One line, such as ``IPC field 21: first non-wildcard criterion ever``.
        file: The file that does it.
        type: The template type of the criterion; None for a path through the interpreter.
        version: The version of the type.
        field: The field of the criterion, from 0.
        field_name: The name of the field.
        kind: The kind of the criterion.
        path: The path through the interpreter, or None.
        exercised: Builds under which it ran.
        missing: Supported builds under which it should have, and did not; a first use without them has the
            evidence that it needs.
    """

    what: str
    file: str
    type: str | None = None
    version: int | None = None
    field: int | None = None
    field_name: str | None = None
    kind: str | None = None
    path: str | None = None
    exercised: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One criterion kind on one field.

    Attributes:
        kind: The kind.
        used: Whether the release uses it.
        allowed: Whether the definitions allow it.
        matched: Whether a criterion of it matched an event.
        failed: Whether a criterion of it failed an event.
        first: Whether no earlier release used it.
    """

    kind: str
    used: bool
    allowed: bool
    matched: bool
    failed: bool
    first: bool

    @property
    def hole(self) -> bool:
        """Whether the release uses what no event met."""
        return self.used and not (self.matched or self.failed)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One field (from 0) of one template type, with a cell for every criterion kind in the format's order."""

    type: str
    version: int
    field: int
    field_name: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """What one build did with one file of the release.

    Attributes:
        verdict: `crash`, `refuse`, `skip` or `run`.
        trap: The trap in words, or None.
        refusal: The refusal in words, or None.
    """

    file: str
    consumer: str
    platform: str
    verdict: str
    instances: int
    events: int
    steps: int
    skipped: tuple[str, ...] = ()
    trap: str | None = None
    refusal: str | None = None
    saved_by: str | None = None

    @property
    def stopped(self) -> str:
        """Why the build does not run the file as it is, in words; empty if it does."""
        return self.trap or self.refusal or "; ".join(self.skipped)


@dataclass(frozen=True, slots=True)
class UnknownRow:
    """Builds in the field of which nobody stated facts: nothing of the release was compared with them.

    Attributes:
        name: What they are.
        why: Why nothing is stated of them.
        formats: The formats of the release that they read.
    """

    name: str
    why: str
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateResult:
    """The result of one gate.

    Attributes:
        release: The name of the release.
        on: The day of judgement, ISO.
        stages: The stages, in the order in which they ran.
        reports: The validator's reports on the files.
        notes: The release notes, in Markdown.
    """

    release: str
    on: str
    program_version: str
    files: tuple[ContentFile, ...]
    stages: tuple[Stage, ...]
    reports: RunReport
    first_uses: tuple[FirstUse, ...] = ()
    matrix: tuple[MatrixRow, ...] = ()
    profiles: tuple[ProfileRow, ...] = ()
    notes: str = ""
    unknown: tuple[UnknownRow, ...] = ()

    @property
    def verdict(self) -> Status:
        """`pass` only when there are files, some stage is on, and each that is on passed."""
        on = [stage.status for stage in self.stages if stage.status is not Status.OFF]
        if Status.FAIL in on:
            return Status.FAIL
        if not self.files or not on or any(status is not Status.PASS for status in on):
            return Status.INCOMPLETE
        return Status.PASS

    @property
    def slower(self) -> bool:
        """Whether the release passes and uses something for the first time: it is rolled out more slowly."""
        return self.verdict is Status.PASS and bool(self.first_uses)
