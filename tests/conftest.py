"""What all tests share: Hypothesis profiles, and the place of the genuine files."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell that starts the tests in the background has them ignore Ctrl-C, and ccheck obeys what it inherits.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Options of this run are not those of the pytest that a test starts.
os.environ.pop("PYTEST_ADDOPTS", None)

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--more N` tries N times as many edited files where readers and ways of judging are held together."""
    parser.addoption("--more", type=int, default=1, metavar="N", help="try N times as many edited files")
    parser.addoption(
        "--all-combinations",
        action="store_true",
        help="fuzz each triple of schema, reader and engine, not each pair",
    )
    parser.addoption("--every-python", action="store_true", help="fuzz under each Python that is found, too")


@pytest.fixture(scope="session")
def more(request: pytest.FixtureRequest) -> int:
    """How many times as many edited files are tried."""
    return int(request.config.getoption("--more"))


@pytest.fixture(scope="session")
def all_combinations(request: pytest.FixtureRequest) -> bool:
    """Whether each triple is tried, and not each pair."""
    return bool(request.config.getoption("--all-combinations"))


@pytest.fixture(scope="session")
def every_python(request: pytest.FixtureRequest) -> bool:
    """Whether the other Pythons of this machine are tried."""
    return bool(request.config.getoption("--every-python"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of genuine files; a test that needs it is skipped where it is not there."""
    folder = Path(os.environ.get("CCHECK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no genuine files at {folder}; CCHECK_SHARED_DATA names another folder")
    return folder
