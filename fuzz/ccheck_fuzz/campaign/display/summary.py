"""The end of a session in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from ccheck.files.regular_file import read_regular_text
from ccheck.text.printable import printable
from ccheck.text.quoting import counted
from ccheck_fuzz.campaign.findings.folder import OUTPUT
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Bucket
from ccheck_fuzz.campaign.workers.worker_crashes import lost
from ccheck_fuzz.execution.options import CampaignOptions, configuration_of
from ccheck_fuzz.oracles.broken import INFORMATION

MOST_LINES = 200
"""Lines of an interpreter's output that are shown; a finding's folder has all of it."""


def findings(state: State, known: Collection[tuple[str, ...]] = ()) -> list[Bucket]:
    """Returns the buckets that are errors, but for those that are known."""
    return [b for b in state.buckets() if not b.information and b.signature not in known]


def unexamined(state: State) -> str | None:
    """Returns why a campaign without findings is no pass, or None.

    Either no run was made, or the last session that ended could not do its work.
    """
    if not sum({(s.session, s.job): s.runs for s in state.samples()}.values()):
        return "not one run was made"
    ended = [why for _, _, end, why in state.sessions() if end is not None]
    return ended[-1] if ended and ended[-1] not in {"time", "interrupted"} else None


def output_lines(output: str) -> Iterator[str]:
    """Yields what an interpreter of the user's said, as it is shown under its finding."""
    said = output.splitlines()
    for line in said[:MOST_LINES]:
        yield printable(f"    {line.expandtabs()}").rstrip()
    if len(said) > MOST_LINES:
        yield f"    ... and {len(said) - MOST_LINES:,} more lines"


def _read(path: Path) -> str:
    try:
        return read_regular_text(path, errors="replace")
    except OSError:
        return ""


def lines(
    folder: Path, state: State, known: Collection[tuple[str, ...]] = (), *, outputs: bool = False
) -> Iterator[str]:
    """Yields what a campaign found, and what it looked at.

    Args:
        folder: The folder of the campaign.
        state: Its state.
        known: The signatures of known findings.
        outputs: Whether to include all output of the user's interpreters.
    """
    before = state.setting("options")
    if before is not None:
        yield printable(f"configuration: {configuration_of(CampaignOptions.from_json(before))}")
    buckets = state.buckets()
    new = findings(state, known)
    samples = state.samples()
    last = {(s.session, s.job): s for s in samples}
    runs = sum(s.runs for s in last.values())
    cpu = sum(s.cpu for s in last.values())
    reached = state.features()
    covered = sum(name.startswith("line ") for name, _ in reached)
    worker_crashes = state.worker_crashes()
    reach = f"{covered:,} lines and {len(reached) - covered:,} features reached"
    kept = f"corpus {len(state.inputs()):,}; {len(worker_crashes):,} worker crashes"
    yield f"{runs:,} runs in {cpu:,.0f} CPU-seconds; {reach}; {kept}"
    yield from lost(worker_crashes)
    for bucket in new:
        flaky = ", flaky" if bucket.state == "flaky" else ""
        triaged = bucket.minimal is not None and bucket.state != "new"
        size = f", {counted(len(bucket.minimal or b''), 'byte')}" if triaged else ", not yet minimised"
        yield printable(f"{bucket.oracle}: {bucket.what}")
        where = folder / "findings" / bucket.folder if bucket.folder else folder
        yield printable(f"  {bucket.hits:,} times, first after {bucket.runs:,} runs{size}{flaky}: {where}")
        if bucket.folder and outputs:
            yield from output_lines(_read(where / OUTPUT))
    reported = Counter(b.oracle for b in buckets if b.information)
    for oracle, ways in reported.items():
        yield f"for information: {INFORMATION[oracle]}, in {ways} {'way' if ways == 1 else 'ways'}"
    old = sum(not b.information for b in buckets) - len(new)
    if old:
        yield f"{old} findings were known before"
    yield f"{len(new)} {'finding' if len(new) == 1 else 'findings'}"
