"""Numbers that are written in ASCII digits: how they are read and written, and rows that have some.

A `DigitForm` reads exactly the spellings that it states. Python's `int` takes signs, underscores, white space
and the digits of all scripts, too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

LARGEST = 1 << 128
"""A number in digits is less than this."""

_DIGITS = {2: b"01", 8: b"01234567", 10: b"0123456789", 16: b"0123456789abcdefABCDEF"}
_READ = {
    (2, "any"): b"[01]", (8, "any"): b"[0-7]", (10, "any"): b"[0-9]", (16, "any"): b"[0-9a-fA-F]",
    (16, "lower"): b"[0-9a-f]", (16, "upper"): b"[0-9A-F]",
}  # fmt: skip
_WRITTEN = {2: "b", 8: "o", 10: "d", 16: "X"}
_LEADS = ("0", " ", "0 ", " 0", "")
_MOST_ENDS = 16


@dataclass(frozen=True, slots=True)
class DigitForm:
    """How a field of a fixed number of bytes spells a number; as in `vocabulary.numbers.digits.Digits`.

    It has the methods of `struct.Struct` for one number. `unpack` and its like give 0 for bytes that are no
    number, which only the reader has to tell apart.

    Attributes:
        length: The bytes of the field.
        base: 2, 8, 10 or 16.
        lead: What may fill the field in front of the digits; the first one is written.
        ends: What may end the number; the first one that leaves room for the digits is written.
        case: Of the letters of base 16: ``lower``, ``upper`` or ``any``.
        blank: Bytes of which each, over the whole field, stands for 0.

    Raises:
        ValueError: The parts do not belong together.
    """

    length: int
    base: int = 10
    lead: str = "0"
    ends: tuple[bytes, ...] = (b"",)
    case: str = "any"
    blank: bytes = b""
    _pattern: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._refuse()
        digit = _READ[self.base, self.case if self.base == 16 else "any"]
        some = b"(0|(?!0)" + digit + b"+)" if self.lead in (" ", "") else b"(" + digit + b"+)"
        ends = b"|".join(re.escape(end) + (b"" if self.lead else b"*") for end in self.ends)
        pattern = (b" *" if " " in self.lead else b"") + some + b"(?:" + ends + b")"
        for byte in self.blank:
            pattern += b"|" + re.escape(bytes([byte])) + b"+"
        object.__setattr__(self, "_pattern", re.compile(pattern, re.DOTALL))

    def _refuse(self) -> None:
        if type(self.length) is not int or self.length < 1:
            raise ValueError(f"length={self.length!r:.40} is no number of bytes from 1 on, which is stated")
        if type(self.base) is not int or self.base not in _DIGITS:
            raise ValueError(f"base={self.base!r:.40} is not 2, 8, 10 or 16")
        if not isinstance(self.lead, str) or self.lead not in _LEADS:
            raise ValueError(f"lead={self.lead!r:.40} is not '0', ' ', both of them or ''")
        if not isinstance(self.case, str) or self.case not in ("lower", "upper", "any"):
            raise ValueError(f"case={self.case!r:.40} is not 'lower', 'upper' or 'any'")
        if type(self.blank) is not bytes or len(set(self.blank)) < len(self.blank):
            raise ValueError(f"blank={self.blank!r:.40} is no bytes, each different")
        ends = self.ends
        if type(ends) is not tuple or not all(type(end) is bytes for end in ends):
            raise ValueError(f"end={ends!r:.40} is neither bytes nor a tuple of them")
        if not 1 <= len(ends) <= _MOST_ENDS or len(set(ends)) < len(ends):
            raise ValueError(f"end has {len(ends)} ways to end, which are 1 to {_MOST_ENDS}, each different")
        for end in (*ends, self.blank):
            if any(byte in _DIGITS[self.base] for byte in end):
                raise ValueError(f"{end!r:.40} has a digit of base {self.base}, which cannot end a number")
        if not self.lead and any(len(end) != 1 for end in ends):
            raise ValueError("lead='' needs an end of one byte, which fills the field behind the number")
        if self.lead and max(map(len, ends)) >= self.length:
            raise ValueError(f"an end of {max(map(len, ends))} bytes leaves no digit in {self.length}")
        if self.length > 128 or self.greatest >= LARGEST:
            raise ValueError(f"{self.length} bytes hold numbers of more than 128 bits")

    @property
    def size(self) -> int:
        """The bytes of the field."""
        return self.length

    @property
    def greatest(self) -> int:
        """The greatest number that the field can hold."""
        return int(self.base ** (self.length - (min(map(len, self.ends)) if self.lead else 0))) - 1

    def find(self, raw: bytes) -> int | None:
        """Returns the number in the bytes of a field; None if they are none."""
        found = self._pattern.fullmatch(raw) if len(raw) == self.length else None
        if found is None:
            return None
        digits = found[1]
        return 0 if digits is None else int(digits, self.base)

    def number(self, raw: bytes) -> int:
        """Returns the number in the bytes of a field.

        Raises:
            ValueError: They are none.
        """
        found = self.find(raw)
        if found is None:
            raise ValueError("no number in these digits")
        return found

    def pack(self, value: int) -> bytes:
        """Returns a number as it is written.

        Raises:
            struct.error: The field cannot hold it.
        """
        if not 0 <= value <= self.greatest:
            raise struct.error(f"{value} is not in 0..{self.greatest}")
        digits = format(value, _WRITTEN[self.base]).encode()
        if self.case == "lower":
            digits = digits.lower()
        if not self.lead:
            return digits.ljust(self.length, self.ends[0])
        room, end = next(
            (self.length - len(end), end) for end in self.ends if len(digits) + len(end) <= self.length
        )
        return digits.rjust(room, self.lead[0].encode()) + end

    def pack_into(self, buffer: bytearray, offset: int, value: int) -> None:
        """Writes a number at an offset.

        Raises:
            struct.error: The field cannot hold it, or the buffer ends before the field.
        """
        if not 0 <= offset <= len(buffer) - self.length:
            raise struct.error(f"a field of {self.length} bytes at {offset} lies outside the buffer")
        buffer[offset : offset + self.length] = self.pack(value)

    def unpack(self, raw: bytes | bytearray | memoryview) -> tuple[int]:
        """Returns the number in the bytes of a field; 0 if they are none.

        Raises:
            struct.error: They are not as many as the field has.
        """
        if len(raw) != self.length:
            raise struct.error(f"{len(raw)} bytes, the field has {self.length}")
        return (self.find(bytes(raw)) or 0,)

    def unpack_from(self, data: bytes | bytearray | memoryview, offset: int = 0) -> tuple[int]:
        """Returns the number at an offset; 0 if the bytes there are none.

        Raises:
            struct.error: There are fewer bytes than the field has.
        """
        return self.unpack(data[offset : offset + self.length])


Packer: TypeAlias = struct.Struct | DigitForm
"""How one number is packed into its bytes."""


def cut(packer: Packer, value: int) -> int:
    """Returns a number that is not negative, cut to what its field can hold."""
    if isinstance(packer, DigitForm):
        return value % (packer.greatest + 1)
    return value & (1 << 8 * packer.size) - 1


@dataclass(frozen=True, slots=True)
class RowPacker:
    """Unpacks the numbers of rows of which some are in digits; None for one that is malformed.

    Attributes:
        packer: Unpacks a row, digits as bytes.
        digits: The numbers that are in digits, by their index in the row.
    """

    packer: struct.Struct
    digits: tuple[tuple[int, DigitForm], ...]

    @property
    def size(self) -> int:
        """The bytes of a row."""
        return self.packer.size

    def unpack_from(self, data: bytes, offset: int = 0) -> tuple[Any, ...]:
        """Returns the numbers of the row at an offset."""
        return self._numbers(self.packer.unpack_from(data, offset))

    def iter_unpack(self, rows: bytes | memoryview) -> Iterator[tuple[Any, ...]]:
        """Yields the numbers of each row."""
        return map(self._numbers, self.packer.iter_unpack(rows))

    def _numbers(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        numbers = list(row)
        for i, form in self.digits:
            numbers[i] = form.find(numbers[i])
        return tuple(numbers)
