"""The numbers of newformat. Imports little, for every file is asked whether it looks like this format."""

from enum import IntEnum

MAGIC = b"\x89NEW"
VERSION = 1
RULES_HIGH = 1000


class Action(IntEnum):
    """What a rule does."""

    LOG = 1
    BLOCK = 2


def recognise(data: bytes) -> bool:
    """Whether the bytes look like newformat."""
    return data[:4] == MAGIC
