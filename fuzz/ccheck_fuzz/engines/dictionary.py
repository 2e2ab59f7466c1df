"""The dictionary of a format: the byte strings that its schema names, for engines that splice bytes."""

from __future__ import annotations

from ccheck_schemas.model import constants
from ccheck_schemas.schema import Schema

MOST_ENTRY = 128
"""libFuzzer refuses entries that are longer."""


def entries(schema: Schema) -> tuple[bytes, ...]:
    """Returns the magics, and the versions, enum values, flags and bounds as the bytes of their fields.

    Each comes once. Entries of one byte are left out: an engine that changes bytes finds them anyway.
    """
    return tuple(dict.fromkeys(raw for raw in constants(schema.layout).packed if 1 < len(raw) <= MOST_ENTRY))


def dictionary(schema: Schema) -> str:
    """Returns the same in the text form that libFuzzer and AFL read, one quoted entry a line."""
    lines = [f"# {schema.name}: what the schema names"]
    lines += [f'"{"".join(_escaped(byte) for byte in raw)}"' for raw in entries(schema)]
    return "\n".join(lines) + "\n"


def _escaped(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and byte not in b'"\\'
    return chr(byte) if plain else f"\\x{byte:02x}"
