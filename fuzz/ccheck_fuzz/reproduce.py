"""A finding's folder run again: what its file breaks now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ccheck.regular_file import read_regular_file, read_regular_text
from ccheck_fuzz.entry import Entry
from ccheck_fuzz.harness import Harness
from ccheck_fuzz.oracles import Broken
from ccheck_fuzz.setup import Setup, ready

UNREADABLE = (OSError, ValueError, TypeError, AttributeError)
"""What `setup_of` and `entry_of` raise for a folder whose files cannot be read, or hold something else."""


def setup_of(folder: Path) -> Setup:
    """The setting that a folder carries, with its paths made whole."""
    setup = Setup.from_json(read_regular_text(folder / "setup.json"))
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
    if events.exists():
        text = read_regular_text(events, errors="surrogateescape")
        lines = tuple(line for line in text.split("\n") if line.strip())
    return Entry(read_regular_file(folder / "file.bin"), lines)


def reproduce(folder: Path) -> tuple[Broken, ...]:
    """All that the file of a finding breaks now."""
    harness = Harness(ready(setup_of(folder)), lambda data, broken: None)
    return harness.broken_by(entry_of(folder).pack())
