"""The facts of a driver build that channel files are compared with."""

from __future__ import annotations

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.formats.channel.numbers import CriterionKind

INPUTS = Fact(FactKind.COUNT, "inputs", keyed=True)
"""Inputs at the call site, by the name of the template type, or by name and version: ``IPC`` or ``IPC@2``."""
FORMAT_VERSIONS = Fact(FactKind.SET, "format_versions", values=range(1 << 16))
CRITERION_KINDS = Fact(
    FactKind.SET,
    "criterion_kinds",
    names={kind.name.lower(): int(kind) for kind in CriterionKind},
    values=range(1 << 16),
)

FACTS = (
    INPUTS,
    FORMAT_VERSIONS,
    CRITERION_KINDS,
    Fact(FactKind.SWITCH, "bounds_check"),
    Fact(FactKind.SWITCH, "input_count_check", default=False),
    Fact(FactKind.SWITCH, "quarantine", default=False),
    Fact(FactKind.SWITCH, "last_known_good", default=False),
    Fact(FactKind.SWITCH, "boot_loop_recovery", default=False),
)
