"""What libbpf does with an ELF object, on memory in which an access outside its object is a trap.

A second, independent reading, along `bpf_object__elf_init`, `bpf_object__elf_collect`,
`bpf_object__add_programs` and `bpf_object__collect_prog_relos`: it imports neither the schema nor its
numbers, so that a mistake in one of them does not hide in the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final, TypeAlias

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import PLACES, address_space
from ccheck_interpreter.trap import Operation

CHECKING: Final = Profile("linux-checked", {}, platform="linux-x64", bounds_check=True)
"""Compares offset and size of each program with its section, each by itself."""
TRUSTING: Final = Profile("linux-trusting", {}, platform="linux-x64")
"""Compares their sum alone, as libbpf did before 2025: it wraps at 64 bits."""

HEADER: Final = Struct("<7s9xHHIQQQIHHHHHH")
SECTION: Final = Struct("<IIQQQQIIQQ")
SYMBOL: Final = Struct("<IBBHQQ")
RELOCATION: Final = Struct("<QQ")
CODES: Final = Struct("<BBhi")
INSTRUCTION: Final = 8
WRAP: Final = 1 << 64
TYPES: Final = frozenset({0, 1, 2, 3, 8, 9, 0x6FFF4C03})
CODE, SYMBOLS, NAMES, NO_BITS, RELOCATIONS = 1, 2, 3, 8, 9

READ_HEADER: Final = Operation("read-header", "magic")
READ_SECTION: Final = Operation("read-section", "sections[].offset")
READ_NAME: Final = Operation("read-name", "sections[].name")
READ_SYMBOL: Final = Operation("read-symbol", "sections[].size")
READ_PROGRAM: Final = Operation("copy-program", "symbols[].value")
READ_RELOCATION: Final = Operation("read-relocation", "relocations[].offset")


@dataclass(frozen=True, slots=True)
class Section:
    """A section as its header describes it. `at`: the offset of the header."""

    name: str
    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int
    entry: int
    at: int

    @property
    def has_code(self) -> bool:
        """Whether it has instructions."""
        return self.type == CODE and bool(self.flags & 4)


@dataclass(frozen=True, slots=True)
class Program:
    """A function: its section, and its bytes there."""

    section: int
    start: int
    size: int


Symbol: TypeAlias = tuple[int, int, int, int, int]
"""Name, info, section, value and size."""


def run_bpfelf(data: bytes, profile: Profile) -> ReaderOutcome:
    """Open an object. Any bytes give an outcome."""
    return run_reader(profile, lambda: _run(data, profile))


def _run(data: bytes, profile: Profile) -> Answers:
    memory = address_space(profile, 100_000 + 200 * len(data))
    budget = memory.steps
    file = memory.map("object", PLACES[profile.pointer_bits].content, data, file="content")
    sections = list(_sections(memory, file))
    symbols, names = _symbols(memory, file, sections)
    _externs(sections, symbols, names)
    programs = list(_programs(memory, file, sections, symbols, profile))
    for number, section in enumerate(sections):
        if number and section.type == RELOCATIONS:
            _relocate(memory, file, sections, section, symbols, programs)
    return Answers(questions=len(programs), results=(), steps=budget - memory.steps)


def _sections(memory: Memory, file: Region) -> Iterator[Section]:
    """The sections of a file. Raises Refused."""
    if file.size < HEADER.size:
        raise refuse("cut", f"{file.size} bytes are no header", 0)
    found = memory.record(file, file.base, HEADER, READ_HEADER, 0)
    magic, kind, machine, version, _, _, table, _, _, _, _, size, count, named = found
    if magic != b"\x7fELF\2\1\1" or kind != 1 or machine not in (0, 247) or version != 1:
        raise refuse("header", f"type {kind}, machine {machine}, version {version}", 0)
    if size != SECTION.size or table % 8 or not 2 <= count < 0xFF00:
        raise refuse("sections", f"{count} headers of {size} bytes at {table}", 40)
    if table > file.size or file.size - table < count * size:
        raise refuse("sections", f"{count} headers at {table} are not in the file", 40)
    if named >= count:
        raise refuse("names", f"section {named} has the names, there are {count}", 62)
    rows = [
        memory.record(file, file.base + table + i * size, SECTION, READ_SECTION, table + i * size)
        for i in range(count)
    ]
    start, length = rows[named][4:6]
    names = file.data[start : start + length] if _inside(start, length, file.size) else None
    if names is None:
        raise refuse("names", f"the names at {start} are not in the file", table + named * size)
    for i, (name, type_, flags, _, offset, long, link, info, _, entry) in enumerate(rows):
        at = table + i * size
        if type_ not in TYPES:
            raise refuse("type", f"section {i} is of type {type_:#x}", at + 4)
        if type_ not in (0, NO_BITS) and not _inside(offset, long, file.size):
            raise refuse("section", f"{long} bytes at {offset} are not in the file", at + 24)
        if i and flags & 0x800:
            raise refuse("compressed", f"section {i} is said to be compressed", at + 8)
        yield Section(
            _name(memory, bytes(names), name, at), type_, flags, offset, long, link, info, entry, at
        )


def _inside(start: int, size: int, of: int) -> bool:
    return start <= of and size <= of - start


def _name(memory: Memory, names: bytes, at: int, origin: int) -> str:
    """A name in a section of names. Raises Refused."""
    end = names.find(b"\0", at) if at <= len(names) else -1
    if end < 0:
        raise refuse("name", f"no name ends behind {at}", origin)
    memory.charge(1 + (end - at >> 6), READ_NAME, origin)
    try:
        return names[at:end].decode()
    except UnicodeDecodeError:
        raise refuse("name", "the name is no UTF-8", origin) from None


def _symbols(memory: Memory, file: Region, sections: list[Section]) -> tuple[list[Symbol], bytes]:
    """Name, info, section, value and size of each symbol, and the names. Raises Refused."""
    tables = [one for one in sections[1:] if one.type == SYMBOLS]
    if len(tables) != 1:
        raise refuse("symbols", f"{len(tables)} tables of symbols", 40)
    (table,) = tables
    if table.entry != SYMBOL.size or table.size % SYMBOL.size:
        raise refuse("symbols", f"{table.size} bytes of symbols with {table.entry} each", table.at + 56)
    if not 0 < table.link < len(sections) or sections[table.link].type != NAMES:
        raise refuse("symbol-names", f"section {table.link} has no names", table.at + 40)
    strings = sections[table.link]
    names = memory.read_range(file, file.base + strings.offset, strings.size, READ_NAME, strings.at)
    found = []
    for at in range(table.offset, table.offset + table.size, SYMBOL.size):
        name, info, _, section, value, size = memory.record(file, file.base + at, SYMBOL, READ_SYMBOL, at)
        if names.find(b"\0", name) < 0:
            raise refuse("symbol-name", f"no name ends behind {name}", at)
        found.append((name, info, section, value, size))
    return found, names


def _externs(sections: list[Section], symbols: list[Symbol], names: bytes) -> None:
    """Looks for the types of what is outside of the object. Raises Refused."""
    if any(one.name == ".BTF" for one in sections[1:]):
        return
    for name, info, section, _, _ in symbols:
        if section == 0 and info in (0x10, 0x20) and names[name : name + 1] not in (b"", b"\0"):
            raise refuse("extern", "the object has no types", 0)


def _programs(
    memory: Memory,
    file: Region,
    sections: list[Section],
    symbols: list[Symbol],
    profile: Profile,
) -> Iterator[Program]:
    """Copies the programs of all sections, as the loader does. Raises Refused and Trap."""
    for number, section in enumerate(sections):
        if section.name == "maps" and number:
            raise refuse("maps", "maps are defined as before libbpf 1.0", section.at)
        there = 0 if section.type == NO_BITS else section.size
        if section.name == "version" and there != 4 and number:
            raise refuse("version", f"a version of {there} bytes", section.at + 32)
        if section.name == "license" and not there and number:
            raise refuse("license", "the license is empty", section.at + 32)
        if section.type == CODE and section.has_code and section.size % INSTRUCTION and number:
            raise refuse("instructions", f"{section.size} bytes of instructions", section.at + 32)
        if not number or not section.has_code or not section.size:
            continue
        code = memory.part(file, section.name, file.base + section.offset, section.size)
        for _, info, of, start, size in symbols:
            if of != number or info & 15 != 2:
                continue
            outside = not _inside(start, size, section.size)
            if outside if profile.bounds_check else (start + size) % WRAP > section.size:
                raise refuse("program", f"{size} bytes at {start} of {section.size}", section.at)
            if info >> 4 == 0 and section.name != ".text":
                raise refuse("static", f"a function of {section.name!r} is static", section.at)
            if not size or size % INSTRUCTION or start % INSTRUCTION:
                raise refuse("instruction", f"{size} bytes at {start} are no instructions", section.at)
            memory.read_range(code, code.base + start, size, READ_PROGRAM, section.at)
            yield Program(number, start, size)


def _relocate(
    memory: Memory,
    file: Region,
    sections: list[Section],
    section: Section,
    symbols: list[Symbol],
    programs: list[Program],
) -> None:
    """Looks at the relocations of a section. Raises Refused."""
    if section.info >= len(sections) or section.entry != RELOCATION.size or section.size % RELOCATION.size:
        raise refuse("relocations", f"of section {section.info}, {section.entry} bytes each", section.at)
    of = sections[section.info]
    if not of.flags & 4 or not section.info:
        return
    for at in range(section.offset, section.offset + section.size, RELOCATION.size):
        offset, info = memory.record(file, file.base + at, RELOCATION, READ_RELOCATION, at)
        if info >> 32 >= len(symbols):
            raise refuse("relocation-symbol", f"no symbol {info >> 32}", at + 8)
        if offset % INSTRUCTION or offset >= of.size:
            raise refuse("relocation", f"no instruction at {offset}", at)
        if any(
            one.section == section.info and one.start <= offset < one.start + one.size for one in programs
        ):
            code, registers, _, value = memory.record(
                file, file.base + of.offset + offset, CODES, READ_RELOCATION, at
            )
            if not _usable(sections, symbols[info >> 32], code, registers >> 4, value):
                raise refuse("relocation-code", f"the instruction has the code {code:#x}", at)


def _usable(sections: list[Section], symbol: Symbol, code: int, source: int, value: int) -> bool:
    """Whether an instruction can have the address of a symbol."""
    _, info, number, start, _ = symbol
    if code not in (0x85, 0x18):
        return False
    if number == 0 and info in (0x10, 0x20):
        return True
    section = sections[number] if 0 < number < len(sections) else None
    if section is None:
        return False
    if section.has_code and section.size and section.name == ".text":
        by_name = info in (0x03, 0x12) and value % INSTRUCTION == 0
        return start % INSTRUCTION == 0 and (source == 1 if code == 0x85 else by_name)
    if code == 0x85 or section.has_code:
        return False
    if section.type == NO_BITS:
        return section.name == ".bss"
    plain = section.name in (".data", ".rodata", ".maps") or section.name.startswith((".data.", ".rodata."))
    return section.type == CODE and plain
