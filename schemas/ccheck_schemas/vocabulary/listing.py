"""Nodes of the vocabulary for lists without a count, which end with a mark or with the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import construct

from ccheck_schemas.vocabulary.expression import Context, FieldError, end_of_region


class Terminated(construct.Subconstruct):
    """Records of one fixed size, up to a record whose field `last` is 0, and whose other bytes are 0 too.

    The last record is no element, but it takes its bytes in the record like the others.
    """

    def __init__(self, record: construct.Construct, last: str) -> None:
        super().__init__(record)
        self.last = last

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        records = construct.ListContainer()
        size, first, end = self._mark()
        while True:
            start = construct.stream_tell(stream, path)
            raw = construct.stream_read(stream, size, path)
            if not any(raw[first:end]):
                break
            construct.stream_seek(stream, start, 0, path)
            context["_index"] = len(records)
            records.append(self.subcon._parsereport(stream, context, path))
        if any(raw):
            raise FieldError("Terminated", raw, f"the ending record {raw.hex()} is not zero", path)
        return records

    def _mark(self) -> tuple[int, int, int]:
        """Returns the size of a record, and start and end of its mark."""
        at = 0
        for sub in self.subcon.subcons:
            if sub.name == self.last:
                return int(self.subcon.sizeof()), at, at + int(sub.sizeof())
            at += int(sub.sizeof())
        raise construct.SizeofError(f"the record has no field {self.last!r}")

    def _build(self, obj: Sequence[object], stream: BinaryIO, context: Context, path: str) -> object:
        construct.Array(len(obj), self.subcon)._build(obj, stream, context, path)
        size = int(self.subcon.sizeof())
        construct.stream_write(stream, bytes(size), size, path)
        return obj

    def _sizeof(self, context: Context, path: str) -> int:
        raise construct.SizeofError("where the list ends depends on its records", path=path)


class UpTo(construct.Subconstruct):
    """Records of any size, up to and including the one whose field `field` is `value`.

    The field may be computed: ``"last" / Computed(this.kind == 0)`` ends the list by any condition.
    """

    def __init__(self, record: construct.Construct, field: str, value: int) -> None:
        super().__init__(record)
        self.field = field
        self.value = value

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        records = construct.ListContainer()
        while True:
            context["_index"] = len(records)
            records.append(self.subcon._parsereport(stream, context, path))
            if records[-1][self.field] == self.value:
                return records

    def _build(self, obj: Sequence[object], stream: BinaryIO, context: Context, path: str) -> object:
        return construct.Array(len(obj), self.subcon)._build(obj, stream, context, path)

    def _sizeof(self, context: Context, path: str) -> int:
        raise construct.SizeofError("where the list ends depends on its records", path=path)


class UpToEnd(construct.Subconstruct):
    """Records of any size, up to the end of the bytes at hand: of their `Region`, or of the file."""

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        records = construct.ListContainer()
        end = end_of_region(context)
        while not construct.stream_iseof(stream):
            at = construct.stream_tell(stream, path)
            if end is not None and at >= end:
                break
            context["_index"] = len(records)
            records.append(self.subcon._parsereport(stream, context, path))
            if construct.stream_tell(stream, path) == at:
                raise FieldError("UpToEnd", at, "an element takes no bytes, so the list never ends", path)
        return records

    def _build(self, obj: Sequence[object], stream: BinaryIO, context: Context, path: str) -> object:
        return construct.Array(len(obj), self.subcon)._build(obj, stream, context, path)

    def _sizeof(self, context: Context, path: str) -> int:
        raise construct.SizeofError("how many records there are depends on the bytes", path=path)
