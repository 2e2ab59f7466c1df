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


_PERMISSION: Final = 14
"""Numbers of an entry of permissions."""
_RESOURCES: Final = 16
_SPACES: Final = (b"\t", b"\n", b"\v", b"\f", b"\r", b" ", b"\xa0")


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
        return without_nul(chunk[0]).decode("utf-8", "surrogateescape")

    def need_text(self) -> str:
        """A text."""
        value = self.text(None)
        return self._refuse("a text") if value is None else value

    def whole_text(self) -> bytes:
        """A text with the NULs inside it, and without the last one."""
        at = self._tag(STRING, None)
        chunk = None if at is None else self._chunk(at)
        if chunk is None or not chunk[0] or chunk[0][-1]:
            self._refuse("a text")
            return b""
        self.at = chunk[1]
        return chunk[0][:-1]

    def blob(self, name: str | None) -> tuple[int, int] | None:
        """The offset and size of a blob that follows its 32-bit length, if it is there."""
        at = self._tag(BLOB, name)
        size = None if at is None else self._peek(at, _WORD)
        if at is None or size is None or size > self.region.size - at - 4:
            return None
        self.at = at + 4 + size
        return at + 4, int(size)

    def _array(self, name: str | None = None) -> int:
        """Enter an array, and return its number of items."""
        at = self._tag(ARRAY, name)
        count = None if at is None else self._peek(at, _SHORT)
        if at is None or count is None:
            self._refuse("an array")
            return 0
        self.at = at + 2
        return int(count)

    def skip_optional(self, items: frozenset[str]) -> None:
        """Extended attributes, limits of resources, marks of packets and families of sockets, where they are.

        Args:
            items: The items that the kernel reads.
        """
        if "xattrs" in items and self.struct("xattrs"):
            for _ in range(self._array()):
                self.need_text()
            self.need_end(ARRAYEND)
            self.need_end()
        if "rlimits" in items and self.struct("rlimits"):
            self.need_number()
            count = self._array()
            if count > _RESOURCES:
                raise refuse("limits", f"{count} limits, there are {_RESOURCES} resources", self.at - 2)
            for _ in range(count):
                self.need_number(U64, Struct("<Q"))
            self.need_end(ARRAYEND)
            self.need_end()
        if "secmark" in items and self.struct("secmark"):
            for _ in range(self._array()):
                self.need_number(U8, _BYTE)
                self.need_number(U8, _BYTE)
                self.need_text()
            self.need_end(ARRAYEND)
            self.need_end()
        if "net_allowed_af" in items and self._tag(ARRAY, "net_allowed_af") is not None:
            for _ in range(3 * self._array("net_allowed_af")):
                self.need_number(U16, _SHORT)
            self.need_end(ARRAYEND)

    def permissions(self) -> tuple[list[tuple[int, ...]], list[int]] | None:
        """A table of permissions and the offsets of its entries, if it is there (`unpack_perms_table`)."""
        if not self.struct("perms"):
            return None
        version = self.number("version")
        if version is None:
            self._refuse("the version of permissions")
        table: list[tuple[int, ...]] = []
        places: list[int] = []
        for _ in range(self._array()):
            if version != 1:
                raise refuse("permissions", f"version {version} of permissions, 1 is known", self.at)
            places.append(self.at)
            table.append(tuple(self.need_number() for _ in range(_PERMISSION)))
        self.need_end(ARRAYEND)
        self.need_end()
        return table, places

    def tags(self) -> int:
        """The number of entries of sets of tags, if there are tags (`unpack_tags`, `verify_tags`)."""
        if not self.struct("tags"):
            return 0
        if self.number("version") != 1:
            raise refuse("tags", "the version of tags is not 1", self.at)
        texts: list[tuple[int, int]] = []
        if self.struct("strs"):
            texts = [self._tag_text() for _ in range(self._array())]
            self.need_end(ARRAYEND)
            self.need_end()
        headers = [[self.need_number() for _ in range(4)] for _ in range(self._array("hdrs"))]
        self.need_end(ARRAYEND)
        sets = [self.need_number() for _ in range(self._array("sets"))]
        self.need_end(ARRAYEND)
        self.need_end()
        if 0 < sum(map(bool, (texts, headers, sets))) < 3:
            raise refuse("tags", "some of the tables of tags are empty", self.at)
        at = 0
        while at < len(sets):
            end = at + sets[at]
            if end >= len(sets) or any(number >= len(headers) for number in sets[at + 1 : end + 1]):
                raise refuse("tags", "a set of tags leads outside", self.at)
            at = end + 1
        for _, count, size, text in headers:
            if text >= len(texts) or texts[text] != (count, size):
                raise refuse("tags", "a header of tags does not fit its text", self.at)
        return len(sets)

    def _tag_text(self) -> tuple[int, int]:
        """The number of tags of a text, and its bytes with both last NULs (`process_strs_entry`)."""
        at = self.at
        raw = self.whole_text()
        count = _parts(raw[:-1]) if raw.endswith(b"\0") else 0
        if not count:
            raise refuse("tags", f"the text of tags {raw!r} is not taken", at)
        return count, len(raw) + 1

    def names(self, most: int, newer: bool) -> int:
        """The number of names that `exec` may transition to, all well-formed (`unpack_strs_table`).

        Args:
            most: The greatest number that is taken.
            newer: Whether each text of a name is looked at, and not only the first.
        """
        if not self.struct("xtable"):
            return 0
        count = self._array()
        if count > most:
            raise refuse("names", f"{count} names, at most {most} are taken", self.at - 2)
        for _ in range(count):
            at = self.at
            name = self.whole_text()
            if not (_parts(name) == 1 if newer else _is_name(name)):
                raise refuse("names", f"the name {name!r} is not taken", at)
        self.need_end(ARRAYEND)
        self.need_end()
        return count

    def skip_data(self, compares_keys: bool) -> None:
        """Data by key, where it is.

        Args:
            compares_keys: Whether a key that has data already is refused.
        """
        if not self.struct("data"):
            return
        seen: set[str] = set()
        while (key := self.text(None)) is not None:
            self.blob(None)  # a key may have no data
            if key in seen and compares_keys:
                raise refuse("data", f"the key {key!r} has data already", self.at)
            seen.add(key)
        self.need_end()


def without_nul(raw: bytes) -> bytes:
    """What the kernel sees of a text: the bytes before its first NUL."""
    return raw.partition(b"\0")[0]


def _is_name(raw: bytes) -> bool:
    """Whether older kernels take a name that `exec` may transition to (`unpack_trans_table`)."""
    if raw[:1] == b":":
        return raw[1:2] not in (b"", b"\0") and raw.count(b"\0") <= 1
    return raw[:1] not in _SPACES and b"\0" not in raw


def _parts(raw: bytes) -> int:
    """The number of texts in an entry of texts, or 0 if the entry is not taken (`process_strs_entry`).

    A text that begins with a colon names a namespace: it and the text behind its NUL are one.
    """
    texts = raw.split(b"\0")
    for index, text in enumerate(texts):
        if (text == b"" and index < len(texts) - 1) or text == b":" or text[:1] in _SPACES:
            return 0
    return len(texts) - sum(text[:1] == b":" for text in texts[:-1])
