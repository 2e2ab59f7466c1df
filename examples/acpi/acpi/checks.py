"""What is wrong in ACPI tables. A check is a function; its docstring is its manual."""

from __future__ import annotations

from collections.abc import Iterator

from acpi.numbers import FADT_SIZES, LEGACY_INTERRUPTS, LOCAL_DISTANCE, MEMORY
from ccheck.check import Check, Diagnostic, RelatedLocation, Subject
from ccheck.formats.checks.general import VERSION, FormatChecks, layout
from ccheck_schemas.record import Record

IO_APIC = 1
OVERRIDE = 2


def body_of(subject: Subject, *signatures: str) -> Record | None:
    """The body of a table of one of these signatures."""
    root = subject.content.root
    body = root.get("body")
    return body if root.get("signature") in signatures and isinstance(body, Record) else None


def controllers(subject: Subject, kind: int) -> Iterator[Record]:
    """The structures of one type in a MADT."""
    body = body_of(subject, "APIC")
    for one in (body.get("entries") if body else None) or ():
        content = one.get("content")
        if one.get("type") == kind and isinstance(content, Record):
            yield content


def acpi_entry_null(subject: Subject) -> Iterator[Diagnostic]:
    """An entry of the root table is the address 0.

    ## What is wrong
    An RSDT or XSDT lists a table at address 0, where none is.

    ## Why is this bad
    Linux passes over the entry, and has passed over the whole XSDT for it and read the RSDT in its place
    (`acpi_tb_check_xsdt`, `acpi_tb_parse_root_table`): which tables it works with depends on its version.

    ## How to fix
    Remove the entry.
    """
    body = body_of(subject, "RSDT", "XSDT")
    for one in (body.get("entries") if body else None) or ():
        if one.get("address") == 0:
            yield Diagnostic(
                "the entry is address 0",
                one.span("address"),
                label="no table",
                why="kernels pass over it, or over all of the XSDT",
                fix="remove the entry",
            )


def acpi_ioapic_address_zero(subject: Subject) -> Iterator[Diagnostic]:
    """An I/O APIC is at address 0.

    ## What is wrong
    The address of an I/O APIC in the MADT is 0.

    ## Why is this bad
    Linux leaves the controller out (`mp_register_ioapic`: "Bogus (zero) I/O APIC address found"), and the interrupts
    that it takes reach nobody.

    ## How to fix
    Give the address of the controller, or remove the structure.
    """
    for one in controllers(subject, IO_APIC):
        if one.get("address") == 0:
            yield Diagnostic(
                f"I/O APIC {one.apic_id} is at address 0",
                one.span("address"),
                label="no controller",
                why="Linux leaves the controller out, and its interrupts reach nobody",
                fix="give its address, or remove it",
            )


def acpi_override_outside(subject: Subject) -> Iterator[Diagnostic]:
    """An interrupt override names an interrupt that the ISA bus has not.

    ## What is wrong
    The source of an interrupt source override in the MADT is 16 or more.

    ## Why is this bad
    Linux uses it as an index into a table of 16 (`mp_override_legacy_irq`, `isa_irq_to_gsi`). Until 2017 it did so
    unchecked, so that firmware wrote behind the table.

    ## How to fix
    Name one of the interrupts 0 to 15, or remove the structure.
    """
    for one in controllers(subject, OVERRIDE):
        source = one.get("source")
        if source is not None and source >= LEGACY_INTERRUPTS:
            yield Diagnostic(
                f"the override is of interrupt {source}, the ISA bus has {LEGACY_INTERRUPTS} (0 to 15)",
                one.span("source"),
                label=f"interrupt {source}",
                why="kernels before 2017 write behind a table of 16 interrupts",
                fix="name one of 0 to 15, or remove the override",
            )


def segments(subject: Subject) -> Iterator[Record]:
    """The entries of an MCFG."""
    body = body_of(subject, "MCFG")
    yield from (body.get("segments") if body else None) or ()


def acpi_mcfg_empty(subject: Subject) -> Iterator[Diagnostic]:
    """An MCFG has no entry.

    ## What is wrong
    Nothing follows the header of the table.

    ## Why is this bad
    Linux refuses it (`pci_parse_mcfg`: "MCFG has no entries"), and works without the extended configuration of PCI
    devices.

    ## How to fix
    Give an entry for each segment, or remove the table.
    """
    body = body_of(subject, "MCFG")
    if body is not None and body.get("segments") == []:
        yield Diagnostic(
            "the table has no entry",
            subject.content.root.span("length"),
            label="no room for one",
            why="Linux refuses the table, and works without the extended configuration of PCI devices",
            fix="give an entry for each segment, or remove the table",
        )


def acpi_mcfg_address_zero(subject: Subject) -> Iterator[Diagnostic]:
    """A PCI segment is at address 0.

    ## What is wrong
    The base address of an entry of the MCFG is 0.

    ## Why is this bad
    Linux drops all entries for it (`pci_mmconfig_alloc`, `pci_parse_mcfg`), also those of other segments.

    ## How to fix
    Give the base address, or remove the entry.
    """
    for one in segments(subject):
        if one.get("address") == 0:
            yield Diagnostic(
                f"segment {one.get('segment')} is at address 0",
                one.span("address"),
                label="no memory",
                why="Linux drops all entries of the table for it",
                fix="give the base address, or remove the entry",
            )


def acpi_mcfg_buses_reversed(subject: Subject) -> Iterator[Diagnostic]:
    """The last bus of a PCI segment is below its first.

    ## What is wrong
    An entry of the MCFG ends with a bus that is below the one that it begins with.

    ## Why is this bad
    Linux makes a range of memory of the two that ends before it begins (`pci_mmconfig_alloc`), and no device of the
    segment is reached through it.

    ## How to fix
    Give the buses in order.
    """
    for one in segments(subject):
        first, last = one.get("first_bus"), one.get("last_bus")
        if last is not None and last < first:
            yield Diagnostic(
                f"the segment begins with bus {first} and ends with bus {last}",
                one.span("last_bus"),
                label=f"bus {last}",
                why="the range of memory ends before it begins",
                fix="give the buses in order",
                related=(RelatedLocation.at(one.span("first_bus"), f"bus {first}"),),
            )


def acpi_slit_distance_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """A distance contradicts the diagonal of its matrix.

    ## What is wrong
    The distance of a locality to itself is not 10, or the distance to another one is not more than 10.

    ## Why is this bad
    Linux takes none of the distances (`slit_valid`: "SLIT table looks invalid. Not used."), and places memory as if all
    of it were equally near.

    ## How to fix
    Let each locality have distance 10 to itself, and more to all others.
    """
    body = body_of(subject, "SLIT")
    for number, row in enumerate((body.get("rows") if body else None) or ()):
        for other, distance in enumerate(row.get("distances") or ()):
            if (distance != LOCAL_DISTANCE) if number == other else (distance <= LOCAL_DISTANCE):
                wanted = f"exactly {LOCAL_DISTANCE}" if number == other else f"more than {LOCAL_DISTANCE}"
                yield Diagnostic(
                    f"locality {number} has distance {distance} to {other}: {wanted} belongs there",
                    row.span("distances"),
                    label=f"{distance} to {other}",
                    why="Linux takes none of the distances, and places memory as if all were equally near",
                    fix="give 10 on the diagonal alone, and more elsewhere",
                )
                break


def acpi_hpet_unusable(subject: Subject) -> Iterator[Diagnostic]:
    """An event timer is not in memory, or at address 0.

    ## What is wrong
    The address space of the base address of an HPET is not 0 (memory), or the address is 0.

    ## Why is this bad
    Linux does not use the timer (`acpi_parse_hpet`: "HPET timers must be located in memory").

    ## How to fix
    Correct the base address, or remove the table.
    """
    body = body_of(subject, "HPET")
    base = body.get("base") if body is not None else None
    if base is None or base.get("address") is None:
        return
    if base.space != MEMORY or not base.address:
        wrong = "space" if base.space != MEMORY else "address"
        yield Diagnostic(
            f"the timer is at address {base.address:#x} of space {base.space}, which is "
            + ("no memory" if base.space != MEMORY else "no address"),
            base.span(wrong),
            label=wrong,
            why="Linux does not use the timer",
            fix="give its address in memory, or remove the table",
        )


def acpi_fadt_size_of_revision(subject: Subject) -> Iterator[Diagnostic]:
    """A FADT has another size than its revision has.

    ## What is wrong
    The length is not that of the version of the ACPI specification which the revision names.

    ## Why is this bad
    Linux trusts the length alone (`acpi_tb_create_local_fadt`, `acpi_tb_convert_fadt`), and takes fields that are not
    there for 0: the wide addresses of registers, or the reset register. Others go by the revision, and read on
    behind the table.

    ## How to fix
    Give the revision that has the fields, or all fields of the revision.
    """
    body, root = body_of(subject, "FACP"), subject.content.root
    size = FADT_SIZES.get(root.get("revision") or 0)
    if body is not None and size is not None and root.length != size:
        yield Diagnostic(
            f"the table has {root.length} bytes, revision {root.revision} has {size}",
            root.span("length"),
            label=f"{root.length} bytes",
            why="readers go by the length or by the revision, and see different fields",
            fix="give the revision that has these fields",
            related=(RelatedLocation.at(root.span("revision"), f"revision {root.revision}"),),
        )


def acpi_fadt_addresses_differ(subject: Subject) -> Iterator[Diagnostic]:
    """A FADT has two addresses of one table, and they differ.

    ## What is wrong
    The address of the DSDT or of the FACS in 32 bits is another one than that in 64 bits, and neither is 0.

    ## Why is this bad
    Linux takes the one or the other (`acpi_tb_select_address`: "32/64X address mismatch in FADT"), by its version and
    its settings: it runs another DSDT than firmware means.

    ## How to fix
    Give the same address twice, or 0 for the one in 32 bits.
    """
    body = body_of(subject, "FACP")
    wide = body.get("wide") if body is not None else None
    if body is None or not isinstance(wide, Record):
        return
    for name in ("facs", "dsdt"):
        narrow, long = body.get(name), wide.get(name)
        if narrow and long and narrow != long:
            yield Diagnostic(
                f"the {name.upper()} is at {narrow:#x} and at {long:#x}",
                wide.span(name),
                label=f"{long:#x}",
                why="Linux takes the one or the other, by its version and its settings",
                fix="give the same address twice",
                related=(RelatedLocation.at(body.span(name), f"{narrow:#x}"),),
            )


_WHOLE = (VERSION, *layout("truncated", "count-past-bytes", "size-mismatch"))
CHECKS = tuple(
    Check(function, requires=_WHOLE, schemas=("acpi",))
    for function in (
        acpi_entry_null,
        acpi_ioapic_address_zero,
        acpi_override_outside,
        acpi_mcfg_empty,
        acpi_mcfg_address_zero,
        acpi_mcfg_buses_reversed,
        acpi_slit_distance_wrong,
        acpi_hpet_unusable,
        acpi_fadt_size_of_revision,
        acpi_fadt_addresses_differ,
    )
)
TABLE = FormatChecks(CHECKS)
