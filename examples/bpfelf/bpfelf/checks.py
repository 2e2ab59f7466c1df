"""What is wrong in an ELF object with BPF programs. A check is a function; its docstring is its manual."""

from __future__ import annotations

from collections.abc import Iterator

from bpfelf.numbers import (
    CALL,
    CALL_OF_PROGRAM,
    COMPRESSED,
    EXECUTABLE,
    FUNCTION,
    GLOBAL,
    INSTRUCTION,
    LOAD_64,
    LOCAL,
    OF_SECTION,
    PROGRAM,
    RELOCATION,
    SYMBOL,
    UNTYPED,
    WEAK,
    SectionType,
)
from ccheck.check import Check, Diagnostic, RelatedLocation, Subject
from ccheck.formats.checks.general import VERSION, FormatChecks, layout
from ccheck_schemas.record import Record

REFUSED = "libbpf does not open the object, and none of its programs is loaded"


def contents(subject: Subject) -> list[Record]:
    """The sections behind the empty one; none of a file that was not read to its end."""
    return list(subject.content.root.contents[1:]) if subject.content.complete else []


def headers(subject: Subject) -> list[Record]:
    """The headers of all sections."""
    return list(subject.content.tables["sections"])


def symbol_table(subject: Subject) -> Record | None:
    """The only table of symbols; None where there is none."""
    found = [one for one in contents(subject) if one.kind == SectionType.SYMTAB]
    return found[0] if len(found) == 1 else None


def strings(subject: Subject) -> Record | None:
    """The section with the names of symbols; None where the table of symbols names none."""
    table = symbol_table(subject)
    if table is None:
        return None
    link = headers(subject)[table.index].link
    sections = subject.content.root.contents
    return sections[link] if 0 < link < len(sections) and sections[link].kind == SectionType.STRTAB else None


def functions(subject: Subject) -> Iterator[tuple[Record, Record]]:
    """Each symbol of a function in a section with instructions, with that section."""
    table = symbol_table(subject)
    if table is None:
        return
    sections = subject.content.root.contents
    for symbol in table.content:
        if symbol.type == FUNCTION and 0 < symbol.section < len(sections):
            section = sections[symbol.section]
            if section.kind == PROGRAM and section.size:
                yield symbol, section


def relocations(subject: Subject) -> Iterator[tuple[Record, Record]]:
    """Each section with relocations of instructions, with the section of the instructions."""
    for section in contents(subject):
        sections = subject.content.root.contents
        if section.kind == SectionType.REL:
            of = headers(subject)[section.index].info
            if of < len(sections) and headers(subject)[of].flags & EXECUTABLE:
                yield section, sections[of]


def relocated(subject: Subject) -> Iterator[tuple[Record, Record, Record]]:
    """Each relocation of an instruction of a program, with the instruction and the symbol."""
    table = symbol_table(subject)
    if table is None:
        return
    programs = [(section.index, one.value, one.value + one.size) for one, section in functions(subject)]
    for section, of in relocations(subject):
        for one in section.content:
            inside = any(index == of.index and start <= one.at < end for index, start, end in programs)
            if inside and one.at % INSTRUCTION == 0 and one.at < of.size and one.symbol < len(table.content):
                yield one, of.content[one.at // INSTRUCTION], table.content[one.symbol]


def is_extern(symbol: Record) -> bool:
    """Returns whether a symbol is of something outside of the object."""
    return symbol.section == 0 and symbol.type == UNTYPED and symbol.binding in (GLOBAL, WEAK)


def holds_data(section: Record) -> bool:
    """Returns whether the loader makes a map of a section, or finds maps in it."""
    if section.kind == SectionType.NOBITS:
        return bool(section.name == ".bss")
    name = section.name or ""
    return section.kind == SectionType.PROGBITS and (
        name in (".data", ".rodata", ".maps") or name.startswith((".data.", ".rodata."))
    )


def bpfelf_section_compressed(subject: Subject) -> Iterator[Diagnostic]:
    """A section is compressed.

    ## What is wrong
    A section has the flag SHF_COMPRESSED.

    ## Why is this bad
    libbpf reads the bytes as they are, and does not open an object whose names are compressed (`elf_sec_str`).

    ## How to fix
    Link without `--compress-debug-sections`.
    """
    for section in contents(subject):
        header = headers(subject)[section.index]
        if header.flags & COMPRESSED:
            yield Diagnostic(
                f"section {section.index} is said to be compressed",
                header.span("flags"),
                label="SHF_COMPRESSED",
                why=REFUSED,
                fix="write the section as it is",
            )


def bpfelf_extern_without_types(subject: Subject) -> Iterator[Diagnostic]:
    """The object names something outside of it, and has no types.

    ## What is wrong
    A symbol is extern, and there is no section ".BTF".

    ## Why is this bad
    libbpf does not open the object (`bpf_object__collect_externs`: "failed to find BTF for extern").

    ## How to fix
    Compile with `-g`.
    """
    table, names = symbol_table(subject), strings(subject)
    if table is None or names is None or any(section.name == ".BTF" for section in contents(subject)):
        return
    for symbol in table.content:
        if is_extern(symbol) and names.content[symbol.name : symbol.name + 1] not in (b"", b"\0"):
            yield Diagnostic(
                "the symbol is extern, and the object has no types",
                symbol.span("section"),
                label="extern",
                why=REFUSED,
                fix="compile with -g",
            )


def bpfelf_symbols_missing(subject: Subject) -> Iterator[Diagnostic]:
    """The object has no table of symbols, or several.

    ## What is wrong
    There is not exactly one section of type SHT_SYMTAB.

    ## Why is this bad
    Programs are found by their symbols: libbpf does not open the object (`bpf_object__elf_collect`).

    ## How to fix
    Do not strip the object of its symbols: `llvm-strip -g` removes debug information alone.
    """
    tables = [one for one in contents(subject) if one.kind == SectionType.SYMTAB]
    if len(tables) == 1 or not subject.content.complete:
        return
    if tables:
        yield Diagnostic(
            f"there are {len(tables)} tables of symbols",
            headers(subject)[tables[1].index].span("type"),
            label="another",
            why=REFUSED,
            fix="leave one of them",
        )
        return
    yield Diagnostic(
        "there is no table of symbols",
        subject.content.root.span("sections_offset"),
        label="none of these sections",
        why=REFUSED,
        fix="compile the object again, and do not strip its symbols",
    )


def bpfelf_symbol_size_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """The table of symbols states another size than a symbol has.

    ## What is wrong
    sh_entsize of the table of symbols is not 24.

    ## Why is this bad
    libbpf does not open the object, or looks at other symbols than there are: it divides the size of the table by
    the number (`bpf_object__collect_externs`).

    ## How to fix
    Make it 24.
    """
    for section in contents(subject):
        header = headers(subject)[section.index]
        if section.kind == SectionType.SYMTAB and header.entry_size != SYMBOL:
            yield Diagnostic(
                f"a symbol is said to have {header.entry_size} bytes; it has {SYMBOL}",
                header.span("entry_size"),
                label=f"{header.entry_size} bytes",
                why="libbpf divides the size of the table by it",
                fix=f"make it {SYMBOL}",
            )


def bpfelf_strings_missing(subject: Subject) -> Iterator[Diagnostic]:
    """The names of symbols are nowhere.

    ## What is wrong
    sh_link of the table of symbols is the index of no section of type SHT_STRTAB.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__elf_collect`, `elf_sym_str`).

    ## How to fix
    Make it the index of the section with the names.
    """
    table = symbol_table(subject)
    if table is not None and strings(subject) is None:
        header = headers(subject)[table.index]
        yield Diagnostic(
            f"section {header.link} has no names of symbols",
            header.span("link"),
            label=f"section {header.link}",
            why=REFUSED,
            fix="make it the index of the section with the names",
        )


def bpfelf_symbol_name_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A symbol has its name outside of the section with the names, or the name does not end there.

    ## What is wrong
    st_name goes beyond the section, or no NUL follows it there.

    ## Why is this bad
    libbpf does not open an object in which a program has no name (`bpf_object__add_programs`).

    ## How to fix
    Make st_name the offset of a name.
    """
    table, names = symbol_table(subject), strings(subject)
    if table is None or names is None:
        return
    for symbol in table.content:
        if names.content.find(b"\0", symbol.name) < 0:
            yield Diagnostic(
                f"no name ends behind {symbol.name}, the section has {names.size} bytes",
                symbol.span("name"),
                label=f"offset {symbol.name}",
                why=REFUSED,
                fix="make it the offset of a name",
            )


def bpfelf_program_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A program lies outside of its section.

    ## What is wrong
    st_value and st_size of a function are together more than the size of its section.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__add_programs`). Before 2025 it compared the sum alone, which wraps at
    64 bits: then it copies instructions from outside of the section.

    ## How to fix
    Correct the symbol.
    """
    for symbol, section in functions(subject):
        if symbol.value + symbol.size > section.size:
            yield Diagnostic(
                f"the program has bytes {symbol.value} to {symbol.value + symbol.size}, its section {section.size}",
                symbol.span("value"),
                label=f"{symbol.value}",
                why="libbpf refuses it, or copies what lies outside of the section",
                fix="correct value and size of the symbol",
                related=(RelatedLocation.at(symbol.span("size"), f"{symbol.size} bytes"),),
            )


def bpfelf_program_misaligned(subject: Subject) -> Iterator[Diagnostic]:
    """A program does not begin or end between instructions, or has none.

    ## What is wrong
    st_value or st_size of a function is no multiple of 8, or st_size is 0.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__init_prog`).

    ## How to fix
    Correct the symbol.
    """
    for symbol, _ in functions(subject):
        if symbol.value % INSTRUCTION or symbol.size % INSTRUCTION or not symbol.size:
            wrong = "value" if symbol.value % INSTRUCTION else "size"
            yield Diagnostic(
                f"the program has {symbol.size} bytes from {symbol.value} on",
                symbol.span(wrong),
                label=f"{symbol[wrong]}",
                why=REFUSED,
                fix=f"an instruction has {INSTRUCTION} bytes: correct the symbol",
            )


def bpfelf_program_static(subject: Subject) -> Iterator[Diagnostic]:
    """A program is static.

    ## What is wrong
    A function outside of .text has a local symbol.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__add_programs`: "func is static and not supported").

    ## How to fix
    Remove `static` in front of the program, or move a function that others call into .text.
    """
    for symbol, section in functions(subject):
        if symbol.binding == LOCAL and section.name != ".text":
            yield Diagnostic(
                f"a function of {section.name!r} is static",
                symbol.span("info"),
                label="local",
                why=REFUSED,
                fix="remove `static`",
            )


def bpfelf_maps_legacy(subject: Subject) -> Iterator[Diagnostic]:
    """Maps are defined as before libbpf 1.0.

    ## What is wrong
    There is a section "maps".

    ## Why is this bad
    libbpf 1.0 and later do not open the object (`bpf_object__elf_collect`).

    ## How to fix
    Define maps in ".maps", with BTF.
    """
    for section in contents(subject):
        if section.name == "maps":
            yield Diagnostic(
                'there is a section "maps"',
                headers(subject)[section.index].span("name"),
                label="maps",
                why=REFUSED,
                fix='define the maps in ".maps", with BTF',
            )


def bpfelf_license_empty(subject: Subject) -> Iterator[Diagnostic]:
    """The section "license" has no bytes.

    ## What is wrong
    Its size is 0, or it has no bytes in the file (SHT_NOBITS).

    ## Why is this bad
    libbpf does not open the object (`bpf_object__init_license`: "invalid license section").

    ## How to fix
    Give a license, or leave the section away: a program without one may call no function that is for GPL alone.
    """
    for section in contents(subject):
        if section.name == "license" and (not section.size or section.kind == SectionType.NOBITS):
            yield Diagnostic(
                "the license has no bytes in the file",
                headers(subject)[section.index].span("size"),
                label="no bytes",
                why=REFUSED,
                fix="give a license, such as GPL",
            )


def bpfelf_version_size_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """The section "version" is no number of 4 bytes.

    ## What is wrong
    Its size is not 4, or it has no bytes in the file.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__init_kversion`).

    ## How to fix
    Leave the section away: kernels since 5.0 do not ask for it.
    """
    for section in contents(subject):
        if section.name == "version" and (section.size != 4 or section.kind == SectionType.NOBITS):
            yield Diagnostic(
                f"the version has {section.size} bytes; it has 4",
                headers(subject)[section.index].span("size"),
                label=f"{section.size} bytes",
                why=REFUSED,
                fix="remove the section",
            )


def bpfelf_relocation_target_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """Relocations are of no section, or are said to have another size.

    ## What is wrong
    sh_info of a section of type SHT_REL is the index of no section, or sh_entsize is not 16.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__elf_collect`).

    ## How to fix
    Correct the header of the section.
    """
    for section in contents(subject):
        header = headers(subject)[section.index]
        if section.kind != SectionType.REL:
            continue
        if header.info >= len(headers(subject)):
            yield Diagnostic(
                f"the relocations are of section {header.info}, the last one is {len(headers(subject)) - 1}",
                header.span("info"),
                label=f"section {header.info}",
                why=REFUSED,
                fix="make it the index of a section",
            )
        if header.entry_size != RELOCATION:
            yield Diagnostic(
                f"a relocation is said to have {header.entry_size} bytes; it has {RELOCATION}",
                header.span("entry_size"),
                label=f"{header.entry_size} bytes",
                why=REFUSED,
                fix=f"make it {RELOCATION}",
            )


def bpfelf_relocation_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A relocation is of no instruction of its section.

    ## What is wrong
    r_offset is no multiple of 8, or not less than the size of the section with the instructions.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__collect_prog_relos`).

    ## How to fix
    Make it the offset of an instruction.
    """
    for section, of in relocations(subject):
        for one in section.content:
            if one.at % INSTRUCTION or one.at >= of.size:
                yield Diagnostic(
                    f"no instruction of {of.name!r} is at {one.at}, it has {of.size} bytes",
                    one.span("at"),
                    label=f"offset {one.at}",
                    why=REFUSED,
                    fix="make it the offset of an instruction",
                )


def bpfelf_relocation_symbol_missing(subject: Subject) -> Iterator[Diagnostic]:
    """A relocation names a symbol that there is not.

    ## What is wrong
    The upper half of r_info is not less than the number of symbols.

    ## Why is this bad
    libbpf does not open the object (`bpf_object__collect_prog_relos`: "symbol not found").

    ## How to fix
    Make it the index of a symbol.
    """
    table = symbol_table(subject)
    if table is None:
        return
    for section, _ in relocations(subject):
        for one in section.content:
            if one.symbol >= len(table.content):
                yield Diagnostic(
                    f"there is no symbol {one.symbol}, the last one is {len(table.content) - 1}",
                    one.span("info"),
                    label=f"symbol {one.symbol}",
                    why=REFUSED,
                    fix="make it the index of a symbol",
                )


def bpfelf_relocation_instruction_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """A relocation is of an instruction that has no place for an address.

    ## What is wrong
    The instruction of a program is neither a call nor a load of 64 bits.

    ## Why is this bad
    libbpf does not open the object (`bpf_program__record_reloc`: "invalid relo for insns").

    ## How to fix
    Correct the offset of the relocation.
    """
    for one, instruction, _ in relocated(subject):
        if instruction.code not in (CALL, LOAD_64):
            yield Diagnostic(
                f"the instruction at {one.at} has the code {instruction.code:#04x}",
                one.span("at"),
                label=f"offset {one.at}",
                why=REFUSED,
                fix="make it the offset of a call, or of a load of 64 bits",
            )


def bpfelf_relocation_symbol_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """A relocation names a symbol that its instruction cannot use.

    ## What is wrong
    A call names no function of .text, or a load neither data, nor a map, nor a function of .text.

    ## Why is this bad
    libbpf does not open the object (`bpf_program__record_reloc`: "bad call relo", "bad map relo").

    ## How to fix
    Call functions of .text alone, as `__noinline` functions without a section are, and keep data in .data, .rodata,
    .bss or .maps.
    """
    sections = subject.content.root.get("contents") or ()
    for one, instruction, symbol in relocated(subject):
        if is_extern(symbol) or instruction.code not in (CALL, LOAD_64):
            continue
        section = sections[symbol.section] if 0 < symbol.section < len(sections) else None
        in_text = section is not None and section.kind == PROGRAM and section.name == ".text" and section.size
        if instruction.code == CALL:
            right = in_text and instruction.registers >> 4 == CALL_OF_PROGRAM
        else:
            named = (symbol.binding, symbol.type) in ((LOCAL, OF_SECTION), (GLOBAL, FUNCTION))
            right = (section is not None and holds_data(section)) or (
                in_text and named and instruction.value % INSTRUCTION == 0
            )
        if not right or (in_text and symbol.value % INSTRUCTION):
            what = "call" if instruction.code == CALL else "load"
            yield Diagnostic(
                f"the {what} at {one.at} names symbol {one.symbol}, which it cannot use",
                one.span("info"),
                label=f"symbol {one.symbol}",
                why=REFUSED,
                fix="name a function of .text, or data",
                related=(RelatedLocation.at(symbol.span("section"), f"in section {symbol.section}"),),
            )


_WHOLE = (VERSION, *layout("truncated", "count-past-bytes"))
CHECKS = tuple(
    Check(function, requires=_WHOLE, schemas=("bpfelf",))
    for function in (
        bpfelf_section_compressed,
        bpfelf_symbols_missing,
        bpfelf_symbol_size_wrong,
        bpfelf_strings_missing,
        bpfelf_symbol_name_outside,
        bpfelf_extern_without_types,
        bpfelf_program_outside,
        bpfelf_program_misaligned,
        bpfelf_program_static,
        bpfelf_maps_legacy,
        bpfelf_license_empty,
        bpfelf_version_size_wrong,
        bpfelf_relocation_target_wrong,
        bpfelf_relocation_outside,
        bpfelf_relocation_symbol_missing,
        bpfelf_relocation_instruction_wrong,
        bpfelf_relocation_symbol_wrong,
    )
)
TABLE = FormatChecks(CHECKS)
