"""Names changed since the record was written: judgements are compared by their old names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("renames.toml")


@dataclass(frozen=True, slots=True)
class Renames:
    """Old names by new ones."""

    checks: Mapping[str, str]
    fields: Mapping[str, str]
    faults: Mapping[str, str]

    def check(self, name: str) -> str:
        """Returns the old id of a check."""
        return self.checks.get(name, name)

    def fault(self, name: str) -> str:
        """Returns the old name of a fault."""
        return self.faults.get(name, name)

    def field(self, path: str) -> str:
        """Returns a field's path with the old name of each field on it."""
        return re.sub(r"\w+", lambda word: self.fields.get(word[0], word[0]), path)


def load(path: Path = FILE) -> Renames:
    """Reads `renames.toml`, which says `old = "new"`.

    Raises:
        ValueError: It has a table of another name, or two old names became one.
    """
    tables: Mapping[str, Mapping[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    if unknown := sorted(set(tables) - {"checks", "fields", "faults"}):
        raise ValueError(f"{path.name}: there is no table {unknown[0]!r}")
    turned: dict[str, dict[str, str]] = {}
    for kind, names in tables.items():
        turned[kind] = {new: old for old, new in names.items()}
        if len(turned[kind]) != len(names):
            raise ValueError(f"{path.name}: two names in {kind!r} became one")
    return Renames(turned.get("checks", {}), turned.get("fields", {}), turned.get("faults", {}))


RENAMES = load()
