"""The tables of what readers refuse: each row has a check that fails its bad file, and the pages are current."""

from __future__ import annotations

import ctypes
import ctypes.util

import pytest

from ccheck.core.finding import Severity
from ccheck.formats.check_table import CHECKS
from tests.conftest import ROOT
from tests.corpus import judgement_of
from tests.refusals import BEGIN, END, Refusal, formats, page, refusals, written

ROWS = [(name, refusal) for name in formats() for refusal in refusals(name)]


def ids(value: object) -> str:
    """The words of a row in the names of tests."""
    return value.what if isinstance(value, Refusal) else str(value)


def test_the_formats_are_there() -> None:
    """Trees, databases and rules have a table, and each has rows with a partner and rows without."""
    assert {"devicetree", "regdb", "sysmon"} <= set(formats())
    for name in formats():
        assert {bool(one.check) for one in refusals(name)} == {True, False}, name


@pytest.mark.parametrize(("name", "refusal"), ROWS, ids=ids)
def test_each_refusal_has_its_check_and_a_bad_file(name: str, refusal: Refusal) -> None:
    """The check of a row finds an error in the bad file of the row; a row without one says why."""
    if not refusal.check:
        assert refusal.why
        assert not refusal.bad
        return
    assert refusal.check in {check.name for check in CHECKS.applying(name)}
    recipe = ROOT / "corpus" / name / f"{refusal.bad}.yaml"
    report = judgement_of(recipe).report(str(recipe.with_suffix(".bin")))
    assert report.verdict == "fail"
    errors = {found.check for found in report.findings if found.severity is Severity.ERROR}
    assert refusal.check in errors


@pytest.mark.parametrize("name", formats())
def test_the_page_is_current(name: str) -> None:
    """The table on a page is what the list and the checks say; `python -m tests.refusals` renews it."""
    text = page(name).read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert text == written(name), "run `python -m tests.refusals`"


OF_LIBFDT = [
    one
    for one in refusals("devicetree")
    if one.bad and not one.libfdt and one.reader.split()[-1] in
    ("fdt_check_full", "fdt_check_header", "fdt_num_mem_rsv", "fdt_next_tag", "fdt_get_string")
]  # fmt: skip


@pytest.mark.parametrize("refusal", OF_LIBFDT, ids=ids)
def test_libfdt_refuses_the_bad_files_of_its_rows(refusal: Refusal) -> None:
    """`fdt_check_full` of the installed libfdt refuses the file, where the row says so of every release."""
    name = ctypes.util.find_library("fdt")
    if name is None:
        pytest.skip("libfdt is not installed (Debian: libfdt1)")
    data = (ROOT / "corpus" / "devicetree" / f"{refusal.bad}.bin").read_bytes()
    aligned = (ctypes.c_uint64 * (len(data) // 8 + 1))()
    ctypes.memmove(aligned, data, len(data))
    assert int(ctypes.CDLL(name).fdt_check_full(aligned, ctypes.c_size_t(len(data)))) < 0


def test_enough_rows_are_held_against_libfdt() -> None:
    """The list of rows above is not empty by a change of words."""
    assert len(OF_LIBFDT) > 15
