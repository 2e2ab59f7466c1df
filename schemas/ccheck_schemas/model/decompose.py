"""Decompose a file by its schema: any bytes become pieces, and the relations between them.

One fault-tolerant reading gives the places of records. A record that is cut short has no pieces: the layout
of the pieces fills such places with unexplained bytes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import partial
from typing import TypeAlias, assert_never

from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import Expression, Unresolved, field_of, only_path, resolve, stated
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.model import forms
from ccheck_schemas.model.number_scope import NumberScope
from ccheck_schemas.model.record_type import (
    KEYS,
    Chained,
    Derivation,
    FileModel,
    Number,
    Payload,
    Piece,
    PlaceForm,
    RecordType,
    Refs,
    Relation,
    Role,
    TableRows,
)
from ccheck_schemas.model.runs import Fixed, Run, Sized, branches, chosen, leaf_run, runs_of, slope
from ccheck_schemas.read import read
from ccheck_schemas.record import Record


def decompose(layout: tree.Struct, data: bytes) -> FileModel:
    """Returns the pieces of a file as its schema names them, with the overlaps and gaps of the file.

    Args:
        layout: The layout of its format.
        data: The file.
    """
    return _Decomposer(layout, data).run()


def _counted(meaning: meanings.Meaning, number: Number, scope: NumberScope) -> tuple[Relation, ...]:
    """Returns what a number counts by its meaning."""
    match meaning:
        case meanings.CountOf():
            key = scope.lists.get(meaning.of)
            return () if key is None else (Relation(number, Derivation.ELEMENTS, key),)
        case meanings.LengthOf():
            extent = scope.extents.get(meaning.of)
            return () if extent is None else (Relation(number, Derivation.BYTES, *extent),)
        case meanings.Version() | meanings.Bounded() | meanings.StrictEnum() | meanings.StrictFlags():
            return ()
        case meanings.Reserved() | meanings.OffsetInto() | meanings.IndexInto() | meanings.ComparedWithFact():
            return ()
        case meanings.RecordSize():  # the size of a row is the schema's
            return ()
        case meanings.FileSize() | meanings.ChecksumOver():  # `_Decomposer.fixed` has them
            return ()
        case _:
            assert_never(meaning)


_Listed: TypeAlias = tree.Array | tree.Table | tree.Terminated | tree.UpTo | tree.UpToEnd


class _Decomposer:
    """One pass over a schema and a reading.

    The methods for nodes return the offset after the node, or None if the record is cut short.
    """

    def __init__(self, layout: tree.Struct, data: bytes) -> None:
        self.layout = layout
        self.data = data
        self.reading = read(layout, data)
        self.found = FileModel([], {}, {})
        self.heads: dict[int, int] = {}
        self.deferred: list[Callable[[], None]] = []
        self.reserved = 0
        self.sums: list[tuple[Piece, Number]] = []

    def run(self) -> FileModel:
        """Returns all pieces, with the places that numbers name."""
        self.struct(self.layout, self.reading.root, 0, (), NumberScope(None), "")
        for step in self.deferred:  # grows during the loop
            step()
        if self.sums:
            self.cover()
        for piece in self.found.pieces:
            if piece.record_type is not None and piece.record_type.places:
                piece.refs += self.places(piece.record_type.places, piece.start)
        for table in self.found.tables.values():
            if table.record_type.places:
                size = table.record_type.size or 0
                table.rows = [
                    refs + self.places(table.record_type.places, table.start + i * size)
                    for i, refs in enumerate(table.rows)
                ]
        return self.found

    def cover(self) -> None:
        """Relates checksums to the pieces that they are of."""
        over = {one.span.offset: one.checksum for one in self.reading.fix_ups}
        pieces = sorted((one for one in self.found.pieces if one.start < one.end), key=lambda one: one.start)
        starts = [one.start for one in pieces]
        for piece, number in self.sums:
            checksum = over.get(piece.start + number.delta)
            if checksum is None or checksum.end is None or checksum.start >= checksum.end:
                continue
            first = pieces[max(0, bisect_right(starts, checksum.start) - 1)]
            last = pieces[max(0, bisect_left(starts, checksum.end) - 1)]
            if first.start <= checksum.start < first.end and last.start < checksum.end <= last.end:
                piece.relations += (
                    Relation(
                        number,
                        Derivation.CHECKSUM,
                        first.key,
                        last.key,
                        last.end - checksum.end,
                        base=checksum.start - first.start,
                    ),
                )

    def places(self, forms: tuple[PlaceForm, ...], at: int) -> Refs:
        """Returns the elements that the numbers of a record name."""
        values = (form.number.packer.unpack_from(self.data, at + form.number.delta)[0] for form in forms)
        return tuple(
            self.heads.get(form.base + form.slope * value) if value else None
            for form, value in zip(forms, values, strict=True)
        )

    def piece(
        self, start: int, end: int, path: tuple[int, ...], record_type: RecordType | None = None
    ) -> Piece:
        """Returns a new piece; the first one of an element has the key that is reserved for it."""
        key, self.reserved = self.reserved or next(KEYS), 0
        found = Piece(key, start, end, record_type, path=path)
        self.found.pieces.append(found)
        return found

    # -- records

    def struct(
        self,
        node: tree.Struct,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        name: str,
    ) -> int | None:
        """Adds all pieces of a record."""
        for step in runs_of(node, name):
            if isinstance(step, Run):
                after = self.fixed(step, node, record, at, path, scope)
            else:
                before = len(self.found.pieces)
                full = f"{name}.{step.name}".lstrip(".")
                after = self.node(step.node, step.name, record, at, path, scope, full)
                made = self.found.pieces[before:]
                if made and after is not None:
                    scope.extents[step.name] = (made[0].key, made[-1].key, 0)
            if after is None:
                return None
            at = after
        self.deferred.append(partial(self.state, node, scope))
        return at

    def fixed(
        self,
        run: Run,
        node: tree.Struct | None,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
    ) -> int | None:
        """Adds a run of fixed fields, if the file has all of it."""
        try:
            start, end = record.place(run.first)[0], record.place(run.last)[1]
        except KeyError:
            return None
        if start != at or end - start != run.size or end > len(self.data):
            return None
        piece = self.piece(start, end, path, run.record_type)
        for number in run.record_type.numbers:
            scope.numbers[number.name] = (piece, number)
            if number.role is Role.FILE_SIZE:
                piece.relations += (Relation(number, Derivation.SIZE),)
            elif number.role is Role.CHECKSUM and number.moves:
                self.sums.append((piece, number))
            elif number.role is Role.CHECKSUM:
                piece.relations += (Relation(number, Derivation.CHECKSUM),)
        if run.record_type.pooled and node is not None:
            piece.refs = self.payloads(node, run.record_type, record)
        return end

    def payloads(self, node: tree.Struct, record_type: RecordType, record: Record) -> Refs:
        """Returns the valid pool items that a record names."""
        found: dict[str, Payload | None] = {}
        for field in node.fields:
            if any(isinstance(branch, tree.Pooled) for branch in branches(field.node)):
                pooled = _branch(field.node, record)
                if isinstance(pooled, tree.Pooled):
                    found[field_of(pooled.offset) or ""] = self.payload(pooled, record)
        return tuple(found.get(form.offset.name) for form in record_type.pooled)

    def payload(self, node: tree.Pooled, record: Record) -> Payload | None:
        """Returns the pool item that a record names; None if it lies outside."""
        start, end = self.reading.pools.get(node.region, (0, -1))
        offset, length = _amount(node.offset, record), _amount(node.length, record)
        if offset is None or length is None:
            return None
        stop = offset + length + node.behind
        if not start <= offset <= stop <= min(end, len(self.data)) or offset % node.align:
            return None
        if any(self.data[offset + length : stop]):
            return None
        content = self.data[offset : offset + length]
        if isinstance(node.item, tree.Text):
            return Payload(content, node.align, node.behind, node.item.encoding, node.item.lists)
        return Payload(content, node.align)

    def state(self, node: tree.Struct, scope: NumberScope) -> None:
        """Adds the counts and lengths of a record that follow from their meaning only."""
        pieces = {id(piece): piece for piece, _ in scope.numbers.values()}
        derived = {id(relation.number) for piece in pieces.values() for relation in piece.relations}
        for field in node.fields:
            found = scope.numbers.get(field.name)
            if found is None or id(found[1]) in derived:
                continue
            piece, number = found
            for meaning in tree.meanings_of(field.node):
                piece.relations += _counted(meaning, number, scope)

    def derive(
        self,
        expression: Expression,
        scope: NumberScope,
        derivation: Derivation,
        target: int,
        last: int = 0,
        trim: int = 0,
    ) -> None:
        """Lets the number that an expression reads follow from what it counts."""
        path = only_path(expression)
        found = scope.find(path) if path else None
        if found is None or path is None:
            return
        piece, number = found
        (value,) = number.packer.unpack_from(self.data, piece.start + number.delta)
        line = slope(expression, path, value)
        if line is not None:
            base, rise, run = line
            piece.relations += (Relation(number, derivation, target, last, trim, value, base, rise, run),)

    # -- nodes between the runs

    def node(
        self,
        node: tree.Node,
        name: str,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> int | None:
        """Adds one node; a conditional one is the branch that the record's numbers choose."""
        found = _branch(node, record)
        match found:
            case None:
                return None
            case tree.Struct():
                inner = record.get(name)
                scope.inner[name] = NumberScope(scope)
                if not isinstance(inner, Record):
                    return None
                return self.struct(found, inner, at, path, scope.inner[name], full)
            case tree.Text() | tree.Bytes() | tree.Opaque() | tree.Wrapped() | tree.Slot() if (
                stated(found.length) is None
            ):
                return self.elastic(found, name, record, at, path, scope, full)
            case tree.Integer() | tree.Digits() | tree.Float() | tree.Const():
                return self.fixed(leaf_run(found, name, full), None, record, at, path, scope)
            case tree.Text() | tree.Bytes() | tree.Opaque() | tree.Wrapped() | tree.Slot():
                return self.fixed(leaf_run(found, name, full), None, record, at, path, scope)
            case tree.ZeroPad() | tree.AnyPad():
                self.piece(at, at, path).align = found.align
                return at + -at % found.align
            case tree.ZerosTo() | tree.ZerosToEnd():
                return self.zeros(found, record, at, path, scope, full)
            case tree.TextToNul():
                return self.to_nul(found, name, at, path, full)
            case tree.Strings():
                return self.strings(found, name, record, at, path, scope, full)
            case tree.Table():
                return self.table(found, name, record, at, path, scope, full)
            case tree.Pool():
                return self.pool(found, name, record, at, path, scope)
            case tree.Region() | tree.Substream():
                return self.region(found, name, record, at, path, scope, full)
            case tree.Array() | tree.Terminated() | tree.UpTo() | tree.UpToEnd():
                return self.array(found, name, record, at, path, scope, full)
            case tree.SubstreamRest():
                return self.node(found.inner, name, record, at, path, scope, full)
            case tree.Rest() | tree.OpaqueRest() | tree.WrappedRest() | tree.Delimited():
                return self.unsized(found, name, record, at, path, full)
            case tree.At():
                self.deferred.append(partial(self.record_at, found, name, record, scope, full))
            case tree.Chain():
                self.deferred.append(partial(self.chain, found, name, record, path, scope, full))
            case tree.Computed() | tree.PlaceNumber():
                return at
            case tree.Nothing() | tree.Pooled() | tree.SharedText() | tree.Rows() | tree.ReadAt():
                return at  # no bytes of its own here
            case tree.If() | tree.Switch():
                raise TypeError(f"{full}: a branch was not chosen")
            case _:
                assert_never(found)
        return at

    def elastic(
        self,
        node: Sized,
        name: str,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> int | None:
        """Adds text or bytes whose length a number states."""
        try:
            start, end, _ = record.place(name)
        except KeyError:
            return None
        record_type = leaf_run(node, name, full).record_type
        behind = record_type.blobs[0].behind
        if start != at or end + behind > len(self.data):
            return None
        piece = self.piece(start, end + behind, path, record_type)
        scope.extents[name] = (piece.key, piece.key, behind)
        self.derive(node.length, scope, Derivation.BYTES, piece.key, piece.key, behind)
        return end + behind

    def zeros(
        self,
        node: tree.ZerosTo | tree.ZerosToEnd,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> int | None:
        """Adds zeros up to an offset in a number, which follows from them, or up to the end."""
        end = _amount(node.offset, record) if isinstance(node, tree.ZerosTo) else len(self.data)
        if end is None or not at <= end <= len(self.data):
            return None
        piece = self.piece(at, end, path, forms.zeros(full))
        first = self.found.pieces[0]
        if isinstance(node, tree.ZerosTo) and first.start == 0:
            self.derive(node.offset, scope, Derivation.BYTES, first.key, piece.key)
        return end

    def to_nul(
        self, node: tree.TextToNul, name: str, at: int, path: tuple[int, ...], full: str
    ) -> int | None:
        """Adds a text that ends with its NUL, without a length."""
        end = self.data.find(b"\0", at)
        if end < 0:
            return None
        return self.piece(at, end + 1, path, forms.text_to_nul(name, node.encoding, full)).end

    def unsized(
        self,
        node: tree.Rest | tree.OpaqueRest | tree.WrappedRest | tree.Delimited,
        name: str,
        record: Record,
        at: int,
        path: tuple[int, ...],
        full: str,
    ) -> int | None:
        """Adds bytes that end with the bytes at hand, or with a terminator."""
        try:
            start, end, _ = record.place(name)
        except KeyError:
            return None
        if isinstance(node, tree.Delimited) and node.include and not node.consume:
            end -= len(node.terminator)
        if start != at or not at <= end <= len(self.data):
            return None
        is_envelope = isinstance(node, tree.WrappedRest)
        form = forms.envelope(node, name, full) if is_envelope else forms.block(name, full)
        return self.piece(start, end, path, form).end

    def strings(
        self,
        node: tree.Strings,
        name: str,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> int | None:
        """Adds a block of texts that other numbers name; it stays as it is."""
        length = _amount(node.length, record)
        if length is None or not 0 <= length <= len(self.data) - at:
            return None
        end = at + length
        piece = self.piece(at, end, path, forms.block(name, full))
        scope.extents[name] = (piece.key, piece.key, 0)
        self.derive(node.length, scope, Derivation.BYTES, piece.key, piece.key)
        return end

    def table(
        self,
        node: tree.Table,
        name: str,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> int | None:
        """Adds a table: one piece, whose rows are separate; rows with branches are those of a list."""
        steps = runs_of(node.record, "", node.table)
        rows = record.get(name)
        runs = [step for step in steps if isinstance(step, Run)]
        size = sizeof(node.record)
        if rows is None:
            return None
        if len(runs) != 1 or runs[0].size != size or not size:
            return self.array(node, name, record, at, path, scope, full)
        record_type = runs[0].record_type
        refs = [self.payloads(node.record, record_type, row) if record_type.pooled else () for row in rows]
        piece = self.piece(at, at + len(rows) * size, path)
        key = piece.table = next(KEYS)
        self.found.tables[key] = TableRows(node.table, record_type, node.low, node.high, at, refs)
        self.derive(node.count, scope, Derivation.ELEMENTS, key)
        scope.lists[name] = key
        return piece.end

    def pool(
        self, node: tree.Pool, name: str, record: Record, at: int, path: tuple[int, ...], scope: NumberScope
    ) -> int | None:
        """Adds a pool: one piece, whose items are with the records that name them."""
        found = record.get(name)
        if found is None:
            return None
        piece = self.piece(at, at + len(found), path)
        piece.pool = node.region
        self.derive(node.count, scope, Derivation.BYTES, piece.key, piece.key)
        return piece.end

    def region(
        self,
        node: tree.Region | tree.Substream,
        name: str,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> int | None:
        """Adds the content of a region, between two marks."""
        length = _amount(node.length, record)
        if length is None or not 0 <= length <= len(self.data) - at:
            return None
        end = at + length
        first = self.piece(at, at, path)
        self.node(node.inner, name, record, at, path, scope, full)
        last = self.piece(end, end, path)
        self.derive(node.length, scope, Derivation.BYTES, first.key, last.key)
        return end

    def array(
        self,
        node: _Listed,
        name: str,
        record: Record,
        at: int,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> int | None:
        """Adds the elements of an array, each with a path of its own."""
        found = record.get(name)
        element = node.element if isinstance(node, tree.Array) else node.record
        leaf = _branch(element, record)
        if leaf is None or not isinstance(found, list):
            return None
        size = sizeof(leaf)
        if self.reserved:
            self.piece(at, at, path)  # the record that begins with this array; its elements have their own
        elements: list[int] = []
        ended = isinstance(node, tree.Terminated)
        whole = not isinstance(node, tree.Array | tree.Table) or _amount(node.count, record) == len(found)
        for item in found:
            key = self.reserved = next(KEYS)
            after: int | None
            if isinstance(leaf, tree.Struct) and isinstance(item, Record):
                after = self.struct(leaf, item, at, (*path, key), NumberScope(scope), f"{full}[]")
            elif isinstance(leaf, Fixed) and size is not None and at + size <= len(self.data):
                run = leaf_run(leaf, f"{name}[]", f"{full}[]")
                self.piece(at, at + size, (*path, key), run.record_type)
                after = at + size
            else:
                after = None
            if self.reserved:
                self.reserved = 0
            else:
                elements.append(key)
            if after is None:
                whole = False
                break
            at = after
        key = next(KEYS)
        form = forms.array_form(node, full)
        self.found.lists[key] = Chained(form, tuple(elements), path)
        scope.lists[name] = key
        if ended and whole and size is not None and at + size <= len(self.data):
            # The record that ends the list is no element of it.
            return self.piece(at, at + size, path, forms.ending(full, size)).end
        if isinstance(node, tree.Array | tree.Table):
            self.derive(node.count, scope, Derivation.ELEMENTS, key)
        return at if whole else None

    # -- records at offsets

    def record_at(self, node: tree.At, name: str, record: Record, scope: NumberScope, full: str) -> None:
        """Adds a record at an offset, once for all fields that name it."""
        target = record.get(name)
        if isinstance(target, Record) and target.offset not in self.heads:
            self.element(node.record, target, (), scope, full)

    def element(
        self,
        node: tree.Struct,
        record: Record,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
        align: int = 1,
    ) -> int | None:
        """Adds a record of a chain or at an offset. Returns the key of its first piece, or None."""
        key = self.reserved = next(KEYS)
        before = len(self.found.pieces)
        self.struct(node, record, record.offset, (*path, key), NumberScope(scope), full)
        if self.reserved:
            self.reserved = 0
            return None
        self.heads.setdefault(record.offset, key)
        if record.offset % align == 0:
            self.found.pieces[before].align = align
        return key

    def chain(
        self,
        node: tree.Chain,
        name: str,
        record: Record,
        path: tuple[int, ...],
        scope: NumberScope,
        full: str,
    ) -> None:
        """Adds the records of a chain; one whose next offset points to another place is dangling."""
        found = record.get(name)
        if not isinstance(found, list):
            return
        form = forms.chain_form(node, full)
        elements: list[int] = []
        pieces: list[Piece] = []
        for link in found:
            at = len(self.found.pieces)
            key = self.element(node.record, link, path, scope, f"{full}[]", node.align)
            if key is None:
                break
            elements.append(key)
            pieces.append(self.found.pieces[at])
        starts = [piece.start for piece in pieces]
        for piece, following in zip(pieces, [*starts[1:], 0], strict=False):
            piece.dangling = form.next is None or self.value(piece, form.next) != following
        key = next(KEYS)
        self.found.lists[key] = Chained(form, tuple(elements), path)
        scope.lists[name] = key
        self.derive(node.first, scope, Derivation.FIRST, key)

    def value(self, piece: Piece, number: Number) -> int:
        """Returns a number of the file."""
        return int(number.packer.unpack_from(self.data, piece.start + number.delta)[0])


def _amount(expression: Expression, record: Record) -> int | None:
    """Returns a count, a length or an offset; None in a record that is cut short."""
    try:
        found = resolve(expression, record.values)
    except Unresolved:
        return None
    return int(found) if isinstance(found, int) else None


def _branch(node: tree.Node, record: Record) -> tree.Node | None:
    """Returns the branch that the values of a record choose; None if it is cut short."""
    try:
        return chosen(node, record.values)
    except Unresolved:
        return None
