"""Where content ends inside the bytes of a field."""

from __future__ import annotations


def content_end(raw: bytes, terminator: bytes, pad: int | None, unit: int, *, include: bool) -> int:
    """Returns how many of a field's bytes are its content.

    Args:
        raw: The bytes of the field.
        terminator: The bytes that end the content; empty for none.
        pad: A byte that is stripped from the end before the terminator is searched, unless it is the
            terminator; None for none.
        unit: Bytes of one code unit.
        include: Whether the terminator is part of the content.
    """
    end = len(raw)
    if pad is not None and terminator != bytes([pad]):
        end = len(raw.rstrip(bytes([pad])))
        end = min(len(raw), end + -end % unit)
    if terminator:
        at = find(raw[:end], terminator, unit)
        if at is not None:
            end = at + (len(terminator) if include else 0)
    return end


def find(raw: bytes, terminator: bytes, unit: int) -> int | None:
    """Returns the offset of a terminator; None without one.

    A terminator of whole code units is found at multiples of them.
    """
    step = unit if len(terminator) % unit == 0 else 1
    at = raw.find(terminator)
    while at >= 0 and at % step:
        at = raw.find(terminator, at + 1)
    return at if at >= 0 else None
