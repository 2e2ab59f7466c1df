"""The result of a reading: records that know their bytes, and faults that say where and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeGuard, TypeVar

from ccheck_schemas.checksum import Checksum
from ccheck_schemas.digits import Packer
from ccheck_schemas.fault import Fault, FaultDetails, FaultName
from ccheck_schemas.layout.meanings import ComparedWithFact
from ccheck_schemas.span import Span
from ccheck_schemas.wrapping import ContentSchema, Wrapping

DetailsT = TypeVar("DetailsT", bound=FaultDetails)

_Place = tuple[int, int, Packer | None]

Layout = Mapping[str, _Place]
"""The place of each field of a record type: offset and end from the record's start, and its packer."""


class Record:
    """One struct as it was read: its fields by name, and the bytes of each.

    Fields are attributes (``record.field_index``) and items of `values`; ``record.span("field_index")`` is
    the place of a field. A field is absent if the record is cut short, or if it is a number
    that its bytes do not have: `get` returns None.

    Attributes:
        parent: The record around it; None for the top record.
        label: Its name in the parent.
        offset: The offset of its first byte.
        end: The offset after its last byte.
        values: Its fields by name.
    """

    __slots__ = ("_layout", "_spans", "end", "label", "offset", "parent", "values")

    def __init__(self, parent: Record | None, label: str, offset: int, layout: Layout | None = None) -> None:
        """Creates a record without fields.

        Args:
            parent: The record around it; None for the top record.
            label: Its name in the parent.
            offset: The offset of its first byte.
            layout: The places of fields that all records of this type share.
        """
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
            where = f"{self.label} has" if self.label else "the top record has"
            raise AttributeError(
                f"{where} no field {name!r}: none is named so, or this file ends before it;"
                f" get({name!r}) is None then"
            ) from None

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str) -> Any:
        """Returns the value of a field, or None if the record ends before it."""
        return self.values.get(name)

    def put(self, name: str, value: Any, offset: int, end: int, packer: Packer | None = None) -> None:
        """Stores a field.

        Args:
            name: The name of the field.
            value: Its value.
            offset: The offset of its first byte.
            end: The offset after its last byte.
            packer: How an integer is packed into the bytes.
        """
        self.values[name] = value
        self._spans[name] = (offset, end, packer)

    def put_malformed(self, name: str, offset: int, end: int, packer: Packer) -> None:
        """Stores the place of a number that its bytes do not have: the record has no value of that name."""
        self._spans[name] = (offset, end, packer)

    def packer(self, name: str) -> Packer | None:
        """Returns how a field is packed; None if it is no integer."""
        return self.place(name)[2]

    def place(self, name: str) -> _Place:
        """Returns the offset, the end and the packer of a field.

        Raises:
            KeyError: The record ends before the field.
        """
        if name in self._spans:
            return self._spans[name]
        start, end, packer = self._layout[name]
        return self.offset + start, self.offset + end, packer

    @property
    def reach(self) -> int:
        """The offset after the last byte of any field."""
        return max((end for _, end, _ in self._spans.values()), default=self.offset)

    @property
    def path(self) -> str:
        """The name of the record from the top, as users write it."""
        above = self.parent.path if self.parent is not None else ""
        return f"{above}.{self.label}" if above and self.label else above or self.label

    def span(self, name: str | None = None) -> Span:
        """Returns the place of a field, or of the whole record without a name."""
        if name is None:
            return Span(self.offset, self.end - self.offset, self.path)
        start, end, _ = self.place(name)
        path = self.path
        return Span(start, end - start, f"{path}.{name}" if path else name)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yields name and value of the fields in reading order."""
        return ((name, value) for name, value in self.values.items() if not name.startswith("_"))

    def __repr__(self) -> str:
        """Returns a short form for messages of tests."""
        return f"<record {self.path or 'root'} at {self.offset:#x}>"


@dataclass(frozen=True, slots=True)
class Unread:
    """The bytes of one field, in all records that have it, that a schema does not describe.

    Attributes:
        span: The first of them; its path has no indexes.
        size: Their number.
        reason: Why they are unread.
        dropped: The place in a description from which an importer left them out; empty if the schema's author
            declares them.
    """

    span: Span
    size: int
    reason: str
    dropped: str


class FixUp(NamedTuple):
    """A field that states the size or a checksum of the file.

    Attributes:
        checksum: The checksum; None for the size.
        span: The bytes of the field.
        packer: How the number is packed into them.
    """

    checksum: Checksum | None
    span: Span
    packer: Packer


class Compared(NamedTuple):
    """A number that is compared with a fact of driver builds.

    Attributes:
        meaning: The comparison.
        record: The record that has the field.
        name: The name of the field, with the index of an element: ``slots[1]``.
        number: The number.
        start: The offset of its first byte.
        end: The offset after its last byte.
    """

    meaning: ComparedWithFact
    record: Record
    name: str
    number: int
    start: int
    end: int

    @property
    def span(self) -> Span:
        """The bytes of the number."""
        path = self.record.path
        return Span(self.start, self.end - self.start, f"{path}.{self.name}" if path else self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """A field that was unwrapped, and its content as the content's own schema reads it.

    Attributes:
        record: The record that has the field.
        name: The name of the field, with the index of an element: ``parts[1]``.
        start: The offset of its first byte.
        end: The offset after its last byte.
        wrapping: How it was unwrapped.
        content: The schema of the content.
        data: The content.
        reading: The reading of the content.
    """

    record: Record
    name: str
    start: int
    end: int
    wrapping: Wrapping
    content: ContentSchema
    data: bytes
    reading: Reading

    @property
    def span(self) -> Span:
        """The bytes of the field."""
        path = self.record.path
        return Span(self.start, self.end - self.start, f"{path}.{self.name}" if path else self.name)

    def outside(self, inner: Span) -> Span:
        """Returns the place in the file of a place in the content.

        Its path is that of the field, a slash, and the path in the content. If no byte of the file is one
        byte of the content, its bytes are those of the field.
        """
        span = self.span
        path = f"{span.path}/{inner.path}" if inner.path else span.path
        if self.wrapping.one_to_one:
            return Span(span.offset + inner.offset, inner.length, path)
        return Span(span.offset, span.length, path)


@dataclass(frozen=True, slots=True)
class Reading:
    """A whole file as a schema reads it.

    Attributes:
        root: The top record.
        faults: Where the file breaks the schema, at most `FAULTS_KEPT` of each name.
        counts: The number of all faults by name.
        complete: Whether everything that the schema names was read, so that unowned bytes have no owner.
        tables: The records of each table, each created on first access.
        pools: Start and end of each pool.
        fix_ups: The fields that state the size or a checksum of the file.
        unread: The bytes that the schema does not describe.
        compared: The numbers that are compared with facts of driver builds, outside of `compared_rows`.
        compared_rows: The tables, read in bulk, whose rows have such numbers.
        size: The bytes of the file.
        gaps: Start and end of the bytes that no field reads, and that the schema allows.
        envelopes: The fields that were unwrapped. Faults inside them are those of their readings.
    """

    root: Record
    faults: tuple[Fault[FaultDetails], ...]
    counts: Counter[FaultName]
    complete: bool
    tables: Mapping[str, Sequence[Record]]
    pools: Mapping[str, tuple[int, int]]
    fix_ups: tuple[FixUp, ...] = ()
    unread: tuple[Unread, ...] = ()
    compared: tuple[Compared, ...] = ()
    compared_rows: tuple[Sequence[Record], ...] = ()
    size: int = 0
    gaps: tuple[tuple[int, int], ...] = ()
    envelopes: tuple[Envelope, ...] = ()

    def faults_of(self, kind: type[DetailsT]) -> Iterator[Fault[DetailsT]]:
        """Returns the kept faults of one kind, by offset.

        Args:
            kind: A class of `fault_details`.
        """
        return (
            Fault(fault.details, fault.span, fault.related)
            for fault in self.faults
            if isinstance(fault.details, kind)
        )


def is_records(value: object) -> TypeGuard[Sequence[Record]]:
    """Returns whether a field has records: a list of them, a run of rows, or a table."""
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str | bytes)
        and len(value) > 0
        and isinstance(value[0], Record)
    )


def every_field(record: Record, seen: set[int] | None = None) -> Iterator[tuple[Record, str, Any]]:
    """Yields record, name and value of each field that is no record, in a record and all records below it.

    A record that several fields share comes once.

    Args:
        record: The record to begin with.
        seen: The ids of records that came before.
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
