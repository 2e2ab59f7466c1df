"""Names of files in a verdict: each name is one file's alone, whatever bytes it is made of."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccheck.release.gate.release import ReleaseFile
from ccheck.release.gate.result import ContentFile
from ccheck.release.verdict.statement import _of_files
from tests.validator.gate.story import DAY, JULY, MARCH, Call, verify

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")
pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are UTF-8 here")

BYTE = os.fsdecode(b"\xff.bin")
WORDS = "\\udcff.bin"


def test_a_byte_and_the_words_for_it_are_two_names(cc: Call) -> None:
    """A file named by the characters of an escape lets no file out whose name is the byte itself."""
    assert cc("keys", "new", "gate")[0] == 0
    Path("march").rename("first")
    Path("march").mkdir()
    shutil.copy(MARCH, Path("march", WORDS))
    assert cc("baseline", "add", "march", "--release", "2024-03", "--on", "2024-03-05")[0] == 0
    assert cc("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")[0] == 0
    assert verify(cc)[0] == 0
    Path("march", WORDS).rename(Path("march", BYTE))
    status, out = verify(cc)
    assert status == 1
    assert "refused: \\udcff.bin is missing\n" in out
    assert "refused: \\udcff.bin is not in the verdict\n" in out
    shutil.copy(MARCH, Path("march", WORDS))
    shutil.copy(JULY, Path("march", BYTE))
    assert verify(cc)[0] == 1


@pytest.mark.parametrize("place", ["march", "before"])
def test_a_name_that_no_verdict_can_hold_is_refused_at_the_gate(cc: Call, place: str) -> None:
    """A name that is not UTF-8 is wrong usage, in the release and in the one before."""
    Path("before").mkdir(exist_ok=True)
    shutil.copy(MARCH, Path(place, BYTE))
    status, out, err = cc("gate", "march", "--on", DAY, "--last-good", "before", "--json", "out.json")
    assert (status, out) == (2, "")
    assert "its name is not UTF-8" in err
    assert not Path("out.json").exists()


def test_a_release_whose_name_no_verdict_can_hold_is_refused(cc: Call) -> None:
    """A folder's name that is not UTF-8 is no name of a release; --name gives it one."""
    Path("march").rename(os.fsdecode(b"m\xff"))
    status, _, err = cc("gate", os.fsdecode(b"m\xff"), "--on", DAY, "--only", "validate")
    assert status == 2
    assert "the release's name is not UTF-8" in err
    assert cc("gate", os.fsdecode(b"m\xff"), "--on", DAY, "--only", "validate", "--name", "m")[0] == 3


def test_two_files_of_one_name_are_refused_at_both(signed: Call) -> None:
    """Two files that the verdict could not distinguish are wrong usage at the gate and at verify."""
    other = Path("other")
    shutil.copytree("march", other)
    file = f"other/{MARCH.name}"
    assert signed("gate", f"march/{MARCH.name}", file, "--on", DAY)[0] == 2
    status, _, err = signed("verify", "march.json", f"march/{MARCH.name}", file, "--key", "gate.pub")
    assert status == 2
    assert "are both called" in err


def test_json_names_each_file_so_that_no_other_has_the_name(cc: Call) -> None:
    """The `uri` of a report distinguishes files whose paths look the same once they can be encoded."""
    for name in (BYTE, WORDS):
        shutil.copy(MARCH, Path("march", name))
    _, out, _ = cc("validate", "march", "--format", "json", "--on", DAY)
    files = json.loads(out)["files"]
    assert len({file["path"] for file in files}) < len(files) == 3
    assert sorted(file["uri"] for file in files) == [
        "march/%5Cudcff.bin",
        "march/%FF.bin",
        f"march/{MARCH.name}",
    ]


NAMES = st.binary(min_size=1, max_size=6).filter(lambda name: not set(name) & set(b"/\0")).map(os.fsdecode)


@given(
    st.lists(
        NAMES | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        min_size=2,
        max_size=2,
        unique=True,
    )
)
def test_no_name_stands_for_another(names: list[str]) -> None:
    """Whatever two names are, a statement about the one is no statement about the other."""
    one, other = names
    subjects = [{"name": one, "digest": {"sha256": "0"}}]
    assert list(_of_files(subjects, [ReleaseFile(ContentFile(other, other, 0, "0"), b"")]))
