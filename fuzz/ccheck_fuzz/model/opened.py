"""A model of any bytes: the pieces that a schema names, and bytes that nobody explains between them."""

from __future__ import annotations

from collections.abc import Mapping

from ccheck_fuzz.model.frame import Frame, Model, Sharing, Table
from ccheck_fuzz.model.layout import Layout, rebuilt
from ccheck_schemas.checksum import in_order
from ccheck_schemas.model import (
    KEYS,
    FileModel,
    Payload,
    Piece,
    Pinned,
    RecordType,
    Refs,
    decompose,
)
from ccheck_schemas.schema import Schema


def opened(schema: Schema, data: bytes, *, repaired: bool = False) -> Model:
    """Returns the model of a file.

    Any bytes have one, and it is built back to the same bytes. A relation that is not satisfied in `data`
    stays so, as if it had been broken on purpose.

    Args:
        schema: The format.
        data: The bytes of the file.
        repaired: Whether all relations are satisfied in the model, whatever `data` says.
    """
    file_model = decompose(schema.layout, data)
    pieces = _without_overlap(file_model, data)
    starts = {piece.key: piece.start for piece in pieces}
    ends = {piece.key: piece.end for piece in pieces}
    kept = {piece.table for piece in pieces if piece.table is not None}
    tables = {
        key: Table(rows.name, rows.record_type, rows.low, rows.high, rows.rows)
        for key, rows in file_model.tables.items()
        if key in kept
    }
    for piece in pieces:
        piece.refs = _present(piece.refs, starts)
    for table in tables.values():
        if table.kind.places:
            table.refs = [_present(refs, starts) for refs in table.refs]
    for chained in file_model.lists.values():
        chained.elements = tuple(key for key in chained.elements if key in starts)
    frame = Frame(pieces, starts, ends, tables, file_model.lists, (), frozenset(), ())
    model = Model(data, frame)
    frame.sharings = tuple(_sharings(model, repaired=repaired))
    regions = {piece.pool: piece.key for piece in reversed(pieces) if piece.pool is not None}
    frame.canonical = frozenset(regions)
    if regions and not repaired:
        frame.canonical = frozenset(region for region in regions if _is_canonical(model, region))
        _pin(model, {region: starts[key] for region, key in regions.items() if region not in frame.canonical})
    if repaired:
        for piece in pieces:
            piece.dangling = False
        return rebuilt(model)
    _loosen(model)
    sums = (
        (checksum, piece.start + relation.number.delta, relation.number.packer)
        for piece in pieces
        for relation in piece.relations
        if (checksum := relation.checksum(starts, ends)) is not None
    )
    frame.seals = tuple((at, packer, checksum) for checksum, at, packer in in_order(sums))
    return model if rebuilt(model).data == data else _rigid(model)


def _rigid(model: Model) -> Model:
    """Returns a model without relations, for files so broken that a layout would change them."""
    frame = model.frame
    pieces = [_unrelated(piece) for piece in frame.pieces]
    for piece in pieces:
        piece.refs, piece.align = (), 1
    tables = {
        key: Table(table.name, table.kind, table.low, table.high, _nothing(table))
        for key, table in frame.tables.items()
    }
    rigid = Frame(pieces, frame.starts, frame.ends, tables, frame.lists, (), frozenset(), ())
    if rebuilt(Model(model.data, rigid)).data == model.data:
        return Model(model.data, rigid)
    whole = Piece(next(KEYS), 0, len(model.data))
    return Model(
        model.data,
        Frame([whole], {whole.key: 0}, {whole.key: len(model.data)}, {}, {}, (), frozenset(), ()),
    )


def _nothing(table: Table) -> list[Refs]:
    """Rows that name nothing."""
    return [(None,) * (len(table.kind.pooled) + len(table.kind.places))] * len(table.refs)


def _present(refs: Refs, starts: Mapping[int, int]) -> Refs:
    """Returns what a record names, without the pieces that overlap others and were left out."""
    if all(not isinstance(ref, int) or ref in starts for ref in refs):
        return refs
    return tuple(ref if not isinstance(ref, int) or ref in starts else None for ref in refs)


def _without_overlap(file_model: FileModel, data: bytes) -> list[Piece]:
    """Returns the pieces in the order of the file.

    A piece that overlaps another is left out, and gaps are filled.
    """
    order = sorted(
        range(len(file_model.pieces)),
        key=lambda i: (file_model.pieces[i].start, file_model.pieces[i].end > file_model.pieces[i].start, i),
    )
    found: list[Piece] = []
    at = 0
    for i in order:
        piece = file_model.pieces[i]
        if piece.start < at or piece.end > len(data):
            continue
        gap = data[at : piece.start]
        minimal = piece.align > 1 and len(gap) == -at % piece.align and not any(gap)
        if gap and not minimal:
            found.append(Piece(next(KEYS), at, piece.start))
        if piece.start == piece.end and piece.align > 1:
            # Padding: it takes the zeros up to where the next piece may begin.
            end = piece.start + -piece.start % piece.align
            if end <= len(data) and not any(data[piece.start : end]):
                piece.start = piece.end = end
            else:
                piece.align = 1
        found.append(piece)
        at = piece.end
    if at < len(data):
        found.append(Piece(next(KEYS), at, len(data)))
    return found


def _sharings(model: Model, *, repaired: bool) -> list[Sharing]:
    """Returns which rows take which, if the rows of a table take all rows of another, in order."""
    frame = model.frame
    by_name: dict[str, int] = {}
    for key, table in frame.tables.items():
        by_name.setdefault(table.name, key)
    found: list[Sharing] = []
    taken: set[int] = set()
    for piece in frame.pieces:
        if piece.table is None or by_name[frame.tables[piece.table].name] != piece.table:
            continue
        table = frame.tables[piece.table]
        size = table.kind.size or 0
        for number, share in enumerate(table.kind.shares):
            other = by_name.get(share.table)
            if other is None or other in taken or other == piece.table:
                continue
            starts = range(piece.start, piece.start + size * len(table.refs), size)
            runs = tuple(model.value(start, share.count) for start in starts)
            rows = len(frame.tables[other].refs)
            if repaired and (any(run < 0 for run in runs) or sum(runs) != rows):
                runs = _shared_out(rows, len(runs))
            if not runs or min(runs) < 0 or sum(runs) > rows:
                continue
            firsts = [model.value(start, share.first) for start in starts]
            expected = [sum(runs[:i]) for i in range(len(runs))] if len(runs) < 64 else _sums(runs)
            dangling = frozenset(i for i, first in enumerate(firsts) if first != expected[i])
            if len(dangling) > len(runs) // 2 and not repaired:
                continue
            taken.add(other)
            found.append(Sharing(piece.table, number, other, runs, frozenset() if repaired else dangling))
    return found


def _sums(runs: tuple[int, ...]) -> list[int]:
    total, found = 0, []
    for run in runs:
        found.append(total)
        total += run
    return found


def _shared_out(rows: int, takers: int) -> tuple[int, ...]:
    """Rows shared out evenly."""
    return tuple(rows * (i + 1) // takers - rows * i // takers for i in range(takers))


def _is_canonical(model: Model, region: str) -> bool:
    """Returns whether a pool is what a layout of its items would make of it."""
    frame = model.frame
    trial = Frame(
        frame.pieces, frame.starts, frame.ends, frame.tables, frame.lists, (), frozenset([region]), ()
    )
    trial.sharings = frame.sharings
    bare = [_unrelated(piece) for piece in frame.pieces]
    trial.pieces = bare
    return rebuilt(Model(model.data, trial)).data == model.data


def _unrelated(piece: Piece) -> Piece:
    """Returns a piece without its relations."""
    return Piece(
        piece.key, piece.start, piece.end, piece.record_type, piece.align, piece.path, (), piece.refs,
        piece.table, piece.pool, True,
    )  # fmt: skip


def _pin(model: Model, regions: Mapping[str, int]) -> None:
    """Pin the items of pools that are not canonical."""

    def pinned(kind: RecordType, start: int, refs: Refs) -> Refs:
        out = list(refs)
        for i, form in enumerate(kind.pooled):
            ref = refs[i]
            if type(ref) is Payload and form.region in regions:
                out[i] = Pinned(model.value(start, form.offset) - regions[form.region], ref)
        return tuple(out)

    for piece in model.frame.pieces:
        if piece.table is not None:
            table = model.frame.tables[piece.table]
            size = table.kind.size or 0
            if table.kind.pooled:
                table.refs = [
                    pinned(table.kind, piece.start + i * size, refs) for i, refs in enumerate(table.refs)
                ]
        elif piece.record_type is not None and piece.record_type.pooled:
            piece.refs = pinned(piece.record_type, piece.start, piece.refs)


def _loosen(model: Model) -> None:
    """Remove the relations of numbers that do not have the value that they should have."""
    frame = model.frame
    layout = Layout(model, frame.tables, frame.lists, frame.sharings, frame.canonical)
    layout.starts, layout.ends = dict(frame.starts), dict(frame.ends)
    layout.out = bytearray(model.data)
    for piece in frame.pieces:
        kept = []
        for relation in piece.relations:
            amount = layout.amount(relation)
            checksum = relation.checksum(layout.starts, layout.ends)
            if checksum is not None:
                value: int | None = checksum.over(model.data, piece.start + relation.number.delta)
            else:
                value = None if amount is None else relation.value(amount)
            holds = value is not None and model.states(piece.start, relation.number, value)
            if holds:
                kept.append(relation)
        piece.relations = tuple(kept)
