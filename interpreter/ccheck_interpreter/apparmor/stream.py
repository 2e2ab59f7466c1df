"""The stream of items of compiled AppArmor policy, unpacked as the kernel unpacks it, with all checks."""

from struct import Struct
from typing import Any, Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.reader import refuse
from ccheck_interpreter.trap import Operation

U8, U16, U32, U64, NAME, STRING, BLOB, STRUCT, STRUCTEND, LIST, LISTEND, ARRAY, ARRAYEND = range(13)
READ_ITEM: Final = Operation("read-item", "items[].code")
_BYTE: Final = Struct("<B")
_SHORT: Final = Struct("<H")
_WORD: Final = Struct("<I")


class Stream:
    """A position in the stream.

    A missing optional item gives None, or leaves the position as it is; a missing mandatory item refuses.
    """

    __slots__ = ("at", "memory", "region")

    def __init__(self, memory: Memory, region: Region) -> None:
        """Begin at the first byte."""
        self.memory = memory
        self.region = region
        self.at = 0

    def _peek(self, at: int, layout: Struct) -> Any:
        """A number at an offset; None if the stream ends before it."""
        if layout.size > self.region.size - at:
            return None
        return self.memory.record(self.region, self.region.base + at, layout, READ_ITEM, at)[0]

    def _chunk(self, at: int) -> tuple[bytes, int] | None:
        """Bytes with their 16-bit length in front, and where they end."""
        size = self._peek(at, _SHORT)
        if size is None or size > self.region.size - at - 2:
            return None
        first = self.region.base + at + 2
        return self.memory.read_range(self.region, first, size, READ_ITEM, at), at + 2 + size

    def _tag(self, code: int, name: str | None) -> int | None:
        """Where the value of the next item begins, if it has this code and name (`unpack_nameX`)."""
        at = self.at
        if self._peek(at, _BYTE) == NAME:
            chunk = self._chunk(at + 1)
            if chunk is None:
                return None
            raw, at = chunk
            if name is not None and raw != name.encode() + b"\0":
                return None
        elif name is not None:
            return None
        return at + 1 if self._peek(at, _BYTE) == code else None

    def _refuse(self, what: str) -> Any:
        raise refuse("stream", f"{what} is missing at {self.at:#x}", self.at)

    def struct(self, name: str) -> bool:
        """Returns whether a struct of this name begins; it is entered."""
        at = self._tag(STRUCT, name)
        self.at = self.at if at is None else at
        return at is not None

    def need_struct(self, name: str) -> None:
        """Enter a struct of this name."""
        if not self.struct(name):
            self._refuse(f"the struct {name}")

    def need_end(self, code: int = STRUCTEND) -> None:
        """Leave a struct, or an array."""
        at = self._tag(code, None)
        if at is None:
            self._refuse("the end of a struct")
        else:
            self.at = at

    def number(self, name: str | None, code: int = U32, layout: Struct = _WORD) -> int | None:
        """A number, if it is there."""
        at = self._tag(code, name)
        value = None if at is None else self._peek(at, layout)
        if at is None or value is None:
            return None
        self.at = at + layout.size
        return int(value)

    def need_number(self, code: int = U32, layout: Struct = _WORD) -> int:
        """A number."""
        value = self.number(None, code, layout)
        return self._refuse("a number") if value is None else value

    def start(self, name: str) -> tuple[int, int]:
        """The state in which matching begins (1 if none is named), and the offset of its number."""
        value = self.number(name)
        return (1, -1) if value is None else (value, self.at - 4)

    def text(self, name: str | None) -> str | None:
        """A text, if it is there: its last byte is a NUL."""
        at = self._tag(STRING, name)
        chunk = None if at is None else self._chunk(at)
        if chunk is None or not chunk[0] or chunk[0][-1]:
            return None
        self.at = chunk[1]
        return chunk[0][:-1].decode("utf-8", "surrogateescape")

    def need_text(self) -> str:
        """A text."""
        value = self.text(None)
        return self._refuse("a text") if value is None else value

    def blob(self, name: str | None) -> tuple[int, int] | None:
        """The offset and size of a blob that follows its 32-bit length, if it is there."""
        at = self._tag(BLOB, name)
        size = None if at is None else self._peek(at, _WORD)
        if at is None or size is None or size > self.region.size - at - 4:
            return None
        self.at = at + 4 + size
        return at + 4, int(size)

    def _array(self) -> int:
        """Enter an array, and return its number of items."""
        at = self._tag(ARRAY, None)
        count = None if at is None else self._peek(at, _SHORT)
        if at is None or count is None:
            self._refuse("an array")
            return 0
        self.at = at + 2
        return int(count)

    def skip_optional(self) -> None:
        """Extended attributes, limits of resources and marks of packets, where they are."""
        if self.struct("xattrs"):
            for _ in range(self._array()):
                self.need_text()
            self.need_end(ARRAYEND)
            self.need_end()
        if self.struct("rlimits"):
            self.need_number()
            for _ in range(self._array()):
                self.need_number(U64, Struct("<Q"))
            self.need_end(ARRAYEND)
            self.need_end()
        if self.struct("secmark"):
            for _ in range(self._array()):
                self.need_number(U8, _BYTE)
                self.need_number(U8, _BYTE)
                self.need_text()
            self.need_end(ARRAYEND)
            self.need_end()

    def names(self) -> int:
        """The number of names that `exec` may transition to (`unpack_trans_table`), all well-formed."""
        if not self.struct("xtable"):
            return 0
        count = self._array()
        for _ in range(count):
            at = self.at
            name = self.need_text()
            nuls = name.count("\0")
            space = name[:1].isspace()
            if (
                space
                or (nuls > 1 if name[:1] == ":" else nuls > 0)
                or (name[:1] == ":" and name[1:2] in ("", "\0"))
            ):
                raise refuse("names", f"the name {name!r} is not taken", at)
        self.need_end(ARRAYEND)
        self.need_end()
        return count

    def skip_data(self) -> None:
        """Data by key, where it is."""
        if self.struct("data"):
            while self.text(None) is not None:
                if self.blob(None) is None:
                    self._refuse("the data of a key")
            self.need_end()
