"""Fix up the sizes and checksums of a file whose bytes were edited."""

from __future__ import annotations

import zlib

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
    # A checksum covers the sizes, so it comes last.
    for start, span, packer in sorted(reading.fix_ups, key=lambda field: field.start is not None):
        if span.end > len(out):
            continue
        if start is None and sizes:
            packer.pack_into(out, span.offset, len(out) & ((1 << 8 * packer.size) - 1))
        elif start is not None and checksums:
            packer.pack_into(out, span.offset, zlib.crc32(memoryview(out)[start:]))
    return bytes(out)
