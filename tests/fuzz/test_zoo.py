"""The zoo of planted faults: each still fits the sources, and is a fault of its own."""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from bench.fuzz.zoo.plant import (
    FOLDER,
    PACKAGES,
    ROOT,
    Edit,
    Plant,
    PlantError,
    copy_sources,
    patched,
    plants,
)
from bench.fuzz.zoo.setting import seeds_of, setup_of

from ccheck_fuzz.execution.context import prepare_campaign
from ccheck_fuzz.oracles.table import ORACLES

PLANTS = plants()


def test_enough() -> None:
    """There are at least 25 faults, in at least three formats, and no two have one name."""
    assert len(PLANTS) >= 25
    assert {"channel", "sysmon"} < {plant.format for plant in PLANTS}
    assert max(Counter(plant.name for plant in PLANTS).values()) == 1


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_fits(plant: Plant) -> None:
    """Each edit of a fault fits exactly once, and changes what the module does, not its words alone."""
    for file, text in patched(plant).items():
        before = (ROOT / file).read_text(encoding="utf-8")
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(before))
    assert plant.oracle in {*ORACLES, "ccheck"}
    assert plant.mirrors


def test_does_not_fit() -> None:
    """Text that stands twice, or not at all, is refused by name."""
    file = "interpreter/ccheck_interpreter/channel/loader.py"
    for before, count in (("no such text", 0), ("raise _refuse(", 11)):
        plant = Plant("odd", "channel", "trap", "nothing", (Edit(file, before, ""),))
        found = (ROOT / file).read_text(encoding="utf-8").count(before)
        assert (found > 1) is (count > 1)
        with pytest.raises(PlantError, match=f"odd: its text stands {found} times"):
            patched(plant)


def test_copy(tmp_path: Path) -> None:
    """A copy differs from the sources in the files of the fault, and in nothing else."""
    plant = PLANTS[0]
    copy_sources(tmp_path, plant)
    changed = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            copied = tmp_path / path.relative_to((ROOT / package).parent)
            if copied.read_bytes() != path.read_bytes():
                changed.add(path.relative_to(ROOT).as_posix())
    assert changed == {edit.file for edit in plant.edits}


@pytest.mark.parametrize("name", sorted({plant.format for plant in PLANTS}))
def test_seeds_pass(name: str) -> None:
    """Every seed passes the validator of the hunts."""
    validation = prepare_campaign(setup_of(name)).validation
    seeds = seeds_of(name)
    assert seeds
    for data in seeds:
        assert validation.judged(data, "", "-").verdict == "pass"


def test_table_is_whole() -> None:
    """No key of a table of faults is passed over."""
    for path in sorted(FOLDER.glob("*.toml")):
        if path.stem != "consumers":
            assert set(tomllib.loads(path.read_text(encoding="utf-8"))) == {"plant"}
    assert sum(path.stem != "consumers" for path in FOLDER.glob("*.toml")) == len(
        {plant.format for plant in PLANTS}
    )
