"""A package that `ccheck init` writes is installed, and its format is known to every command."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest


def test_the_package_is_installed_and_known_to_every_command(tmp_path: Path) -> None:
    """The package that `ccheck init` writes installs with pip into a fresh environment.

    There its files are recognised by their content, and pass the gate without --schema.
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
    named = "format = 1\nconsumers = 'blower/consumers.toml'\n"
    (tmp_path / "ccheck.toml").write_text(named, encoding="utf-8")
    assert "pass  release/blower-1.bin  blower, 32 bytes" in run(
        python, "-m", "ccheck", "validate", "release"
    )
    policy = f"{named}[gate.stages]\nfirst_use = false\nregress = false\n"
    (tmp_path / "ccheck.toml").write_text(policy, encoding="utf-8")
    told = run(python, "-m", "ccheck", "gate", "release")
    assert "1 file ran under 2 builds, 4 events; without criteria" in told
    assert "fuzz        pass        300 runs around 1 file" in told
