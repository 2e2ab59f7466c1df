"""The screen of channel files: one pass over the columns of a spotless file, for the checks of meaning and
the contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import unpack_from

from ccheck.consumers import Consumer
from ccheck_schemas.formats.channel_numbers import (
    INTEGER_KINDS,
    LIST_HIGH,
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


def definitions(columns: Columns, name: str, builds: Sequence[Consumer]) -> tuple[TemplateType, ...] | None:
    """The template types of a definitions file that passes every check; None where that is not certain."""
    if columns.numbers["header.kind"] != Kind.DEFINITIONS or not _header(columns, name, builds):
        return None
    order = (columns.tables["types"][1], columns.tables["fields"][1], columns.pools["pool"][0])
    if not _in_order(columns, order, absent=("instances", "criteria")):
        return None
    pool = _Pool(columns)
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
        if title is None or None in names or len(names) != count:
            return None
        types.append(TemplateType(id_, version, title.decode(), channel, tuple(held)))
    known = {(t.id, t.version) for t in types}
    ids = {t.name: t.id for t in types}
    if not pool.full() or len(known) != len(types) or any(ids[t.name] != t.id for t in types):
        return None
    return tuple(types) if all(_supplied(t, builds) for t in types) else None


def instances(columns: Columns, name: str, types: Iterable[TemplateType], builds: Sequence[Consumer]) -> bool:
    """Whether a file of instances passes every check; False where that is not certain."""
    if columns.numbers["header.kind"] != Kind.INSTANCES or not _header(columns, name, builds):
        return False
    order = (columns.tables["instances"][1], columns.tables["criteria"][1], columns.pools["pool"][0])
    if not _in_order(columns, order, absent=("types", "fields")):
        return False
    channel = columns.numbers["header.channel"]
    judged = _Operands(columns)
    known = {(t.id, t.version): t for t in types}
    may: dict[tuple[int, int], _Criteria | None] = {}
    ids: set[int] = set()
    criteria = columns.rows("criteria")
    total = 0
    for id_, type_id, version, _, _, _, count, _, _ in columns.rows("instances"):
        ids.add(id_)
        total += 1
        key = (type_id, version)
        if key not in may:
            may[key] = _may(known.get(key), channel, builds)
        allowed = may[key]
        if allowed is None or not judged.instance(allowed, criteria, count):
            return False
    return len(ids) == total and judged.pool.full()


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
    """The canonical pool: items in the order of first use, none stored twice, nothing between them."""

    def __init__(self, columns: Columns) -> None:
        self._data = columns.data
        self._at, self._end = columns.pools["pool"]
        self._texts: dict[bytes, int] = {}
        self._words: dict[bytes, int] = {}

    def text(self, offset: int, size: int) -> bytes | None:
        """The bytes of a text that stands where canonical form has it, else None."""
        raw = self._data[offset : offset + size]
        known = self._texts.get(raw)
        if known is None:
            if offset != self._at:
                return None
            self._texts[raw] = offset
            self._at = offset + size + 1
        elif known != offset:
            return None
        return raw

    def words(self, offset: int, size: int) -> bytes | None:
        """The bytes of integers that stand where canonical form has them, else None."""
        raw = self._data[offset : offset + size]
        known = self._words.get(raw)
        if known is None:
            if offset != self._at + -self._at % 8:
                return None
            self._words[raw] = offset
            self._at = offset + size
        elif known != offset:
            return None
        return raw

    def full(self) -> bool:
        """Whether the items reach to the end of the pool."""
        return self._at == self._end


class _Operands:
    """The criteria of a file, judged one instance at a time."""

    def __init__(self, columns: Columns) -> None:
        self.pool = _Pool(columns)
        self._regexes: dict[tuple[bytes, bool], bool] = {}

    def instance(self, allowed: _Criteria, criteria: Iterable[tuple[int, ...]], count: int) -> bool:
        """Whether the next `count` criteria are right for an instance of a type."""
        kinds, value_kinds, lengths = allowed.kinds, allowed.value_kinds, allowed.lengths
        fields = len(kinds)
        used = left = 0
        for index, kind, offset, size, value_kind, flags in criteria:
            left += 1
            bit = 1 << index
            if index >= fields or used & bit or not kinds[index] >> kind & 1:
                return False
            used |= bit
            if kind == _WILDCARD:
                if offset or size or value_kind or flags:
                    return False
            elif not 0 < size <= lengths[index] or value_kind != value_kinds[index]:
                return False
            elif value_kind == _TEXT:
                raw = self.pool.text(offset, size)
                if raw is None or (kind >= _REGEX and not self._special(kind, raw, flags)):
                    return False
            elif flags or not self._integers(kind, offset, size):
                return False
            if left == count:
                return True
        return left == count

    def _special(self, kind: int, raw: bytes, flags: int) -> bool:
        """A regex or a list of texts."""
        if kind == _ONE_OF:
            parts = raw.split(b"\0")
            return len(parts) <= LIST_HIGH and len(set(parts)) == len(parts) and b"" not in parts
        key = (raw, bool(flags & _IGNORE_CASE))
        if key not in self._regexes:
            self._regexes[key] = _affordable(*key)
        return self._regexes[key]

    def _integers(self, kind: int, offset: int, size: int) -> bool:
        raw = self.pool.words(offset, size)
        if raw is None or size % 8:
            return False
        if kind == _ONE_OF:
            return size <= 8 * LIST_HIGH and len({raw[i : i + 8] for i in range(0, size, 8)}) == size // 8
        if kind not in (_RANGE, _MASK):
            return size == 8
        if size != 16:
            return False
        first, second = unpack_from("<QQ", raw)
        return bool(first <= second if kind == _RANGE else first and not second & ~first)


def _affordable(raw: bytes, ignore_case: bool) -> bool:
    # Most files have no regex, and the engine takes a while to import.
    from ccheck.regex import REGEX_COST_HIGH, cost

    if len(raw) > REGEX_HIGH:
        return False
    instructions, fault = cost(raw.decode(), ignore_case)
    return fault is None and instructions <= REGEX_COST_HIGH
