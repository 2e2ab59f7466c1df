"""Fix up the sizes and checksums of a file whose bytes were edited."""

from __future__ import annotations

from ccheck_schemas.checksum import in_order
from ccheck_schemas.digits import cut
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
    found = [field for field in reading.fix_ups if field.span.end <= len(out)]
    for field in found:
        if field.checksum is None and sizes:
            field.packer.pack_into(out, field.span.offset, cut(field.packer, len(out)))
    # A checksum covers the sizes, so it comes last.
    if checksums:
        sums = ((one.checksum, one.span.offset, one.packer) for one in found if one.checksum is not None)
        for checksum, at, packer in in_order(sums):
            packer.pack_into(out, at, cut(packer, checksum.over(out, at)))
    return bytes(out)
