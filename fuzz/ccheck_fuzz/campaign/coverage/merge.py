"""Makes a corpus small: the fewest and smallest inputs that reach what all of it reaches."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import time
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ccheck.core.users_code import interrupts
from ccheck_fuzz.campaign.coverage.tracing import folders, traced
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.execution.context import CampaignContext, prepare_campaign
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.options import CampaignOptions
from ccheck_fuzz.oracles.broken import itself
from ccheck_fuzz.process.bounds import bound_memory, step_back
from ccheck_fuzz.process.child import end_with_parent, last_stack_on_request, run_whole
from ccheck_fuzz.readers.foreign import ReaderError


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge.

    Attributes:
        kept: The inputs that reached something first, the smallest tried first.
        lines: All lines that were reached.
        features: All features that were reached.
        passed: How many of the kept inputs the validator passes.
        failed: What ccheck or a schema raised for inputs, in words; these inputs are kept.
    """

    kept: tuple[bytes, ...]
    lines: frozenset[tuple[str, int]]
    features: frozenset[Hashable]
    passed: int
    failed: tuple[str, ...] = ()


def merge(made: CampaignContext, inputs: Iterable[bytes], until: float = math.inf) -> Merged:
    """Replay inputs, the smallest first, and keep those that reach a line or a feature that none reached.

    Args:
        made: The campaign.
        inputs: The inputs.
        until: When to stop (`time.monotonic`); inputs that were not replayed by then are kept.
    """
    harness = Harness(made, lambda data, broken: None)
    kept: list[bytes] = []
    failed: list[str] = []
    lines: set[tuple[str, int]] = set()
    features: set[Hashable] = set()
    modules = tuple(name for reader in made.readers for name in reader.modules)
    with traced(folders(modules)) as take:
        for data in sorted(set(inputs), key=lambda data: (len(data), data)):
            if time.monotonic() >= until:
                kept.append(data)
                continue
            try:
                reached = harness.reach(data)
            except BaseException as raised:
                if interrupts(raised) or isinstance(raised, ReaderError):
                    raise
                failed.append(itself(raised).what)
                kept.append(data)
                continue
            fresh = take() - lines
            if fresh or not reached <= features:
                kept.append(data)
                lines |= fresh
                features |= reached
    judged = [harness.judged_by(data)[0] for data in kept if time.monotonic() < until]
    return Merged(tuple(kept), frozenset(lines), frozenset(features), sum(judged), tuple(failed))


def feature_name(feature: Hashable) -> str:
    """Returns a feature as one line of JSON."""
    return json.dumps(feature, default=str)


def main() -> None:
    """Merge the corpus of a campaign, in a process that may die of it."""
    parser = argparse.ArgumentParser(prog="ccheck fuzz (merge)")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--until", type=float, default=math.inf, help="time.monotonic() of the end")
    arguments = parser.parse_args()
    end_with_parent()
    last_stack_on_request()
    step_back(10)
    state = State(arguments.folder)
    options = CampaignOptions.from_json(state.setting("options") or "")
    bound_memory(options.bounds)
    made = prepare_campaign(options)
    crashers = state.crashers()
    inputs = [data for data in state.inputs() if data not in crashers]
    merged = merge(made, inputs, arguments.until)
    state.reached({f"line {name}:{number}" for name, number in merged.lines})
    state.reached({feature_name(feature) for feature in merged.features})
    if merged.kept:
        dropped = set(inputs) - set(merged.kept)
        state.retire({hashlib.sha256(data).hexdigest() for data in dropped})
    state.put("passing", str(merged.passed))
    state.close()


if __name__ == "__main__":
    run_whole(main)
