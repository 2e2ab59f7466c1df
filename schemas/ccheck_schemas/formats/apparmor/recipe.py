"""The bytes of compiled AppArmor policy that people write as a recipe (YAML), in the order of the parser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ccheck_schemas.formats.apparmor.dfa import Rule, tables_of
from ccheck_schemas.formats.apparmor.numbers import (
    DFA_HEADER,
    DFA_MAGIC,
    DFA_NAME,
    ELEMENT_SIZES,
    FLAGS_IN_ACCEPT2,
    PERMISSION_FIELDS,
    PERMISSIONS_VERSION,
    TAGS_VERSION,
    Code,
    DfaFlag,
    ElementSize,
    Mode,
    Permission,
    ProfileFlag,
    TableId,
    usual_size,
)
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import Recipe, RecipeError

_U8, _U16, _U32, _U64 = 0xFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
_NUMBERS = {Code.U8: 1, Code.U16: 2, Code.U32: 4, Code.U64: 8}
_TAG_HEADER = ("mask", "count", "size", "tags")
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

    def optional_number(self, part: Part, name: str) -> int | None:
        """Writes a 32-bit number with its name, if the recipe has it, and returns it."""
        if not part.has(name):
            return None
        value = part.integer(name, 0, _U32)
        self.item(Code.U32, value, name)
        return value

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
            if self.matcher(inner):
                self.number(inner, "length")
            inner.done()
        self.string(part, "disconnected", "disconnected")
        self.string(part, "disconnected_ipc", "disconnected_ipc")
        self.optional_number(part, "kill")
        self.optional_number(part, "error")
        self.item(Code.STRUCT, None, "flags")
        self.item(Code.U32, part.names("flags", ProfileFlag, _U32, default=[]))
        self.item(Code.U32, part.name("mode", Mode, _U32, default="enforce"))
        self.number(part, "audit", default=0)
        self.item(Code.STRUCTEND)
        self.optional_number(part, "path_flags")
        self.numbers(part, "capabilities", 4)
        self.struct("caps64", part, "caps64", 4)
        self.struct("capsx", part, "capsx", 2)
        self.optional(part)
        if part.has("policydb"):
            inner = part.mapping("policydb")
            self.item(Code.STRUCT, None, "policydb")
            self.matcher(inner)
            self.item(Code.STRUCTEND)
            inner.done()
        if part.has("file"):
            inner = part.mapping("file")
            self.matcher(inner)
            inner.done()
        self.data(part)
        self.item(Code.STRUCTEND)

    def optional(self, part: Part) -> None:
        """Extended attributes, limits of resources, and marks of packets."""
        self.struct_of_texts(part, "xattrs", "xattrs")
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
        if part.has("net_allowed_af"):
            words = part.integers("net_allowed_af", _U16)
            if len(words) % 3:
                raise RecipeError(part.where("net_allowed_af"), "each family has three numbers")
            self.item(Code.ARRAY, len(words) // 3, "net_allowed_af", part.where("net_allowed_af"))
            for word in words:
                self.item(Code.U16, word)
            self.item(Code.ARRAYEND)

    def matcher(self, part: Part) -> bool:
        """Writes a DFA and what belongs to it; returns whether there is a DFA."""
        if part.has("tags"):
            self.tags(part.mapping("tags"))
        if part.has("perms"):
            self.permissions(part.mapping("perms"))
        # Without a table of permissions, accept2 has some of them; with one, flags of states or nothing.
        permsv = self.optional_number(part, "permsv")
        accept2 = not part.has("perms") or (permsv or 0) >= FLAGS_IN_ACCEPT2
        is_matching = part.has("rules") or part.has("tables")
        if not is_matching and not any(map(part.has, ("tags", "perms", "xtable"))):
            raise RecipeError(part.path, "rules or tables belong here")
        if is_matching:
            self.dfa(part, accept2)
            self.optional_number(part, "start")
            self.optional_number(part, "dfa_start")
        self.struct_of_texts(part, "xtable", "xtable")
        return is_matching

    def permissions(self, part: Part) -> None:
        """Writes a table of permissions."""
        self.item(Code.STRUCT, None, "perms")
        self.number(part, "version", "version", default=PERMISSIONS_VERSION)
        entries = list(part.parts("entries"))
        self.item(Code.ARRAY, len(entries), None, part.where("entries"))
        for entry in entries:
            for name in PERMISSION_FIELDS:
                self.number(entry, name, default=0)
            entry.done()
        self.item(Code.ARRAYEND)
        self.item(Code.STRUCTEND)
        part.done()

    def tags(self, part: Part) -> None:
        """Writes tags."""
        self.item(Code.STRUCT, None, "tags")
        self.number(part, "version", "version", default=TAGS_VERSION)
        self.struct_of_texts(part, "texts", "strs")
        headers = list(part.parts("headers"))
        self.item(Code.ARRAY, len(headers), "hdrs", part.where("headers"))
        for header in headers:
            for name in _TAG_HEADER:
                self.number(header, name)
            header.done()
        self.item(Code.ARRAYEND)
        sets = part.integers("sets", _U32)
        self.item(Code.ARRAY, len(sets), "sets", part.where("sets"))
        for number in sets:
            self.item(Code.U32, number)
        self.item(Code.ARRAYEND)
        self.item(Code.STRUCTEND)
        part.done()

    def struct_of_texts(self, part: Part, key: str, name: str) -> None:
        """Writes a struct of texts, if the recipe has it."""
        if part.has(key):
            self.item(Code.STRUCT, None, name)
            self.array(Code.STRING, part.texts(key), part.where(key))
            self.item(Code.STRUCTEND)

    def data(self, part: Part) -> None:
        """Writes data by key."""
        if part.has("data"):
            self.item(Code.STRUCT, None, "data")
            for entry in part.parts("data"):
                self.item(Code.STRING, entry.text("key"), None, entry.where("key"))
                self.item(Code.BLOB, _hex(entry, "hex"))
                entry.done()
            self.item(Code.STRUCTEND)

    def dfa(self, part: Part, accept2: bool) -> None:
        """Writes a DFA, aligned from the start of the profile."""
        raw = _dfa(part, accept2)
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


def _dfa(part: Part, accept2: bool) -> bytes:
    """Returns the bytes of a DFA: of `rules`, with or without accept2, or of `tables` as they are."""
    flags = part.names("flags", DfaFlag, _U16, default=[])
    if part.has("rules"):
        packed = tables_of(_rule(rule) for rule in part.parts("rules"))
        if not accept2:
            del packed[TableId.ACCEPT2]
        tables = b"".join(_table(kind, ELEMENT_SIZES[kind][0], values, "") for kind, values in packed.items())
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
    size = part.name("size", ElementSize, _U16, default=usual_size(kind))
    values = part.integers("values", _U32)
    part.done()
    return _table(kind, size, values, part.where("values"))


def _table(kind: int, size: int, values: Iterable[int], path: str) -> bytes:
    listed = list(values)
    try:
        raw = b"".join(value.to_bytes(size, "big") for value in listed)
    except OverflowError:
        raise RecipeError(path, f"a value does not fit into {size} bytes") from None
    head = kind.to_bytes(2, "big") + size.to_bytes(2, "big") + bytes(4) + len(listed).to_bytes(4, "big")
    return head + raw + bytes(-(len(head) + len(raw)) % 8)
