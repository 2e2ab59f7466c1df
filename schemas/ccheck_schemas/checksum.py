"""Checksums of stated bytes of a file: CRCs by their parameters, sums of bytes and words, Adler-32."""

from __future__ import annotations

import binascii
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Protocol, TypeVar

from ccheck_schemas.frozen import frozen

Bytes = bytes | bytearray | memoryview


class Algorithm(Protocol):
    """How a checksum is made of bytes."""

    @property
    def bits(self) -> int:
        """The bits of the checksum."""

    def of(self, data: Bytes) -> int:
        """Returns the checksum of bytes."""


@frozen
class Crc:
    """A cyclic redundancy check, by the parameters under which catalogues list it.

    Attributes:
        bits: Its bits: 8 to 64.
        poly: The polynomial without its highest bit, not reflected.
        init: The value that it begins with.
        reflect_in: Whether the lowest bit of a byte comes first.
        reflect_out: Whether the bits of the result are reversed; usually as `reflect_in`.
        xor_out: What the result is combined with.
    """

    bits: int
    poly: int
    init: int = 0
    reflect_in: bool = False
    reflect_out: bool = False
    xor_out: int = 0

    def __post_init__(self) -> None:
        if not 8 <= self.bits <= 64:
            raise ValueError(f"bits={self.bits}: a CRC has 8 to 64")
        for name in ("poly", "init", "xor_out"):
            value = getattr(self, name)
            if not 0 <= value < 1 << self.bits:
                raise ValueError(f"{name}={value:#x} has more than {self.bits} bits, or is negative")

    def of(self, data: Bytes) -> int:
        """Returns the CRC of bytes."""
        fast = _FAST.get(self)
        if fast is not None:
            return fast(data)
        table, mask = _table(self), (1 << self.bits) - 1
        if self.reflect_in:
            crc = _reversed(self.init, self.bits)
            for byte in data:
                crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
        else:
            crc, shift = self.init, self.bits - 8
            for byte in data:
                crc = (table[crc >> shift & 0xFF ^ byte] ^ crc << 8) & mask
        if self.reflect_in != self.reflect_out:
            crc = _reversed(crc, self.bits)
        return crc ^ self.xor_out


@frozen
class Sum:
    """The sum of bytes or words, as many bits as it has; zeros complete the last word.

    Attributes:
        bits: Its bits, and those of a word: 8, 16 or 32.
        order: ``little`` or ``big``: how the bytes of a word are ordered.
        to_zero: Whether it is what makes the sum 0, and not the sum.
    """

    bits: int
    order: str = "little"
    to_zero: bool = False

    def of(self, data: Bytes) -> int:
        """Returns the sum of bytes."""
        total = sum(data) if self.bits == 8 else self._words(data)
        return (-total if self.to_zero else total) & (1 << self.bits) - 1

    def _words(self, data: Bytes) -> int:
        size = self.bits // 8
        words: array[int] = array("H" if size == 2 else "I")
        if words.itemsize != size:
            raise RuntimeError(f"a word of this machine has {words.itemsize} bytes")
        words.frombytes(bytes(data) + bytes(-len(data) % size))
        if self.order != sys.byteorder:
            words.byteswap()
        return sum(words)


@frozen
class Adler32:
    """Adler-32, as zlib has it."""

    bits: int = 32

    def of(self, data: Bytes) -> int:
        """Returns the checksum of bytes."""
        return zlib.adler32(data)


@frozen
class ByteSum:
    """The sum of bytes, in more bits than a byte has.

    Attributes:
        bits: Its bits.
    """

    bits: int

    def of(self, data: Bytes) -> int:
        """Returns the sum of bytes."""
        return sum(data) & (1 << self.bits) - 1


_CRC_32 = Crc(32, 0x04C11DB7, 0xFFFFFFFF, reflect_in=True, reflect_out=True, xor_out=0xFFFFFFFF)
_XMODEM = Crc(16, 0x1021)
_IBM_3740 = Crc(16, 0x1021, 0xFFFF)
_FAST: dict[Crc, Callable[[Bytes], int]] = {
    _CRC_32: lambda data: zlib.crc32(data),
    _XMODEM: lambda data: binascii.crc_hqx(data, 0),
    _IBM_3740: lambda data: binascii.crc_hqx(data, 0xFFFF),
}

ALGORITHMS: dict[str, Algorithm] = {
    "crc-32": _CRC_32,
    "crc-32c": Crc(32, 0x1EDC6F41, 0xFFFFFFFF, reflect_in=True, reflect_out=True, xor_out=0xFFFFFFFF),
    "crc-32/bzip2": Crc(32, 0x04C11DB7, 0xFFFFFFFF, xor_out=0xFFFFFFFF),
    "crc-32/mpeg-2": Crc(32, 0x04C11DB7, 0xFFFFFFFF),
    "crc-16/arc": Crc(16, 0x8005, reflect_in=True, reflect_out=True),
    "crc-16/modbus": Crc(16, 0x8005, 0xFFFF, reflect_in=True, reflect_out=True),
    "crc-16/xmodem": _XMODEM,
    "crc-16/ibm-3740": _IBM_3740,
    "crc-16/kermit": Crc(16, 0x1021, reflect_in=True, reflect_out=True),
    "crc-8": Crc(8, 0x07),
    "crc-64/xz": Crc(
        64, 0x42F0E1EBA9EA3693, (1 << 64) - 1, reflect_in=True, reflect_out=True, xor_out=(1 << 64) - 1
    ),
    "adler-32": Adler32(),
    "byte-sum-16": ByteSum(16),
    "byte-sum-32": ByteSum(32),
    "sum-8": Sum(8),
    "sum-16-le": Sum(16),
    "sum-16-be": Sum(16, "big"),
    "sum-32-le": Sum(32),
    "sum-32-be": Sum(32, "big"),
    "zero-sum-8": Sum(8, to_zero=True),
    "zero-sum-16-le": Sum(16, to_zero=True),
    "zero-sum-16-be": Sum(16, "big", to_zero=True),
    "zero-sum-32-le": Sum(32, to_zero=True),
    "zero-sum-32-be": Sum(32, "big", to_zero=True),
}
"""The algorithms that have a name."""


@frozen
class Checksum:
    """A checksum of bytes of a file.

    Attributes:
        start: The offset of the first byte.
        end: The offset after the last one; None for the end of the file.
        algorithm: How it is made.
        name: The name of the algorithm, for messages.
        own: The byte that each of its own bytes counts as; None for what they are.
        width: The bytes of the number that states it, if it is no integer of the least size.
    """

    start: int
    end: int | None
    algorithm: Algorithm
    name: str
    own: int | None = None
    width: int = 0

    def over(self, data: Bytes, at: int) -> int:
        """Returns the checksum of the bytes of a file.

        Args:
            data: The file.
            at: The offset of the number that states the checksum.
        """
        view = memoryview(data)
        stop = len(view) if self.end is None else min(self.end, len(view))
        own = at, at + self.size
        if self.own is None or own[1] <= self.start or own[0] >= stop:
            return self.algorithm.of(view[self.start : stop])
        raw = bytearray(view[self.start : stop])
        for i in range(max(own[0], self.start), min(own[1], stop)):
            raw[i - self.start] = self.own
        return self.algorithm.of(raw)

    def between(self, start: int, end: int | None) -> Checksum:
        """Returns the same checksum of other bytes of the file."""
        return Checksum(start, end, self.algorithm, self.name, self.own, self.width)

    @property
    def greatest(self) -> int:
        """The greatest checksum that there can be."""
        most = (1 << self.algorithm.bits) - 1
        if isinstance(self.algorithm, ByteSum) and self.end is not None:
            most = min(most, 0xFF * (self.end - self.start))
        return most

    @property
    def size(self) -> int:
        """The bytes of the number that states it."""
        return self.width or next(size for size in (1, 2, 4, 8) if 8 * size >= self.algorithm.bits)

    def covers(self, at: int, size: int) -> bool:
        """Returns whether it is of bytes of a number."""
        return self.start < at + size and (self.end is None or at < self.end)


T = TypeVar("T")
_MOST_ORDERED = 1000
_LAST = 1 << 128


def in_order(sums: Iterable[tuple[Checksum, int, T]]) -> list[tuple[Checksum, int, T]]:
    """Returns checksums in the order in which they can be set: one that covers another comes after it.

    Args:
        sums: Checksums, each with the offset of its number and anything else.
    """
    left = list(sums)
    if len(left) > _MOST_ORDERED:
        # Of many, those of records are set before those of what is around them.
        return sorted(left, key=lambda one: (-one[0].start, _LAST if one[0].end is None else one[0].end))
    covering: list[list[int]] = [[] for _ in left]
    waits = [0] * len(left)
    for i, (outer, _, _) in enumerate(left):
        for j, (inner, at, _) in enumerate(left):
            if i != j and outer.covers(at, inner.size):
                covering[j].append(i)
                waits[i] += 1
    ordered: list[tuple[Checksum, int, T]] = []
    waiting = dict.fromkeys(range(len(left)))
    while waiting:
        taken = [i for i in waiting if not waits[i]] or [next(iter(waiting))]
        for i in taken:
            del waiting[i]
            ordered.append(left[i])
            for outside in covering[i]:
                waits[outside] -= 1
    return ordered


@cache
def _table(crc: Crc) -> Sequence[int]:
    """Returns the CRC of each byte."""
    mask, high = (1 << crc.bits) - 1, 1 << crc.bits - 1
    poly = _reversed(crc.poly, crc.bits) if crc.reflect_in else crc.poly
    table = []
    for byte in range(256):
        value = byte if crc.reflect_in else byte << crc.bits - 8
        for _ in range(8):
            if crc.reflect_in:
                value = value >> 1 ^ (poly if value & 1 else 0)
            else:
                value = (value << 1 ^ (poly if value & high else 0)) & mask
        table.append(value)
    return tuple(table)


def _reversed(value: int, bits: int) -> int:
    """Returns a number with its bits in the other order."""
    return int(f"{value:0{bits}b}"[::-1], 2)
