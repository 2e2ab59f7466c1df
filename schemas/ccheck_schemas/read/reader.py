"""The state of one reading, and what every handler needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn, Protocol, TypeAlias

from ccheck_schemas.checksum import Checksum
from ccheck_schemas.fault_details import (
    CountPastBytes,
    ElementWithoutBytes,
    ExpressionUnresolved,
    OutsideLimits,
    Truncated,
    WorkOutOfProportion,
)
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import NOT_THERE, Expression, Literal, Path, field_of
from ccheck_schemas.layout.meanings import ChecksumOver
from ccheck_schemas.read.collector import FaultCollector, Stop
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.read.pool import Pools
from ccheck_schemas.read.rows import RowSequence
from ccheck_schemas.read.sharing import Tables
from ccheck_schemas.read.strings import Blocks
from ccheck_schemas.record import Compared, Envelope, FixUp, Reading, Record
from ccheck_schemas.wrapping import DEEPEST_ENVELOPES, MOST_UNWRAPPED


class Handler(Protocol):
    """Reads one node: a function for its kind, with the node as its first argument already given."""

    def __call__(
        self,
        reader: Reader,
        record: Record,
        name: str,
        at: int,
        limit: int,
        promised: int,
        /,
    ) -> int:
        """Reads the node into a field of a record.

        Args:
            reader: The state of the reading.
            record: The record that gets the field.
            name: The name of the field.
            at: The offset of the node.
            limit: The end of the bytes at hand.
            promised: The end that the file states. It is after `limit` if a region is cut short, which was
                reported then.

        Returns:
            The offset after the node.

        Raises:
            Cut: The record cannot be read any further.
        """


Handlers: TypeAlias = Callable[[tree.Node], Handler]
"""Returns the handler of a node."""


IDLE_ELEMENTS = 4096
"""Elements without bytes that any file may have, whatever its size."""

MOST_RECORDS = 1_000_000
"""Records and elements of a reading, at most: each takes some hundred bytes of memory."""


@dataclass(slots=True)
class Work:
    """What a file and the content of its envelopes need, together.

    Attributes:
        most: The bytes that envelopes may be unwrapped to.
        records: Records and elements that were made.
        envelopes: Envelopes that were opened.
        unwrapped: Bytes that they were unwrapped to.
        work_limit: The bytes that the file alone may have looked through.
        looked_through: Bytes of checksums, and up to terminators.
    """

    most: int
    work_limit: int
    records: int = 0
    envelopes: int = 0
    unwrapped: int = 0
    looked_through: int = 0


class Reader:
    """The state of one reading.

    Attributes:
        data: The whole file.
        size: Its bytes.
        handler: Finds the handler of a node.
        bulk: Whether rows of tables are read together.
        collector: The faults, and the owners of bytes.
        tables: The tables, and the records that take their rows.
        pools: The pools, and the records that name their items.
        blocks: The blocks of texts, and the records that name a text.
        fix_ups: The fields that state the size or a checksum of the file.
        compared: The numbers that are compared with facts of driver builds, outside of `compared_rows`.
        compared_rows: The tables, read in bulk, whose rows have such numbers.
        deferred: The checks that need the whole file.
        seen: The records at offsets, by node and offset, and by the outer fields that they use.
        cut: The ids of records that are cut short.
        detached: By the id of a record whose region has a wrong end: where its content ends.
        stream: Where the stream begins and ends in which positions count, and the end that the file states.
        work: What this file needs, and the file whose envelope it is the content of.
        envelopes: The fields that were unwrapped.
        extents: The bytes that fields take in a record, by its id and their names, where a checksum asks.
        checksums: Checksums, by what they are of, and by their place where their own bytes count as zeros.
    """

    def __init__(
        self, root: tree.Struct, data: bytes, handler: Handlers, *, bulk: bool, around: Reader | None = None
    ) -> None:
        self.data = data
        self.handler = handler
        self.bulk = bulk
        self.size = len(data)
        self.collector = FaultCollector(data, root.gaps)
        self.tables = Tables(self.collector, _shared(root))
        self.pools = Pools(self.collector)
        self.blocks = Blocks(self.collector)
        self.fix_ups: list[FixUp] = []
        self.compared: list[Compared] = []
        self.compared_rows: list[RowSequence] = []
        self.deferred: list[Callable[[], None]] = []
        self.seen: dict[tuple[int, int], dict[tuple[Any, ...], Record]] = {}
        self.cut: set[int] = set()
        self.detached: dict[int, int] = {}
        self.stream = (0, self.size, self.size)
        self._streams_kept = _positions_inside(root)
        self.extents: dict[tuple[int, str], tuple[int, int]] = {}
        self.checksums: dict[tuple[Checksum, int], int] = {}
        self.idled = 0
        self.work: Work = (
            Work(MOST_UNWRAPPED + DEEPEST_ENVELOPES * len(data), self.collector.work_limit)
            if around is None
            else around.work
        )
        self.envelopes: list[Envelope] = []
        # Bytes of records at offsets, counted each time that a field names one.
        self.expanded = 0
        self.weights: dict[int, int] = {}

    def run(self, root: tree.Struct) -> Reading:
        """Reads the whole file, then makes the checks that need the whole file."""
        collector = self.collector
        top = Record(None, "", 0)
        top.values["_root"] = top.values
        try:
            try:
                end = self.struct(root, top, 0, self.size, self.size)
                collector.claim(top, 0, end)
            except Cut:
                collector.complete = False
            if collector.complete and not collector.counts:
                self.tables.close()
                self.pools.close()
            for step in self.deferred:
                step()
            self.tables.assign_rows()
            self.pools.read_items()
            self.blocks.read_texts()
            collector.check_claims(top)
        except Stop:
            collector.complete = False
        return Reading(
            root=top,
            faults=collector.faults(),
            counts=collector.counts,
            complete=collector.complete,
            tables=self.tables.read(),
            pools=self.pools.extents,
            fix_ups=tuple(self.fix_ups),
            unread=collector.unread(),
            compared=tuple(self.compared),
            compared_rows=tuple(self.compared_rows),
            size=self.size,
            gaps=tuple(collector.gaps),
            envelopes=tuple(self.envelopes),
        )

    def inside(self, layout: tree.Struct, data: bytes) -> Reading:
        """Returns the reading of the content of an envelope, whose work counts for this file."""
        return Reader(layout, data, self.handler, bulk=self.bulk, around=self).run(layout)

    def need(self, record: Record, field: str, at: int, size: int, limit: int, promised: int) -> None:
        """Checks that a record has bytes left. A region that is known to be cut short was reported before.

        Args:
            record: The record.
            field: The field that needs the bytes.
            at: Their offset.
            size: Their number.
            limit: The end of the bytes at hand.
            promised: The end that the file states.

        Raises:
            Cut: There are fewer.
        """
        if at + size <= limit:
            return
        self.collector.complete = False
        if at + size > promised or promised <= limit:
            have = max(0, limit - at)
            self.collector.fault(Truncated(size, have), record, field, (min(at, limit), limit))
        raise Cut

    def amount(self, expression: Expression, record: Record, name: str, at: int) -> int:
        """Returns a count or a length.

        Raises:
            Cut: It is negative, which is reported, or has no value.
        """
        value = self.number(expression, record, name, at)
        if value < 0:
            negative = OutsideLimits(value, 0, self.size)
            self.collector.blame(negative, record, field_of(expression), (at, at))
            self.collector.complete = False
            raise Cut
        return value

    def value(self, expression: Expression, record: Record, name: str | None, at: int) -> object:
        """Returns the value of an expression over the fields read so far.

        Args:
            expression: The expression.
            record: The record whose fields it names.
            name: The field to report.
            at: Its offset.

        Raises:
            Cut: A field is missing, because its record was cut short or is not in the file. If there is no
                fault yet, this is reported as one.
        """
        if isinstance(expression, Literal):
            return expression.value
        try:
            return expression.of(record.values)
        except NOT_THERE as why:
            self._unresolved(expression, record, name, at, f"{type(why).__name__}: {why}")

    def number(self, expression: Expression, record: Record, name: str | None, at: int) -> int:
        """Returns the value of an expression that must be a number; see `value`.

        Raises:
            Cut: It has no value, or it is no number: a condition may leave a field out.
        """
        value = self.value(expression, record, name, at)
        if not isinstance(value, int):
            self._unresolved(expression, record, name, at, f"{value!r:.40} is no whole number")
        return value

    def _unresolved(
        self, expression: Expression, record: Record, name: str | None, at: int, reason: str
    ) -> NoReturn:
        """Raises Cut for an expression without a value; reports it if there is no other fault."""
        if not self.collector.counts:
            unresolved = ExpressionUnresolved(repr(expression), reason)
            self.collector.fault(unresolved, record, name, (at, at))
        self.collector.complete = False
        raise Cut

    def idle(self, record: Record, name: str, at: int, count: int) -> None:
        """Counts an element that takes no bytes.

        Raises:
            Stop: There are more of them than the size of the file allows.
        """
        self.idled += 1
        if self.idled > self.size + IDLE_ELEMENTS:
            self.collector.fault(ElementWithoutBytes(count, self.idled), record, name, (at, at))
            raise Stop

    def make(self, record: Record, name: str | None, at: int, number: int = 1) -> None:
        """Counts records and elements.

        Raises:
            Stop: There are more than `MOST_RECORDS`: they would take too much memory.
        """
        self.work.records += number
        if self.work.records > MOST_RECORDS:
            too_many = WorkOutOfProportion("records", self.work.records, MOST_RECORDS)
            self.out_of_proportion(record, name, (at, at), too_many)

    def expand(self, record: Record, name: str, at: int, number: int) -> None:
        """Counts the bytes of a record that is named by its offset.

        Raises:
            Stop: Records that are named repeatedly have many times the bytes of the file.
        """
        self.expanded += number
        if self.expanded > self.collector.work_limit:
            too_much = WorkOutOfProportion("bytes", self.expanded, self.collector.work_limit)
            self.out_of_proportion(record, name, (at, at), too_much)

    def look_through(self, record: Record, name: str, at: int, number: int) -> None:
        """Counts bytes that are looked through and are not taken: of checksums, and up to terminators.

        Raises:
            Stop: They are many times those of the file.
        """
        work = self.work
        work.looked_through += max(0, number)
        limit = work.work_limit + 2 * work.unwrapped
        if work.looked_through > limit:
            too_much = WorkOutOfProportion("bytes", work.looked_through, limit)
            self.out_of_proportion(record, name, (at, at), too_much)

    def out_of_proportion(
        self, record: Record, name: str | None, place: tuple[int, int], too_much: WorkOutOfProportion
    ) -> NoReturn:
        """Reports that the file needs too much work.

        Raises:
            Stop: Always.
        """
        self.collector.fault(too_much, record, name, place)
        raise Stop

    def stop(self) -> NoReturn:
        """Gives a record up, because the place of what follows is unknown.

        Raises:
            Cut: Always.
        """
        self.collector.complete = False
        raise Cut

    def struct(self, node: tree.Struct, record: Record, at: int, limit: int, promised: int) -> int:
        """Reads the fields of a record.

        Returns:
            The offset after the last field.
        """
        self.make(record, None, at)
        if "_" not in record.values:
            record.values["_"] = record.parent.values if record.parent is not None else record.values
            record.values.setdefault("_root", record.values["_"].get("_root"))
        if self._streams_kept:
            record.values["_stream"] = self.stream
        named = _bounds(node)
        if not named:
            for name, handle in _field_handlers(node, self.handler):
                at = handle(self, record, name, at, limit, promised)
            return at
        for name, handle in _field_handlers(node, self.handler):
            start, at = at, handle(self, record, name, at, limit, promised)
            if name in named:
                self.extents[id(record), name] = start, at
        return at

    def stream_of(self, path: Path, record: Record, name: str, at: int) -> tuple[int, int, int]:
        """Returns where the stream of another record begins and ends, and the end that the file states.

        Raises:
            Cut: The record is not in the file.
        """
        found: Any = self.value(path, record, name, at)
        try:
            stream: tuple[int, int, int] = found["_stream"]
        except NOT_THERE:  # lint lets the path lead to records alone, and all of them were read
            self._unresolved(path, record, name, at, "it is no record")
        return stream

    def fit(
        self, expression: Expression, count: int, size: int, record: Record, at: int, limit: int, end: int
    ) -> int:
        """Returns how many of `count` elements have bytes; too large a count is one fault, at the count.

        Args:
            expression: The count, as the schema has it.
            count: Its value.
            size: The bytes of one element.
            record: The record that has the count.
            at: The offset of the first element.
            limit: The end of the bytes at hand.
            end: The end that the file states.
        """
        room = max(0, end - at) // size
        if count > room:
            past = CountPastBytes(count, room, size)
            self.collector.blame(past, record, field_of(expression), (at, at))
        return min(count, max(0, limit - at) // size)


@cache
def _positions_inside(root: tree.Struct) -> bool:
    """Returns whether a position counts in the stream of another record."""
    return any(isinstance(node, tree.ReadAt) and node.inside is not None for node in tree.nodes(root))


@cache
def _shared(root: tree.Struct) -> tuple[str, ...]:
    """Returns the tables whose rows are taken by records."""
    return tuple(dict.fromkeys(node.table for node in tree.nodes(root) if isinstance(node, tree.Rows)))


@cache
def _bounds(node: tree.Struct) -> frozenset[str]:
    """Returns the fields that checksums of a record begin or end with."""
    sums = (one for field in node.fields for leaf in tree.leaves_of(field.node) for one in _sums(leaf))
    return frozenset(name for one in sums for name in one.fields)


def _sums(node: tree.Node) -> Iterator[ChecksumOver]:
    """Yields the checksums that a field is, or that its elements are."""
    if isinstance(node, tree.Array):
        for leaf in tree.leaves_of(node.element):
            yield from _sums(leaf)
    yield from (one for one in tree.meanings_of(node) if isinstance(one, ChecksumOver))


@cache
def _field_handlers(node: tree.Struct, handler: Handlers) -> tuple[tuple[str, Handler], ...]:
    """Returns the name and the handler of each field of a record."""
    return tuple((field.name, handler(field.node)) for field in node.fields)
