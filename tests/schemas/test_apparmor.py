"""Compiled AppArmor policy: genuine profiles, what they say, and the way there and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccheck.judging.preparation import prepare
from ccheck.release.changes import changes
from ccheck_schemas.formats.apparmor.content import PolicyContent
from ccheck_schemas.formats.apparmor.description import describe
from ccheck_schemas.formats.apparmor.dfa import Rule, tables_of
from ccheck_schemas.formats.apparmor.numbers import TableId
from ccheck_schemas.formats.apparmor.recipe import compose
from ccheck_schemas.formats.apparmor.schema import SCHEMA
from ccheck_schemas.read import read
from ccheck_schemas.schema import RecipeError
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "apparmor"
BASE = CORPUS / "base.bin"


def content(data: bytes) -> PolicyContent:
    """The content of a file."""
    found = SCHEMA.assemble(read(SCHEMA.layout, data))
    assert isinstance(found, PolicyContent)
    return found


def test_all_genuine_profiles_pass(shared_data: Path) -> None:
    """Ten profiles that Debian's parser compiled have no warning, and are rebuilt byte for byte."""
    validation = prepare(schema="apparmor", use_config=False)
    files = sorted((shared_data / "apparmor" / "valid").iterdir())
    assert len(files) == 10
    for path in files:
        report = validation.report(str(path))
        assert (report.verdict, report.findings) == ("pass", ()), path.name
        held = content(path.read_bytes())
        assert compose(describe(held)) == path.read_bytes()
        (profile,) = held.profiles
        assert profile.file.dfa is not None
        assert profile.file.dfa.states > 500


def test_the_content_is_typed() -> None:
    """A profile has its name, mode, capabilities, DFAs and names, each with its place."""
    (profile,) = content(BASE.read_bytes()).profiles
    assert (profile.name and profile.name.value, profile.mode and profile.mode.value) == ("/usr/bin/a", 0)
    assert (profile.caps64, profile.capsx, profile.policydb is None) == ((0, 0, 0, 0), None, False)
    assert [item.value for item in profile.file.names] == ["b"]
    assert profile.file.dfa is not None
    assert profile.file.dfa.states == 13
    entry = profile.file.dfa.by_id[TableId.ACCEPT].entry(7)
    assert BASE.read_bytes()[entry.offset : entry.end].hex() == "00010004"


@pytest.mark.parametrize("name", ["apparmor-exec-name-malformed", "apparmor-exec-index-outside"])
def test_a_file_cut_anywhere_has_content(name: str) -> None:
    """A file that is cut short, also inside the number of an item, has content as far as it goes."""
    files = sorted((CORPUS / name / "good").glob("*.bin"))
    assert files
    for path in files:
        data = path.read_bytes()
        assert [profile.name is None for profile in content(data).profiles] == [False]
        for size in range(len(data)):
            assert content(data[:size]).size <= size


def test_two_profiles_are_followed_each_from_its_start() -> None:
    """A second profile that begins at an odd place has its DFA aligned from there, and is read."""
    held = content((CORPUS / "not-canonical" / "good" / "two_profiles.bin").read_bytes())
    assert [profile.name and profile.name.value for profile in held.profiles] == ["/usr/bin/a", "/usr/bin/b"]
    assert [(key.value, value) for key, value in held.profiles[1].data or ()] == [("k", b"\1\2")]
    assert held.profiles[1].version is None
    assert len(held.dfas) == 2


def test_every_optional_item_comes_back() -> None:
    """A profile with all items that it may have is its own recipe."""
    data = (CORPUS / "apparmor-item-misplaced" / "good" / "all_optional_items.bin").read_bytes()
    recipe = describe(content(data))
    assert compose(recipe) == data
    assert {"namespace", "attach", "xmatch", "disconnected", "disconnected_ipc", "kill", "error",
            "path_flags", "caps64", "capsx", "xattrs", "rlimits", "secmark", "net_allowed_af", "policydb", "file",
            "data"} <= recipe["profiles"][0].keys()  # fmt: skip
    assert {"tags", "perms", "permsv", "start", "dfa_start", "xtable"} <= recipe["profiles"][0][
        "policydb"
    ].keys()


def test_a_former_name_comes_back() -> None:
    """A profile with an item that no kernel takes is its own recipe too."""
    data = (CORPUS / "apparmor-rename-freed" / "bad" / "former_name.bin").read_bytes()
    assert compose(describe(content(data))) == data


def test_diff_speaks_of_profiles() -> None:
    """A profile that becomes a complaining one is reported by its name."""
    before, after = describe(content(BASE.read_bytes())), describe(content(BASE.read_bytes()))
    after["profiles"][0]["mode"] = "complain"
    found = [(c.where, c.what) for c in changes(before, after, SCHEMA.identity)]
    assert found == [("profile /usr/bin/a", "mode none → complain")]


def test_a_dfa_out_of_paths_knows_these_alone() -> None:
    """The tables that recipes are packed into lead along each path, and nowhere else, within their bounds."""
    paths = [b"/etc/a", b"/etc/passwd", b"/srv/a", b"/", b"\xff\x00"]
    tables = tables_of(Rule(path, accept=1 + i) for i, path in enumerate(paths))
    base, check, after = tables[TableId.BASE], tables[TableId.CHECK], tables[TableId.NEXT]
    assert all(at + 255 < len(after) == len(check) for at in base)
    assert all(state < len(base) for state in (*check, *after))

    def match(path: bytes) -> int:
        state = 1
        for byte in path:
            state = after[base[state] + byte] if check[base[state] + byte] == state else 0
        return tables[TableId.ACCEPT][state]

    assert [match(path) for path in paths] == [1, 2, 3, 4, 5]
    assert [match(path) for path in (b"", b"/etc", b"/etc/b", b"etc/a", b"/etc/aa")] == [0] * 5


@pytest.mark.parametrize(
    ("profile", "path"),
    [
        ({}, "profiles[0]"),
        ({"name": "a", "mode": "angry"}, "profiles[0].mode"),
        ({"name": "a", "capabilities": [1]}, "profiles[0].capabilities"),
        ({"name": "a", "file": {}}, "profiles[0].file"),
        (
            {"name": "a", "file": {"tables": [{"id": "next", "values": [70000]}]}},
            "profiles[0].file.tables[0].values",
        ),
        ({"name": "a", "data": [{"key": "k", "hex": "x"}]}, "profiles[0].data[0].hex"),
        ({"name": "a" * 70_000}, "profiles[0].name"),
    ],
)
def test_a_recipe_that_cannot_be_built_names_the_key(profile: dict[str, object], path: str) -> None:
    """A recipe with something missing or wrong is refused at its key."""
    with pytest.raises(RecipeError) as refused:
        compose({"profiles": [profile]})
    assert refused.value.path == path


def test_items_without_a_profile_are_no_recipe() -> None:
    """Content whose items are out of order is refused as a recipe, and not written as something else."""
    data = (CORPUS / "apparmor-item-misplaced" / "bad" / "mode_missing.bin").read_bytes()
    with pytest.raises(RecipeError, match="not those of profiles"):
        describe(content(data))
