"""Small inputs with the right answer, which lie beside the project: every file of the folder has a line here.

The folder is `../shared/cases`; where it is not there, these tests skip and say so. The cases of `kaitai` and
`verdict` are answered by `tests/validator/test_kaitai_cases.py` and `tests/validator/gate/test_envelope.py`.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FOLDER = ROOT.parent / "shared" / "cases"
MEMORY = 1 << 30
SECONDS = 60

SCHEMAS = {
    "wrong_value_passes": ("wrong_value_passes.bin", 0, "inner.items = [b'ab', b'cd']"),
    "a1": ("a1.bin", 0, "items = [b'a', b'b']"),
    "s1": ("s1.bin", 0, "inner.items[1].v = 62"),
    "keyerror_nested_array": ("keyerror_nested_array.bin", 0, "inner.items = [b'ab', b'cd']"),
    "array_parent": ("array_parent.bin", 0, "y[1].b = 62 62"),
    "region_cut_crash": ("region_cut_crash.bin", 1, "error[truncated]"),
    "rc3": ("rc3z.bin", 1, "error[expression-unresolved]"),
    "hang_upto_end": ("hang_upto_end.bin", 1, "error[element-without-bytes]"),
    "array_index": ("array_index.bin", 2, "_index is a variable of Construct's parser"),
}
"""Schema file → its bytes, the exit status of `validate`, and words of `show` where it passes, else of `validate`."""

KERNEL = {
    "apparmor/ctl-good.bin": 0,
    "apparmor/fp-01a-name-begins-with-nul.bin": 1,
    "apparmor/fp-01b-two-data-keys-equal-up-to-nul.bin": 1,
    "apparmor/fp-02a-name-is-namespace-only.bin": 1,
    "apparmor/fp-03-rlimits-17.bin": 1,
    "apparmor/fp-04a-file-dfa-without-accept2.bin": 1,
    "apparmor/fp-05-data-key-twice.bin": 1,
    "apparmor/fp-06a-two-namespaces.bin": 1,
    "apparmor/fp-07-out-of-band-state-base-0.bin": 1,
    "apparmor/fr-01-mode-prompt.bin": 0,
    "apparmor/fr-02-perms-table-debian-sid-defaults.bin": 0,
    "apparmor/fr-03-compressed-cache-file.bin": 1,
    "apparmor/fr-05-dfa_start-in-policydb.bin": 0,
    "apparmor/fr-06a-kill-signal.bin": 0,
    "devicetree/fp-01-fixups-outside.dtbo": 1,
    "devicetree/fr-01-dtc-R4.dtb": 0,
    "devicetree/fr-02a-libfdt-sequential-write.dtb": 0,
    "devicetree/fr-03a-libfdt-open-delprop.dtb": 0,
    "devicetree/fr-04-version-16.dtb": 0,
    "regdb/fr-01-rules-in-another-order.db": 0,
    "sysmon/exclude-contains-empty.bin": 0,
}
"""File → exit status of `validate`, as the kernel (or libfdt) answers."""

WORDS = {
    "apparmor/fr-03-compressed-cache-file.bin": "cache file",
    "devicetree/fp-02-standard-properties-of-wrong-form.dtb": "warning[",
    "sysmon/exclude-contains-empty.bin": "warning[sysmon-matches-everything]",
}
"""File → words of its report."""


def ccheck(*words: str) -> tuple[int, str]:
    """Exit status and output of a run that has little memory and time."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-m", "ccheck", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
        preexec_fn=limited,
    )
    return done.returncode, done.stdout


@pytest.fixture(autouse=True)
def folder() -> Path:
    """The folder of cases."""
    if not FOLDER.is_dir():
        pytest.skip(f"no cases at {FOLDER}")
    return FOLDER


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_of_users_are_read_rightly(folder: Path, name: str) -> None:
    """A schema file and its bytes give the right values, or the right finding, in little memory and time."""
    file, expected, words = SCHEMAS[name]
    schema, data = str(folder / "schemas" / f"{name}.py"), str(folder / "schemas" / file)
    status, out = ccheck("validate", "--no-config", "--schema", schema, data)
    assert status == expected, out
    shown = ccheck("show", "--schema", schema, data)[1] if status == 0 else out
    assert words in shown
    assert "Traceback" not in out


def test_values_far_apart_take_little(folder: Path) -> None:
    """An enumeration of 0 and 0xFFFFFFFF passes both of its values, as a file of four bytes does."""
    schema = str(folder / "schemas" / "enum_wide.py")
    status, out = ccheck(
        "validate", "--no-config", "--schema", schema, str(folder / "schemas" / "enum_wide.bin")
    )
    assert (status, "1 passed" in out) == (0, True), out


def test_a_file_that_is_cut_leaves_the_others_judged(folder: Path, tmp_path: Path) -> None:
    """Beside two good files, the bad one is a finding and the good ones pass."""
    cases = folder / "schemas"
    for name in ("a", "c"):
        (tmp_path / f"{name}.bin").write_bytes((cases / "region_cut_good.bin").read_bytes())
    (tmp_path / "b.bin").write_bytes((cases / "region_cut_crash.bin").read_bytes())
    schema = str(cases / "region_cut_crash.py")
    status, out = ccheck("validate", "--no-config", "--schema", schema, str(tmp_path))
    assert (status, "3 files examined: 2 passed, 1 failed" in out) == (1, True), out


def test_every_schema_of_the_folder_has_a_line(folder: Path) -> None:
    """No case is passed over."""
    found = {path.stem for path in (folder / "schemas").glob("*.py")}
    assert found == set(SCHEMAS) | {"enum_wide"}


@pytest.mark.parametrize("name", KERNEL)
def test_kernel_files_are_answered_as_the_kernel_does(folder: Path, name: str) -> None:
    """What the kernel refuses fails, and what it takes passes."""
    status, out = ccheck("validate", "--no-config", str(folder / name))
    assert status == KERNEL[name], out


@pytest.mark.parametrize("name", WORDS)
def test_kernel_files_are_explained(folder: Path, name: str) -> None:
    """The report says what is strange about a file."""
    assert WORDS[name] in ccheck("validate", "--no-config", str(folder / name))[1]


def test_every_kernel_file_of_the_folder_has_a_line(folder: Path) -> None:
    """No case is passed over."""
    kinds = ("apparmor", "devicetree", "regdb", "sysmon")
    found = {path.relative_to(folder).as_posix() for kind in kinds for path in (folder / kind).iterdir()}
    assert found == set(KERNEL) | set(WORDS)
