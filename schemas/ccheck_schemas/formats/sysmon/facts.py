"""The facts of a Sysmon driver that rules blobs are compared with."""

from __future__ import annotations

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.formats.sysmon.tables import FIRST_KNOWN_LAYOUT, binary_versions, version_text

VERSIONS = Fact(
    FactKind.SET,
    "sysmon_versions",
    names={version_text(known): known for known in binary_versions() if known >= FIRST_KNOWN_LAYOUT},
    values=range(1 << 32),
)
EVENTS = Fact(FactKind.SET, "sysmon_events", values=range(1 << 32))
"""Event types that can be filtered."""
FIELDS = Fact(FactKind.COUNT, "sysmon_fields", keyed=True)
"""Fields of an event type, by its number."""
OPERATORS = Fact(FactKind.SET, "sysmon_operators", values=range(1 << 32))

FACTS = (VERSIONS, EVENTS, FIELDS, OPERATORS)
