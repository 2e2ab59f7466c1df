"""What the bytes of an ELF object with BPF programs are. `--schema bpfelf/schema.py` works by this path."""

from __future__ import annotations

from construct import (
    Array,
    Bytes,
    Computed,
    Const,
    If,
    Index,
    Int8ul,
    Int16sl,
    Int16ul,
    Int32sl,
    Int32ul,
    Int64ul,
    Struct,
    Switch,
    len_,
    this,
)

from bpfelf.checks import CHECKS as CHECKS
from bpfelf.exercise import run as EXERCISE  # noqa: F401, N812 - how ccheck finds it
from bpfelf.numbers import (
    EXECUTABLE,
    MAGIC,
    MOST_SECTIONS,
    PROGRAM,
    FileType,
    Machine,
    SectionType,
    recognise,
)
from ccheck_schemas.meaning import (
    Bounded,
    Delimited,
    IndexInto,
    OffsetInto,
    OpaqueGaps,
    OpaqueRest,
    ReadAt,
    RecordSize,
    Rest,
    StrictEnum,
    Substream,
    Table,
    UpToEnd,
    choose,
    element,
)
from ccheck_schemas.schema import Schema

# Elf64_Shdr
SECTION = Struct(
    "name" / Int32ul,
    "type" / StrictEnum(Int32ul, SectionType),
    "flags" / Int64ul,
    "address" / Int64ul,
    "file_offset" / Int64ul,
    "size" / Int64ul,
    "link" / Int32ul,
    "info" / Int32ul,
    "align" / Int64ul,
    "entry_size" / Int64ul,
)

# Elf64_Sym
SYMBOL = Struct(
    "name" / Int32ul,
    "info" / Int8ul,
    "type" / Computed(this.info & 0xF),
    "binding" / Computed(this.info >> 4),
    "other" / Int8ul,
    "section" / Int16ul,
    "value" / Int64ul,
    "size" / Int64ul,
)

# Elf64_Rel
RELOCATION = Struct(
    "at" / Int64ul,
    "info" / Int64ul,
    "symbol" / Computed(this.info >> 32),
)

# struct bpf_insn
INSTRUCTION = Struct(
    "code" / Int8ul,
    "registers" / Int8ul,
    "jump" / Int16sl,
    "value" / Int32sl,
)

HEADER = element(this._.sections, this.index)
NAMES = element(this.sections, this.names_section)

# A section: its name lies in another section, and its bytes wherever its header says.
CONTENT = Struct(
    "index" / Index,
    "type" / Computed(HEADER.type),
    "executable" / Computed((HEADER.type == SectionType.PROGBITS) & ((HEADER.flags & EXECUTABLE) != 0)),
    "kind" / Computed(choose(this.executable, PROGRAM, this.type)),
    "name_at" / Computed(HEADER.name),
    "name" / ReadAt(this.name_at, Delimited(b"\0", encoding="utf-8"), inside=this._.names),
    "start" / Computed(HEADER.file_offset),
    "size" / Computed(HEADER.size),
    "content"
    / If(
        (this.type != SectionType.NULL) & (this.type != SectionType.NOBITS),
        ReadAt(
            this.start,
            Substream(
                this.size,
                Switch(
                    this.kind,
                    {
                        PROGRAM: UpToEnd(INSTRUCTION),
                        SectionType.SYMTAB: UpToEnd(SYMBOL),
                        SectionType.STRTAB: Rest(),
                        SectionType.REL: UpToEnd(RELOCATION),
                    },
                    default=OpaqueRest("data, types and debug information, whose formats are their own"),
                ),
            ),
        ),
    ),
)

# Elf64_Ehdr
BPFELF = Struct(
    "magic" / Const(MAGIC),
    "ident" / Bytes(9),
    "type" / StrictEnum(Int16ul, FileType),
    "machine" / StrictEnum(Int16ul, Machine),
    "version" / Bounded(Int32ul, 1, 1),
    "entry" / Int64ul,
    "program_headers_offset" / Int64ul,
    "sections_offset" / OffsetInto(Int64ul, of="sections", align=8),
    "flags" / Int32ul,
    "header_size" / Int16ul,
    "program_header_size" / Int16ul,
    "program_header_count" / Int16ul,
    "section_size" / RecordSize(Int16ul, of="sections"),
    "section_count" / Int16ul,
    "names_section" / IndexInto(Int16ul, "sections"),
    "sections"
    / ReadAt(this.sections_offset, Table("sections", this.section_count, SECTION, low=2, high=MOST_SECTIONS)),
    "names" / ReadAt(NAMES.file_offset, Substream(NAMES.size, Struct("all" / Rest()))),
    "contents" / Array(len_(this.sections), CONTENT),
)

SCHEMA = Schema(
    "bpfelf",
    "ELF objects with BPF programs, as libbpf loads them",
    BPFELF,
    recognise=recognise,
    gaps=OpaqueGaps("nothing reads what lies between sections"),
)
