"""Every field of a reading, with the number of the schema that it was read by, and the names of its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, assert_never

from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import Unresolved, resolve
from ccheck_schemas.record import Record, is_records

Named: TypeAlias = tree.Stored | tree.Computed | tree.Bytes
"""A number whose value may have names."""


def named_fields(layout: tree.Struct, root: Record) -> Iterator[tuple[Record, str, Any, Named | None]]:
    """Yields record, name and value of each field that is no record, as `every_field` does, and its number.

    Args:
        layout: The layout that the file was read by.
        root: The top record of the reading.

    Yields:
        The record, the name, the value, and the number of the schema that it is, or that each of its
            elements is; None for any other field.
    """
    rows = {node.table: node.record for node in tree.nodes(layout) if isinstance(node, tree.Table)}
    yield from _Walk(rows).fields(layout, root)


def record_at(layout: tree.Struct, root: Record, path: str) -> tuple[Record, tree.Struct] | None:
    """Returns the record at a path such as ``blocks[3].body``, and its struct; None without one.

    Rows of a table are found by the records that take them; those that none takes are not.
    """
    rows = {node.table: node.record for node in tree.nodes(layout) if isinstance(node, tree.Table)}
    walk, record, node = _Walk(rows), root, layout
    for part in path.split(".") if path else ():
        step = _STEP.fullmatch(part)
        if step is None:
            return None
        inner = next((one.node for one in node.fields if one.name == step[1]), None)
        found, value = walk.element(inner, record, listed=False), record.get(step[1])
        if step[2]:
            at = int(step[2])
            value = value[at] if is_records(value) and at < len(value) else None
        if not isinstance(value, Record) or not isinstance(found, tree.Struct):
            return None
        record, node = value, found
    return record, node


_STEP = re.compile(r"([^\[\]]+)(?:\[([0-9]+)\])?")


class _Walk:
    """One walk; a record that several fields share comes once."""

    def __init__(self, rows: Mapping[str, tree.Struct]) -> None:
        self._rows = rows
        self._seen: set[int] = set()

    def fields(
        self, node: tree.Struct | None, record: Record
    ) -> Iterator[tuple[Record, str, Any, Named | None]]:
        if id(record) in self._seen:
            return
        self._seen.add(id(record))
        nodes = {} if node is None else {field.name: field.node for field in node.fields}
        for name, value in record.items():
            found = self.element(nodes.get(name), record, listed=False)
            if isinstance(value, Record):
                yield from self.fields(found if isinstance(found, tree.Struct) else None, value)
            elif is_records(value):
                for item in value:
                    yield from self.fields(found if isinstance(found, tree.Struct) else None, item)
            else:
                yield record, name, value, found if isinstance(found, Named) else None

    def element(self, node: tree.Node | None, record: Record, *, listed: bool) -> tree.Node | None:
        """Returns the number or the record that a field is, or that its elements are; None for another."""
        match node:
            case None:
                return None
            case tree.Integer() | tree.Digits() | tree.Computed() | tree.Bytes() | tree.Struct():
                return node
            case tree.If() | tree.Switch():
                return self.element(_chosen(node, record), record, listed=listed)
            case tree.Region() | tree.Substream() | tree.SubstreamRest() | tree.ReadAt():
                return self.element(node.inner, record, listed=listed)
            case tree.Array():
                return None if listed else self.element(node.element, record, listed=True)
            case tree.Table() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.At() | tree.Chain():
                return node.record
            case tree.Rows():
                return self._rows.get(node.table)
            case (
                tree.Float()
                | tree.Const()
                | tree.Nothing()
                | tree.Computed()
                | tree.PlaceNumber()
                | tree.Opaque()
                | tree.Wrapped()
            ):
                return None
            case (
                tree.OpaqueRest()
                | tree.WrappedRest()
                | tree.Slot()
                | tree.Rest()
                | tree.Delimited()
                | tree.Text()
            ):
                return None
            case tree.TextToNul() | tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
                return None
            case tree.Pool() | tree.Strings() | tree.Pooled() | tree.SharedText():
                return None
            case _:
                assert_never(node)


def _chosen(node: tree.Choice, record: Record) -> tree.Node | None:
    """Returns the branch that a record has; None if the file is cut short before what chooses it."""
    try:
        if isinstance(node, tree.If):
            return node.then if resolve(node.condition, record.values) else node.otherwise
        key = resolve(node.key, record.values)
    except Unresolved:
        return None
    return node.cases.get(key, node.default) if isinstance(key, int | str | bytes) else node.default


def names_of(node: Named, value: int) -> str:
    """Returns the names that a schema gives a number: ``block``, ``read | write``; nothing without one.

    Bits of flags without a name follow as a number.
    """
    for meaning in tree.meanings_of(node):
        if isinstance(meaning, meanings.StrictEnum):
            return enum_name(meaning, value) or ""
        if isinstance(meaning, meanings.StrictFlags):
            names, left = flag_names(meaning, value)
            return " | ".join((*names, *((f"{left:#x}",) if left and names else ())))
    return ""


def enum_name(meaning: meanings.StrictEnum, value: int) -> str | None:
    """Returns the name of a number, in small letters as recipes have it; None without one."""
    return meaning.values(value).name.lower() if value in meaning.known else None


def flag_names(meaning: meanings.StrictFlags, value: int) -> tuple[tuple[str, ...], int]:
    """Returns the names of the bits of a number, single bits first, and the bits that have none."""
    members = sorted(meaning.bits.__members__.items(), key=lambda one: int(one[1]).bit_count())
    names: list[str] = []
    left = value
    for name, bits in members:
        number = int(bits)
        if number & left and number & value == number:
            names.append(name.lower())
            left &= ~number
        elif number == value == 0 and not names:
            names.append(name.lower())
    return tuple(names), left
