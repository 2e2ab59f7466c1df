"""The numbers of Intel's microcode updates, as in the SDM, volume 3A, "Microcode update facilities"."""

from typing import Final

HEADER: Final = 48
DATA_DEFAULT: Final = 2000
"""Bytes of data where data_size is 0."""
TOTAL_DEFAULT: Final = 2048
"""Bytes of an update where data_size is 0."""
UNIT: Final = 1024
"""An update has a multiple of so many bytes."""
TABLE: Final = 20
"""Bytes of the extended signature table in front of its signatures."""
SIGNATURE: Final = 12


def recognise(data: bytes) -> bool:
    """Whether the bytes look like an update: both versions are 1, and the year is one of Intel's."""
    year = int.from_bytes(data[8:10], "little")
    return len(data) >= HEADER and data[:4] == data[20:24] == b"\1\0\0\0" and 0x1995 <= year <= 0x2099
