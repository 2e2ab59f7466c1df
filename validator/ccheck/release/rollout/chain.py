"""The record of a rollout: one line for each piece of evidence, each bound to the one before it.

A line is JSON with the SHA-256 of the line before; the first is the plan. A line that is changed, left out,
or put in another order breaks the chain. The latest digest detects a truncated end. Signatures detect a
rewritten chain: each line may have one, over all of its contents.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccheck.files.atomic_write import Busy, held, write_whole
from ccheck.files.regular_file import TooLarge, read_regular_file
from ccheck.release.rollout.plan import Plan, PlanError
from ccheck.text import strict_json
from ccheck.text.quoting import did_you_mean

if TYPE_CHECKING:
    # A record that nobody signs does without the packages that sign.
    from ccheck.release.rollout.signature import Sign, Trust

MOST_BYTES = 16 << 20
START = "0" * 64
SIGNATURES = "signatures"
EARLIEST, LATEST = 1970, 9000
"""Years that health is reported of. What is calculated of them is a time, too."""


class ChainError(Exception):
    """A record that cannot be trusted, or written. It says why."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a ring's hosts report.

    Attributes:
        begun: When the ring got the release.
        until: When this was counted.
        hosts: The hosts of the ring.
        reporting: The hosts that reported since.
        crashed: The hosts that stopped at least once.
        looping: The hosts that do not come up.
    """

    ring: str
    begun: datetime
    until: datetime
    hosts: int
    reporting: int
    crashed: int
    looping: int

    @classmethod
    def from_json(cls, read: Mapping[str, Any], ring: str) -> Health:
        """Health from plain values.

        Raises:
            ChainError: A value is missing or impossible.
        """
        wanted = ("begun", "until", "hosts", "reporting", "crashed", "looping")
        missing = [key for key in wanted if key not in read]
        if missing:
            raise ChainError(f"not a health report: without {', '.join(missing)}")
        try:
            numbers = {key: read[key] for key in ("hosts", "reporting", "crashed", "looping")}
            begun, until = datetime.fromisoformat(read["begun"]), datetime.fromisoformat(read["until"])
        except (KeyError, TypeError, ValueError) as fault:
            raise ChainError(f"not a health report: {fault}") from fault
        if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in numbers.values()):
            raise ChainError("not a health report: counts are whole numbers from 0")
        if read.get("ring", ring) != ring:
            raise ChainError(f"the health report is of ring {read['ring']!r}, not {ring!r}")
        if begun.tzinfo is None or until.tzinfo is None:
            raise ChainError("times need a time zone, as in 2026-11-22T12:00:00+00:00")
        if begun.year < EARLIEST or until.year > LATEST:
            raise ChainError(f"the health report is of no year from {EARLIEST} to {LATEST}")
        if until < begun:
            raise ChainError("the health report ends before it begins")
        health = cls(ring, begun, until, **numbers)
        if not health.hosts or health.reporting > health.hosts or health.crashed > health.reporting:
            raise ChainError(
                f"{health.reporting} of {health.hosts} hosts report and {health.crashed} of those crashed: "
                "that cannot be"
            )
        if health.looping > health.hosts:
            raise ChainError(f"{health.looping} of {health.hosts} hosts loop: that cannot be")
        return health

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "ring": self.ring,
            "begun": self.begun.isoformat(),
            "until": self.until.isoformat(),
            "hosts": self.hosts,
            "reporting": self.reporting,
            "crashed": self.crashed,
            "looping": self.looping,
        }


@dataclass(frozen=True, slots=True)
class RingRecord:
    """A record that was read whole and whose chain is valid; `head` is the digest of its last line."""

    plan: Plan
    health: tuple[Health, ...]
    head: str


def begin(path: Path, plan: Plan, sign: Sign | None = None) -> str:
    """Write a new record with its plan; returns the digest of the line.

    Raises:
        ChainError: There is a record already.
    """
    line = _line(START, "plan", plan.to_json(), sign)
    with _held(path):
        if path.exists():
            raise ChainError(f"{path} is there already: a plan is made once")
        write_whole(path, f"{line}\n".encode())
    return _digest(line)


def append(path: Path, health: Health, sign: Sign | None = None) -> str:
    """Add a ring's evidence; returns the digest of the line.

    Raises:
        ChainError: The record cannot be extended.
    """
    with _held(path):
        lines = _lines(path)
        record = _record(path, lines, None)
        if health.ring not in {ring.name for ring in record.plan.rings}:
            names = [ring.name for ring in record.plan.rings]
            near = did_you_mean(health.ring, names)
            raise ChainError(f"the plan has no ring {health.ring!r}; it has {', '.join(names)}{near}")
        line = _line(record.head, "health", health.to_json(), sign)
        write_whole(path, "".join(f"{one}\n" for one in (*lines, line)).encode())
        return _digest(line)


def read(path: Path, head: str | None = None, trust: Trust | None = None) -> RingRecord:
    """Read a record and check its chain.

    Args:
        path: The path of the file.
        head: The digest that its last line must have.
        trust: Verifies the signature of each line.

    Raises:
        ChainError: The chain is broken, or cannot be trusted.
    """
    record = _record(path, _lines(path), trust)
    if head is not None and head != record.head:
        raise ChainError(f"{path} ends with {record.head}, not with {head}: its end was changed or cut off")
    return record


def _lines(path: Path) -> list[str]:
    try:
        return read_regular_file(path, MOST_BYTES).decode("utf-8").splitlines()
    except TooLarge as fault:
        raise ChainError(f"{path} is larger than a record may be") from fault
    except OSError as fault:
        raise ChainError(f"{path}: {fault.strerror}") from fault
    except ValueError as fault:
        raise ChainError(f"{path}: {fault}") from fault


def _record(path: Path, lines: list[str], trust: Trust | None) -> RingRecord:
    plan: Plan | None = None
    health: list[Health] = []
    before = START
    for number, line in enumerate(lines, 1):
        try:
            entry = strict_json.loads(line)
            kind, previous, content = entry["kind"], entry["previous"], entry["content"]
            if trust is not None:
                _look(trust, entry)
            if previous != before:
                raise ChainError("it does not follow the line before it: the record was changed")
            if kind == "plan" and number == 1:
                plan = Plan.from_json(content)
            elif kind == "health" and plan is not None:
                health.append(Health.from_json(content, str(content["ring"])))
            else:
                raise ChainError(f"a line of kind {kind!r} does not belong here")
        except (ValueError, KeyError, TypeError, RecursionError, ChainError, PlanError) as fault:
            raise ChainError(f"{path}, line {number}: {fault}") from fault
        before = _digest(line)
    if plan is None:
        raise ChainError(f"{path} has no plan")
    return RingRecord(plan, tuple(health), before)


def _look(trust: Trust, entry: dict[str, Any]) -> None:
    """Verify the signature of a line, over all of its other contents.

    Raises:
        ChainError: The signature is wrong.
    """
    from ccheck.release.verdict.envelope import NotTrusted

    try:
        trust(_text({key: value for key, value in entry.items() if key != SIGNATURES}), entry.get(SIGNATURES))
    except NotTrusted as wrong:
        raise ChainError(str(wrong)) from wrong


def _line(previous: str, kind: str, content: Mapping[str, Any], sign: Sign | None) -> str:
    entry: dict[str, Any] = {"previous": previous, "kind": kind, "content": content}
    if sign is not None:
        entry[SIGNATURES] = sign(_text(entry))
    return _text(entry).decode()


def _text(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True, ensure_ascii=True).encode()


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Lock the record: of two writers at once one would lose a line, so the second gets an error.

    Raises:
        ChainError: Another process writes, or the record cannot be written.
    """
    try:
        with held(path):
            yield
    except Busy as busy:
        raise ChainError(str(busy)) from busy
    except OSError as fault:
        raise ChainError(f"{path}: {fault.strerror}") from fault
