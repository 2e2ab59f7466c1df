"""All instances of a spotless channel file at once, by columns: whether none of them has a finding.

The criteria of most instances have one of a few shapes: their fields, kinds, value kinds and flags. A shape
is judged once, sizes and offsets are asked of whole columns, and only operands are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, compress, islice, repeat
from operator import add, le, lt
from struct import Struct

from ccheck.screen.criteria import Allowed, Types, special
from ccheck_schemas.formats.channel_numbers import LIST_HIGH, CriterionKind, ValueKind
from ccheck_schemas.runtime import Columns

_WILDCARD, _REGEX, _ONE_OF = int(CriterionKind.WILDCARD), int(CriterionKind.REGEX), int(CriterionKind.ONE_OF)
_RANGE, _MASK = int(CriterionKind.INTEGER_RANGE), int(CriterionKind.BIT_MASK)
_TEXT = int(ValueKind.TEXT)
_PAIR = Struct("<QQ")
_SHIFTED = {by: bytes((n << by) & 0xFF for n in range(256)) for by in (4, 6)}
_IS = {kind: bytes(n == kind for n in range(256)) for kind in ValueKind}
"""Tables of `bytes.translate`: bits moved up, and 1 for a value kind and 0 for all else."""
_TOGETHER = 4096
"""Instances whose shapes are remembered together, so that a file of many shapes takes little memory."""

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
    """Whether no check of meaning, contract or canonical form blames any instance; False where that is not
    certain.
    """
    ids = columns.column("instances", "id")
    if len(set(ids)) != len(ids) or columns.byte("criteria", "field_index", 1).strip(b"\0"):
        return False
    offsets = columns.column("criteria", "operand_offset")
    sizes = columns.column("criteria", "operand_length")
    kinds, values, flags = (columns.byte("criteria", name) for name in ("kind", "value_kind", "flags"))
    with_operand = bytes(compress(kinds, sizes))
    wild = kinds.count(_WILDCARD)
    # As many criteria have an operand as are no wildcards, and none is one of those: they are the same.
    if len(with_operand) != len(kinds) - wild or _WILDCARD in with_operand or offsets.count(0) != wild:
        return False
    # None of the three needs more than a few bits of its byte.
    rows = _overlaid(kinds, values.translate(_SHIFTED[4]), flags.translate(_SHIFTED[6]))
    if not _shapes(columns, types, sizes, rows):
        return False
    operands = _Operands(columns.data, offsets, sizes, kinds)
    is_text, is_word = values.translate(_IS[ValueKind.TEXT]), values.translate(_IS[ValueKind.INTEGER])
    texts, words = operands.picked(is_text), operands.picked(is_word)
    if not _canonical(list(compress(offsets, sizes)), texts, words):
        return False
    special_kinds = _REGEX in texts.kinds or _ONE_OF in texts.kinds
    return _words(words) and (not special_kinds or _special(texts, list(compress(flags, is_text))))


def _shapes(columns: Columns, types: Types, sizes: Sequence[int], rows: bytes) -> bool:
    """Whether each instance has criteria that its type allows, with operands no longer than it allows."""
    type_ids, versions, firsts, counts = (
        columns.column("instances", name)
        for name in ("type_id", "type_version", "first_criterion", "criterion_count")
    )
    owners = list(zip(type_ids, versions, strict=True))
    known: dict[Type, Allowed] = {}
    for type_ in set(owners):
        allowed = types.allowed(*type_, columns.numbers["header.channel"])
        if allowed is None:
            return False
        known[type_] = allowed
    fields = columns.byte("criteria", "field_index")
    for at in range(0, len(owners), _TOGETHER):
        to = at + _TOGETHER
        spans = zip(owners[at:to], firsts[at:to], map(add, firsts[at:to], counts[at:to]), strict=True)
        shapes = {(type_, fields[i:j], rows[i:j]) for type_, i, j in spans}
        if not all(_allowed(known[type_], *shape) for type_, *shape in shapes):
            return False
    if max(sizes) <= min(min(longest) for _, _, longest in known.values()):
        return True
    longest = (
        map(known[type_][2].__getitem__, fields[first : first + count])
        for type_, first, count in zip(owners, firsts, counts, strict=True)
    )
    return all(map(le, sizes, chain.from_iterable(longest)))


def _overlaid(*columns: bytes) -> bytes:
    """Columns of bytes, of which no two use the same bits, as one."""
    whole = 0
    for column in columns:
        whole |= int.from_bytes(column, "little")
    return whole.to_bytes(len(columns[0]), "little")


def _allowed(allowed: Allowed, fields: bytes, rows: bytes) -> bool:
    """Whether criteria are on fields of the type, no two on one, and of kinds and values that it allows."""
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


def _canonical(offsets: Sequence[int], texts: _Operands, words: _Operands) -> bool:
    """Whether operands, which share out their pool, stand in the order of first use, none stored twice."""
    order = list(dict.fromkeys(offsets))
    if not all(map(lt, order, islice(order, 1, None))):
        return False
    if not set(texts.offsets).isdisjoint(words.offsets):
        return False
    for operands in (texts, words):
        stored: Iterable[tuple[int, int]] = zip(operands.offsets, operands.sizes, strict=True)
        if len(order) != len(offsets):
            stored = dict(stored).items()
        # Operands whose hashes are alike are taken for one stored twice: then the checks themselves decide.
        hashes = [hash(operands.data[at : at + size]) for at, size in stored]
        if len(set(hashes)) != len(hashes):
            return False
    return True


def _special(texts: _Operands, flags: Sequence[int]) -> bool:
    """Whether all regexes and lists of texts are right; other texts have no rules of their own."""
    known: dict[tuple[bytes, bool], bool] = {}
    every = zip(texts.kinds, texts.raw(), flags, strict=True)
    return all(special(kind, raw, own, known) for kind, raw, own in every if kind >= _REGEX)


def _words(operands: _Operands) -> bool:
    """Whether integers are as many as their kind reads, and in order."""
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
    """Whether ranges go upwards, or masks ask for bits that they cover."""
    pairs = map(_PAIR.unpack_from, repeat(operands.data), operands.offsets)
    if kind == _RANGE:
        return all(low <= high for low, high in pairs)
    return all(mask and not value & ~mask for mask, value in pairs)


def _listed(raw: bytes) -> bool:
    """Whether a list holds whole integers, not too many, none twice."""
    values = {raw[i : i + 8] for i in range(0, len(raw), 8)}
    return len(raw) % 8 == 0 and len(raw) <= 8 * LIST_HIGH and len(values) == len(raw) // 8
