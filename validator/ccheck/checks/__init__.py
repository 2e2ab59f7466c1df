"""The table of all checks, in the order in which they are made.

Listed by hand: a registry that is filled by importing can be empty, and an empty registry accepts every file.
"""

from __future__ import annotations

from ccheck.check import Check
from ccheck.checks import bounds, canonical, channel_table, sysmon_table
from ccheck.checks.general import CHECKSUM, FILE, LAYOUT, VERSION, layout
from ccheck.finding import Severity

FORMATS = (
    channel_table.TABLE,
    sysmon_table.TABLE,
)
"""The checks of each format, one line for each."""

_PLACING = layout(
    "size-mismatch", "offset-outside-region", "offset-misaligned", "text-not-terminated", "unknown-enum-value"
)
_UNUSED = Check(
    bounds.pool_text_unused,
    severity=Severity.WARNING,
    requires=(VERSION, *_PLACING, *(check for table in FORMATS for check in table.placing)),
)
_CANONICAL = Check(
    canonical.not_canonical,
    requires=(*LAYOUT, CHECKSUM, _UNUSED, *(check for table in FORMATS for check in table.whole)),
)

CHECKS: tuple[Check, ...] = (
    *FILE,
    *LAYOUT,
    CHECKSUM,
    *(check for table in FORMATS for check in table.checks),
    _UNUSED,
    _CANONICAL,
)
"""All checks. Each stands behind the checks that it requires."""
