"""The content of compiled AppArmor policy: the items of the stream in their order."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ccheck_schemas.formats.apparmor.numbers import (
    DFA_NAME,
    DFA_START,
    ELEMENT_SIZES,
    Code,
    TableId,
)
from ccheck_schemas.record import Reading, Record
from ccheck_schemas.span import Span


@dataclass(frozen=True, slots=True)
class DfaTable:
    """A table of a DFA.

    Attributes:
        source: Its record.
        size: Bytes of one entry.
    """

    source: Record
    id: int
    size: int
    entries: array[int]

    def entry(self, index: int) -> Span:
        """Returns the place of an entry."""
        whole = self.source.span("entries")
        return Span(whole.offset + index * self.size, self.size, f"{whole.path}[{index}]")


@dataclass(frozen=True, slots=True)
class Dfa:
    """A DFA.

    Attributes:
        source: Its record.
        tables: Its tables in the order of the file.
        by_id: The first table of each kind, if its entries have the size of the kind.
    """

    source: Record
    flags: int
    tables: tuple[DfaTable, ...]
    by_id: dict[int, DfaTable] = field(hash=False)

    def table(self, kind: TableId) -> array[int]:
        """Returns the entries of a table; none if it is missing."""
        found = self.by_id.get(kind)
        return found.entries if found is not None else array("B")

    @property
    def states(self) -> int:
        """The number of states."""
        return len(self.table(TableId.BASE))

    @property
    def transitions(self) -> int:
        """The number of transitions."""
        return len(self.table(TableId.NEXT))


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the stream.

    Attributes:
        source: Its record.
        name: The name before it, or None.
        value: A number, a text, bytes, or the record of a DFA.
    """

    source: Record
    code: int
    name: str | None
    value: Any


def place_of(item: Item) -> Span:
    """Returns the bytes of the value of an item."""
    record = item.source
    value = record.get("value")
    if record.get("code") == Code.NAME and isinstance(value, Record):
        record, value = value, value.get("value")
    if isinstance(value, Record) and value.get("text") is not None:
        return value.span("text")
    return record.span("value") if value is not None else record.span("code")


@dataclass(frozen=True, slots=True)
class Start:
    """The start state of matching.

    Attributes:
        source: The item that has it; None if the kernel's default applies.
    """

    state: int
    source: Item | None = None


@dataclass(slots=True)
class Profile:
    """A profile, up to the first misplaced item. Fields that the file does not have are None."""

    first: Item
    version: Item | None = None
    namespace: Item | None = None
    name: Item | None = None
    rename: str | None = None
    attach: str | None = None
    xmatch: Dfa | None = None
    xmatch_length: int = 0
    disconnected: str | None = None
    flags: Item | None = None
    mode: Item | None = None
    audit: int = 0
    path_flags: int | None = None
    capabilities: tuple[int, ...] = ()
    caps64: tuple[int, ...] | None = None
    capsx: tuple[int, ...] | None = None
    xattrs: tuple[str, ...] | None = None
    rlimits: tuple[int, tuple[Item, ...]] | None = None
    secmark: tuple[tuple[int, int, str], ...] | None = None
    policy: bool = False
    policydb: Dfa | None = None
    policy_start: Start = field(default_factory=lambda: Start(DFA_START))
    file: Dfa | None = None
    file_start: Start = field(default_factory=lambda: Start(DFA_START))
    xtable: tuple[Item, ...] | None = None
    data: tuple[tuple[str, bytes], ...] | None = None


@dataclass(frozen=True, slots=True)
class Slip:
    """A misplaced item.

    Attributes:
        item: The item; None at the end of the stream.
        wanted: What the kernel expects, in words.
    """

    item: Item | None
    wanted: str


@dataclass(frozen=True, slots=True)
class PolicyContent:
    """The content of compiled policy.

    Attributes:
        dfas: All DFAs, also those of incomplete profiles.
        items: All items of the stream.
    """

    profiles: tuple[Profile, ...]
    dfas: tuple[Dfa, ...]
    slips: tuple[Slip, ...]
    size: int = 0
    items: tuple[Item, ...] = ()


def assemble(reading: Reading) -> PolicyContent:
    """Returns the typed content of a reading, without items that are cut short."""
    items = [item for record in reading.root.get("items") or () if (item := _item(record)) is not None]
    content = _ContentReader(items)
    content.profiles()
    end = reading.root.span("items").end if reading.root.get("items") is not None else 0
    return PolicyContent(
        tuple(content.found), tuple(content.dfas.values()), tuple(content.slips), end, tuple(items)
    )


_NUMBERS = frozenset({Code.U8, Code.U16, Code.U32, Code.U64, Code.ARRAY})
"""Items that are a number and nothing else."""


def _item(record: Record) -> Item | None:
    code, value, name = record.get("code"), record.get("value"), None
    if code == Code.NAME:
        if not isinstance(value, Record) or value.get("code") is None:
            return None
        name, code, value = value.get("name"), value.code, value.get("value")
    if code in _NUMBERS and value is None:
        return None
    if code in (Code.STRING, Code.BLOB):
        if not isinstance(value, Record):
            return None
        if value.get("dfa") is None:
            value = value.get("text") if code == Code.STRING else value.get("data")
    return Item(record, code, name, value)


def dfa_of(record: Record) -> Dfa:
    """Returns the DFA of a record."""
    body = record.get("body")
    tables = []
    for entry in (body.get("tables") or ()) if isinstance(body, Record) else ():
        raw = entry.get("entries")
        if raw is not None and entry.size in _FORMS and len(raw) % entry.size == 0:
            tables.append(DfaTable(entry, entry.id, entry.size, _entries(raw, entry.size)))
    by_id: dict[int, DfaTable] = {}
    for table in tables:
        if ELEMENT_SIZES.get(TableId(table.id) if table.id in _IDS else TableId.BASE) == table.size:
            by_id.setdefault(table.id, table)
    return Dfa(record, record.get("flags") or 0, tuple(tables), by_id)


_FORMS = {1: "B", 2: "H", 4: "I"}
_IDS = frozenset(int(kind) for kind in TableId)


def _entries(raw: bytes, size: int) -> array[int]:
    found = array(_FORMS[size], raw)
    if sys.byteorder == "little":
        found.byteswap()
    return found


class _Astray(Exception):
    """The stream has another item than the kernel expects."""


class _ContentReader:
    """Reads the items in the order of the kernel's `unpack_profile`."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.at = 0
        self.found: list[Profile] = []
        self.slips: list[Slip] = []
        self.dfas: dict[int, Dfa] = {
            id(item): dfa_of(item.value["dfa"])
            for item in items
            if item.code == Code.BLOB and isinstance(item.value, Record)
        }

    def profiles(self) -> None:
        """Reads all profiles. After a misplaced item it continues with the next profile."""
        while self.at < len(self.items):
            start = self.at
            try:
                self.profile()
            except _Astray:
                # A profile begins with its version or, after the first one, with the item named profile.
                self.at = max(self.at, start + 1)
                while self.at < len(self.items) and self.items[self.at].name not in ("version", "profile"):
                    self.at += 1

    def next(self) -> Item | None:
        """Returns the next item without taking it."""
        return self.items[self.at] if self.at < len(self.items) else None

    def take(self, code: Code, name: str | None = None) -> Item | None:
        """Takes the next item if it has this code and name; without a name, any name will do."""
        item = self.next()
        if item is None or item.code != code or (name is not None and item.name != name):
            return None
        self.at += 1
        return item

    def need(self, code: Code, name: str | None = None, what: str = "") -> Item:
        """Takes the next item, which must have this code and name. Raises _Astray."""
        item = self.take(code, name)
        if item is None:
            wanted = f"{code.name} named {name}" if name is not None else code.name
            self.slips.append(Slip(self.next(), f"{wanted}{f' ({what})' if what else ''}"))
            raise _Astray
        return item

    def number(self, what: str) -> Item:
        """Takes a 32-bit number."""
        return self.need(Code.U32, None, what)

    def numbers(self, count: int, what: str) -> tuple[int, ...]:
        """Takes 32-bit numbers."""
        return tuple(self.number(what).value for _ in range(count))

    def text(self, name: str) -> str | None:
        """Takes an optional text."""
        item = self.take(Code.STRING, name)
        return None if item is None else item.value

    def dfa(self) -> Dfa | None:
        """Takes an optional DFA."""
        item = self.take(Code.BLOB, DFA_NAME)
        return None if item is None else self.dfas.get(id(item))

    def array(self, code: Code, what: str) -> Iterable[Item]:
        """Takes the items of an array, as many as it states, and its end."""
        head = self.need(Code.ARRAY, None, what)
        for _ in range(head.value):
            yield self.need(code, None, what)
        self.need(Code.ARRAYEND, None, what)

    def start(self, name: str) -> Start:
        """Takes the start state of matching."""
        item = self.take(Code.U32, name)
        return Start(DFA_START) if item is None else Start(item.value, item)

    def profile(self) -> None:
        """Reads one profile, and keeps what was read before an error.

        Raises:
            _Astray: An item is misplaced.
        """
        own = Profile(self.items[self.at])
        self.found.append(own)
        if self.at == 0:
            own.version = self.need(Code.U32, "version")
        else:
            own.version = self.take(Code.U32, "version")
        own.namespace = self.take(Code.STRING, "namespace")
        self.need(Code.STRUCT, "profile")
        own.name = self.need(Code.STRING, None, "the name of the profile")
        own.rename = self.text("rename")
        own.attach = self.text("attach")
        own.xmatch = self.dfa()
        if own.xmatch is not None:
            own.xmatch_length = self.number("the length of the attachment").value
        own.disconnected = self.text("disconnected")
        self.need(Code.STRUCT, "flags")
        own.flags = self.number("the flags of the profile")
        own.mode = self.number("the mode of the profile")
        own.audit = self.number("whether all is audited").value
        self.need(Code.STRUCTEND, None, "of the flags")
        path_flags = self.take(Code.U32, "path_flags")
        own.path_flags = None if path_flags is None else path_flags.value
        own.capabilities = self.numbers(4, "capabilities")
        if self.take(Code.STRUCT, "caps64"):
            own.caps64 = self.numbers(4, "capabilities")
            self.need(Code.STRUCTEND, None, "of caps64")
        if self.take(Code.STRUCT, "capsx"):
            own.capsx = self.numbers(2, "capabilities")
            self.need(Code.STRUCTEND, None, "of capsx")
        self.optional(own)
        if self.take(Code.STRUCT, "policydb"):
            own.policy = True
            own.policydb = self.dfa()
            own.policy_start = self.start("start")
            self.need(Code.STRUCTEND, None, "of policydb")
        own.file = self.dfa()
        if own.file is not None:
            own.file_start = self.start("dfa_start")
        self.tail(own)
        self.need(Code.STRUCTEND, None, "of the profile")

    def optional(self, own: Profile) -> None:
        """Extended attributes, limits of resources, and marks of packets."""
        if self.take(Code.STRUCT, "xattrs"):
            own.xattrs = tuple(item.value or "" for item in self.array(Code.STRING, "extended attributes"))
            self.need(Code.STRUCTEND, None, "of xattrs")
        if self.take(Code.STRUCT, "rlimits"):
            mask = self.number("the mask of limits").value
            own.rlimits = (mask, tuple(self.array(Code.U64, "limits")))
            self.need(Code.STRUCTEND, None, "of rlimits")
        if self.take(Code.STRUCT, "secmark"):
            count = self.need(Code.ARRAY, None, "marks of packets").value
            marks = []
            for _ in range(count):
                audit, deny = self.need(Code.U8, None, "audit"), self.need(Code.U8, None, "deny")
                marks.append((audit.value, deny.value, self.need(Code.STRING, None, "a label").value or ""))
            own.secmark = tuple(marks)
            self.need(Code.ARRAYEND, None, "of secmark")
            self.need(Code.STRUCTEND, None, "of secmark")

    def tail(self, own: Profile) -> None:
        """Reads the names that `exec` may transition to, and data by key."""
        if self.take(Code.STRUCT, "xtable"):
            own.xtable = tuple(self.array(Code.STRING, "names that executing leads to"))
            self.need(Code.STRUCTEND, None, "of xtable")
        if self.take(Code.STRUCT, "data"):
            entries = []
            while (key := self.take(Code.STRING)) is not None:
                value = self.need(Code.BLOB, None, "the data of a key").value
                entries.append((key.value or "", value if isinstance(value, bytes) else b""))
            own.data = tuple(entries)
            self.need(Code.STRUCTEND, None, "of data")
