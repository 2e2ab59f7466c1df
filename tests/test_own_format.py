"""docs/own-format.md: every command runs in the order of the page, ends as it says, and says what stands under it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from itertools import pairwise
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "own-format.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|text)( exits [0-9])?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_tutorial_runs(tmp_path: Path) -> None:
    """From an empty folder, each block ends with the status that it names, or 0, and the lines of the text under it
    are in its output.
    """
    blocks = [(kind, int(ends[-1]) if ends else 0, body) for kind, ends, body in BLOCKS]
    assert [kind for kind, _, _ in blocks].count("sh") >= 13
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    said = ""
    for kind, ends, body in blocks:
        if kind == "text":
            assert [line for line in body.splitlines() if line.strip() not in said] == [], said
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],  # noqa: S607 - the shell of the reader
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == ends, f"{body}\n{said}"


def test_the_package_is_installed_and_known_to_every_command(tmp_path: Path) -> None:
    """pip builds what `ccheck init` writes and puts it into a fresh environment: there its files are recognised by
    their content, and pass the gate without --schema.
    """
    pytest.importorskip("hatchling", reason="hatchling, which builds the package, is not installed")
    pytest.importorskip("pip", reason="pip is not installed")

    def run(*words: object, at: Path = tmp_path) -> str:
        done = subprocess.run([str(w) for w in words], cwd=at, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    here = (sys.executable, "-m")
    run(*here, "ccheck", "init", "blower", "--interpreter")
    pip = (*here, "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels", "./blower")
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=False)
    python = fresh / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel)
    # ccheck itself and what it needs come from here, as from a cache: no network is asked.
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    lines = [
        f"import site; site.addsitedir({str(path)!r})"
        for path in sys.path
        if Path(path).name == "site-packages"
    ]
    assert lines
    (packages / "here.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "release").mkdir()
    recipe = tmp_path / "blower" / "corpus" / "unknown-enum-value" / "good" / "both-actions.yaml"
    run(
        python,
        "-m",
        "ccheck",
        "build",
        recipe,
        "-o",
        tmp_path / "release" / "blower-1.bin",
    )
    assert "pass  release/blower-1.bin  blower, 32 bytes" in run(
        python, "-m", "ccheck", "validate", "release"
    )
    policy = "format = 1\n[gate.stages]\nfirst_use = false\nregress = false\n"
    (tmp_path / "ccheck.toml").write_text(policy, encoding="utf-8")
    told = run(python, "-m", "ccheck", "gate", "release")
    assert "1 file ran under 2 builds, 4 events; without criteria" in told
    assert "fuzz        pass        300 runs around 1 file" in told


def test_each_block_is_a_command_or_its_output() -> None:
    """No block of the page goes unseen: a text stands under the commands that print it."""
    assert len(re.findall(r"^```", PAGE, re.MULTILINE)) == 2 * (len(BLOCKS) + PAGE.count("\n```toml"))
    kinds = [kind for kind, _, _ in BLOCKS]
    assert kinds[0] == "sh"
    assert ("text", "text") not in set(pairwise(kinds))
