"""The format newformat: what ccheck needs to know of it, found through the entry point `ccheck.formats`."""

from ccheck.formats.format import Format

FORMAT = Format(
    "newformat",
    recogniser="newformat.numbers:recognise",
    definition="newformat.schema:SCHEMA",
    rules="newformat.checks:TABLE",
    interpreter="newformat.exercise:run",  # <interpreter>
    no_fast_path="only formats that ccheck brings along have one",
)
