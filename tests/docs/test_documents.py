"""Every command and every configuration block of the documents is run, as a reader would, in the order of the page."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from ruamel.yaml import YAML

from tests.docs.pages import NOTES, PAGES, Block, all_blocks, blocks, read_page
from tests.docs.reader import SHORTER, Reader, Wrong, copy_checkout, make_programs, shorter, shows

BLOCKS = all_blocks()
PLACE = re.compile(r"[Cc]ommands (?:of this page )?run in (a checkout|an empty folder)")
HAS_BASH = shutil.which("bash") is not None

NEEDS = (
    ("cc -g", "a C compiler", shutil.which("cc") is not None),
    ("fuzz/targets/", "Atheris", importlib.util.find_spec("atheris") is not None),
)
"""What a block has in it that needs something which not every machine has; what that is; whether it is here."""


def lacking(block: Block) -> str:
    """What a block needs and this machine does not have; empty where there is nothing."""
    return next((what for word, what, here in NEEDS if word in block.text and not here), "")


def environment(programs: Path) -> dict[str, str]:
    """The environment of a reader: nothing of ccheck's own, of pytest's, or of a virtual environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CCHECK_", "PYTEST", "COV", "VIRTUAL_ENV", "PYTHON", "GITHUB_"))
    }
    return kept | {
        "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
        "PYTHONUNBUFFERED": "1",  # so that a pipe shows lines in the order in which a terminal does
        "PYTHONPYCACHEPREFIX": str(programs.with_name("bytecode")),  # and none in the reader's folders
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",
        "LC_ALL": "C.UTF-8",
    }


@pytest.mark.skipif(not HAS_BASH, reason="the pages' commands are for bash")
@pytest.mark.parametrize("page", [page for page in PAGES if any(b.note != "not run" for b in BLOCKS[page])])
def test_a_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    """Each block of a page runs in order, in its place, with its exit status and the shown output."""
    places = PLACE.findall(re.sub(r"\s+", " ", read_page(page)))
    assert len(places) == 1, f"{page} says where its commands run {len(places)} times"
    folder = tmp_path / "reader"
    folder.mkdir()
    if places == ["a checkout"]:
        copy_checkout(folder)
    reader = Reader(folder, tmp_path / "state", environment(make_programs(tmp_path / "programs")))
    missing: set[str] = set()
    lacks = said = ""
    try:
        for block in BLOCKS[page]:
            shown = block.language in ("", "text") and not block.note
            lacks = lacking(block) or (lacks if shown else "")
            if lacks:
                missing.add(lacks)
            elif block.note != "not run":
                reader.read(block)
    except Wrong as wrong:
        said = str(wrong)
    finally:
        reader.leave()
    if said:
        pytest.fail(said, pytrace=False)
    if missing:
        pytest.skip(f"all other blocks of {page} are run; this machine lacks {', '.join(sorted(missing))}")


def test_each_block_is_run_or_says_why_not() -> None:
    """Blocks that are not run are these, each for the reason that stands in the page, and no other."""
    assert [
        f"{b.place.partition(':')[0]}: {b.detail}"
        for page in PAGES
        for b in BLOCKS[page]
        if b.note == "not run"
    ] == snapshot(
        [
            "README.md: it runs all tests, this one too; the quality gate (.ci/run) runs it",
            "CONTRIBUTING.md: it is the quality gate, which runs this test",
            "corpus/README.md: a list of paths",
            "docs/ARCHITECTURE.md: a drawing",
            "docs/ci.md: needs GitHub",
            "docs/ci.md: needs GitHub",
            "docs/ci.md: needs GitLab",
            "docs/ci.md: needs GitHub; tests/ci/test_action.py runs the hooks from a checkout",
            "docs/formats/acpi.md: needs a machine with ACPI, and the right to read its tables",
            "docs/formats/apparmor.md: needs AppArmor, and a machine with its policy",
            "docs/formats/cbpf.md: figures of one kernel",
            "docs/formats/devicetree.md: needs Debian's package index, and the name of one of its kernels",
            "docs/formats/efisig.md: needs a machine with EFI",
            "docs/formats/on-this-machine.md: needs Debian's package index and the right to install packages; tests/test_machine.py does the same where it may",
            "docs/formats/on-this-machine.md: needs the files of the block above",
            "docs/formats/on-this-machine.md: needs Debian's package index",
            "docs/interpreter.md: figures of one machine",
            "docs/own-format.md: it needs the suites and the compiler, which are no part of this project",
        ]
    )


def test_most_blocks_are_run() -> None:
    """The tests see the blocks: so many commands, outputs and files are in the pages."""
    kinds = Counter(
        "output" if b.language in ("", "text") else b.note if b.note in ("file", "append to") else b.language
        for page in PAGES
        for b in BLOCKS[page]
        if b.note != "not run"
    )
    assert kinds["sh"] >= 60
    assert kinds["output"] >= 50
    assert kinds["file"] + kinds["append to"] >= 12
    assert kinds["python"] >= 5
    fences = sum(len(re.findall(r"^ *```", read_page(page), re.MULTILINE)) for page in PAGES)
    assert fences == 2 * sum(len(found) for found in BLOCKS.values())


def test_each_note_stands_above_a_block() -> None:
    """A comment such as `not run` that has lost its block is found."""
    assert any(b.note for page in PAGES for b in BLOCKS[page])
    for page in PAGES:
        notes = re.findall(rf"^<!-- (?:{'|'.join(NOTES)}):", read_page(page), re.MULTILINE)
        assert len(notes) == sum(1 for b in BLOCKS[page] if b.note), page


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_well_formed(page: str) -> None:
    """Also what is not run is read: YAML, TOML, JSON and Python by their parsers, commands by bash."""
    for block in BLOCKS[page]:
        match block.language:
            case "yaml":
                assert YAML(typ="safe").load(block.text), block.place
            case "toml":
                assert tomllib.loads(block.text), block.place
            case "json":
                assert json.loads(block.text), block.place
            case "python":
                compile(block.text, block.place, "exec")
            case "sh" if HAS_BASH:
                check = [shutil.which("bash") or "bash", "-n", "-c", block.text]
                done = subprocess.run(check, capture_output=True, text=True, check=False)
                assert not done.returncode, f"{block.place}: {done.stderr}"
            case _:
                assert block.language in ("", "text", "sh"), f"{block.place}: {block.language}"


def test_long_commands_are_cut_down_and_no_others() -> None:
    """Each rule is used, and changes nothing but searches."""
    scripts = [b.text for page in PAGES for b in BLOCKS[page] if b.language == "sh" and b.note != "not run"]
    for pattern, _ in SHORTER:
        lines = [line for script in scripts for line in script.splitlines() if pattern.search(line)]
        assert lines
        assert all(line.startswith(("ccheck fuzz ", "fuzz/targets/")) for line in lines)
    assert shorter("ccheck fuzz --time 8h --out a") == "ccheck fuzz --time 8h --runs 150 --jobs 1 --out a"
    assert (
        shorter("fuzz/targets/x.py -fork=2 a b  # c")
        == "fuzz/targets/x.py -fork=1 -runs=100 -max_total_time=1 a b"
    )
    assert shorter("fuzz/targets/x.py -merge=1 a b") == "fuzz/targets/x.py -merge=1 a b"
    untimed = [
        line
        for script in scripts
        for line in script.splitlines()
        if "ccheck fuzz --" in line and "--runs" not in shorter(line)
    ]
    assert untimed == []


def test_an_output_is_compared_whole() -> None:
    """`…` stands for any text in a line, and alone for any lines; every other difference is found."""
    printed = "a 1\nb 2\nc 3\n"
    assert shows(printed, printed)
    assert shows("a …\n…\nc 3\n", printed)
    assert shows("…\nc 3\n", printed)
    assert not shows("a 1\nc 3\n", printed)
    assert not shows("a 1\nb 2\n", printed)
    assert not shows("…\nb 2\n", printed)
    assert not shows("a\n…\n", printed)
    assert not shows("…\nd\n", printed)


def read_all(reader: Reader, page: str) -> None:
    """Read a page that a test makes up."""
    try:
        for block in blocks("page", page):
            reader.read(block)
    finally:
        reader.leave()


@pytest.mark.skipif(not HAS_BASH, reason="the pages' commands are for bash")
@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("```sh\nfalse\n```\n", "exit status 1, not 0"),
        ("```sh exits 1\nfalse\ntrue\n```\n", "exit status 0, not 1"),
        ("```sh\necho a\n```\n\n```\nb\n```\n", "the page shows"),
        ("```\nb\n```\n", "neither run nor marked"),
        ("```sh\ntrue\n```\n\n```\n```\n\n```\n```\n", "neither run nor marked"),
        ("```toml\na = 1\n```\n", "neither run nor marked"),
        ("<!-- file: a -->\n```\nb\n```\n<!-- part of: a -->\n```toml\nc\n```\n", "does not hold this"),
        ("```python\n1 / 0\n```\n", "ZeroDivisionError"),
        ("```python\nraise SystemExit\n```\n", "SystemExit"),
        ("<!-- printed by: echo a -->\n```\nb\n```\n", "the page shows"),
        ("```sh\npip install x\n```\n", "pip outside of a virtual environment"),
    ],
)
def test_a_page_that_is_wrong_is_found(page: str, why: str, tmp_path: Path) -> None:
    """Whatever a page says that is not so, ends the reading."""
    reader = Reader(tmp_path, tmp_path / "state", environment(make_programs(tmp_path / "programs")))
    with pytest.raises(Wrong, match=why):
        read_all(reader, page)


def test_a_block_that_the_tests_would_not_see_is_refused() -> None:
    """Other fences, indented blocks and unknown notes are refused, and so is a fence without an end."""
    for page in (
        "~~~\na\n~~~\n",
        "a\n\n    b\n",
        "<!-- skip: x -->\n```\n```\n",
        "```sh fails\n```\n",
        "```sh\na\n",
    ):
        with pytest.raises(ValueError, match="page:"):
            blocks("page", page)


@pytest.mark.skipif(not HAS_BASH, reason="the pages' commands are for bash")
def test_a_terminal_lasts_from_block_to_block(tmp_path: Path) -> None:
    """Folder, variables and Python's names are those that earlier blocks left."""
    reader = Reader(tmp_path, tmp_path / "state", environment(make_programs(tmp_path / "programs")))
    page = "```sh\nmkdir a\ncd a\nexport B=c\n```\n```sh\necho $B ${PWD##*/}\n```\n```\nc a\n```\n```python\nx = 1\n```\n```python\nprint(x)\n```\n```\n1\n```\n"
    read_all(reader, page)
