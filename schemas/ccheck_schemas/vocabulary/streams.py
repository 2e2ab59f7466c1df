"""Nodes of the vocabulary for formats that leave bytes unread, or read them twice.

A *stream* is what positions count in: the whole file, or the bytes of the innermost `Substream`. What a
schema does not look into is counted by the reader (`Reading.unread`) and stated in the verdict.
"""

from __future__ import annotations

from typing import BinaryIO

import construct

from ccheck_schemas.vocabulary.content import content_end, find
from ccheck_schemas.vocabulary.encoding import text_encoding, unit_of
from ccheck_schemas.vocabulary.expression import (
    Context,
    Expression,
    FieldError,
    end_of_region,
    evaluate,
    in_stream,
    read_in,
    source_of,
    stream_of,
    stream_of_record,
)


class RawText(str):
    """Text that knows the bytes of the field that it was read from, so that building gives them back."""

    __slots__ = ("raw",)
    raw: bytes


class RawBytes(bytes):
    """Content that knows the bytes of the field that it was read from, so that building gives them back."""

    raw: bytes


class Opaque(construct.Bytes):
    """`length` bytes that the schema does not look into.

    Args:
        length: An int, or a ``this`` expression.
        reason: Why not. It is stated with the number of bytes in the verdict.
        dropped: The place in the source from which an importer left out what describes these bytes; empty if
            the author of the schema declares them opaque. Only what was dropped is an error.
    """

    def __init__(self, length: Expression, reason: str, dropped: str = "") -> None:
        super().__init__(length)
        self.reason = _stated(reason)
        self.dropped = dropped


class OpaqueRest(construct.Construct):
    """Bytes up to the end of the bytes at hand that the schema does not look into.

    Args:
        reason: As for `Opaque`.
        dropped: As for `Opaque`.
    """

    def __init__(self, reason: str, dropped: str = "") -> None:
        super().__init__()
        self.reason = _stated(reason)
        self.dropped = dropped

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> bytes:
        return _rest(stream, context, path)

    def _build(self, obj: bytes, stream: BinaryIO, context: Context, path: str) -> bytes:
        construct.stream_write(stream, obj, len(obj), path)
        return obj


class _Content:
    """How content ends inside the bytes of a field.

    Attributes:
        terminator: The bytes that end it.
        include: Whether they are part of it.
        pad: A byte that is stripped from the end before the terminator is searched, unless it is the
            terminator.
        encoding: A codec of Python, decoded strictly; None for bytes.
    """

    terminator: bytes
    include: bool
    pad: int | None
    encoding: str | None

    def _configure(self, terminator: bytes, include: bool, pad: int | None, encoding: str | None) -> None:
        if pad is not None and not 0 <= pad <= 0xFF:
            raise ValueError(f"pad={pad} is no byte: give a number from 0 to 255")
        self.terminator = terminator
        self.include = include
        self.pad = pad
        self.encoding = None if encoding is None else text_encoding(encoding)

    @property
    def unit(self) -> int:
        """Bytes of one code unit."""
        return code_unit(self.encoding)

    def extent(self, raw: bytes) -> int:
        """Returns how many of the field's bytes are its content."""
        return content_end(raw, self.terminator, self.pad, self.unit, include=self.include)

    def value(self, raw: bytes, path: str) -> RawText | RawBytes:
        """Returns the content of the field's bytes.

        Raises:
            FieldError: They cannot be decoded.
        """
        content = raw[: self.extent(raw)]
        return _with_raw(_decoded(content, self.encoding, path), raw)

    def written(self, obj: str | bytes, room: int | None, path: str) -> bytes:
        """Returns the bytes of a field with this content.

        Args:
            obj: The content.
            room: The bytes of the field; None if the content decides.
            path: The field, for messages.

        Raises:
            FieldError: The content does not fit.
        """
        kept = getattr(obj, "raw", None)
        if isinstance(kept, bytes) and room in (None, len(kept)):
            return kept
        raw = _encoded(obj, self.encoding)
        if room is None:
            return raw
        if len(raw) < room and self.terminator and not self.include:
            raw = (raw + self.terminator)[:room]
        if len(raw) < room:
            raw = raw.ljust(room, bytes([self.pad or 0]))
        if len(raw) != room:
            raise FieldError("Slot", obj, f"content has {len(raw)} bytes, its field {room}", path)
        return raw


class Slot(construct.Bytes, _Content):
    """A field of `length` bytes, which its content need not fill: bytes, or text with an `encoding`.

    The content ends at the first terminator, or with the field. What follows it is padding if it is all `pad`
    or all zeros; else it counts as unread.

    Args:
        length: An int, or a ``this`` expression.
        terminator: The bytes that end the content.
        include: Whether the terminator is part of the content.
        pad: A byte that is stripped from the end before the terminator is searched.
        encoding: A codec of Python, decoded strictly.
    """

    def __init__(
        self,
        length: Expression,
        *,
        terminator: bytes = b"",
        include: bool = False,
        pad: int | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__(length)
        self._configure(terminator, include, pad, encoding)

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> str | bytes:
        length = evaluate(self.length, context)
        return self.value(construct.stream_read(stream, length, path), path)

    def _build(self, obj: str | bytes, stream: BinaryIO, context: Context, path: str) -> str | bytes:
        raw = self.written(obj, evaluate(self.length, context), path)
        construct.stream_write(stream, raw, len(raw), path)
        return obj


class Rest(construct.Construct, _Content):
    """A field of all bytes up to the end of the bytes at hand. The options are those of `Slot`."""

    def __init__(
        self,
        *,
        terminator: bytes = b"",
        include: bool = False,
        pad: int | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__()
        self._configure(terminator, include, pad, encoding)

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> str | bytes:
        return self.value(_rest(stream, context, path), path)

    def _build(self, obj: str | bytes, stream: BinaryIO, context: Context, path: str) -> str | bytes:
        raw = self.written(obj, None, path)
        construct.stream_write(stream, raw, len(raw), path)
        return obj


class Delimited(construct.Construct):
    """Bytes, or text with an `encoding`, up to the first terminator among the bytes at hand.

    Args:
        terminator: The bytes that end the content.
        include: Whether the terminator is part of the content.
        consume: Whether the next field begins after the terminator; else it begins at the terminator.
        to_end: Whether the end of the bytes at hand ends the content too; else it is a fault.
        encoding: A codec of Python, decoded strictly.
    """

    def __init__(
        self,
        terminator: bytes,
        *,
        include: bool = False,
        consume: bool = True,
        to_end: bool = False,
        encoding: str | None = None,
    ) -> None:
        super().__init__()
        if not terminator:
            raise ValueError("the terminator is empty: give its bytes, or use Rest")
        self.terminator = terminator
        self.include = include
        self.consume = consume
        self.to_end = to_end
        self.encoding = None if encoding is None else text_encoding(encoding)

    @property
    def unit(self) -> int:
        """Bytes of one code unit: terminators are found only at multiples of it."""
        return code_unit(self.encoding)

    def parts(self, raw: bytes) -> tuple[int, int] | None:
        """Returns the bytes of the content and of the field; None without an end."""
        at = find(raw, self.terminator, self.unit)
        if at is None:
            return (len(raw), len(raw)) if self.to_end else None
        behind = at + len(self.terminator)
        return behind if self.include else at, behind if self.consume else at

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> str | bytes:
        start = construct.stream_tell(stream, path)
        raw = _rest(stream, context, path)
        parts = self.parts(raw)
        if parts is None:
            raise FieldError("Delimited", raw, f"no {self.terminator.hex(' ')} ends it", path)
        construct.stream_seek(stream, start + parts[1], 0, path)
        return _with_raw(_decoded(raw[: parts[0]], self.encoding, path), raw[: parts[1]])

    def _build(self, obj: str | bytes, stream: BinaryIO, context: Context, path: str) -> str | bytes:
        kept = getattr(obj, "raw", None)
        raw = kept if isinstance(kept, bytes) else _encoded(obj, self.encoding)
        if kept is None and self.consume and not self.include:
            raw += self.terminator
        construct.stream_write(stream, raw, len(raw), path)
        return obj


class Substream(construct.Subconstruct):
    """`length` bytes, which the inner node need not fill, and in which the positions of `ReadAt` count.

    What the inner node leaves counts as unread. Building writes zeros there.
    """

    def __init__(self, length: Expression, subcon: construct.Construct) -> None:
        super().__init__(subcon)
        self.length = length

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        start = construct.stream_tell(stream, path)
        end = start + int(evaluate(self.length, context))
        with in_stream(context, start, end):
            value = self.subcon._parsereport(stream, context, path)
        read_in(value, start, end)
        _within(stream, end, path)
        size = construct.stream_size(stream)
        if end > size:
            raise construct.StreamError(f"the stream ends at {size}, the field at {end}", path=path)
        construct.stream_seek(stream, end, 0, path)
        return value

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        start = construct.stream_tell(stream, path)
        end = start + int(evaluate(self.length, context))
        with in_stream(context, start, end):
            value = self.subcon._build(obj, stream, context, path)
        _within(stream, end, path)
        _fill(stream, end, context, path)
        return value

    def _sizeof(self, context: Context, path: str) -> int:
        if callable(self.length):
            raise construct.SizeofError("the length of this substream is a field", path=path)
        return int(self.length)


class SubstreamRest(construct.Subconstruct):
    """A `Substream` of all bytes up to the end of the bytes at hand."""

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        start = construct.stream_tell(stream, path)
        end = end_of_region(context)
        end = construct.stream_size(stream) if end is None else end
        with in_stream(context, start, end):
            value = self.subcon._parsereport(stream, context, path)
        read_in(value, start, end)
        _within(stream, end, path)
        construct.stream_seek(stream, end, 0, path)
        return value

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        start = construct.stream_tell(stream, path)
        end = end_of_region(context)
        with in_stream(context, start, end):
            value = self.subcon._build(obj, stream, context, path)
        source = source_of(context)
        if end is None and source is not None:
            end = len(source)
        if end is not None:
            _fill(stream, end, context, path)
        return value

    def _sizeof(self, context: Context, path: str) -> int:
        raise construct.SizeofError("the bytes at hand are the length of this substream", path=path)


class ReadAt(construct.Subconstruct):
    """A node at a position of its stream, whose bytes another field may own too.

    It takes no bytes in its record. Position 0 is like any other.

    Args:
        position: An int, or a ``this`` expression.
        subcon: The node.
        whole_file: Whether the position counts from the start of the file, not of the substream.
        inside: A ``this`` expression of a record in whose stream the position counts, such as that of a
            `Substream` that was read before.
    """

    def __init__(
        self,
        position: Expression,
        subcon: construct.Construct,
        *,
        whole_file: bool = False,
        inside: Expression = None,
    ) -> None:
        super().__init__(subcon)
        if whole_file and inside is not None:
            raise ValueError("a position counts from the start of the file, or inside a record: give one")
        self.position = position
        self.whole_file = whole_file
        self.inside = inside

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> object:
        size = construct.stream_size(stream)
        back, start, end = self._placed(stream, context, size, path)
        with in_stream(context, start, end):
            value = self.subcon._parsereport(stream, context, path)
        read_in(value, start, end)
        _within(stream, end, path)
        construct.stream_seek(stream, back, 0, path)
        return value

    def _build(self, obj: object, stream: BinaryIO, context: Context, path: str) -> object:
        back, start, end = self._placed(stream, context, None, path)
        with in_stream(context, start, end):
            self.subcon._build(obj, stream, context, path)
        construct.stream_seek(stream, back, 0, path)
        return obj

    def _placed(
        self, stream: BinaryIO, context: Context, size: int | None, path: str
    ) -> tuple[int, int, int | None]:
        """Goes to the position.

        Returns:
            The place to come back to, and start and end of the stream. The size of a file that is built is
                None.
        """
        back = construct.stream_tell(stream, path)
        start, end = (0, None) if self.whole_file else stream_of(context)
        if self.inside is not None:
            start, end = stream_of_record(self.inside, context)
        position = int(evaluate(self.position, context))
        last = size if end is None else end
        if position < 0 or (last is not None and start + position > last):
            raise FieldError("ReadAt", position, f"position {position} lies outside the stream", path)
        construct.stream_seek(stream, start + position, 0, path)
        return back, start, end

    def _sizeof(self, context: Context, path: str) -> int:
        return 0


def code_unit(encoding: str | None) -> int:
    """Returns the bytes of one code unit of an encoding; 1 for bytes."""
    return 1 if encoding is None else unit_of(encoding)


def _stated(reason: str) -> str:
    if not isinstance(reason, str) or not reason.strip():
        raise ValueError(
            "an opaque field states its reason: Opaque(length, 'why nothing is said of these bytes')"
        )
    return reason


def _decoded(content: bytes, encoding: str | None, path: str) -> str | bytes:
    if encoding is None:
        return content
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as fault:
        raise FieldError("Text", content, str(fault), path) from None


def _encoded(obj: str | bytes, encoding: str | None) -> bytes:
    if encoding is not None:
        return str(obj).encode(encoding)
    if isinstance(obj, str):
        raise TypeError("a field without an encoding takes bytes")
    return bytes(obj)


def _with_raw(value: str | bytes, raw: bytes) -> RawText | RawBytes:
    kept = RawText(value) if isinstance(value, str) else RawBytes(value)
    kept.raw = raw
    return kept


def _rest(stream: BinaryIO, context: Context, path: str) -> bytes:
    """Returns all bytes up to the end of the bytes at hand."""
    end = end_of_region(context)
    if end is None:
        return bytes(stream.read())
    gap = max(0, end - construct.stream_tell(stream, path))
    return bytes(construct.stream_read(stream, gap, path))


def _within(stream: BinaryIO, end: int | None, path: str) -> None:
    """Refuses content that goes past the end of its stream."""
    at = construct.stream_tell(stream, path)
    if end is not None and at > end:
        raise FieldError("Substream", at, f"the content ends at {at}, its stream at {end}", path)


def _fill(stream: BinaryIO, end: int, context: Context, path: str) -> None:
    """Goes to the end of a substream that is built: copies the original bytes, or writes zeros."""
    at, size = construct.stream_tell(stream, path), construct.stream_size(stream)
    source = source_of(context)
    if source is not None:
        rest = source[at:end]
        construct.stream_write(stream, rest, len(rest), path)
    elif size < end:
        construct.stream_seek(stream, size, 0, path)
        construct.stream_write(stream, bytes(end - size), end - size, path)
    construct.stream_seek(stream, max(at, end), 0, path)
