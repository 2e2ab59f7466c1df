"""Planted faults as data, and how one is put into a copy of the sources."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(__file__).parent / "plants"
FORMATS = ("channel", "sysmon", "regdb", "devicetree", "apparmor")
PACKAGES = (
    "schemas/ccheck_schemas",
    "interpreter/ccheck_interpreter",
    "validator/ccheck",
    "fuzz/ccheck_fuzz",
)


class PlantError(Exception):
    """A plant that is malformed, or does not fit the sources any more."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Text that occurs exactly once in a file, and its replacement.

    Attributes:
        file: The path relative to the root.
    """

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Plant:
    """One seeded bug.

    Attributes:
        oracle: The oracle that should report it; another may be first.
        mirrors: The real bug that it resembles.
    """

    name: str
    format: str
    oracle: str
    mirrors: str
    edits: tuple[Edit, ...]


def plants() -> tuple[Plant, ...]:
    """All seeded bugs, by format.

    Raises:
        PlantError: A description is malformed.
    """
    return tuple(plant for name in FORMATS for plant in _of_file(FOLDER / f"{name}.toml"))


def _of_file(path: Path) -> list[Plant]:
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_plant(table, path.stem) for table in read["plant"]]


def _plant(table: dict[str, Any], format_: str) -> Plant:
    try:
        edits = tuple(Edit(**edit) for edit in table.pop("edits"))
        return Plant(format=format_, edits=edits, **table)
    except (KeyError, TypeError) as wrong:
        raise PlantError(f"{format_}: {table.get('name')}: {wrong}") from wrong


def patched(plant: Plant) -> dict[str, str]:
    """The text of each file that the bug changes, with the bug in it.

    Raises:
        PlantError: The text to replace is not in the file exactly once.
    """
    texts: dict[str, str] = {}
    for edit in plant.edits:
        text = texts.get(edit.file) or (ROOT / edit.file).read_text(encoding="utf-8")
        count = text.count(edit.before)
        if count != 1:
            raise PlantError(f"{plant.name}: its text stands {count} times in {edit.file}, not once")
        texts[edit.file] = text.replace(edit.before, edit.after)
    return texts


def copy_sources(folder: Path, plant: Plant | None) -> None:
    """All packages below `folder`, to be found there by import; with the fault, if one is named."""
    for package in PACKAGES:
        source = ROOT / package
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for file, text in {} if plant is None else patched(plant).items():
        (folder / Path(file).relative_to(Path(file).parts[0])).write_text(text, encoding="utf-8")
