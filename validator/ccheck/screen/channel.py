"""The screen of channel files: one pass over the columns of a spotless file, for the checks of meaning and
the contract.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from struct import unpack_from
from typing import TYPE_CHECKING

from ccheck.consumers import Consumer
from ccheck_schemas.formats.channel_numbers import (
    INTEGER_KINDS,
    LIST_HIGH,
    OPERAND_HIGH,
    REGEX_HIGH,
    TEXT_KINDS,
    CriterionFlag,
    CriterionKind,
    FieldFlag,
    FileFlag,
    Kind,
    ValueKind,
)
from ccheck_schemas.runtime import Columns

if TYPE_CHECKING:
    from ccheck_schemas.record import Reading

_FILE_NAME = re.compile(r"C-(\d{8})-(\d{8})-(\d{8})(?!\d)", re.ASCII)
_WILDCARD, _REGEX, _ONE_OF = int(CriterionKind.WILDCARD), int(CriterionKind.REGEX), int(CriterionKind.ONE_OF)
_RANGE, _MASK = int(CriterionKind.INTEGER_RANGE), int(CriterionKind.BIT_MASK)
_TEXT_KINDS = sum(1 << kind for kind in TEXT_KINDS)
_INTEGER_KINDS = sum(1 << kind for kind in INTEGER_KINDS)
_TEXT, _OPTIONAL = int(ValueKind.TEXT), int(FieldFlag.OPTIONAL)
_IGNORE_CASE = int(CriterionFlag.IGNORE_CASE)


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the definitions have it. allowed: bit *k* allows criteria of kind *k*."""

    value_kind: int
    max_length: int
    allowed: int
    optional: bool


@dataclass(frozen=True, slots=True)
class TemplateType:
    """A template type as the definitions have it."""

    id: int
    version: int
    name: str
    channel: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class _Criteria:
    """What one instance's criteria may be, field by field: the kinds that every build takes, value kind,
    length.
    """

    kinds: tuple[int, ...]
    value_kinds: tuple[int, ...]
    lengths: tuple[int, ...]


_NOTHING = _Criteria((), (), ())
"""What criteria of a type may be that is unknown, or not for this file."""


def definitions(columns: Columns, name: str, builds: Sequence[Consumer]) -> tuple[TemplateType, ...] | None:
    """The template types of a definitions file that passes every check; None where that is not certain."""
    if columns.numbers["header.kind"] != Kind.DEFINITIONS or not _header(columns, name, builds):
        return None
    order = (columns.tables["types"][1], columns.tables["fields"][1], columns.pools["pool"][0])
    if not _in_order(columns, order, absent=("instances", "criteria")):
        return None
    pool = _Pool(columns.data, columns.pools["pool"])
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


def instances(columns: Columns, name: str, types: Iterable[TemplateType], builds: Sequence[Consumer]) -> bool:
    """Whether a file of instances passes every check; False where that is not certain."""
    if columns.numbers["header.kind"] != Kind.INSTANCES or not _header(columns, name, builds):
        return False
    order = (columns.tables["instances"][1], columns.tables["criteria"][1], columns.pools["pool"][0])
    if not _in_order(columns, order, absent=("types", "fields")):
        return False
    may = _Allowed(types, builds, columns.numbers["header.channel"])
    operands = _Operands(columns.data, columns.pools["pool"])
    ids: set[int] = set()
    criteria = columns.rows("criteria")
    total = 0
    for id_, type_id, version, _, _, _, count, _, _ in columns.rows("instances"):
        ids.add(id_)
        total += 1
        allowed = may.of(type_id, version)
        if allowed is None or not operands.instance(allowed, islice(criteria, count)):
            return False
    return len(ids) == total and operands.pool.canonical()


@dataclass(frozen=True, slots=True)
class Doubtful:
    """The instances that a check may blame, by their index; no check blames another.

    canonical: the operands of the file stand as in canonical form.
    """

    instances: tuple[int, ...]
    canonical: bool


def doubtful(reading: Reading, types: Iterable[TemplateType], builds: Sequence[Consumer]) -> Doubtful | None:
    """The instances of any file that may have findings of meaning or contract; None where the file has no
    whole header, or lacks a table.
    """
    from ccheck_schemas.rows import Rows  # it imports Construct, and a file that passes does without

    header = reading.root.get("header")
    instances, criteria = reading.tables.get("instances"), reading.tables.get("criteria")
    channel = None if header is None else header.get("channel")
    if channel is None or not isinstance(instances, Rows) or not isinstance(criteria, Rows):
        return None
    may = _Allowed(types, builds, channel)
    pool = reading.pools.get("pool")
    operands = _Operands(criteria.data, pool or (0, 0))
    found: list[int] = []
    first_with: dict[int, int] = {}
    rows, packer = criteria.bytes(), criteria.plan.packer
    handed = 0
    for i, (id_, type_id, version, _, _, first, count, _, _) in enumerate(instances.numbers()):
        before = first_with.setdefault(id_, i)
        if before != i:
            found += (before, i)
        handed += count
        if first + count > len(criteria) or handed > 2 * len(criteria):
            found.append(i)
            continue
        own = packer.iter_unpack(rows[first * packer.size : (first + count) * packer.size])
        allowed = may.of(type_id, version)
        # Judged in any case: the pool is held against all operands.
        if not operands.instance(allowed or _NOTHING, own) or allowed is None:
            found.append(i)
    return Doubtful(tuple(sorted(set(found))), pool is not None and operands.pool.canonical())


def _header(columns: Columns, name: str, builds: Sequence[Consumer]) -> bool:
    """The name of the file, the test flag, and the format version that every build reads."""
    numbers = columns.numbers
    if not builds or numbers["header.flags"] & FileFlag.TEST:
        return False
    if any(numbers["header.format_version"] not in build.format_versions for build in builds):
        return False
    match = _FILE_NAME.match(name)
    parts = tuple(numbers[f"header.{part}"] for part in ("channel", "sequence", "revision"))
    return match is None or tuple(map(int, match.groups())) == parts


def _in_order(columns: Columns, order: tuple[int, int, int], absent: tuple[str, str]) -> bool:
    """Three blocks and the end mark, in their order, and no block of the other kind."""
    first, second, third = order
    alone = all(columns.tables[table][1] < 0 for table in absent)
    return alone and columns.numbers["# blocks"] == 4 and 0 <= first < second < third


def _supplied(type_: TemplateType, builds: Sequence[Consumer]) -> bool:
    """Whether every build that knows the type supplies each input that is not optional."""
    for build in builds:
        inputs = build.inputs_for(type_.name, type_.version)
        if inputs is not None and not all(field.optional for field in type_.fields[inputs:]):
            return False
    return True


class _Allowed:
    """What criteria of each type may be, for files of one channel."""

    def __init__(self, types: Iterable[TemplateType], builds: Sequence[Consumer], channel: int) -> None:
        self._types = {(type_.id, type_.version): type_ for type_ in types}
        self._builds = builds
        self._channel = channel
        self._known: dict[tuple[int, int], _Criteria | None] = {}

    def of(self, type_id: int, version: int) -> _Criteria | None:
        """What they may be; None when instances of the type have findings whatever they hold."""
        key = (type_id, version)
        if key not in self._known:
            self._known[key] = _may(self._types.get(key), self._channel, self._builds)
        return self._known[key]


def _may(type_: TemplateType | None, channel: int, builds: Sequence[Consumer]) -> _Criteria | None:
    """What criteria of a type may be; None when instances of it have findings whatever they hold."""
    if type_ is None or type_.channel != channel:
        return None
    understood = -1
    supplied = len(type_.fields)
    for build in builds:
        inputs = build.inputs_for(type_.name, type_.version)
        if inputs is None or (build.input_count_check and inputs != len(type_.fields)):
            return None
        understood &= sum(1 << kind for kind in CriterionKind if kind.name.lower() in build.criterion_kinds)
        supplied = min(supplied, inputs)
    kinds = []
    for index, field in enumerate(type_.fields):
        fits = _TEXT_KINDS if field.value_kind == _TEXT else _INTEGER_KINDS
        read = fits if index < supplied else 0
        kinds.append(field.allowed & understood & (read | 1 << _WILDCARD))
    return _Criteria(
        tuple(kinds),
        tuple(field.value_kind for field in type_.fields),
        tuple(field.max_length for field in type_.fields),
    )


class _Pool:
    """Whether the pool is canonical: items in the order of first use, none stored twice, nothing between
    them.

    Items are kept as numbers alone, for a large file has very many.
    """

    def __init__(self, data: bytes, place: tuple[int, int]) -> None:
        self._data = data
        self._at, self._end = place
        self._texts = _Kept()
        self._words = _Kept()
        self._ordered = True

    def text(self, offset: int, size: int) -> bytes:
        """The bytes of a text."""
        raw = self._data[offset : offset + size]
        if offset == self._at:
            self._ordered &= self._texts.new(offset, size, raw)
            self._at = offset + size + 1
        elif not self._texts.has(offset, size):
            self._ordered = False
        return raw

    def words(self, offset: int, size: int) -> bytes:
        """The bytes of integers."""
        raw = self._data[offset : offset + size]
        if offset == self._at + -self._at % 8:
            self._ordered &= self._words.new(offset, size, raw)
            self._at = offset + size
        elif not self._words.has(offset, size):
            self._ordered = False
        return raw

    def spoil(self) -> None:
        """An operand that is in no canonical pool."""
        self._ordered = False

    def canonical(self) -> bool:
        """Whether all items stood where they belong, and reach to the end of the pool."""
        return self._ordered and self._at == self._end


class _Kept:
    """The items of one kind, in the order in which they stand."""

    def __init__(self) -> None:
        self._places = array("Q")
        self._hashes: set[int] = set()

    def new(self, offset: int, size: int, raw: bytes) -> bool:
        """Keep an item that stands behind all others; whether its bytes are new. Two items whose hashes are
        alike are taken for one: then the checks themselves decide.
        """
        known = len(self._hashes)
        self._hashes.add(hash(raw))
        self._places.append(offset << 13 | size)
        return len(self._hashes) > known

    def has(self, offset: int, size: int) -> bool:
        """Whether an item is kept."""
        at = bisect_left(self._places, offset << 13 | size)
        return at < len(self._places) and self._places[at] == offset << 13 | size


class _Operands:
    """The criteria of a file, judged one instance at a time."""

    def __init__(self, data: bytes, pool: tuple[int, int]) -> None:
        self.pool = _Pool(data, pool)
        self._regexes: dict[tuple[bytes, bool], bool] = {}

    def instance(self, allowed: _Criteria, criteria: Iterable[tuple[int, ...]]) -> bool:
        """Whether the criteria of an instance are right for its type."""
        kinds, value_kinds, lengths = allowed.kinds, allowed.value_kinds, allowed.lengths
        fields = len(kinds)
        used = 0
        right = True
        for index, kind, offset, size, value_kind, flags in criteria:
            if index < fields:
                bit = 1 << index
                if used & bit or not kinds[index] >> kind & 1:
                    right = False
                used |= bit
                if kind == _WILDCARD:
                    if offset or size or value_kind or flags:
                        right = False
                    continue
                if size > lengths[index] or value_kind != value_kinds[index]:
                    right = False
            else:
                right = False
            if not 0 < size <= OPERAND_HIGH:
                right = False
                self.pool.spoil()
            elif value_kind == _TEXT:
                raw = self.pool.text(offset, size)
                if kind >= _REGEX and not self._special(kind, raw, flags):
                    right = False
            elif not self._integers(kind, self.pool.words(offset, size), size) or flags:
                right = False
        return right

    def _special(self, kind: int, raw: bytes, flags: int) -> bool:
        """A regex or a list of texts."""
        if kind == _ONE_OF:
            parts = raw.split(b"\0")
            return len(parts) <= LIST_HIGH and len(set(parts)) == len(parts) and b"" not in parts
        key = (raw, bool(flags & _IGNORE_CASE))
        if key not in self._regexes:
            self._regexes[key] = _affordable(*key)
        return self._regexes[key]

    def _integers(self, kind: int, raw: bytes, size: int) -> bool:
        if size % 8:
            return False
        if kind == _ONE_OF:
            return size <= 8 * LIST_HIGH and len({raw[i : i + 8] for i in range(0, size, 8)}) == size // 8
        if kind not in (_RANGE, _MASK):
            return size == 8
        if size != 16 or len(raw) != 16:
            return False
        first, second = unpack_from("<QQ", raw)
        return bool(first <= second if kind == _RANGE else first and not second & ~first)


def _affordable(raw: bytes, ignore_case: bool) -> bool:
    # Most files have no regex, and the engine takes a while to import.
    from ccheck.regex import REGEX_COST_HIGH, cost

    if len(raw) > REGEX_HIGH:
        return False
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    instructions, fault = cost(text, ignore_case)
    return fault is None and instructions <= REGEX_COST_HIGH
