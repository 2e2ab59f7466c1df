"""The format cbpf: what ccheck needs to know of it, found through the entry point `ccheck.formats`."""

from ccheck.formats.format import Format

FORMAT = Format(
    "cbpf",
    recogniser="cbpf.numbers:recognise",
    definition="cbpf.schema:SCHEMA",
    rules="cbpf.checks:TABLE",
    interpreter="cbpf.exercise:run",
    no_fast_path="only formats that ccheck brings along have one",
)
