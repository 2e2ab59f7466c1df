"""The format microcode: what ccheck needs to know of it, found through the entry point `ccheck.formats`."""

from ccheck.formats.format import Format

FORMAT = Format(
    "microcode",
    recogniser="microcode.numbers:recognise",
    definition="microcode.schema:SCHEMA",
    rules="microcode.checks:TABLE_OF_CHECKS",
    interpreter="microcode.exercise:run",
    no_fast_path="only formats that ccheck brings along have one",
)
