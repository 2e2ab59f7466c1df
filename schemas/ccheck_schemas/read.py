"""Read any bytes by a schema: records with their places, and every fault, never an exception.

Construct's own parser stops at the first error, knows no offsets and trusts counts and lengths. This reader
walks the same tree of nodes (`meaning`) and keeps these promises for any bytes:

* it reports all faults; a record that is cut short is one fault, and all that can still be read is read
* its work and memory are proportional to the file: counts are compared with the bytes at hand before anything
  is made, a chain stops at a record that was read before, and records may not claim more bytes than the file
  has, twice over
* every byte belongs to one record, or is reported
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar, NoReturn

import construct

from ccheck_schemas import listed
from ccheck_schemas import meaning as m
from ccheck_schemas.judge import judge
from ccheck_schemas.ledger import Ledger, Stop, place_of
from ccheck_schemas.meaning import field_of
from ccheck_schemas.pool import Pools
from ccheck_schemas.record import Reading, Record
from ccheck_schemas.row_plan import row_plan
from ccheck_schemas.rows import Rows
from ccheck_schemas.sharing import Tables
from ccheck_schemas.size import fixed_size
from ccheck_schemas.span import Span
from ccheck_schemas.strings import Blocks
from ccheck_schemas.text import decode
from ccheck_schemas.tree import nodes


class _Cut(Exception):
    """The bytes end here: abandon the record, go on where its parent can."""


def read(root: construct.Construct, data: bytes, *, at_once: bool = True) -> Reading:
    """Read `data` by the schema `root`, a Struct that `lint` accepts. Raises nothing on any bytes.

    at_once: look at all rows of a table at once, and make records only of those that are asked for. Without
    it every row is read by itself, which takes far longer and gives the same: tests hold the two together.
    """
    return _Reader(root, data, at_once=at_once).run(root)


@cache
def _shared(root: construct.Construct) -> tuple[str, ...]:
    """The tables whose rows are shared out."""
    return tuple(dict.fromkeys(node.table for node in nodes(root) if isinstance(node, m.Rows)))


class _Reader:
    """One walk over a schema and a file.

    Each method that reads a node takes the record that gets the field, the field's name, the offset, the end
    of the bytes at hand (`limit`) and the end that the file promised (`promised`, which lies beyond `limit`
    where a region is cut short and was reported). It returns the offset behind the node, or raises _Cut.
    """

    def __init__(self, root: construct.Construct, data: bytes, *, at_once: bool) -> None:
        self.data = data
        self.at_once = at_once
        self.size = len(data)
        self.ledger = Ledger(data)
        self.tables = Tables(self.ledger, _shared(root))
        self.pools = Pools(self.ledger)
        self.blocks = Blocks(self.ledger)
        self.seals: list[tuple[m.Meaning, Span, struct.Struct]] = []
        self.later: list[Callable[[], None]] = []
        # Records read elsewhere, by node and offset: each is read once.
        self.seen: dict[int, dict[int, Record]] = {}
        # Records that were cut short, and those whose region ends at a wrong place, with the end that holds.
        self.cut: set[int] = set()
        self.loose: dict[int, int] = {}

    def run(self, root: construct.Construct) -> Reading:
        """Read the whole file, then judge what takes the whole file."""
        ledger = self.ledger
        top = Record(None, "", 0)
        top.values["_root"] = top.values
        try:
            try:
                end = self.struct(root, top, 0, self.size, self.size)
                ledger.claim(top, 0, end)
            except _Cut:
                ledger.complete = False
            if ledger.complete and not ledger.counts:
                self.tables.close()
                self.pools.close()
            for step in self.later:
                step()
            self.tables.settle()
            self.pools.settle()
            self.blocks.settle()
            ledger.settle_claims(top)
        except Stop:
            ledger.complete = False
        return Reading(
            root=top,
            faults=ledger.faults(),
            counts=ledger.counts,
            complete=ledger.complete,
            tables=self.tables.read(),
            pools=self.pools.extents,
            seals=tuple(self.seals),
        )

    # -- what every node needs

    def need(self, record: Record, field: str, at: int, size: int, limit: int, promised: int) -> None:
        """Go on only if `size` bytes stand at `at`; a region that is known to be cut short was reported
        already.
        """
        if at + size <= limit:
            return
        self.ledger.complete = False
        if at + size > promised or promised <= limit:
            have = max(0, limit - at)
            self.ledger.fault("truncated", record, field, (min(at, limit), limit), need=size, have=have)
        raise _Cut

    def amount(self, expression: m.Expression, record: Record, name: str, at: int) -> int:
        """A count or length; a negative one is a fault and ends the record."""
        value = int(m.evaluate(expression, record.values))
        if value < 0:
            values = {"value": value, "low": 0, "high": self.size}
            self.ledger.blame("value-out-of-bounds", record, field_of(expression), (at, at), **values)
            self.ledger.complete = False
            raise _Cut
        return value

    def stop(self) -> NoReturn:
        """Abandon a record: what stands behind this place cannot be found."""
        self.ledger.complete = False
        raise _Cut

    # -- structs and their fields

    def struct(self, node: construct.Construct, record: Record, at: int, limit: int, promised: int) -> int:
        if "_" not in record.values:
            record.values["_"] = record.parent.values if record.parent is not None else record.values
            record.values.setdefault("_root", record.values["_"].get("_root"))
        for name, handle, subcon in _plan(node):
            at = handle(self, subcon, record, name, at, limit, promised)
        return at

    def integer(self, leaf: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        packed, meanings = leaf
        end = at + packed.size
        if end > limit:
            self.need(record, name, at, packed.size, limit, promised)
        (value,) = packed.unpack_from(self.data, at)
        record.put(name, value, at, end, packed)
        for meaning in meanings:
            self.mean(meaning, value, record, name)
        return int(end)

    def mean(self, meaning: m.Meaning, value: int, record: Record, name: str) -> None:
        """Hold a number against its meaning: now, or when the whole file is read."""
        wrong = judge(meaning, value, self.size)
        if wrong is not None:
            self.ledger.fault(wrong[0], record, name, **wrong[1])
        later = self._LATER.get(type(meaning))
        if later is not None:
            self.later.append(partial(later, self, meaning, value, record, name))
        packer = record.packer(name) if isinstance(meaning, m.FileSize | m.ChecksumOver) else None
        if packer is not None:
            self.seals.append((meaning, record.span(name), packer))

    def const(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        size = fixed_size(node) or 0
        self.need(record, name, at, size, limit, promised)
        raw = self.data[at : at + size]
        record.put(name, raw, at, at + size)
        expected = node.build(None)
        if raw != expected:
            self.ledger.fault("wrong-magic", record, name, value=raw, expected=expected)
        return at + size

    def raw_bytes(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        length = self.amount(node.length, record, name, at)
        self.need(record, name, at, length, limit, promised)
        record.put(name, self.data[at : at + length], at, at + length)
        return at + length

    def text(self, node: m.Text, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        length = self.amount(node.length, record, name, at)
        behind = node.unit if node.terminator == "behind" else 0
        self.need(record, name, at, length + behind, limit, promised)
        record.put(name, None, at, at + length)
        record.values[name] = decode(self.ledger, node, record, name, at, length)
        return at + length + behind

    def text_to_nul(
        self, node: m.TextToNul, record: Record, name: str, at: int, limit: int, promised: int
    ) -> int:
        self.need(record, name, at, 1, limit, promised)
        nul = self.data.find(b"\0", at, limit)
        record.put(name, None, at, limit if nul < 0 else nul)
        if nul < 0:
            if promised <= limit:
                self.ledger.fault("text-not-terminated", record, name, (at, limit))
            self.stop()
        text = m.Text(0, node.encoding)
        record.values[name] = decode(self.ledger, text, record, name, at, nul - at)
        return nul + 1

    def strings(self, node: m.Strings, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        length = self.amount(node.length, record, name, at)
        fits = self.fit(node.length, length, 1, record, at, limit, promised)
        if not self.blocks.add(node.block, at, at + fits):
            self.repeated(node.block, field_of(node.length), record, at)
        record.put(name, self.data[at : at + fits], at, at + fits)
        if fits < length:
            self.stop()
        return at + length

    def take_shared(
        self, node: m.SharedText, record: Record, name: str, at: int, limit: int, promised: int
    ) -> int:
        record.put(name, None, at, at)
        self.blocks.take(record, name, node)
        return at

    def zero_pad(self, node: m.ZeroPad, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        end = at + -at % node.align
        self.need(record, "padding", at, end - at, limit, promised)
        padding = self.data[at:end]
        if any(padding) and id(record) not in self.loose:
            first = at + len(padding) - len(padding.lstrip(b"\0"))
            self.ledger.fault("padding-not-zero", record, "padding", (first, at + len(padding.rstrip(b"\0"))))
        return end

    def any_pad(self, node: m.AnyPad, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        end = at + -at % node.align
        self.need(record, name, at, end - at, limit, promised)
        record.put(name, self.data[at:end], at, end)
        return end

    def nested(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        inner = Record(record, name or "", at)
        record.put(name, inner, at, at)
        end = self.struct(node, inner, at, limit, promised)
        inner.end = end
        record.put(name, inner, at, end)
        return end

    def array(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        count = self.amount(node.count, record, name, at)
        size = fixed_size(node.subcon) or 1
        fits = self.fit(node.count, count, size, record, at, limit, promised)
        values: list[Any] = []
        record.put(name, values, at, at)
        handle, subcon = _handler(node.subcon)
        holder = Record(record, "", at)
        holder.values["_"] = record.values
        holder.values["_root"] = record.values["_root"]
        for i in range(fits):
            at = handle(self, subcon, holder, f"{name}[{i}]", at, limit, promised)
            values.append(holder.values.pop(f"{name}[{i}]"))
        record.put(name, values, record.span(name).offset, at)
        if fits < count:
            self.ledger.complete = False
            raise _Cut
        return at

    def fit(
        self, expression: Any, count: int, size: int, record: Record, at: int, limit: int, end: int
    ) -> int:
        """How many of `count` elements of `size` bytes stand here; fewer is one fault, at the count."""
        room = max(0, end - at) // size
        if count > room:
            values = {"count": count, "room": room, "size": size}
            self.ledger.blame("count-past-bytes", record, field_of(expression), (at, at), **values)
        return min(count, max(0, limit - at) // size)

    def table(self, node: m.Table, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        count = self.amount(node.count, record, name, at)
        self.limits(node, count, record, at)
        size = fixed_size(node.subcon) or 1
        fits = min(self.fit(node.count, count, size, record, at, limit, promised), node.high)
        parent = record if node.table in self.tables else None
        plan = row_plan(node.subcon) if self.at_once else None
        one_by_one: list[Record] = []
        rows = one_by_one if plan is None else Rows(plan, node.table, self.data, (at, fits), record, parent)
        if not self.tables.add(node.table, rows, count):
            self.repeated(node.table, field_of(node.count), record, at)
        start = at
        if isinstance(rows, Rows):
            self.rows(rows)
            at += fits * size
        else:
            for i in range(fits):
                row = Record(parent, f"{node.table}[{i}]", at)
                row.values |= {"_": record.values, "_root": record.values["_root"]}
                one_by_one.append(row)
                at = self.struct(node.subcon, row, at, limit, promised)
                row.end = at
        record.put(name, rows, start, at)
        if fits < count:
            self.ledger.complete = False
            raise _Cut
        return at

    def rows(self, rows: Rows) -> None:
        """Read rows at once: only those that break a meaning are looked at by themselves."""
        plan = rows.plan
        for i in plan.broken(rows.bytes(), self.size):
            for name, meaning in plan.meanings:
                if not isinstance(meaning, m.IndexInto):
                    self.mean(meaning, rows[i].values[name], rows[i], name)
        if plan.indexes:
            self.later.append(partial(self.tables.settle_indexes, rows))
        for name, node in plan.takes:
            self.tables.take(rows, name, node)
        if plan.pool is not None:
            self.pools.take_rows(rows, plan.pool.region)

    def limits(self, node: m.Table | m.Pool, count: int, record: Record, at: int) -> None:
        """Hold a count against the limits of its table or pool."""
        if not node.low <= count <= node.high:
            values = {"value": count, "low": node.low, "high": node.high}
            self.ledger.blame("value-out-of-bounds", record, field_of(node.count), (at, at), **values)

    def repeated(self, name: str, field: str | None, record: Record, at: int) -> None:
        """A second table or pool of a name: what points into it is held against the first alone."""
        self.ledger.blame("table-repeated", record, field, (at, at), table=name)

    def pool(self, node: m.Pool, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        count = self.amount(node.count, record, name, at)
        self.limits(node, count, record, at)
        fits = self.fit(node.count, count, 1, record, at, limit, promised)
        if not self.pools.add(node.region, at, at + count):
            self.repeated(node.region, field_of(node.count), record, at)
        record.put(name, self.data[at : at + fits], at, at + fits)
        if fits < count:
            self.ledger.complete = False
            raise _Cut
        return at + count

    def region(self, node: m.Region, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        length = self.amount(node.length, record, name, at)
        field = field_of(node.length)
        end = at + length
        if end > limit:
            self.ledger.complete = False
            if end > promised or promised <= limit:
                place = (min(at, limit), limit)
                self.ledger.blame("truncated", record, field, place, need=length, have=limit - at)
        stop = min(end, limit)
        try:
            handle, subcon = _handler(node.subcon)
            used = handle(self, subcon, record, name, at, stop, end)
        except _Cut:
            self.ledger.complete = False
            used = end
            self.loose[id(record)] = end
        if used < end <= limit:
            self.loose[id(record)] = used
            self.ledger.blame("size-mismatch", record, field, (at, end), value=length, actual=used - at)
        if end > limit:
            raise _Cut
        return end

    def if_then_else(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        chosen = node.thensubcon if m.evaluate(node.condfunc, record.values) else node.elsesubcon
        return self.choose(chosen, record, name, at, limit, promised)

    def switch(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        key = m.evaluate(node.keyfunc, record.values)
        if key not in node.cases and node.default is construct.Pass:
            # What an unknown kind holds cannot be read. A field that is a StrictEnum has said so already.
            self.ledger.complete = False
            place = (at, at)
            kinds = tuple(node.cases)
            self.ledger.blame(
                "unknown-enum-value", record, field_of(node.keyfunc), place, value=key, names=kinds
            )
            record.put(name, None, at, at)
            raise _Cut
        return self.choose(node.cases.get(key, node.default), record, name, at, limit, promised)

    def choose(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        if node is construct.Pass:
            record.put(name, None, at, at)
            return at
        handle, subcon = _handler(node)
        return handle(self, subcon, record, name, at, limit, promised)

    # -- other places

    def elsewhere(self, node: m.At, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        offset = m.evaluate(node.offset, record.values)
        record.put(name, None, at, at)
        if offset:
            seen = self.seen.setdefault(id(node.subcon), {})
            if offset not in seen:
                self.place(node.subcon, Record(record, name, offset), record, field_of(node.offset), offset)
            record.values[name] = seen.get(offset)
        return at

    def place(self, node: Any, target: Record, holder: Record, field: str | None, offset: int) -> bool:
        """Read a record at an offset that a field of another record, the holder, named."""
        if not 0 <= offset < self.size:
            self.ledger.complete = False
            place = (self.size, self.size)
            self.ledger.blame("offset-outside-file", holder, field, place, value=offset, size=self.size)
            return False
        self.seen.setdefault(id(node), {})[offset] = target
        try:
            end = self.struct(node, target, offset, self.size, self.size)
        except _Cut:
            self.ledger.complete = False
            self.cut.add(id(target))
            end = min(self.size, target.reach)
        self.ledger.claim(target, offset, max(offset, end), self.loose.get(id(target)))
        return True

    def chain(self, node: m.Chain, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        links: list[Record] = []
        record.put(name, links, at, at)
        holder, field = record, field_of(node.first)
        offset = m.evaluate(node.first, record.values)
        while offset:
            fault = self.misstep(node, links, offset)
            if fault is not None:
                kind, values, proofs = fault
                place = None if field else (self.size, self.size)
                self.ledger.fault(kind, holder, field, place, proofs, **values)
                self.ledger.complete = False
                break
            link = Record(record, f"{name}[{len(links)}]", offset)
            if not self.place(node.subcon, link, holder, field, offset):
                break
            links.append(link)
            holder, field = link, node.next_field
            offset, last = link.get(node.next_field), link.get(node.last)
            if offset is None or last is None or (id(link) in self.cut and not 0 < offset < self.size):
                break
            if (last == 0) != (offset == 0):
                values = {"value": offset, "last": node.last, "marked": last == 0}
                self.ledger.fault("chain-no-end", link, node.next_field, **values)
                self.ledger.complete = False
                break
        return at

    def misstep(self, node: m.Chain, links: list[Record], offset: int) -> Any:
        """Why a chain may not go on at an offset: the fault, its values and proofs; None when it may."""
        if offset % node.align:
            return "offset-misaligned", {"value": offset, "align": node.align}, ()
        before = self.seen.get(id(node.subcon), {}).get(offset)
        if before is not None and links and links[0].offset <= offset <= links[-1].offset:
            return "chain-loop", {"value": offset}, (("the chain has been here", place_of(before)),)
        if links and offset < links[-1].offset:
            return "chain-backwards", {"value": offset, "here": links[-1].offset}, ()
        if before is not None:
            proofs = (("read here before", place_of(before)),)
            return "bytes-owned-twice", {"other": before.path, "link": True}, proofs
        return None

    def take_rows(self, node: m.Rows, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        record.put(name, (), at, at)
        self.tables.take(record, name, node)
        return at

    def take_pooled(
        self, node: m.Pooled, record: Record, name: str, at: int, limit: int, promised: int
    ) -> int:
        record.put(name, None, at, at)
        self.pools.take(record, name, node)
        return at

    # -- what can be judged only when the whole file is read

    def settle_checksum(self, meaning: m.ChecksumOver, value: int, record: Record, name: str) -> None:
        actual = zlib.crc32(memoryview(self.data)[meaning.start :])
        if value != actual:
            start = meaning.start
            self.ledger.fault(
                "checksum-wrong", record, name, value=value, actual=actual, start=start, end=self.size
            )

    def settle_index(self, meaning: m.IndexInto, value: int, record: Record, name: str) -> None:
        self.tables.settle_index(meaning.table, value, record, name)

    def settle_count(self, meaning: m.CountOf, value: int, record: Record, name: str) -> None:
        held = record.get(meaning.of)
        if isinstance(held, list | Rows) and len(held) != value and self.ledger.complete:
            self.ledger.fault("count-mismatch", record, name, value=value, actual=len(held), of=meaning.of)

    def settle_record_size(self, meaning: m.RecordSize, value: int, record: Record, name: str) -> None:
        held = record.get(meaning.of)
        if held is None:
            return
        size = 1 if isinstance(held, bytes) else next((row.end - row.offset for row in held), value)
        if value != size:
            self.ledger.fault("record-size-wrong", record, name, value=value, actual=size)

    _LATER: ClassVar = {
        m.ChecksumOver: settle_checksum,
        m.IndexInto: settle_index,
        m.CountOf: settle_count,
        m.RecordSize: settle_record_size,
    }


_METHODS: tuple[tuple[type, Callable[..., int]], ...] = (
    (construct.Const, _Reader.const),
    (construct.Bytes, _Reader.raw_bytes),
    (construct.Struct, _Reader.nested),
    (construct.Array, _Reader.array),
    (construct.IfThenElse, _Reader.if_then_else),
    (construct.Switch, _Reader.switch),
    (m.Text, _Reader.text),
    (m.ZeroPad, _Reader.zero_pad),
    (m.AnyPad, _Reader.any_pad),
    (m.Table, _Reader.table),
    (m.Terminated, listed.terminated),
    (m.UpTo, listed.up_to),
    (m.UpToEnd, listed.up_to_end),
    (m.ZerosTo, listed.zeros_to),
    (m.ZerosToEnd, listed.zeros_to_end),
    (m.TextToNul, _Reader.text_to_nul),
    (m.Strings, _Reader.strings),
    (m.SharedText, _Reader.take_shared),
    (m.Pool, _Reader.pool),
    (m.Region, _Reader.region),
    (m.At, _Reader.elsewhere),
    (m.Chain, _Reader.chain),
    (m.Rows, _Reader.take_rows),
    (m.Pooled, _Reader.take_pooled),
)
"""The method of each kind of node."""


@cache
def _plan(node: Any) -> tuple[tuple[str, Callable[..., int], Any], ...]:
    """How the fields of a struct are read: name, method, node."""
    return tuple((sub.name, *_handler(sub)) for sub in node.subcons)


@cache
def _handler(node: Any) -> tuple[Callable[..., int], Any]:
    """The method that reads a node, and the node without its name."""
    while isinstance(node, construct.Renamed):
        node = node.subcon
    inner = node
    meanings = []
    while isinstance(inner, (m.Meaning, construct.Renamed)):
        if isinstance(inner, m.Meaning):
            meanings.append(inner)
        inner = inner.subcon
    if isinstance(inner, construct.FormatField):
        return _Reader.integer, (struct.Struct(inner.fmtstr), tuple(meanings))
    for kind, method in _METHODS:
        if type(node) is kind:
            return method, node
    raise TypeError(
        f"the reader does not know {type(node).__name__}; ccheck_schemas.lint names what it knows"
    )
