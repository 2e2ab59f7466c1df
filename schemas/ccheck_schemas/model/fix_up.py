"""Fix up the sizes and checksums of a file whose bytes were edited."""

from __future__ import annotations

import zlib

from ccheck_schemas import meaning as m
from ccheck_schemas.record import Reading


def fix_up(data: bytes, reading: Reading, *, sizes: bool = True, checksums: bool = True) -> bytes:
    """Sets the sizes, and then the checksums, of a file to what its bytes say.

    Args:
        data: The file.
        reading: A reading of `data`, or of a file whose header has the same layout.
        sizes: Whether to set the `FileSize` fields.
        checksums: Whether to set the `ChecksumOver` fields.

    Returns:
        The corrected bytes. A field past the end of `data` is left out.
    """
    out = bytearray(data)
    for meaning, span, packer in sorted(
        reading.fix_ups, key=lambda field: isinstance(field.meaning, m.ChecksumOver)
    ):
        if span.end > len(out):
            continue
        if isinstance(meaning, m.FileSize) and sizes:
            packer.pack_into(out, span.offset, len(out) & ((1 << 8 * packer.size) - 1))
        elif isinstance(meaning, m.ChecksumOver) and checksums:
            packer.pack_into(out, span.offset, zlib.crc32(memoryview(out)[meaning.start :]))
    return bytes(out)
