"""The record of a rollout: one line for each piece of evidence, each bound to the one before it.

A line is JSON with the SHA-256 of the line before; the first is the plan. What is changed, left out, or put
in another order breaks the chain. An end that was cut off is noticed by who keeps the latest digest. Who
could write the whole chain anew is kept out by signatures: each line may have one, over all that is in it.
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
    """What a ring's hosts report. begun: when the ring got the release; until: when this was counted.

    hosts: of the ring. reporting: that said anything since. crashed: that stopped at least once. looping:
    that do not come up.
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
        """Health out of plain values. Raises ChainError for what is missing or cannot be."""
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
class Record:
    """A record that was read whole and whose chain holds. head: the digest of its last line."""

    plan: Plan
    health: tuple[Health, ...]
    head: str


def begin(path: Path, plan: Plan, sign: Sign | None = None) -> str:
    """Write a new record with its plan; the digest of the line. Raises ChainError where there is one."""
    line = _line(START, "plan", plan.to_json(), sign)
    with _held(path):
        if path.exists():
            raise ChainError(f"{path} is there already: a plan is made once")
        write_whole(path, f"{line}\n".encode())
    return _digest(line)


def append(path: Path, health: Health, sign: Sign | None = None) -> str:
    """Add a ring's evidence; the digest of the line. Raises ChainError."""
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


def read(path: Path, head: str | None = None, trust: Trust | None = None) -> Record:
    """Read a record and check its chain. head: the digest that its last line must have. trust: looks at the
    signature of each line. Raises ChainError.
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


def _record(path: Path, lines: list[str], trust: Trust | None) -> Record:
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
    return Record(plan, tuple(health), before)


def _look(trust: Trust, entry: dict[str, Any]) -> None:
    """Look at the signature of a line, over all that is in it besides. Raises ChainError."""
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
    """Two writers at once would lose one line: the second is told so.

    Raises ChainError, also for a record that cannot be written.
    """
    try:
        with held(path):
            yield
    except Busy as busy:
        raise ChainError(str(busy)) from busy
    except OSError as fault:
        raise ChainError(f"{path}: {fault.strerror}") from fault
