"""The format acpi: what ccheck needs to know of it, found through the entry point `ccheck.formats`."""

from ccheck.formats.format import Format

FORMAT = Format(
    "acpi",
    recogniser="acpi.numbers:recognise",
    definition="acpi.schema:SCHEMA",
    rules="acpi.checks:TABLE",
    interpreter="acpi.exercise:run",
    no_fast_path="only formats that ccheck brings along have one",
)
