"""The drivers that ccheck ships as `builtin:sysmon`: one for each public generation, from its own tables.

`python -m ccheck.formats.sysmon.builds` prints the file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ccheck_schemas.formats.sysmon.tables import (
    FIRST_KNOWN_LAYOUT,
    Generation,
    binary_versions,
    generations,
    operators,
    version_text,
)

_HEAD = """\
# The Windows driver of Sysmon: what each public generation reads of a rules blob, by its schema version.
# `ccheck validate FILE --consumers builtin:sysmon` says which of them take a blob; `--target 4.81` is the
# short form for the one of that version.
#
# Every fact is from the manifest of SysmonCommon (MIT licence), and the versions of one major number are
# those that its reader takes. Generations before 4.21 read another layout; of binary versions 10.0, 12.0 and
# 14.1 no table is public. They are not in this file. `python -m ccheck.formats.sysmon.builds` writes it.

format = 2
"""


def builds() -> str:
    """Returns the file of builds."""
    shipped = (one for one in generations() if one.binary >= FIRST_KNOWN_LAYOUT)
    return "\n".join((_HEAD, *("\n".join((*_build(one), "")) for one in shipped)))


def _build(generation: Generation) -> Iterator[str]:
    events = {event.id: event for event in generation.events.values() if event.rule_name is not None}
    same_major = (known for known in binary_versions() if known >> 16 == generation.binary >> 16)
    names = [f'"{version_text(known)}"' for known in same_major]
    yield from (
        "[[consumer]]",
        f'name = "sysmon-{generation.schema}"',
        f'version = "{version_text(generation.binary)}"',
        'platform = "windows-x64"',
        "pointer_bits = 64",
        "supported_from = 1970-01-01  # without a window: it is in the field as long as somebody runs it",
        'formats = ["sysmon"]',
        "",
        "[consumer.sets]",
        f"sysmon_versions = [{', '.join(names)}]",
        f"sysmon_events = {sorted(events)}",
        f"sysmon_operators = {list(range(len(operators(generation.binary))))}",
        "",
        "[consumer.counts.sysmon_fields]",
    )
    yield from (
        f"{event.id} = {len(event.fields)}  # {event.rule_name}" for _, event in sorted(events.items())
    )


if __name__ == "__main__":
    sys.stdout.write(builds())
