"""Read any bytes by a schema: records with their places, and every fault, never an exception.

Construct's own parser stops at the first error, knows no offsets and trusts counts and lengths. This reader walks the same tree of
nodes (`meaning`) and keeps these promises for any bytes:

* it reports all faults; a record that is cut short is one fault, and all that can still be read is read
* its work and memory are proportional to the file: counts are compared with the bytes at hand before anything is made, a chain
  stops at a record that was read before, and records may not claim more bytes than the file has, twice over
* every byte belongs to one record, or is reported
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.meaning import field_of
from ccheck_schemas.record import Fault, PoolItem, Reading, Record
from ccheck_schemas.size import sizeof
from ccheck_schemas.span import Span

FAULTS_KEPT = 1000
"""Faults of one name that are kept; more are only counted."""


class _Cut(Exception):
    """The bytes end here: abandon the record, go on where its parent can."""


class _Stop(Exception):
    """The file asks for more work than its size allows: stop reading."""


def read(root: construct.Construct, data: bytes) -> Reading:
    """Read `data` by the schema `root`, a Struct that `ccheck_schemas.lint` accepts. Raises nothing on any bytes."""
    return _Reader(data).run(root)


class _Reader:
    """One reading of one file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.complete = True
        self.counts: Counter[str] = Counter()
        self.kept: list[tuple[str, Record, str | None, tuple[int, int] | None, dict[str, Any], Any]] = []
        self.claims: list[tuple[int, int, Record]] = []
        self.claimed = 0
        self.cut: set[int] = set()
        self.seen: dict[int, dict[int, Record]] = {}
        self.tables: dict[str, tuple[list[Record], int]] = {}
        self.takers: dict[str, list[tuple[Record, str, m.Rows]]] = {}
        self.pools: dict[str, tuple[int, int]] = {}
        self.pooled: dict[str, list[tuple[Record, str, m.Pooled]]] = {}
        self.items: dict[str, tuple[PoolItem, ...]] = {}
        self.seals: list[tuple[m.Meaning, Span, struct.Struct]] = []
        self.settle: list[Callable[[], None]] = []
        self.plans: dict[int, list[tuple[str, Callable[..., int], Any]]] = {}
        self.sizes: dict[int, int | None] = {}

    # -- running and reporting

    def run(self, root: construct.Construct) -> Reading:
        top = Record(None, "", 0)
        top.values["_root"] = top.values
        try:
            try:
                end = self.struct(root, top, 0, self.size, self.size)
                self.claim(top, 0, end)
            except _Cut:
                self.complete = False
            for step in self.settle:
                step()
            for region in self.pooled:
                self.settle_pool(region)
            for table in self.takers:
                self.settle_rows(table)
            self.settle_claims(top)
        except _Stop:
            self.complete = False
        faults = sorted((self.finish(*kept) for kept in self.kept), key=lambda f: (f.span.offset, f.span.end, f.name))
        return Reading(
            root=top,
            faults=tuple(faults),
            counts=self.counts,
            complete=self.complete,
            tables={name: tuple(rows) for name, (rows, _) in self.tables.items()},
            pools=self.pools,
            items=self.items,
            seals=tuple(self.seals),
        )

    def fault(
        self,
        name: str,
        record: Record,
        field: str | None = None,
        place: tuple[int, int] | None = None,
        proofs: Any = (),
        **values: Any,
    ) -> None:
        """Note a fault: at a field of the record, or at `place` (offset, end) when there is no such field yet."""
        self.counts[name] += 1
        if self.counts[name] <= FAULTS_KEPT:
            self.kept.append((name, record, field, place, values, proofs))

    def finish(
        self, name: str, record: Record, field: str | None, place: tuple[int, int] | None, values: dict[str, Any], proofs: Any
    ) -> Fault:
        """Give a noted fault its path; only now are the paths of table rows known."""
        if place is None:
            span = record.span(field)
        else:
            path = ".".join(part for part in (record.path, field or "") if part)
            span = Span(place[0], place[1] - place[0], path)
        return Fault(name, span, values, tuple((words, where() if callable(where) else where) for words, where in proofs))

    def claim(self, record: Record, start: int, end: int) -> None:
        """Give the bytes to the record; stop a file whose records claim its bytes over and over."""
        record.end = end
        self.claims.append((start, end, record))
        self.claimed += end - start
        if self.claimed > 2 * self.size + 4096:
            self.fault("bytes-owned-twice", record, place=(start, end), other=None, link=False)
            raise _Stop

    def need(self, record: Record, field: str, at: int, size: int, limit: int, promised: int) -> None:
        """Go on only if `size` bytes stand at `at`; a region that is known to be cut short was reported already."""
        if at + size <= limit:
            return
        self.complete = False
        if at + size > promised or promised <= limit:
            have = max(0, limit - at)
            self.fault("truncated", record, field, (min(at, limit), limit), need=size, have=have)
        raise _Cut

    def amount(self, expression: m.Expression, record: Record, name: str, at: int) -> int:
        """A count or length; a negative one is a fault and ends the record."""
        value = int(m.evaluate(expression, record.values))
        if value < 0:
            field = field_of(expression)
            self.fault("value-out-of-bounds", record, field or name, None if field else (at, at), value=value, low=0, high=self.size)
            self.complete = False
            raise _Cut
        return value

    # -- structs and their fields

    def struct(self, node: construct.Construct, record: Record, at: int, limit: int, promised: int) -> int:
        record.values["_"] = record.parent.values if record.parent is not None else record.values
        record.values.setdefault("_root", record.values["_"].get("_root"))
        plan = self.plans.get(id(node))
        if plan is None:
            plan = self.plans[id(node)] = [(sub.name, *self.handler(sub)) for sub in node.subcons]
        for name, handle, subcon in plan:
            at = handle(subcon, record, name, at, limit, promised)
        return at

    def handler(self, node: Any) -> tuple[Callable[..., int], Any]:
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
            return self.integer, (struct.Struct(inner.fmtstr), tuple(meanings))
        for kind, method in self._METHODS:
            if type(node) is kind:
                return method.__get__(self), node
        raise TypeError(f"the reader does not know {type(node).__name__}; ccheck_schemas.lint names what it knows")

    def integer(self, leaf: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        packed, meanings = leaf
        end = at + packed.size
        if end > limit:
            self.need(record, name, at, packed.size, limit, promised)
        (value,) = packed.unpack_from(self.data, at)
        record.put(name, value, at, end, packed)
        for meaning in meanings:
            if isinstance(meaning, m.FileSize | m.ChecksumOver):
                self.seals.append((meaning, record.span(name), packed))
            self.judge(meaning, value, record, name)
        return int(end)

    def judge(self, meaning: m.Meaning, value: int, record: Record, name: str) -> None:
        """Hold a value against what its field means."""
        match meaning:
            case m.Version():
                if value not in meaning.known:
                    known = tuple(map(meaning.words, meaning.known))
                    self.fault("unknown-format-version", record, name, value=meaning.words(value), known=known)
            case m.Bounded():
                if not meaning.low <= value <= meaning.high:
                    self.fault("value-out-of-bounds", record, name, value=value, low=meaning.low, high=meaning.high)
            case m.StrictEnum():
                if value not in meaning.known:
                    self.fault("unknown-enum-value", record, name, value=value, names=meaning.values)
            case m.StrictFlags():
                if value & ~meaning.mask:
                    self.fault("unknown-flag", record, name, value=value, unknown=value & ~meaning.mask, names=meaning.bits)
            case m.Reserved():
                if value:
                    self.fault("reserved-not-zero", record, name, value=value)
            case m.LengthOf():
                if not meaning.low <= value <= meaning.high:
                    self.fault("value-out-of-bounds", record, name, value=value, low=meaning.low, high=meaning.high)
                elif value % meaning.step:
                    self.fault("value-out-of-bounds", record, name, value=value, step=meaning.step)
            case m.OffsetInto():
                if value % meaning.align:
                    self.fault("offset-misaligned", record, name, value=value, align=meaning.align)
            case m.FileSize():
                if value != self.size:
                    self.fault("size-mismatch", record, name, value=value, actual=self.size)
            case m.ChecksumOver():
                self.settle.append(lambda: self.settle_checksum(meaning, value, record, name))
            case m.IndexInto():
                self.settle.append(lambda: self.settle_index(meaning, value, record, name))
            case m.CountOf():
                self.settle.append(lambda: self.settle_count(meaning, value, record, name))
            case m.RecordSize():
                self.settle.append(lambda: self.settle_record_size(meaning, value, record, name))

    def const(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        size = self.fixed(node) or 0
        self.need(record, name, at, size, limit, promised)
        raw = self.data[at : at + size]
        record.put(name, raw, at, at + size)
        expected = node.build(None)
        if raw != expected:
            self.fault("wrong-magic", record, name, value=raw, expected=expected)
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
        record.values[name] = self.decode(node, record, name, at, length)
        return at + length + behind

    def decode(self, node: m.Text, record: Record, name: str, at: int, length: int) -> str | None:
        """The text at `at`, whose bytes (and the NUL behind) are inside the file; None when it is not well-formed."""
        unit = node.unit
        raw = self.data[at : at + length]
        nul = self.nul(raw, unit)
        if node.terminator == "behind":
            if any(self.data[at + length : at + length + unit]):
                self.fault("text-not-terminated", record, name, (at + length, at + length + unit))
            if nul is not None and not node.lists:
                self.fault("text-malformed", record, name, (at + nul, at + nul + unit), reason="a NUL inside the text")
                return None
        elif node.terminator == "inside":
            if nul is None:
                self.fault("text-not-terminated", record, name, (at, at + length))
            else:
                tail = raw[nul:].lstrip(b"\0")
                if tail:
                    self.fault("padding-not-zero", record, name, (at + length - len(tail), at + length))
                raw = raw[:nul]
        if len(raw) % unit:
            self.fault("text-malformed", record, name, (at, at + len(raw)), reason=f"{len(raw)} bytes are not whole characters")
            return None
        try:
            return raw.decode(node.encoding)
        except UnicodeDecodeError as bad:
            self.fault("text-malformed", record, name, (at + bad.start, at + bad.end), reason=f"not {node.encoding}: {bad.reason}")
            return None

    @staticmethod
    def nul(raw: bytes, unit: int) -> int | None:
        """The offset of the first NUL character, or None."""
        at = raw.find(bytes(unit))
        while at >= 0 and at % unit:
            at = raw.find(bytes(unit), at + 1)
        return at if at >= 0 else None

    def zero_pad(self, node: m.ZeroPad, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        end = at + -at % node.align
        self.need(record, "padding", at, end - at, limit, promised)
        padding = self.data[at:end]
        if any(padding):
            first = at + len(padding) - len(padding.lstrip(b"\0"))
            self.fault("padding-not-zero", record, "padding", (first, at + len(padding.rstrip(b"\0"))))
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
        size = self.fixed(node.subcon) or 1
        fits = self.fit(node.count, count, size, record, name, at, limit, promised)
        values: list[Any] = []
        record.put(name, values, at, at)
        handle, subcon = self.handler(node.subcon)
        holder = Record(record, "", at)
        holder.values["_"] = record.values
        holder.values["_root"] = record.values["_root"]
        for i in range(fits):
            at = handle(subcon, holder, f"{name}[{i}]", at, limit, promised)
            values.append(holder.values.pop(f"{name}[{i}]"))
        record.put(name, values, record.span(name).offset, at)
        if fits < count:
            self.complete = False
            raise _Cut
        return at

    def fit(
        self, expression: Any, count: int, size: int, record: Record, name: str, at: int, limit: int, promised: int
    ) -> int:
        """How many of `count` elements of `size` bytes stand here; fewer is one fault, at the field that counts."""
        room = max(0, promised - at) // size
        if count > room:
            self.fault("count-past-bytes", record, field_of(expression) or name, place=None if field_of(expression) else (at, at),
                       count=count, room=room, size=size)  # fmt: skip
        return min(count, max(0, limit - at) // size)

    def table(self, node: m.Table, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        count = self.amount(node.count, record, name, at)
        self.limits(node, count, record, name, at)
        size = self.fixed(node.subcon) or 1
        fits = min(self.fit(node.count, count, size, record, name, at, limit, promised), node.high)
        rows: list[Record] = []
        again = node.table in self.tables
        if not again:
            self.tables[node.table] = (rows, count)
        start = at
        for i in range(fits):
            row = Record(record if again else None, f"{node.table}[{i}]", at)
            row.values["_root"] = record.values["_root"]
            rows.append(row)
            at = self.struct(node.subcon, row, at, limit, promised)
            row.end = at
        record.put(name, rows, start, at)
        if fits < count:
            self.complete = False
            raise _Cut
        return at

    def limits(self, node: Any, count: int, record: Record, name: str, at: int) -> None:
        """Hold a count against the limits of its table or pool."""
        if not node.low <= count <= node.high:
            field = field_of(node.count)
            self.fault("value-out-of-bounds", record, field or name, None if field else (at, at),
                       value=count, low=node.low, high=node.high)  # fmt: skip

    def pool(self, node: m.Pool, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        count = self.amount(node.count, record, name, at)
        self.limits(node, count, record, name, at)
        fits = self.fit(node.count, count, 1, record, name, at, limit, promised)
        self.pools.setdefault(node.region, (at, at + count))
        record.put(name, self.data[at : at + fits], at, at + fits)
        if fits < count:
            self.complete = False
            raise _Cut
        return at + count

    def region(self, node: m.Region, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        length = self.amount(node.length, record, name, at)
        field = field_of(node.length)
        end = at + length
        if end > limit:
            self.complete = False
            if end > promised or promised <= limit:
                self.fault("truncated", record, field or name, None if field else (at, limit), need=length, have=limit - at)
        stop = min(end, limit)
        try:
            handle, subcon = self.handler(node.subcon)
            used = handle(subcon, record, name, at, stop, end)
        except _Cut:
            self.complete = False
            used = end
        if used < end:
            self.fault("size-mismatch", record, field or name, None if field else (at, end), value=length, actual=used - at)
        if end > limit:
            raise _Cut
        return end

    def if_then_else(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        chosen = node.thensubcon if m.evaluate(node.condfunc, record.values) else node.elsesubcon
        return self.choose(chosen, record, name, at, limit, promised)

    def switch(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        key = m.evaluate(node.keyfunc, record.values)
        if key not in node.cases and node.default is construct.Pass:
            # An unknown kind was reported where it stands; what it holds cannot be read.
            self.complete = False
            record.put(name, None, at, at)
            raise _Cut
        return self.choose(node.cases.get(key, node.default), record, name, at, limit, promised)

    def choose(self, node: Any, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        if node is construct.Pass:
            record.put(name, None, at, at)
            return at
        handle, subcon = self.handler(node)
        return handle(subcon, record, name, at, limit, promised)

    # -- other places

    def elsewhere(self, node: m.At, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        offset = m.evaluate(node.offset, record.values)
        record.put(name, None, at, at)
        if offset:
            seen = self.seen.setdefault(id(node.subcon), {})
            target = seen.get(offset)
            if target is None:
                target = self.place(node.subcon, Record(record, name, offset), record, field_of(node.offset), offset)
            record.values[name] = target
        return at

    def place(self, node: Any, target: Record, record: Record, field: str | None, offset: int) -> Record | None:
        """Read a record at an offset that a field of another record named."""
        if offset >= self.size:
            self.complete = False
            self.fault("offset-outside-file", record, field, None if field else (self.size, self.size),
                       value=offset, size=self.size)  # fmt: skip
            return None
        self.seen.setdefault(id(node), {})[offset] = target
        try:
            end = self.struct(node, target, offset, self.size, self.size)
        except _Cut:
            self.complete = False
            self.cut.add(id(target))
            end = min(self.size, target.reach)
        self.claim(target, offset, max(offset, end))
        return target

    def chain(self, node: m.Chain, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        seen = self.seen.setdefault(id(node.subcon), {})
        links: list[Record] = []
        record.put(name, links, at, at)
        here: set[int] = set()
        offset = m.evaluate(node.first, record.values)
        holder, field = record, field_of(node.first)
        while offset:
            place = None if field else (self.size, self.size)
            if offset % node.align:
                self.fault("offset-misaligned", holder, field, place, value=offset, align=node.align)
                self.complete = False
                break
            if offset in here:
                self.fault("chain-loop", holder, field, place, value=offset, proofs=((f"{name} begins again here", self.place_of(seen[offset])),))
                self.complete = False
                break
            if links and offset < links[-1].offset:
                self.fault("chain-backwards", holder, field, place, value=offset, here=links[-1].offset)
                self.complete = False
                break
            if offset in seen:
                self.fault("bytes-owned-twice", holder, field, place, other=seen[offset].path, link=True,
                           proofs=(("read here before", self.place_of(seen[offset])),))  # fmt: skip
                self.complete = False
                break
            here.add(offset)
            link = self.place(node.subcon, Record(record, f"{name}[{len(links)}]", offset), holder, field, offset)
            if link is None:
                break
            links.append(link)
            holder, field = link, node.next_field
            if link.get(node.next_field) is None or link.get(node.last) is None:
                break
            offset = link.values[node.next_field]
            if offset >= self.size and id(link) in self.cut:
                break
            last = link.values[node.last] == 0
            if last != (offset == 0):
                self.fault("chain-no-end", link, node.next_field, value=offset, last=node.last, marked=last)
                self.complete = False
                break
        return at

    @staticmethod
    def place_of(record: Record) -> Callable[[], Span]:
        return lambda: Span(record.offset, max(1, record.end - record.offset), record.path)

    def take_rows(self, node: m.Rows, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        record.put(name, (), at, at)
        self.takers.setdefault(node.table, []).append((record, name, node))
        return at

    def take_pooled(self, node: m.Pooled, record: Record, name: str, at: int, limit: int, promised: int) -> int:
        record.put(name, None, at, at)
        self.pooled.setdefault(node.region, []).append((record, name, node))
        return at

    # -- what can be judged only when the whole file is read

    def settle_checksum(self, meaning: m.ChecksumOver, value: int, record: Record, name: str) -> None:
        actual = zlib.crc32(memoryview(self.data)[meaning.start :])
        if value != actual:
            self.fault("checksum-wrong", record, name, value=value, actual=actual, start=meaning.start, end=self.size)

    def settle_index(self, meaning: m.IndexInto, value: int, record: Record, name: str) -> None:
        if meaning.table in self.tables and value >= self.tables[meaning.table][1]:
            rows = self.tables[meaning.table][1]
            self.fault("index-outside-table", record, name, value=value, count=1, rows=rows, table=meaning.table)

    def settle_count(self, meaning: m.CountOf, value: int, record: Record, name: str) -> None:
        held = record.get(meaning.of)
        if isinstance(held, list) and len(held) != value and self.complete:
            self.fault("count-mismatch", record, name, value=value, actual=len(held), of=meaning.of)

    def settle_record_size(self, meaning: m.RecordSize, value: int, record: Record, name: str) -> None:
        held = record.get(meaning.of)
        if held is None:
            return
        size = 1 if isinstance(held, bytes) else next((row.end - row.offset for row in held), value)
        if value != size:
            self.fault("record-size-wrong", record, name, value=value, actual=size)

    def settle_rows(self, table: str) -> None:
        """Hand the rows of a table to their takers, in order."""
        if table not in self.tables:
            return
        rows, count = self.tables[table]
        expected = 0
        ordered = True
        for record, name, node in self.takers[table]:
            first, number = record.get(node.first), record.get(node.count)
            if first is None or number is None:
                continue
            if first > count or number > count - first:
                blame = node.first if first >= count else node.count
                self.fault("index-outside-table", record, blame, value=first, count=number, rows=count, table=table)
                ordered = False
                continue
            if ordered and first != expected:
                self.fault("rows-out-of-order", record, node.first, value=first, expected=expected, table=table)
                ordered = False
            taken = tuple(rows[first : first + number])
            for i, row in enumerate(taken):
                if row.parent is None:
                    row.parent, row.label = record, f"{name}[{i}]"
            record.values[name] = taken
            expected = first + number
        if ordered and self.complete and expected != count:
            spare = rows[expected:]
            where = (spare[0].offset, spare[-1].end) if spare else (self.size, self.size)
            self.fault("rows-out-of-order", Record(None, table, 0), place=where, value=None, expected=expected, rows=count, table=table)

    def settle_pool(self, region: str) -> None:
        """Read the items of a pool, and see that they share its bytes out between them."""
        if region not in self.pools:
            return
        start, end = self.pools[region]
        items: dict[tuple[int, int], PoolItem] = {}
        values: dict[tuple[int, int, int], Any] = {}
        work = 0
        for record, name, node in self.pooled[region]:
            offset = m.evaluate(node.offset, record.values)
            length = m.evaluate(node.length, record.values)
            item = node.subcon
            behind = item.unit if isinstance(item, m.Text) and item.terminator == "behind" else 0
            if not self.inside(node, record, offset, length, behind, start, end):
                continue
            if offset % node.align:
                self.fault("offset-misaligned", record, field_of(node.offset), value=offset, align=node.align)
                continue
            if offset + length + behind > self.size:
                continue
            key = (offset, length, id(item))
            if key not in values:
                work += length
                if work > 8 * self.size + 65_536:
                    self.fault("pool-items-overlap", record, field_of(node.offset), value=offset, other=None)
                    raise _Stop
                values[key] = (
                    self.decode(item, record, name, offset, length)
                    if isinstance(item, m.Text)
                    else self.data[offset : offset + length]
                )
                span = record.span(field_of(node.offset))
                items.setdefault((offset, offset + length + behind), PoolItem(offset, offset + length + behind, node.align, span))
            record.put(name, values[key], offset, offset + length)
        self.items[region] = tuple(items[key] for key in sorted(items))
        self.share_pool(region, start, min(end, self.size))

    def inside(
        self, node: m.Pooled, record: Record, offset: int, length: int, behind: int, start: int, end: int
    ) -> bool:
        """Whether an item lies in its pool; written so that it cannot overflow, at any width."""
        if start <= offset <= end and length <= end - offset and behind <= end - offset - length:
            return True
        outside = not start <= offset < end
        blame = field_of(node.offset) if outside else field_of(node.length)
        self.fault("offset-outside-region", record, blame, value=offset, length=length, behind=behind,
                   start=start, end=end, region=node.region)  # fmt: skip
        return False

    def share_pool(self, region: str, start: int, end: int) -> None:
        """Each byte of the pool belongs to one item, or is zero padding in front of an aligned one."""
        at = start
        before: PoolItem | None = None
        top = Record(None, region, start)
        for item in self.items[region]:
            if before is not None and item.offset < before.end:
                self.fault("pool-items-overlap", top, place=(item.offset, min(item.end, before.end)), value=item.offset,
                           other=before.offset, proofs=(("named here", before.owner), ("and here", item.owner)))  # fmt: skip
            elif item.offset > at:
                self.spare(top, at, item.offset, item.align)
            if before is None or item.end > before.end:
                before = item
            at = max(at, item.end)
        if at < end:
            self.spare(top, at, end, 1)

    def spare(self, top: Record, at: int, end: int, align: int) -> None:
        """Bytes of a pool between its items."""
        if not self.complete:
            return
        if end - at < align and end == at + -at % align:
            if any(self.data[at:end]):
                self.fault("padding-not-zero", top, "padding", (at, end))
        else:
            self.fault("pool-text-unused", top, place=(at, end), length=end - at)

    def settle_claims(self, top: Record) -> None:
        """Each byte of the file belongs to one record."""
        at = 0
        owner: Record | None = None
        for start, end, record in sorted(self.claims, key=lambda claim: claim[:2]):
            if start < at and end > start and owner is not None:
                self.fault("bytes-owned-twice", record, place=(start, min(at, end)), other=owner.path or "the header", link=False,
                           proofs=((f"{owner.path or 'the header'} owns them", self.place_of(owner)),))  # fmt: skip
            elif start > at and self.complete:
                self.fault("bytes-unowned", top, place=(at, start), zero=not any(self.data[at:start]))
            if end > at:
                at, owner = end, record
        if at < self.size and self.complete:
            self.fault("bytes-unowned", top, place=(at, self.size), zero=not any(self.data[at:]))

    def fixed(self, node: Any) -> int | None:
        """`sizeof`, remembered."""
        if id(node) not in self.sizes:
            self.sizes[id(node)] = sizeof(node)
        return self.sizes[id(node)]

    _METHODS = (
        (construct.Const, const),
        (construct.Bytes, raw_bytes),
        (construct.Struct, nested),
        (construct.Array, array),
        (construct.IfThenElse, if_then_else),
        (construct.Switch, switch),
        (m.Text, text),
        (m.ZeroPad, zero_pad),
        (m.Table, table),
        (m.Pool, pool),
        (m.Region, region),
        (m.At, elsewhere),
        (m.Chain, chain),
        (m.Rows, take_rows),
        (m.Pooled, take_pooled),
    )
