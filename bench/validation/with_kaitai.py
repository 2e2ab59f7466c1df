"""A parser of the layout as the Kaitai Struct compiler writes them for Python, with its `valid:` checks.

It is written by hand in the compiler's style for this description: header, blocks that name the next one,
bodies by kind, and an `operand` instance for each criterion. What takes more than one field stands in `faults`,
as users of such parsers write it.
"""

from __future__ import annotations

import zlib

import kaitaistruct
from kaitaistruct import BytesIO, KaitaiStream, KaitaiStruct


class Channel(KaitaiStruct):
    """The whole file."""

    def __init__(self, _io, _parent=None, _root=None):
        super().__init__(_io)
        self._parent = _parent
        self._root = _root or self
        self._read()

    def _read(self):
        self.header = Channel.Header(self._io, self, self._root)
        self.blocks = []
        i = 0
        while True:
            _ = Channel.Block(self._io, self, self._root)
            self.blocks.append(_)
            if _.size == 0:
                break
            self._io.seek(_.next_offset)
            i += 1

    class Header(KaitaiStruct):
        """The header."""

        def __init__(self, _io, _parent=None, _root=None):
            super().__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.magic = self._io.read_bytes(4)
            if not self.magic == b"\xaa\xaa\xaa\xaa":
                raise kaitaistruct.ValidationNotEqualError(
                    b"\xaa\xaa\xaa\xaa", self.magic, self._io, "/types/header/seq/0"
                )
            self.format_version = self._io.read_u2le()
            if not self.format_version == 1:
                raise kaitaistruct.ValidationNotEqualError(
                    1, self.format_version, self._io, "/types/header/seq/1"
                )
            self.kind = self._io.read_u2le()
            if not ((self.kind == 1) or (self.kind == 2)):
                raise kaitaistruct.ValidationNotAnyOfError(self.kind, self._io, "/types/header/seq/2")
            self.channel = self._io.read_u4le()
            if not self.channel <= 99999999:
                raise kaitaistruct.ValidationGreaterThanError(
                    99999999, self.channel, self._io, "/types/header/seq/3"
                )
            self.sequence = self._io.read_u4le()
            if not self.sequence <= 99999999:
                raise kaitaistruct.ValidationGreaterThanError(
                    99999999, self.sequence, self._io, "/types/header/seq/4"
                )
            self.revision = self._io.read_u4le()
            if not self.revision <= 99999999:
                raise kaitaistruct.ValidationGreaterThanError(
                    99999999, self.revision, self._io, "/types/header/seq/5"
                )
            self.total_size = self._io.read_u4le()
            if not self.total_size == self._io.size():
                raise kaitaistruct.ValidationNotEqualError(
                    self._io.size(), self.total_size, self._io, "/types/header/seq/6"
                )
            self.flags = self._io.read_u4le()
            if not self.flags <= 1:
                raise kaitaistruct.ValidationGreaterThanError(1, self.flags, self._io, "/types/header/seq/7")
            self.checksum = self._io.read_u4le()

    class Block(KaitaiStruct):
        """A block."""

        def __init__(self, _io, _parent=None, _root=None):
            super().__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.next_offset = self._io.read_u4le()
            self.size = self._io.read_u4le()
            if self.size > 0:
                self.body = Channel.Body(self._io, self, self._root)

    class Body(KaitaiStruct):
        """What a block holds."""

        def __init__(self, _io, _parent=None, _root=None):
            super().__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.kind = self._io.read_u2le()
            if not 1 <= self.kind <= 5:
                raise kaitaistruct.ValidationNotAnyOfError(self.kind, self._io, "/types/body/seq/0")
            self.record_size = self._io.read_u2le()
            self.count = self._io.read_u4le()
            if not self._parent.size == 8 + self.record_size * self.count:
                raise kaitaistruct.ValidationExprError(self._parent.size, self._io, "/types/body/seq/2")
            self.start = self._io.pos()
            if self.kind == 3:
                self.records = []
                for _ in range(self.count):
                    self.records.append(Channel.Instance(self._io, self, self._root))
            elif self.kind == 4:
                self.records = []
                for _ in range(self.count):
                    self.records.append(Channel.Criterion(self._io, self, self._root))
            else:
                self.records = self._io.read_bytes(self.count)

    class Instance(KaitaiStruct):
        """A template instance."""

        def __init__(self, _io, _parent=None, _root=None):
            super().__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.id = self._io.read_u4le()
            if not self.id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.id, self._io, "/types/instance/seq/0")
            self.type_id = self._io.read_u4le()
            self.type_version = self._io.read_u2le()
            self.severity = self._io.read_u1()
            if not 1 <= self.severity <= 5:
                raise kaitaistruct.ValidationNotAnyOfError(self.severity, self._io, "/types/instance/seq/3")
            self.action = self._io.read_u1()
            if not 1 <= self.action <= 3:
                raise kaitaistruct.ValidationNotAnyOfError(self.action, self._io, "/types/instance/seq/4")
            self.first_criterion = self._io.read_u4le()
            self.criterion_count = self._io.read_u2le()
            self.reserved_18 = self._io.read_u2le()
            if not self.reserved_18 == 0:
                raise kaitaistruct.ValidationNotEqualError(
                    0, self.reserved_18, self._io, "/types/instance/seq/7"
                )
            self.reserved_20 = self._io.read_u4le()
            if not self.reserved_20 == 0:
                raise kaitaistruct.ValidationNotEqualError(
                    0, self.reserved_20, self._io, "/types/instance/seq/8"
                )

    class Criterion(KaitaiStruct):
        """A criterion."""

        def __init__(self, _io, _parent=None, _root=None):
            super().__init__(_io)
            self._parent = _parent
            self._root = _root
            self._read()

        def _read(self):
            self.field_index = self._io.read_u2le()
            self.kind = self._io.read_u2le()
            if not 1 <= self.kind <= 10:
                raise kaitaistruct.ValidationNotAnyOfError(self.kind, self._io, "/types/criterion/seq/1")
            self.operand_offset = self._io.read_u4le()
            self.operand_length = self._io.read_u4le()
            if not self.operand_length <= 4096:
                raise kaitaistruct.ValidationGreaterThanError(
                    4096, self.operand_length, self._io, "/types/criterion/seq/3"
                )
            self.value_kind = self._io.read_u2le()
            if not self.value_kind <= 2:
                raise kaitaistruct.ValidationGreaterThanError(
                    2, self.value_kind, self._io, "/types/criterion/seq/4"
                )
            self.flags = self._io.read_u2le()
            if not self.flags <= 1:
                raise kaitaistruct.ValidationGreaterThanError(
                    1, self.flags, self._io, "/types/criterion/seq/5"
                )

        @property
        def operand(self):
            if hasattr(self, "_m_operand"):
                return self._m_operand
            if self.operand_length > 0:
                _pos = self._io.pos()
                self._io.seek(self.operand_offset)
                if self.value_kind == 1:
                    self._m_operand = self._io.read_bytes(self.operand_length).decode("UTF-8")
                else:
                    self._m_operand = self._io.read_bytes(self.operand_length)
                self._io.seek(_pos)
            return getattr(self, "_m_operand", None)


def faults(data: bytes) -> int:
    """How many of the rules of `by_hand` are broken; the first that breaks a `valid:` ends it with 1."""
    try:
        parsed = Channel(KaitaiStream(BytesIO(data)))
    except kaitaistruct.ValidationFailedError:
        return 1
    wrong = parsed.header.checksum != zlib.crc32(memoryview(data)[32:])
    instances, criteria, pool = (block.body for block in parsed.blocks[:3])
    first = 0
    for one in instances.records:
        wrong += one.first_criterion != first
        first += one.criterion_count
    start, end = pool.start, pool.start + pool.count
    for one in criteria.records:
        if one.operand is None:
            continue
        stop = one.operand_offset + one.operand_length
        wrong += not start <= one.operand_offset <= stop <= end
        if one.value_kind == 1:
            wrong += "\0" in one.operand or data[stop] != 0
        else:
            wrong += one.operand_offset % 8 != 0
    return wrong + (first != criteria.count)
