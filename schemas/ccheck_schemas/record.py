"""What reading a file gives: records that know their bytes, and faults that say where and why."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard, TypeVar

from ccheck_schemas.fault import Fault, FaultDetails, FaultName
from ccheck_schemas.span import Span

DetailsT = TypeVar("DetailsT", bound=FaultDetails)

_Place = tuple[int, int, struct.Struct | None]

Layout = Mapping[str, _Place]
"""Where each field of a kind of record stands: offset and end from the record's start, and its packer."""


class Record:
    """One struct as it was read: fields by name, and the bytes that each came from.

    Fields are attributes (``record.field_index``) and items of `values`; ``record.span("field_index")`` is
    where the field stands. A field that was not reached, because the record is cut short, is absent: `get`
    gives None.
    """

    __slots__ = ("_layout", "_spans", "end", "label", "offset", "parent", "values")

    def __init__(self, parent: Record | None, label: str, offset: int, layout: Layout | None = None) -> None:
        """layout: where fields stand in all records of this kind, so that each need not keep it."""
        self._layout = {} if layout is None else layout
        self.parent = parent
        self.label = label
        self.offset = offset
        self.end = offset
        self.values: dict[str, Any] = {}
        self._spans: dict[str, _Place] = {}

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str) -> Any:
        """The field's value, or None when the record ends before it."""
        return self.values.get(name)

    def put(self, name: str, value: Any, offset: int, end: int, packer: struct.Struct | None = None) -> None:
        """Store a field, its bytes, and how an integer is packed into them."""
        self.values[name] = value
        self._spans[name] = (offset, end, packer)

    def packer(self, name: str) -> struct.Struct | None:
        """How the field is packed, when it is an integer."""
        return self.place(name)[2]

    def place(self, name: str) -> _Place:
        """Offset, end and packer of a field. Raises KeyError for one that was not reached."""
        if name in self._spans:
            return self._spans[name]
        start, end, packer = self._layout[name]
        return self.offset + start, self.offset + end, packer

    @property
    def reach(self) -> int:
        """The offset behind the last byte that any field was read from."""
        return max((end for _, end, _ in self._spans.values()), default=self.offset)

    @property
    def path(self) -> str:
        """The record's name from the top, as users write it."""
        above = self.parent.path if self.parent is not None else ""
        return f"{above}.{self.label}" if above and self.label else above or self.label

    def span(self, name: str | None = None) -> Span:
        """Where the field stands; the whole record without a name."""
        if name is None:
            return Span(self.offset, self.end - self.offset, self.path)
        start, end, _ = self.place(name)
        path = self.path
        return Span(start, end - start, f"{path}.{name}" if path else name)

    def items(self) -> Iterator[tuple[str, Any]]:
        """The fields in the order in which they were read."""
        return ((name, value) for name, value in self.values.items() if not name.startswith("_"))

    def __repr__(self) -> str:
        """A short form for messages of tests."""
        return f"<record {self.path or 'root'} at {self.offset:#x}>"


@dataclass(frozen=True, slots=True)
class Unread:
    """The bytes of one field, in all records that have it, that a schema does not look into.

    span: the first of them; its path has no indexes. size: bytes in all. reason: why. dropped: the place from
    which an importer left out what describes them, empty for what the author of a schema declares.
    """

    span: Span
    size: int
    reason: str
    dropped: str


class FixUp(NamedTuple):
    """A field that states the size or a checksum of the file.

    Attributes:
        meaning: The `FileSize` or `ChecksumOver` of the field.
        span: The bytes of the field.
        packer: How the number is packed into them.
    """

    meaning: Any
    span: Span
    packer: struct.Struct


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole file as a schema reads it.

    root: the top record. faults: what breaks the schema, at most `FAULTS_KEPT` of each name; `counts` has
    them all. complete: everything that the schema names was read, so that what is unowned or unused is truly
    so. tables: the records of each table, each made when it is asked for. pools: start and end of each pool.
    fix_ups: the fields that state the size or a checksum of the file. unread: what the
    schema does not look into.
    """

    root: Record
    faults: tuple[Fault[FaultDetails], ...]
    counts: Counter[FaultName]
    complete: bool
    tables: Mapping[str, Sequence[Record]]
    pools: Mapping[str, tuple[int, int]]
    fix_ups: tuple[FixUp, ...] = ()
    unread: tuple[Unread, ...] = ()

    def faults_of(self, kind: type[DetailsT]) -> Iterator[Fault[DetailsT]]:
        """Returns the kept faults of one kind, by offset."""
        return (
            Fault(fault.details, fault.span, fault.proofs)
            for fault in self.faults
            if isinstance(fault.details, kind)
        )


def is_records(value: object) -> TypeGuard[Sequence[Record]]:
    """Whether a field holds records: a list of them, a run of rows, or a table."""
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str | bytes)
        and len(value) > 0
        and isinstance(value[0], Record)
    )


def every_field(record: Record, seen: set[int] | None = None) -> Iterator[tuple[Record, str, Any]]:
    """Each field of a record and of all records below it that is no record itself: record, name, value.
    Records that several fields hold come once.
    """
    seen = set() if seen is None else seen
    if id(record) in seen:
        return
    seen.add(id(record))
    for name, value in record.items():
        if isinstance(value, Record):
            yield from every_field(value, seen)
        elif is_records(value):
            for item in value:
                yield from every_field(item, seen)
        else:
            yield record, name, value
