"""Nodes of the vocabulary that point to another place, and take no bytes in their record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import construct

from ccheck_schemas.vocabulary.encoding import text_encoding, unit_of
from ccheck_schemas.vocabulary.expression import (
    Context,
    Expression,
    FieldError,
    evaluate,
    in_stream,
    read_in,
)
from ccheck_schemas.vocabulary.limits import positive


class _Pointer(construct.Subconstruct):
    """A node that takes no bytes in its record."""

    def __init__(self, subcon: construct.Construct) -> None:
        super().__init__(subcon)
        self.flagbuildnone = True

    def _sizeof(self, context: Context, path: str) -> int:
        return 0


class At(_Pointer):
    """A record at an absolute offset; None if the offset is 0. Shared records are read once.

    Args:
        offset: A ``this`` expression.
        record: The record.
    """

    def __init__(self, offset: Expression, record: construct.Construct) -> None:
        super().__init__(record)
        self.offset = offset

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        offset = evaluate(self.offset, context)
        if offset == 0:
            return None
        back = construct.stream_tell(stream, path)
        construct.stream_seek(stream, offset, 0, path)
        with in_stream(context, 0, None):
            value = self.subcon._parsereport(stream, context, path)
        read_in(value, 0, None)
        construct.stream_seek(stream, back, 0, path)
        return value

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        offset = evaluate(self.offset, context)
        if obj is not None and offset:
            back = construct.stream_tell(stream, path)
            construct.stream_seek(stream, offset, 0, path)
            self.subcon._build(obj, stream, context, path)
            construct.stream_seek(stream, back, 0, path)
        return obj


class Chain(_Pointer):
    """Records of which each names the offset of the next, in ascending order.

    Args:
        first: The offset of the first record; 0: none.
        record: The record.
        next_field: The field of a record that has the offset of the next one.
        last: The field that is 0 in the last record, often `next_field`.
        align: What the offsets are multiples of.
    """

    def __init__(
        self, first: Expression, record: construct.Construct, next_field: str, last: str, align: int = 1
    ) -> None:
        super().__init__(record)
        self.first = first
        self.next_field = next_field
        self.last = last
        self.align = positive(align, "align")

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        back = construct.stream_tell(stream, path)
        offset = evaluate(self.first, context)
        records = construct.ListContainer()
        before = -1
        while offset:
            if offset <= before:
                raise FieldError("Chain", offset, f"{offset:#x} is not after {before:#x}", path)
            before = offset
            construct.stream_seek(stream, offset, 0, path)
            context["_index"] = len(records)
            with in_stream(context, 0, None):
                record = self.subcon._parsereport(stream, context, path)
            read_in(record, 0, None)
            records.append(record)
            offset = record[self.next_field]
            if record[self.last] == 0:
                break
        construct.stream_seek(stream, back, 0, path)
        return records

    def _build(
        self, obj: Sequence[Mapping[str, object]], stream: BinaryIO, context: Context, path: str
    ) -> object:
        back = construct.stream_tell(stream, path)
        offset = evaluate(self.first, context)
        for record in obj:
            construct.stream_seek(stream, offset, 0, path)
            self.subcon._build(record, stream, context, path)
            offset = record[self.next_field]
        construct.stream_seek(stream, back, 0, path)
        return obj


class Pooled(_Pointer):
    """An item of a pool.

    Args:
        region: The name of the pool.
        offset: The absolute offset of the item.
        length: Its bytes.
        item: A `Text` or `construct.Bytes`.
        align: What the offset is a multiple of.
    """

    def __init__(
        self, region: str, offset: Expression, length: Expression, item: construct.Construct, align: int = 1
    ) -> None:
        super().__init__(item)
        self.region = region
        self.offset = offset
        self.length = length
        self.align = positive(align, "align")

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        offset, length = evaluate(self.offset, context), evaluate(self.length, context)
        # Thousands of records may name one long item: they share its value, as the reader's do.
        known = context.get("_params", context).setdefault("_pooled", {})
        key = (id(self), offset, length)
        if key not in known:
            back = construct.stream_tell(stream, path)
            construct.stream_seek(stream, offset, 0, path)
            known[key] = self.subcon._parsereport(stream, context, path)
            construct.stream_seek(stream, back, 0, path)
        return known[key]

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        return obj


class Rows(construct.Construct):
    """A run of rows of a table, which only this record takes.

    All records together take the whole table, in order and without gaps. Plain Construct parsing returns None
    here, because the table may come later in the file; the reader returns the records.

    Args:
        table: The name of the table.
        first: The field of the same struct that has the index of the first row.
        count: The field of the same struct that has the number of rows.
    """

    def __init__(self, table: str, first: str, count: str) -> None:
        super().__init__()
        self.table = table
        self.first = first
        self.count = count
        self.flagbuildnone = True

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> None:
        return None

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        return obj

    def _sizeof(self, context: Context, path: str) -> int:
        return 0


class SharedText(_Pointer):
    """A text of a block, up to its first NUL. A text may be the end of another.

    Plain Construct parsing returns None here, because the block may come later in the file; the reader
    returns the text.

    Args:
        block: The name of the `Strings`.
        offset: The offset of the text in the block.
        encoding: A codec of Python, decoded strictly.
    """

    def __init__(self, block: str, offset: Expression, encoding: str = "ascii") -> None:
        super().__init__(construct.Pass)
        self.block = block
        self.offset = offset
        self.encoding = text_encoding(encoding)
        if unit_of(self.encoding) > 1:
            raise ValueError(f"a NUL of {encoding} has more bytes than one; use Pooled with Text")

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> None:
        return None

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        return obj
