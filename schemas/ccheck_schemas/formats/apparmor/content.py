"""The content of compiled AppArmor policy: the items of the stream in their order."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any

from ccheck_schemas.formats.apparmor.numbers import DFA_START, PERMISSION_FIELDS, Code, TableId
from ccheck_schemas.record import Record
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
        by_id: The first table of each kind, if its entries have a size that the kind may have.
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


@dataclass(frozen=True, slots=True)
class Permissions:
    """An entry of a permission table.

    Attributes:
        items: Its numbers, in the order of `PERMISSION_FIELDS`.
    """

    items: tuple[Item, ...]

    def item(self, name: str) -> Item:
        """Returns the item of a number."""
        return self.items[PERMISSION_FIELDS.index(name)]

    def number(self, name: str) -> int:
        """Returns a number."""
        return int(self.item(name).value)


@dataclass(frozen=True, slots=True)
class TagHeader:
    """A header of tags: which permissions it is for, and which text has its tags.

    Attributes:
        count: Tags in the text.
        size: Bytes of the text, with its last NUL.
        tags: The number of the text.
    """

    mask: Item
    count: Item
    size: Item
    tags: Item


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a matcher.

    Attributes:
        texts: Texts of tags, each tag ended by a NUL; None without a table of them.
        sets: For each set, how many headers it has, and their numbers.
    """

    source: Item
    version: int
    texts: tuple[Item, ...] | None
    headers: tuple[TagHeader, ...]
    sets: tuple[Item, ...]


@dataclass(slots=True)
class Matcher:
    """A DFA and what belongs to it (the kernel's `struct aa_policydb`).

    Attributes:
        permissions: The table that accept words are indexes of; None if accept words are permissions.
        permissions_version: The version of the table.
        permsv: How accept2 is used.
        start: Where matching starts.
        file_start: Where matching of files starts.
        xtable: Where the names that executing leads to begin.
        names: These names.
    """

    tags: Tags | None = None
    permissions: tuple[Permissions, ...] | None = None
    permissions_version: int = 0
    permsv: Item | None = None
    dfa: Dfa | None = None
    start: Start = field(default_factory=lambda: Start(DFA_START))
    file_start: Start = field(default_factory=lambda: Start(DFA_START))
    xtable: Item | None = None
    names: tuple[Item, ...] = ()


@dataclass(slots=True)
class Profile:
    """A profile, up to the first misplaced item. Fields that the file does not have are None."""

    first: Item
    version: Item | None = None
    namespace: Item | None = None
    name: Item | None = None
    rename: Item | None = None
    attach: Item | None = None
    xmatch: Matcher = field(default_factory=Matcher)
    xmatch_length: int = 0
    disconnected: Item | None = None
    disconnected_ipc: Item | None = None
    kill: Item | None = None
    error: Item | None = None
    flags: Item | None = None
    mode: Item | None = None
    audit: int = 0
    path_flags: int | None = None
    capabilities: tuple[int, ...] = ()
    caps64: tuple[int, ...] | None = None
    capsx: tuple[int, ...] | None = None
    xattrs: tuple[Item, ...] | None = None
    rlimits: tuple[int, tuple[Item, ...]] | None = None
    secmark: tuple[tuple[int, int, Item], ...] | None = None
    net_allowed_af: tuple[int, ...] | None = None
    policydb: Matcher | None = None
    file: Matcher = field(default_factory=Matcher)
    data: tuple[tuple[Item, bytes], ...] | None = None

    @property
    def matchers(self) -> tuple[tuple[str, Matcher], ...]:
        """The matchers of the profile, each with the word for it."""
        policydb = () if self.policydb is None else (("policydb", self.policydb),)
        return (("xmatch", self.xmatch), *policydb, ("file", self.file))


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
