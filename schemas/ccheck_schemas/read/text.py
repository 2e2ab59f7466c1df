"""Text out of bytes, strictly: encoding, terminator, padding."""

from __future__ import annotations

from ccheck_schemas import meaning as m
from ccheck_schemas.fault import FaultDetails
from ccheck_schemas.fault_details import PaddingNotZero, TextMalformed, TextNotTerminated
from ccheck_schemas.read.collector import FaultCollector
from ccheck_schemas.record import Record

Flaw = tuple[FaultDetails, tuple[int, int]]
"""What is wrong with a text, and the bytes to blame."""


def decode(
    collector: FaultCollector, node: m.Text, record: Record, name: str, at: int, length: int
) -> str | None:
    """The text at `at`, whose bytes (and the NUL behind) are inside the file; None when it is malformed. What
    is wrong with it is noted at a field of a record.
    """
    text, flaws = taken(node, collector.data, at, length)
    for details, place in flaws:
        collector.fault(details, record, name, place)
    return text


def taken(node: m.Text, data: bytes, at: int, length: int) -> tuple[str | None, list[Flaw]]:
    """The text at `at`, None when it is malformed, and what is wrong with it."""
    flaws: list[Flaw] = []
    unit = node.unit
    end = at + length
    raw = data[at:end]
    nul = _nul(raw, unit)
    if node.terminator == "behind":
        if any(data[end : end + unit]):
            flaws.append((TextNotTerminated(), (end, end + unit)))
        if nul is not None and not node.lists:
            flaws.append((TextMalformed("a NUL inside the text"), (at + nul, at + nul + unit)))
            return None, flaws
    elif node.terminator == "inside":
        if nul is None:
            flaws.append((TextNotTerminated(), (at, end)))
        else:
            tail = raw[nul:].lstrip(b"\0")
            if tail:
                first = end - len(tail)
                flaws.append((PaddingNotZero(), (first, first + len(tail.rstrip(b"\0")))))
            raw = raw[:nul]
    if len(raw) % unit:
        reason = f"{len(raw)} bytes are not whole characters"
        flaws.append((TextMalformed(reason), (at, at + len(raw))))
        return None, flaws
    try:
        return raw.decode(node.encoding), flaws
    except UnicodeDecodeError as bad:
        reason = f"not {node.encoding}: {bad.reason}"
        flaws.append((TextMalformed(reason), (at + bad.start, at + bad.end)))
        return None, flaws


def _nul(raw: bytes, unit: int) -> int | None:
    """The offset of the first NUL character, or None."""
    at = raw.find(bytes(unit))
    while at >= 0 and at % unit:
        at = raw.find(bytes(unit), at + 1)
    return at if at >= 0 else None
