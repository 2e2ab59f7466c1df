"""The format efisig: what ccheck needs to know of it, found through the entry point `ccheck.formats`."""

from ccheck.formats.format import Format

FORMAT = Format(
    "efisig",
    recogniser="efisig.numbers:recognise",
    definition="efisig.schema:SCHEMA",
    rules="efisig.checks:TABLE",
    interpreter="efisig.exercise:run",
    no_fast_path="only formats that ccheck brings along have one",
)
