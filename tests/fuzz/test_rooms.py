"""The rooms of the fuzzer: few names on each level, and formats in folders of their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ccheck.formats.registry import FORMATS
from tests.conftest import ROOT

PACKAGE = ROOT / "fuzz" / "ccheck_fuzz"
MOST_NAMES = 12


def test_no_level_has_more_than_a_dozen_names() -> None:
    """Modules and folders, `__init__` and files that are no modules aside."""
    folders = [PACKAGE, *(path.parent for path in PACKAGE.rglob("*/__init__.py"))]
    assert len(folders) > 12
    names = {
        folder.relative_to(ROOT).as_posix(): sorted(
            path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
        )
        for folder in folders
    }
    assert {folder: n for folder, n in names.items() if len(set(n) - {"__init__"}) > MOST_NAMES} == {}


def _named(tree: ast.Module, formats: set[str]) -> Iterator[str]:
    """Formats in the imports and in the whole texts of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from formats & {*(node.module or "").split("."), *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Import):
            yield from formats & {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.Constant) and node.value in formats:
            yield str(node.value)


def test_only_the_folders_of_formats_name_a_format() -> None:
    """The engine of the fuzzer neither imports a format nor has its name."""
    formats = {known.name for known in FORMATS}
    naming: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        if found := set(_named(ast.parse(path.read_bytes()), formats)):
            naming[path.relative_to(PACKAGE).as_posix()] = found
    within = {name: found for name, found in naming.items() if name.startswith("formats/")}
    assert set(within) == {"formats/table.py", "formats/channel/parts.py", "formats/sysmon/parts.py"}
    assert set(naming) == set(within)
