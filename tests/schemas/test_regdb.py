"""Wireless regulatory databases: the genuine releases, what they mean, and the way there and back."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

import ccheck
from ccheck.cli.main import run
from ccheck.cli.recipe_file import dump_yaml
from ccheck.judging.preparation import prepare
from ccheck.release.changes import changes
from ccheck_interpreter.regdb.database import CHECKING, run_regdb
from ccheck_schemas.formats.regdb.recipe import compose, describe
from ccheck_schemas.formats.regdb.schema import SCHEMA
from ccheck_schemas.formats.regdb.structure import RegdbContent
from ccheck_schemas.read import read
from ccheck_schemas.schema import RecipeError
from tests.conftest import ROOT

BASE = ROOT / "corpus" / "regdb" / "base.bin"


def content(data: bytes) -> RegdbContent:
    """The content of a file."""
    found = SCHEMA.assemble(read(SCHEMA.layout, data))
    assert isinstance(found, RegdbContent)
    return found


def test_all_genuine_releases_pass(shared_data: Path) -> None:
    """Five releases of version 20, and one of version 19, have not so much as a warning."""
    validation = prepare(schema="regdb", use_config=False)
    files = [
        *sorted((shared_data / "regdb" / "valid").iterdir()),
        *(shared_data / "regdb" / "v19").glob("2018*"),
    ]
    assert len(files) == 6
    for path in files:
        report = validation.report(str(path))
        assert (report.verdict, report.findings) == ("pass", ()), path.name


def test_the_release_of_2008_fails_with_the_rule_named(shared_data: Path) -> None:
    """The release that lost Japan its domain fails for those two rules alone, and says whose they are."""
    (path,) = (shared_data / "regdb" / "v19").glob("2008*")
    report = prepare(use_config=False).report(str(path))
    assert [(f.check, f.path, f.message) for f in report.findings] == snapshot(
        [
            (
                "regdb-rule-wider-than-band",
                "database.listed.countries[55].collection.rules[1].rule.band.max_bandwidth",
                "channels of 40 MHz are allowed in 2457 to 2482 MHz, which is 25 MHz wide (rule of JP)",
            ),
            (
                "regdb-rule-wider-than-band",
                "database.listed.countries[55].collection.rules[2].rule.band.max_bandwidth",
                "channels of 40 MHz are allowed in 2474 to 2494 MHz, which is 20 MHz wide (rule of JP)",
            ),
        ]
    )


def test_each_genuine_release_is_its_recipe(shared_data: Path) -> None:
    """Every release, good or bad, old or new, comes back byte for byte from what it says."""
    files = sorted((shared_data / "regdb").glob("*/*"))
    assert len(files) == 7
    for path in files:
        data = path.read_bytes()
        assert compose(describe(content(data))) == data


def test_the_content_is_typed() -> None:
    """Countries have their rules, rules their band, power, flags, timeout and windows."""
    held = content(BASE.read_bytes())
    assert [(c.alpha2, c.dfs_region, len(c.rules)) for c in held.countries] == [
        ("00", 0, 2),
        ("DE", 2, 3),
        ("JP", 3, 2),
    ]
    dfs = held.countries[1].rules[2]
    assert (dfs.start, dfs.end, dfs.max_bandwidth, dfs.max_eirp, dfs.flags, dfs.cac_timeout) == (
        5470000, 5725000, 160000, 2699, 4, 60,
    )  # fmt: skip
    assert dfs.wmm is held.countries[1].rules[1].wmm or dfs.wmm == held.countries[1].rules[1].wmm
    assert dfs.wmm is not None
    assert [(w.cw_min, w.cw_max, w.aifsn, w.cot) for w in dfs.wmm.access_point] == [
        (4, 6, 3, 0), (4, 10, 7, 0), (3, 4, 1, 6), (2, 3, 1, 2),
    ]  # fmt: skip
    assert len(held.rules) == 7


def test_a_recipe_is_readable() -> None:
    """The recipe of a database names countries, bands and flags."""
    recipe = describe(content(BASE.read_bytes()))
    assert dump_yaml({"countries": recipe["countries"][2:]}, "regdb") == snapshot(
        """\
schema: regdb
content:
  countries:
  - alpha2: JP
    dfs: jp
    rules:
    - {start: 2402000, end: 2482000, bandwidth: 40000, eirp: 2000}
    - start: 2474000
      end: 2494000
      bandwidth: 20000
      eirp: 2000
      flags: [no_ofdm]
"""
    )


def test_diff_speaks_of_countries_and_bands() -> None:
    """A wider channel in one country is reported in these words."""
    before = describe(content(BASE.read_bytes()))
    after = describe(content(BASE.read_bytes()))
    after["countries"][2]["rules"][0]["bandwidth"] = 80000
    found = [(c.where, c.what) for c in changes(before, after, SCHEMA.identity)]
    assert found == [("country JP, band 2402000 to 2482000 kHz", "40000 → 80000")]


@pytest.mark.parametrize(
    ("recipe", "path"),
    [
        ({"version": 20}, ""),
        (
            {"version": 20, "countries": [{"alpha2": "DEU", "dfs": "etsi", "rules": []}]},
            "countries[0].alpha2",
        ),
        ({"version": 20, "countries": [{"alpha2": "DE", "dfs": "eu", "rules": []}]}, "countries[0].dfs"),
        ({"version": 20, "wmm": [{"client": [], "access_point": []}], "countries": []}, "wmm[0]"),
        ({"version": 19, "powers": [], "bands": [], "rules": [{"band": 0, "power": 0}]}, "rules[0].band"),
    ],
)
def test_a_recipe_that_cannot_be_built_names_the_key(recipe: dict[str, object], path: str) -> None:
    """A recipe with something missing or wrong is refused at its key."""
    with pytest.raises(RecipeError) as refused:
        compose(recipe)
    assert refused.value.path == path


def shuffled(recipe: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same database with all its records in another order, some of them twice."""
    recipe = {**recipe, "countries": rng.sample(recipe["countries"], len(recipe["countries"]))}
    at = 8 + 4 * (len(recipe["countries"]) + 1)
    wanted: list[tuple[object, int]] = [(("wmm", i), 32) for i in range(len(recipe.get("wmm", [])))]
    keys: list[tuple[object, list[object]]] = []
    for country in recipe["countries"]:
        twin = rng.randrange(2)
        rules: list[object] = [(twin, repr(rule)) for rule in country["rules"]]
        keys.append(((rng.randrange(2), country["dfs"], tuple(rules)), rules))
        sizes = [20 if "wmm" in rule or "cac" in rule else 16 for rule in country["rules"]]
        wanted += [*zip(rules, sizes, strict=True), (keys[-1][0], 4 + 2 * len(rules))]
    records = list(dict(wanted).items())
    rng.shuffle(records)
    places: dict[object, int] = {}
    for key, size in records:
        places[key] = at
        at += size + -size % 4
    return recipe | {
        "layout": {
            "wmm": [places["wmm", i] for i in range(len(recipe.get("wmm", [])))],
            "countries": [
                {"collection": places[key], "rules": [places[rule] for rule in rules]} for key, rules in keys
            ],
        }
    }


def answers(data: bytes) -> dict[str, Any]:
    """What a reader that checks everything answers for each country, by its code."""
    found = run_regdb(data, CHECKING, [c.alpha2 or "" for c in content(data).countries])
    return {result["country"]: result for result in found.answers.results}


def test_records_in_any_order_pass(shared_data: Path) -> None:
    """Releases with countries, collections, rules and windows shuffled, some stored twice: pass, and come back."""
    validation = prepare(schema="regdb", use_config=False)
    rng = random.Random(4)
    files = [BASE, *sorted((shared_data / "regdb" / "valid").iterdir())]
    assert len(files) == 6
    for path in files:
        data = path.read_bytes()
        recipe = dict(describe(content(data)))
        for _ in range(3):
            made = compose(shuffled(recipe, rng))
            assert made != data
            report = validation.judged(made, "", "")
            assert (report.verdict, report.findings) == ("pass", ())
            assert compose(describe(content(made))) == made
            assert answers(made) == answers(data)


def test_a_note_on_request_says_that_the_compiler_writes_it_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`validate --canonical` notes another order, and still exits with 0; without it nothing is said."""
    file = tmp_path / "regulatory.db"
    file.write_bytes(compose(shuffled(dict(describe(content(BASE.read_bytes()))), random.Random(1))))
    assert run(["validate", "--no-config", str(file)]) == 0
    assert "not-as-compiled" not in capsys.readouterr().out
    assert run(["validate", "--no-config", "--canonical", str(file)]) == 0
    out = capsys.readouterr().out
    assert "info[not-as-compiled]: the compiler would write it otherwise from " in out
    assert "1 file examined: 1 passed, 0 failed; 0 errors, 0 warnings" in out
    assert run(["validate", "--no-config", "--canonical", str(BASE)]) == 0
    assert "not-as-compiled" not in capsys.readouterr().out
    found = ccheck.validate(file, use_config=False, canonical=True).files[0].findings
    assert [one.check for one in found] == ["not-as-compiled"]


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        ({"wmm": [0x14], "countries": []}, "layout.wmm"),
        ({"countries": []}, "layout.countries"),
        ({"countries": [{"collection": 0x20, "rules": []}]}, "layout.countries[0].rules"),
        ({"countries": [{"collection": 0x20, "rules": [0x12]}]}, "layout.countries[0].rules"),
        ({"countries": [{"collection": 0x18, "rules": [0x10]}]}, "layout.countries[0].collection"),
        ({"countries": [{"collection": 0x8, "rules": [0x10]}]}, "layout.countries[0].collection"),
    ],
)
def test_a_layout_that_does_not_fit_names_the_key(layout: dict[str, object], path: str) -> None:
    """A recipe whose content was changed, so that its layout does not fit, is refused at the key."""
    rule = {"start": 2402000, "end": 2472000, "bandwidth": 40000, "eirp": 2000}
    with pytest.raises(RecipeError) as refused:
        compose(
            {
                "version": 20,
                "countries": [{"alpha2": "00", "dfs": "unset", "rules": [rule]}],
                "layout": layout,
            }
        )
    assert refused.value.path == path


def test_countries_are_shown_with_their_places(capsys: pytest.CaptureFixture[str]) -> None:
    """`ccheck show` gives every field its offset and path."""
    assert run(["show", str(BASE)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert '0x000010  database.countries[2].alpha2 = "JP"' in lines
    assert "0x00008a  database.countries[1].collection.rules[1].rule.wmm_ptr = 6" in lines
