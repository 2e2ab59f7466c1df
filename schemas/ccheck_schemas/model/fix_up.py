"""Make a file's size and checksum true again, after its bytes were edited."""

from __future__ import annotations

import zlib

from ccheck_schemas import meaning as m
from ccheck_schemas.record import Reading


def seal(data: bytes, reading: Reading, *, sizes: bool = True, checksums: bool = True) -> bytes:
    """`data` with its `FileSize` fields, and then its `ChecksumOver` fields, set to what the bytes say.

    reading: a reading of `data`, or of a file whose header has the same layout. Fields past the end of `data`
    are left out.
    """
    out = bytearray(data)
    for meaning, span, packed in sorted(reading.seals, key=lambda seal: isinstance(seal[0], m.ChecksumOver)):
        if span.end > len(out):
            continue
        if isinstance(meaning, m.FileSize) and sizes:
            packed.pack_into(out, span.offset, len(out) & ((1 << 8 * packed.size) - 1))
        elif isinstance(meaning, m.ChecksumOver) and checksums:
            packed.pack_into(out, span.offset, zlib.crc32(memoryview(out)[meaning.start :]))
    return bytes(out)
