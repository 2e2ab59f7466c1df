"""What the bytes of an ACPI table are. `--schema acpi/schema.py` works by this path."""

from __future__ import annotations

from construct import (
    Array,
    Bytes,
    If,
    Int8ub,
    Int16ul,
    Int32ul,
    Int64ul,
    Struct,
    Switch,
    this,
)

from acpi.checks import CHECKS as CHECKS
from acpi.exercise import run as EXERCISE  # noqa: F401, N812 - how ccheck finds it
from acpi.numbers import HEADER, recognise
from ccheck_schemas.meaning import (
    Bounded,
    ChecksumOver,
    FileSize,
    OpaqueRest,
    Region,
    Slot,
    Text,
    UpToEnd,
)
from ccheck_schemas.schema import Schema

MORE = "it is longer than the version of the specification that is described here"

# struct acpi_generic_address (include/acpi/actbl.h; ACPI 6.5, 5.2.3.2)
REGISTER = Struct(
    "space" / Int8ub,
    "bit_width" / Int8ub,
    "bit_offset" / Int8ub,
    "access" / Int8ub,
    "address" / Int64ul,
)

RSDT = Struct("entries" / UpToEnd(Struct("address" / Int32ul)))
XSDT = Struct("entries" / UpToEnd(Struct("address" / Int64ul)))

# The structures of the MADT (ACPI 6.5, 5.2.12), by their types
LOCAL_APIC = Struct("uid" / Int8ub, "apic_id" / Int8ub, "flags" / Int32ul, "more" / OpaqueRest(MORE))
IO_APIC = Struct(
    "apic_id" / Int8ub,
    "reserved" / Int8ub,
    "address" / Int32ul,
    "first_interrupt" / Int32ul,
    "more" / OpaqueRest(MORE),
)
OVERRIDE = Struct(
    "bus" / Int8ub,
    "source" / Int8ub,
    "interrupt" / Int32ul,
    "flags" / Int16ul,
    "more" / OpaqueRest(MORE),
)
NMI_SOURCE = Struct("flags" / Int16ul, "interrupt" / Int32ul, "more" / OpaqueRest(MORE))
LOCAL_NMI = Struct("uid" / Int8ub, "flags" / Int16ul, "line" / Int8ub, "more" / OpaqueRest(MORE))
LOCAL_ADDRESS = Struct("reserved" / Int16ul, "address" / Int64ul, "more" / OpaqueRest(MORE))
LOCAL_X2APIC = Struct(
    "reserved" / Int16ul,
    "apic_id" / Int32ul,
    "flags" / Int32ul,
    "uid" / Int32ul,
    "more" / OpaqueRest(MORE),
)
X2APIC_NMI = Struct(
    "flags" / Int16ul,
    "uid" / Int32ul,
    "line" / Int8ub,
    "reserved" / Bytes(3),
    "more" / OpaqueRest(MORE),
)
CONTROLLER = Struct(
    "type" / Int8ub,
    "length" / Bounded(Int8ub, 2, 0xFF),
    "content"
    / Region(
        this.length - 2,
        Switch(
            this.type,
            {
                0: LOCAL_APIC,
                1: IO_APIC,
                2: OVERRIDE,
                3: NMI_SOURCE,
                4: LOCAL_NMI,
                5: LOCAL_ADDRESS,
                9: LOCAL_X2APIC,
                10: X2APIC_NMI,
            },
            default=OpaqueRest("interrupt controllers of this type are not described"),
        ),
    ),
)
MADT = Struct("local_address" / Int32ul, "flags" / Int32ul, "entries" / UpToEnd(CONTROLLER))

# struct acpi_mcfg_allocation
SEGMENT = Struct(
    "address" / Int64ul,
    "segment" / Int16ul,
    "first_bus" / Int8ub,
    "last_bus" / Int8ub,
    "reserved" / Int32ul,
)
MCFG = Struct("reserved" / Int64ul, "segments" / UpToEnd(SEGMENT))

# The structures of the SRAT (ACPI 6.5, 5.2.16), by their types
PROCESSOR = Struct(
    "domain_low" / Int8ub,
    "apic_id" / Int8ub,
    "flags" / Int32ul,
    "sapic" / Int8ub,
    "domain_high" / Bytes(3),
    "clock" / Int32ul,
)
MEMORY_RANGE = Struct(
    "domain" / Int32ul,
    "reserved" / Int16ul,
    "base" / Int64ul,
    "size" / Int64ul,
    "reserved_too" / Int32ul,
    "flags" / Int32ul,
    "reserved_last" / Int64ul,
    "more" / OpaqueRest(MORE),
)
X2APIC_PROCESSOR = Struct(
    "reserved" / Int16ul,
    "domain" / Int32ul,
    "apic_id" / Int32ul,
    "flags" / Int32ul,
    "clock" / Int32ul,
    "reserved_too" / Int32ul,
    "more" / OpaqueRest(MORE),
)
AFFINITY = Struct(
    "type" / Int8ub,
    "length" / Bounded(Int8ub, 2, 0xFF),
    "content"
    / Region(
        this.length - 2,
        Switch(
            this.type,
            {0: PROCESSOR, 1: MEMORY_RANGE, 2: X2APIC_PROCESSOR},
            default=OpaqueRest("affinities of this type are not described"),
        ),
    ),
)
SRAT = Struct("one" / Int32ul, "reserved" / Int64ul, "entries" / UpToEnd(AFFINITY))

# A matrix: a row of distances for each locality
SLIT = Struct(
    "localities" / Int64ul,
    "rows" / Array(this.localities, Struct("distances" / Array(this._.localities, Int8ub))),
)

HPET = Struct(
    "block" / Int32ul,
    "base" / REGISTER,
    "number" / Int8ub,
    "minimum_tick" / Int16ul,
    "protection" / Int8ub,
)

# struct acpi_table_fadt: each version of the specification adds fields behind those of the one before
FADT = Struct(
    "facs" / Int32ul,
    "dsdt" / Int32ul,
    "model" / Int8ub,
    "profile" / Int8ub,
    "sci_interrupt" / Int16ul,
    "smi_command" / Int32ul,
    "acpi_enable" / Int8ub,
    "acpi_disable" / Int8ub,
    "s4_bios" / Int8ub,
    "pstate_control" / Int8ub,
    "blocks" / Array(8, Int32ul),
    "lengths" / Array(6, Int8ub),
    "gpe1_base" / Int8ub,
    "cst_control" / Int8ub,
    "latencies" / Array(2, Int16ul),
    "flush" / Array(2, Int16ul),
    "duty" / Array(2, Int8ub),
    "alarms" / Array(3, Int8ub),
    "boot_flags" / Int16ul,
    "reserved" / Int8ub,
    "flags" / Int32ul,
    "reset"
    / If(
        this._.length >= 132,
        Struct("register" / REGISTER, "value" / Int8ub, "arm" / Int16ul, "minor" / Int8ub),
    ),
    "wide"
    / If(
        this._.length >= 244,
        Struct("facs" / Int64ul, "dsdt" / Int64ul, "blocks" / Array(8, REGISTER)),
    ),
    "sleep" / If(this._.length >= 268, Array(2, REGISTER)),
    "hypervisor" / If(this._.length >= 276, Int64ul),
    "more" / OpaqueRest("no field of a FADT ends there"),
)

# struct acpi_table_header, and what follows it
ACPI = Struct(
    "signature" / Text(4, "ascii"),
    "length" / FileSize(Bounded(Int32ul, HEADER, 0xFFFF_FFFF)),
    "revision" / Int8ub,
    "checksum" / ChecksumOver(Int8ub, 0, "zero-sum-8"),
    "oem" / Slot(6, terminator=b"\0", encoding="latin-1"),
    "oem_table" / Slot(8, terminator=b"\0", encoding="latin-1"),
    "oem_revision" / Int32ul,
    "compiler" / Slot(4, terminator=b"\0", encoding="latin-1"),
    "compiler_revision" / Int32ul,
    "body"
    / Switch(
        this.signature,
        {
            "RSDT": RSDT,
            "XSDT": XSDT,
            "APIC": MADT,
            "MCFG": MCFG,
            "SRAT": SRAT,
            "SLIT": SLIT,
            "HPET": HPET,
            "FACP": FADT,
            "DSDT": OpaqueRest("AML is a program"),
            "SSDT": OpaqueRest("AML is a program"),
            "PSDT": OpaqueRest("AML is a program"),
        },
        default=OpaqueRest("tables of this signature are not described"),
    ),
)

SCHEMA = Schema("acpi", "ACPI tables, by which firmware describes a machine", ACPI, recognise=recognise)
