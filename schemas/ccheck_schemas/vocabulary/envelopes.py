"""Nodes of the vocabulary for content of another format inside a wrapper.

Plain Construct unwraps the bytes: the value of the field is the content, which knows its field, so that
building gives the same bytes. The content is no part of the record: ccheck reads and judges it as a file of
its own.
"""

from __future__ import annotations

from typing import BinaryIO

import construct

from ccheck_schemas.vocabulary.expression import Context, Expression, FieldError, end_of_region, evaluate
from ccheck_schemas.vocabulary.streams import RawBytes
from ccheck_schemas.wrapping import ContentSchema, Step, Wrapping


class _Envelope(construct.Construct):
    """The bytes of a field that are content of another format, wrapped.

    Attributes:
        wrapping: How they are unwrapped.
        content: The `Schema` of the content.
    """

    def __init__(self, step: Step | tuple[Step, ...], content: ContentSchema) -> None:
        super().__init__()
        self.wrapping = Wrapping(tuple(step) if isinstance(step, tuple | list) else (step,))
        if not isinstance(getattr(content, "name", None), str) or not hasattr(content, "layout"):
            raise TypeError(f"the content of an envelope is a Schema, not {content!r:.60}")
        self.content = content

    def value(self, raw: bytes, path: str) -> RawBytes:
        """Returns the content of the field's bytes.

        Raises:
            FieldError: They cannot be unwrapped.
        """
        found = self.wrapping.unwrap(raw)
        if found.content is None or found.problems:
            raise FieldError(type(self).__name__, raw, f"{found.problems[0]}", path)
        kept = RawBytes(found.content)
        kept.raw = raw
        return kept

    def _build(self, obj: bytes, stream: BinaryIO, context: Context, path: str) -> bytes:
        kept = getattr(obj, "raw", None)
        raw = kept if isinstance(kept, bytes) else self.wrapping.wrap(bytes(obj))
        self.require(raw, context, path)
        construct.stream_write(stream, raw, len(raw), path)
        return obj

    def require(self, raw: bytes, context: Context, path: str) -> None:
        """Refuses bytes that do not fill the field."""


class Wrapped(_Envelope):
    """`length` bytes that are content of another format, wrapped.

    Args:
        length: An int, or a ``this`` expression.
        step: How they are unwrapped: `Stored`, `Xor`, `Rotate`, `Inflate` or `Xz`, or a tuple of them in the
            order in which they unwrap.
        content: The `Schema` of the content, which is read and judged as a file of its own.
    """

    def __init__(self, length: Expression, step: Step | tuple[Step, ...], content: ContentSchema) -> None:
        super().__init__(step, content)
        self.length = length

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> bytes:
        return self.value(construct.stream_read(stream, evaluate(self.length, context), path), path)

    def require(self, raw: bytes, context: Context, path: str) -> None:
        """Refuses bytes that do not fill the field."""
        length = evaluate(self.length, context)
        if len(raw) != length:
            raise FieldError("Wrapped", raw, f"wrapped it has {len(raw)} bytes, its field {length}", path)

    def _sizeof(self, context: Context, path: str) -> int:
        if callable(self.length):
            raise construct.SizeofError("the length of this envelope is a field", path=path)
        return int(self.length)


class WrappedRest(_Envelope):
    """An envelope of all bytes up to the end of the bytes at hand.

    Args:
        step: As for `Wrapped`.
        content: As for `Wrapped`.
    """

    def _parse(self, stream: BinaryIO, context: Context, path: str) -> bytes:
        end = end_of_region(context)
        at = construct.stream_tell(stream, path)
        length = (construct.stream_size(stream) if end is None else end) - at
        return self.value(construct.stream_read(stream, length, path), path)

    def _sizeof(self, context: Context, path: str) -> int:
        raise construct.SizeofError("the bytes at hand are the length of this envelope", path=path)
