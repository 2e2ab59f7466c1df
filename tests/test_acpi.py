"""The example acpi beside `iasl`, the compiler and disassembler of ACPICA, and over this machine's own tables."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ccheck.cli.recipe_file import build_file
from ccheck.config.user_schema import load_user_schema
from ccheck.formats.exercise.outcome import RunInputs
from ccheck.judging.preparation import prepare
from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "acpi"
SCHEMA = EXAMPLE / "acpi" / "schema.py"
GENUINE = Path("/sys/firmware/acpi/tables")
IASL = shutil.which("iasl") or ""
by_iasl = pytest.mark.skipif(not IASL, reason="needs iasl of the package acpica-tools")

TEMPLATES = {
    "RSDT": "",
    "XSDT": "",
    "SLIT": "",
    "SRAT": "",
    "FACP": "",
    "APIC": "acpi-ioapic-address-zero",
    "MCFG": "acpi-mcfg-address-zero",
    "HPET": "acpi-hpet-unusable",
}
"""The check that the template of each table breaks, as it has 0 for the addresses."""


def findings(data: bytes) -> set[str]:
    """The checks that bytes break."""
    report = prepare(schema=str(SCHEMA), use_config=False).judged(data, "table.bin", "table.bin")
    return {finding.check for finding in report.findings}


def iasl(folder: Path, *words: str) -> str:
    """What `iasl` prints."""
    done = subprocess.run([IASL, *words], capture_output=True, text=True, check=False, cwd=folder)
    return done.stdout + done.stderr


@by_iasl
@pytest.mark.parametrize("signature", sorted(TEMPLATES))
def test_what_iasl_compiles_has_the_layout_that_is_described(signature: str, tmp_path: Path) -> None:
    """The template of each table, compiled, breaks nothing but what zeros for addresses break."""
    iasl(tmp_path, "-T", signature)
    name = signature.lower()
    iasl(tmp_path, f"{name}.asl")
    data = (tmp_path / f"{name}.aml").read_bytes()
    assert data[:4].decode() == signature
    assert findings(data) == ({TEMPLATES[signature]} if TEMPLATES[signature] else set())


@by_iasl
def test_iasl_disassembles_each_good_file(tmp_path: Path) -> None:
    """`iasl` reads the fields of each good file, and complains of no length and no checksum."""
    user = load_user_schema(SCHEMA)
    recipes = sorted(EXAMPLE.glob("corpus/*/good/*.yaml"))
    assert len(recipes) > 15
    for recipe in recipes:
        data = build_file(recipe, (user.schema,))
        if data[:4] in (b"SSDT", b"OEM0"):
            continue  # programs, and tables that it does not know
        file = tmp_path / "table.bin"
        file.write_bytes(data)
        said = iasl(tmp_path, "-d", "table.bin")
        text = (tmp_path / "table.dsl").read_text(encoding="latin-1")
        assert f'Signature : "{data[:4].decode()}"' in text, said
        for complaint in ("Incorrect checksum", "nvalid", "beyond", "truncated"):
            assert complaint not in said + text.partition("Raw Table Data")[0], (recipe, said, text)


@by_iasl
def test_iasl_says_that_the_checksum_of_a_bad_file_is_wrong(tmp_path: Path) -> None:
    """The judge is not silent: it names the checksum that the file should have."""
    user = load_user_schema(SCHEMA)
    recipe = EXAMPLE / "corpus" / "checksum-wrong" / "bad" / "zero.yaml"
    (tmp_path / "table.bin").write_bytes(build_file(recipe, (user.schema,)))
    assert "ncorrect checksum" in iasl(tmp_path, "-d", "table.bin")


@pytest.mark.skipif(not GENUINE.is_dir(), reason="this machine has no ACPI tables")
def test_the_tables_of_this_machine_pass() -> None:
    """Whatever tables the machine has, they are read whole, and no kernel traps on them."""
    user = load_user_schema(SCHEMA)
    assert user.exercise is not None
    judged = 0
    for file in sorted(GENUINE.iterdir()):
        if not file.is_file() or file.name.startswith("FACS"):
            continue
        try:
            data = file.read_bytes()
        except OSError:
            continue
        judged += 1
        assert not findings(data) & {"truncated", "size-mismatch", "checksum-wrong", "bytes-unowned"}, (
            file.name
        )
        assert all(outcome.trap is None for outcome in user.exercise(data, RunInputs()).outcomes), file.name
    if not judged:
        pytest.skip("this user may not read the machine's tables")
