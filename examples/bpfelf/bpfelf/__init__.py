"""The format bpfelf: what ccheck needs to know of it, found through the entry point `ccheck.formats`."""

from ccheck.formats.format import Format

FORMAT = Format(
    "bpfelf",
    recogniser="bpfelf.numbers:recognise",
    definition="bpfelf.schema:SCHEMA",
    rules="bpfelf.checks:TABLE",
    interpreter="bpfelf.exercise:run",
    no_fast_path="only formats that ccheck brings along have one",
)
