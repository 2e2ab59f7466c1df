"""Flattened devicetrees."""

from ccheck.formats.format import Format

FORMAT = Format(
    "devicetree",
    "ccheck_schemas.formats.devicetree.numbers:recognise",
    "ccheck_schemas.formats.devicetree.schema:SCHEMA",
    "ccheck.formats.devicetree.checks.table:TABLE",
    "ccheck.formats.devicetree.exercise:run",
    contract="ccheck_schemas.formats.devicetree.facts:FACTS",
    runs_by_build=False,
    no_fast_path="its tokens have no fixed size, and what a token holds depends on its kind",
)
