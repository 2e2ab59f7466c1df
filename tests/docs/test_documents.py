"""Every command and every configuration block of the documents is run, as a reader would, in the order of the page."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from inline_snapshot import snapshot
from ruamel.yaml import YAML

from tests.docs.pages import PAGES, Block, all_blocks, read_page
from tests.docs.reader import SHORTER, Reader, Wrong, copy_checkout, make_programs, shows

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
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "LC_ALL": "C.UTF-8",
        "CCHECK_NO_CACHE": "1",
    }


@pytest.mark.skipif(not HAS_BASH, reason="the pages' commands are for bash")
@pytest.mark.parametrize("page", [page for page in PAGES if any(not b.note == "not run" for b in BLOCKS[page])])
def test_a_page_does_what_it_says(page: str, tmp_path: Path) -> None:
    """In the place that the page asks for, each block runs in its order, ends with its status, and prints what
    stands under it.
    """
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
