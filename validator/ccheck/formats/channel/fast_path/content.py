"""The screen of channel files: one pass over the columns of a valid file, for meaning and contract."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ccheck.core.consumers import Consumer
from ccheck.core.contract import lacks
from ccheck.formats.channel.builds import inputs_for
from ccheck.formats.channel.fast_path.instances import Suspects, all_pass
from ccheck.formats.channel.fast_path.instances import suspects as suspects_of
from ccheck.formats.channel.fast_path.template_types import Field, TemplateType
from ccheck.formats.channel.fast_path.type_rules import RulesByType
from ccheck_schemas.digits import DigitForm
from ccheck_schemas.formats.channel.facts import FORMAT_VERSIONS
from ccheck_schemas.formats.channel.numbers import FieldFlag, FileFlag, Kind
from ccheck_schemas.generate.python.runtime import Columns, TableExtent

if TYPE_CHECKING:
    from ccheck_schemas.read.rows import RowSequence
    from ccheck_schemas.record import Reading

_FILE_NAME = re.compile(r"C-(\d{8})-(\d{8})-(\d{8})(?!\d)", re.ASCII)
_OPTIONAL = int(FieldFlag.OPTIONAL)


def definitions(columns: Columns, name: str, builds: Sequence[Consumer]) -> tuple[TemplateType, ...] | None:
    """The template types of a definitions file that passes every check; None if that is not certain."""
    if columns.numbers["header.kind"] != Kind.DEFINITIONS or not _header(columns, name, builds):
        return None
    order = (columns.tables["types"].start, columns.tables["fields"].start, columns.pools["pool"][0])
    if not _in_order(columns, order, absent=("instances", "criteria")):
        return None
    pool = _Names(columns.data, columns.pools["pool"])
    fields = columns.rows("fields")
    types: list[TemplateType] = []
    for id_, version, count, _, name_at, name_size, _, channel in columns.rows("types"):
        title = pool.text(name_at, name_size)
        held, names = [], set()
        for (at, size, longest, value_kind, flags, _, allowed), _ in zip(fields, range(count), strict=False):
            names.add(pool.text(at, size))
            held.append(Field(value_kind, longest, allowed, bool(flags & _OPTIONAL)))
            if len(held) == count:
                break
        if len(names) != count:
            return None
        types.append(TemplateType(id_, version, title.decode(), channel, tuple(held)))
    known = {(t.id, t.version) for t in types}
    ids = {t.name: t.id for t in types}
    if not pool.canonical() or len(known) != len(types) or any(ids[t.name] != t.id for t in types):
        return None
    return tuple(types) if all(_supplied(t, builds) for t in types) else None


def instances(columns: Columns, name: str, rules: RulesByType, builds: Sequence[Consumer]) -> bool:
    """Returns whether a file of instances passes every check; False if that is not certain."""
    if columns.numbers["header.kind"] != Kind.INSTANCES or not _header(columns, name, builds):
        return False
    order = (columns.tables["instances"].start, columns.tables["criteria"].start, columns.pools["pool"][0])
    if not _in_order(columns, order, absent=("types", "fields")):
        return False
    return all_pass(columns, rules)


def suspects(reading: Reading, rules: RulesByType) -> Suspects | None:
    """Returns the instances of any file that may have findings of meaning or contract.

    None if the file has no whole header, or lacks a table.
    """
    # The module imports the reader, which a file that passes does not need.
    from ccheck_schemas.read.rows import RowSequence

    header = reading.root.get("header")
    instances, criteria = reading.tables.get("instances"), reading.tables.get("criteria")
    channel = None if header is None else header.get("channel")
    if channel is None or not isinstance(instances, RowSequence) or not isinstance(criteria, RowSequence):
        return None
    tables = {"instances": _extent(instances), "criteria": _extent(criteria)}
    columns = Columns(instances.data, {"header.channel": channel}, tables, {})
    return suspects_of(columns, rules, reading.pools.get("pool", (-1, -1)))


def _extent(rows: RowSequence) -> TableExtent:
    places: dict[str, tuple[int, str | DigitForm]] = {
        name: (at, packer if isinstance(packer, DigitForm) else packer.format)
        for name, (at, _, packer) in rows.plan.layout.items()
        if packer
    }
    return TableExtent(rows.start, len(rows), rows.plan.packer, places)


def _header(columns: Columns, name: str, builds: Sequence[Consumer]) -> bool:
    """The name of the file, the test flag, and the format version that every build reads."""
    numbers = columns.numbers
    if not builds or numbers["header.flags"] & FileFlag.TEST:
        return False
    version = numbers["header.format_version"]
    if lacks(FORMAT_VERSIONS, (), version, builds):
        return False
    match = _FILE_NAME.match(name)
    parts = tuple(numbers[f"header.{part}"] for part in ("channel", "sequence", "revision"))
    return match is None or tuple(map(int, match.groups())) == parts


def _in_order(columns: Columns, order: tuple[int, int, int], absent: tuple[str, str]) -> bool:
    """Three blocks and the end mark, in their order, and no block of the other kind."""
    first, second, third = order
    alone = all(columns.tables[table].start < 0 for table in absent)
    return alone and columns.numbers["# blocks"] == 4 and 0 <= first < second < third


def _supplied(type_: TemplateType, builds: Sequence[Consumer]) -> bool:
    """Returns whether every build that knows the type supplies each input that is not optional."""
    for build in builds:
        inputs = inputs_for(build, type_.name, type_.version)
        if inputs is not None and not all(field.optional for field in type_.fields[inputs:]):
            return False
    return True


class _Names:
    """The names of a definitions file: whether they tile the pool in the order of first use, none twice."""

    def __init__(self, data: bytes, place: tuple[int, int]) -> None:
        self._data = data
        self._at, self._end = place
        self._known: dict[bytes, int] = {}
        self._ordered = True

    def text(self, offset: int, size: int) -> bytes:
        """The bytes of a name."""
        raw = self._data[offset : offset + size]
        if raw not in self._known:
            self._ordered &= offset == self._at
            self._known[raw] = offset
            self._at = offset + size + 1
        elif self._known[raw] != offset:
            self._ordered = False
        return raw

    def canonical(self) -> bool:
        """Returns whether all names stood where they belong, and reach to the end of the pool."""
        return self._ordered and self._at == self._end
