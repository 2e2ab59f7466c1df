"""Which lines and branches of the readers a corpus reaches: plain replay under coverage.py, no engine.

Runs as a program, so that nothing of the readers is imported before coverage.py starts.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

from ccheck.core.extras import how_to_install
from ccheck.core.users_code import ending_in
from ccheck.run.process_end import leave
from ccheck_fuzz.process.child import WHOLE, run_whole


class CoverageMissing(Exception):
    """coverage.py is not installed, or could not do its work."""


def measure(folder: Path, *, html: Path | None, missing: bool) -> str:
    """Replay a campaign's corpus under every build, and return coverage.py's table.

    Args:
        folder: The folder of the campaign.
        html: The folder for coverage.py's HTML report.
        missing: Whether to list the lines that were not reached.

    Raises:
        CoverageMissing: coverage.py is not installed.
    """
    if importlib.util.find_spec("coverage") is None:
        raise CoverageMissing(f"coverage.py is not installed: {how_to_install('fuzz')}")
    words = [sys.executable, "-m", "ccheck_fuzz.campaign.coverage.measure", str(folder.absolute())]
    words += ["--missing"] if missing else []
    words += [] if html is None else ["--html", str(html.absolute())]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode != WHOLE:
        why = f"exit status {done.returncode} {ending_in(done.stderr)}".strip()
        reported = done.returncode == 1 and done.stderr.strip().splitlines()[-1:]
        raise CoverageMissing(f"coverage.py could not measure: {reported[0] if reported else why}")
    return done.stdout


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="ccheck fuzz coverage")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--html", type=Path)
    parser.add_argument("--missing", action="store_true")
    arguments = parser.parse_args()
    import coverage

    measured: Any = coverage.Coverage(branch=True, data_file=None)
    measured.start()
    from ccheck_fuzz.campaign.coverage.tracing import folders
    from ccheck_fuzz.campaign.state.database import State
    from ccheck_fuzz.execution.context import prepare_campaign
    from ccheck_fuzz.execution.harness import Harness
    from ccheck_fuzz.execution.options import CampaignOptions

    state = State(arguments.folder)
    made = prepare_campaign(CampaignOptions.from_json(state.setting("options") or ""))
    harness = Harness(made, lambda data, broken: None)
    for data in state.inputs():
        harness.broken_by(data)
    measured.stop()
    modules = tuple(name for reader in made.readers for name in reader.modules)
    if not modules:
        print("no line of Python is run: a program's own code is not looked at", file=sys.stderr)  # noqa: T201 - shown by the command
        leave(1)
    include = [pattern for place in folders(modules) for pattern in (place, f"{place}/**")]
    if arguments.html is not None:
        measured.html_report(directory=str(arguments.html), include=include)
    measured.report(file=sys.stdout, show_missing=arguments.missing, include=include)


if __name__ == "__main__":
    run_whole(main)
