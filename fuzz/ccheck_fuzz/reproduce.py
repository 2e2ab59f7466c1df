"""A finding's folder run again: what its file breaks now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ccheck_fuzz.entry import Entry
from ccheck_fuzz.harness import Harness
from ccheck_fuzz.oracles import Broken
from ccheck_fuzz.setup import Setup, ready


def setup_of(folder: Path) -> Setup:
    """The setting that a folder carries, with its paths made whole."""
    setup = Setup.from_json((folder / "setup.json").read_text(encoding="utf-8"))
    return replace(
        setup,
        schema=str(folder / setup.schema) if setup.schema.endswith(".py") else setup.schema,
        definitions=tuple(str(folder / name) for name in setup.definitions),
        consumers=None if setup.consumers is None else str(folder / setup.consumers),
    )


def entry_of(folder: Path) -> Entry:
    """The file and its events."""
    events = folder / "events.jsonl"
    lines = None
    if events.is_file():
        text = events.read_text(encoding="utf-8", errors="surrogateescape")
        lines = tuple(line for line in text.split("\n") if line.strip())
    return Entry((folder / "file.bin").read_bytes(), lines)


def reproduce(folder: Path) -> tuple[Broken, ...]:
    """All that the file of a finding breaks now."""
    harness = Harness(ready(setup_of(folder)), lambda data, broken: None)
    return harness.broken_by(entry_of(folder).pack())
