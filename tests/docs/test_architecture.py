"""ARCHITECTURE.md is true: every place that it names is there, every folder is named, and no level is crowded."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ccheck.formats.registry import FORMATS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
PACKAGES = {
    "ccheck_schemas": ROOT / "schemas" / "ccheck_schemas",
    "ccheck": ROOT / "validator" / "ccheck",
    "ccheck_interpreter": ROOT / "interpreter" / "ccheck_interpreter",
    "ccheck_fuzz": ROOT / "fuzz" / "ccheck_fuzz",
    "ccheck_kaitai": ROOT / "kaitai" / "ccheck_kaitai",
}
NAMES = [known.name for known in FORMATS]
IN_SOME = {"fuzz/ccheck_fuzz/formats/<format>/": ("channel", "sysmon")}
"""Folders that only some formats have."""
MOST = 12
"""Names on one level of folders."""
CROWDED = {
    "validator/ccheck/cli/commands": "one module for each command",
    "validator/ccheck": "twelve floors and the version",
    "schemas/ccheck_schemas": "the floors that are one module",
}
"""Levels with more names, and why."""
OUTSIDE = {
    "interpreter/ccheck_interpreter/__init__.py": "the list of what the package offers",
    "validator/ccheck/formats/registry.py": "the table of formats",
    "fuzz/ccheck_fuzz/formats/table.py": "the table of what formats add to fuzzing",
    "validator/ccheck/config/project.py": "[sysmon] is a table of ccheck.toml",
    "validator/ccheck/config/options.py": "the same",
    "validator/ccheck/release/verdict/verify.py": "the same",
    "validator/ccheck/cli/replay.py": "July 2024 is about one format",
    "validator/ccheck/cli/commands/replay_291.py": "the same",
}
"""Files that name a format although they are in no format's folder, and why."""


def tables() -> dict[str, str]:
    """The rows of the table of each package, by the path in its heading."""
    found = re.findall(r"^\| `([\w/]+)/` \|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)", PAGE, re.MULTILINE)
    return dict(found)


def named() -> list[tuple[str, str]]:
    """Each place in the first column of a table: its package's path, and the place."""
    return [
        (top, place)
        for top, rows in tables().items()
        for row in rows.splitlines()
        for place in re.findall(r"`([^`]+)`", row.split("|")[1])
    ]


def spelt(place: str, top: str = "") -> list[str]:
    """A place with the name of each format in it that has it."""
    names = IN_SOME.get(f"{top}/{place}", NAMES)
    return [place.replace("<format>", name) for name in names] if "<format>" in place else [place]


def test_the_tables_are_read() -> None:
    """There is a table of each package with a floor of its own, and the places are found."""
    assert len(tables()) == 4
    assert len(named()) > 30


@pytest.mark.parametrize(("top", "place"), named())
def test_each_place_is_there(top: str, place: str) -> None:
    """A folder or module that the page names exists, in each format where it names a format."""
    for one in spelt(place, top):
        path = ROOT / top / one.rstrip("/")
        assert path.is_dir() if one.endswith("/") else path.with_suffix(".py").exists(), one


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "ccheck_kaitai"])
def test_each_folder_and_module_is_named(package: str) -> None:
    """What stands on the top level of a package is in its table."""
    top = PACKAGES[package].relative_to(ROOT).as_posix()
    places = {one for where, place in named() if where == top for one in spelt(place, top)}
    known = {place.split("/")[0] for place in places}
    found = {path.stem for path in PACKAGES[package].iterdir() if path.suffix == ".py" or is_package(path)}
    assert found - known == {"__init__"} | ({"__main__", "version"} if package == "ccheck" else set())


def is_package(path: Path) -> bool:
    """Whether a path is a folder of modules."""
    return (path / "__init__.py").exists()


def levels() -> dict[str, list[str]]:
    """The names on each level of the packages."""
    folders = [folder for top in PACKAGES.values() for folder in (top, *top.rglob("*")) if is_package(folder)]
    return {
        folder.relative_to(ROOT).as_posix(): sorted(
            path.name
            for path in folder.iterdir()
            if path.name not in ("__init__.py", "__main__.py", "py.typed", "__pycache__")
        )
        for folder in folders
    }


def test_no_level_is_crowded() -> None:
    """A folder holds at most a dozen names, but for those that say why not."""
    crowded = {folder: len(names) for folder, names in levels().items() if len(names) > MOST}
    new = {folder: count for folder, count in crowded.items() if folder not in CROWDED}
    assert not new, (
        f"more than {MOST} names on one level: {new}. Put some into a folder of their own; or, where they are one of a"
        " kind each, such as one folder for each format, add the level to CROWDED with that reason"
    )
    emptier = sorted(set(CROWDED) - set(crowded))
    assert not emptier, f"take these out of CROWDED, they have room: {emptier}"


@pytest.mark.parametrize("package", ["ccheck", "ccheck_fuzz"])
def test_no_format_knows_another(package: str) -> None:
    """The contract of import-linter lists each format: in `formats/` lies more than formats, so it has no wildcard."""
    folders = {name for name in NAMES if (PACKAGES[package] / "formats" / name).is_dir()}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (listed,) = (
        set(contract["modules"])
        for contract in contracts["contracts"]
        if contract["type"] == "independence" and contract["modules"][0].startswith(f"{package}.formats.")
    )
    lacking = {f"{package}.formats.{name}" for name in folders} - listed
    assert not lacking, (
        f"add to the contract in pyproject.toml that no format knows another: {sorted(lacking)}"
    )


def test_the_page_is_read_in_five_minutes() -> None:
    """It has no more words than a reader of 250 words in a minute reads in that time."""
    words = sum(any(letter.isalnum() for letter in word) for word in PAGE.split())
    assert words <= 5 * 250, f"{words} words: say it in fewer, or link to another page"


def test_a_format_is_named_in_its_folders_alone() -> None:
    """No module outside the folders of a format imports it or names it, but for those that say why."""
    word = re.compile(rf"\b(?:{'|'.join(NAMES)})(?:\.|\b_|_\w|\"|')")
    found = set()
    for top in PACKAGES.values():
        for path in top.rglob("*.py"):
            relative = path.relative_to(ROOT)
            if not set(NAMES) & set(relative.parts) and word.search(path.read_text(encoding="utf-8")):
                found.add(relative.as_posix())
    assert found == set(OUTSIDE)


def test_the_lists_name_what_is_there() -> None:
    """Each path in the lists of files to touch exists."""
    lists = PAGE[PAGE.index("## To add something") : PAGE.index("## What must never be")]
    tops = "schemas|validator|interpreter|fuzz|corpus|docs|tests"
    places = [
        one
        for place in re.findall(rf"(?<=[` ])((?:{tops})/[\w./<>-]*)", lists)
        for one in spelt(place.partition("<check>")[0])
    ]
    assert len(places) > 20
    missing = [place for place in places if not (ROOT / place).exists()]
    assert missing == []
