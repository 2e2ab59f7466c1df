"""The state of one reading, and what every handler needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.fault_details import (
    CountPastBytes,
    ElementWithoutBytes,
    ExpressionUnresolved,
    OutsideLimits,
    Truncated,
    WorkOutOfProportion,
)
from ccheck_schemas.layout.tree import nodes
from ccheck_schemas.meaning import field_of
from ccheck_schemas.read.collector import FaultCollector, Stop
from ccheck_schemas.read.cut import Cut
from ccheck_schemas.read.pool import Pools
from ccheck_schemas.read.sharing import Tables
from ccheck_schemas.read.strings import Blocks
from ccheck_schemas.record import FixUp, Reading, Record
from ccheck_schemas.vocabulary.expression import NOT_THERE

NodeT_contra = TypeVar("NodeT_contra", contravariant=True)


class Handler(Protocol[NodeT_contra]):
    """Reads one kind of node."""

    def __call__(
        self,
        reader: Reader,
        node: NodeT_contra,
        record: Record,
        name: str,
        at: int,
        limit: int,
        promised: int,
        /,
    ) -> int:
        """Reads a node into a field of a record.

        Args:
            reader: The state of the reading.
            node: The node, without its name.
            record: The record that gets the field.
            name: The name of the field.
            at: The offset of the node.
            limit: The end of the bytes at hand.
            promised: The end that the file states. It lies after `limit` where a region is cut short, which
                was reported then.

        Returns:
            The offset after the node.

        Raises:
            Cut: The record cannot be read any further.
        """


Handlers: TypeAlias = Callable[[construct.Construct], tuple[Handler[Any], Any]]
"""Finds the handler of a node. It returns that and the node without its name."""


IDLE_ELEMENTS = 4096
"""Elements without bytes that any file may have, whatever its size."""

MOST_RECORDS = 1_000_000
"""Records and elements that a reading makes at most: each takes some hundred bytes of memory."""


class Reader:
    """One reading of a file by a schema."""

    def __init__(self, root: construct.Construct, data: bytes, handler: Handlers, *, bulk: bool) -> None:
        self.data = data
        self.handler = handler
        self.bulk = bulk
        self.size = len(data)
        self.collector = FaultCollector(data)
        self.tables = Tables(self.collector, _shared(root))
        self.pools = Pools(self.collector)
        self.blocks = Blocks(self.collector)
        self.fix_ups: list[FixUp] = []
        self.deferred: list[Callable[[], None]] = []
        # Records read elsewhere, each once, by node and offset, and by what they take from around them.
        self.seen: dict[tuple[int, int], dict[tuple[Any, ...], Record]] = {}
        # Records that were cut short, and those whose region ends at a wrong place, with the end that holds.
        self.cut: set[int] = set()
        self.detached: dict[int, int] = {}
        # Where the stream begins and ends in which positions count, and the end that the file promised.
        self.stream = (0, self.size, self.size)
        self.checksums: dict[int, int] = {}  # by where they begin
        self.idled = self.made = 0
        # Bytes of records at offsets, each counted as often as it is named.
        self.expanded = 0
        self.weights: dict[int, int] = {}

    def run(self, root: construct.Construct) -> Reading:
        """Read the whole file, then judge what takes the whole file."""
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
        )

    def need(self, record: Record, field: str, at: int, size: int, limit: int, promised: int) -> None:
        """Go on only if `size` bytes stand at `at`; a region that is known to be cut short was reported
        already.
        """
        if at + size <= limit:
            return
        self.collector.complete = False
        if at + size > promised or promised <= limit:
            have = max(0, limit - at)
            self.collector.fault(Truncated(size, have), record, field, (min(at, limit), limit))
        raise Cut

    def amount(self, expression: m.Expression, record: Record, name: str, at: int) -> int:
        """A count or length; a negative one is a fault and ends the record."""
        value = self.number(expression, record, name, at)
        if value < 0:
            negative = OutsideLimits(value, 0, self.size)
            self.collector.blame(negative, record, field_of(expression), (at, at))
            self.collector.complete = False
            raise Cut
        return value

    def value(self, expression: m.Expression, record: Record, name: str | None, at: int) -> Any:
        """Returns what an expression says over the fields read so far.

        Raises:
            Cut: It needs a field that is not there, because its record was cut short or has no place in the
                file. Where no fault says so yet, this is one.
        """
        if not callable(expression):
            return expression
        try:
            return expression(record.values)
        except NOT_THERE as why:
            self._unresolved(expression, record, name, at, f"{type(why).__name__}: {why}")

    def number(self, expression: m.Expression, record: Record, name: str | None, at: int) -> int:
        """Returns what an expression says, where a number is needed. A field that a condition leaves out is
        none. Raises Cut as `value` does.
        """
        value = self.value(expression, record, name, at)
        if not isinstance(value, int):
            self._unresolved(expression, record, name, at, f"{value!r:.40} is no whole number")
        return int(value)

    def _unresolved(
        self, expression: m.Expression, record: Record, name: str | None, at: int, reason: str
    ) -> NoReturn:
        """Reports an expression without a value, unless a fault says so already. Raises Cut."""
        if not self.collector.counts:
            unresolved = ExpressionUnresolved(repr(expression), reason)
            self.collector.fault(unresolved, record, name, (at, at))
        self.collector.complete = False
        raise Cut

    def idle(self, record: Record, name: str, at: int, count: int) -> None:
        """Counts an element that took no bytes. Raises Stop where a file asks for more of them than its size
        allows.
        """
        self.idled += 1
        if self.idled > self.size + IDLE_ELEMENTS:
            self.collector.fault(ElementWithoutBytes(count, self.idled), record, name, (at, at))
            raise Stop

    def make(self, record: Record, name: str | None, at: int, number: int = 1) -> None:
        """Counts records and elements that are made. Raises Stop where they would take too much memory."""
        self.made += number
        if self.made > MOST_RECORDS:
            self.out_of_proportion(
                record, name, (at, at), WorkOutOfProportion("records", self.made, MOST_RECORDS)
            )

    def expand(self, record: Record, name: str, at: int, number: int) -> None:
        """Counts the bytes of a record that is named by its offset. Raises Stop where records that are named
        over and over have many times the bytes of the file.
        """
        self.expanded += number
        if self.expanded > self.collector.work_limit:
            too_much = WorkOutOfProportion("bytes", self.expanded, self.collector.work_limit)
            self.out_of_proportion(record, name, (at, at), too_much)

    def out_of_proportion(
        self, record: Record, name: str | None, place: tuple[int, int], too_much: WorkOutOfProportion
    ) -> NoReturn:
        """Notes that a file asks for too much work, and ends the reading."""
        self.collector.fault(too_much, record, name, place)
        raise Stop

    def stop(self) -> NoReturn:
        """Abandon a record: what stands behind this place cannot be found."""
        self.collector.complete = False
        raise Cut

    def struct(self, node: construct.Construct, record: Record, at: int, limit: int, promised: int) -> int:
        """Read the fields of a record."""
        self.make(record, None, at)
        if "_" not in record.values:
            record.values["_"] = record.parent.values if record.parent is not None else record.values
            record.values.setdefault("_root", record.values["_"].get("_root"))
        for name, handle, subcon in _field_handlers(node, self.handler):
            at = handle(self, subcon, record, name, at, limit, promised)
        return at

    def fit(
        self, expression: Any, count: int, size: int, record: Record, at: int, limit: int, end: int
    ) -> int:
        """How many of `count` elements of `size` bytes stand here; fewer is one fault, at the count."""
        room = max(0, end - at) // size
        if count > room:
            past = CountPastBytes(count, room, size)
            self.collector.blame(past, record, field_of(expression), (at, at))
        return min(count, max(0, limit - at) // size)


@cache
def _shared(root: construct.Construct) -> tuple[str, ...]:
    """The tables whose rows are shared out."""
    return tuple(dict.fromkeys(node.table for node in nodes(root) if isinstance(node, m.Rows)))


@cache
def _field_handlers(node: construct.Struct, handler: Handlers) -> tuple[tuple[str, Handler[Any], Any], ...]:
    """How the fields of a struct are read: name, function, node."""
    return tuple((sub.name, *handler(sub)) for sub in node.subcons)
