"""All instances of a valid channel file at once, by columns: whether none of them has a finding.

The criteria of most instances have one of a few shapes: their fields, kinds, value kinds and flags. A shape
is judged once, sizes and offsets are asked of whole columns, and only operands are looked at one by one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice, repeat
from operator import add, lt
from struct import Struct

from ccheck.formats.channel.fast_path.criteria import Allowed, Types, special
from ccheck_schemas.formats.channel.numbers import LIST_HIGH, CriterionKind, ValueKind
from ccheck_schemas.generate.runtime import Columns

_WILDCARD, _REGEX, _ONE_OF = int(CriterionKind.WILDCARD), int(CriterionKind.REGEX), int(CriterionKind.ONE_OF)
_RANGE, _MASK = int(CriterionKind.INTEGER_RANGE), int(CriterionKind.BIT_MASK)
_TEXT = int(ValueKind.TEXT)
_PAIR = Struct("<QQ")
_SHIFTED = {by: bytes((n << by) & 0xFF for n in range(256)) for by in (4, 6)}
_IS = {kind: bytes(n == kind for n in range(256)) for kind in ValueKind}
"""Tables of `bytes.translate`: bits moved up, and 1 for a value kind and 0 for all else."""
_TOGETHER = 4096
"""Instances that are looked at together, so that a large file takes little memory."""

Type = tuple[int, int]
"""Id and version of a template type."""


@dataclass(frozen=True, slots=True)
class _Operands:
    """Operands of one value kind, in the order of their criteria; kinds: those of the criteria."""

    data: bytes
    offsets: Sequence[int]
    sizes: Sequence[int]
    kinds: Sequence[int]

    def picked(self, pick: Sequence[int]) -> _Operands:
        """Those that are picked."""
        columns = (self.offsets, self.sizes, self.kinds)
        return _Operands(self.data, *(list(compress(each, pick)) for each in columns))

    def of(self, kind: int) -> _Operands:
        """Those of one kind of criteria."""
        if self.kinds.count(kind) == len(self.kinds):
            return self
        return self.picked([own == kind for own in self.kinds])

    def raw(self) -> list[bytes]:
        """The bytes of each."""
        return [self.data[at : at + size] for at, size in zip(self.offsets, self.sizes, strict=True)]


def right(columns: Columns, types: Types) -> bool:
    """Returns whether no check of meaning, contract or canonical form blames any instance; False where that
    is not certain.
    """
    ids: set[int] = set()
    stored = _Stored(columns.data)
    length = columns.tables["instances"].length
    for first in range(0, length, _TOGETHER):
        behind = min(first + _TOGETHER, length)
        ids.update(columns.column("instances", "id", first, behind))
        if not _some(columns, types, first, behind, stored):
            return False
    return len(ids) == length and stored.once()


def _some(columns: Columns, types: Types, first: int, behind: int, stored: _Stored) -> bool:
    """`right` for the instances from `first` up to `behind`; ids and operands are compared in the end."""
    firsts = columns.column("instances", "first_criterion", first, behind)
    counts = columns.column("instances", "criterion_count", first, behind)
    span = firsts[0], firsts[-1] + counts[-1]
    if columns.byte("criteria", "field_index", *span, place=1).strip(b"\0"):
        return False
    offsets = columns.column("criteria", "operand_offset", *span)
    sizes = columns.column("criteria", "operand_length", *span)
    kinds, values, flags = (columns.byte("criteria", name, *span) for name in ("kind", "value_kind", "flags"))
    with_operand = bytes(compress(kinds, sizes))
    wild = kinds.count(_WILDCARD)
    # As many criteria have an operand as are no wildcards, and none is one of those: they are the same.
    if len(with_operand) != len(kinds) - wild or _WILDCARD in with_operand or offsets.count(0) != wild:
        return False
    # None of the three needs more than a few bits of its byte.
    rows = _overlaid(kinds, values.translate(_SHIFTED[4]), flags.translate(_SHIFTED[6]))
    begins = [at - span[0] for at in firsts]
    fields = columns.byte("criteria", "field_index", *span)
    versions = columns.column("instances", "type_version", first, behind)
    owners = zip(columns.column("instances", "type_id", first, behind), versions, strict=True)
    if not _shapes(
        list(owners), begins, counts, (fields, rows, sizes), types.of(columns.numbers["header.channel"])
    ):
        return False
    operands = _Operands(columns.data, offsets, sizes, kinds)
    is_text, is_word = values.translate(_IS[ValueKind.TEXT]), values.translate(_IS[ValueKind.INTEGER])
    texts, words = operands.picked(is_text), operands.picked(is_word)
    if not stored.take(list(compress(offsets, sizes)), texts, words) or not _words(words):
        return False
    some_special = _REGEX in texts.kinds or _ONE_OF in texts.kinds
    return not some_special or _special(texts, list(compress(flags, is_text)))


def _shapes(
    owners: list[Type],
    begins: Sequence[int],
    counts: Sequence[int],
    criteria: tuple[bytes, bytes, Sequence[int]],
    types: Mapping[Type, Allowed],
) -> bool:
    """Returns whether each instance has criteria that its type allows. criteria: fields, rows, sizes of
    operands.
    """
    fields, rows, sizes = criteria
    if not types.keys() >= set(owners):
        return False
    spans = zip(owners, begins, map(add, begins, counts), strict=True)
    shapes = {(owner, fields[i:j], rows[i:j]) for owner, i, j in spans}
    if not all(_allowed(types[owner], *shape) for owner, *shape in shapes):
        return False
    if max(sizes) <= min(min(types[owner][2]) for owner in set(owners)):
        return True
    longest = (types[owner][2] for owner, count in zip(owners, counts, strict=True) for _ in range(count))
    return all(size <= most[field] for size, most, field in zip(sizes, longest, fields, strict=True))


class _Stored:
    """The operands that were met, of a pool that they share out: whether they stand in the order of first
    use, and none is stored twice.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._last = -1
        self._starts = (array("Q"), array("Q"))
        self._hashes = (array("q"), array("q"))

    def take(self, offsets: list[int], texts: _Operands, words: _Operands) -> bool:
        """Take operands that follow those before. offsets: all of them, in the order of their criteria."""
        if offsets and offsets[0] > self._last and _ascending(offsets):
            fresh = [(texts.offsets, texts.sizes), (words.offsets, words.sizes)]
            self._add(offsets[-1], fresh)
            return True
        new = [at for at in dict.fromkeys(offsets) if at > self._last]
        fresh = []
        for operands, starts in zip((texts, words), self._starts, strict=True):
            sizes = dict(zip(operands.offsets, operands.sizes, strict=True))
            if not all(_held(starts, at) for at in sizes if at <= self._last):
                return False
            own = [at for at in sizes if at > self._last]
            fresh.append((own, [sizes[at] for at in own]))
        # What is a text and an integer at once is canonical for neither.
        if not _ascending(new) or len(new) != sum(len(own) for own, _ in fresh):
            return False
        self._add(new[-1] if new else self._last, fresh)
        return True

    def _add(self, last: int, fresh: list[tuple[Sequence[int], Sequence[int]]]) -> None:
        """Add offsets and sizes of texts, and those of integers, that were not met before."""
        data = self._data
        self._last = last
        for (offsets, sizes), starts, hashes in zip(fresh, self._starts, self._hashes, strict=True):
            starts.extend(offsets)
            hashes.extend([hash(data[at : at + size]) for at, size in zip(offsets, sizes, strict=True)])

    def once(self) -> bool:
        """Returns whether none is stored twice.

        Operands whose hashes are alike are taken for one: then the checks themselves decide.
        """
        return all(len(set(hashes)) == len(hashes) for hashes in self._hashes)


def _ascending(numbers: Sequence[int]) -> bool:
    return all(map(lt, numbers, islice(numbers, 1, None)))


def _held(starts: Sequence[int], at: int) -> bool:
    place = bisect_left(starts, at)
    return place < len(starts) and starts[place] == at


def _overlaid(*columns: bytes) -> bytes:
    """Columns of bytes, of which no two use the same bits, as one."""
    whole = 0
    for column in columns:
        whole |= int.from_bytes(column, "little")
    return whole.to_bytes(len(columns[0]), "little")


def _allowed(allowed: Allowed, fields: bytes, rows: bytes) -> bool:
    """Returns whether criteria are on fields of the type, no two on one, and of kinds and values that it
    allows.
    """
    kinds_allowed, value_kinds, _ = allowed
    if len(set(fields)) != len(fields) or max(fields) >= len(kinds_allowed):
        return False
    for field, row in zip(fields, rows, strict=True):
        kind, value, flags = row & 0xF, row >> 4 & 0x3, row >> 6
        if not kinds_allowed[field] >> kind & 1:
            return False
        if value != (0 if kind == _WILDCARD else value_kinds[field]) or (flags and value != _TEXT):
            return False
    return True


def _special(texts: _Operands, flags: Sequence[int]) -> bool:
    """Returns whether all regexes and lists of texts are right; other texts have no rules of their own."""
    known: dict[tuple[bytes, bool], bool] = {}
    every = zip(texts.kinds, texts.raw(), flags, strict=True)
    return all(special(kind, raw, own, known) for kind, raw, own in every if kind >= _REGEX)


def _words(operands: _Operands) -> bool:
    """Returns whether integers are as many as their kind reads, and in order."""
    for kind in set(operands.kinds):
        own = operands.of(kind)
        if kind == _ONE_OF:
            right = all(map(_listed, own.raw()))
        elif kind in (_RANGE, _MASK):
            right = set(own.sizes) == {16} and _pairs(kind, own)
        else:
            right = set(own.sizes) == {8}
        if not right:
            return False
    return True


def _pairs(kind: int, operands: _Operands) -> bool:
    """Returns whether ranges go upwards, or masks ask for bits that they cover."""
    pairs = map(_PAIR.unpack_from, repeat(operands.data), operands.offsets)
    if kind == _RANGE:
        return all(low <= high for low, high in pairs)
    return all(mask and not value & ~mask for mask, value in pairs)


def _listed(raw: bytes) -> bool:
    """Returns whether a list holds whole integers, not too many, none twice."""
    values = {raw[i : i + 8] for i in range(0, len(raw), 8)}
    return len(raw) % 8 == 0 and len(raw) <= 8 * LIST_HIGH and len(values) == len(raw) // 8
