"""What of a format's vocabulary a file uses: few words, the same for files that use the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from ccheck.formats.registry import FORMATS
from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.model import vocabulary
from tests.conftest import ROOT
from tests.corpus import FEWEST_GOOD, enough

BASES = {known.name: known.schema.root for known in FORMATS}


def words(name: str, file: Path) -> frozenset[str]:
    """The words of a file of the corpus."""
    return vocabulary(layout_of(BASES[name]), file.read_bytes())


def test_a_regulatory_database_is_told_by_its_words() -> None:
    """Named values, flags one by one, versions, and the fields of records that are there; no bounds, no counts."""
    assert sorted(words("regdb", ROOT / "corpus" / "regdb" / "base.bin")) == snapshot(
        [
            "database.countries[].alpha2",
            "database.countries[].collection.dfs_region: etsi",
            "database.countries[].collection.dfs_region: jp",
            "database.countries[].collection.dfs_region: unset",
            "database.countries[].collection.len",
            "database.countries[].collection.rules[].rule.cac_timeout.cac_timeout",
            "database.countries[].collection.rules[].rule.end",
            "database.countries[].collection.rules[].rule.flags: auto_bw",
            "database.countries[].collection.rules[].rule.flags: dfs",
            "database.countries[].collection.rules[].rule.flags: no_ir",
            "database.countries[].collection.rules[].rule.flags: no_ofdm",
            "database.countries[].collection.rules[].rule.flags: no_outdoor",
            "database.countries[].collection.rules[].rule.len: plain",
            "database.countries[].collection.rules[].rule.len: wmm",
            "database.countries[].collection.rules[].rule.max_bandwidth",
            "database.countries[].collection.rules[].rule.max_eirp",
            "database.countries[].collection.rules[].rule.start",
            "database.countries[].collection.rules[].rule.wmm.access_point[].aifsn",
            "database.countries[].collection.rules[].rule.wmm.access_point[].cot",
            "database.countries[].collection.rules[].rule.wmm.access_point[].ecw",
            "database.countries[].collection.rules[].rule.wmm.client[].aifsn",
            "database.countries[].collection.rules[].rule.wmm.client[].cot",
            "database.countries[].collection.rules[].rule.wmm.client[].ecw",
            "version: 20",
        ]
    )


@pytest.mark.parametrize("name", sorted(BASES))
def test_a_format_has_few_words(name: str) -> None:
    """All good files of a format together use fewer than a hundred words: a baseline stays readable."""
    files = list((ROOT / "corpus" / name).glob("*/good/*.bin"))
    enough(name, len(files), FEWEST_GOOD, "good files")
    used = frozenset[str]().union(*(words(name, file) for file in files))
    assert used, f"no good file of corpus/{name} uses a word of the format"
    assert len(used) < 100, f"{name} has {len(used)} words: a name or number of files has become one"


@pytest.mark.parametrize("name", sorted(BASES))
@given(data=st.binary(max_size=200), cut=st.integers(0, 400))
def test_any_bytes_have_words_or_none(name: str, data: bytes, cut: int) -> None:
    """Bytes of any kind, and the start of a good file before them, are no exception."""
    good = min((ROOT / "corpus" / name).glob("*/good/*.bin")).read_bytes()
    assert all(vocabulary(layout_of(BASES[name]), good[:cut] + data))
