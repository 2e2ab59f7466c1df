"""What an edit changed, in lines: each field by its path, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ccheck_schemas.read import read
from ccheck_schemas.record import Record
from ccheck_schemas.schema import Schema

MOST = 4
QUIET = ("checksum", "total_size", "operand_offset", "next_offset")
"""Fields that nearly every edit changes; they are listed only where nothing else changed."""


def differences(schema: Schema, before: bytes, after: bytes) -> list[str]:
    """The first few fields that differ, how many more there are, and the faults of the layout."""
    one, two = (dict(_fields(read(schema.layout, data).root, set())) for data in (before, after))
    paths = [path for path in dict.fromkeys((*one, *two)) if one.get(path) != two.get(path)]
    loud = [path for path in paths if not path.endswith(QUIET)] or paths
    lines = [f"{path}: {_word(one.get(path))} → {_word(two.get(path))}" for path in loud[:MOST]]
    if len(loud) > MOST:
        lines.append(f"and {len(loud) - MOST} more")
    lines += sorted(read(schema.layout, after).counts)
    if len(before) != len(after):
        lines.append(f"{len(before)} → {len(after)} bytes")
    return lines


def _word(value: Any) -> str:
    word = "none" if value is None else value.hex(" ", 8) if isinstance(value, bytes) else repr(value)
    return word if len(word) <= 40 else f"{word[:30]}… ({len(value)})"


def _fields(value: Any, seen: set[int], path: str = "") -> Iterator[tuple[str, Any]]:
    """All fields of all records, each record once, under the path that it bears."""
    if isinstance(value, Record):
        if id(value) not in seen:
            seen.add(id(value))
            for name, inner in value.items():
                yield from _fields(inner, seen, f"{value.path}.{name}" if value.path else name)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for number, inner in enumerate(value):
            yield from _fields(inner, seen, f"{path}[{number}]")
    elif not path.endswith("body.records"):
        yield path, value
