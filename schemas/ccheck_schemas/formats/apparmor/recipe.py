"""Compiled AppArmor policy as people write it (YAML), and its bytes in the order of the parser; both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ccheck_schemas.formats.apparmor.content import Dfa, PolicyContent, Profile, Start
from ccheck_schemas.formats.apparmor.dfa import Rule, tables_of
from ccheck_schemas.formats.apparmor.numbers import (
    DFA_HEADER,
    DFA_MAGIC,
    DFA_NAME,
    ELEMENT_SIZES,
    Code,
    DfaFlag,
    ElementSize,
    Mode,
    Permission,
    ProfileFlag,
    TableId,
)
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import Recipe, RecipeError

_U8, _U16, _U32, _U64 = 0xFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
_NUMBERS = {Code.U8: 1, Code.U16: 2, Code.U32: 4, Code.U64: 8}
_OTHERS = 14
"""Bits between what the accept word allows the owner of a file, and what others."""


def compose(recipe: Recipe) -> bytes:
    """Returns the bytes of a recipe in canonical form.

    Raises:
        RecipeError: The recipe cannot be built. The error names the key.
    """
    top = Part(recipe)
    out = bytearray()
    for part in top.parts("profiles"):
        # Blobs are aligned from the start of their profile, which the parser writes by itself.
        writer = _Writer()
        writer.profile(part)
        part.done()
        out += writer.out
    top.done()
    return bytes(out)


class _Writer:
    """A profile while it is written."""

    def __init__(self) -> None:
        self.out = bytearray()

    def item(self, code: Code, value: Any = None, name: str | None = None, path: str = "") -> None:
        """Writes an item, and the name before it."""
        if name is not None:
            self.out += bytes([Code.NAME]) + _text(name, path)
        self.out.append(code)
        if code in _NUMBERS:
            self.out += int(value).to_bytes(_NUMBERS[code], "little")
        elif code == Code.STRING:
            self.out += _text(value, path)
        elif code == Code.ARRAY:
            if value > _U16:
                raise RecipeError(path, f"{value} elements are more than an array can count")
            self.out += int(value).to_bytes(2, "little")
        elif code == Code.BLOB:
            self.out += len(value).to_bytes(4, "little") + value

    def number(self, part: Part, key: str, name: str | None = None, default: Any = None) -> None:
        """A 32-bit number."""
        value = part.integer(key, 0, _U32) if default is None else part.integer(key, 0, _U32, default=default)
        self.item(Code.U32, value, name)

    def numbers(self, part: Part, key: str, count: int) -> None:
        """32-bit numbers, that many."""
        values = part.integers(key, _U32) if part.has(key) else [0] * count
        if len(values) != count:
            raise RecipeError(part.where(key), f"{len(values)} numbers, {count} belong here")
        for value in values:
            self.item(Code.U32, value)

    def struct(self, name: str, part: Part, key: str, count: int) -> None:
        """Writes a struct of numbers, if the recipe has it."""
        if part.has(key):
            self.item(Code.STRUCT, None, name)
            self.numbers(part, key, count)
            self.item(Code.STRUCTEND)

    def string(self, part: Part, key: str, name: str | None = None) -> None:
        """Writes a text, if the recipe has it."""
        if part.has(key):
            self.item(Code.STRING, part.text(key), name, part.where(key))

    def array(self, code: Code, values: list[Any], path: str) -> None:
        """An array of items."""
        self.item(Code.ARRAY, len(values), None, path)
        for value in values:
            self.item(code, value, None, path)
        self.item(Code.ARRAYEND)

    def profile(self, part: Part) -> None:
        """Writes all items of a profile."""
        if part.has("version"):
            self.number(part, "version", "version")
        self.string(part, "namespace", "namespace")
        self.item(Code.STRUCT, None, "profile")
        self.item(Code.STRING, part.text("name"), None, part.where("name"))
        self.string(part, "rename", "rename")
        self.string(part, "attach", "attach")
        if part.has("xmatch"):
            inner = part.mapping("xmatch")
            self.dfa(inner)
            self.number(inner, "length")
            inner.done()
        self.string(part, "disconnected", "disconnected")
        self.item(Code.STRUCT, None, "flags")
        self.item(Code.U32, part.names("flags", ProfileFlag, _U32, default=[]))
        self.item(Code.U32, part.name("mode", Mode, _U32, default="enforce"))
        self.number(part, "audit", default=0)
        self.item(Code.STRUCTEND)
        if part.has("path_flags"):
            self.number(part, "path_flags", "path_flags")
        self.numbers(part, "capabilities", 4)
        self.struct("caps64", part, "caps64", 4)
        self.struct("capsx", part, "capsx", 2)
        self.optional(part)
        if part.has("policydb"):
            inner = part.mapping("policydb")
            self.item(Code.STRUCT, None, "policydb")
            if inner.has("rules") or inner.has("tables"):
                self.dfa(inner)
            if inner.has("start"):
                self.number(inner, "start", "start")
            self.item(Code.STRUCTEND)
            inner.done()
        if part.has("file"):
            inner = part.mapping("file")
            self.dfa(inner)
            if inner.has("start"):
                self.number(inner, "start", "dfa_start")
            inner.done()
        self.tail(part)
        self.item(Code.STRUCTEND)

    def optional(self, part: Part) -> None:
        """Extended attributes, limits of resources, and marks of packets."""
        if part.has("xattrs"):
            self.item(Code.STRUCT, None, "xattrs")
            self.array(Code.STRING, part.texts("xattrs"), part.where("xattrs"))
            self.item(Code.STRUCTEND)
        if part.has("rlimits"):
            inner = part.mapping("rlimits")
            self.item(Code.STRUCT, None, "rlimits")
            self.number(inner, "mask")
            self.array(Code.U64, inner.integers("limits", _U64), inner.where("limits"))
            self.item(Code.STRUCTEND)
            inner.done()
        if part.has("secmark"):
            marks = list(part.parts("secmark"))
            self.item(Code.STRUCT, None, "secmark")
            self.item(Code.ARRAY, len(marks), None, part.where("secmark"))
            for mark in marks:
                self.item(Code.U8, mark.integer("audit", 0, _U8))
                self.item(Code.U8, mark.integer("deny", 0, _U8))
                self.item(Code.STRING, mark.text("label"), None, mark.where("label"))
                mark.done()
            self.item(Code.ARRAYEND)
            self.item(Code.STRUCTEND)

    def tail(self, part: Part) -> None:
        """Writes the names that `exec` may transition to, and data by key."""
        if part.has("xtable"):
            self.item(Code.STRUCT, None, "xtable")
            self.array(Code.STRING, part.texts("xtable"), part.where("xtable"))
            self.item(Code.STRUCTEND)
        if part.has("data"):
            self.item(Code.STRUCT, None, "data")
            for entry in part.parts("data"):
                self.item(Code.STRING, entry.text("key"), None, entry.where("key"))
                self.item(Code.BLOB, _hex(entry, "hex"))
                entry.done()
            self.item(Code.STRUCTEND)

    def dfa(self, part: Part) -> None:
        """Writes a DFA, aligned from the start of the profile."""
        raw = _dfa(part)
        before = len(self.out) + 4 + len(DFA_NAME) + 5
        self.item(Code.BLOB, bytes(-before % 8) + raw, DFA_NAME)


def _text(text: str, path: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass") + b"\0"
    if len(raw) > _U16:
        raise RecipeError(path, f"a text of {len(raw)} bytes is too long for its length")
    return len(raw).to_bytes(2, "little") + raw


def _hex(part: Part, key: str) -> bytes:
    try:
        return bytes.fromhex(part.text(key))
    except ValueError:
        raise RecipeError(part.where(key), "pairs of hex digits belong here") from None


def _dfa(part: Part) -> bytes:
    """Returns the bytes of a DFA: of `rules`, or of `tables` as they are."""
    flags = part.names("flags", DfaFlag, _U16, default=[])
    if part.has("rules"):
        packed = tables_of(_rule(rule) for rule in part.parts("rules"))
        tables = b"".join(_table(kind, ELEMENT_SIZES[kind], values, "") for kind, values in packed.items())
    else:
        tables = b"".join(_given(table) for table in part.parts("tables"))
    head = DFA_MAGIC + DFA_HEADER.to_bytes(4, "big") + (DFA_HEADER + len(tables)).to_bytes(4, "big")
    return head + flags.to_bytes(2, "big") + b"notflex\0\0\0" + tables


def _rule(part: Part) -> Rule:
    allow = part.names("allow", Permission, _U32, default=[])
    accept = part.integer("accept", 0, _U32, default=allow | allow << _OTHERS)
    path = part.text("path").encode("latin-1", "replace")
    accept2 = part.integer("accept2", 0, _U32, default=0)
    part.done()
    return Rule(path, accept, accept2)


def _given(part: Part) -> bytes:
    kind = part.name("id", TableId, _U16)
    size = part.name("size", ElementSize, _U16, default=_size_of(kind))
    values = part.integers("values", _U32)
    part.done()
    return _table(kind, size, values, part.where("values"))


def _size_of(kind: int) -> int:
    return ELEMENT_SIZES[TableId(kind)] if kind in TableId._value2member_map_ else 4


def _table(kind: int, size: int, values: Iterable[int], path: str) -> bytes:
    listed = list(values)
    try:
        raw = b"".join(value.to_bytes(size, "big") for value in listed)
    except OverflowError:
        raise RecipeError(path, f"a value does not fit into {size} bytes") from None
    head = kind.to_bytes(2, "big") + size.to_bytes(2, "big") + bytes(4) + len(listed).to_bytes(4, "big")
    return head + raw + bytes(-(len(head) + len(raw)) % 8)


def describe(content: PolicyContent) -> Recipe:
    """Returns the recipe of content that was read without faults.

    Raises:
        RecipeError: The content is not a sequence of profiles.
    """
    if content.slips or not content.profiles:
        raise RecipeError("", "the items are not those of profiles")
    return {"profiles": [_profile(profile) for profile in content.profiles]}


def _profile(own: Profile) -> dict[str, Any]:
    recipe: dict[str, Any] = {}
    if own.version is not None:
        recipe["version"] = own.version.value
    if own.namespace is not None:
        recipe["namespace"] = own.namespace.value
    recipe["name"] = own.name.value if own.name is not None else ""
    for key in ("rename", "attach"):
        if getattr(own, key) is not None:
            recipe[key] = getattr(own, key)
    if own.xmatch is not None:
        recipe["xmatch"] = {"length": own.xmatch_length} | _tables(own.xmatch)
    if own.disconnected is not None:
        recipe["disconnected"] = own.disconnected
    if own.flags is not None and own.flags.value:
        recipe["flags"] = _flags(own.flags.value, ProfileFlag)
    if own.mode is not None and own.mode.value:
        recipe["mode"] = _member(own.mode.value, Mode)
    if own.audit:
        recipe["audit"] = own.audit
    if own.path_flags is not None:
        recipe["path_flags"] = own.path_flags
    if any(own.capabilities):
        recipe["capabilities"] = list(own.capabilities)
    for key in ("caps64", "capsx", "xattrs"):
        if getattr(own, key) is not None:
            recipe[key] = list(getattr(own, key))
    if own.rlimits is not None:
        recipe["rlimits"] = {"mask": own.rlimits[0], "limits": [item.value for item in own.rlimits[1]]}
    if own.secmark is not None:
        recipe["secmark"] = [{"audit": a, "deny": d, "label": label} for a, d, label in own.secmark]
    if own.policy:
        recipe["policydb"] = _matching(own.policydb, own.policy_start)
    if own.file is not None:
        recipe["file"] = _matching(own.file, own.file_start)
    if own.xtable is not None:
        recipe["xtable"] = [item.value for item in own.xtable]
    if own.data is not None:
        recipe["data"] = [{"key": key, "hex": value.hex()} for key, value in own.data]
    return recipe


def _matching(dfa: Dfa | None, start: Start) -> dict[str, Any]:
    recipe = {} if dfa is None else _tables(dfa)
    return recipe | ({"start": start.state} if start.source is not None else {})


def _tables(dfa: Dfa) -> dict[str, Any]:
    recipe: dict[str, Any] = {"flags": _flags(dfa.flags, DfaFlag)} if dfa.flags else {}
    recipe["tables"] = [
        {"id": _member(table.id, TableId)}
        | ({"size": table.size} if table.size != _size_of(table.id) else {})
        | {"values": list(table.entries)}
        for table in dfa.tables
    ]
    return recipe


def _flags(value: int, names: type[Any]) -> list[str | int]:
    found: list[str | int] = [str(bit.name).lower() for bit in names if value & bit]
    rest = value & ~sum(int(bit) for bit in names)
    return [*found, rest] if rest else found


def _member(value: int, names: type[Any]) -> str | int:
    return str(names(value).name).lower() if value in names._value2member_map_ else value
