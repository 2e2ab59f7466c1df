"""Channel content as people write it (YAML), and its bytes in canonical form; both ways."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from ccheck_schemas.formats.channel.numbers import (
    BLOCK_ORDER,
    HEADER_SIZE,
    MAGIC,
    Action,
    BlockKind,
    CriterionFlag,
    CriterionKind,
    FieldFlag,
    FileFlag,
    InputKind,
    InstanceSeverity,
    Kind,
    KindBit,
    ValueKind,
)
from ccheck_schemas.formats.channel.structure import (
    CRITERION,
    FIELD,
    HEADER,
    TEMPLATE_INSTANCE,
    TEMPLATE_TYPE,
    ChannelContent,
    Criterion,
    Field,
    TemplateInstance,
    TemplateType,
)
from ccheck_schemas.recipe.packing import Packing
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import Recipe, RecipeError

_HEADER = Packing(HEADER)
_PACKINGS = {
    BlockKind.TYPES: Packing(TEMPLATE_TYPE),
    BlockKind.FIELDS: Packing(FIELD),
    BlockKind.INSTANCES: Packing(TEMPLATE_INSTANCE),
    BlockKind.CRITERIA: Packing(CRITERION),
}
_RECORD_SIZES = {kind: packing.size for kind, packing in _PACKINGS.items()} | {BlockKind.POOL: 1}
_U8 = 0xFF
_U16 = 0xFFFF
_U32 = 0xFFFFFFFF
_U64 = 0xFFFFFFFFFFFFFFFF


class _Pool:
    """The string pool: each distinct item once, in the order of first use."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.data = bytearray()
        self.texts: dict[bytes, int] = {}
        self.integers: dict[bytes, int] = {}

    def text(self, raw: bytes) -> int:
        """Returns the offset of a text with its NUL."""
        if raw not in self.texts:
            self.texts[raw] = self.start + len(self.data)
            self.data += raw + b"\0"
        return self.texts[raw]

    def words(self, raw: bytes) -> int:
        """Returns the offset of integers, 8-aligned."""
        if raw not in self.integers:
            self.data += bytes(-(self.start + len(self.data)) % 8)
            self.integers[raw] = self.start + len(self.data)
            self.data += raw
        return self.integers[raw]


def compose(recipe: Recipe) -> bytes:
    """Returns the bytes of a recipe in canonical form.

    Raises:
        RecipeError: The recipe cannot be built. The error names the key.
    """
    top = Part(recipe)
    kind = top.name("kind", Kind, _U16)
    header = {
        "magic": MAGIC,
        "format_version": top.integer("format_version", 0, _U16, default=1),
        "kind": kind,
        "channel": top.integer("channel", 0, _U32),
        "sequence": top.integer("sequence", 0, _U32, default=0),
        "revision": top.integer("revision", 0, _U32, default=0),
        "flags": top.names("flags", FileFlag, _U32, default=[]),
    }
    if kind == Kind.DEFINITIONS:
        outer, inner = list(top.parts("types")), "fields"
    elif kind == Kind.INSTANCES:
        outer, inner = list(top.parts("instances")), "criteria"
    else:
        raise RecipeError("kind", f"{kind} is neither definitions nor instances")
    top.done()
    first, second, pool_kind = BLOCK_ORDER[Kind(kind)]
    inners = [list(part.parts(inner)) for part in outer]
    rows = sum(map(len, inners))
    pool_link = HEADER_SIZE + _block_size(first, len(outer)) + _block_size(second, rows)
    pool = _Pool(pool_link + 16)
    records: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for part, parts in zip(outer, inners, strict=True):
        make, make_inner = (_type, _field) if kind == Kind.DEFINITIONS else (_one_instance, _one_criterion)
        records.append(make(part, len(members), len(parts), pool))
        part.done()
        for member in parts:
            members.append(make_inner(member, pool))
            member.done()
    blocks = []
    at = HEADER_SIZE
    for block_kind, elements in ((first, records), (second, members), (pool_kind, bytes(pool.data))):
        following = at + _block_size(block_kind, len(elements))
        size = 8 + _RECORD_SIZES[block_kind] * len(elements)
        body = {
            "kind": block_kind,
            "record_size": _RECORD_SIZES[block_kind],
            "count": len(elements),
            "records": elements,
        }
        blocks.append({"next_offset": following, "size": size, "body": body})
        at = following
    blocks.append({"next_offset": 0, "size": 0, "body": None})
    return _write(header, blocks, total_size=at + 8)


def _write(header: dict[str, Any], blocks: list[dict[str, Any]], total_size: int) -> bytes:
    """Packs the tables by the layout of the schema's records, without its conditions."""
    out = bytearray()
    for number, block in enumerate(blocks):
        out += struct.pack("<II", block["next_offset"], block["size"])
        body = block["body"]
        if body is None:
            continue
        out += struct.pack("<HHI", body["kind"], body["record_size"], body["count"])
        if isinstance(body["records"], bytes):
            out += body["records"]
        else:
            packing = _PACKINGS[BlockKind(body["kind"])]
            for row in body["records"]:
                out += packing.pack(row)
        out += bytes(-len(out) % 8)
        assert HEADER_SIZE + len(out) == block["next_offset"], number  # noqa: S101 - the arithmetic above and this loop must agree
    return _HEADER.pack({**header, "total_size": total_size, "checksum": zlib.crc32(out)}) + bytes(out)


def _block_size(kind: BlockKind, count: int) -> int:
    """Returns the bytes from the link of a block to the link of the next."""
    return 16 + (_RECORD_SIZES[kind] * count + 7 & ~7)


def _utf8(part: Part, key: str) -> bytes:
    r"""Returns text as bytes.

    ``\xNN`` escapes of YAML give code points; a lone surrogate cannot be written.
    """
    try:
        return part.text(key).encode()
    except UnicodeEncodeError as bad:
        raise RecipeError(part.where(key), f"not UTF-8: {bad.reason}") from None


def _type(part: Part, first: int, count: int, pool: _Pool) -> dict[str, Any]:
    name = _utf8(part, "name")
    return {
        "id": part.integer("id", 0, _U32),
        "version": part.integer("version", 0, _U16, default=1),
        "field_count": count,
        "first_field": first,
        "name_offset": pool.text(name),
        "name_length": len(name),
        "reserved": 0,
        "channel": part.integer("channel", 0, _U32),
    }


def _field(part: Part, pool: _Pool) -> dict[str, Any]:
    name = _utf8(part, "name")
    value_kind = part.name("value", InputKind, _U8)
    return {
        "name_offset": pool.text(name),
        "name_length": len(name),
        "max_length": part.integer("max_length", 0, _U16),
        "value_kind": value_kind,
        "flags": part.names("flags", FieldFlag, _U8, default=[]),
        "reserved": 0,
        "allowed_kinds": part.names("allows", KindBit, _U32),
    }


def _one_instance(part: Part, first: int, count: int, pool: _Pool) -> dict[str, Any]:
    return {
        "id": part.integer("id", 0, _U32),
        "type_id": part.integer("type", 0, _U32),
        "type_version": part.integer("type_version", 0, _U16, default=1),
        "severity": part.name("severity", InstanceSeverity, _U8),
        "action": part.name("action", Action, _U8),
        "first_criterion": first,
        "criterion_count": count,
        "reserved_18": 0,
        "reserved_20": 0,
    }


def _one_criterion(part: Part, pool: _Pool) -> dict[str, Any]:
    kind = part.name("kind", CriterionKind, _U16)
    flags = part.names("flags", CriterionFlag, _U16, default=[])
    offset, length, value_kind = 0, 0, ValueKind.NONE
    words: list[int] | None = None
    if part.has("text"):
        raw, value_kind = _utf8(part, "text"), ValueKind.TEXT
        offset, length = pool.text(raw), len(raw)
    elif part.has("texts"):
        raw, value_kind = "\0".join(part.texts("texts")).encode(), ValueKind.TEXT
        offset, length = pool.text(raw), len(raw)
    elif part.has("integer"):
        words = [part.integer("integer", 0, _U64)]
    elif part.has("integers"):
        words = part.integers("integers", _U64)
    elif part.has("low"):
        words = [part.integer("low", 0, _U64), part.integer("high", 0, _U64)]
    elif part.has("mask"):
        words = [part.integer("mask", 0, _U64), part.integer("value", 0, _U64)]
    elif kind != CriterionKind.WILDCARD:
        raise RecipeError(
            part.path,
            "an operand is missing: text, texts, integer, integers, low and high, or mask and value",
        )
    if words is not None:
        raw, value_kind = struct.pack(f"<{len(words)}Q", *words), ValueKind.INTEGER
        offset, length = pool.words(raw), len(raw)
    return {
        "field_index": part.integer("field", 0, _U16),
        "kind": kind,
        "operand_offset": offset,
        "operand_length": length,
        "value_kind": value_kind,
        "flags": flags,
    }


def describe(content: ChannelContent) -> Recipe:
    """Returns the recipe of content that was read completely; `compose` of it gives the canonical bytes."""
    header = content.header
    recipe: dict[str, Any] = {
        "kind": _word(Kind, header.kind),
        "channel": header.channel,
        "sequence": header.sequence,
        "revision": header.revision,
    }
    if header.flags:
        recipe["flags"] = _words(FileFlag, header.flags)
    if content.kind == Kind.DEFINITIONS:
        recipe["types"] = [_describe_type(t) for t in content.types]
    else:
        recipe["instances"] = [_describe_instance(i) for i in content.instances]
    return recipe


def _describe_type(type_: TemplateType) -> dict[str, Any]:
    return {
        "id": type_.id,
        "version": type_.version,
        "name": type_.name,
        "channel": type_.channel,
        "fields": [_describe_field(f) for f in type_.fields],
    }


def _describe_field(field: Field) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        "name": field.name,
        "value": _word(InputKind, field.value_kind),
        "max_length": field.max_length,
    }
    if field.flags:
        recipe["flags"] = _words(FieldFlag, field.flags)
    recipe["allows"] = _words(KindBit, field.allowed_kinds)
    return recipe


def _describe_instance(instance: TemplateInstance) -> dict[str, Any]:
    return {
        "id": instance.id,
        "type": instance.type_id,
        "type_version": instance.type_version,
        "severity": _word(InstanceSeverity, instance.severity),
        "action": _word(Action, instance.action),
        "criteria": [_describe_criterion(c) for c in instance.criteria],
    }


def _describe_criterion(criterion: Criterion) -> dict[str, Any]:
    recipe: dict[str, Any] = {"field": criterion.field_index, "kind": _word(CriterionKind, criterion.kind)}
    if criterion.text is not None:
        recipe["text"] = criterion.text
    elif criterion.texts is not None:
        recipe["texts"] = list(criterion.texts)
    elif criterion.words is not None:
        recipe |= _describe_words(criterion.kind, criterion.words)
    if criterion.flags:
        recipe["flags"] = _words(CriterionFlag, criterion.flags)
    return recipe


def _describe_words(kind: int, words: tuple[int, ...]) -> dict[str, Any]:
    if kind == CriterionKind.INTEGER_RANGE and len(words) == 2:
        return {"low": words[0], "high": words[1]}
    if kind == CriterionKind.BIT_MASK and len(words) == 2:
        return {"mask": words[0], "value": words[1]}
    if kind != CriterionKind.ONE_OF and len(words) == 1:
        return {"integer": words[0]}
    return {"integers": list(words)}


def _word(names: type[Any], value: int) -> str | int:
    """Returns the name of a value, or the number if it has none."""
    return str(names(value).name).lower() if value in names._value2member_map_ else value


def _words(names: type[Any], value: int) -> list[str | int]:
    """Returns the names of the bits, and the rest as a number."""
    known = [bit for bit in names if value & bit]
    rest = value & ~sum(int(bit) for bit in known)
    return [str(bit.name).lower() for bit in known] + ([rest] if rest else [])
