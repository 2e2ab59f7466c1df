"""Numbers that are written in ASCII digits."""

from __future__ import annotations

import struct
from typing import BinaryIO

import construct

from ccheck_schemas.digits import DigitForm
from ccheck_schemas.vocabulary.expression import Context, FieldError


class RawNumber(int):
    """A number that knows the digits that it was read from, so that building gives them back.

    Attributes:
        raw: Its bytes, which are built again.
    """

    raw: bytes

    def __new__(cls, value: int, raw: bytes) -> RawNumber:
        """Returns the number."""
        found = super().__new__(cls, value)
        found.raw = raw
        return found


class Digits(construct.Construct):
    r"""A number of 0 or more that is written in ASCII digits, in a field of `length` bytes.

    The field has exactly one number: what fills it in front, the digits, and what ends them. Anything else is
    a fault.

    Args:
        length: The bytes of the field, with all that fills and ends it.
        base: 2, 8, 10 or 16.
        lead: What fills the field in front of a short number: ``"0"``, ``" "``, or ``"0 "`` and ``" 0"`` for
            either, of which the first is written; ``""`` if the digits begin the field, and `end` fills it
            behind them.
        end: The bytes that end the number, or a tuple of those that may. The first that leaves room for the
            digits is written.
        case: Of the letters of base 16: ``lower``, ``upper``, or ``any`` for either, written in capitals.
        blank: Bytes of which each stands for 0 where the whole field has nothing else.

    Example:
        ``"size" / Digits(12, base=8, end=b"\0")``
    """

    def __init__(
        self,
        length: int,
        base: int = 10,
        *,
        lead: str = "0",
        end: bytes | tuple[bytes, ...] = b"",
        case: str = "any",
        blank: bytes = b"",
    ) -> None:
        super().__init__()
        try:
            ends = (end,) if isinstance(end, bytes) else end
            self.form = DigitForm(length, base, lead, ends, case, blank)
        except ValueError as wrong:
            raise ValueError(f"Digits: {wrong}") from None

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> int:
        raw: bytes = construct.stream_read(stream, self.form.length, path)
        value = self.form.find(raw)
        if value is None:
            raise FieldError("Digits", raw, f"{raw!r} is no number in base {self.form.base}", path)
        return value if self.form.pack(value) == raw else RawNumber(value, raw)

    def _build(self, obj: int, stream: BinaryIO, context: Context, path: str) -> int:
        if isinstance(obj, RawNumber) and self.form.find(obj.raw) == obj:
            raw = obj.raw
        else:
            try:
                raw = self.form.pack(obj)
            except struct.error as wrong:
                raise FieldError("Digits", obj, str(wrong), path) from None
        construct.stream_write(stream, raw, len(raw), path)
        return obj

    def _sizeof(self, context: Context, path: str) -> int:
        return self.form.length
