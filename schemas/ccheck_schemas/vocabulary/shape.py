"""Nodes of the vocabulary that take bytes in their record: text, padding, tables, pools, regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import construct

from ccheck_schemas.vocabulary.content import find
from ccheck_schemas.vocabulary.encoding import text_encoding, unit_of
from ccheck_schemas.vocabulary.expression import (
    Context,
    Expression,
    FieldError,
    bounded,
    end_of_region,
    evaluate,
    source_of,
)
from ccheck_schemas.vocabulary.limits import in_order, positive


class OneOf(construct.Subconstruct):
    """Bytes that are one of several constants, each with a name: GUIDs, tags of letters.

    Any other bytes are a fault. Parses to the bytes.

    Args:
        subcon: ``Bytes`` of the length of the constants.
        values: The constants by their names.
    """

    def __init__(self, subcon: construct.Construct, values: Mapping[str, bytes]) -> None:
        super().__init__(subcon)
        self.values = dict(values)
        if not self.values:
            raise ValueError("OneOf names no constant: give one for each value that the field may have")
        for name, value in self.values.items():
            if not isinstance(name, str) or not name.strip() or not isinstance(value, bytes):
                raise ValueError(f"{name!r:.40}: {value!r:.40} is no name with its bytes")
            if _is_hex(name):
                raise ValueError(f"the name {name!r:.40} would be read as hex digits: give another")
        if len({*self.values.values()}) < len(self.values):
            raise ValueError("two names have the same bytes: leave one out")
        self.length = len(next(iter(self.values.values())))
        if any(len(value) != self.length for value in self.values.values()):
            raise ValueError("the constants have several lengths: a field has one")

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> bytes:
        return self._known(self.subcon._parsereport(stream, context, path), path)

    def _build(self, obj: bytes, stream: BinaryIO, context: Context, path: str) -> object:
        return self.subcon._build(self._known(obj, path), stream, context, path)

    def _known(self, value: bytes, path: str) -> bytes:
        if value not in self.values.values():
            raise FieldError("OneOf", value, f"{value.hex(' ')} is none of {', '.join(self.values)}", path)
        return value


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True


class Text(construct.Construct):
    """Text of `length` bytes.

    Args:
        length: An int, or a ``this`` expression.
        encoding: A codec of Python, decoded strictly.
        terminator: ``none``; ``inside``: a NUL ends the text within its length, and only zeros follow it;
            ``behind``: one NUL follows the text, which the length does not count.
        lists: Whether NULs inside separate the texts of a list.
    """

    def __init__(
        self, length: Expression, encoding: str = "utf-8", terminator: str = "none", *, lists: bool = False
    ) -> None:
        super().__init__()
        if terminator not in ("none", "inside", "behind"):
            raise ValueError(f"terminator {terminator!r} is not none, inside or behind")
        self.length = length
        self.encoding = text_encoding(encoding)
        self.terminator = terminator
        self.lists = lists

    @property
    def unit(self) -> int:
        """Bytes of one code unit, and of the NUL."""
        return unit_of(self.encoding)

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> str:
        raw: bytes = construct.stream_read(stream, evaluate(self.length, context), path)
        if self.terminator == "behind":
            construct.stream_read(stream, self.unit, path)
        if self.terminator == "inside":
            # The NUL ends the text: what follows it may be no whole character.
            raw = raw[: find(raw, bytes(self.unit), self.unit)]
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError as fault:
            raise FieldError("Text", raw, str(fault), path) from None

    def _build(self, obj: str, stream: BinaryIO, context: Context, path: str) -> str:
        raw = obj.encode(self.encoding)
        length = evaluate(self.length, context)
        if self.terminator == "inside":
            raw = raw.ljust(length, b"\0")
        if len(raw) != length:
            raise FieldError("Text", obj, f"text has {len(raw)} bytes, its field {length}", path)
        if self.terminator == "behind":
            raw += bytes(self.unit)
        construct.stream_write(stream, raw, len(raw), path)
        return obj

    def _sizeof(self, context: Context, path: str) -> int:
        if callable(self.length):
            raise construct.SizeofError("the length of this text is a field", path=path)
        return int(self.length) + (self.unit if self.terminator == "behind" else 0)


class ZeroPad(construct.Construct):
    """Zero bytes up to the next multiple of `align` from the start of the file."""

    def __init__(self, align: int) -> None:
        super().__init__()
        self.align = positive(align, "align")
        self.flagbuildnone = True

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> None:
        padding = construct.stream_read(stream, -construct.stream_tell(stream, path) % self.align, path)
        if any(padding):
            raise FieldError("ZeroPad", padding, f"padding {padding.hex()} is not zero", path)

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> None:
        padding = bytes(-construct.stream_tell(stream, path) % self.align)
        construct.stream_write(stream, padding, len(padding), path)


class AnyPad(construct.Construct):
    """Any bytes up to the next multiple of `align` from the start of the file.

    Unlike a `ZeroPad` it is a field, and a check decides what its bytes may be.
    """

    def __init__(self, align: int) -> None:
        super().__init__()
        self.align = positive(align, "align")

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> bytes:
        gap = -construct.stream_tell(stream, path) % self.align
        return bytes(construct.stream_read(stream, gap, path))

    def _build(self, obj: bytes, stream: BinaryIO, context: Context, path: str) -> bytes:
        gap = -construct.stream_tell(stream, path) % self.align
        if len(obj) != gap:
            raise FieldError("AnyPad", obj, f"{len(obj)} bytes of padding, {gap} belong here", path)
        construct.stream_write(stream, obj, gap, path)
        return obj


class Table(construct.Subconstruct):
    """Records of one fixed size, which `IndexInto` and `Rows` name.

    Args:
        table: The name of the table.
        count: The number of records: an int, or a ``this`` expression.
        record: The record.
        low: The least number of records.
        high: The greatest number of records.
    """

    def __init__(
        self, table: str, count: Expression, record: construct.Construct, low: int = 0, high: int = 65_536
    ) -> None:
        super().__init__(record)
        self.table = table
        self.count = count
        self.low, self.high = in_order(low, high)

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        count = evaluate(self.count, context)
        if not self.low <= count <= self.high:
            raise FieldError("Table", count, f"{count} is not in {self.low}..{self.high}", path)
        return construct.Array(count, self.subcon)._parsereport(stream, context, path)

    def _build(self, obj: Sequence[object], stream: BinaryIO, context: Context, path: str) -> object:
        return construct.Array(len(obj), self.subcon)._build(obj, stream, context, path)

    def _sizeof(self, context: Context, path: str) -> int:
        raise construct.SizeofError("the size of a table depends on its count", path=path)


class Pool(construct.Construct):
    """Bytes whose owners are the items that `Pooled` fields name.

    Args:
        region: The name of the pool.
        count: The number of bytes: an int, or a ``this`` expression.
        low: The least number of bytes.
        high: The greatest number of bytes.
    """

    def __init__(self, region: str, count: Expression, low: int = 0, high: int = 1 << 24) -> None:
        super().__init__()
        self.region = region
        self.count = count
        self.low, self.high = in_order(low, high)

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> bytes:
        count = evaluate(self.count, context)
        if not self.low <= count <= self.high:
            raise FieldError("Pool", count, f"{count} is not in {self.low}..{self.high}", path)
        return bytes(construct.stream_read(stream, count, path))

    def _build(self, obj: bytes, stream: BinaryIO, context: Context, path: str) -> bytes:
        construct.stream_write(stream, obj, len(obj), path)
        return obj


class Region(construct.Subconstruct):
    """`length` bytes that the inner node fills exactly."""

    def __init__(self, length: Expression, subcon: construct.Construct) -> None:
        super().__init__(subcon)
        self.length = length

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        start = construct.stream_tell(stream, path)
        with bounded(context, start + int(evaluate(self.length, context))):
            value = self.subcon._parsereport(stream, context, path)
        self._fill(construct.stream_tell(stream, path) - start, context, path)
        return value

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        start = construct.stream_tell(stream, path)
        value = self.subcon._build(obj, stream, context, path)
        self._fill(construct.stream_tell(stream, path) - start, context, path)
        return value

    def _fill(self, used: int, context: Context, path: str) -> None:
        length = evaluate(self.length, context)
        if used != length:
            raise FieldError("Region", length, f"region of {length} bytes has {used} bytes of content", path)

    def _sizeof(self, context: Context, path: str) -> int:
        if callable(self.length):
            raise construct.SizeofError("the length of this region is a field", path=path)
        return int(self.length)


class TextToNul(construct.Construct):
    """Text up to the first NUL among the bytes at hand.

    Args:
        encoding: A codec of Python with a NUL of one byte, decoded strictly.
    """

    def __init__(self, encoding: str = "ascii") -> None:
        super().__init__()
        self.encoding = text_encoding(encoding)
        if unit_of(self.encoding) > 1:
            raise ValueError(f"a NUL of {encoding} has more bytes than one; use Text with a length")

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> str:
        return _to_nul(stream, self.encoding, path)

    def _build(self, obj: str, stream: BinaryIO, context: Context, path: str) -> str:
        raw = obj.encode(self.encoding) + b"\0"
        construct.stream_write(stream, raw, len(raw), path)
        return obj


def _to_nul(stream: BinaryIO, encoding: str, path: str) -> str:
    raw = bytearray()
    while byte := construct.stream_read(stream, 1, path)[0]:
        raw.append(byte)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as fault:
        raise FieldError("Text", bytes(raw), str(fault), path) from None


class Strings(construct.Construct):
    """Texts that each end in a NUL, which `SharedText` fields name and own.

    Args:
        block: The name of the block.
        length: Its bytes: an int, or a ``this`` expression.
    """

    def __init__(self, block: str, length: Expression) -> None:
        super().__init__()
        self.block = block
        self.length = length

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> bytes:
        return bytes(construct.stream_read(stream, evaluate(self.length, context), path))

    def _build(self, obj: bytes, stream: BinaryIO, context: Context, path: str) -> bytes:
        construct.stream_write(stream, obj, len(obj), path)
        return obj


class ZerosTo(construct.Construct):
    """Zero bytes up to the absolute offset `offset` (a ``this`` expression), where the next field begins."""

    def __init__(self, offset: Expression) -> None:
        super().__init__()
        self.offset = offset
        self.flagbuildnone = True

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> None:
        gap = self._gap(stream, context, path)
        padding = construct.stream_read(stream, gap, path)
        if any(padding):
            raise FieldError("ZerosTo", padding, f"padding {padding.hex()} is not zero", path)

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> None:
        gap = self._gap(stream, context, path)
        construct.stream_write(stream, bytes(gap), gap, path)

    def _gap(self, stream: BinaryIO, context: Context, path: str) -> int:
        offset, at = evaluate(self.offset, context), construct.stream_tell(stream, path)
        if offset < at:
            raise FieldError("ZerosTo", offset, f"{offset:#x} lies before {at:#x}", path)
        return int(offset - at)


class ZerosToEnd(construct.Construct):
    """Zero bytes up to the end of the bytes at hand: free room."""

    def __init__(self) -> None:
        super().__init__()
        self.flagbuildnone = True

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> None:
        end = end_of_region(context)
        padding = stream.read(-1 if end is None else max(0, end - construct.stream_tell(stream, path)))
        if any(padding):
            raise FieldError("ZerosToEnd", padding, "the bytes up to the end are not zero", path)

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> None:
        end, source = end_of_region(context), source_of(context)
        if end is None and source is not None:
            end = len(source)
        zeros = bytes(max(0, (end or 0) - construct.stream_tell(stream, path)))
        construct.stream_write(stream, zeros, len(zeros), path)
