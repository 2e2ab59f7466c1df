"""Wireless regulatory databases."""

from ccheck.formats.format import Format

FORMAT = Format(
    "regdb",
    "ccheck_schemas.formats.regdb.numbers:recognise",
    "ccheck_schemas.formats.regdb.schema:SCHEMA",
    "ccheck.formats.regdb.checks.table:TABLE",
    "ccheck.formats.regdb.exercise:run",
    contract="ccheck_schemas.formats.regdb.facts:FACTS",
    runs_by_build=False,
    no_fast_path="a rule's length decides what it holds; a release is one file of a few kilobytes",
)
