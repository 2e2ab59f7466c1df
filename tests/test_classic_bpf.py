"""Classic BPF programs of examples/cbpf: the length of a program, and the same answers as the running kernel's."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.cli.recipe_file import build_file
from ccheck.config.user_schema import load_user_schema
from tests.classic_bpf import SCHEMA_FILE, Kernel, compare, why_not

RETURN = struct.pack("<HBBI", 6, 0, 0, 0xFFFF)
REASON = why_not()
ASKED = pytest.mark.skipif(bool(REASON), reason=REASON)


def validate(tmp_path: Path, data: bytes) -> int:
    """The exit status of validating a program."""
    file = tmp_path / "program"
    file.write_bytes(data)
    return run(["validate", "--no-config", "--schema", str(SCHEMA_FILE), str(file)])


@pytest.mark.parametrize(("count", "check"), [(0, "file-empty"), (4097, "value-out-of-bounds")])
def test_a_program_of_another_length_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int, check: str
) -> None:
    """No instruction, and one more than 4096, are findings."""
    assert validate(tmp_path, RETURN * count) == 1
    assert f"error[{check}]" in capsys.readouterr().out


def test_the_longest_program_passes(tmp_path: Path) -> None:
    """4096 instructions are a program, and a jump may lead from the first to the last."""
    assert validate(tmp_path, struct.pack("<HBBI", 5, 0, 0, 4094) + RETURN * 4095) == 0


@pytest.mark.parametrize(
    ("recipe", "trap"),
    [
        ("cbpf-jump-outside/bad/always_to_the_end", "out-of-bounds-read in fetch-instruction"),
        ("cbpf-memory-outside/bad/store_16", "out-of-bounds-write in store-word"),
        ("cbpf-memory-unwritten/bad/never", "uninitialised-read in load-word"),
        ("unknown-enum-value/bad/code_above_a_byte", "dispatch-out-of-bounds in decode"),
    ],
)
def test_a_kernel_that_does_not_check_traps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], recipe: str, trap: str
) -> None:
    """What is refused would leave the program, the scratch memory or the table of instructions."""
    file, schema = tmp_path / "program", str(SCHEMA_FILE)
    source = SCHEMA_FILE.parent.parent / "corpus" / f"{recipe}.yaml"
    assert run(["build", "--schema", schema, str(source), "-o", str(file)]) == 0
    assert run(["run", "--no-config", "--schema", schema, str(file)]) == 1
    assert f"BUG: ccheck: {trap}" in capsys.readouterr().out


@ASKED
@pytest.mark.parametrize(("count", "attached"), [(0, False), (1, True), (1000, True), (4097, False)])
def test_the_kernel_has_the_same_bounds(count: int, attached: bool) -> None:
    """The running kernel refuses the same lengths."""
    kernel = Kernel()
    try:
        assert kernel.attaches(RETURN * count) is attached
    finally:
        kernel.close()


@ASKED
def test_the_running_kernel_agrees_with_the_corpus() -> None:
    """It attaches each good program and refuses each bad one, but for the bytes behind a whole one."""
    schema = load_user_schema(SCHEMA_FILE).schema
    recipes = sorted((SCHEMA_FILE.parent.parent / "corpus").glob("*/*/*.yaml"))
    kernel = Kernel()
    try:
        answers = {
            path: kernel.attaches(build_file(path, (schema,)))
            for path in recipes
            if path.parts[-3] != "bytes-unowned"
        }
    finally:
        kernel.close()
    assert len(answers) > 30
    assert answers == {path: path.parts[-2] == "good" for path in answers}


@ASKED
def test_the_running_kernel_gives_the_same_answers(more: int) -> None:
    """What the checks pass is attached, what they fail is refused, and as much of a packet is kept."""
    compared = compare(400 * more)
    assert compared.differ == []
    assert min(compared.counts[what] for what in ("attached", "refused", "packets", "kept")) > 25
