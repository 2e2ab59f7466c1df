"""Sysmon rules, as the driver is given them."""

from ccheck.formats.format import Format

FORMAT = Format(
    "sysmon",
    "ccheck_schemas.formats.sysmon.tables:recognise",
    "ccheck_schemas.formats.sysmon.schema:SCHEMA",
    "ccheck.formats.sysmon.checks.table:TABLE",
    "ccheck.formats.sysmon.exercise:run",
    "ccheck.formats.sysmon.session:SysmonSession",
    "ccheck.formats.sysmon.agreement:differ",
    "ccheck.formats.sysmon.evidence:gather",
    contract="ccheck_schemas.formats.sysmon.facts:FACTS",
    runs_by_build=False,
    no_fast_path="its checks need the events, fields and groups of the content; files have few records",
)
