"""Which instances of a channel file a check may report, and whether its operands are in canonical form.

The criteria of most instances have one of a few shapes: their fields, kinds, value kinds and flags. A shape
is tested once, and sizes and offsets as whole columns. A group of instances that fails is halved, until few
suspects are left for the checks.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress, islice, repeat, starmap
from operator import add, lt, ne, sub
from struct import Struct

from ccheck.formats.channel.fast_path.type_rules import RulesByType, TypeKey, TypeRules
from ccheck.formats.channel.operand import inverted, list_too_long, wrong_elements, wrong_mask, wrong_size
from ccheck_schemas.formats.channel.numbers import REGEX_HIGH, CriterionFlag, CriterionKind, ValueKind
from ccheck_schemas.generate.python.runtime import Columns

_WILDCARD, _REGEX, _ONE_OF = int(CriterionKind.WILDCARD), int(CriterionKind.REGEX), int(CriterionKind.ONE_OF)
_RANGE, _MASK = int(CriterionKind.INTEGER_RANGE), int(CriterionKind.BIT_MASK)
_IGNORE_CASE = int(CriterionFlag.IGNORE_CASE)
_PAIR = Struct("<QQ")
_SHIFTED = {by: bytes((n << by) & 0xFF for n in range(256)) for by in (4, 6)}
_IS = {kind: bytes(n == kind for n in range(256)) for kind in ValueKind}
"""Tables of `bytes.translate`: bits moved up, and 1 for a value kind and 0 for all else."""
_BELOW = {bits: bytes(range(1 << bits)) for bits in (2, 4)}
"""The values of so many bits."""
_TOGETHER = 4096
"""Instances that are tested together, so that a large file takes little memory."""
_FEW = 2
"""Instances of a group that is not halved any more: the checks look at each."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """The instances that a check may report, by their index; no check reports another.

    Attributes:
        instances: The indexes, in order.
        canonical: The operands of the file are in canonical form.
    """

    instances: tuple[int, ...]
    canonical: bool


@dataclass(frozen=True, slots=True)
class _Operands:
    """Operands of one value kind, in the order of their criteria; kinds: those of the criteria."""

    data: bytes
    offsets: Sequence[int]
    sizes: Sequence[int]
    kinds: Sequence[int]

    def picked(self, pick: Sequence[int]) -> _Operands:
        """Returns those that are picked."""
        columns = (self.offsets, self.sizes, self.kinds)
        return _Operands(self.data, *(list(compress(each, pick)) for each in columns))

    def of(self, kind: int) -> _Operands:
        """Returns those of one kind of criteria."""
        if self.kinds.count(kind) == len(self.kinds):
            return self
        return self.picked([own == kind for own in self.kinds])

    def raw(self) -> list[bytes]:
        """Returns the bytes of each."""
        return [self.data[at : at + size] for at, size in zip(self.offsets, self.sizes, strict=True)]


def all_pass(columns: Columns, rules: RulesByType) -> bool:
    """Returns whether no check of meaning, contract or canonical form reports anything.

    False if that is not certain.

    Args:
        columns: A file without faults.
        rules: What criteria may be.
    """
    tests, pool = _Tests(columns, rules), _Pool(columns.data)
    count = columns.tables["instances"].length
    ids: set[int] = set()
    for first, stop in _groups(count):
        ids.update(columns.column("instances", "id", first, stop))
        group = _Group(columns, first, stop)
        group.load()
        group.pick_operands()
        if not tests.passes(group) or not pool.take(group):
            return False
    return len(ids) == count and pool.each_once()


def suspects(columns: Columns, rules: RulesByType, pool: tuple[int, int]) -> Suspects:
    """Returns the instances of a file that a check may report.

    Args:
        columns: Any file whose tables of instances and criteria are whole. Numbers may have any value.
        rules: What criteria may be.
        pool: Start and end of the pool.
    """
    tests, stored = _Tests(columns, rules), _Pool(columns.data)
    found: set[int] = set()
    ids = array("Q")
    canonical = True
    for first, stop in _groups(columns.tables["instances"].length):
        ids.extend(columns.column("instances", "id", first, stop))
        group = _Group(columns, first, stop)
        loaded = group.load_within_bounds()
        if loaded:
            group.pick_operands()
        if not (loaded and group.has_small_numbers() and tests.passes(group)):
            found.update(_halves(columns, tests, first, stop))
        canonical = canonical and loaded and stored.take(group)
    found.update(_repeated(ids))
    canonical = canonical and stored.each_once() and stored.fills(pool)
    return Suspects(tuple(sorted(found)), canonical)


def _groups(count: int) -> list[tuple[int, int]]:
    """Returns the first instance of each group, and the one after its last."""
    return [(first, min(first + _TOGETHER, count)) for first in range(0, count, _TOGETHER)]


def _failing(columns: Columns, tests: _Tests, first: int, stop: int) -> Sequence[int]:
    """Returns the instances from `first` up to `stop` that may fail a test."""
    group = _Group(columns, first, stop)
    if group.load_within_bounds() and group.has_small_numbers():
        group.pick_operands()
        if tests.passes(group):
            return ()
    return _halves(columns, tests, first, stop)


def _halves(columns: Columns, tests: _Tests, first: int, stop: int) -> Sequence[int]:
    """Returns the instances of a group that may fail a test, where the group as a whole does."""
    if stop - first <= _FEW:
        return range(first, stop)
    middle = (first + stop) // 2
    return (*_failing(columns, tests, first, middle), *_failing(columns, tests, middle, stop))


def _repeated(ids: Sequence[int]) -> list[int]:
    """Returns the positions of ids that occur more than once."""
    if len(set(ids)) == len(ids):
        return []
    counts = Counter(ids)
    return [position for position, id_ in enumerate(ids) if counts[id_] > 1]


class _Group:
    """Instances that follow each other, and their criteria, as columns.

    Attributes:
        columns: The file.
        rows: The first instance, and the one after the last.
        firsts: The first criterion of each instance.
        counts: The number of its criteria.
        span: The first criterion of all, and the one after the last.
        offsets: The offset of each criterion's operand.
        sizes: Its size.
        kinds: The kind of each criterion.
        values: Its value kind.
        flags: Its flags, the low byte of them.
        is_text: 1 for each criterion that has a text, and 0 for each other one.
        texts: The operands that are texts.
        words: The operands that are integers.
    """

    def __init__(self, columns: Columns, first: int, stop: int) -> None:
        self.columns = columns
        self.rows = first, stop
        self.firsts = columns.column("instances", "first_criterion", first, stop)
        self.counts = columns.column("instances", "criterion_count", first, stop)
        self.span = self.firsts[0], self.firsts[-1] + self.counts[-1]

    def load(self) -> None:
        """Reads the criteria, which are known to be in the file."""
        columns, span = self.columns, self.span
        self.offsets = columns.column("criteria", "operand_offset", *span)
        self.sizes = columns.column("criteria", "operand_length", *span)
        self.kinds = columns.byte("criteria", "kind", *span)
        self.values = columns.byte("criteria", "value_kind", *span)
        self.flags = columns.byte("criteria", "flags", *span)

    def load_within_bounds(self) -> bool:
        """Reads the criteria if they follow each other, and they and their operands are in the file."""
        follow = map(ne, map(add, self.firsts, self.counts), islice(self.firsts, 1, None))
        if 0 in self.counts or any(follow) or self.span[1] > self.columns.tables["criteria"].length:
            return False
        self.load()
        end: int = max(map(add, self.offsets, self.sizes))
        return end <= len(self.columns.data)

    def has_small_numbers(self) -> bool:
        """Returns whether kinds have four bits, and value kinds and flags two, as in files without faults."""
        high = self.columns.byte("criteria", "flags", *self.span, place=1).strip(b"\0")
        bits = ((self.kinds, 4), (self.values, 2), (self.flags, 2))
        return not high and not any(column.translate(None, _BELOW[n]) for column, n in bits)

    def pick_operands(self) -> None:
        """Separates operands that are texts from those that are integers."""
        operands = _Operands(self.columns.data, self.offsets, self.sizes, self.kinds)
        self.is_text = self.values.translate(_IS[ValueKind.TEXT])
        self.texts = operands.picked(self.is_text)
        self.words = operands.picked(self.values.translate(_IS[ValueKind.INTEGER]))


class _Tests:
    """The tests that instances must pass.

    Regexes are compiled once.
    """

    def __init__(self, columns: Columns, rules: RulesByType) -> None:
        self._rules = rules.of(columns.numbers["header.channel"])
        self._regexes: dict[tuple[bytes, bool], bool] = {}

    def passes(self, group: _Group) -> bool:
        """Returns whether all instances of a group pass, which is loaded and has small numbers."""
        columns, span, kinds, sizes = group.columns, group.span, group.kinds, group.sizes
        if columns.byte("criteria", "field_index", *span, place=1).strip(b"\0"):
            return False
        with_operand = bytes(compress(kinds, sizes))
        wild = kinds.count(_WILDCARD)
        # As many criteria have an operand as are no wildcards, and none of those is one: they are the same.
        if len(with_operand) != len(kinds) - wild or _WILDCARD in with_operand:
            return False
        if group.offsets.count(0) != wild:
            return False
        # None of the three needs more than a few bits of its byte.
        rows = _overlaid(kinds, group.values.translate(_SHIFTED[4]), group.flags.translate(_SHIFTED[6]))
        types = columns.column("instances", "type_id", *group.rows)
        owners = list(zip(types, columns.column("instances", "type_version", *group.rows), strict=True))
        begins = [at - span[0] for at in group.firsts]
        fields = columns.byte("criteria", "field_index", *span)
        if not _shapes(owners, begins, group.counts, (fields, rows, sizes), self._rules):
            return False
        return _words(group.words) and self._texts(group)

    def _texts(self, group: _Group) -> bool:
        """Returns whether all regexes and lists of texts pass; other texts have no rules of their own."""
        texts = group.texts
        if _REGEX not in texts.kinds and _ONE_OF not in texts.kinds:
            return True
        flags = compress(group.flags, group.is_text)
        return all(
            self._text(kind, raw, own)
            for kind, raw, own in zip(texts.kinds, texts.raw(), flags, strict=True)
            if kind in (_REGEX, _ONE_OF)
        )

    def _text(self, kind: int, raw: bytes, flags: int) -> bool:
        if kind == _ONE_OF:
            parts = raw.split(b"\0")
            return list_too_long(parts) is None and wrong_elements(parts) is None
        key = raw, bool(flags & _IGNORE_CASE)
        if key not in self._regexes:
            self._regexes[key] = _affordable(*key)
        return self._regexes[key]


def _affordable(raw: bytes, ignore_case: bool) -> bool:
    # Most files have no regex, and the engine takes a while to import.
    from ccheck.formats.channel.regex import is_affordable

    try:
        return len(raw) <= REGEX_HIGH and is_affordable(raw.decode(), ignore_case)
    except UnicodeDecodeError:
        return False


def _shapes(
    owners: list[TypeKey],
    begins: Sequence[int],
    counts: Sequence[int],
    criteria: tuple[bytes, bytes, Sequence[int]],
    rules: Mapping[TypeKey, TypeRules],
) -> bool:
    """Returns whether each instance has criteria that its type allows.

    Args:
        owners: The type of each instance.
        begins: Its first criterion.
        counts: The number of its criteria.
        criteria: Fields, rows (see `TypeRules.allow`) and operand sizes of all criteria.
        rules: What criteria may be.
    """
    fields, rows, sizes = criteria
    if not rules.keys() >= set(owners):
        return False
    spans = zip(owners, begins, map(add, begins, counts), strict=True)
    shapes = {(owner, fields[i:j], rows[i:j]) for owner, i, j in spans}
    if not all(rules[owner].allow(*shape) for owner, *shape in shapes):
        return False
    if max(sizes) <= min(min(rules[owner].lengths) for owner in set(owners)):
        return True
    longest = (
        rules[owner].lengths for owner, count in zip(owners, counts, strict=True) for _ in range(count)
    )
    return all(size <= most[field] for size, most, field in zip(sizes, longest, fields, strict=True))


class _Pool:
    """The operands that were met: whether they are in the order of first use, and each is stored once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._last = -1
        self._starts = (array("Q"), array("Q"))
        self._sizes = (array("Q"), array("Q"))
        self._hashes = (array("q"), array("q"))

    def take(self, group: _Group) -> bool:
        """Takes the operands of the next group; returns whether their order is canonical."""
        offsets, texts, words = list(compress(group.offsets, group.sizes)), group.texts, group.words
        if offsets and offsets[0] > self._last and _ascending(offsets):
            self._add(offsets[-1], [(texts.offsets, texts.sizes), (words.offsets, words.sizes)])
            return True
        new = [at for at in dict.fromkeys(offsets) if at > self._last]
        fresh = []
        for operands, starts in zip((texts, words), self._starts, strict=True):
            sizes = dict(zip(operands.offsets, operands.sizes, strict=True))
            if not all(_begins(starts, at) for at in sizes if at <= self._last):
                return False
            own = [at for at in sizes if at > self._last]
            fresh.append((own, [sizes[at] for at in own]))
        # An operand that is a text and an integer at once is canonical for neither.
        if not _ascending(new) or len(new) != sum(len(own) for own, _ in fresh):
            return False
        self._add(new[-1] if new else self._last, fresh)
        return True

    def _add(self, last: int, fresh: Sequence[tuple[Sequence[int], Sequence[int]]]) -> None:
        """Adds offsets and sizes of texts, and those of integers, that were not met before."""
        data = self._data
        self._last = last
        columns = zip(fresh, self._starts, self._sizes, self._hashes, strict=True)
        for (offsets, sizes), starts, lengths, hashes in columns:
            starts.extend(offsets)
            lengths.extend(sizes)
            hashes.extend([hash(data[at : at + size]) for at, size in zip(offsets, sizes, strict=True)])

    def each_once(self) -> bool:
        """Returns whether each is stored once.

        Operands whose hashes are alike count as one: then the checks themselves decide.
        """
        return all(len(set(hashes)) == len(hashes) for hashes in self._hashes)

    def fills(self, pool: tuple[int, int]) -> bool:
        """Returns whether the operands fill the pool: texts with a NUL each, integers aligned to 8 bytes."""
        at, end = pool
        (starts, words), (sizes, _) = self._starts, self._sizes
        if starts and not words:  # each begins one byte behind the one before it
            ends = list(map(add, starts, sizes))
            return starts[0] == at and ends[-1] + 1 == end and set(map(sub, starts[1:], ends)) <= {1}
        columns = zip(self._starts, self._sizes, (1, 8), strict=True)
        items = (zip(starts, sizes, repeat(align)) for starts, sizes, align in columns)
        for start, size, align in sorted(chain.from_iterable(items)):
            if start != at + -at % align:
                return False
            at = start + size + (align == 1)
        return at == end


def _ascending(numbers: Sequence[int]) -> bool:
    return all(map(lt, numbers, islice(numbers, 1, None)))


def _begins(starts: Sequence[int], at: int) -> bool:
    place = bisect_left(starts, at)
    return place < len(starts) and starts[place] == at


def _overlaid(*columns: bytes) -> bytes:
    """Returns columns of bytes, of which no two use the same bits, as one."""
    whole = 0
    for column in columns:
        whole |= int.from_bytes(column, "little")
    return whole.to_bytes(len(columns[0]), "little")


def _words(operands: _Operands) -> bool:
    """Returns whether integers are as many as their kind reads, and in order."""
    for kind in set(operands.kinds):
        own = operands.of(kind)
        if any(wrong_size(kind, size) is not None for size in set(own.sizes)):
            return False
        if kind == _ONE_OF and not all(map(_is_list, own.raw())):
            return False
        if kind in (_RANGE, _MASK):
            pairs = map(_PAIR.unpack_from, repeat(operands.data), own.offsets)
            if any(starmap(inverted if kind == _RANGE else wrong_mask, pairs)):
                return False
    return True


def _is_list(raw: bytes) -> bool:
    words = [raw[i : i + 8] for i in range(0, len(raw), 8)]
    return list_too_long(words) is None and wrong_elements(words) is None
