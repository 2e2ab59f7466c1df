"""Channel files written with struct only: a third reading of docs/formats/channel.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from struct import pack, pack_into, unpack_from
from zlib import crc32

KIND = {
    "wildcard": 1,
    "equals": 2,
    "not_equals": 3,
    "prefix": 4,
    "suffix": 5,
    "contains": 6,
    "regex": 7,
    "integer_range": 8,
    "bit_mask": 9,
    "one_of": 10,
}
TEXT, INTEGER = 1, 2


@dataclass(frozen=True)
class FieldSpec:
    """A field of a template type."""

    name: str
    value_kind: int = TEXT
    max_length: int = 4096


@dataclass(frozen=True)
class TypeSpec:
    """A template type."""

    id: int
    name: str
    fields: Sequence[FieldSpec]
    version: int = 1
    channel: int = 291


@dataclass(frozen=True)
class CriterionSpec:
    """A criterion; `operand` is packed, text or integers; `raw` overrides record members by name."""

    field_index: int
    kind: str
    operand: bytes = b""
    value_kind: int = TEXT
    flags: int = 0
    raw: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class InstanceSpec:
    """An instance; `raw` overrides record members by name."""

    id: int
    criteria: Sequence[CriterionSpec]
    type_id: int = 1
    type_version: int = 1
    action: int = 2
    raw: Mapping[str, int] = field(default_factory=dict)


def text(field_index: int, kind: str, operand: str, *, ignore_case: bool = False) -> CriterionSpec:
    """A criterion over a text field."""
    return CriterionSpec(field_index, kind, operand.encode(), TEXT, int(ignore_case))


def number(field_index: int, kind: str, *numbers: int) -> CriterionSpec:
    """A criterion over an integer field."""
    return CriterionSpec(field_index, kind, pack(f"<{len(numbers)}Q", *numbers), INTEGER)


def wildcard(field_index: int) -> CriterionSpec:
    """A wildcard."""
    return CriterionSpec(field_index, "wildcard", b"", 0)


def with_raw(spec: CriterionSpec, **raw: int) -> CriterionSpec:
    """The criterion with members of its record overridden."""
    return replace(spec, raw=raw)


def seal(data: bytearray) -> bytes:
    """Set total size and checksum."""
    data[0x14:0x18] = pack("<I", len(data))
    data[0x1C:0x20] = pack("<I", crc32(bytes(data[0x20:])))
    return bytes(data)


def _file(
    kind: int, blocks: Sequence[tuple[int, int, bytes]], channel: int = 291, revision: int = 0
) -> bytes:
    data = bytearray(pack("<4sHHIIIIII", b"\xaa" * 4, 1, kind, channel, 0, revision, 0, 0, 0))
    for block_kind, record_size, body in blocks:
        following = (len(data) + 16 + len(body) + 7) & ~7
        data += (
            pack("<IIHHI", following, 8 + len(body), block_kind, record_size, len(body) // record_size) + body
        )
        data += bytes(following - len(data))
    data += bytes(8)
    return seal(data)


class _Pool:
    def __init__(self, base: int) -> None:
        self.base = base
        self.data = bytearray()
        self.known: dict[tuple[bytes, int], int] = {}

    def add(self, item: bytes, alignment: int) -> int:
        key = (item, alignment)
        if key not in self.known:
            self.data += bytes(-(self.base + len(self.data)) % alignment)
            self.known[key] = self.base + len(self.data)
            self.data += item + (b"\0" if alignment == 1 else b"")
        return self.known[key]


def _block_end(at: int, body: int) -> int:
    return (at + 16 + body + 7) & ~7


def definitions(*types: TypeSpec) -> bytes:
    """A definitions file."""
    fields = [item for kind in types for item in kind.fields]
    pool = _Pool(_block_end(_block_end(0x20, 24 * len(types)), 16 * len(fields)) + 16)
    type_table = field_table = b""
    first = 0
    for kind in types:
        name = kind.name.encode()
        type_table += pack(
            "<IHHIIHHI",
            kind.id,
            kind.version,
            len(kind.fields),
            first,
            pool.add(name, 1),
            len(name),
            0,
            kind.channel,
        )
        first += len(kind.fields)
        for item in kind.fields:
            name = item.name.encode()
            allowed = 0x4FE if item.value_kind == TEXT else 0x70E
            field_table += pack(
                "<IHHBBHI", pool.add(name, 1), len(name), item.max_length, item.value_kind, 0, 0, allowed
            )
    return _file(1, [(1, 24, type_table), (2, 16, field_table), (5, 1, bytes(pool.data))])


def instances(*specs: InstanceSpec, revision: int = 0) -> bytes:
    """A file of instances."""
    criteria = [item for spec in specs for item in spec.criteria]
    pool = _Pool(_block_end(_block_end(0x20, 24 * len(specs)), 16 * len(criteria)) + 16)
    instance_table = criterion_table = b""
    first = 0
    for spec in specs:
        members = {
            "id": spec.id,
            "type_id": spec.type_id,
            "type_version": spec.type_version,
            "severity": 3,
            "action": spec.action,
            "first_criterion": first,
            "criterion_count": len(spec.criteria),
        }
        members.update(spec.raw)
        instance_table += pack("<IIHBBIHHI", *members.values(), 0, 0)
        first += len(spec.criteria)
        for item in spec.criteria:
            offset = pool.add(item.operand, 8 if item.value_kind == INTEGER else 1) if item.operand else 0
            record = {
                "field_index": item.field_index,
                "kind": KIND[item.kind],
                "operand_offset": offset,
                "operand_length": len(item.operand),
                "value_kind": item.value_kind,
                "flags": item.flags,
            }
            record.update(item.raw)
            criterion_table += pack("<HHIIHH", *record.values())
    return _file(
        2, [(3, 24, instance_table), (4, 16, criterion_table), (5, 1, bytes(pool.data))], revision=revision
    )


IPC_FIELDS = 21
IPC = TypeSpec(1, "IPC", [FieldSpec(f"field_{index}") for index in range(IPC_FIELDS)])


def ipc_definitions() -> bytes:
    """The definitions of 2024: an IPC template type with 21 fields."""
    return definitions(IPC)


def ipc_instance(number: int, last: CriterionSpec, prefix: str = r"\pipe\srv") -> InstanceSpec:
    """An IPC instance with one criterion per field, and `last` on field 21."""
    first = text(0, "prefix", prefix)
    return InstanceSpec(number, [first, *(wildcard(index) for index in range(1, 20)), last])


def march_file() -> bytes:
    """What shipped in March 2024: field 21 is a wildcard."""
    return instances(ipc_instance(291001, wildcard(20)))


def july_file() -> bytes:
    """The content of 19 July 2024: two more instances, one with a non-wildcard criterion in field 21."""
    return instances(
        ipc_instance(291001, wildcard(20)),
        ipc_instance(291002, text(20, "equals", "local")),
        revision=32,
    )


def poke(data: bytes, layout: str, at: int, *values: int) -> bytes:
    """The file with some members overwritten, and its size and checksum set again."""
    out = bytearray(data)
    pack_into(layout, out, at, *values)
    return seal(out)


def tables(data: bytes) -> dict[int, int]:
    """Where the link of each block lies, by block kind."""
    found: dict[int, int] = {}
    at = 0x20
    while True:
        following, size = unpack_from("<II", data, at)
        if size == 0:
            return found
        found[unpack_from("<H", data, at + 8)[0]] = at
        at = following


def criterion_at(data: bytes, index: int) -> int:
    """Where the record of a criterion lies."""
    return tables(data)[4] + 16 + 16 * index


def instance_at(data: bytes, index: int) -> int:
    """Where the record of an instance lies."""
    return tables(data)[3] + 16 + 24 * index
