"""The instances of a channel file, one by one: which of them a check may blame, and whether their operands
stand as in canonical form.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import unpack_from
from typing import TYPE_CHECKING, Any

from ccheck.core.consumers import Consumer
from ccheck_schemas.formats.channel.numbers import (
    INTEGER_KINDS,
    LIST_HIGH,
    OPERAND_HIGH,
    REGEX_HIGH,
    TEXT_KINDS,
    CriterionFlag,
    CriterionKind,
    ValueKind,
)

if TYPE_CHECKING:
    from ccheck.formats.channel.fast_path.template_types import TemplateType

_WILDCARD, _REGEX, _ONE_OF = int(CriterionKind.WILDCARD), int(CriterionKind.REGEX), int(CriterionKind.ONE_OF)
_RANGE, _MASK = int(CriterionKind.INTEGER_RANGE), int(CriterionKind.BIT_MASK)
_TEXT_KINDS = sum(1 << kind for kind in TEXT_KINDS)
_INTEGER_KINDS = sum(1 << kind for kind in INTEGER_KINDS)
_TEXT = int(ValueKind.TEXT)
_IGNORE_CASE = int(CriterionFlag.IGNORE_CASE)

Row = tuple[Any, ...]

Own = Callable[[int, int], Iterable[Row] | None]
"""The first criterion of an instance and how many → its criteria; None where it has not so many."""

Allowed = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""What one instance's criteria may be, field by field: the kinds that every build takes (bit *k* for kind
*k*), the value kind, the greatest length.
"""


class Types:
    """What criteria of each type may be, worked out once for all files."""

    def __init__(self, types: Iterable[TemplateType], builds: Sequence[Consumer]) -> None:
        self._by_channel: dict[int, dict[tuple[int, int], Allowed]] = {}
        for type_ in types:
            allowed = _allowed(type_, builds)
            if allowed is not None:
                self._by_channel.setdefault(type_.channel, {})[type_.id, type_.version] = allowed

    def of(self, channel: int) -> Mapping[tuple[int, int], Allowed]:
        """What criteria may be in files of a channel, by id and version of their type; instances of other
        types have findings whatever they hold.
        """
        return self._by_channel.get(channel, {})


def _allowed(type_: TemplateType, builds: Sequence[Consumer]) -> Allowed | None:
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
    return (
        tuple(kinds),
        tuple(field.value_kind for field in type_.fields),
        tuple(field.max_length for field in type_.fields),
    )


@dataclass(frozen=True, slots=True)
class Doubtful:
    """The instances that a check may blame, by their index; no check blames another.

    canonical: the operands of the file stand as in canonical form.
    """

    instances: tuple[int, ...]
    canonical: bool


def judge(
    instances: Iterable[Row],
    own: Own,
    types: Types,
    channel: int,
    data: bytes,
    pool: tuple[int, int],
) -> Doubtful:
    """Judge all instances of a file, of which nothing else need be right. pool: its start and end."""
    # One loop, and what it remembers in local variables: this is where the time of a file goes. The pool
    # is canonical when each operand is the next one in it or one that was met before, none is stored twice,
    # and they reach its end. Items are kept as numbers alone, for a large file has very many.
    found: list[int] = []
    ids = array("Q")
    regexes: dict[tuple[bytes, bool], bool] = {}
    at, end = pool
    ordered = True
    texts, words = array("Q"), array("Q")
    text_hashes, word_hashes = array("q"), array("q")
    allowed_types = types.of(channel)
    for number, (id_, type_id, version, _, _, first, count, _, _) in enumerate(instances):
        ids.append(id_)
        allowed = allowed_types.get((type_id, version))
        right = allowed is not None
        kinds, value_kinds, lengths = allowed or ((), (), ())
        fields = len(kinds)
        used = 0
        criteria = own(first, count)
        if criteria is None:
            right = ordered = False
            criteria = ()
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
                right = ordered = False
                continue
            raw = data[offset : offset + size]
            if len(raw) != size:
                right = False
            if value_kind == _TEXT:
                if offset == at:
                    at += size + 1
                    texts.append(offset)
                    text_hashes.append(hash(raw))
                elif not _begins(texts, offset):
                    ordered = False
                if kind >= _REGEX and not special(kind, raw, flags, regexes):
                    right = False
                continue
            if offset == at + -at % 8:
                at = offset + size
                words.append(offset)
                word_hashes.append(hash(raw))
            elif not _begins(words, offset):
                ordered = False
            if flags or not _integers(kind, raw):
                right = False
        if not right:
            found.append(number)
    # Operands whose hashes are alike are taken for one stored twice: then the checks themselves decide.
    once = all(len(set(hashes)) == len(hashes) for hashes in (text_hashes, word_hashes))
    return Doubtful(tuple(sorted({*found, *_repeated(ids)})), canonical=ordered and once and at == end)


def _begins(items: Sequence[int], offset: int) -> bool:
    """Returns whether one of the items that were met begins at an offset."""
    at = bisect_left(items, offset)
    return at < len(items) and items[at] == offset


def _repeated(ids: Sequence[int]) -> list[int]:
    """The positions of ids that stand more than once."""
    if len(set(ids)) == len(ids):
        return []
    counts = Counter(ids)
    return [position for position, id_ in enumerate(ids) if counts[id_] > 1]


def special(kind: int, raw: bytes, flags: int, regexes: dict[tuple[bytes, bool], bool]) -> bool:
    """Returns whether a regex or a list of texts is right. regexes: those that were asked for before."""
    if kind == _ONE_OF:
        parts = raw.split(b"\0")
        return len(parts) <= LIST_HIGH and len(set(parts)) == len(parts) and b"" not in parts
    key = (raw, bool(flags & _IGNORE_CASE))
    if key not in regexes:
        regexes[key] = _affordable(*key)
    return regexes[key]


def _affordable(raw: bytes, ignore_case: bool) -> bool:
    # Most files have no regex, and the engine takes a while to import.
    from ccheck.formats.channel.regex import REGEX_COST_HIGH, cost

    if len(raw) > REGEX_HIGH:
        return False
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    instructions, fault = cost(text, ignore_case)
    return fault is None and instructions <= REGEX_COST_HIGH


def _integers(kind: int, raw: bytes) -> bool:
    """Returns whether integers are as many as their kind reads, and in order."""
    size = len(raw)
    if kind == _RANGE:
        if size != 16:
            return False
        low, high = unpack_from("<QQ", raw)
        return bool(low <= high)
    if kind == _MASK:
        if size != 16:
            return False
        mask, value = unpack_from("<QQ", raw)
        return bool(mask and not value & ~mask)
    if kind != _ONE_OF:
        return size == 8
    values = {raw[i : i + 8] for i in range(0, size, 8)}
    return size % 8 == 0 and size <= 8 * LIST_HIGH and len(values) == size // 8
