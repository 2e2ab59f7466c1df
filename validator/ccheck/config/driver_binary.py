"""The facts in a driver's own binary: the records that the macros of `ccheck_contract.h` leave in it.

The bytes are searched for the magic of a record, and not the sections of a file: a binary without section
headers still has its records. The records are content, and are judged by their schema. Whatever is not whole
is an error, and nothing is guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ccheck.core.consumers import Element, Value
from ccheck.core.extras import how_to_install
from ccheck.files.regular_file import TooLarge, read_regular_file
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.driver.record import END, MAGIC, SCHEMA, SIZE, STATED
from ccheck_schemas.read import read
from ccheck_schemas.record import Record

MOST_BYTES = 1 << 30
MOST_RECORDS = 10_000

_KINDS = {
    "count": FactKind.COUNT,
    "limit": FactKind.LIMIT,
    "set": FactKind.SET,
    "switch": FactKind.SWITCH,
}


class DriverError(Exception):
    """A binary that facts cannot be read out of, and why."""


@dataclass(frozen=True, slots=True)
class FactRecord:
    """One record.

    Attributes:
        kind: The kind of fact.
        name: Its name.
        key: Its key; empty for a fact without keys.
        value: What the call site states.
        promised: What the definitions promised when it was compiled.
        build: What the driver's source calls the build; empty if it does not say.
        definitions: The digest of the definitions, in hex, cut short; empty if there were none.
        offset: The offset in the binary.
    """

    kind: FactKind
    name: str
    key: str
    value: int
    promised: int
    build: str
    definitions: str
    offset: int


@dataclass(frozen=True, slots=True)
class Driver:
    """One file of a driver.

    Attributes:
        file: Its base name.
        sha256: The digest of its bytes, in hex.
        platform: One of `PLATFORMS`; empty if its headers name none, or several.
        pointer_bits: 32 or 64; 0 if its headers do not say.
        byte_order: ``little`` or ``big``; empty if its headers do not say.
        records: The records in it; at least one.
    """

    file: str
    sha256: str
    platform: str
    pointer_bits: int
    byte_order: str
    records: tuple[FactRecord, ...]


def read_driver(path: Path) -> Driver:
    """Reads the records and the headers of a binary.

    Raises:
        DriverError: It cannot be read, has no record, or one that is damaged.
    """
    try:
        data = read_regular_file(path, MOST_BYTES)
    except TooLarge as fault:
        raise DriverError(f"{path}: has more than {MOST_BYTES:,} bytes") from fault
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise DriverError(f"{path}: cannot be read: {reason}") from fault
    try:
        records = tuple(_records(data))
        platform, bits, order = _platform(data, path)
    except DriverError as wrong:
        raise DriverError(f"{path}: {wrong}") from wrong
    return Driver(path.name, hashlib.sha256(data).hexdigest(), platform, bits, order, records)


def _records(data: bytes) -> Iterator[FactRecord]:
    count = 0
    at = data.find(MAGIC)
    end = data.find(END)
    while at >= 0:
        if 0 <= end < at:
            break
        end = data.find(END, at + SIZE)
        count += 1
        if count > MOST_RECORDS:
            raise DriverError(f"it has more than {MOST_RECORDS:,} records")
        yield _record(data[at : at + SIZE], at)
        at = data.find(MAGIC, at + 1)
    if end >= 0:
        raise DriverError(f"the record that ends at {end:#x} is damaged: it does not begin as one")
    if not count:
        raise DriverError(
            "it has no record of ccheck_contract.h: no macro is used in it, or its linker dropped the section"
            " .ccheck; nothing is known of its facts"
        )


def _record(raw: bytes, at: int) -> FactRecord:
    reading = read(SCHEMA.layout, raw)
    if reading.counts or not reading.complete:
        names = ", ".join(sorted(reading.counts)) or "truncated"
        raise DriverError(f"the record at {at:#x} is damaged: {names}")
    root = reading.root
    for name in STATED:
        once, again = root.span(name), root.span(f"{name}_again")
        if raw[once.offset : once.end] != raw[again.offset : again.end]:
            raise DriverError(f"the record at {at:#x} is damaged: it states two different texts of {name}")
    texts = {field: _text(root, field, raw, at) for field in ("kind", "fact", "key", "build", "definitions")}
    kind = _KINDS.get(texts["kind"])
    if kind is None:
        raise DriverError(f"the record at {at:#x} is of the unknown kind {texts['kind']!r}")
    if not texts["fact"]:
        raise DriverError(f"the record at {at:#x} names no fact")
    return FactRecord(
        kind,
        texts["fact"],
        texts["key"],
        _number(root, "value", at),
        _number(root, "promised", at),
        texts["build"],
        texts["definitions"],
        at,
    )


def _number(record: Record, field: str, at: int) -> int:
    digits: bytes = record[field]
    if not digits.isdigit():
        raise DriverError(f"the record at {at:#x} is damaged: {field} is no number")
    return int(digits)


def _text(record: Record, field: str, raw: bytes, at: int) -> str:
    span = record.span(field)
    text: str = record[field]
    if raw[span.offset : span.end].strip(b"\0") != text.encode() or len(text) >= span.length:
        raise DriverError(f"the record at {at:#x} is damaged: {field} does not end in zeros")
    if not text.isprintable():
        raise DriverError(f"the record at {at:#x} is damaged: {field} is no text")
    return text


def facts_of(drivers: Iterable[Driver]) -> Mapping[tuple[FactKind, str, str], Value]:
    """Returns the facts of one build: of each count and limit the least, of each set all elements.

    Raises:
        DriverError: The records are of several builds, or a switch is on in one and off in another.
    """
    records = [(driver.file, record) for driver in drivers for record in driver.records]
    builds = sorted({record.build for _, record in records if record.build})
    if len(builds) > 1:
        raise DriverError(f"the records are of several builds: {', '.join(builds)}")
    digests = sorted({record.definitions for _, record in records if record.definitions})
    if len(digests) > 1:
        raise DriverError("the records were compiled with several definitions: " + ", ".join(digests))
    facts: dict[tuple[FactKind, str, str], Value] = {}
    elements: dict[tuple[FactKind, str, str], set[Element]] = {}
    for file, record in records:
        place = record.kind, record.name, record.key
        if record.kind is FactKind.SET:
            elements.setdefault(place, set()).add(record.value)
        elif record.kind is FactKind.SWITCH:
            on = bool(record.value)
            if facts.setdefault(place, on) is not on:
                raise DriverError(f"{file}: the switch {record.name} is on in one record and off in another")
        else:
            least = facts.get(place, record.value)
            facts[place] = min(int(least), record.value) if isinstance(least, int) else record.value
    for place, found in elements.items():
        facts[place] = tuple(sorted(found, key=lambda one: (isinstance(one, str), one)))
    return facts


_ELF = {
    "EM_X86_64": "linux-x64",
    "EM_AARCH64": "linux-arm64",
    "EM_ARM": "linux-arm",
    "EM_PPC": "linux-ppc",
    "EM_S390": "linux-s390x",
}
_PE = {0x8664: "windows-x64", 0x14C: "windows-x86", 0xAA64: "windows-arm64"}
_MACH = {0x0100000C: "macos-arm64", 0x01000007: "macos-x64"}


def _platform(data: bytes, path: Path) -> tuple[str, int, str]:
    """Returns platform, pointer bits and byte order, as far as the headers say.

    Raises:
        DriverError: The headers are damaged, or what reads them is not installed.
    """
    try:
        if data[:4] == b"\x7fELF":
            return _of_elf(data)
        if data[:2] == b"MZ":
            return _of_pe(data)
        if data[:4] in (b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"):
            return _of_mach(data, path)
    except ImportError as missing:
        raise DriverError(f"{missing.name} is not installed: {how_to_install('drivers')}") from missing
    return "", 0, ""


def _of_elf(data: bytes) -> tuple[str, int, str]:
    from elftools.elf.elffile import ELFFile

    try:
        file = ELFFile(BytesIO(data))
        machine, bits, little = str(file["e_machine"]), int(file.elfclass), bool(file.little_endian)
        end = file["e_shoff"] + file["e_shnum"] * file["e_shentsize"]
        ends = [end, *(one["p_offset"] + one["p_filesz"] for one in file.iter_segments())]
    except Exception as wrong:
        raise DriverError(f"its ELF header is damaged: {type(wrong).__name__}: {wrong}") from wrong
    _require_whole(data, ends)
    return _ELF.get(machine, ""), bits, "little" if little else "big"


def _require_whole(data: bytes, ends: Iterable[int]) -> None:
    end = max(ends, default=0)
    if end > len(data):
        raise DriverError(f"it is cut short: its headers name {end:,} bytes, and it has {len(data):,}")


def _of_pe(data: bytes) -> tuple[str, int, str]:
    import pefile

    try:
        file = pefile.PE(data=data, fast_load=True)
        machine, magic = int(file.FILE_HEADER.Machine), int(file.OPTIONAL_HEADER.Magic)
        ends = [int(one.PointerToRawData) + int(one.SizeOfRawData) for one in file.sections]
    except Exception as wrong:
        raise DriverError(f"its PE header is damaged: {type(wrong).__name__}: {wrong}") from wrong
    _require_whole(data, ends)
    return _PE.get(machine, ""), 64 if magic == 0x20B else 32, "little"


def _of_mach(data: bytes, path: Path) -> tuple[str, int, str]:
    from macholib.MachO import MachO

    try:
        headers = MachO(str(path)).headers
        slices = {(int(one.header.cputype), one.endian) for one in headers}
        ends = [
            one.offset + int(command.fileoff) + int(command.filesize)
            for one in headers
            for _, command, _ in one.commands
            if hasattr(command, "filesize")
        ]
    except Exception as wrong:
        raise DriverError(f"its Mach-O header is damaged: {type(wrong).__name__}: {wrong}") from wrong
    _require_whole(data, ends)
    if len(slices) != 1:
        return "", 0, ""  # several architectures in one file: the user says which
    ((cpu, endian),) = slices
    return _MACH.get(cpu, ""), 64 if cpu & 0x01000000 else 32, "little" if endian == "<" else "big"
