"""The numbers of ELF objects with BPF programs: of the System V ABI, and of libbpf 1.x."""

from enum import IntEnum
from typing import Final

MAGIC: Final = b"\x7fELF\x02\x01\x01"
"""ELF of 64 bits, little-endian, in version 1."""
MOST_SECTIONS: Final = 0xFEFF
"""Sections that a header can count; the numbers behind it have other meanings."""

EXECUTABLE: Final = 4
"""The flag of a section with instructions."""
COMPRESSED: Final = 0x800
"""The flag of a section that is compressed."""
PROGRAM: Final = 1 << 32
"""The kind of a section with instructions, which has no type of its own."""

INSTRUCTION: Final = 8
SYMBOL: Final = 24
RELOCATION: Final = 16
"""Bytes of an instruction, a symbol, a relocation."""

LOCAL: Final = 0
GLOBAL: Final = 1
WEAK: Final = 2
"""Bindings of symbols."""
UNTYPED: Final = 0
FUNCTION: Final = 2
OF_SECTION: Final = 3
"""Types of symbols."""
CALL: Final = 0x85
LOAD_64: Final = 0x18
"""The codes of the instructions that a relocation may be of."""
CALL_OF_PROGRAM: Final = 1
"""The source register of a call that is of a function of the object."""


class FileType(IntEnum):
    """Types of ELF files that the loader takes."""

    RELOCATABLE = 1


class Machine(IntEnum):
    """Machines that the loader takes."""

    NONE = 0
    BPF = 247


class SectionType(IntEnum):
    """Types of sections that compilers write into such objects."""

    NULL = 0
    PROGBITS = 1
    SYMTAB = 2
    STRTAB = 3
    NOBITS = 8
    REL = 9
    LLVM_ADDRSIG = 0x6FFF4C03


def recognise(data: bytes) -> bool:
    """Whether the bytes look like an object with BPF programs: ELF of 64 bits for that machine."""
    return data[:7] == MAGIC and data[18:20] == b"\xf7\0"
