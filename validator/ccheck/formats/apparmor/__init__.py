"""Compiled AppArmor policy."""

from ccheck.formats.format import Format

FORMAT = Format(
    "apparmor",
    "ccheck_schemas.formats.apparmor.numbers:recognise",
    "ccheck_schemas.formats.apparmor.schema:SCHEMA",
    "ccheck.formats.apparmor.checks.table:TABLE",
    "ccheck.formats.apparmor.exercise:run",
    contract="ccheck_schemas.formats.apparmor.facts:FACTS",
    relatives="ccheck_schemas.formats.apparmor.numbers:not_judged",
    no_fast_path="its items have no fixed size, and what an item holds depends on its kind and name",
)
