"""What a change of the driver builds does to content: changed facts, and new findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ccheck.core.consumers import Consumer, Consumers, Value
from ccheck.core.finding import FileReport, Finding, Severity


@dataclass(frozen=True, slots=True)
class FactChange:
    """One change between two consumers.toml.

    Attributes:
        sign: ``+`` for a new build or fact, ``-`` for one that is gone, ``~`` for one that changed.
        build: The name of the build.
        what: The change, in one line.
    """

    sign: str
    build: str
    what: str


_PROPERTIES = (
    "version",
    "platform",
    "pointer_bits",
    "byte_order",
    "strict_alignment",
    "supported_from",
    "supported_until",
    "formats",
)


def fact_changes(old: Consumers, new: Consumers) -> Iterator[FactChange]:
    """Yields what changed from one consumers.toml to another, build by build."""
    before = {build.name: build for build in old.builds}
    after = {build.name: build for build in new.builds}
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield FactChange("-", name, "is listed no more")
        elif name not in before:
            yield FactChange("+", name, f"is new, supported from {after[name].supported_from}")
        else:
            yield from _of_build(before[name], after[name])
    yield from _unknown_changes(old, new)


def _unknown_changes(old: Consumers, new: Consumers) -> Iterator[FactChange]:
    """Yields what changed of the builds without facts."""
    before = {one.name: one for one in old.unknown}
    after = {one.name: one for one in new.unknown}
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield FactChange("-", name, "is not named as unknown any more")
        elif name not in before:
            formats = ", ".join(after[name].formats)
            yield FactChange("+", name, f"is named as unknown, for {formats}: {after[name].why}")
        else:
            for field in ("why", "formats"):
                was, is_ = getattr(before[name], field), getattr(after[name], field)
                if was != is_:
                    yield FactChange("~", name, f"(unknown) {field}: {_words(was)} → {_words(is_)}")


def _of_build(old: Consumer, new: Consumer) -> Iterator[FactChange]:
    for name in _PROPERTIES:
        was, is_ = getattr(old, name), getattr(new, name)
        if was != is_:
            yield FactChange("~", new.name, f"{name}: {_words(was)} → {_words(is_)}")
    for place in dict.fromkeys((*old.facts, *new.facts)):
        kind, name, key = place
        fact = ".".join(part for part in (kind.value, name, key) if part)
        if place not in new.facts:
            yield FactChange("-", new.name, f"{fact}: was {_words(old.facts[place])}, is not stated any more")
        elif place not in old.facts:
            yield FactChange("+", new.name, f"{fact}: {_words(new.facts[place])}")
        elif old.facts[place] != new.facts[place]:
            yield FactChange("~", new.name, f"{fact}: {_change(old.facts[place], new.facts[place])}")


def _change(old: Value, new: Value) -> str:
    if isinstance(old, tuple) and isinstance(new, tuple):
        gone = [f"-{one}" for one in old if one not in new]
        come = [f"+{one}" for one in new if one not in old]
        return " ".join([*gone, *come]) or "in another order"
    return f"{_words(old)} → {_words(new)}"


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "none" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class ContentChange:
    """What the change does to one file.

    Attributes:
        path: The file, as the user named it.
        new: The errors that it has for the new builds alone.
        gone: The number of errors that it had for the old builds alone.
        fails: Whether it passes for the old builds and not for the new ones.
        gaps: Why the comparison is not whole, in words.
    """

    path: str
    new: tuple[Finding, ...]
    gone: int
    fails: bool
    gaps: tuple[str, ...]


def content_change(old: FileReport, new: FileReport) -> ContentChange:
    """Returns what differs between the reports of one file for the old and for the new builds."""
    before, after = _errors(old.findings), _errors(new.findings)
    failing: dict[tuple[str, str, int], set[tuple[str, str]]] = {}
    for place, finding in before.items():
        failing.setdefault(place[:3], set()).update(_builds(finding))
    fresh = tuple(
        finding
        for place, finding in after.items()
        if place[:3] not in failing or not _builds(finding) <= failing[place[:3]]
    )
    still = {place[:3] for place in after}
    gone = sum(place[:3] not in still for place in before)
    gaps = tuple(said for report in (old, new) for _, said in report.gaps)
    fails = old.verdict == "pass" and new.verdict != "pass"
    return ContentChange(new.path, fresh, gone, fails, tuple(dict.fromkeys(gaps)))


def _builds(finding: Finding) -> set[tuple[str, str]]:
    """Returns the builds that a finding names, each with its fact."""
    return {(one.build, one.fact) for one in finding.related if one.build}


def _errors(findings: Sequence[Finding]) -> dict[tuple[str, str, int, str], Finding]:
    return {
        (one.check, one.path, one.offset, one.message): one
        for one in findings
        if one.severity is Severity.ERROR
    }
