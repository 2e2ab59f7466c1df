"""The numbers of channel files and their names: kinds, flags, limits; how a file is recognised.

Imports no Construct.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

MAGIC = b"\xaa\xaa\xaa\xaa"
HEADER_SIZE = 0x20
NUMBER_HIGH = 99_999_999
OPERAND_HIGH = 4096
REGEX_HIGH = 1024
LIST_HIGH = 64


class Kind(IntEnum):
    """What a channel file contains."""

    DEFINITIONS = 1
    INSTANCES = 2


class FileFlag(IntFlag):
    """Flags of the header."""

    TEST = 1


class BlockKind(IntEnum):
    """What a block contains."""

    TYPES = 1
    FIELDS = 2
    INSTANCES = 3
    CRITERIA = 4
    POOL = 5


class ValueKind(IntEnum):
    """The type of an input, and so of an operand."""

    NONE = 0
    TEXT = 1
    INTEGER = 2


class InputKind(IntEnum):
    """The types that an input may have: `ValueKind` without NONE."""

    TEXT = 1
    INTEGER = 2


class CriterionKind(IntEnum):
    """How a criterion compares its input with its operand."""

    WILDCARD = 1
    EQUALS = 2
    NOT_EQUALS = 3
    PREFIX = 4
    SUFFIX = 5
    CONTAINS = 6
    REGEX = 7
    INTEGER_RANGE = 8
    BIT_MASK = 9
    ONE_OF = 10


class KindBit(IntFlag):
    """Bit *k* allows criteria of kind *k*."""

    WILDCARD = 1 << 1
    EQUALS = 1 << 2
    NOT_EQUALS = 1 << 3
    PREFIX = 1 << 4
    SUFFIX = 1 << 5
    CONTAINS = 1 << 6
    REGEX = 1 << 7
    INTEGER_RANGE = 1 << 8
    BIT_MASK = 1 << 9
    ONE_OF = 1 << 10


class FieldFlag(IntFlag):
    """Flags of a field."""

    OPTIONAL = 1


class CriterionFlag(IntFlag):
    """Flags of a criterion."""

    IGNORE_CASE = 1


class InstanceSeverity(IntEnum):
    """How severe a match is."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


class Action(IntEnum):
    """What the sensor does on a match."""

    MONITOR = 1
    DETECT = 2
    BLOCK = 3


TEXT_KINDS = frozenset(range(CriterionKind.EQUALS, CriterionKind.REGEX + 1)) | {int(CriterionKind.ONE_OF)}
INTEGER_KINDS = frozenset(
    int(kind)
    for kind in (
        CriterionKind.EQUALS,
        CriterionKind.NOT_EQUALS,
        CriterionKind.INTEGER_RANGE,
        CriterionKind.BIT_MASK,
        CriterionKind.ONE_OF,
    )
)

BLOCK_ORDER = {
    Kind.DEFINITIONS: (BlockKind.TYPES, BlockKind.FIELDS, BlockKind.POOL),
    Kind.INSTANCES: (BlockKind.INSTANCES, BlockKind.CRITERIA, BlockKind.POOL),
}


def recognise(data: bytes) -> bool:
    """Returns whether bytes begin as a channel file does."""
    return data[:4] == MAGIC
