"""The content of a reading: its items in the order in which the kernel asks for them."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator

from ccheck_schemas.formats.apparmor.content import (
    Dfa,
    DfaTable,
    Item,
    Matcher,
    Permissions,
    PolicyContent,
    Profile,
    Slip,
    Start,
    TagHeader,
    Tags,
)
from ccheck_schemas.formats.apparmor.numbers import (
    DFA_NAME,
    DFA_START,
    ELEMENT_SIZES,
    PERMISSION_FIELDS,
    Code,
    TableId,
)
from ccheck_schemas.record import Reading, Record


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
    if code == Code.STRUCT and isinstance(value, Record):
        value = value.get("version")
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
        if table.id in _IDS and table.size in ELEMENT_SIZES[TableId(table.id)]:
            by_id.setdefault(table.id, table)
    return Dfa(record, record.get("flags") or 0, tuple(tables), by_id)


_FORMS = {1: "B", 2: "H", 4: "I"}
_IDS = frozenset(int(kind) for kind in TableId)


def _entries(raw: bytes, size: int) -> array[int]:
    found = array(_FORMS[size], raw)
    if sys.byteorder == "little":
        found.byteswap()
    return found


_WORDS_OF_A_FAMILY = 3
"""Numbers of a family of sockets: the types that are allowed, audited, and denied without a word."""


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

    def array(self, code: Code, what: str, name: str | None = None) -> Iterator[Item]:
        """Takes the items of an array, as many as it states, and its end."""
        head = self.need(Code.ARRAY, name, what)
        for _ in range(head.value):
            yield self.need(code, None, what)
        self.need(Code.ARRAYEND, None, what)

    def end(self, what: str) -> None:
        """Takes the end of a struct."""
        self.need(Code.STRUCTEND, None, f"of {what}")

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
        own.rename = self.take(Code.STRING, "rename")
        own.attach = self.take(Code.STRING, "attach")
        self.matcher(own.xmatch)
        if own.xmatch.dfa is not None:
            own.xmatch_length = self.number("the length of the attachment").value
        own.disconnected = self.take(Code.STRING, "disconnected")
        own.disconnected_ipc = self.take(Code.STRING, "disconnected_ipc")
        own.kill = self.take(Code.U32, "kill")
        own.error = self.take(Code.U32, "error")
        self.need(Code.STRUCT, "flags")
        own.flags = self.number("the flags of the profile")
        own.mode = self.number("the mode of the profile")
        own.audit = self.number("whether all is audited").value
        self.end("the flags")
        path_flags = self.take(Code.U32, "path_flags")
        own.path_flags = None if path_flags is None else path_flags.value
        self.capabilities(own)
        self.optional(own)
        if self.take(Code.STRUCT, "policydb"):
            own.policydb = Matcher()
            self.matcher(own.policydb, needs_dfa=True)
            self.end("policydb")
        self.matcher(own.file)
        self.data(own)
        self.end("the profile")

    def capabilities(self, own: Profile) -> None:
        """Reads capabilities, and the upper halves of their words."""
        own.capabilities = self.numbers(4, "capabilities")
        if self.take(Code.STRUCT, "caps64"):
            own.caps64 = self.numbers(4, "capabilities")
            self.end("caps64")
        if self.take(Code.STRUCT, "capsx"):
            own.capsx = self.numbers(2, "capabilities")
            self.end("capsx")

    def optional(self, own: Profile) -> None:
        """Reads extended attributes, limits of resources, marks of packets, and families of sockets."""
        if self.take(Code.STRUCT, "xattrs"):
            own.xattrs = tuple(self.array(Code.STRING, "extended attributes"))
            self.end("xattrs")
        if self.take(Code.STRUCT, "rlimits"):
            mask = self.number("the mask of limits").value
            own.rlimits = (mask, tuple(self.array(Code.U64, "limits")))
            self.end("rlimits")
        if self.take(Code.STRUCT, "secmark"):
            count = self.need(Code.ARRAY, None, "marks of packets").value
            marks = []
            for _ in range(count):
                audit, deny = self.need(Code.U8, None, "audit"), self.need(Code.U8, None, "deny")
                marks.append((audit.value, deny.value, self.need(Code.STRING, None, "a label")))
            own.secmark = tuple(marks)
            self.need(Code.ARRAYEND, None, "of secmark")
            self.end("secmark")
        if (head := self.take(Code.ARRAY, "net_allowed_af")) is not None:
            families = range(_WORDS_OF_A_FAMILY * head.value)
            own.net_allowed_af = tuple(
                self.need(Code.U16, None, "a family of sockets").value for _ in families
            )
            self.need(Code.ARRAYEND, None, "of net_allowed_af")

    def matcher(self, own: Matcher, needs_dfa: bool = False) -> None:
        """Reads a DFA and what belongs to it, in the order of the kernel's `unpack_pdb`."""
        if (source := self.take(Code.STRUCT, "tags")) is not None:
            own.tags = self.tags(source)
            self.end("tags")
        if (table := self.take(Code.STRUCT, "perms")) is not None:
            own.permissions_version = table.value or 0
            count = self.need(Code.ARRAY, None, "permissions").value
            own.permissions = tuple(
                Permissions(tuple(self.number(f"a permission, {name}") for name in PERMISSION_FIELDS))
                for _ in range(count)
            )
            self.need(Code.ARRAYEND, None, "of permissions")
            self.end("perms")
            own.permsv = self.take(Code.U32, "permsv")
        item = self.need(Code.BLOB, DFA_NAME) if needs_dfa else self.take(Code.BLOB, DFA_NAME)
        own.dfa = None if item is None else self.dfas.get(id(item))
        if own.dfa is not None:
            own.start = self.start("start")
            own.file_start = self.start("dfa_start")
        own.xtable = self.take(Code.STRUCT, "xtable")
        if own.xtable is not None:
            own.names = tuple(self.array(Code.STRING, "names that executing leads to"))
            self.end("xtable")

    def start(self, name: str) -> Start:
        """Takes the start state of matching."""
        item = self.take(Code.U32, name)
        return Start(DFA_START) if item is None else Start(item.value, item)

    def tags(self, source: Item) -> Tags:
        """Reads tags, in the order of the kernel's `unpack_tags`."""
        texts = None
        if self.take(Code.STRUCT, "strs"):
            texts = tuple(self.array(Code.STRING, "texts of tags"))
            self.end("strs")
        headers = []
        for _ in range(self.need(Code.ARRAY, "hdrs").value):
            mask, count, size, tags = (self.number("a header of tags") for _ in range(4))
            headers.append(TagHeader(mask, count, size, tags))
        self.need(Code.ARRAYEND, None, "of hdrs")
        sets = tuple(self.array(Code.U32, "sets of tags", "sets"))
        return Tags(source, source.value or 0, texts, tuple(headers), sets)

    def data(self, own: Profile) -> None:
        """Reads data by key."""
        if self.take(Code.STRUCT, "data"):
            entries = []
            while (key := self.take(Code.STRING)) is not None:
                value = self.need(Code.BLOB, None, "the data of a key").value
                entries.append((key, value if isinstance(value, bytes) else b""))
            own.data = tuple(entries)
            self.end("data")
