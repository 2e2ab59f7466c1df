"""Runs the property tests the same way every time where CI asks for it, and finds the genuine data."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("interpreter-ci", derandomize=True, deadline=None)
settings.register_profile("interpreter", deadline=None)
settings.load_profile("interpreter-ci" if os.environ.get("CI") else "interpreter")


@pytest.fixture(scope="session")
def genuine_sysmon() -> Path:
    """The folder of genuine Sysmon blobs and decisions; tests are skipped where it is absent."""
    root = Path(__file__).resolve().parents[2]
    named = os.environ.get("CCHECK_SHARED_DATA")
    folder = (Path(named) if named else root.parent / "shared" / "data") / "sysmon"
    if not folder.is_dir():
        pytest.skip("the genuine data is not here; set CCHECK_SHARED_DATA to its folder")
    return folder
