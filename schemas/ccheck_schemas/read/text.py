"""Decode text strictly: encoding, terminator, padding."""

from __future__ import annotations

from ccheck_schemas.fault import FaultDetails
from ccheck_schemas.fault_details import PaddingNotZero, TextMalformed, TextNotTerminated
from ccheck_schemas.layout import tree
from ccheck_schemas.read.collector import FaultCollector
from ccheck_schemas.record import Record
from ccheck_schemas.vocabulary.content import find

Flaw = tuple[FaultDetails, tuple[int, int]]
"""What is wrong with a text, and the bytes to report."""


def decode(
    collector: FaultCollector, node: tree.Text, record: Record, name: str, at: int, length: int
) -> str | None:
    """Decodes text, and reports what is wrong with it.

    Args:
        collector: The fault collector of the reading.
        node: The text, as the schema has it.
        record: The record that has the field.
        name: The name of the field.
        at: The offset of the text. Its bytes, and the NUL after them, are inside the file.
        length: Its bytes.

    Returns:
        The text; None if it is malformed.
    """
    text, flaws = taken(node, collector.data, at, length)
    for details, place in flaws:
        collector.fault(details, record, name, place)
    return text


def taken(node: tree.Text, data: bytes, at: int, length: int) -> tuple[str | None, list[Flaw]]:
    """Decodes text.

    Args:
        node: The text, as the schema has it.
        data: The whole file.
        at: The offset of the text.
        length: Its bytes.

    Returns:
        The text, None if it is malformed, and what is wrong with it.
    """
    flaws: list[Flaw] = []
    unit = node.unit
    end = at + length
    raw = data[at:end]
    nul = find(raw, bytes(unit), unit)
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
