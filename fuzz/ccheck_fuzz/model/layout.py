"""Lay the pieces of a file out, and make true what follows from the layout."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

from ccheck_fuzz.model.frame import Frame, Model, Seal, Sharing, Table
from ccheck_schemas.checksum import Checksum, in_order
from ccheck_schemas.digits import Packer, cut
from ccheck_schemas.model import (
    Chained,
    Derivation,
    Number,
    Orphan,
    Payload,
    Piece,
    Pinned,
    RecordType,
    Ref,
    Refs,
    Relation,
)


def rebuilt(model: Model) -> Model:
    """Returns the same file, laid out anew from its pieces."""
    frame = model.frame
    return lay(model, {}, {}, frame.pieces, frame.tables, frame.lists, frame.sharings, frame.canonical)


def lay(
    base: Model,
    raws: Mapping[int, bytes],
    rows: Mapping[int, bytes | bytearray],
    pieces: Sequence[Piece],
    tables: Mapping[int, Table],
    lists: Mapping[int, Chained],
    sharings: tuple[Sharing, ...],
    canonical: frozenset[str],
) -> Model:
    """Returns a new file.

    Args:
        base: The file before.
        raws: The bytes of pieces that differ from `base`, by key.
        rows: The bytes of tables that differ from `base`, by key.
        pieces: The pieces, in order.
        tables: The tables, by key.
        lists: The lists, by key.
        sharings: Which rows take which.
        canonical: The pools that contain each item once, in the order of first use, and nothing else.
    """
    return Layout(base, tables, lists, sharings, canonical).run(raws, rows, pieces)


class Layout:
    """One file as it is laid out."""

    __slots__ = (
        "base",
        "canonical",
        "ends",
        "items",
        "lists",
        "out",
        "pools",
        "sharings",
        "starts",
        "tables",
    )

    def __init__(
        self,
        base: Model,
        tables: Mapping[int, Table],
        lists: Mapping[int, Chained],
        sharings: tuple[Sharing, ...],
        canonical: frozenset[str],
    ) -> None:
        self.base = base
        self.tables = tables
        self.lists = lists
        self.sharings = sharings
        self.canonical = canonical
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.pools: dict[str, int] = {}
        self.items: dict[str, dict[tuple[bytes, int, int], int]] = {}
        self.out = bytearray()

    def run(
        self, raws: Mapping[int, bytes], rows: Mapping[int, bytes | bytearray], pieces: Sequence[Piece]
    ) -> Model:
        """Returns the file.

        Args:
            raws: The bytes of pieces that differ from the base, by key.
            rows: The bytes of tables that differ from the base, by key.
            pieces: The pieces, in order.
        """
        data, old_starts, old_ends = self.base.data, self.base.frame.starts, self.base.frame.ends
        chunks: list[bytes | bytearray] = []
        starts, ends = self.starts, self.ends
        held: list[Piece] = []
        named: list[Piece] = []
        related: list[Piece] = []
        dangling: set[int] = set()
        at = 0
        for piece in pieces:
            if piece.align > 1 and at % piece.align:
                chunks.append(bytes(-at % piece.align))
                at += -at % piece.align
            key = piece.key
            starts[key] = at
            raw: bytes | bytearray
            if key in raws:
                raw = raws[key]
            elif piece.table in rows and piece.table is not None:
                raw = rows[piece.table]
            else:
                raw = data[old_starts[key] : old_ends[key]]
            if piece.pool is not None and piece.pool not in self.pools:
                raw = self.pool(piece.pool, at, raw, pieces)
            if raw:
                chunks.append(raw)
                at += len(raw)
            ends[key] = at
            if piece.table is not None:
                held.append(piece)
            elif piece.refs:
                named.append(piece)
            if piece.relations:
                related.append(piece)
            if piece.dangling:
                dangling.add(key)
        out = self.out = bytearray().join(chunks)
        for piece in held:
            self.name_rows(self.tables[piece.table or 0], starts[piece.key])
        for piece in named:
            if piece.record_type is not None:
                self.name(piece.record_type, piece.refs, starts[piece.key])
        for chained in self.lists.values():
            if chained.form.next is not None:
                self.link(chained, dangling)
        if self.sharings:
            self.share(held)
        sums: list[tuple[Checksum, int, Packer]] = []
        for piece in related:
            for relation in piece.relations:
                place = starts[piece.key] + relation.number.delta
                if relation.derivation is Derivation.CHECKSUM:
                    checksum = relation.checksum(starts, ends)
                    if checksum is not None:
                        sums.append((checksum, place, relation.number.packer))
                    continue
                value = self.amount(relation)
                if value is not None:
                    _put(out, place, relation.number, relation.value(value))
        seals: list[Seal] = [(place, packer, checksum) for checksum, place, packer in in_order(sums)]
        for place, packer, checksum in seals:
            packer.pack_into(out, place, cut(packer, checksum.over(out, place)))
        frame = Frame(
            pieces, starts, ends, self.tables, self.lists, self.sharings, self.canonical, tuple(seals)
        )  # fmt: skip
        return Model(bytes(out), frame)

    def amount(self, relation: Relation) -> int | None:
        """Returns what a number counts; None if what it counted is gone."""
        match relation.derivation:
            case Derivation.BYTES:
                if relation.target not in self.starts or relation.last not in self.ends:
                    return None
                return self.ends[relation.last] - self.starts[relation.target] - relation.trim
            case Derivation.ELEMENTS:
                if relation.target in self.tables:
                    return len(self.tables[relation.target].refs)
                chained = self.lists.get(relation.target)
                return None if chained is None else len(chained.elements)
            case Derivation.FIRST:
                chained = self.lists.get(relation.target)
                if chained is None:
                    return None
                return self.starts.get(chained.elements[0], 0) if chained.elements else 0
        return len(self.out)

    # -- pools

    def pool(self, region: str, at: int, before: bytes | bytearray, pieces: Sequence[Piece]) -> bytes:
        """Returns the bytes of a pool: its items in the order of first use, or as before with new ones."""
        self.pools[region] = at
        items = self.items[region] = {}
        if region in self.canonical:
            blob = bytearray()
            for ref in self.used(region, pieces):
                key = ref[:3]
                if key not in items:
                    _, align, behind = key
                    if align > 1:
                        blob += bytes(-(at + len(blob)) % align)
                    items[key] = at + len(blob)
                    blob += ref.content
                    if behind:
                        blob += bytes(behind)
            return bytes(blob)
        blob = bytearray(before)
        for ref in self.used(region, pieces):
            if ref[:3] not in items:
                blob += bytes(-(at + len(blob)) % ref.align)
                items[ref[:3]] = at + len(blob)
                blob += ref.content + bytes(ref.behind)
        return bytes(blob)

    def used(self, region: str, pieces: Sequence[Piece]) -> Iterator[Payload]:
        """Yields the items that records name, in the order of the records.

        What a row takes comes after it.
        """
        taken = {sharing.taken for sharing in self.sharings}
        for piece in pieces:
            if piece.table is not None:
                if piece.table not in taken:
                    yield from self.used_by_rows(region, piece.table, 0, len(self.tables[piece.table].refs))
            elif piece.refs and piece.record_type is not None:
                yield from _payloads(region, piece.record_type, piece.refs)
        for sharing in self.sharings:
            rest = sum(sharing.runs)
            yield from self.used_by_rows(region, sharing.taken, rest, len(self.tables[sharing.taken].refs))

    def used_by_rows(self, region: str, key: int, first: int, last: int) -> Iterator[Payload]:
        """Yields the items that some rows name, and after each those of the rows that it takes."""
        table = self.tables[key]
        kind = table.kind
        sharings = [sharing for sharing in self.sharings if sharing.taker == key]
        if not sharings:
            if kind.pooled:
                one = len(kind.pooled) == 1 and kind.pooled[0].region == region
                for refs in table.refs[first:last]:
                    ref = refs[0]
                    if one and type(ref) is Payload:
                        yield ref
                    elif ref is not None or len(refs) > 1:
                        yield from _payloads(region, kind, refs)
            return
        taken = [sharing.first(first) for sharing in sharings]
        for row in range(first, last):
            if kind.pooled:
                yield from _payloads(region, kind, table.refs[row])
            for number, sharing in enumerate(sharings):
                run = sharing.runs[row]
                yield from self.used_by_rows(region, sharing.taken, taken[number], taken[number] + run)
                taken[number] += run

    # -- numbers

    def name_rows(self, table: Table, start: int) -> None:
        """Write the offsets that rows name."""
        kind = table.kind
        if not kind.pooled and not kind.places:
            return
        size = kind.size or 0
        for row, refs in enumerate(table.refs):
            if refs[0] is not None or len(refs) > 1:
                self.name(kind, refs, start + row * size)

    def name(self, kind: RecordType, refs: Refs, start: int) -> None:
        """Write the offsets that a record names."""
        out = self.out
        number = 0
        for form in kind.pooled:
            ref = refs[number]
            number += 1
            if ref is None:
                continue
            if type(ref) is Pinned:
                offset = self.pools.get(form.region, 0) + ref.delta
                length = len(ref.payload.content)
            elif type(ref) is Payload:
                found = self.items.get(form.region, {}).get(ref[:3])
                if found is None:
                    continue
                offset, length = found, len(ref.content)
            elif type(ref) is Orphan:
                offset = self.items.get(form.region, {}).get(ref.payload[:3], 0)
                length = len(ref.payload.content)
                if ref.offset and offset:
                    _put(out, start + form.offset.delta, form.offset, offset)
                if ref.length:
                    _put(out, start + form.length.delta, form.length, length)
                continue
            else:
                continue
            _put(out, start + form.offset.delta, form.offset, offset)
            _put(out, start + form.length.delta, form.length, length)
        for place in kind.places:
            target = refs[number] if number < len(refs) else None
            number += 1
            if type(target) is int:
                # What is gone is named no more.
                at = self.starts.get(target)
                value = 0 if at is None else (at - place.base) // place.slope
                _put(out, start + place.number.delta, place.number, value)

    def link(self, chained: Chained, dangling: set[int]) -> None:
        """Write the offsets of the next elements of a chain."""
        number = chained.form.next
        if number is None or not chained.elements:
            return
        starts = self.starts
        for key, following in zip(chained.elements, (*chained.elements[1:], 0), strict=True):
            if key in starts and key not in dangling:
                _put(self.out, starts[key] + number.delta, number, starts.get(following, 0))

    def share(self, pieces: Sequence[Piece]) -> None:
        """Write which rows each row takes."""
        begins = {piece.table: self.starts[piece.key] for piece in pieces if piece.table is not None}
        for taker, number, _, runs, dangling in self.sharings:
            kind = self.tables[taker].kind
            share = kind.shares[number]
            at, size = begins[taker], kind.size or 0
            first = 0
            for row, run in enumerate(runs):
                if row not in dangling:
                    _put(self.out, at + share.first.delta, share.first, first)
                    _put(self.out, at + share.count.delta, share.count, run)
                first += run
                at += size


def _payloads(region: str, kind: RecordType, refs: Sequence[Ref]) -> Iterator[Payload]:
    for form, ref in zip(kind.pooled, refs, strict=False):
        if form.region == region:
            if type(ref) is Payload:
                yield ref
            elif type(ref) is Orphan:
                yield ref.payload


def _put(out: bytearray, at: int, number: Number, value: int) -> None:
    try:
        number.packer.pack_into(out, at, value)
    except struct.error:
        number.packer.pack_into(out, at, number.fit(value))
