"""Triage of a bucket: shrinks its input within the bucket, runs it again, and writes its folder."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccheck_fuzz.campaign.findings.folder import write_finding
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.state.records import Bucket
from ccheck_fuzz.corpus.minimize import minimize
from ccheck_fuzz.execution.context import CampaignContext, prepare_campaign
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.isolated import ProcessCrash, broken_of, is_crasher, run_isolated
from ccheck_fuzz.execution.options import CampaignOptions
from ccheck_fuzz.model.test_input import Input, split
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.process.bounds import bound_memory, step_back
from ccheck_fuzz.process.child import end_with_parent, last_stack_on_request, run_whole

RERUNS = 3
"""How often an input is run again before it is believed."""
SECONDS = 40.0
"""Time for shrinking one input; what is smallest by then is kept."""


@dataclass(frozen=True, slots=True)
class Triaged:
    """The result of triage.

    Attributes:
        data: The smallest input.
        broken: What it breaks.
        reproduced: Whether it did so every time; None if there was no time to run it.
        log: What the process wrote that the input ended, if it ended one.
        shrunk: Whether there was time to shrink it.
    """

    data: bytes
    broken: Broken
    reproduced: bool | None
    log: str = ""
    shrunk: bool = True


def breaks(harness: Harness, data: bytes, signature: tuple[str, ...]) -> Broken | None:
    """Returns the property with this signature, if the input breaks it."""
    return next((one for one in harness.broken_by(data) if one.signature == signature), None)


def triage(
    made: CampaignContext,
    inputs: list[bytes],
    signature: tuple[str, ...],
    until: float,
    confirmed: Callable[[Triaged], object] = lambda triaged: None,
) -> Triaged | None:
    """Shrink the smallest input that breaks the property again.

    Args:
        made: The campaign.
        inputs: The inputs of the bucket, the smallest first.
        signature: The signature of the bucket.
        until: When to stop (`time.monotonic`). One input is run once, however late it is.
        confirmed: Called before an input is shrunk, which may take long.

    Returns:
        The result; None if no input breaks the property.
    """
    harness = Harness(made, lambda data, broken: None)
    for data in inputs:
        first = breaks(harness, data, signature)
        if first is None or not _again(harness, data, signature, until):
            if time.monotonic() > until:
                return None
            continue
        found = Triaged(data, first, True, shrunk=False)
        if time.monotonic() > until:
            return found
        confirmed(found)
        small = _shrunk(made, harness, data, signature, until)
        broken = first if small == data else breaks(harness, small, signature)
        return Triaged(data, first, True) if broken is None else Triaged(small, broken, True)
    return None


def _again(harness: Harness, data: bytes, signature: tuple[str, ...], until: float) -> bool:
    """Returns whether an input breaks the property in every run, as many as there is time for."""
    for _ in range(RERUNS - 1):
        if time.monotonic() > until:
            return True
        if breaks(harness, data, signature) is None:
            return False
    return True


def triage_crasher(
    made: CampaignContext, inputs: list[bytes], signature: tuple[str, ...], until: float
) -> Triaged | None:
    """Returns the smallest input found that ends the process of its run in the same way; None without one.

    Each try runs in a process of its own. Content is only cut in halves: each try may take as long as a hang.
    """
    for data in inputs:
        seen = _dies(made, data, signature, until)
        if seen is None:
            if time.monotonic() > until:
                return None
            continue
        small, broken, log = data, *seen
        cut = len(small) // 2
        while cut and time.monotonic() < until:
            shorter = small[: len(small) - cut]
            seen = _dies(made, shorter, signature, until) if shorter else None
            if seen is not None:
                small, broken, log = shorter, *seen
            cut //= 2
        return Triaged(small, broken, True, log)
    return None


def _dies(
    made: CampaignContext, data: bytes, signature: tuple[str, ...], until: float
) -> tuple[Broken, str] | None:
    """Returns what the end of its process breaks, and the last words, if it ends as the signature says."""
    ran = run_isolated(made.options, data, until=until)
    if isinstance(ran, ProcessCrash):
        broken = broken_of(made, ran)
        if broken.signature == signature:
            return broken, ran.log
    return None


def _shrunk(
    made: CampaignContext, harness: Harness, data: bytes, signature: tuple[str, ...], until: float
) -> bytes:
    test_input = split(data)
    events = test_input.events

    def keeps(content: bytes) -> bool:
        if content == test_input.content:
            return True  # it was run just before
        if time.monotonic() > until:
            return False
        return breaks(harness, Input(content, events).pack(), signature) is not None

    if events is not None and breaks(harness, test_input.content, signature) is not None:
        events = None  # the events that the content itself calls for do as well
    if events is not None:
        for line in events:
            if breaks(harness, Input(test_input.content, (line,)).pack(), signature) is not None:
                events = (line,)
                break
    return Input(minimize(test_input.content, made.schema, keeps), events).pack()


def present_found(folder: Path, state: State, made: CampaignContext, bucket: Bucket) -> None:
    """Write the folder of a bucket as it was found, without a run, because triage may take long."""
    data = state.hits(bucket.number)[0]
    known = Broken(bucket.oracle, bucket.what, bucket.signature)
    log = _last_words(state, data)
    path = write_finding(folder, made, bucket, data, known, reproduced=None, crasher=True, log=log)
    state.record_triage(bucket.number, "new", bucket.what, data, path.name)


def _last_words(state: State, data: bytes) -> str:
    """Returns what the last process wrote that this input ended; empty if it ended none."""
    return next((crash.detail for crash in reversed(state.worker_crashes()) if crash.data == data), "")


def present(folder: Path, state: State, made: CampaignContext, bucket: Bucket, until: float) -> Path:
    """Triage a bucket, and write its folder below `folder`; the folder's path."""
    inputs = state.hits(bucket.number)

    def write(triaged: Triaged) -> Path:
        path = write_finding(
            folder,
            made,
            bucket,
            triaged.data,
            triaged.broken,
            reproduced=triaged.reproduced,
            crasher=is_crasher(bucket.signature),
            log=triaged.log,
        )
        # What could not be run again, or be shrunk, is triaged by the next session.
        done = "flaky" if triaged.reproduced is False else "minimal" if triaged.shrunk else "new"
        state.record_triage(bucket.number, done, triaged.broken.what, triaged.data, path.name)
        return path

    if is_crasher(bucket.signature):
        triaged = triage_crasher(made, inputs, bucket.signature, until)
    else:
        triaged = triage(made, inputs, bucket.signature, until, write)
    if triaged is None:
        known = Broken(bucket.oracle, bucket.what, bucket.signature)
        log = _last_words(state, inputs[0])
        late = time.monotonic() > until
        triaged = Triaged(inputs[0], known, None if late else False, log, shrunk=not late)
    return write(triaged)


def main() -> None:
    """Triage buckets of a campaign, in a process that may die of one."""
    parser = argparse.ArgumentParser(prog="ccheck fuzz (triage)")
    parser.add_argument("folder", type=Path)
    parser.add_argument("numbers", type=int, nargs="+")
    parser.add_argument("--until", type=float, required=True, help="time.monotonic() of the end")
    arguments = parser.parse_args()
    end_with_parent()
    last_stack_on_request()
    step_back(5)
    state = State(arguments.folder)
    options = CampaignOptions.from_json(state.setting("options") or "")
    bound_memory(options.bounds)
    made = prepare_campaign(options)
    buckets = {bucket.number: bucket for bucket in state.buckets()}
    for number in arguments.numbers:
        if buckets[number].folder is None:
            present_found(arguments.folder / "findings", state, made, buckets[number])
    for place, number in enumerate(arguments.numbers):
        now = time.monotonic()
        share = (arguments.until - now) / (len(arguments.numbers) - place)
        present(arguments.folder / "findings", state, made, buckets[number], now + min(share, SECONDS))
    state.close()


if __name__ == "__main__":
    run_whole(main)
