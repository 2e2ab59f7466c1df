"""Text out of bytes, strictly: encoding, terminator, padding."""

from __future__ import annotations

from ccheck_schemas import meaning as m
from ccheck_schemas.ledger import Ledger
from ccheck_schemas.record import Record


def decode(ledger: Ledger, node: m.Text, record: Record, name: str, at: int, length: int) -> str | None:
    """The text at `at`, whose bytes (and the NUL behind) are inside the file; None when it is malformed."""
    unit = node.unit
    end = at + length
    raw = ledger.data[at:end]
    nul = _nul(raw, unit)
    if node.terminator == "behind":
        if any(ledger.data[end : end + unit]):
            ledger.fault("text-not-terminated", record, name, (end, end + unit))
        if nul is not None and not node.lists:
            place = (at + nul, at + nul + unit)
            ledger.fault("text-malformed", record, name, place, reason="a NUL inside the text")
            return None
    elif node.terminator == "inside":
        if nul is None:
            ledger.fault("text-not-terminated", record, name, (at, end))
        else:
            tail = raw[nul:].lstrip(b"\0")
            if tail:
                first = end - len(tail)
                ledger.fault("padding-not-zero", record, name, (first, first + len(tail.rstrip(b"\0"))))
            raw = raw[:nul]
    if len(raw) % unit:
        reason = f"{len(raw)} bytes are not whole characters"
        ledger.fault("text-malformed", record, name, (at, at + len(raw)), reason=reason)
        return None
    try:
        return raw.decode(node.encoding)
    except UnicodeDecodeError as bad:
        reason = f"not {node.encoding}: {bad.reason}"
        ledger.fault("text-malformed", record, name, (at + bad.start, at + bad.end), reason=reason)
        return None


def _nul(raw: bytes, unit: int) -> int | None:
    """The offset of the first NUL character, or None."""
    at = raw.find(bytes(unit))
    while at >= 0 and at % unit:
        at = raw.find(bytes(unit), at + 1)
    return at if at >= 0 else None
