"""The example bpfelf against the loader itself: libbpf opens what passes, and what a compiler writes passes."""

from __future__ import annotations

import ctypes.util
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ccheck.cli.recipe_file import build_file
from ccheck.judging.preparation import prepare
from tests.test_examples import edited, recipes, schema, schema_file

NAME = "bpfelf"
LIBRARY = ctypes.util.find_library("bpf")
OPEN = """
import ctypes, sys
bpf = ctypes.CDLL(sys.argv[1])
bpf.bpf_object__open_mem.restype = ctypes.c_void_p
bpf.bpf_object__open_mem.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_void_p]
bpf.bpf_object__close.argtypes = [ctypes.c_void_p]
for name in sys.stdin.read().splitlines():
    data = open(name, "rb").read()
    found = bpf.bpf_object__open_mem(data, len(data), None)
    print(name, found is not None, flush=True)
    if found is not None:
        bpf.bpf_object__close(found)
"""
needs_libbpf = pytest.mark.skipif(LIBRARY is None, reason="libbpf is not installed")
SOURCE = """
char _license[] __attribute__((section("license"))) = "GPL";
int counter;
__attribute__((noinline)) int twice(int number) { counter += number; return 2 * number; }
__attribute__((section("xdp"), used)) int program(void *context) { return twice(1); }
__attribute__((section("socket"), used)) int other(void *context) { return 0; }
"""


def opened(files: list[Path]) -> dict[str, bool]:
    """Whether libbpf opens each file, in a process of its own. A file that ends the process is not opened."""
    assert LIBRARY is not None
    found: dict[str, bool] = {}
    left = [str(file) for file in files]
    while left:
        command = [sys.executable, "-c", OPEN, LIBRARY]
        ended = subprocess.run(command, check=False, input="\n".join(left), capture_output=True, text=True)
        lines = [line.rpartition(" ") for line in ended.stdout.splitlines()]
        found |= {name: answer == "True" for name, _, answer in lines}
        if len(lines) < len(left):
            found[left[len(lines)]] = False
        left = left[len(lines) + 1 :]
    return found


@needs_libbpf
def test_libbpf_opens_good_files_and_refuses_bad_ones(tmp_path: Path) -> None:
    """The corpus is right by the loader. Before 2025 it took a program whose end wraps, and copied from outside."""
    wanted: dict[str, bool] = {}
    for recipe in recipes(NAME):
        file = tmp_path / "-".join(recipe.parts[-3:])
        file.write_bytes(build_file(recipe, (schema(NAME).schema,)))
        wanted[str(file)] = recipe.parts[-2] == "good"
    found = opened([Path(file) for file in wanted])
    wrong = {Path(file).name for file, answer in found.items() if answer != wanted[file]}
    assert wrong <= {
        "bpfelf-program-outside-bad-wraps.yaml",
        "bpfelf-section-compressed-bad-debug_information.yaml",  # it passes over the section
    }
    assert len(found) == len(wanted)


@needs_libbpf
def test_libbpf_opens_every_edited_file_that_passes(tmp_path: Path, more: int) -> None:
    """Nothing passes that the loader refuses."""
    rng = random.Random(NAME)
    good = [build_file(one, (schema(NAME).schema,)) for one in recipes(NAME) if one.parts[-2] == "good"]
    validation = prepare(schema=str(schema_file(NAME)), use_config=False)
    passed = []
    for number in range(400 * more):
        data = edited(rng, rng.choice(good), rng.choice(good))
        if validation.judged(data, "file.o", "file.o").verdict == "pass":
            passed.append(tmp_path / f"{number}.o")
            passed[-1].write_bytes(data)
    assert len(passed) > 20
    assert [file for file, answer in opened(passed).items() if not answer] == []


@pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed")
@pytest.mark.parametrize("debug", ["", "-g"])
def test_what_a_compiler_writes_passes(tmp_path: Path, debug: str) -> None:
    """An object of clang passes as it is, with debug information and without; libbpf opens it too."""
    source, file = tmp_path / "made.c", tmp_path / "made.o"
    source.write_text(SOURCE, encoding="utf-8")
    command = ["clang", "-O2", *debug.split(), "-target", "bpf", "-c", str(source), "-o", str(file)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this clang makes no BPF programs")
    named = ["--no-config", "--schema", str(schema_file(NAME)), "--format", "json", str(file)]
    ended = subprocess.run(
        [sys.executable, "-m", "ccheck", "validate", *named], check=False, capture_output=True, text=True
    )
    (report,) = json.loads(ended.stdout)["files"]
    assert (ended.returncode, report["verdict"], report["findings"]) == (0, "pass", [])
    assert LIBRARY is None or opened([file]) == {str(file): True}
