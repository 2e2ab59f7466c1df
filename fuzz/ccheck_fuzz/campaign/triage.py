"""A bucket made presentable: its input shrunk within the bucket, run again, and written as a folder."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ccheck_fuzz.campaign.bounds import Bounds, bound_memory, step_back
from ccheck_fuzz.campaign.child import end_with_parent
from ccheck_fuzz.campaign.folder import write_finding
from ccheck_fuzz.campaign.jobs import Job
from ccheck_fuzz.campaign.state import Bucket, State
from ccheck_fuzz.entry import Entry, split
from ccheck_fuzz.harness import Harness
from ccheck_fuzz.minimize import minimize
from ccheck_fuzz.oracles import Broken
from ccheck_fuzz.setup import Ready, Setup, ready

RERUNS = 3
"""How often an input is run again before it is believed."""
TRIAL = 999_999
"""The number of the job that runs one input alone."""
SECONDS = 40.0
"""Time for shrinking one input; what is smallest by then is kept."""


@dataclass(frozen=True, slots=True)
class Settled:
    """data: the smallest input. broken: what it breaks. reproduced: whether it did so every time."""

    data: bytes
    broken: Broken
    reproduced: bool


DEATHS = ("hang", "memory", "crash")
"""What the second word of a signature of the oracle *ccheck* says where a run ended its process."""


def deadly(signature: tuple[str, ...]) -> bool:
    """Whether inputs of this bucket end the process that runs them."""
    return signature[0] == "ccheck" and len(signature) > 1 and signature[1] in DEATHS


def breaks(harness: Harness, data: bytes, signature: tuple[str, ...]) -> Broken | None:
    """The property with this signature, where the input breaks it."""
    return next((one for one in harness.broken_by(data) if one.signature == signature), None)


def settle(made: Ready, inputs: list[bytes], signature: tuple[str, ...], seconds: float) -> Settled | None:
    """Shrink the smallest input that breaks the property again; None where none does."""
    harness = Harness(made, lambda data, broken: None)
    for data in inputs:
        seen = [breaks(harness, data, signature) for _ in range(RERUNS)]
        if seen[0] is None or None in seen:
            continue
        until = time.monotonic() + seconds
        small = _shrunk(made, harness, data, signature, until)
        broken = breaks(harness, small, signature)
        if broken is not None:
            return Settled(small, broken, True)
        return Settled(data, seen[0], True)
    return None


def settle_deadly(
    folder: Path, inputs: list[bytes], signature: tuple[str, ...], bounds: Bounds, seconds: float
) -> bytes | None:
    """The smallest input found that ends the process of its run in the same way, by running each in a process
    of its own; None where none does. Content is only cut in halves: each try may take as long as a hang.
    """
    until = time.monotonic() + seconds
    for data in inputs:
        if not _dies(folder, data, signature, bounds):
            continue
        small = data
        cut = len(small) // 2
        while cut and time.monotonic() < until:
            shorter = small[: len(small) - cut]
            if shorter and _dies(folder, shorter, signature, bounds):
                small = shorter
            cut //= 2
        return small
    return None


def _dies(folder: Path, data: bytes, signature: tuple[str, ...], bounds: Bounds) -> bool:
    """Whether running this input ends its process as the signature says."""
    job = Job(TRIAL, "trial", folder, ("-",), bounds)
    (folder / "work" / "trial").write_bytes(data)
    job.start(2 * bounds.run_seconds + 30, 1, 1)
    until = time.monotonic() + 2 * bounds.run_seconds + 30
    while job.running and time.monotonic() < until:
        kind = job.overdue(job.look())
        if kind is not None:
            job.kill()
            return signature[1] == kind
        time.sleep(0.05)
    if job.running:
        job.kill()
        return False
    if job.status is not None and job.status < 0:
        return signature[1] == "crash" and job.death("crash", None).detail.splitlines()[0] == signature[2]
    return False


def _shrunk(made: Ready, harness: Harness, data: bytes, signature: tuple[str, ...], until: float) -> bytes:
    entry = split(data)
    events = entry.events

    def keeps(content: bytes) -> bool:
        if time.monotonic() > until:
            return False
        return breaks(harness, Entry(content, events).pack(), signature) is not None

    if events is not None and breaks(harness, entry.content, signature) is not None:
        events = None  # the events that the content itself calls for do as well
    if events is not None:
        for line in events:
            if breaks(harness, Entry(entry.content, (line,)).pack(), signature) is not None:
                events = (line,)
                break
    return Entry(minimize(entry.content, made.schema, keeps), events).pack()


def present(folder: Path, state: State, made: Ready, bucket: Bucket, seconds: float = SECONDS) -> Path:
    """Settle a bucket and write its folder below `folder`; the folder's path."""
    inputs = state.hits(bucket.number)
    if deadly(bucket.signature):
        bounds = Bounds(**json.loads(state.setting("bounds") or "{}"))
        small = settle_deadly(folder.parent, inputs, bucket.signature, bounds, seconds)
        known = Broken(bucket.oracle, bucket.what, bucket.signature)
        settled = None if small is None else Settled(small, known, True)
    else:
        settled = settle(made, inputs, bucket.signature, seconds)
    if settled is None:
        data = state.hits(bucket.number)[0]
        known = Broken(bucket.oracle, bucket.what, bucket.signature)
        settled = Settled(data, known, False)
    path = write_finding(
        folder,
        made,
        bucket,
        settled.data,
        settled.broken,
        reproduced=settled.reproduced,
        deadly=deadly(bucket.signature),
    )
    state.settle(
        bucket.number,
        "minimal" if settled.reproduced else "flaky",
        settled.broken.what,
        settled.data,
        path.name,
    )
    return path


def main() -> int:
    """Settle the buckets of a campaign that are new, in a process that may die of one."""
    parser = argparse.ArgumentParser(prog="ccheck fuzz (triage)")
    parser.add_argument("folder", type=Path)
    parser.add_argument("number", type=int)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    options = parser.parse_args()
    end_with_parent()
    step_back(5)
    state = State(options.folder)
    bounds = Bounds(**json.loads(state.setting("bounds") or "{}"))
    bound_memory(bounds)
    made = ready(Setup.from_json(state.setting("setup") or ""))
    for bucket in state.buckets():
        if bucket.number == options.number:
            present(options.folder / "findings", state, made, bucket, options.seconds)
    state.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
