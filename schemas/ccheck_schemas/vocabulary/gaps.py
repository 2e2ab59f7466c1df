"""What a schema says of bytes between the parts of a file, which no field reads.

Without a word, such a byte is a finding `bytes-unowned`. These classes are the argument `gaps` of a `Schema`.
"""

from __future__ import annotations

from ccheck_schemas.frozen import frozen
from ccheck_schemas.vocabulary.limits import at_least

MOST_ALIGN = 1 << 20
"""The greatest alignment of parts of a file."""


@frozen
class Gaps:
    """Padding in front of aligned parts: gaps that are shorter than `align`.

    A gap ends at a multiple of `align` from the start of the file, or with the file.

    Attributes:
        align: What parts are aligned to, from 2 on.
        zero: Whether the bytes are zeros, so that others are a fault; else they may be any bytes.
    """

    align: int
    zero: bool = True

    def __post_init__(self) -> None:
        at_least(2, self.align, "align", MOST_ALIGN)

    def allows(self, start: int, end: int, size: int) -> bool:
        """Returns whether a gap is padding.

        Args:
            start: Its offset.
            end: The offset after it.
            size: The bytes of the file.
        """
        return end - start < self.align and (end % self.align == 0 or end == size)


@frozen
class OpaqueGaps:
    """Any bytes wherever no field reads: they are counted in the verdict as those of `Opaque` are.

    Attributes:
        reason: Why nothing reads them. It is stated with their number.
    """

    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("say why no field reads these bytes: the verdict states it")
