"""The numbers of ACPI tables: signatures, sizes and bounds of the ACPI specification 6.5, 5.2."""

from typing import Final

HEADER: Final = 36
"""Bytes of the header of each table."""
LOCAL_DISTANCE: Final = 10
"""The distance of a locality to itself."""
LEGACY_INTERRUPTS: Final = 16
"""Interrupts of the ISA bus, which an override may name."""
MEMORY: Final = 0
"""The address space of registers that are memory."""

FADT_SIZES: Final = {1: 116, 2: 132, 3: 244, 4: 244, 5: 268, 6: 276}
"""The bytes of a FADT by its revision."""

_KNOWN = (
    "APIC BERT BGRT BOOT CPEP DBG2 DBGP DMAR DRTM DSDT ECDT EINJ ERST FACP FPDT GTDT HEST HMAT HPET IORT "
    "IVRS LPIT MCFG MCHI MPST MSCT NFIT OEM0 OEM1 PCCT PHAT PMTT PPTT PSDT RASF RSDT SBST SDEV SLIC SLIT "
    "SPCR SPMI SRAT SSDT STAO TCPA TPM2 UEFI VIOT WAET WDAT WDRT WPBT WSMT XSDT"
)
SIGNATURES: Final = frozenset(_KNOWN.split())
"""The signatures by which a file is recognised; any other may be read with `--schema`."""


def recognise(data: bytes) -> bool:
    """Whether the bytes look like an ACPI table: a known signature, and at least a header."""
    return len(data) >= HEADER and data[:4].decode("latin-1") in SIGNATURES
